//! A foreign token as plain values, as far as the login so far shows it: what lists, trees and choices are made of.
//! Chains are worked out by the layout, as for p11ctl's own cards.

use std::sync::Arc;

use super::Module;
use super::objects::{bytes, public_key};
use super::slots::{DRIVER, OFFICER_AUTH, OFFICER_PIN, USER_AUTH, USER_PIN, longest};
use crate::crypto::{CertificateDetails, Curve, PublicKey};
use crate::engine::{
    AttributeType as Type, Error, ObjectClass, ObjectHandle, Result, SessionHandle, SessionMode, Template,
    TokenInfo, TokenView, Value,
};
use crate::layout::{self, Policy, ReaderView, SlotId, VirtualToken};
use crate::token::{
    Auth, AuthId, AuthRole, Certificate, CertificateHints, DataObject, Key, KeyAccess, KeyAlgorithm,
    KeyClass, KeyId, KeyUsage, ObjectId, PinEncoding, Problem, Token,
};

/// What a token showed when it was last read.
pub(super) struct View {
    pub token: TokenView,
}

impl Module {
    pub(super) fn virtual_token(&self, slot: SlotId) -> Result<TokenView> {
        Ok(self.view(slot)?.token.clone())
    }

    /// Contents of a certificate by its index.
    pub(super) fn certificate(&self, slot: SlotId, index: usize) -> Result<Arc<CertificateDetails>> {
        let view = self.view(slot)?;
        let certificate = view.token.card.certificates.get(index).ok_or(Error::ObjectHandleInvalid)?;
        let unreadable = Error::AttributeValueInvalid(Type::VALUE);
        certificate.details.clone().map(Arc::new).ok_or(unreadable)
    }

    /// The public half of a key by its index: its own, or that of a key or certificate with its identifier.
    pub(super) fn public_key(&self, slot: SlotId, index: usize) -> Result<Option<Arc<PublicKey>>> {
        let view = self.view(slot)?;
        let card = &view.token.card;
        let key = card.keys.get(index).ok_or(Error::ObjectHandleInvalid)?;
        let same = |id: &KeyId| !id.0.is_empty() && *id == key.id;
        let half = card.keys.iter().find(|other| other.class == KeyClass::Public && same(&other.id));
        let certificate = card.certificates.iter().find(|other| same(&other.id));
        let public = key.public.clone().or_else(|| half.and_then(|half| half.public.clone()));
        let certified = || certificate.and_then(|found| found.details.as_ref()?.public_key.clone());
        Ok(public.or_else(certified).map(Arc::new))
    }

    fn view(&self, slot: SlotId) -> Result<Arc<View>> {
        let known = self.state().views.get(&slot).cloned();
        if let Some(view) = known {
            return Ok(view);
        }
        let view = Arc::new(self.read_view(slot)?);
        self.state().views.insert(slot, Arc::clone(&view));
        Ok(view)
    }

    fn read_view(&self, slot: SlotId) -> Result<View> {
        let (reader, _) = self.slot_info(slot)?;
        let info = self.token_info(slot)?;
        let mut card = token_without_objects(&info);
        if info.flags.token_initialized {
            self.with_any_session(slot, |session| self.read_objects(session, &mut card))?;
        }
        let view = view_of(&reader, &card, &info);
        Ok(View { token: TokenView { reader, driver: DRIVER, card: Arc::new(card), view } })
    }

    /// Works with a session that is open, else with one of its own: a new one might not be allowed.
    fn with_any_session<T>(&self, slot: SlotId, job: impl FnOnce(SessionHandle) -> Result<T>) -> Result<T> {
        let open = self.state().sessions.iter().find(|(_, known)| known.slot == slot).map(|found| *found.0);
        if let Some(session) = open {
            return job(session);
        }
        let session = self.open_session(slot, SessionMode::ReadOnly)?;
        let outcome = job(session);
        let closed = self.close_session(session);
        outcome.and_then(|answer| closed.map(|()| answer))
    }

    fn read_objects(&self, session: SessionHandle, card: &mut Token) -> Result<()> {
        for handle in self.find_all(session, &Template::new())? {
            let object = ObjectId(u32::try_from(card.objects().count()).unwrap_or(u32::MAX));
            match self.read_object(session, handle, object) {
                Ok(Read::Key(key)) => card.keys.push(*key),
                Ok(Read::Certificate(certificate)) => card.certificates.push(*certificate),
                Ok(Read::Data(data)) => card.data.push(data),
                Err(Error::SessionHandleInvalid) => return Err(Error::SessionHandleInvalid),
                Err(error) => {
                    let what = format!("object {:#x}", handle.0);
                    card.problems.push(Problem { what, why: error.to_string() });
                }
            }
        }
        Ok(())
    }

    fn read_object(&self, session: SessionHandle, handle: ObjectHandle, object: ObjectId) -> Result<Read> {
        let ask = |kinds: &[Type]| -> Result<Vec<Result<Value>>> { self.attributes(session, handle, kinds) };
        let common = ask(&[Type::CLASS, Type::LABEL, Type::ID, Type::PRIVATE, Type::MODIFIABLE])?;
        let [class, label, id, private, modifiable] = common.as_slice() else {
            return Err(Error::ObjectHandleInvalid);
        };
        let class = class.as_ref().ok().and_then(Value::as_number).and_then(ObjectClass::from_number);
        let class = class.ok_or(Error::AttributeValueInvalid(Type::CLASS))?;
        let label = label.as_ref().ok().and_then(Value::as_text).unwrap_or_default().to_owned();
        let private = truth(private, class == ObjectClass::PrivateKey);
        let base = Base {
            object,
            id: KeyId(bytes(id).to_vec()),
            label,
            auth: private.then(|| AuthId(vec![USER_AUTH])),
            private,
            modifiable: truth(modifiable, true),
        };
        Ok(match class {
            ObjectClass::Certificate => {
                let answers = ask(&[Type::VALUE, Type::TRUSTED])?;
                let value = answers.first().map(bytes).unwrap_or_default();
                let trusted = answers.get(1).is_some_and(|answer| truth(answer, false));
                Read::Certificate(Box::new(base.certificate(CertificateDetails::parse(value).ok(), trusted)))
            }
            ObjectClass::Data => {
                let answers = ask(&[Type::APPLICATION, Type::OBJECT_ID])?;
                let application = answers.first().and_then(|answer| answer.as_ref().ok()?.as_text());
                let oid = answers.get(1).map(bytes).unwrap_or_default().to_vec();
                Read::Data(base.data(application.unwrap_or_default().to_owned(), oid))
            }
            ObjectClass::PrivateKey => Read::Key(Box::new(base.key(KeyClass::Private, &ask(&KEY_KINDS)?))),
            ObjectClass::PublicKey => Read::Key(Box::new(base.key(KeyClass::Public, &ask(&KEY_KINDS)?))),
            ObjectClass::SecretKey => Read::Key(Box::new(base.key(KeyClass::Secret, &ask(&KEY_KINDS)?))),
        })
    }
}

/// One object that was read.
enum Read {
    Key(Box<Key>),
    Certificate(Box<Certificate>),
    Data(DataObject),
}

/// What objects of all classes have.
struct Base {
    object: ObjectId,
    id: KeyId,
    label: String,
    auth: Option<AuthId>,
    private: bool,
    modifiable: bool,
}

impl Base {
    fn certificate(self, details: Option<CertificateDetails>, trusted: bool) -> Certificate {
        let Self { object, id, label, auth, private, modifiable } = self;
        let authority = details.as_ref().is_some_and(|details| details.is_authority);
        let hints = CertificateHints::default();
        Certificate { object, id, label, auth, private, authority, trusted, modifiable, hints, details }
    }

    fn data(self, application: String, oid: Vec<u8>) -> DataObject {
        let Self { object, label, auth, private, modifiable, .. } = self;
        DataObject { object, label, application, oid, auth, private, modifiable }
    }

    /// `answers` are those to `KEY_KINDS`.
    fn key(self, class: KeyClass, answers: &[Result<Value>]) -> Key {
        let Self { object, id, label, auth, private, modifiable } = self;
        let answer = |kind: Type| {
            let index = KEY_KINDS.iter().position(|known| *known == kind)?;
            answers.get(index)?.as_ref().ok()
        };
        let octets = |kind: Type| answer(kind).and_then(Value::as_bytes).unwrap_or_default();
        let is = |kind: Type| answer(kind).and_then(Value::as_bool).unwrap_or(false);
        let (modulus, parameters) = (octets(Type::MODULUS), octets(Type::EC_PARAMS));
        let algorithm = algorithm(
            answer(Type::KEY_TYPE).and_then(Value::as_number),
            modulus,
            parameters,
            answer(Type::VALUE_LEN).and_then(Value::as_number),
        );
        Key {
            object,
            class,
            id,
            label,
            auth,
            private,
            algorithm,
            usage: KeyUsage {
                encrypt: is(Type::ENCRYPT),
                decrypt: is(Type::DECRYPT),
                sign: is(Type::SIGN),
                sign_recover: is(Type::SIGN_RECOVER),
                wrap: is(Type::WRAP),
                unwrap: is(Type::UNWRAP),
                verify: is(Type::VERIFY),
                verify_recover: is(Type::VERIFY_RECOVER),
                derive: is(Type::DERIVE),
                non_repudiation: false,
            },
            access: KeyAccess {
                sensitive: is(Type::SENSITIVE),
                extractable: is(Type::EXTRACTABLE),
                always_sensitive: is(Type::ALWAYS_SENSITIVE),
                never_extractable: is(Type::NEVER_EXTRACTABLE),
                local: is(Type::LOCAL),
            },
            always_authenticate: is(Type::ALWAYS_AUTHENTICATE),
            modifiable,
            public: public_key(modulus, octets(Type::PUBLIC_EXPONENT), parameters, octets(Type::EC_POINT)),
        }
    }
}

fn token_without_objects(info: &TokenInfo) -> Token {
    let auth = |id: u8, label: &str, role: AuthRole| Auth {
        id: AuthId(vec![id]),
        label: label.to_owned(),
        role,
        min_len: info.pin_len.0,
        max_len: longest(info.pin_len.1),
        encoding: PinEncoding::Utf8,
        initialized: true,
        can_change: true,
        can_unblock: role == AuthRole::User,
        unblocked_by: None,
        tries_left: None,
        tries_max: None,
    };
    let mut auths = Vec::new();
    if info.flags.user_pin_initialized {
        auths.push(auth(USER_AUTH, USER_PIN, AuthRole::User));
    }
    if info.flags.token_initialized {
        auths.push(auth(OFFICER_AUTH, OFFICER_PIN, AuthRole::SecurityOfficer));
    }
    Token {
        info: crate::token::TokenInfo {
            label: info.label.clone(),
            serial: info.serial.clone(),
            manufacturer: info.manufacturer.clone(),
            model: info.model.clone(),
            hardware_version: info.hardware_version,
            firmware_version: info.firmware_version,
            initialized: info.flags.token_initialized,
            read_only: info.flags.write_protected,
            has_random: info.flags.rng,
            sole_pin: false,
        },
        auths,
        ..Token::default()
    }
}

/// Everything that the token shows is in its one slot. The chains of its keys are those that the layout would make.
fn view_of(reader: &str, card: &Token, info: &TokenInfo) -> VirtualToken {
    let policy = Policy { num_slots: 2, max_virtual_slots: 0, ..Policy::default() };
    let laid_out = layout::virtual_slots(None, &[ReaderView::with(reader, card)], &policy);
    let chains = laid_out.slots.into_iter().filter_map(|slot| slot.token).flat_map(|token| token.chains);
    let has_pin = info.flags.user_pin_initialized;
    VirtualToken {
        application: 0,
        label: info.label.clone(),
        auth: has_pin.then_some(0),
        empty: !has_pin && card.objects().next().is_none(),
        keys: (0..card.keys.len()).collect(),
        certificates: (0..card.certificates.len()).collect(),
        data: (0..card.data.len()).collect(),
        chains: chains.collect(),
    }
}

/// Algorithm and size, from what the key says of itself (`CKK_…`; PKCS#11 3.2, 6).
pub(super) fn algorithm(
    key_type: Option<u64>,
    modulus: &[u8],
    parameters: &[u8],
    value_len: Option<u64>,
) -> KeyAlgorithm {
    use cryptoki_sys as ck;
    let bits_of = |bytes: u64| u32::try_from(bytes.saturating_mul(8)).unwrap_or(0);
    match key_type {
        Some(ck::CKK_RSA) => {
            let leading = modulus.iter().take_while(|byte| **byte == 0).count();
            let number = modulus.get(leading..).unwrap_or_default();
            let unused = number.first().map_or(0, |byte| byte.leading_zeros());
            KeyAlgorithm::Rsa { modulus_bits: bits_of(number.len() as u64).saturating_sub(unused) }
        }
        Some(ck::CKK_EC) => KeyAlgorithm::Ec { curve: Curve::from_parameters_der(parameters) },
        Some(ck::CKK_EC_EDWARDS) => KeyAlgorithm::Ed25519,
        Some(ck::CKK_EC_MONTGOMERY) => KeyAlgorithm::X25519,
        Some(ck::CKK_AES) => KeyAlgorithm::Aes { key_bits: bits_of(value_len.unwrap_or(0)) },
        Some(ck::CKK_DES) => KeyAlgorithm::Des { key_bits: 64 },
        Some(ck::CKK_DES2) => KeyAlgorithm::Des { key_bits: 128 },
        Some(ck::CKK_DES3) => KeyAlgorithm::Des { key_bits: 192 },
        _ => KeyAlgorithm::Generic { key_bits: bits_of(value_len.unwrap_or(0)) },
    }
}

fn truth(answer: &Result<Value>, default: bool) -> bool {
    answer.as_ref().ok().and_then(Value::as_bool).unwrap_or(default)
}

/// What is asked of a key of any class.
const KEY_KINDS: [Type; 22] = [
    Type::KEY_TYPE,
    Type::MODULUS,
    Type::PUBLIC_EXPONENT,
    Type::EC_PARAMS,
    Type::EC_POINT,
    Type::VALUE_LEN,
    Type::ENCRYPT,
    Type::DECRYPT,
    Type::SIGN,
    Type::SIGN_RECOVER,
    Type::WRAP,
    Type::UNWRAP,
    Type::VERIFY,
    Type::VERIFY_RECOVER,
    Type::DERIVE,
    Type::SENSITIVE,
    Type::EXTRACTABLE,
    Type::ALWAYS_SENSITIVE,
    Type::NEVER_EXTRACTABLE,
    Type::LOCAL,
    Type::ALWAYS_AUTHENTICATE,
    Type::MODIFIABLE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithm_counts_bits_without_leading_zeros() {
        let modulus = [&[0, 0x80][..], &[0; 127]].concat();
        assert_eq!(algorithm(Some(0), &modulus, &[], None), KeyAlgorithm::Rsa { modulus_bits: 1024 });
        assert_eq!(algorithm(Some(0), &[], &[], None), KeyAlgorithm::Rsa { modulus_bits: 0 });
        assert_eq!(algorithm(Some(0x1F), &[], &[], Some(32)), KeyAlgorithm::Aes { key_bits: 256 });
        assert_eq!(algorithm(Some(0x1F), &[], &[], Some(u64::MAX)), KeyAlgorithm::Aes { key_bits: 0 });
        assert_eq!(algorithm(None, &[], &[], None), KeyAlgorithm::Generic { key_bits: 0 });
    }
}

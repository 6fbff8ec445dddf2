//! New objects on a token: keys generated and imported, certificates, data (PKCS#11 3.1, 5.7.1 and 5.18).

use std::collections::HashSet;
use std::sync::Arc;

use super::attribute::AttributeType;
use super::cards::Content;
use super::error::Error;
use super::key_offer::{Offer, possible, public_usage, usual_usage};
use super::operation::Session;
use super::placement::KeyPlacement;
use super::session::SessionHandle;
use super::writing::{Writer, Writing};
use super::{Engine, ObjectHandle, Result, lock};
use crate::card::admin::{
    CreatedKey, ImportedKey, KeyMaterial, NewCertificate, NewData, NewKey, NewPublicKey, ObjectKind, Write,
};
use crate::codec::Secret;
use crate::crypto::digest::digest;
use crate::crypto::{CertificateDetails, DigestAlgorithm, PrivateKey, PublicKey};
use crate::layout::SlotId;
use crate::token::{AuthId, AuthRole, KeyAlgorithm, KeyClass, KeyId, KeyUsage, LONGEST_LABEL, ObjectId};

/// A key or key pair to be generated on the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySpec {
    /// Algorithm and size. A size of zero or no curve is refused with what the card has.
    pub algorithm: KeyAlgorithm,
    /// `CKA_LABEL` of both halves.
    pub label: String,
    /// `CKA_ID` of both halves; `None` = that of a certificate with its public key, else the first number
    /// (one byte and up) that nothing on the card has.
    pub id: Option<KeyId>,
    /// What the private half may do; `None` = all that suits its algorithm.
    pub usage: Option<KeyUsage>,
    /// The value may leave the card (`CKA_EXTRACTABLE`).
    pub extractable: bool,
    /// Each use needs the PIN again.
    pub always_authenticate: bool,
    /// Where the card is to keep it, and how it guards its use.
    pub placement: KeyPlacement,
}

impl KeySpec {
    /// A key of this algorithm and label that never leaves the card, for everything that it can do.
    pub fn new(algorithm: KeyAlgorithm, label: &str) -> Self {
        Self {
            algorithm,
            label: label.to_owned(),
            id: None,
            usage: None,
            extractable: false,
            always_authenticate: false,
            placement: KeyPlacement::default(),
        }
    }
}

/// Where a key's bytes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOrigin {
    /// The card.
    Generated,
    /// Outside.
    Imported,
}

/// An object to be written to a token.
#[derive(Debug, Clone)]
pub enum NewObject {
    /// A private key, with its public half.
    PrivateKey {
        /// The key.
        key: PrivateKey,
        /// Everything else, as for a generated one; its algorithm is the key's own.
        spec: KeySpec,
    },
    /// A secret key.
    SecretKey {
        /// Its bytes.
        value: Secret,
        /// Everything else, as for a generated one; its algorithm is AES.
        spec: KeySpec,
    },
    /// A public key.
    PublicKey {
        /// The key.
        key: PublicKey,
        /// `CKA_LABEL`.
        label: String,
        /// `CKA_ID`; `None` = that of the private key it belongs to, else the SHA-1 of the key.
        id: Option<KeyId>,
    },
    /// A certificate.
    Certificate {
        /// X.509, DER.
        der: Vec<u8>,
        /// `CKA_LABEL`; `None` = its common name.
        label: Option<String>,
        /// `CKA_ID`; `None` = that of the key with the same public key, else its subject key identifier.
        id: Option<KeyId>,
    },
    /// A data object.
    Data {
        /// `CKA_LABEL`.
        label: String,
        /// `CKA_APPLICATION`.
        application: String,
        /// Content bytes of the object identifier; empty for none.
        oid: Vec<u8>,
        /// Readable only after login.
        private: bool,
        /// The data.
        value: Vec<u8>,
    },
}

impl Engine {
    /// Refuses a key that the card behind a slot cannot have, before anybody is asked for a PIN.
    /// Errors: `KeyNotPossible` with what the card has; `NotSupported` for a card that cannot be written.
    pub fn check_key(&self, slot: SlotId, algorithm: KeyAlgorithm, origin: KeyOrigin) -> Result<()> {
        let abilities = self.admin_abilities(slot)?;
        let offer = match origin {
            KeyOrigin::Generated => Offer::generated(&abilities),
            KeyOrigin::Imported => Offer::imported(&abilities),
        };
        let kind = match algorithm {
            KeyAlgorithm::Rsa { .. }
            | KeyAlgorithm::Ec { .. }
            | KeyAlgorithm::Ed25519
            | KeyAlgorithm::X25519 => ObjectKind::KeyPair,
            _ => ObjectKind::SecretKey,
        };
        possible(algorithm, kind, &offer).map(|_| ())
    }

    /// Generates a key pair on the card, owned by the token's PIN. Answers private and public half.
    /// Errors: `KeyNotPossible` with what the card has, `IdTaken`, `SessionReadOnly`, `UserNotLoggedIn`, `NeedsPin`;
    /// all before anything is written.
    pub fn generate_key_pair(
        &self,
        session: SessionHandle,
        spec: &KeySpec,
    ) -> Result<(ObjectHandle, ObjectHandle)> {
        let created = self.generate(session, spec, ObjectKind::KeyPair)?;
        let (public, _) = created.public.ok_or(Error::KeyHandleInvalid)?;
        Ok((self.new_handle(session, created.object)?, self.new_handle(session, public)?))
    }

    /// Generates a secret key (AES) on the card. Errors: as [`Engine::generate_key_pair`].
    pub fn generate_key(&self, session: SessionHandle, spec: &KeySpec) -> Result<ObjectHandle> {
        let created = self.generate(session, spec, ObjectKind::SecretKey)?;
        self.new_handle(session, created.object)
    }

    fn generate(&self, session: SessionHandle, spec: &KeySpec, kind: ObjectKind) -> Result<CreatedKey> {
        self.write(session, |writing| {
            let owner = writing.key_owner()?;
            let key_type = possible(spec.algorithm, kind, &Offer::generated(&writing.abilities()?))?;
            writing.check_extractable(spec)?;
            let (id, place) = writing.key_name(spec, None)?;
            writing.require(Write::Store(kind, Some(&owner)))?;
            let usage = spec.usage.unwrap_or_else(|| usual_usage(key_type));
            let key = NewKey {
                owner: &owner,
                label: &spec.label,
                id: &id,
                key_type,
                usage,
                extractable: spec.extractable,
                always_authenticate: spec.always_authenticate,
                placement: spec.placement.at(place.as_deref()),
            };
            let created = writing.admin(|admin, channel| admin.generate_key(channel, &key))?;
            writing.learn(&created);
            Ok(created)
        })
    }

    /// Writes an object to the session's token. A public object on a token without a PIN is for the security
    /// officer. A certificate that the security officer adds may complete the chains of PINs and show in their tokens.
    /// The handle of an object that no slot shows is of no use, but the object is there.
    /// Errors: as [`Engine::generate_key_pair`]; `OtherToken` for a public object on an empty token while another
    /// shows those.
    pub fn create_object(&self, session: SessionHandle, object: &NewObject) -> Result<ObjectHandle> {
        self.check_may_write(session)?;
        let created = self.write(session, |writing| writing.create(object))?;
        self.new_handle(session, created)
    }

    /// The handle of an object that was just made: in the session's token, or in the token that shows it.
    fn new_handle(&self, session: SessionHandle, object: ObjectId) -> Result<ObjectHandle> {
        let session = self.session(session)?;
        let place = self.place_of(&session, object)?;
        Ok(place.map_or_else(|| ObjectHandle(self.next_handle()), |(_, handle)| handle))
    }

    /// Where an object of the session's card shows: in the session's token, or in the first other one that has it.
    pub(super) fn place_of(
        &self,
        session: &Session,
        object: ObjectId,
    ) -> Result<Option<(SlotId, ObjectHandle)>> {
        let others = lock(&self.state).slots_showing(session.reader, session.card.application);
        for slot in [session.slot].into_iter().chain(others) {
            if let Some(table) = self.table_of(slot, session)?
                && let Some(handle) = table.handle(object)
            {
                return Ok(Some((slot, handle)));
            }
        }
        Ok(None)
    }
}

impl Writing<'_> {
    /// The PIN that is to own a key. Errors: `UserNotLoggedIn`; `UserPinNotInitialized` on a token without one.
    pub(super) fn key_owner(&mut self) -> Result<AuthId> {
        let missing = Error::UserPinNotInitialized("user PIN that could protect a key");
        match (self.writer()?, self.view.auth) {
            (Writer::Officer, shown) if self.abilities()?.officer_writes => {
                let auths = &self.token().auths;
                let first = || auths.iter().find(|auth| auth.role == AuthRole::User);
                let auth = shown.and_then(|index| auths.get(index)).or_else(first);
                auth.map(|auth| auth.id.clone()).ok_or(missing)
            }
            (_, None) => Err(missing),
            (Writer::User(auth), Some(_)) => Ok(auth),
            (Writer::Officer, Some(_)) => Err(Error::UserNotLoggedIn),
        }
    }

    /// The PIN that is to own an object; `None` for one that the security officer stores for everybody.
    /// Errors: `UserNotLoggedIn`, `OtherToken`.
    fn owner(&mut self) -> Result<Option<AuthId>> {
        match (self.writer()?, self.view.auth) {
            (Writer::User(auth), _) => Ok(Some(auth)),
            (Writer::Officer, shown) if self.abilities()?.officer_writes => {
                let auth = shown.and_then(|index| self.token().auths.get(index));
                Ok(auth.map(|auth| auth.id.clone()))
            }
            (Writer::Officer, Some(_)) => Err(Error::UserNotLoggedIn),
            (Writer::Officer, None) => match self.left_overs_slot() {
                Some(slot) if slot != self.session.slot => Err(Error::OtherToken(slot)),
                _ => Ok(None),
            },
        }
    }

    /// Writes an object. Errors: as [`Engine::create_object`].
    pub(super) fn create(&mut self, object: &NewObject) -> Result<ObjectId> {
        match object {
            NewObject::PrivateKey { key, spec } => self.import(KeyMaterial::Private(key), spec),
            NewObject::SecretKey { value, spec } => self.import(KeyMaterial::Aes(value), spec),
            NewObject::PublicKey { key, label, id } => {
                let owner = self.owner()?;
                let id = match id {
                    Some(id) => id.clone(),
                    None => self.id_of_pair(key)?.unwrap_or_else(|| KeyId(hash_of(key))),
                };
                self.require(Write::Store(ObjectKind::PublicKey, owner.as_ref()))?;
                let usage = public_usage(key);
                let new = NewPublicKey { owner: owner.as_ref(), label, id: &id, key, usage };
                self.admin(|admin, channel| admin.store_public_key(channel, &new))
            }
            NewObject::Certificate { der, label, id } => self.certify(der, label.as_deref(), id.as_ref()),
            NewObject::Data { label, application, oid, private, value } => {
                let owner = self.owner()?;
                if *private && owner.is_none() {
                    return Err(Error::UserPinNotInitialized("user PIN that could protect it"));
                }
                self.require(Write::Store(ObjectKind::Data, owner.as_ref()))?;
                let (owner, private) = (owner.as_ref(), *private);
                let new = NewData { owner, private, label, application, oid, value };
                self.admin(|admin, channel| admin.store_data(channel, &new))
            }
        }
    }

    fn certify(&mut self, der: &[u8], label: Option<&str>, id: Option<&KeyId>) -> Result<ObjectId> {
        let owner = self.owner()?;
        let details =
            CertificateDetails::parse(der).map_err(|_| Error::AttributeValueInvalid(AttributeType::VALUE))?;
        let id = match (id, &details.public_key) {
            (Some(id), _) => Some(id.clone()),
            (None, Some(key)) => self.id_of_pair(key)?,
            (None, None) => None,
        };
        let id = id.unwrap_or_else(|| KeyId(details.subject_key_id.clone().unwrap_or_default()));
        let name = || short_label(details.common_name().unwrap_or_else(|| details.subject_text()));
        let label = label.map_or_else(name, str::to_owned);
        self.require(Write::Store(ObjectKind::Certificate, owner.as_ref()))?;
        let new = NewCertificate { owner: owner.as_ref(), label: &label, id: &id, der };
        let object = self.admin(|admin, channel| admin.store_certificate(channel, &new))?;
        self.effects.learned.push((object, Content::Certificate(Arc::new(details.clone()))));
        Ok(object)
    }

    /// The identifier of the private key in the session's token whose public half this is.
    fn id_of_pair(&mut self, public: &PublicKey) -> Result<Option<KeyId>> {
        let session = Arc::clone(&self.session);
        let shown = self.view.keys.clone();
        let keys = shown.iter().filter_map(|index| session.card.token.keys.get(*index));
        for key in keys.filter(|key| key.class == KeyClass::Private && !key.id.0.is_empty()) {
            if self.public_half(key)?.is_some_and(|known| *known == *public) {
                return Ok(Some(key.id.clone()));
            }
        }
        Ok(None)
    }

    fn import(&mut self, key: KeyMaterial<'_>, spec: &KeySpec) -> Result<ObjectId> {
        let owner = self.key_owner()?;
        let (kind, algorithm, public) = match key {
            KeyMaterial::Private(key) => {
                let public = key.public();
                (ObjectKind::KeyPair, KeyAlgorithm::from(&public), Some(public))
            }
            KeyMaterial::Aes(value) => {
                let key_bits = u32::try_from(value.len() * 8).unwrap_or(u32::MAX);
                (ObjectKind::SecretKey, KeyAlgorithm::Aes { key_bits }, None)
            }
        };
        let key_type = possible(algorithm, kind, &Offer::imported(&self.abilities()?))?;
        self.check_extractable(spec)?;
        let (id, place) = self.key_name(spec, public.as_ref())?;
        self.require(Write::Store(kind, Some(&owner)))?;
        let usage = spec.usage.unwrap_or_else(|| usual_usage(key_type));
        let new = ImportedKey {
            owner: &owner,
            label: &spec.label,
            id: &id,
            key,
            usage,
            extractable: spec.extractable,
            always_authenticate: spec.always_authenticate,
            placement: spec.placement.at(place.as_deref()),
        };
        let created = self.admin(|admin, channel| admin.import_key(channel, &new))?;
        self.learn(&created);
        Ok(created.object)
    }

    fn learn(&mut self, created: &CreatedKey) {
        if let Some((object, public)) = &created.public {
            self.effects.learned.push((*object, Content::PublicKey(Arc::new(public.clone()))));
        }
    }

    fn check_extractable(&mut self, spec: &KeySpec) -> Result<()> {
        if spec.extractable && !self.abilities()?.extractable {
            return self.cannot("have keys that may leave it");
        }
        Ok(())
    }

    /// The identifier of a new key: as wished, if no other key has it; else that of a public half without its private
    /// one (an interrupted import leaves it), else that of the certificate with its public key, else the first number that nothing on the card has. Errors: `IdTaken`.
    pub(super) fn key_id(&mut self, wished: Option<&KeyId>, public: Option<&PublicKey>) -> Result<KeyId> {
        if let Some(id) = wished {
            self.check_id(id, None)?;
            return Ok(id.clone());
        }
        if let Some(public) = public
            && let Some(id) = self.id_left_behind(public)?
        {
            return Ok(id);
        }
        let token = self.token();
        let certified = token.certificates.iter().find(|certificate| {
            let details = certificate.details.as_ref();
            public.is_some() && details.and_then(|details| details.public_key.as_ref()) == public
        });
        if let Some(certificate) = certified
            && !certificate.id.0.is_empty()
            && self.check_id(&certificate.id, None).is_ok()
        {
            return Ok(certificate.id.clone());
        }
        let used: HashSet<&KeyId> = token
            .keys
            .iter()
            .map(|key| &key.id)
            .chain(token.certificates.iter().map(|certificate| &certificate.id))
            .collect();
        let number = |number: u32| {
            let bytes = number.to_be_bytes();
            KeyId(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
        };
        Ok((1..=u32::MAX).map(number).find(|id| !used.contains(id)).unwrap_or_default())
    }

    /// Refuses an identifier that a private or secret key beside `own` has. Errors: `IdTaken`.
    pub(super) fn check_id(&self, id: &KeyId, own: Option<ObjectId>) -> Result<()> {
        let taken = self.token().keys.iter().find(|key| {
            key.id == *id && key.class != KeyClass::Public && own.is_none_or(|own| key.object != own)
        });
        match taken {
            Some(key) if !id.0.is_empty() => Err(Error::IdTaken { id: id.clone(), label: key.label.clone() }),
            _ => Ok(()),
        }
    }
}

/// How certificates name a key that says nothing else (RFC 5280, 4.2.1.2, method 1): the SHA-1 of its bits.
fn hash_of(key: &PublicKey) -> Vec<u8> {
    let bits = match key {
        PublicKey::Ec { point, .. } => point.clone(),
        PublicKey::Ed25519(key) | PublicKey::X25519(key) => key.to_vec(),
        PublicKey::Rsa { .. } => key.to_spki_der(),
    };
    digest(DigestAlgorithm::Sha1, &bits)
}

/// A label that nobody chose, as long as other programs read it.
fn short_label(mut label: String) -> String {
    let end = (0..=LONGEST_LABEL).rev().find(|end| label.is_char_boundary(*end)).unwrap_or_default();
    if label.len() > LONGEST_LABEL {
        label.truncate(end);
    }
    label
}

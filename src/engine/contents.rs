//! Object contents: what attributes need beyond the card's directories, read when first asked for.

use std::sync::Arc;

use super::attribute::{Answer, AttributeType as A, CertificateView, DataView, KeyView, Known, Value};
use super::cards::{Content, LoadedCard};
use super::error::Error;
use super::mechanism;
use super::object::{ObjectRef, class_of};
use super::operation::Session;
use super::{Engine, ObjectClass, Result};
use crate::card::CardError;
use crate::crypto::{CertificateDetails, PublicKey};
use crate::token::{Certificate, Key, KeyAlgorithm, KeyClass, KeyId, ObjectId, Token};

/// What was read for one object during one call. `Some(None)` is: asked for, and there is none.
#[derive(Default)]
pub(super) struct Fetched {
    details: Option<Arc<CertificateDetails>>,
    public: Option<Option<Arc<PublicKey>>>,
    subject: Option<Option<Vec<u8>>>,
    data: Option<Arc<Vec<u8>>>,
}

impl Engine {
    /// One attribute of an object; reads the card where it must.
    /// Errors: `AttributeSensitive`, `AttributeTypeInvalid`, those of the card.
    pub(super) fn answer(
        &self,
        session: &Session,
        object: ObjectRef,
        kind: A,
        fetched: &mut Fetched,
    ) -> Result<Value> {
        let mut answer = self.known_answer(session, object, kind, fetched);
        if answer == Answer::Unread {
            self.fetch(session, object, kind, fetched)?;
            answer = self.known_answer(session, object, kind, fetched);
        }
        match answer {
            Answer::Is(value) => Ok(value),
            Answer::Sensitive => Err(Error::AttributeSensitive(kind)),
            Answer::Absent | Answer::Unread => Err(Error::AttributeTypeInvalid(kind)),
        }
    }

    /// One attribute of an object, as far as it is known without the card.
    pub(super) fn known_answer(
        &self,
        session: &Session,
        object: ObjectRef,
        kind: A,
        fetched: &Fetched,
    ) -> Answer {
        let card = &session.card;
        let token = card.token.as_ref();
        match object {
            ObjectRef::Certificate(index) => token.certificates.get(index).map_or(Answer::Absent, |known| {
                let common = Common {
                    class: ObjectClass::Certificate,
                    object: known.object,
                    label: &known.label,
                    private: known.private,
                    modifiable: known.modifiable,
                };
                let kept = kept_details(card, known);
                let details = known.details.as_ref().or(fetched.details.as_deref()).or(kept.as_deref());
                let view = CertificateView {
                    certificate: known,
                    details: details.map_or(Known::Unread, Known::Is),
                    has_key: has_private_key(token, &known.id),
                };
                if kind == A::DESTROYABLE && self.is_needed_elsewhere(session, index) {
                    return false.into();
                }
                common.answer(token, kind).unwrap_or_else(|| view.answer(kind))
            }),
            ObjectRef::Data(index) => token.data.get(index).map_or(Answer::Absent, |known| {
                let common = Common {
                    class: ObjectClass::Data,
                    object: known.object,
                    label: &known.label,
                    private: known.private,
                    modifiable: known.modifiable,
                };
                let kept = match card.content(known.object) {
                    Some(Content::Data(data)) => Some(data),
                    _ => None,
                };
                let value = fetched.data.as_deref().or(kept.as_deref());
                let view = DataView { data: known, value: value.map_or(Known::Unread, Known::Is) };
                common.answer(token, kind).unwrap_or_else(|| view.answer(kind))
            }),
            ObjectRef::Key(index) => {
                token.keys.get(index).map_or(Answer::Absent, |key| key_answer(card, key, kind, fetched))
            }
        }
    }

    fn fetch(&self, session: &Session, object: ObjectRef, kind: A, fetched: &mut Fetched) -> Result<()> {
        let token = session.card.token.as_ref();
        match object {
            ObjectRef::Certificate(index) => {
                let certificate = token.certificates.get(index).ok_or(Error::ObjectHandleInvalid)?;
                fetched.details = Some(self.details(session.reader, &session.card, certificate)?);
            }
            ObjectRef::Data(index) => {
                let data = token.data.get(index).ok_or(Error::ObjectHandleInvalid)?;
                let value = self.read(session.reader, &session.card, data.object)?;
                let value = Arc::new(value);
                if !data.private {
                    session.card.keep(data.object, Content::Data(Arc::clone(&value)));
                }
                fetched.data = Some(value);
            }
            ObjectRef::Key(index) => {
                let key = token.keys.get(index).ok_or(Error::ObjectHandleInvalid)?;
                if kind == A::SUBJECT {
                    let details = match certificate_of(token, &key.id) {
                        Some(certificate) => {
                            Some(self.details(session.reader, &session.card, certificate)?)
                        }
                        None => None,
                    };
                    fetched.subject = Some(details.map(|details| details.subject.clone()));
                } else {
                    fetched.public = Some(self.public_half(session.reader, &session.card, key)?);
                }
            }
        }
        Ok(())
    }

    /// A certificate's content. Errors: those of the card; `Card` with `Malformed` when it is no certificate.
    pub(super) fn details(
        &self,
        reader: usize,
        card: &LoadedCard,
        certificate: &Certificate,
    ) -> Result<Arc<CertificateDetails>> {
        let name = self.name_of(reader);
        details(&name, card, certificate, |object| self.read(reader, card, object))
    }

    /// The public half of a key: from the directory, from its public key object, from its certificate.
    /// `None` when the card has neither.
    pub(super) fn public_half(
        &self,
        reader: usize,
        card: &LoadedCard,
        key: &Key,
    ) -> Result<Option<Arc<PublicKey>>> {
        let name = self.name_of(reader);
        public_half(&name, card, key, |object| self.read(reader, card, object))
    }

    fn read(&self, reader: usize, card: &LoadedCard, object: ObjectId) -> Result<Vec<u8>> {
        self.with_card(reader, card, |card| card.read_object(object))
    }
}

/// As [`Engine::details`], for a caller who reads the card in a way of its own.
pub(super) fn details(
    reader: &str,
    card: &LoadedCard,
    certificate: &Certificate,
    read: impl FnOnce(ObjectId) -> Result<Vec<u8>>,
) -> Result<Arc<CertificateDetails>> {
    if let Some(details) = &certificate.details {
        return Ok(Arc::new(details.clone()));
    }
    if let Some(details) = kept_details(card, certificate) {
        return Ok(details);
    }
    let der = read(certificate.object)?;
    let details = CertificateDetails::parse(&der).map_err(|error| Error::Card {
        reader: reader.to_owned(),
        source: CardError::Malformed {
            what: format!("certificate {:?}", certificate.label),
            why: error.to_string(),
        },
    })?;
    let details = Arc::new(details);
    if !certificate.private {
        card.keep(certificate.object, Content::Certificate(Arc::clone(&details)));
    }
    Ok(details)
}

/// As [`Engine::public_half`], for a caller who reads the card in a way of its own.
pub(super) fn public_half(
    reader: &str,
    card: &LoadedCard,
    key: &Key,
    read: impl FnOnce(ObjectId) -> Result<Vec<u8>>,
) -> Result<Option<Arc<PublicKey>>> {
    if let Known::Is(public) = known_public(card, key).as_known() {
        return Ok(Some(Arc::new(public.clone())));
    }
    if let Some(public) = public_key_of(&card.token, key) {
        let der = read(public.object)?;
        let value = Arc::new(PublicKey::from_spki_der(&der).map_err(Error::Crypto)?);
        card.keep(public.object, Content::PublicKey(Arc::clone(&value)));
        return Ok(Some(value));
    }
    match certificate_of(&card.token, &key.id) {
        Some(certificate) => {
            let details = details(reader, card, certificate, read)?;
            Ok(details.public_key.clone().map(Arc::new))
        }
        None => Ok(None),
    }
}

/// What every object has.
struct Common<'a> {
    class: ObjectClass,
    object: ObjectId,
    label: &'a str,
    private: bool,
    modifiable: bool,
}

impl Common<'_> {
    fn answer(&self, token: &Token, kind: A) -> Option<Answer> {
        Some(match kind {
            A::CLASS => self.class.number().into(),
            A::TOKEN => true.into(),
            A::PRIVATE => self.private.into(),
            A::LABEL => self.label.into(),
            A::MODIFIABLE | A::DESTROYABLE => (self.modifiable && !token.info.read_only).into(),
            A::COPYABLE => false.into(),
            A::UNIQUE_ID => {
                let id = format!("{}/{}/{:08x}", token.info.serial, self.class, self.object.0);
                id.as_str().into()
            }
            _ => return None,
        })
    }
}

fn key_answer(card: &LoadedCard, key: &Key, kind: A, fetched: &Fetched) -> Answer {
    let common = Common {
        class: class_of(key.class),
        object: key.object,
        label: &key.label,
        private: key.private,
        modifiable: key.modifiable,
    };
    let kept = known_public(card, key);
    let public = match &fetched.public {
        Some(Some(public)) => Known::Is(public.as_ref()),
        Some(None) => Known::Absent,
        None => kept.as_known(),
    };
    let certificate = certificate_of(&card.token, &key.id);
    let kept_details = certificate.and_then(|certificate| kept_details(card, certificate));
    let subject = match (&fetched.subject, certificate) {
        (Some(Some(subject)), _) => Known::Is(subject.as_slice()),
        (Some(None), _) | (None, None) => Known::Absent,
        (None, Some(certificate)) => {
            let known =
                certificate.subject().or(kept_details.as_ref().map(|details| details.subject.as_slice()));
            known.map_or(Known::Unread, Known::Is)
        }
    };
    let told;
    let key = match (key.algorithm, &public) {
        (KeyAlgorithm::Untold, Known::Is(public)) => {
            told = Key { algorithm: KeyAlgorithm::from(*public), ..key.clone() };
            &told
        }
        _ => key,
    };
    let mechanisms = || {
        let suitable = mechanism::suitable(&card.abilities, key.class, key.algorithm);
        suitable.into_iter().map(|id| id.0).collect()
    };
    let view = KeyView { key, public, subject, mechanisms: &mechanisms };
    common.answer(&card.token, kind).unwrap_or_else(|| view.answer(kind))
}

/// A public half that is known without the card.
enum KnownPublic<'a> {
    Borrowed(&'a PublicKey),
    Kept(Arc<PublicKey>),
    Certified(Arc<CertificateDetails>),
    Unread,
    Absent,
}

impl KnownPublic<'_> {
    fn as_known(&self) -> Known<'_, PublicKey> {
        match self {
            Self::Borrowed(public) => Known::Is(public),
            Self::Kept(public) => Known::Is(public),
            Self::Certified(details) => details.public_key.as_ref().map_or(Known::Absent, Known::Is),
            Self::Unread => Known::Unread,
            Self::Absent => Known::Absent,
        }
    }
}

fn known_public<'a>(card: &'a LoadedCard, key: &'a Key) -> KnownPublic<'a> {
    let public_key = public_key_of(&card.token, key);
    if let Some(public) = key.public.as_ref().or(public_key.and_then(|other| other.public.as_ref())) {
        return KnownPublic::Borrowed(public);
    }
    if let Some(Content::PublicKey(public)) = public_key.and_then(|other| card.content(other.object)) {
        return KnownPublic::Kept(public);
    }
    let certificate = certificate_of(&card.token, &key.id);
    if let Some(public) =
        certificate.and_then(|certificate| certificate.details.as_ref()).and_then(|d| d.public_key.as_ref())
    {
        return KnownPublic::Borrowed(public);
    }
    match (public_key, certificate.and_then(|certificate| kept_details(card, certificate))) {
        (_, Some(details)) if details.public_key.is_some() => KnownPublic::Certified(details),
        (None, Some(_)) => KnownPublic::Absent,
        (Some(_), _) => KnownPublic::Unread,
        (None, None) if certificate.is_some() => KnownPublic::Unread,
        (None, None) => KnownPublic::Absent,
    }
}

/// The public key object of a key: itself, or the one with its id.
fn public_key_of<'a>(token: &'a Token, key: &'a Key) -> Option<&'a Key> {
    match key.class {
        KeyClass::Public => Some(key),
        KeyClass::Private if !key.id.0.is_empty() => {
            token.keys.iter().find(|other| other.class == KeyClass::Public && other.id == key.id)
        }
        KeyClass::Private | KeyClass::Secret => None,
    }
}

fn certificate_of<'a>(token: &'a Token, id: &KeyId) -> Option<&'a Certificate> {
    let same = |certificate: &&Certificate| !id.0.is_empty() && certificate.id == *id;
    // A CA certificate may carry the id of a key by another tool's carelessness: a leaf goes first.
    let leaf = token.certificates.iter().find(|certificate| same(certificate) && !certificate.authority);
    leaf.or_else(|| token.certificates.iter().find(same))
}

fn has_private_key(token: &Token, id: &KeyId) -> bool {
    !id.0.is_empty() && token.keys.iter().any(|key| key.class == KeyClass::Private && key.id == *id)
}

fn kept_details(card: &LoadedCard, certificate: &Certificate) -> Option<Arc<CertificateDetails>> {
    match card.content(certificate.object) {
        Some(Content::Certificate(details)) => Some(details),
        _ => None,
    }
}

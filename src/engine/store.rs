//! Objects put on a token unless the card has them: what is there is decided while the card is held, so that two
//! programs that store the same thing at once store it once, and whoever was interrupted begins again.

use std::sync::Arc;

use super::create::NewObject;
use super::error::Error;
use super::session::SessionHandle;
use super::uri::Uri;
use super::writing::Writing;
use super::{Engine, Result};
use crate::crypto::{CertificateDetails, PublicKey};
use crate::layout::SlotId;
use crate::token::{Key, KeyAlgorithm, KeyClass, KeyId, ObjectId, Token};

/// What became of an object that was to be stored.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The card had it already; nothing was written.
    pub present: bool,
    /// Its label on the card.
    pub label: String,
    /// Where it shows, and its name there. A certificate shows in the tokens whose chains need it, which need not be
    /// the token of the session; `None` when no slot shows it.
    pub place: Option<(SlotId, Uri)>,
}

impl Engine {
    /// As [`Engine::create_object`], but only what is not there: a certificate that the card has (anywhere), and a
    /// private key whose public half the token's PIN has a private key for, are left as they are. Other objects
    /// are always new ones. Errors: as [`Engine::create_object`].
    pub fn store_object(&self, session: SessionHandle, object: &NewObject) -> Result<Stored> {
        self.check_may_write(session)?;
        let (id, present) = self.write(session, |writing| match writing.present(object)? {
            Some(known) => Ok((known, true)),
            None => Ok((writing.create(object)?, false)),
        })?;
        let session = self.session(session)?;
        let token = &session.card.token;
        let label = label_of(token, id).unwrap_or_default().to_owned();
        let Some((slot, handle)) = self.place_of(&session, id)? else {
            return Ok(Stored { present, label, place: None });
        };
        let table = self.table_of(slot, &session)?;
        let shown = table.and_then(|table| table.get(handle, true)).ok_or(Error::ObjectHandleInvalid)?;
        let uri = self.uri_at(slot, token, shown)?;
        Ok(Stored { present, label, place: Some((slot, uri)) })
    }
}

impl Writing<'_> {
    /// The object that the card has already in place of a new one.
    fn present(&mut self, object: &NewObject) -> Result<Option<ObjectId>> {
        match object {
            NewObject::Certificate { der, .. } => self.present_certificate(der),
            NewObject::PrivateKey { key, .. } => self.present_private_key(&key.public()),
            NewObject::SecretKey { .. } | NewObject::PublicKey { .. } | NewObject::Data { .. } => Ok(None),
        }
    }

    fn present_certificate(&mut self, der: &[u8]) -> Result<Option<ObjectId>> {
        let session = Arc::clone(&self.session);
        let wanted = CertificateDetails::parse(der).ok();
        let subject = wanted.as_ref().map(|details| details.subject.as_slice());
        let same_name = |known: Option<&[u8]>| known.is_none() || known == subject;
        for known in session.card.token.certificates.iter().filter(|known| same_name(known.subject())) {
            match self.details(known) {
                Ok(details) if details.der == der => return Ok(Some(known.object)),
                // One that cannot be read is not this one.
                Ok(_) | Err(Error::Card { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    fn present_private_key(&mut self, public: &PublicKey) -> Result<Option<ObjectId>> {
        let owner = self.key_owner()?;
        let session = Arc::clone(&self.session);
        let keys = session.card.token.keys.iter();
        let own = keys.filter(|key| key.class == KeyClass::Private && key.auth.as_ref() == Some(&owner));
        for key in own.filter(|key| may_be(key.algorithm, public)) {
            if self.has_public_half(key, public)? {
                return Ok(Some(key.object));
            }
        }
        Ok(None)
    }

    /// The identifier of a public key that equals this one and whose private half the card does not have.
    pub(super) fn id_left_behind(&mut self, public: &PublicKey) -> Result<Option<KeyId>> {
        let session = Arc::clone(&self.session);
        let keys = &session.card.token.keys;
        let is_free = |id: &KeyId| keys.iter().all(|key| key.class == KeyClass::Public || key.id != *id);
        let halves = keys.iter().filter(|key| key.class == KeyClass::Public && !key.id.0.is_empty());
        for key in halves.filter(|key| may_be(key.algorithm, public) && is_free(&key.id)) {
            if self.has_public_half(key, public)? {
                return Ok(Some(key.id.clone()));
            }
        }
        Ok(None)
    }

    fn has_public_half(&mut self, key: &Key, public: &PublicKey) -> Result<bool> {
        match self.public_half(key) {
            Ok(known) => Ok(known.is_some_and(|known| *known == *public)),
            // One that cannot be read or understood is not this one.
            Err(Error::Card { .. } | Error::Crypto(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Whether a key of this algorithm can have this public half; where the directory says less, it may.
fn may_be(algorithm: KeyAlgorithm, public: &PublicKey) -> bool {
    match (algorithm, KeyAlgorithm::from(public)) {
        (KeyAlgorithm::Untold, _)
        | (KeyAlgorithm::Rsa { modulus_bits: 0 }, KeyAlgorithm::Rsa { .. })
        | (KeyAlgorithm::Ec { curve: None }, KeyAlgorithm::Ec { .. }) => true,
        (known, wanted) => known == wanted,
    }
}

fn label_of(token: &Token, object: ObjectId) -> Option<&str> {
    let key = token.keys.iter().find(|key| key.object == object).map(|key| &key.label);
    let certificates = || token.certificates.iter().find(|known| known.object == object);
    let data = || token.data.iter().find(|known| known.object == object).map(|known| &known.label);
    key.or_else(|| certificates().map(|known| &known.label)).or_else(data).map(String::as_str)
}

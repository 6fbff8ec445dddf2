//! A key at work, on its card or on the host: who consents, what the card is called with, what its answer must look like.

use std::cell::Cell;
use std::sync::Arc;

use super::Session;
use super::key::{HostKey, OperationKey};
use crate::card::{CardCall, CardError};
use crate::codec::Secret;
use crate::crypto::ed25519::domain::Domain;
use crate::crypto::{Curve, PrivateKey};
use crate::engine::cards::LoadedCard;
use crate::engine::error::Error;
use crate::engine::mechanism::Primitive;
use crate::engine::session::Login;
use crate::engine::session_object::Material;
use crate::engine::{Engine, ObjectHandle, Result, lock};
use crate::token::{AuthId, Key, KeyAlgorithm, ObjectId};

/// A key on a card, as an operation uses it.
pub(in crate::engine) struct CardKey {
    pub reader: usize,
    pub card: Arc<LoadedCard>,
    pub object: ObjectId,
    pub handle: ObjectHandle,
    /// The PIN that allows its use, if any.
    pub auth: Option<AuthId>,
    /// Given for one operation, which may call the card more than once.
    pub consent: Cell<Consent>,
    /// The curve of a key on one.
    pub curve: Option<Curve>,
}

/// Whether the user has to give the PIN for this very operation (`CKA_ALWAYS_AUTHENTICATE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Consent {
    NotNeeded,
    Wanted,
    Given,
}

impl CardKey {
    /// The key of a session's card.
    pub fn new(session: &Session, handle: ObjectHandle, key: &Key, algorithm: KeyAlgorithm) -> Self {
        Self {
            reader: session.reader,
            card: Arc::clone(&session.card),
            object: key.object,
            handle,
            auth: key.auth.clone(),
            consent: Cell::new(if key.always_authenticate { Consent::Wanted } else { Consent::NotNeeded }),
            curve: match algorithm {
                KeyAlgorithm::Ec { curve } => curve,
                _ => None,
            },
        }
    }
}

impl Engine {
    /// Lets a key compute, wherever it is. Errors: as for the card; `KeyHandleInvalid` for a key that is gone.
    pub(super) fn compute(&self, key: &OperationKey, primitive: Primitive, block: &[u8]) -> Result<Secret> {
        match key {
            OperationKey::Card(key) => self.compute_on_card(key, primitive, block),
            OperationKey::Host(key) => {
                self.check_there(key)?;
                compute_on_host(key, primitive, block)
            }
            OperationKey::Public(_) => Err(Error::NotSupported("this computation with a public key")),
        }
    }

    /// Lets the card compute. Answers `output_len` bytes for RSA and ECDSA.
    /// Errors: `UserNotLoggedIn` and `LoginLost` before anything is sent; `DeviceRemoved`, `Card`.
    fn compute_on_card(&self, key: &CardKey, primitive: Primitive, block: &[u8]) -> Result<Secret> {
        self.check_consent(key)?;
        let call = match primitive {
            Primitive::RsaRaw => CardCall::RsaRaw { key: key.object, block },
            Primitive::RsaSignPkcs1 => CardCall::RsaSignPkcs1 { key: key.object, digest_info: block },
            Primitive::RsaDecryptPkcs1 => CardCall::RsaDecryptPkcs1 { key: key.object, cryptogram: block },
            Primitive::Ecdsa => CardCall::EcdsaSign { key: key.object, digest: block },
            Primitive::Ed25519 => CardCall::Ed25519Sign { key: key.object, message: block },
            Primitive::Ecdh => CardCall::EcdhAgree { key: key.object, peer: block },
            Primitive::X25519 => CardCall::X25519Agree { key: key.object, peer: block },
            _ => return Err(Error::NotSupported("this computation on the card")),
        };
        self.with_card(key.reader, &key.card, |card| card.perform(&call))
    }

    /// Lets a card work on whole blocks of AES. Errors: as [`Engine::compute`].
    pub(super) fn aes_on_card(
        &self,
        key: &CardKey,
        encrypt: bool,
        iv: Option<[u8; 16]>,
        blocks: &[u8],
    ) -> Result<Secret> {
        self.check_consent(key)?;
        let call = if encrypt {
            CardCall::AesEncrypt { key: key.object, iv, blocks }
        } else {
            CardCall::AesDecrypt { key: key.object, iv, blocks }
        };
        self.with_card(key.reader, &key.card, |card| card.perform(&call))
    }

    /// A key of a session that was destroyed since the operation began, or went with the logout, computes no more.
    pub(super) fn check_there(&self, key: &HostKey) -> Result<()> {
        let mut state = lock(&self.state);
        state.token_of_object(key.handle).map(|_| ()).ok_or(Error::KeyHandleInvalid)
    }

    /// A deletion, a logout or a reset since the operation began ends the right to the key; a key that asks for
    /// the PIN each time takes the login itself for its first use.
    pub(super) fn check_consent(&self, key: &CardKey) -> Result<()> {
        let mut state = lock(&self.state);
        let token = state.token_of_object(key.handle).ok_or(Error::KeyHandleInvalid)?;
        if key.auth.is_none() {
            return Ok(());
        }
        match (token.login, token.login_lost) {
            (Login::User, _) => {}
            (_, true) => return Err(Error::LoginLost),
            (_, false) => return Err(Error::UserNotLoggedIn),
        }
        match key.consent.get() {
            Consent::NotNeeded | Consent::Given => Ok(()),
            Consent::Wanted if std::mem::take(&mut token.fresh_login) => {
                key.consent.set(Consent::Given);
                Ok(())
            }
            Consent::Wanted => Err(Error::UserNotLoggedIn),
        }
    }
}

/// What a key does whose value the host has.
fn compute_on_host(key: &HostKey, primitive: Primitive, block: &[u8]) -> Result<Secret> {
    let Material::Private(private) = key.object.material() else {
        return Err(Error::NotSupported("this computation with a secret key"));
    };
    let computed = match (&**private, primitive) {
        (PrivateKey::Rsa(private), Primitive::RsaRaw) => private.raw(block),
        (PrivateKey::Ec(private), Primitive::Ecdsa) => private.sign(block).map(Secret::new),
        (PrivateKey::Ed25519(private), Primitive::Ed25519) => Ok(Secret::new(private.sign(block))),
        (PrivateKey::Ec(private), Primitive::Ecdh) => private.agree(block),
        (PrivateKey::X25519(private), Primitive::X25519) => private.agree(block),
        _ => return Err(Error::NotSupported("this computation with such a key")),
    };
    computed.map_err(Error::Crypto)
}

/// Ed25519 in a domain, which no card has. Errors: `NotSupported`.
pub(super) fn sign_in_domain(key: &HostKey, domain: &Domain, message: &[u8]) -> Result<Vec<u8>> {
    match key.object.material() {
        Material::Private(private) => match &**private {
            PrivateKey::Ed25519(private) => Ok(private.sign_in(domain, message)),
            _ => Err(Error::NotSupported("this computation with such a key")),
        },
        _ => Err(Error::NotSupported("this computation with a secret key")),
    }
}

/// An RSA answer as long as the modulus: cards and libraries drop leading zeros. Errors: `Card`.
pub(super) fn to_length(reader: &str, answer: &[u8], len: usize) -> Result<Vec<u8>> {
    let Some(missing) = len.checked_sub(answer.len()) else {
        let why = format!("{} bytes where {len} are right", answer.len());
        let source = CardError::Malformed { what: "the answer of a key".to_owned(), why };
        return Err(Error::Card { reader: reader.to_owned(), source });
    };
    let mut padded = vec![0; missing];
    padded.extend_from_slice(answer);
    Ok(padded)
}

#[cfg(test)]
mod tests {
    use super::*;

    // I.59
    #[test]
    fn to_length_short_answer_gets_zeros_and_long_one_is_refused() {
        assert_eq!(to_length("R", &[1, 2], 4).unwrap(), [0, 0, 1, 2]);
        assert_eq!(to_length("R", &[1, 2], 2).unwrap(), [1, 2]);
        assert_eq!(to_length("R", &[1, 2, 3], 2).unwrap_err().code(), "CKR_DEVICE_ERROR");
    }
}

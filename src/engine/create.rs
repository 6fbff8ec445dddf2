//! New objects on a token: keys generated and imported, certificates, data (PKCS#11 3.1, 5.7.1 and 5.18).

use super::error::Error;
use super::session::SessionHandle;
use super::{Engine, ObjectHandle, Result};
use crate::codec::Secret;
use crate::crypto::{PrivateKey, PublicKey};
use crate::token::{KeyAlgorithm, KeyId, KeyUsage};

/// A key or key pair to be generated on the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySpec {
    /// Algorithm and size. A size of zero or no curve is refused with what the card has.
    pub algorithm: KeyAlgorithm,
    /// `CKA_LABEL` of both halves.
    pub label: String,
    /// `CKA_ID` of both halves; `None` = the SHA-1 of the public key, as its certificates name it (20 bytes).
    pub id: Option<KeyId>,
    /// What the private half may do; `None` = all that suits its algorithm.
    pub usage: Option<KeyUsage>,
    /// The value may leave the card (`CKA_EXTRACTABLE`).
    pub extractable: bool,
    /// Each use needs the PIN again.
    pub always_authenticate: bool,
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
        }
    }
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
    /// Generates a key pair on the card, owned by the token's PIN. Answers private and public half.
    /// Errors: `KeyNotPossible` with what the card has, `IdTaken`, `SessionReadOnly`, `UserNotLoggedIn`, `NeedsPin`;
    /// all before anything is sent.
    pub fn generate_key_pair(
        &self,
        session: SessionHandle,
        spec: &KeySpec,
    ) -> Result<(ObjectHandle, ObjectHandle)> {
        let _ = (session, spec);
        Err(Error::NotSupported("generating keys"))
    }

    /// Generates a secret key (AES) on the card. Errors: as [`Engine::generate_key_pair`].
    pub fn generate_key(&self, session: SessionHandle, spec: &KeySpec) -> Result<ObjectHandle> {
        let _ = (session, spec);
        Err(Error::NotSupported("generating keys"))
    }

    /// Writes an object to the session's token. A public object on a token without a PIN is for the security
    /// officer. Errors: as [`Engine::generate_key_pair`].
    pub fn create_object(&self, session: SessionHandle, object: &NewObject) -> Result<ObjectHandle> {
        let _ = (session, object);
        Err(Error::NotSupported("writing objects"))
    }
}

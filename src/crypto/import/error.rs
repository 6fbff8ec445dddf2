//! Why a file could not be read, told apart so that a person knows what to do.

use crate::crypto::CryptoError;

/// Why a key or a certificate could not be taken from a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// More bytes than any such file has.
    #[error("file is {actual} bytes long, at most {limit} are read")]
    TooLarge {
        /// Bytes of the file.
        actual: usize,
        /// Bytes that are read.
        limit: usize,
    },
    /// The file is encrypted and there was no password.
    #[error("{what} is encrypted and needs a password")]
    PasswordNeeded {
        /// What is encrypted.
        what: &'static str,
    },
    /// The password does not open the file.
    #[error("password does not open the {what}")]
    WrongPassword {
        /// What is encrypted.
        what: &'static str,
    },
    /// The file holds something else than what was wanted.
    #[error("file holds {found}, not {wanted}")]
    WrongContent {
        /// What was looked for.
        wanted: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A format or an algorithm that is not read.
    #[error("{what} is not supported")]
    Unsupported {
        /// What it is.
        what: String,
        /// The command that makes a file of it that is read.
        convert: Option<&'static str>,
    },
    /// Deriving the key from the password would take too long: a hostile or a badly made file.
    #[error("file asks for {rounds} rounds of key derivation, at most {limit} are done")]
    TooManyRounds {
        /// Rounds that the file asks for, with those done already.
        rounds: u64,
        /// Rounds that are done for one file.
        limit: u64,
    },
    /// More than one private key, where one is wanted.
    #[error("file holds {} private keys: {}", .keys.len(), .keys.join(", "))]
    SeveralKeys {
        /// Name and algorithm of each, control characters escaped.
        keys: Vec<String>,
    },
    /// The file's own checksum, or its structure, says that it is not as it was made.
    #[error("file is damaged")]
    Damaged {
        /// What is wrong with it, where it is known.
        #[source]
        source: CryptoError,
    },
    /// A private key in the file is no key that can be used.
    #[error("private key in the file cannot be used")]
    BadKey {
        /// Why not.
        #[source]
        source: CryptoError,
    },
}

impl ImportError {
    /// What the person can do about it, imperative.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unsupported { convert: Some(command), .. } => Some(format!("convert it: {command}")),
            Self::SeveralKeys { .. } => Some("split the file: one private key in each".to_owned()),
            _ => None,
        }
    }
}

impl From<CryptoError> for ImportError {
    fn from(source: CryptoError) -> Self {
        match source {
            CryptoError::Unsupported(what) => Self::Unsupported { what, convert: None },
            CryptoError::InvalidKey(_) | CryptoError::InvalidPoint(_) | CryptoError::NoRandom => {
                Self::BadKey { source }
            }
            source => Self::Damaged { source },
        }
    }
}

/// A structure that is not what it should be.
pub(super) fn damaged(what: &'static str) -> ImportError {
    ImportError::Damaged { source: CryptoError::Malformed { what, source: der::ErrorKind::Failed.into() } }
}

/// `openssl` for keys in old encryptions.
pub(super) const CONVERT_KEY: &str = "openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW";
/// `openssl` for keys whose encryption it has in its legacy provider only.
pub(super) const CONVERT_LEGACY_KEY: &str =
    "openssl pkcs8 -topk8 -v2 aes-256-cbc -provider default -provider legacy -in OLD -out NEW";
/// `ssh-keygen` for its own format; it changes the file in place.
pub(super) const CONVERT_OPENSSH: &str = "ssh-keygen -p -m PKCS8 -f COPY";
/// `openssl` for PKCS#12 in old or unusual encryptions.
pub(super) const CONVERT_PKCS12: &str =
    "openssl pkcs12 -legacy -in OLD -out ALL.pem && openssl pkcs12 -export -in ALL.pem -out NEW";

//! The key on the card as the one that signs requests and certificates.

use crate::cli::args::{KeyArgs, PinArgs, TokenArgs};
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::keys::{ChosenKey, KeyChoice, Purpose, find_again, public_half};
use crate::cli::mechanism;
use crate::cli::text::quote;
use crate::cli::unlock::{Unlocked, unlock_as};
use crate::crypto::{CryptoError, PublicKey, SignatureAlgorithm};
use crate::engine::{ANY_ROOM, MechanismCall, MechanismId, ObjectHandle, SessionMode};

/// A private key in a session that is logged in, with its public half.
pub struct Signer<'a> {
    context: &'a Context,
    /// The key and its token.
    pub chosen: ChosenKey,
    /// The session.
    pub unlocked: Unlocked,
    /// The public half.
    pub public: PublicKey,
    handle: ObjectHandle,
}

impl<'a> Signer<'a> {
    /// Chooses the key, finds its public half, logs in.
    /// Errors: those of the selectors and the PIN; a public key that is not known.
    pub fn open(
        context: &'a Context,
        token: &TokenArgs,
        key: &KeyArgs,
        pin: &PinArgs,
        mode: SessionMode,
    ) -> Result<Self, CliError> {
        let choice = KeyChoice::new(token, key)?;
        let chosen = choice.private_key(context, Purpose::Sign, pin)?;
        let unlocked = unlock_as(context, &chosen.token, pin, choice.pin_source.as_deref(), mode)?;
        let engine = context.engine()?;
        let handle = find_again(engine, unlocked.session, &chosen.key)?;
        let public = public_half(engine, unlocked.session, &chosen.key, handle)?;
        Ok(Self { context, chosen, unlocked, public, handle })
    }

    /// Signs these bytes: PKCS#11's form of the signature.
    pub fn sign(&self, algorithm: SignatureAlgorithm, body: &[u8]) -> Result<Vec<u8>, SignError> {
        self.sign_by(algorithm, body).map_err(SignError::Cli)
    }

    fn sign_by(&self, algorithm: SignatureAlgorithm, body: &[u8]) -> Result<Vec<u8>, CliError> {
        let engine = self.context.engine()?;
        let key = &self.chosen.key;
        let id = match algorithm.digest() {
            Some(digest) => mechanism::for_digest(&key.algorithm, digest)?,
            None => MechanismId::EDDSA,
        };
        engine.sign_init(self.unlocked.session, &MechanismCall::from(id), self.handle)?;
        if key.always_authenticate {
            self.unlocked.authenticate_again(self.context, &self.chosen.token)?;
        }
        Ok(engine.sign(self.unlocked.session, body, ANY_ROOM)?)
    }

    /// The algorithm with this digest; `None` leaves it to the key.
    pub fn algorithm(&self, hash: Option<&str>) -> Result<Option<SignatureAlgorithm>, CliError> {
        let Some(name) = hash else { return Ok(None) };
        let digest = mechanism::hash_named(name)?;
        Ok(Some(match self.public {
            PublicKey::Rsa { .. } => SignatureAlgorithm::RsaPkcs1(digest),
            PublicKey::Ec { .. } => SignatureAlgorithm::Ecdsa(digest),
            PublicKey::Ed25519(_) | PublicKey::X25519(_) => {
                return Err(CliError::usage("such a key takes no --hash: it signs the data itself"));
            }
        }))
    }
}

/// Why a request or certificate was not made.
#[derive(Debug)]
pub enum SignError {
    /// The card's or the command line's part.
    Cli(CliError),
    /// The form of the request or certificate.
    Crypto(CryptoError),
}

impl From<CryptoError> for SignError {
    fn from(error: CryptoError) -> Self {
        Self::Crypto(error)
    }
}

impl SignError {
    /// In the user's words. `subject` is what was asked for.
    pub fn explain(self, subject: &str) -> CliError {
        match self {
            Self::Cli(error) => error,
            Self::Crypto(error @ CryptoError::Malformed { .. }) => {
                CliError::usage(format!("{} is no subject, or a date is out of range", quote(subject)))
                    .source(&error)
                    .hint("write it as CN=Anna,O=Example,C=AT")
            }
            Self::Crypto(error) => {
                CliError::new(ErrorKind::Refused, "the key's signature does not fit").source(&error)
            }
        }
    }
}

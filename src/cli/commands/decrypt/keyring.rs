//! The keys that open messages, and the sessions of their tokens: looked for once, unlocked once, however many messages
//! there are.

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use crate::cli::args::PinArgs;
use crate::cli::commands::sign::policy::leaves;
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::keys::{ChosenKey, KeyChoice, find_again};
use crate::cli::mechanism::for_padding;
use crate::cli::text::quote;
use crate::cli::unlock::{Unlocked, unlock};
use crate::codec::Secret;
use crate::crypto::cms::enveloped::{Recipient, WrappedKey};
use crate::crypto::{CertificateDetails, PublicKey};
use crate::engine::mechanism::Purpose as Use;
use crate::engine::{ANY_ROOM, Batch, Error, MechanismCall, MechanismId, ObjectHandle};
use crate::layout::SlotId;
use crate::token::{KeyAlgorithm, KeyClass};

/// The keys here.
pub struct Keyring<'a> {
    context: &'a Context,
    choice: &'a KeyChoice,
    pin: &'a PinArgs,
    /// Several messages: the cards are held in between.
    holds: bool,
    keys: OnceCell<Vec<KnownKey>>,
    sessions: RefCell<Vec<Session<'a>>>,
    lost: RefCell<Vec<SlotId>>,
}

/// A key, and what messages may call it.
struct KnownKey {
    chosen: ChosenKey,
    names: OnceCell<Names>,
}

struct Names {
    public: Option<Arc<PublicKey>>,
    certificates: Vec<CertificateDetails>,
}

/// A token whose PIN was given.
struct Session<'a> {
    slot: SlotId,
    unlocked: Arc<Unlocked>,
    hold: Option<Batch<'a>>,
}

/// Why a message was not opened.
pub enum Trouble {
    /// Something is wrong with it; the next may be right.
    Message(CliError),
    /// Its key's card or PIN failed: whatever else is for that token fails too.
    Token(CliError),
    /// Its key's token failed before.
    NotTried,
}

impl<'a> Keyring<'a> {
    /// Nothing is asked yet.
    pub fn new(context: &'a Context, choice: &'a KeyChoice, pin: &'a PinArgs, holds: bool) -> Self {
        let (keys, sessions, lost) = (OnceCell::new(), RefCell::default(), RefCell::default());
        Self { context, choice, pin, holds, keys, sessions, lost }
    }

    /// The key here that a message is for, with what was wrapped for it: one of those that fit what was said of the key.
    /// Errors: it is for none of them.
    pub fn choose(&self, name: &str, recipients: &[Recipient]) -> Result<(ChosenKey, Recipient), CliError> {
        let keys = self.keys()?;
        for key in keys {
            let mine = recipients.iter().find(|recipient| key.is_meant(self.context, recipient));
            if let Some(recipient) = mine {
                return Ok((key.chosen.clone(), recipient.clone()));
            }
        }
        // A key that was named, whose certificate is not on the card: the one recipient with such a key must be meant.
        let is_named = self.choice.label.is_some() || self.choice.id.is_some();
        if let ([key], true) = (keys, is_named) {
            let fitting: Vec<&Recipient> =
                recipients.iter().filter(|recipient| fits(&key.chosen, recipient)).collect();
            if let [recipient] = fitting.as_slice() {
                return Ok((key.chosen.clone(), (*recipient).clone()));
            }
        }
        let message = format!("{name} is for nobody whose key is here");
        Err(CliError::new(ErrorKind::NotFound, message).candidates(
            recipients.iter().map(|recipient| format!("it is for {}", recipient.id.text())).collect(),
        ))
    }

    /// The key of the content; `None` where the padding was wrong, which nobody is told here. A token that fails is noted.
    pub fn unwrap(&self, chosen: &ChosenKey, wrapped: &WrappedKey) -> Result<Option<Secret>, Trouble> {
        let slot = chosen.token.slot;
        if self.lost.borrow().contains(&slot) {
            return Err(Trouble::NotTried);
        }
        let unwrapped = self.opener(chosen).and_then(|opener| opener.unwrap(wrapped));
        unwrapped.map_err(|error| match error.kind {
            ErrorKind::Usage | ErrorKind::Refused => Trouble::Message(error),
            _ => {
                self.lost.borrow_mut().push(slot);
                Trouble::Token(error)
            }
        })
    }

    /// Looks for the keys, for which tokens of modules want their PIN: once, whatever comes of it. Errors: there are none.
    pub fn prepare(&self) -> Result<(), CliError> {
        self.keys().map(|_| ())
    }

    fn keys(&self) -> Result<&[KnownKey], CliError> {
        if let Some(keys) = self.keys.get() {
            return Ok(keys);
        }
        let found = self.choice.opening_keys(self.context, self.pin)?;
        let known = found.into_iter().map(|chosen| KnownKey { chosen, names: OnceCell::new() });
        Ok(self.keys.get_or_init(|| known.collect()))
    }

    /// The key in a session of its token, for which the PIN was given once.
    fn opener(&self, chosen: &ChosenKey) -> Result<Opener<'_>, CliError> {
        let slot = chosen.token.slot;
        let open = self
            .sessions
            .borrow()
            .iter()
            .find(|open| open.slot == slot)
            .map(|open| Arc::clone(&open.unlocked));
        let unlocked = match open {
            Some(unlocked) => unlocked,
            None => self.open(chosen)?,
        };
        let key = find_again(self.context.engine()?, unlocked.session, &chosen.key)?;
        let known = self.keys.get().and_then(|keys| {
            keys.iter().find(|known| known.chosen.token.slot == slot && known.chosen.key == chosen.key)
        });
        let public = known.and_then(|known| known.names(self.context).public.clone());
        Ok(Opener { context: self.context, chosen: chosen.clone(), unlocked, key, public })
    }

    /// Opens a session with the token of a key. Errors: the PIN that was given is for another token already.
    fn open(&self, chosen: &ChosenKey) -> Result<Arc<Unlocked>, CliError> {
        let source = self.choice.pin_source.as_deref();
        let mut sessions = self.sessions.borrow_mut();
        if let (Some(first), true) = (sessions.first(), self.pin.is_one_value(source)) {
            let label = quote(&chosen.key.label);
            return Err(CliError::new(
                ErrorKind::Pin,
                format!(
                    "key {label} is in slot {}, and the PIN that was given is for slot {}",
                    chosen.token.slot, first.slot
                ),
            )
            .hint(
                "decrypt what is for each token in a run of its own, or leave --pin out to be asked for both",
            ));
        }
        // No card is kept from other programs while a person types.
        for session in sessions.iter_mut() {
            session.hold = None;
        }
        let unlocked = Arc::new(unlock(self.context, &chosen.token, self.pin, source)?);
        sessions.push(Session { slot: chosen.token.slot, unlocked: Arc::clone(&unlocked), hold: None });
        if self.holds {
            let engine = self.context.engine()?;
            for session in sessions.iter_mut() {
                session.hold = engine.batch(session.unlocked.session)?;
            }
        }
        Ok(unlocked)
    }
}

impl KnownKey {
    fn is_meant(&self, context: &Context, recipient: &Recipient) -> bool {
        if self.chosen.key.class == KeyClass::Secret {
            return fits(&self.chosen, recipient) && recipient.id.is(&self.chosen.key.id.0);
        }
        if matches!(recipient.key, WrappedKey::Secret { .. }) {
            return false;
        }
        let names = self.names(context);
        names.certificates.iter().any(|certificate| recipient.id.names_certificate(certificate))
            || names.public.as_ref().is_some_and(|public| recipient.id.names_key(public))
    }

    fn names(&self, context: &Context) -> &Names {
        self.names.get_or_init(|| Names {
            public: public_half(context, &self.chosen),
            certificates: leaves(context, &self.chosen).unwrap_or_default(),
        })
    }
}

fn public_half(context: &Context, chosen: &ChosenKey) -> Option<Arc<PublicKey>> {
    let keys = &chosen.token.view.card.keys;
    let index = keys.iter().position(|key| key.object == chosen.key.object)?;
    context.engine().ok()?.public_key(chosen.token.slot, index).ok().flatten()
}

/// Whether a recipient has such a key.
fn fits(chosen: &ChosenKey, recipient: &Recipient) -> bool {
    match (&recipient.key, &chosen.key.algorithm) {
        (WrappedKey::Rsa { encrypted, .. }, KeyAlgorithm::Rsa { modulus_bits }) => {
            *modulus_bits == 0 || encrypted.len() == modulus_bits.div_ceil(8) as usize
        }
        (WrappedKey::Ec(agreement), KeyAlgorithm::Ec { .. }) => !agreement.is_x25519(),
        (WrappedKey::Ec(agreement), KeyAlgorithm::X25519) => agreement.is_x25519(),
        // Some modules do not tell the size of every key.
        (WrappedKey::Secret { wrap_bits, .. }, KeyAlgorithm::Aes { key_bits }) => {
            *key_bits == 0 || wrap_bits == key_bits
        }
        _ => false,
    }
}

/// A private or secret key in a session that is logged in.
struct Opener<'a> {
    context: &'a Context,
    chosen: ChosenKey,
    unlocked: Arc<Unlocked>,
    key: ObjectHandle,
    public: Option<Arc<PublicKey>>,
}

impl Opener<'_> {
    /// The key of the content; `None` where the padding was wrong, which nobody is told here.
    fn unwrap(&self, wrapped: &WrappedKey) -> Result<Option<Secret>, CliError> {
        match wrapped {
            // A number that is not below the modulus: cards have many answers to that.
            WrappedKey::Rsa { encrypted, .. } if self.is_too_large(encrypted) => Ok(None),
            WrappedKey::Rsa { padding, encrypted } => {
                let (engine, session) = (self.context.engine()?, self.unlocked.session);
                engine.decrypt_init(session, &for_padding(padding), self.key)?;
                if self.chosen.key.always_authenticate {
                    self.unlocked.authenticate_again(self.context, &self.chosen.token)?;
                }
                match engine.decrypt(session, encrypted, ANY_ROOM) {
                    Ok(key) => Ok(Some(key)),
                    Err(Error::EncryptedDataInvalid | Error::EncryptedDataLength { .. }) => Ok(None),
                    Err(error) if is_of_what_was_wrapped(&error) => Ok(None),
                    Err(error) => Err(error.into()),
                }
            }
            WrappedKey::Ec(agreement) => {
                let (engine, session) = (self.context.engine()?, self.unlocked.session);
                self.consent(&MechanismCall::ecdh(agreement.peer()), Use::Derive)?;
                let shared = engine.agree(session, self.key, agreement.peer())?;
                Ok(agreement.unwrap(&shared).ok())
            }
            WrappedKey::Secret { wrapped, .. } => {
                let (engine, session) = (self.context.engine()?, self.unlocked.session);
                let call = MechanismId::AES_KEY_WRAP.into();
                self.consent(&call, Use::Unwrap)?;
                match engine.unwrap_bytes(session, &call, self.key, wrapped) {
                    Ok(key) => Ok(Some(key)),
                    Err(Error::WrappedKeyInvalid | Error::WrappedKeyLength(_)) => Ok(None),
                    Err(error) if is_of_what_was_wrapped(&error) => Ok(None),
                    Err(error) => Err(error.into()),
                }
            }
            WrappedKey::Unsupported(what) => Err(CliError::usage(format!("{what} is not supported"))),
        }
    }

    /// The PIN once more, for a key that asks for it each time.
    fn consent(&self, call: &MechanismCall, purpose: Use) -> Result<(), CliError> {
        if !self.chosen.key.always_authenticate {
            return Ok(());
        }
        self.context.engine()?.consent_init(self.unlocked.session, call, self.key, purpose)?;
        self.unlocked.authenticate_again(self.context, &self.chosen.token)
    }

    fn is_too_large(&self, encrypted: &[u8]) -> bool {
        let modulus = self.public.as_ref().and_then(|public| public.rsa()).map(|(modulus, _)| modulus);
        modulus.is_some_and(|modulus| encrypted.len() == modulus.len() && encrypted >= modulus)
    }
}

/// Other modules have many answers to what does not unwrap (SoftHSM's is CKR_GENERAL_ERROR): which one it was, nobody is
/// told.
fn is_of_what_was_wrapped(error: &Error) -> bool {
    const ANSWERS: [&str; 6] = [
        "CKR_GENERAL_ERROR",
        "CKR_FUNCTION_FAILED",
        "CKR_DATA_INVALID",
        "CKR_DATA_LEN_RANGE",
        "CKR_ENCRYPTED_DATA_INVALID",
        "CKR_ENCRYPTED_DATA_LEN_RANGE",
    ];
    matches!(error, Error::Module { value, .. } if ANSWERS.contains(&value.name))
}

/// The mechanism that unwraps.
pub fn mechanism(wrapped: &WrappedKey) -> Option<String> {
    match wrapped {
        WrappedKey::Rsa { padding, .. } => Some(for_padding(padding).id.to_string()),
        WrappedKey::Ec(_) => Some(MechanismId::ECDH1_DERIVE.to_string()),
        WrappedKey::Secret { .. } => Some(MechanismId::AES_KEY_WRAP.to_string()),
        WrappedKey::Unsupported(_) => None,
    }
}

//! Card families: each driver turns APDUs into a neutral token and back. No PKCS#11 numbers here.

pub mod admin;
mod applications;
mod authentication;
pub mod cache;
mod certificate_names;
pub mod connection;
pub mod example;
mod files;
pub mod generic;
mod inventory;
pub mod isoapplet;
mod link;
pub mod listing;
mod logins;
pub mod myeid;
pub mod openpgp;
mod pin_entry;
pub mod piv;
pub mod pkcs15;
pub mod registry;
pub mod sought;
mod turn;

pub use admin::CardAdmin;
pub use applications::Found;
pub use connection::{Card, CardSettings};
pub use listing::Listing;
pub use pin_entry::PinEntryFailure;

use crate::apdu::{ApduError, Channel, StatusWord};
use crate::codec::Secret;
use crate::crypto::{CryptoError, Curve};
use crate::token::{AuthId, CertificateHints, ObjectId, Token};
use crate::transport::TransportError;

/// What every card family answers to. A driver is bound to one application of one inserted card.
/// A method is called inside one transaction; [`CardDriver::forget_state`] comes first in each new one.
pub trait CardDriver: Send {
    /// The family's name: `MyEID`, `PKCS#15`.
    fn name(&self) -> &'static str;

    /// The name by which SELECT finds the application among others of the same card; `None` where it is the card's only
    /// one.
    fn application_name(&self) -> Option<&[u8]> {
        None
    }

    /// What the card can do; known before it is asked to.
    fn abilities(&self) -> &Abilities;

    /// Drops what is believed of the card's state (selected file, security environment, verified PINs):
    /// called at each new transaction, because another program may have used the card in between.
    fn forget_state(&mut self);

    /// Another application of the card was used by this process, and this one is selected anew before the next command:
    /// no PIN is verified, as far as the driver knows, and nothing is chosen. What was read is still true.
    fn be_selected(&mut self) {
        self.forget_state();
    }

    /// Reads the directories: PINs, keys, certificates and data without their bodies; as much as `listing` says, or more.
    /// One unreadable object goes to `Token::problems`; errors are for the card as a whole.
    fn read_token(&mut self, channel: &mut Channel<'_>, listing: Listing) -> Result<Token, CardError>;

    /// How much the last [`CardDriver::read_token`] told: cards with a directory tell everything.
    fn listed(&self) -> Listing {
        Listing::Everything
    }

    /// What tells the card from all others with this application: by default its serial number. Empty where nothing does.
    fn identity(&self, token: &Token) -> Vec<u8> {
        token.info.serial.clone().into_bytes()
    }

    /// Reads the value of one object: a certificate (DER), a data object (its bytes), a public key
    /// (SubjectPublicKeyInfo, DER).
    fn read_object(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<Vec<u8>, CardError>;

    /// The value of a public certificate that is known in the state of the card as it was last read, without asking it.
    fn kept_certificate(&self, object: ObjectId) -> Option<Vec<u8>> {
        let _ = object;
        None
    }

    /// Reads the names in a certificate without its whole body, where that is cheaper: subject and issuer stand at
    /// its beginning. `None` when the body has to be read for them.
    fn certificate_names(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
    ) -> Result<Option<CertificateHints>, CardError> {
        let _ = (channel, object);
        Ok(None)
    }

    /// Asks the card how many tries a PIN has left, spending none. `None` where the card does not tell.
    fn tries_left(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<Option<u8>, CardError>;

    /// As [`CardDriver::tries_left`], with the tries of a fresh counter where the card tells them as well.
    fn tries(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<Tries, CardError> {
        Ok(Tries { left: self.tries_left(channel, auth)?, max: None })
    }

    /// The counter of a PIN as the card told it along with its directories, in the transaction in which they were read:
    /// nobody has to ask for it. `None` where it did not.
    fn told_tries(&self, auth: &AuthId) -> Option<Tries> {
        let _ = auth;
        None
    }

    /// Verifies a PIN. Never sends an empty one, nor one outside the PIN's length limits.
    /// Errors: `PinIncorrect`, `PinBlocked`, `PinLength`.
    fn verify(&mut self, channel: &mut Channel<'_>, auth: &AuthId, pin: &Secret) -> Result<(), CardError>;

    /// What was begun on the card and waits to be finished, as far as the card has told it by now. Nothing is sent.
    fn unfinished(&self) -> Option<Unfinished> {
        None
    }

    /// Asks the card, where it can tell, so that [`CardDriver::unfinished`] knows. Spends no try.
    fn look_for_unfinished(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        let _ = channel;
        Ok(())
    }

    /// Whether a reader's keys can make a PIN as the card takes it: then [`CardDriver::verify_on_reader`] is worth a try.
    fn takes_pins_from_reader(&self) -> bool {
        false
    }

    /// As [`CardDriver::verify`], with a PIN that its holder types on the reader's keys.
    /// Errors: `PinEntry` when it did not reach the card; `NotSupported` where card or reader cannot.
    fn verify_on_reader(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<(), CardError> {
        let _ = (channel, auth);
        Err(CardError::NotSupported { what: "take a PIN from the reader's keys".to_owned() })
    }

    /// Whether the card itself says that a PIN is verified, spending no try. `None` where it does not tell.
    fn is_verified(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<Option<bool>, CardError> {
        let _ = (channel, auth);
        Ok(None)
    }

    /// Takes a PIN's verification back. Returns false when the card cannot: then only a reset does it.
    fn deauthenticate(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<bool, CardError>;

    /// Computes with a key on the card, or asks for random bytes.
    fn perform(&mut self, channel: &mut Channel<'_>, call: &CardCall<'_>) -> Result<Secret, CardError>;

    /// The personalisation side, where the card can be written.
    fn admin(&mut self) -> Option<&mut dyn CardAdmin> {
        None
    }
}

/// The counter of a PIN, as far as the card tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    /// Tries left; 0 = blocked.
    pub left: Option<u8>,
    /// Tries after a reset of the counter.
    pub max: Option<u8>,
}

/// A change that takes several steps, and was interrupted between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfinished {
    /// [`CardAdmin::set_pin_hashing`]: each PIN has either form, and another run goes to the end.
    PinHashing,
}

/// What a card can compute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Abilities {
    /// RSA modulus sizes in bits that the card computes with.
    pub rsa_bits: Vec<u32>,
    /// The card does the private operation on any padded block (raw RSA).
    pub rsa_raw: bool,
    /// The card pads PKCS#1 v1.5 itself.
    pub rsa_pkcs1: bool,
    /// The card takes PKCS#1 v1.5 encryption padding off itself.
    pub rsa_pkcs1_decrypt: bool,
    /// Curves for ECDSA.
    pub ecdsa: Vec<Curve>,
    /// Curves for ECDH.
    pub ecdh: Vec<Curve>,
    /// The card signs with Ed25519.
    pub ed25519: bool,
    /// The card agrees on keys with X25519.
    pub x25519: bool,
    /// AES key sizes in bits.
    pub aes_bits: Vec<u32>,
    /// The card encrypts and decrypts with AES keys, block by block (ECB) and chained (CBC).
    pub aes_cipher: bool,
    /// The card generates key pairs itself.
    pub generates_keys: bool,
    /// The card gives random bytes.
    pub random: bool,
    /// The card tells tries left without spending one.
    pub tells_tries: bool,
}

/// One computation on the card. Inputs are complete: hashing and padding happened above where needed.
#[derive(Debug)]
pub enum CardCall<'a> {
    /// RSA private operation on a block as long as the modulus (already padded). Answers as many bytes.
    RsaRaw {
        /// Which key.
        key: ObjectId,
        /// Padded block, big-endian, modulus length.
        block: &'a [u8],
    },
    /// PKCS#1 v1.5 signature: the card pads. Answers modulus-length bytes.
    RsaSignPkcs1 {
        /// Which key.
        key: ObjectId,
        /// DigestInfo (or any data up to the modulus length less 11).
        digest_info: &'a [u8],
    },
    /// PKCS#1 v1.5 decryption: the card takes the padding off. Answers the message.
    /// Errors: `Crypto(Decryption)` for whatever the card says of the cryptogram, always the same.
    RsaDecryptPkcs1 {
        /// Which key.
        key: ObjectId,
        /// Modulus length.
        cryptogram: &'a [u8],
    },
    /// ECDSA over a digest. Answers r‖s, each field_len bytes.
    EcdsaSign {
        /// Which key.
        key: ObjectId,
        /// The digest, already cut to the curve's size.
        digest: &'a [u8],
    },
    /// ECDH. Answers the x coordinate, field_len bytes.
    EcdhAgree {
        /// Which key.
        key: ObjectId,
        /// The other side's uncompressed point.
        peer: &'a [u8],
    },
    /// Ed25519 over the message itself. Answers 64 bytes.
    Ed25519Sign {
        /// Which key.
        key: ObjectId,
        /// The message, not its digest.
        message: &'a [u8],
    },
    /// X25519. Answers 32 bytes.
    X25519Agree {
        /// Which key.
        key: ObjectId,
        /// The other side's public key, 32 bytes.
        peer: &'a [u8],
    },
    /// AES encryption of whole blocks. Answers as many bytes.
    AesEncrypt {
        /// Which key.
        key: ObjectId,
        /// Initial vector of CBC; `None` is ECB.
        iv: Option<[u8; 16]>,
        /// Plain text: a multiple of 16 bytes.
        blocks: &'a [u8],
    },
    /// AES decryption of whole blocks. Answers as many bytes.
    AesDecrypt {
        /// Which key.
        key: ObjectId,
        /// Initial vector of CBC; `None` is ECB.
        iv: Option<[u8; 16]>,
        /// Cipher text: a multiple of 16 bytes.
        blocks: &'a [u8],
    },
    /// Random bytes.
    Random {
        /// How many.
        len: usize,
    },
}

impl From<TransportError> for CardError {
    fn from(error: TransportError) -> Self {
        Self::Apdu(ApduError::Transport(error))
    }
}

/// Why a card did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// The bytes did not get through, or the status made no sense.
    #[error(transparent)]
    Apdu(#[from] ApduError),
    /// No driver knows the card.
    #[error("no driver knows this card (ATR {})", crate::codec::hex::encode(.atr))]
    UnknownCard {
        /// Answer to reset.
        atr: Vec<u8>,
    },
    /// The PIN was wrong.
    #[error("PIN incorrect")]
    PinIncorrect {
        /// Tries left, where the card tells.
        tries_left: Option<u8>,
        /// What the card answered; `None` where no card was asked.
        status: Option<StatusWord>,
    },
    /// The PIN is locked.
    #[error("PIN locked")]
    PinBlocked {
        /// What the card answered; `None` where no card was asked.
        status: Option<StatusWord>,
    },
    /// The PIN is shorter or longer than the card takes, or empty: it was not sent.
    #[error("PIN must have {min} to {max} characters")]
    PinLength {
        /// Shortest.
        min: usize,
        /// Longest.
        max: usize,
    },
    /// The PIN holds characters that the card does not take: it was not sent.
    #[error("PIN must consist of digits")]
    PinCharacters,
    /// A PIN that was to be typed on the reader's keys did not reach the card.
    #[error(transparent)]
    PinEntry(#[from] PinEntryFailure),
    /// The card wants a PIN first.
    #[error("the card wants a PIN first")]
    NotAuthenticated,
    /// The card cannot do it at all.
    #[error("this card cannot {what}")]
    NotSupported {
        /// Imperative: `sign with secp256k1`.
        what: String,
    },
    /// The card was reset, another of its applications was selected, or another program took the verification back: what
    /// was verified before is not any more.
    #[error("the card was reset or another program or application took the login back")]
    LoginLost,
    /// An object that the driver does not know (any more).
    #[error("the card has no such object")]
    NoSuchObject,
    /// A file or answer that breaks its standard.
    #[error("{what} on the card is damaged: {why}")]
    Malformed {
        /// Which file or answer.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The card answered with a status that has no meaning for this command.
    #[error("the card refused to {doing}: {status}")]
    Refused {
        /// Imperative: `sign`.
        doing: &'static str,
        /// What it said.
        status: StatusWord,
    },
    /// Host-side mathematics on what the card gave.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

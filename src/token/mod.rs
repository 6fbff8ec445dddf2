//! The neutral model of a token: PINs, keys, certificates, data as plain values.
//! Knows curves and certificates; does not know which card they came from.

mod auth;
mod key;
mod object;

pub use auth::{Auth, AuthId, AuthRole, PinEncoding};
pub use key::{Key, KeyAccess, KeyAlgorithm, KeyClass, KeyUsage};
pub use object::{
    Certificate, CertificateHints, DataObject, KeyId, LONGEST_APPLICATION, LONGEST_ID, LONGEST_LABEL,
    LONGEST_TOKEN_LABEL, MOST_OID_NUMBERS, ObjectId,
};

/// Everything a driver says of one card (or of one application on it). Object values are read lazily:
/// certificate bodies and data contents come later, through the driver, by their [`ObjectId`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Token {
    /// Names and capabilities.
    pub info: TokenInfo,
    /// PINs in the card's own order: user PINs, SO PIN, PUKs.
    pub auths: Vec<Auth>,
    /// Private, public and secret keys in the card's own order.
    pub keys: Vec<Key>,
    /// Certificates in the card's own order.
    pub certificates: Vec<Certificate>,
    /// Data objects in the card's own order.
    pub data: Vec<DataObject>,
    /// What could not be read and was skipped: for the user, never silently dropped.
    pub problems: Vec<Problem>,
}

impl Token {
    /// The names of all objects.
    pub fn objects(&self) -> impl Iterator<Item = ObjectId> {
        let keys = self.keys.iter().map(|key| key.object);
        let certificates = self.certificates.iter().map(|certificate| certificate.object);
        keys.chain(certificates).chain(self.data.iter().map(|data| data.object))
    }

    /// The authentication object with this identifier.
    pub fn auth(&self, id: &AuthId) -> Option<&Auth> {
        self.auths.iter().find(|auth| auth.id == *id)
    }
}

/// Names and abilities of a token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenInfo {
    /// The card's own label.
    pub label: String,
    /// Serial number as the card's family prints it.
    pub serial: String,
    /// Manufacturer.
    pub manufacturer: String,
    /// Model, such as `MyEID 4.5`.
    pub model: String,
    /// Hardware version, major and minor.
    pub hardware_version: (u8, u8),
    /// Firmware version, major and minor.
    pub firmware_version: (u8, u8),
    /// False for a blank card: nothing to show, but it can be formatted.
    pub initialized: bool,
    /// True when nothing on the card can be changed.
    pub read_only: bool,
    /// True when the card gives random bytes.
    pub has_random: bool,
    /// True when the card has one PIN, which is the security officer's as well.
    pub sole_pin: bool,
}

/// Something on the card that could not be read; the rest stays visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What it concerns: `certificate 2 in EF 4403`.
    pub what: String,
    /// Why, one line.
    pub why: String,
}

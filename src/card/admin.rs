//! The personalisation side of a card: what is asked of a driver that can write. Plain values, no APDUs.

use crate::apdu::Channel;
use crate::codec::Secret;
use crate::crypto::{Curve, PublicKey};
use crate::token::{AuthId, KeyId, KeyUsage};

use super::CardError;

/// Writing a card. Every method orders its writes so that a card pulled in between keeps what it had; the new
/// thing is named last.
pub trait CardAdmin: Send {
    /// Erases the card and makes an empty PKCS#15 application with a security officer's PIN, the given user PINs,
    /// and room for more. On a card in use the old security officer must be verified (or the card blank).
    /// Errors: `PinLength` before anything is sent; `NotAuthenticated`.
    fn format(&mut self, channel: &mut Channel<'_>, format: &Format<'_>) -> Result<(), CardError>;

    /// Makes a user PIN on a formatted card, with the security officer verified. It owns a folder of its own.
    /// Answers its identifier and the PUK that the card has for it.
    /// Errors: `PinLength` before anything is sent; `NotSupported` when there is no room; `NotAuthenticated`.
    fn create_pin(&mut self, channel: &mut Channel<'_>, pin: &NewPin<'_>) -> Result<CreatedPin, CardError>;

    /// Generates a key pair on the card, with the PIN that is to own it verified. Answers the public half.
    /// Errors: `NotSupported` for what the card cannot generate; `NotAuthenticated`; `NoSuchObject` for a PIN that
    /// is not there.
    fn generate_key(&mut self, channel: &mut Channel<'_>, key: &NewKey<'_>) -> Result<PublicKey, CardError>;

    /// Stores a certificate: in the folder of a verified PIN, or, with the security officer verified, where it
    /// belongs to no PIN. Its directory entry carries subject, issuer and key identifier.
    fn store_certificate(
        &mut self,
        channel: &mut Channel<'_>,
        certificate: &NewCertificate<'_>,
    ) -> Result<(), CardError>;

    /// Stores a data object, as [`CardAdmin::store_certificate`] does a certificate.
    fn store_data(&mut self, channel: &mut Channel<'_>, data: &NewData<'_>) -> Result<(), CardError>;
}

/// What a card is formatted to.
#[derive(Debug, Clone)]
pub struct Format<'a> {
    /// The card's label.
    pub label: &'a str,
    /// The security officer's PIN and PUK.
    pub officer: NewPin<'a>,
    /// User PINs, in their order on the card.
    pub pins: &'a [NewPin<'a>],
}

/// A PIN to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewPin<'a> {
    /// Its name: `PIN 1`.
    pub label: &'a str,
    /// Its value.
    pub pin: &'a Secret,
    /// Its PUK. `None` lets the card have a random one; a PIN that is made after formatting takes no other.
    pub puk: Option<&'a Secret>,
    /// Shortest PIN.
    pub min_len: u8,
    /// Tries of the PIN.
    pub tries: u8,
}

/// A PIN that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedPin {
    /// Its identifier.
    pub auth: AuthId,
    /// Its PUK, for its holder alone.
    pub puk: Secret,
}

/// What kind of key pair to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// RSA with a modulus of so many bits.
    Rsa(u32),
    /// Elliptic curve.
    Ec(Curve),
}

/// A key pair to be generated.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'a> {
    /// The PIN that owns it.
    pub owner: &'a AuthId,
    /// `CKA_LABEL` of both halves.
    pub label: &'a str,
    /// `CKA_ID` of both halves.
    pub id: &'a KeyId,
    /// Algorithm and size.
    pub key_type: KeyType,
    /// What the private half may do.
    pub usage: KeyUsage,
    /// Each use needs the PIN again.
    pub always_authenticate: bool,
}

/// A certificate to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewCertificate<'a> {
    /// The PIN that owns it; `None` for one that belongs to no PIN.
    pub owner: Option<&'a AuthId>,
    /// `CKA_LABEL`.
    pub label: &'a str,
    /// `CKA_ID`.
    pub id: &'a KeyId,
    /// The certificate, DER.
    pub der: &'a [u8],
}

/// A data object to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewData<'a> {
    /// The PIN that owns it; `None` for one that belongs to no PIN.
    pub owner: Option<&'a AuthId>,
    /// Readable only with its owner's PIN.
    pub private: bool,
    /// `CKA_LABEL`.
    pub label: &'a str,
    /// `CKA_APPLICATION`.
    pub application: &'a str,
    /// Object identifier, content bytes; empty for none.
    pub oid: &'a [u8],
    /// The data.
    pub value: &'a [u8],
}

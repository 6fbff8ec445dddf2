//! Certificates, data objects, and how an object is named.

use super::AuthId;
use crate::codec::hex;
use crate::crypto::CertificateDetails;

/// Most bytes of a label that other programs read: OpenSC gives up the directory with a longer one
/// (`SC_PKCS15_MAX_LABEL_SIZE`, with a zero at the end).
pub const LONGEST_LABEL: usize = 254;
/// Most bytes of a data object's application name that other programs read: OpenSC takes one less than of a label.
pub const LONGEST_APPLICATION: usize = 253;
/// Most numbers of a data object's object identifier that other programs read: OpenSC has 16 places, the last one closes.
pub const MOST_OID_NUMBERS: usize = 15;
/// Most bytes of an identifier that other programs read: OpenSC cuts a longer one (`SC_PKCS15_MAX_ID_SIZE`).
pub const LONGEST_ID: usize = 255;
/// Most bytes of the label of a card or PIN: `CK_TOKEN_INFO` shows no more.
pub const LONGEST_TOKEN_LABEL: usize = 32;

/// Names one object of one token towards the driver that read it. Stable while the card is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub u32);

/// `CKA_ID`: binds a private key, its public key and its certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub Vec<u8>);

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

/// One certificate.
#[derive(Debug, Clone, PartialEq)]
pub struct Certificate {
    /// Its name towards the driver.
    pub object: ObjectId,
    /// `CKA_ID`; may be empty.
    pub id: KeyId,
    /// `CKA_LABEL`.
    pub label: String,
    /// The PIN it belongs to, if any.
    pub auth: Option<AuthId>,
    /// True when it can be read only after login.
    pub private: bool,
    /// True when the card says that it belongs to a certification authority.
    pub authority: bool,
    /// True when the card says that it is a trusted root.
    pub trusted: bool,
    /// True when the card lets it be changed.
    pub modifiable: bool,
    /// What the card's directory says of it before the body is read.
    pub hints: CertificateHints,
    /// The body's content, once it was read (or `None` while it was not needed, or is private).
    pub details: Option<CertificateDetails>,
}

/// What a directory entry may say of a certificate, so that its body need not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateHints {
    /// Subject, DER Name.
    pub subject: Option<Vec<u8>>,
    /// Issuer, DER Name.
    pub issuer: Option<Vec<u8>>,
    /// Subject key identifier.
    pub subject_key_id: Option<Vec<u8>>,
}

impl Certificate {
    /// Subject (DER Name): from the body where it was read, else from the directory.
    pub fn subject(&self) -> Option<&[u8]> {
        match &self.details {
            Some(details) => Some(&details.subject),
            None => self.hints.subject.as_deref(),
        }
    }

    /// Issuer (DER Name): from the body where it was read, else from the directory.
    pub fn issuer(&self) -> Option<&[u8]> {
        match &self.details {
            Some(details) => Some(&details.issuer),
            None => self.hints.issuer.as_deref(),
        }
    }
}

/// One data object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataObject {
    /// Its name towards the driver.
    pub object: ObjectId,
    /// `CKA_LABEL`.
    pub label: String,
    /// `CKA_APPLICATION`.
    pub application: String,
    /// `CKA_OBJECT_ID`: the object identifier as DER, empty when there is none.
    pub oid: Vec<u8>,
    /// The PIN that protects it, if any.
    pub auth: Option<AuthId>,
    /// True when it can be read only after login.
    pub private: bool,
    /// True when the card lets it be changed.
    pub modifiable: bool,
}

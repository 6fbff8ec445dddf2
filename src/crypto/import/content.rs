//! What a file holds, by the shape of its first structure: nothing is decrypted or checked.

use super::pem;
use crate::crypto::asn1::{
    Cursor, Element, TAG_BIT_STRING, TAG_INTEGER, TAG_OCTET_STRING, TAG_OID, TAG_SEQUENCE,
};

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A private key, not encrypted.
    PrivateKey,
    /// A private key under a password.
    EncryptedPrivateKey,
    /// PKCS#12: key and certificates, under a password.
    Pkcs12,
    /// One certificate, or several.
    Certificates,
    /// PKCS#7, from which certificates are taken.
    Pkcs7,
    /// A certificate request.
    CertificateRequest,
    /// A public key.
    PublicKey,
    /// Something else, or something damaged.
    Unknown,
}

impl Content {
    /// For people: `a private key`.
    pub fn describe(self) -> &'static str {
        match self {
            Self::PrivateKey => "a private key",
            Self::EncryptedPrivateKey => "an encrypted private key",
            Self::Pkcs12 => "PKCS#12",
            Self::Certificates => "certificates",
            Self::Pkcs7 => "PKCS#7",
            Self::CertificateRequest => "a certificate request",
            Self::PublicKey => "a public key",
            Self::Unknown => "nothing that is known here",
        }
    }

    /// The content under a PEM label.
    pub(super) fn of_label(label: &str) -> Self {
        match label {
            "ENCRYPTED PRIVATE KEY" => Self::EncryptedPrivateKey,
            label if label.ends_with("PRIVATE KEY") => Self::PrivateKey,
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Self::Certificates,
            "PKCS7" | "PKCS #7 SIGNED DATA" | "CMS" => Self::Pkcs7,
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Self::CertificateRequest,
            "PKCS12" => Self::Pkcs12,
            label if label.ends_with("PUBLIC KEY") => Self::PublicKey,
            _ => Self::Unknown,
        }
    }

    /// The content of a DER structure.
    pub(super) fn of_der(der: &[u8]) -> Self {
        let parts = Cursor::new(der, "").expect(TAG_SEQUENCE).map(|outer| outer.children(""));
        let parts: Vec<Element<'_>> = parts.into_iter().flatten().take(3).collect();
        let tags: Vec<u32> = parts.iter().map(|part| part.tag).collect();
        let second = parts.get(1).and_then(first_child);
        match tags.as_slice() {
            [TAG_INTEGER, TAG_SEQUENCE, TAG_OCTET_STRING] => Self::PrivateKey,
            [TAG_INTEGER, TAG_SEQUENCE, ..]
                if second.and_then(|id| id.oid()).is_some_and(|id| id.to_string().starts_with(PKCS7)) =>
            {
                Self::Pkcs12
            }
            [TAG_INTEGER, TAG_INTEGER] => Self::PublicKey,
            [TAG_INTEGER, TAG_INTEGER | TAG_OCTET_STRING, ..] => Self::PrivateKey,
            [TAG_SEQUENCE, TAG_OCTET_STRING, ..] => Self::EncryptedPrivateKey,
            [TAG_SEQUENCE, TAG_BIT_STRING, ..] => Self::PublicKey,
            [TAG_SEQUENCE, TAG_SEQUENCE, TAG_BIT_STRING] => parts.first().map_or(Self::Unknown, signed),
            [TAG_OID, TAG_CONTENT, ..] => Self::Pkcs7,
            _ => Self::Unknown,
        }
    }
}

/// What a file holds: for PEM its first private key if it has one, else its first block that is known.
pub fn identify(bytes: &[u8]) -> Content {
    let Some(text) = pem::text(bytes) else {
        return super::ber::to_der(bytes, "").map_or(Content::Unknown, |der| Content::of_der(der.expose()));
    };
    let Ok(blocks) = pem::blocks(text) else { return Content::Unknown };
    let contents = blocks.iter().map(|block| match Content::of_label(block.label) {
        Content::PrivateKey if block.is_legacy_encrypted => Content::EncryptedPrivateKey,
        content => content,
    });
    let is_key = |content: &Content| matches!(content, Content::PrivateKey | Content::EncryptedPrivateKey);
    let known = contents.filter(|content| *content != Content::Unknown);
    let mut known: Vec<Content> = known.collect();
    known.sort_by_key(|content| !is_key(content));
    known.first().copied().unwrap_or(Content::Unknown)
}

/// A certificate's body has a validity (a SEQUENCE) behind serial number, algorithm and issuer; a request's
/// body has attributes there.
fn signed(body: &Element<'_>) -> Content {
    let tags: Vec<u32> = body.children("").map(|part| part.tag).take(4).collect();
    match tags.as_slice() {
        [TAG_INTEGER, TAG_SEQUENCE, TAG_SEQUENCE]
        | [TAG_INTEGER, TAG_SEQUENCE, TAG_SEQUENCE, TAG_CONTENT] => Content::CertificateRequest,
        [TAG_CONTENT, TAG_INTEGER, ..] | [TAG_INTEGER, TAG_SEQUENCE, TAG_SEQUENCE, TAG_SEQUENCE] => {
            Content::Certificates
        }
        _ => Content::Unknown,
    }
}

fn first_child<'a>(element: &Element<'a>) -> Option<Element<'a>> {
    element.children("").next()
}

/// The arc of PKCS#7's content types.
const PKCS7: &str = "1.2.840.113549.1.7.";
const TAG_CONTENT: u32 = 0xA0;

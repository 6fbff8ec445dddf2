//! Cryptographic Message Syntax (RFC 5652): what all of its kinds share. Each kind has files of its own:
//! `signed*.rs` for SignedData; `enveloped/` for what is encrypted, as streams of any length. No files here, no cards:
//! whoever holds the key computes.

pub mod enveloped;
mod error;
mod identifier;
mod oid;
pub mod signed;
pub mod signed_reading;
mod stream;
pub mod text;

pub use error::CmsError;
pub use identifier::Identifier;

use const_oid::ObjectIdentifier;

use super::CryptoError;
use super::asn1::{Cursor, Element, TAG_OID, TAG_SEQUENCE};
use super::import::ber;
use crate::codec::tlv;

/// id-data (RFC 5652, 4): the content is just bytes.
pub(super) const ID_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// id-signedData (RFC 5652, 5.1).
pub(super) const ID_SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// The label of a CMS structure in PEM (RFC 7468, 9), and those that older programs write.
pub const PEM_LABEL: &str = "CMS";
/// Labels that are read.
pub const PEM_LABELS: [&str; 3] = [PEM_LABEL, "PKCS7", "PKCS #7 SIGNED DATA"];

/// ContentInfo (RFC 5652, 3) around a content, DER.
pub(super) fn content_info(kind: &ObjectIdentifier, content: &[u8]) -> Vec<u8> {
    let mut info = tlv::encode(TAG_OID, kind.as_bytes());
    tlv::write(&mut info, TAG_EXPLICIT_0, content);
    tlv::encode(TAG_SEQUENCE, &info)
}

/// True for what begins as a ContentInfo of this kind, DER or BER; the rest is not looked at.
fn begins_as(bytes: &[u8], kind: &ObjectIdentifier) -> bool {
    // Tag, and one to five bytes of length: whatever it says, the identifier follows.
    let Some((&tag, rest)) = bytes.split_first() else { return false };
    let Some((&length, rest)) = rest.split_first() else { return false };
    let skipped = if length & 0x80 == 0 { 0 } else { usize::from(length & 0x7F) };
    let oid = tlv::encode(TAG_OID, kind.as_bytes());
    u32::from(tag) == TAG_SEQUENCE
        && skipped <= 4
        && rest.get(skipped..).is_some_and(|rest| rest.starts_with(&oid))
}

/// A whole BER or DER structure in DER, with nothing behind it. Errors: `Malformed`.
fn whole_der(bytes: &[u8], what: &'static str) -> Result<Vec<u8>, CryptoError> {
    ber::whole_to_der(bytes, what).map(|der| der.expose().to_vec()).map_err(|_| malformed(what))
}

/// The content of a ContentInfo of this kind; `der` is the whole structure and nothing else.
/// Errors: `Malformed`; `Unsupported` for another kind.
fn content_of<'a>(
    der: &'a [u8],
    kind: &ObjectIdentifier,
    what: &'static str,
) -> Result<Element<'a>, CryptoError> {
    let mut outer = Cursor::new(der, what);
    let mut info = outer.expect(TAG_SEQUENCE)?.children(what);
    let found = info.any()?.oid().ok_or_else(|| malformed(what))?;
    if found != *kind {
        return Err(CryptoError::Unsupported(format!("CMS content of the kind {found}")));
    }
    let mut wrapped = info.expect(TAG_EXPLICIT_0)?.children(what);
    let content = wrapped.expect(TAG_SEQUENCE)?;
    if outer.is_at_end() && info.is_at_end() && wrapped.is_at_end() {
        Ok(content)
    } else {
        Err(malformed(what))
    }
}

fn malformed(what: &'static str) -> CryptoError {
    CryptoError::Malformed { what, source: der::ErrorKind::Failed.into() }
}

const TAG_EXPLICIT_0: u32 = 0xA0;

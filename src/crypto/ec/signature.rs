//! ECDSA signatures between PKCS#11's form, r‖s, and X.509's, `ECDSA-Sig-Value` (RFC 3279, 2.2.3).

use der::asn1::UintRef;
use der::{Decode, Encode, Sequence};

use crate::crypto::{CryptoError, Curve};

#[derive(Sequence)]
struct EcdsaSigValue<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// r‖s, two halves of equal length, as DER. Errors: `Malformed` for an odd or no length.
pub fn signature_to_der(signature: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let malformed = |source| CryptoError::Malformed { what: WHAT, source };
    if signature.is_empty() || !signature.len().is_multiple_of(2) {
        return Err(malformed(der::ErrorKind::Length { tag: der::Tag::Sequence }.into()));
    }
    let (r, s) = signature.split_at(signature.len() / 2);
    let value =
        EcdsaSigValue { r: UintRef::new(r).map_err(malformed)?, s: UintRef::new(s).map_err(malformed)? };
    value.to_der().map_err(malformed)
}

/// DER as r‖s, each padded to the curve's `field_len`. Errors: `Malformed` for what is no such DER, is
/// followed by more bytes, or holds a number too long for the curve.
pub fn signature_from_der(curve: Curve, der: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let malformed = |source| CryptoError::Malformed { what: WHAT, source };
    let value = EcdsaSigValue::from_der(der).map_err(malformed)?;
    let mut signature = Vec::with_capacity(curve.field_len() * 2);
    for half in [value.r.as_bytes(), value.s.as_bytes()] {
        let padding = curve
            .field_len()
            .checked_sub(half.len())
            .ok_or_else(|| malformed(der::ErrorKind::Length { tag: der::Tag::Integer }.into()))?;
        signature.resize(signature.len() + padding, 0);
        signature.extend_from_slice(half);
    }
    Ok(signature)
}

const WHAT: &str = "ECDSA signature";

//! Public keys as the card gives them (OpenPGP card 3.4, 7.2.14), and their OpenPGP fingerprints.

use super::application::FINGERPRINT_LEN;
use super::attributes::{Attributes, CurveAlgorithm, KeyCurve, RSA};
use super::place::Place;
use crate::card::CardError;
use crate::codec::tlv;
use crate::crypto::digest::digest;
use crate::crypto::{DigestAlgorithm, PublicKey};

/// Reads the answer to GENERATE ASYMMETRIC KEY PAIR. Errors: `Malformed`, `NotSupported` for a curve that is not ours,
/// `Crypto` for numbers that are no key.
pub(super) fn parse(place: Place, attributes: &Attributes, answer: &[u8]) -> Result<PublicKey, CardError> {
    let fields = tlv::find(answer, TAG_PUBLIC_KEY).unwrap_or(answer);
    let field = |tag, name| tlv::find(fields, tag).ok_or_else(|| damaged(place, name));
    match attributes {
        Attributes::Rsa { .. } => {
            let (modulus, exponent) =
                (field(TAG_MODULUS, "no modulus")?, field(TAG_EXPONENT, "no exponent")?);
            Ok(PublicKey::from_rsa(modulus, exponent)?)
        }
        Attributes::Curve { curve: Some(curve), .. } => {
            let point = field(TAG_POINT, "no point")?;
            Ok(match curve {
                KeyCurve::Named(curve) => PublicKey::from_ec_point(*curve, point)?,
                KeyCurve::Ed25519 => PublicKey::from_ed25519(bare(point))?,
                KeyCurve::X25519 => PublicKey::from_x25519(bare(point))?,
            })
        }
        Attributes::Curve { curve: None, .. } | Attributes::Unknown(_) => {
            Err(CardError::NotSupported { what: format!("tell what its {} is", place.label()) })
        }
    }
}

/// Fingerprint of version 4 (RFC 4880, 12.2): by it GnuPG knows the key again. `time` is in seconds since 1970.
pub(super) fn fingerprint(
    attributes: &Attributes,
    public: &PublicKey,
    time: u32,
) -> Result<[u8; FINGERPRINT_LEN], CardError> {
    let mut body = vec![KEY_VERSION];
    body.extend(time.to_be_bytes());
    match (public, attributes.curve()) {
        (PublicKey::Rsa { modulus, exponent }, _) => {
            body.push(RSA);
            write_number(&mut body, modulus);
            write_number(&mut body, exponent);
        }
        (_, Some((algorithm, curve))) => {
            let oid = curve.oid();
            body.push(algorithm.number());
            body.extend(u8::try_from(oid.len()));
            body.extend(oid);
            match public {
                PublicKey::Ed25519(key) | PublicKey::X25519(key) => {
                    write_number(&mut body, &[&[NATIVE_FORM], key.as_slice()].concat());
                }
                _ => write_number(&mut body, public.ec().map(|(_, point)| point).unwrap_or_default()),
            }
            if algorithm == CurveAlgorithm::Ecdh {
                body.extend(agreement_parameters(public.bits()));
            }
        }
        (_, None) => {
            return Err(CardError::NotSupported { what: "name a key of an unknown curve".to_owned() });
        }
    }
    let mut packet = vec![FINGERPRINT_PREFIX];
    packet.extend(u16::try_from(body.len()).unwrap_or(u16::MAX).to_be_bytes());
    packet.extend(body);
    let mut fingerprint = [0; FINGERPRINT_LEN];
    for (byte, digested) in fingerprint.iter_mut().zip(digest(DigestAlgorithm::Sha1, &packet)) {
        *byte = digested;
    }
    Ok(fingerprint)
}

/// Multiprecision integer (RFC 4880, 3.2): its bits, then its bytes without leading zeros.
fn write_number(out: &mut Vec<u8>, number: &[u8]) {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = number.get(zeros..).unwrap_or_default();
    let unused = number.first().map_or(0, |byte| byte.leading_zeros() as usize);
    let bits = (number.len() * 8).saturating_sub(unused);
    out.extend(u16::try_from(bits).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(number);
}

/// Length, version, digest and cipher that wrap what was agreed on (RFC 6637, 13).
fn agreement_parameters(bits: u32) -> [u8; 4] {
    match bits {
        0..=256 => [0x03, 0x01, 0x08, 0x07],
        257..=384 => [0x03, 0x01, 0x09, 0x08],
        _ => [0x03, 0x01, 0x0A, 0x09],
    }
}

/// The 32 bytes of a key on Curve25519: some cards put the mark of the native form in front.
fn bare(point: &[u8]) -> &[u8] {
    match point {
        [NATIVE_FORM, key @ ..] if key.len() == KEY_25519_LEN => key,
        point => point,
    }
}

fn damaged(place: Place, why: &str) -> CardError {
    CardError::Malformed { what: format!("the public half of the {}", place.label()), why: why.to_owned() }
}

/// In front of a public key on Curve25519, where OpenPGP writes it as a number.
const NATIVE_FORM: u8 = 0x40;
const KEY_25519_LEN: usize = 32;
const KEY_VERSION: u8 = 4;
const FINGERPRINT_PREFIX: u8 = 0x99;
const TAG_PUBLIC_KEY: u32 = 0x7F49;
const TAG_MODULUS: u32 = 0x81;
const TAG_EXPONENT: u32 = 0x82;
const TAG_POINT: u32 = 0x86;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;

    #[test]
    fn number_is_written_with_its_bits() {
        for (number, written) in
            [("00010001", "0011010001"), ("ff", "0008ff"), ("", "0000"), ("0000", "0000")]
        {
            let mut out = Vec::new();
            write_number(&mut out, &hex::decode(number).unwrap());
            assert_eq!(hex::encode(&out), written);
        }
    }

    #[test]
    fn public_key_is_read_with_and_without_its_template() {
        let attributes = Attributes::parse(&hex::decode("010800002000").unwrap());
        let fields = [tlv::encode(TAG_MODULUS, &[0xC0; 256]), tlv::encode(TAG_EXPONENT, &[1, 0, 1])].concat();
        for answer in [fields.clone(), tlv::encode(TAG_PUBLIC_KEY, &fields)] {
            let public = parse(Place::Signature, &attributes, &answer).unwrap();
            assert_eq!(public.bits(), 2048);
        }
        for end in 0..fields.len() {
            assert!(parse(Place::Signature, &attributes, &fields[..end]).is_err(), "cut at {end}");
        }
        let point = Attributes::parse(&hex::decode("132a8648ce3d030107").unwrap());
        let error = parse(Place::Authentication, &point, &tlv::encode(TAG_POINT, &[4; 65])).unwrap_err();
        assert!(error.to_string().contains("p256"), "{error}");
        let unknown = Attributes::parse(&[]);
        assert!(parse(Place::Signature, &unknown, &fields).is_err());
    }
}

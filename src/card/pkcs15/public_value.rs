//! Public key values as PKCS#15 stores them (ISO 7816-15, 8.4), in all forms that cards write.

use super::asn1::{Fields, Writer, tag};
use crate::codec::tlv;
use crate::crypto::{CryptoError, Curve, PublicKey};

/// `spki [1]` of RSAPublicKeyChoice: the SEQUENCE of a SubjectPublicKeyInfo under another tag.
const SPKI: u32 = tag::constructed(1);
/// First byte of an uncompressed point (SEC 1, 2.3.3).
const UNCOMPRESSED: u8 = 0x04;

/// The curve with this object identifier (content bytes), if it is one of ours.
pub fn curve_from_oid(oid: &[u8]) -> Option<Curve> {
    Curve::ALL.into_iter().find(|curve| curve.oid().as_bytes() == oid)
}

/// Reads a public key: RSAPublicKey, an EC point (bare, or as OCTET or BIT STRING), or SubjectPublicKeyInfo.
/// `curve` is what the directory says of an EC key: a point alone does not tell it.
/// Errors: `InvalidKey` for bytes of no such form; as [`PublicKey`]'s own constructors for wrong numbers.
pub fn decode_public_key(bytes: &[u8], curve: Option<Curve>) -> Result<PublicKey, CryptoError> {
    let point = |bytes: &[u8]| PublicKey::from_ec_point(curve.ok_or(UNKNOWN)?, bytes);
    if bytes.first() == Some(&UNCOMPRESSED) && curve.is_some_and(|one| bytes.len() == 1 + 2 * one.field_len())
    {
        return point(bytes);
    }
    let found = Fields::new(bytes)
        .next_if(&[tag::SEQUENCE, SPKI, tag::OCTET_STRING, tag::BIT_STRING])
        .ok_or(UNKNOWN)?;
    match found.tag {
        tag::OCTET_STRING => point(found.value),
        tag::BIT_STRING => point(found.value.get(1..).unwrap_or_default()),
        SPKI => PublicKey::from_spki_der(&tlv::encode(tag::SEQUENCE, found.value)),
        _ => {
            let mut numbers = found.fields();
            match (numbers.next_if(&[tag::INTEGER]), numbers.next_if(&[tag::INTEGER])) {
                // Some cards leave out the zero byte that keeps a number positive: bytes are taken as they are.
                (Some(modulus), Some(exponent)) => PublicKey::from_rsa(modulus.value, exponent.value),
                _ => PublicKey::from_spki_der(found.raw),
            }
        }
    }
}

/// Writes a public key as others read it: RSAPublicKey for RSA, in the entry or in a file; SubjectPublicKeyInfo for
/// elliptic curves, which belongs into a file, because OpenSC reads neither form of it in an entry.
pub fn encode_public_key(public: &PublicKey) -> Vec<u8> {
    let PublicKey::Rsa { modulus, exponent } = public else { return public.to_spki_der() };
    Writer::structure(tag::SEQUENCE, |out| {
        for number in [modulus, exponent] {
            let sign: &[u8] = if number.first().is_some_and(|byte| byte & 0x80 != 0) { &[0] } else { &[] };
            out.bytes(tag::INTEGER, &[sign, number].concat());
        }
    })
}

const UNKNOWN: CryptoError = CryptoError::InvalidKey("a public key of PKCS#15");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::EcPrivateKey;

    #[test]
    fn public_key_forms_table() {
        let ec = EcPrivateKey::from_scalar(Curve::P256, &[7]).unwrap().public();
        let point = ec.ec().unwrap().1.to_vec();
        let octets = tlv::encode(0x04, &point);
        let bits = tlv::encode(0x03, &[&[0][..], &point].concat());
        let ec_spki = ec.to_spki_der();
        let retagged = [&[0xA1][..], &ec_spki[1..]].concat();
        let hint = Some(Curve::P256);
        let forms: &[(Vec<u8>, Option<Curve>)] = &[
            (point.clone(), hint),
            (octets.clone(), hint),
            (tlv::encode(0x04, &octets), hint),
            (bits, hint),
            (ec_spki.clone(), None),
            (ec_spki, Some(Curve::P384)),
            (retagged, None),
        ];
        for (bytes, hint) in forms {
            assert_eq!(decode_public_key(bytes, *hint).as_ref(), Ok(&ec), "{bytes:02x?}");
        }
        assert!(decode_public_key(&octets, None).is_err(), "no curve known");
        assert!(decode_public_key(&octets, Some(Curve::P384)).is_err(), "another curve");

        let rsa = PublicKey::from_rsa(&[0xC1, 2, 3], &[1, 0, 1]).unwrap();
        let spki = rsa.to_spki_der();
        let integers = |modulus: &[u8]| [tlv::encode(2, modulus), tlv::encode(2, &[1, 0, 1])].concat();
        let forms = [
            tlv::encode(0x30, &integers(&[0, 0xC1, 2, 3])),
            tlv::encode(0x30, &integers(&[0xC1, 2, 3])),
            [&[0xA1][..], &spki[1..]].concat(),
            spki,
        ];
        for bytes in forms {
            assert_eq!(decode_public_key(&bytes, None).as_ref(), Ok(&rsa), "{bytes:02x?}");
        }
        for key in [&rsa, &ec] {
            assert_eq!(decode_public_key(&encode_public_key(key), None).as_ref(), Ok(key));
        }
        for nonsense in [&[][..], &[0x30, 0], &[0x30, 0x7F], &[0x05, 0], &[0x04], &[0xA1, 2, 5, 0]] {
            assert!(decode_public_key(nonsense, hint).is_err(), "{nonsense:02x?}");
        }
    }
}

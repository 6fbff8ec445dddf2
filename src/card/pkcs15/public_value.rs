//! Public key values as PKCS#15 stores them (ISO 7816-15, 8.4), in all forms that cards write.

use super::asn1::{Fields, FormatError, Item, tag};
use crate::crypto::{Curve, PublicKey};

/// `spki [1]` of RSAPublicKeyChoice.
const SPKI: u32 = tag::constructed(1);
/// rsaEncryption, 1.2.840.113549.1.1.1 (RFC 8017).
const OID_RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
/// id-ecPublicKey, 1.2.840.10045.2.1 (RFC 5480).
const OID_EC: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
/// First byte of an uncompressed point (SEC 1, 2.3.3).
const UNCOMPRESSED: u8 = 0x04;

/// The curve with this object identifier (content bytes), if it is one of ours.
pub fn curve_from_oid(oid: &[u8]) -> Option<Curve> {
    Curve::ALL.into_iter().find(|curve| curve.oid().as_bytes() == oid)
}

/// Reads a public key: RSAPublicKey, an EC point (bare, or as OCTET or BIT STRING), or SubjectPublicKeyInfo.
/// `curve` is what the directory says of an EC key: a bare point does not tell it.
pub fn decode_public_key(bytes: &[u8], curve: Option<Curve>) -> Result<PublicKey, FormatError> {
    let bad = || FormatError::Value { field: "public key", value: bytes.to_vec() };
    if let Some(curve) = curve
        && bytes.len() == 1 + 2 * curve.field_len()
        && bytes.first() == Some(&UNCOMPRESSED)
    {
        return Ok(PublicKey::Ec { curve, point: bytes.to_vec() });
    }
    let found = Fields::new(bytes)
        .next_if(&[tag::SEQUENCE, SPKI, tag::OCTET_STRING, tag::BIT_STRING])
        .ok_or_else(bad)?;
    match found.tag {
        tag::OCTET_STRING => point(found.value, curve).ok_or_else(bad),
        tag::BIT_STRING => bit_string(&found).and_then(|bits| point(bits, curve)).ok_or_else(bad),
        _ => sequence(found.value, curve).ok_or_else(bad),
    }
}

/// Content of an RSAPublicKey or a SubjectPublicKeyInfo.
fn sequence(content: &[u8], curve: Option<Curve>) -> Option<PublicKey> {
    let mut fields = Fields::new(content);
    let first = fields.next_if(&[tag::INTEGER, tag::SEQUENCE])?;
    if first.tag == tag::INTEGER {
        let exponent = fields.next_if(&[tag::INTEGER])?;
        return rsa(first.value, exponent.value);
    }
    let key = fields.next_if(&[tag::BIT_STRING]).and_then(|found| bit_string(&found))?;
    let mut algorithm = Fields::new(first.value);
    match algorithm.next_if(&[tag::OBJECT_IDENTIFIER])?.value {
        OID_RSA => {
            let mut numbers = Fields::new(Fields::new(key).next_if(&[tag::SEQUENCE])?.value);
            let modulus = numbers.next_if(&[tag::INTEGER])?;
            rsa(modulus.value, numbers.next_if(&[tag::INTEGER])?.value)
        }
        OID_EC => {
            let named = algorithm.next_if(&[tag::OBJECT_IDENTIFIER]);
            point(key, named.map_or(curve, |oid| curve_from_oid(oid.value)))
        }
        _ => None,
    }
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<PublicKey> {
    // Some cards leave out the zero byte that keeps a number positive: the bytes are taken as they are.
    let strip = |number: &[u8]| {
        let start = number.iter().position(|byte| *byte != 0)?;
        number.get(start..).map(<[u8]>::to_vec)
    };
    Some(PublicKey::Rsa { modulus: strip(modulus)?, exponent: strip(exponent)? })
}

/// The bits of a BIT STRING of whole bytes.
fn bit_string<'a>(found: &Item<'a>) -> Option<&'a [u8]> {
    found.value.split_first().map(|(_, bits)| bits)
}

/// A point, which may be wrapped in an OCTET STRING once more.
fn point(bytes: &[u8], curve: Option<Curve>) -> Option<PublicKey> {
    let curve = curve?;
    let expected = 1 + 2 * curve.field_len();
    let bytes = match Fields::new(bytes).next_if(&[tag::OCTET_STRING]) {
        Some(inner) if bytes.len() != expected => inner.value,
        _ => bytes,
    };
    (bytes.len() == expected && bytes.first() == Some(&UNCOMPRESSED))
        .then(|| PublicKey::Ec { curve, point: bytes.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::tlv;

    #[test]
    fn public_key_forms_table() {
        let point = [&[0x04][..], &[0x11; 64]].concat();
        let octets = tlv::encode(0x04, &point);
        let bits = tlv::encode(0x03, &[&[0][..], &point].concat());
        let algorithm = |oid: &[u8], parameters: &[u8]| {
            tlv::encode(0x30, &[tlv::encode(0x06, oid), parameters.to_vec()].concat())
        };
        let ec_spki = [algorithm(OID_EC, &Curve::P256.parameters_der()), bits.clone()].concat();
        let ec = PublicKey::Ec { curve: Curve::P256, point: point.clone() };
        let hint = Some(Curve::P256);
        let forms: &[(Vec<u8>, Option<Curve>)] = &[
            (point.clone(), hint),
            (octets.clone(), hint),
            (tlv::encode(0x04, &octets), hint),
            (bits, hint),
            (tlv::encode(0x30, &ec_spki), None),
            (tlv::encode(0x30, &ec_spki), Some(Curve::P384)),
            (tlv::encode(0xA1, &ec_spki), None),
        ];
        for (bytes, hint) in forms {
            assert_eq!(decode_public_key(bytes, *hint).as_ref(), Ok(&ec), "{bytes:02x?}");
        }
        assert!(decode_public_key(&octets, None).is_err(), "no curve known");
        assert!(decode_public_key(&octets, Some(Curve::P384)).is_err(), "another curve");

        let numbers = [tlv::encode(0x02, &[0, 0xC1, 2, 3]), tlv::encode(0x02, &[1, 0, 1])].concat();
        let raw = tlv::encode(0x30, &numbers);
        let wrapped = tlv::encode(0x03, &[&[0][..], &raw].concat());
        let spki = [algorithm(OID_RSA, &[5, 0]), wrapped].concat();
        let negative = [tlv::encode(0x02, &[0xC1, 2, 3]), tlv::encode(0x02, &[1, 0, 1])].concat();
        let rsa = PublicKey::Rsa { modulus: vec![0xC1, 2, 3], exponent: vec![1, 0, 1] };
        for bytes in [raw, tlv::encode(0x30, &spki), tlv::encode(0xA1, &spki), tlv::encode(0x30, &negative)] {
            assert_eq!(decode_public_key(&bytes, None).as_ref(), Ok(&rsa), "{bytes:02x?}");
        }
    }
}

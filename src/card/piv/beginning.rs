//! The algorithm of a key by the beginning of its certificate's data object: the public key stands behind the names, so
//! that a few hundred bytes tell what kind it is without reading the rest.

use crate::crypto::Curve;

use super::references::Algorithm;

/// What kind of key the certificate is for. `None` where the beginning does not reach so far, is compressed, or is no
/// certificate.
pub(super) fn algorithm(beginning: &[u8]) -> Option<Algorithm> {
    let mut at = beginning;
    for tag in [TAG_VALUE, TAG_CERTIFICATE, SEQUENCE, SEQUENCE] {
        at = enter(at, tag)?;
    }
    if let Some((VERSION, ..)) = header(at) {
        at = skip(at)?;
    }
    // Serial number, signature algorithm, issuer, validity, subject.
    for _ in 0..5 {
        at = skip(at)?;
    }
    let key_info = enter(at, SEQUENCE)?;
    let (oid, after_oid) = element(enter(key_info, SEQUENCE)?, OBJECT_IDENTIFIER)?;
    match oid {
        RSA_ENCRYPTION => rsa(skip(key_info)?),
        EC_PUBLIC_KEY => {
            let (_, _, _, rest) = header(after_oid)?;
            let parameters = after_oid.get(..after_oid.len() - rest.len() + length(after_oid)?)?;
            Curve::from_parameters_der(parameters).map(Algorithm::Ec)
        }
        ED25519 => Some(Algorithm::Ed25519),
        X25519 => Some(Algorithm::X25519),
        _ => None,
    }
}

/// The modulus' size, by the length of the number in the key.
fn rsa(bits: &[u8]) -> Option<Algorithm> {
    let unused = enter(bits, BIT_STRING)?;
    let numbers = enter(unused.strip_prefix(&[0])?, SEQUENCE)?;
    let modulus = enter(numbers, INTEGER)?;
    let len = u32::try_from(length(numbers)?).ok()?;
    let size = match modulus.first()? {
        0 => len.checked_sub(1)?.checked_mul(8)?,
        first => len.checked_mul(8)?.checked_sub(first.leading_zeros())?,
    };
    Some(Algorithm::Rsa(size))
}

/// Tag, length of the value, whether all of it is there, and what follows the length.
fn header(bytes: &[u8]) -> Option<(u8, usize, bool, &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (len, rest) = match rest.split_first()? {
        (short @ 0..=0x7F, rest) => (usize::from(*short), rest),
        (0x81, rest) => {
            let (len, rest) = rest.split_first()?;
            (usize::from(*len), rest)
        }
        (0x82, rest) => {
            let (len, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*len)), rest)
        }
        _ => return None,
    };
    Some((*tag, len, len <= rest.len(), rest))
}

fn length(bytes: &[u8]) -> Option<usize> {
    header(bytes).map(|(_, len, ..)| len)
}

/// The value of an element with this tag, as far as it is there.
fn enter(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let (found, len, _, rest) = header(bytes)?;
    (found == tag).then(|| rest.get(..len).unwrap_or(rest))
}

/// What follows an element.
fn skip(bytes: &[u8]) -> Option<&[u8]> {
    let (_, len, _, rest) = header(bytes)?;
    rest.get(len..)
}

/// A whole element with this tag, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, len, whole, rest) = header(bytes)?;
    (found == tag && whole).then(|| rest.split_at_checked(len)).flatten()
}

const TAG_VALUE: u8 = 0x53;
const TAG_CERTIFICATE: u8 = 0x70;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_IDENTIFIER: u8 = 0x06;
const RSA_ENCRYPTION: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]; // RFC 8017
const EC_PUBLIC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]; // RFC 5480
const ED25519: &[u8] = &[0x2B, 0x65, 0x70]; // RFC 8410
const X25519: &[u8] = &[0x2B, 0x65, 0x6E];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::tlv;
    use crate::crypto::certificate::unsigned_certificate;
    use crate::crypto::{EcPrivateKey, PublicKey, RsaPrivateKey};

    fn object(public: &PublicKey) -> Vec<u8> {
        let der = unsigned_certificate("a name", public).unwrap();
        tlv::encode(0x53, &super::super::objects::certificate_object(&der, 4096))
    }

    #[test]
    fn algorithm_is_told_by_the_beginning_or_not_at_all() {
        let rsa = RsaPrivateKey::generate(1024).unwrap().public();
        let p256 = EcPrivateKey::generate(Curve::P256).unwrap().public();
        let p384 = EcPrivateKey::generate(Curve::P384).unwrap().public();
        let ed = PublicKey::Ed25519([7; 32]);
        for (public, expected) in [
            (rsa, Algorithm::Rsa(1024)),
            (p256, Algorithm::Ec(Curve::P256)),
            (p384, Algorithm::Ec(Curve::P384)),
            (ed, Algorithm::Ed25519),
        ] {
            let object = object(&public);
            assert_eq!(algorithm(&object), Some(expected));
            let told = (0..object.len()).map(|end| algorithm(&object[..end])).collect::<Vec<_>>();
            let first = told.iter().position(Option::is_some).unwrap();
            assert!(first < 250, "{expected:?} needs {first} bytes");
            assert!(told[first..].iter().all(|one| *one == Some(expected)), "{expected:?}");
        }
    }

    #[test]
    fn algorithm_of_what_is_no_certificate_is_untold() {
        for bytes in
            [&[][..], &[0x53, 0x00], &[0x53, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], &[0x30; 400], &[0xFF; 400]]
        {
            assert_eq!(algorithm(bytes), None);
        }
        let whole = object(&EcPrivateKey::generate(Curve::P256).unwrap().public());
        for position in 0..whole.len() {
            for value in [0x00, 0x80, 0x82, 0xFF] {
                let mut damaged = whole.clone();
                damaged[position] = value;
                // Whatever it says, it says it without harm.
                let _ = algorithm(&damaged);
            }
        }
    }
}

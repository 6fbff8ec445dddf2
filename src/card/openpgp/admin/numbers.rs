//! A private key as PUT DATA takes it: the extended header list (OpenPGP card 3.4, 4.4.3.12).

use zeroize::Zeroizing;

use super::not_supported;
use crate::card::CardError;
use crate::card::openpgp::attributes::{Attributes, FORMAT_PRIMES};
use crate::card::openpgp::place::Place;
use crate::codec::{Secret, tlv};
use crate::crypto::{CryptoError, PrivateKey, PublicKey, RsaPrivateKey};

/// Which key, which numbers of which lengths, and the numbers. Errors: `NotSupported` when the attributes are those of
/// another kind of key.
pub(super) fn header_list(
    place: Place,
    attributes: &Attributes,
    key: &PrivateKey,
) -> Result<Secret, CardError> {
    let numbers = match (key, attributes) {
        (PrivateKey::Rsa(key), Attributes::Rsa { modulus_bits, exponent_bits, format }) => {
            rsa_numbers(key, [*modulus_bits, *exponent_bits], format.unwrap_or(FORMAT_PRIMES))?
        }
        (PrivateKey::Rsa(_), _) | (_, Attributes::Rsa { .. } | Attributes::Unknown(_)) => {
            return Err(not_supported("take a key of this kind there"));
        }
        (_, Attributes::Curve { with_public, .. }) => curve_numbers(key, *with_public),
    };
    let mut lengths = Vec::new();
    let mut data = Zeroizing::new(Vec::with_capacity(numbers.iter().map(|(_, number)| number.len()).sum()));
    for (tag, number) in &numbers {
        lengths.push(*tag);
        write_length(&mut lengths, number.len());
        data.extend_from_slice(number.expose());
    }
    // Room for everything from the start: a vector that grows leaves copies of the key behind.
    let mut inner = Zeroizing::new(Vec::with_capacity(data.len() + lengths.len() + 32));
    inner.extend([place.template(), 0x00]);
    tlv::write(&mut inner, TAG_TEMPLATE, &lengths);
    tlv::write(&mut inner, TAG_NUMBERS, &data);
    let mut outer = Vec::with_capacity(inner.len() + 8);
    tlv::write(&mut outer, TAG_HEADER_LIST, &inner);
    Ok(Secret::new(outer))
}

/// Exponent and primes, and what else the form of import wants; each as long as it can be. `bits` are those of modulus
/// and exponent.
fn rsa_numbers(key: &RsaPrivateKey, bits: [u16; 2], format: u8) -> Result<Vec<(u8, Secret)>, CardError> {
    let parts = key.components()?;
    let [modulus_bits, exponent_bits] = bits.map(usize::from);
    let half = modulus_bits.div_ceil(16);
    let public = key.public();
    let (modulus, exponent) = public.rsa().ok_or(CryptoError::InvalidKey("RSA"))?;
    let mut numbers = vec![
        (TAG_EXPONENT, padded(exponent, exponent_bits.div_ceil(8))),
        (TAG_PRIME_P, padded(parts.prime_p.expose(), half)),
        (TAG_PRIME_Q, padded(parts.prime_q.expose(), half)),
    ];
    if format & WITH_CRT != 0 {
        let crt = [(TAG_PQ, parts.coefficient), (TAG_DP, parts.exponent_p), (TAG_DQ, parts.exponent_q)];
        for (tag, number) in crt {
            let number = number.ok_or(CryptoError::InvalidKey("RSA"))?;
            numbers.push((tag, padded(number.expose(), half)));
        }
    }
    if format & WITH_MODULUS != 0 {
        numbers.push((TAG_MODULUS, padded(modulus, modulus_bits.div_ceil(8))));
    }
    Ok(numbers)
}

/// The private number, and the public point where the card wants it.
fn curve_numbers(key: &PrivateKey, with_public: bool) -> Vec<(u8, Secret)> {
    let private = match key {
        PrivateKey::Ec(key) => key.scalar(),
        PrivateKey::Ed25519(key) => key.seed(),
        PrivateKey::X25519(key) => {
            // OpenPGP writes this number from its most significant byte, RFC 7748 from its least.
            let mut scalar = Zeroizing::new(key.scalar().expose().to_vec());
            scalar.reverse();
            Secret::from(scalar.as_slice())
        }
        PrivateKey::Rsa(_) => Secret::default(),
    };
    let mut numbers = vec![(TAG_PRIVATE, private)];
    if with_public {
        let point = match key.public() {
            PublicKey::Ed25519(key) | PublicKey::X25519(key) => [&[NATIVE_FORM], key.as_slice()].concat(),
            public => public.ec().map(|(_, point)| point.to_vec()).unwrap_or_default(),
        };
        numbers.push((TAG_PUBLIC_POINT, Secret::new(point)));
    }
    numbers
}

/// With zeros in front, up to a length.
fn padded(number: &[u8], len: usize) -> Secret {
    let zeros = len.saturating_sub(number.len());
    let mut bytes = Vec::with_capacity(zeros + number.len());
    bytes.resize(zeros, 0);
    bytes.extend_from_slice(number);
    Secret::new(bytes)
}

fn write_length(out: &mut Vec<u8>, len: usize) {
    match u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes() {
        [0, low @ 0..=0x7F] => out.push(low),
        [0, low] => out.extend([0x81, low]),
        [high, low] => out.extend([0x82, high, low]),
    }
}

const NATIVE_FORM: u8 = 0x40;
const TAG_HEADER_LIST: u32 = 0x4D;
const TAG_TEMPLATE: u32 = 0x7F48;
const TAG_NUMBERS: u32 = 0x5F48;
const TAG_EXPONENT: u8 = 0x91;
const TAG_PRIME_P: u8 = 0x92;
const TAG_PRIME_Q: u8 = 0x93;
const TAG_PQ: u8 = 0x94;
const TAG_DP: u8 = 0x95;
const TAG_DQ: u8 = 0x96;
const TAG_MODULUS: u8 = 0x97;
/// The private number of a key on a curve.
const TAG_PRIVATE: u8 = 0x92;
const TAG_PUBLIC_POINT: u8 = 0x99;
/// Bits of the form of import.
const WITH_MODULUS: u8 = 0x01;
const WITH_CRT: u8 = 0x02;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;
    use crate::crypto::ed25519::Ed25519PrivateKey;

    fn list(attributes: &str, key: &PrivateKey) -> Vec<u8> {
        let attributes = Attributes::parse(&hex::decode(attributes).unwrap());
        header_list(Place::Signature, &attributes, key).unwrap().expose().to_vec()
    }

    /// Tags and lengths of the template, and the length of the numbers.
    fn shape(list: &[u8]) -> (String, usize) {
        let inner = tlv::find(list, TAG_HEADER_LIST).unwrap();
        assert_eq!(inner[..2], [0xB6, 0x00]);
        let lengths = tlv::find(&inner[2..], TAG_TEMPLATE).unwrap();
        (hex::encode(lengths), tlv::find(&inner[2..], TAG_NUMBERS).unwrap().len())
    }

    #[test]
    fn rsa_numbers_follow_the_form_of_import() {
        let key: PrivateKey = RsaPrivateKey::generate(2048).unwrap().into();
        for (attributes, lengths, len) in [
            ("010800002000", "910492818093 8180", 4 + 256),
            ("010800001100", "9103928180938180", 3 + 256),
            ("010800001101", "910392818093818097820100", 3 + 512),
            ("010800002002", "9104928180938180948180958180968180", 4 + 640),
            ("010800002003", "910492818093818094818095818096818097820100", 4 + 896),
        ] {
            assert_eq!(shape(&list(attributes, &key)), (lengths.replace(' ', ""), len), "{attributes}");
        }
    }

    #[test]
    fn curve_numbers_bring_the_point_where_it_is_wanted() {
        let key = PrivateKey::Ed25519(Ed25519PrivateKey::generate().unwrap());
        assert_eq!(shape(&list("162b06010401da470f01", &key)), ("9220".to_owned(), 32));
        assert_eq!(shape(&list("162b06010401da470f01ff", &key)), ("92209921".to_owned(), 65));
        let rsa = Attributes::parse(&hex::decode("010800002000").unwrap());
        assert!(header_list(Place::Signature, &rsa, &key).is_err());
    }
}

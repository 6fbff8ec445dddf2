//! What a certified key may do (RFC 5280, 4.2.1.3 and 4.2.1.12): names, bits and object identifiers.

use const_oid::ObjectIdentifier;

use crate::codec::tlv;
use crate::crypto::PublicKey;
use crate::crypto::asn1::{TAG_BIT_STRING, TAG_OID, TAG_SEQUENCE};

/// The key usages of a certificate or a request, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// Signs certificates and revocation lists.
    pub const AUTHORITY: Self = Self(1 << KEY_CERT_SIGN | 1 << CRL_SIGN);

    /// What an end entity's key does: signs, and decrypts keys (RSA) or agrees on them (EC);
    /// Ed25519 only signs, X25519 only agrees (RFC 8410, 5).
    pub fn for_key(key: &PublicKey) -> Self {
        match key {
            PublicKey::Rsa { .. } => Self(1 << DIGITAL_SIGNATURE | 1 << KEY_ENCIPHERMENT),
            PublicKey::Ec { .. } => Self(1 << DIGITAL_SIGNATURE | 1 << KEY_AGREEMENT),
            PublicKey::Ed25519(_) => Self(1 << DIGITAL_SIGNATURE),
            PublicKey::X25519(_) => Self(1 << KEY_AGREEMENT),
        }
    }

    /// The set of usages named as in RFC 5280, in any case: `digitalSignature`; `contentCommitment` is
    /// `nonRepudiation`. Errors: the first name that is none.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, UsageError> {
        names.into_iter().try_fold(Self::default(), |set, name| {
            let plain = name.trim();
            let plain = if plain.eq_ignore_ascii_case(CONTENT_COMMITMENT) { "nonRepudiation" } else { plain };
            match KEY_USAGES.iter().position(|known| known.eq_ignore_ascii_case(plain)) {
                Some(index) => Ok(Self(set.0 | 1 << index)),
                None => Err(UsageError::KeyUsage(name.to_owned())),
            }
        })
    }

    /// The names in the order of RFC 5280.
    pub fn names(self) -> Vec<&'static str> {
        KEY_USAGES
            .into_iter()
            .enumerate()
            .filter(|(index, _)| self.0 >> index & 1 != 0)
            .map(|(_, name)| name)
            .collect()
    }

    /// True when nothing is allowed.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Takes the bytes of a BIT STRING, without the count of unused bits.
    pub(in crate::crypto) fn from_bits(bytes: &[u8]) -> Self {
        let is_set = |index: usize| bytes.get(index / 8).is_some_and(|byte| byte << (index % 8) & 0x80 != 0);
        Self((0..KEY_USAGES.len()).filter(|index| is_set(*index)).fold(0, |set, index| set | 1 << index))
    }

    /// A named-bit list, DER: without the zeros at its end (X.690, 11.2.2).
    pub(in crate::crypto) fn to_der(self) -> Vec<u8> {
        let [first, second] = self.0.reverse_bits().to_be_bytes();
        let unused = self.0.reverse_bits().trailing_zeros() % 8;
        let value = match (first, second) {
            (0, 0) => vec![0],
            (first, 0) => vec![unused as u8, first],
            (first, second) => vec![unused as u8, first, second],
        };
        tlv::encode(TAG_BIT_STRING, &value)
    }
}

/// A name that stands for no usage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// Not a key usage.
    #[error(
        "no key usage is called {0:?}; there are digitalSignature, nonRepudiation, keyEncipherment, \
             dataEncipherment, keyAgreement, keyCertSign, cRLSign, encipherOnly, decipherOnly"
    )]
    KeyUsage(String),
    /// Not an extended key usage.
    #[error(
        "no extended key usage is called {0:?}; there are serverAuth, clientAuth, codeSigning, \
             emailProtection, timeStamping, OCSPSigning, pkinitClientAuth, pkinitKdc, smartcardLogon, \
             anyExtendedKeyUsage, and any object identifier in numbers"
    )]
    Purpose(String),
}

/// An extended key usage by its name (`serverAuth`, in any case) or its numbers (`1.3.6.1.5.5.7.3.1`).
/// Errors: what is neither.
pub fn purpose_from_text(text: &str) -> Result<ObjectIdentifier, UsageError> {
    let wanted = text.trim();
    let known = PURPOSES.into_iter().find(|(_, name)| name.eq_ignore_ascii_case(wanted));
    let numbers = known.map_or(wanted, |(numbers, _)| numbers);
    ObjectIdentifier::new(numbers).map_err(|_| UsageError::Purpose(text.to_owned()))
}

/// The name of an extended key usage, or its numbers where it has none.
pub fn purpose_text(oid: &ObjectIdentifier) -> String {
    let numbers = oid.to_string();
    let known = PURPOSES.into_iter().find(|(known, _)| *known == numbers);
    known.map_or(numbers, |(_, name)| name.to_owned())
}

/// ExtKeyUsageSyntax, DER.
pub(in crate::crypto) fn purposes_der(purposes: &[ObjectIdentifier]) -> Vec<u8> {
    let list: Vec<u8> = purposes.iter().flat_map(|oid| tlv::encode(TAG_OID, oid.as_bytes())).collect();
    tlv::encode(TAG_SEQUENCE, &list)
}

/// RFC 5280, 4.2.1.3, in the order of the bits.
const KEY_USAGES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];
const DIGITAL_SIGNATURE: usize = 0;
const KEY_ENCIPHERMENT: usize = 2;
const KEY_AGREEMENT: usize = 4;
const KEY_CERT_SIGN: usize = 5;
const CRL_SIGN: usize = 6;
/// The newer name of X.509 for bit 1.
const CONTENT_COMMITMENT: &str = "contentCommitment";

/// RFC 5280, 4.2.1.12; RFC 4556 (PKINIT); Microsoft's smart card logon.
const PURPOSES: [(&str, &str); 10] = [
    ("2.5.29.37.0", "anyExtendedKeyUsage"),
    ("1.3.6.1.5.5.7.3.1", "serverAuth"),
    ("1.3.6.1.5.5.7.3.2", "clientAuth"),
    ("1.3.6.1.5.5.7.3.3", "codeSigning"),
    ("1.3.6.1.5.5.7.3.4", "emailProtection"),
    ("1.3.6.1.5.5.7.3.8", "timeStamping"),
    ("1.3.6.1.5.5.7.3.9", "OCSPSigning"),
    ("1.3.6.1.5.2.3.4", "pkinitClientAuth"),
    ("1.3.6.1.5.2.3.5", "pkinitKdc"),
    ("1.3.6.1.4.1.311.20.2.2", "smartcardLogon"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_usage_passes_through_names_and_der() {
        for bits in 0..1u16 << KEY_USAGES.len() {
            let usage = KeyUsage(bits);
            assert_eq!(KeyUsage::from_names(usage.names()), Ok(usage));
            let der = usage.to_der();
            assert_eq!(KeyUsage::from_bits(&der[3..]), usage);
            // Strict DER: what is left over is counted, and nothing trails.
            assert!(usage.is_empty() || der.last().unwrap().trailing_zeros() == u32::from(der[2]));
        }
        assert_eq!(KeyUsage::from_names(["CONTENTCOMMITMENT"]).unwrap().names(), ["nonRepudiation"]);
        assert_eq!(
            KeyUsage::from_names(["digitalSignature", "sign"]),
            Err(UsageError::KeyUsage("sign".to_owned()))
        );
    }

    #[test]
    fn purpose_is_a_name_or_numbers() {
        for (numbers, name) in PURPOSES {
            assert_eq!(purpose_text(&purpose_from_text(&name.to_uppercase()).unwrap()), name);
            assert_eq!(purpose_text(&purpose_from_text(numbers).unwrap()), name);
        }
        assert_eq!(purpose_text(&purpose_from_text("1.2.3.4").unwrap()), "1.2.3.4");
        for bad in ["", "server", "1", "1..2", "9.9.9"] {
            assert_eq!(purpose_from_text(bad), Err(UsageError::Purpose(bad.to_owned())));
        }
    }
}

//! What all keys have in common (ISO 7816-15, 8.3.2): identifier, usage, access, reference; key information.

use super::asn1::{Fields, FormatError, Item, Writer, tag};
use crate::token::{KeyAccess, KeyUsage};

/// CommonKeyAttributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommonKey {
    /// Identifier that binds private key, public key and certificate.
    pub id: Vec<u8>,
    /// What the key may do.
    pub usage: KeyUsageFlags,
    /// True when the card computes with it (the default), false for a key that is only stored.
    pub native: bool,
    /// Where it came from and whether it can leave.
    pub access: Option<KeyAccessFlags>,
    /// Its reference in the card, for MSE SET.
    pub reference: Option<u32>,
    /// First day of use (GeneralizedTime).
    pub start_date: Option<String>,
    /// Last day of use (GeneralizedTime).
    pub end_date: Option<String>,
    /// References into TokenInfo's supported algorithms.
    pub algorithms: Vec<u32>,
}

impl Default for CommonKey {
    fn default() -> Self {
        Self {
            id: Vec::new(),
            usage: KeyUsageFlags::default(),
            native: true,
            access: None,
            reference: None,
            start_date: None,
            end_date: None,
            algorithms: Vec::new(),
        }
    }
}

const END_DATE: u32 = tag::context(0);
const ALGORITHM_REFERENCES: u32 = tag::constructed(1);

impl CommonKey {
    /// Takes the attributes from the class fields of an entry.
    pub(super) fn decode(fields: &mut Fields<'_>) -> Result<Self, FormatError> {
        // No card is left out for a missing identifier or usage: the key is there, it just has none.
        let id = fields.next_if(&[tag::OCTET_STRING]).map(|found| found.value.to_vec());
        let usage = fields.next_if(&[tag::BIT_STRING]).map(|found| found.bits("key usage")).transpose()?;
        let native = fields.next_if(&[tag::BOOLEAN]).map(|found| found.boolean());
        let access = fields.next_if(&[tag::BIT_STRING]).map(|found| found.bits("accessFlags")).transpose()?;
        let reference =
            fields.find(&[tag::INTEGER]).map(|found| found.reference("keyReference")).transpose()?;
        let start_date = fields.find(&[tag::GENERALIZED_TIME]).map(|found| found.text());
        let end_date = fields.find(&[END_DATE]).map(|found| found.text());
        let algorithms = fields.find(&[ALGORITHM_REFERENCES]).map(decode_references).transpose()?;
        Ok(Self {
            id: id.unwrap_or_default(),
            usage: KeyUsageFlags(usage.unwrap_or(0)),
            native: native.unwrap_or(true),
            access: access.map(KeyAccessFlags),
            reference,
            start_date,
            end_date,
            algorithms: algorithms.unwrap_or_default(),
        })
    }

    pub(super) fn encode(&self, out: &mut Writer) {
        out.bytes(tag::OCTET_STRING, &self.id);
        out.bits(tag::BIT_STRING, self.usage.0);
        if !self.native {
            out.boolean(tag::BOOLEAN, false);
        }
        if let Some(access) = self.access {
            out.bits(tag::BIT_STRING, access.0);
        }
        if let Some(reference) = self.reference {
            out.integer(tag::INTEGER, reference.into());
        }
        if let Some(start_date) = &self.start_date {
            out.bytes(tag::GENERALIZED_TIME, start_date.as_bytes());
        }
        if let Some(end_date) = &self.end_date {
            out.bytes(END_DATE, end_date.as_bytes());
        }
        if !self.algorithms.is_empty() {
            out.nested(ALGORITHM_REFERENCES, |out| {
                self.algorithms.iter().for_each(|reference| out.integer(tag::INTEGER, (*reference).into()));
            });
        }
    }
}

fn decode_references(item: Item<'_>) -> Result<Vec<u32>, FormatError> {
    let mut fields = item.fields();
    let mut references = Vec::new();
    while let Some(found) = fields.find(&[tag::INTEGER]) {
        references.push(found.reference("algReference")?);
    }
    Ok(references)
}

/// KeyUsageFlags: bit n is bit n of the BIT STRING.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyUsageFlags(pub u32);

impl From<KeyUsageFlags> for KeyUsage {
    fn from(flags: KeyUsageFlags) -> Self {
        let bit = |number: u32| flags.0 >> number & 1 == 1;
        Self {
            encrypt: bit(0),
            decrypt: bit(1),
            sign: bit(2),
            sign_recover: bit(3),
            wrap: bit(4),
            unwrap: bit(5),
            verify: bit(6),
            verify_recover: bit(7),
            derive: bit(8),
            non_repudiation: bit(9),
        }
    }
}

impl From<KeyUsage> for KeyUsageFlags {
    fn from(usage: KeyUsage) -> Self {
        let bits = [
            usage.encrypt,
            usage.decrypt,
            usage.sign,
            usage.sign_recover,
            usage.wrap,
            usage.unwrap,
            usage.verify,
            usage.verify_recover,
            usage.derive,
            usage.non_repudiation,
        ];
        Self(from_bits(&bits))
    }
}

/// KeyAccessFlags: bit n is bit n of the BIT STRING.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyAccessFlags(pub u32);

impl From<KeyAccessFlags> for KeyAccess {
    fn from(flags: KeyAccessFlags) -> Self {
        let bit = |number: u32| flags.0 >> number & 1 == 1;
        Self {
            sensitive: bit(0),
            extractable: bit(1),
            always_sensitive: bit(2),
            never_extractable: bit(3),
            local: bit(4),
        }
    }
}

impl From<KeyAccess> for KeyAccessFlags {
    fn from(access: KeyAccess) -> Self {
        let bits = [
            access.sensitive,
            access.extractable,
            access.always_sensitive,
            access.never_extractable,
            access.local,
        ];
        Self(from_bits(&bits))
    }
}

fn from_bits(bits: &[bool]) -> u32 {
    bits.iter().enumerate().fold(0, |sum, (number, set)| sum | u32::from(*set) << number)
}

/// KeyInfo: parameters of a key, by reference or in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyInfo {
    /// Reference into TokenInfo's supported algorithms.
    Reference(u32),
    /// Content of the SEQUENCE: parameters and operations.
    Parameters(Vec<u8>),
}

impl KeyInfo {
    pub(super) fn decode(item: &Item<'_>) -> Result<Self, FormatError> {
        match item.tag {
            tag::INTEGER => Ok(Self::Reference(item.reference("keyInfo")?)),
            _ => Ok(Self::Parameters(item.value.to_vec())),
        }
    }

    pub(super) fn encode(&self, out: &mut Writer) {
        match self {
            Self::Reference(reference) => out.integer(tag::INTEGER, (*reference).into()),
            Self::Parameters(content) => out.bytes(tag::SEQUENCE, content),
        }
    }

    /// The object identifier (content bytes) of a named curve among the parameters.
    pub fn curve_oid(&self) -> Option<&[u8]> {
        match self {
            Self::Reference(_) => None,
            Self::Parameters(content) => {
                Fields::new(content).find(&[tag::OBJECT_IDENTIFIER]).map(|found| found.value)
            }
        }
    }
}

/// Which family a private or public key belongs to, and its size as the entry says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFamily {
    /// RSA.
    Rsa {
        /// The field modulusLength as it stands: bits, on some cards bytes.
        modulus_length: u32,
    },
    /// Elliptic curve.
    Ec {
        /// Bits of the field: a field that OpenSC adds to the standard, private keys only.
        field_size: Option<u32>,
    },
    /// DH, DSA, KEA, GOST or newer: the tag of the entry. Kept, not used.
    Other {
        /// Tag of the entry.
        tag: u32,
    },
}

/// No RSA key has fewer bits: a smaller modulusLength counts bytes.
const FEWEST_MODULUS_BITS: u32 = 512;
/// No curve has a smaller field, and no algorithm reference is larger: tells the two integers of a private
/// EC key apart.
const FEWEST_FIELD_BITS: u32 = 112;

/// Entry tags of PrKDF and PuKDF (ISO 7816-15, 8.3 and 8.4).
pub(super) const ENTRY_RSA: u32 = tag::SEQUENCE;
pub(super) const ENTRY_EC: u32 = tag::constructed(0);

impl KeyFamily {
    /// Bits of an RSA modulus, whatever unit the card counts in.
    pub fn modulus_bits(&self) -> Option<u32> {
        match *self {
            Self::Rsa { modulus_length } if modulus_length < FEWEST_MODULUS_BITS => Some(modulus_length * 8),
            Self::Rsa { modulus_length } => Some(modulus_length),
            Self::Ec { .. } | Self::Other { .. } => None,
        }
    }

    /// Tag of the entry.
    pub(super) fn entry_tag(&self) -> u32 {
        match self {
            Self::Rsa { .. } => ENTRY_RSA,
            Self::Ec { .. } => ENTRY_EC,
            Self::Other { tag } => *tag,
        }
    }

    /// Takes size and key information, which follow the value, from the type fields of an entry.
    pub(super) fn decode(
        entry_tag: u32,
        fields: &mut Fields<'_>,
    ) -> Result<(Self, Option<KeyInfo>), FormatError> {
        let family = match entry_tag {
            ENTRY_RSA => {
                let found = fields.next_if(&[tag::INTEGER]);
                let modulus_length = found.map(|found| found.unsigned("modulusLength")).transpose()?;
                Self::Rsa { modulus_length: modulus_length.unwrap_or(0) }
            }
            ENTRY_EC => Self::Ec { field_size: None },
            tag => return Ok((Self::Other { tag }, None)),
        };
        let mut next = fields.next_if(&[tag::INTEGER, tag::SEQUENCE]);
        let mut family = family;
        if let (Self::Ec { field_size }, Some(found)) = (&mut family, next)
            && found.tag == tag::INTEGER
            && let Ok(bits @ FEWEST_FIELD_BITS..) = found.unsigned("fieldSize")
        {
            *field_size = Some(bits);
            next = fields.next_if(&[tag::INTEGER, tag::SEQUENCE]);
        }
        let info = next.map(|found| KeyInfo::decode(&found)).transpose()?;
        Ok((family, info))
    }

    pub(super) fn encode(&self, info: Option<&KeyInfo>, out: &mut Writer) {
        match self {
            Self::Rsa { modulus_length } => out.integer(tag::INTEGER, (*modulus_length).into()),
            Self::Ec { field_size: Some(bits) } => out.integer(tag::INTEGER, (*bits).into()),
            Self::Ec { field_size: None } | Self::Other { .. } => {}
        }
        if let Some(info) = info {
            info.encode(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modulus_length_in_bytes_is_read_as_bits() {
        for (length, bits) in [(2048, 2048), (256, 2048), (128, 1024), (1024, 1024), (512, 512), (384, 3072)]
        {
            assert_eq!(KeyFamily::Rsa { modulus_length: length }.modulus_bits(), Some(bits));
        }
    }

    #[test]
    fn usage_and_access_flags_convert_both_ways() {
        for bits in 0..1 << 10 {
            let flags = KeyUsageFlags(bits);
            assert_eq!(KeyUsageFlags::from(KeyUsage::from(flags)), flags);
        }
        for bits in 0..1 << 5 {
            let flags = KeyAccessFlags(bits);
            assert_eq!(KeyAccessFlags::from(KeyAccess::from(flags)), flags);
        }
    }

    #[test]
    fn private_ec_integers_field_size_and_reference_are_told_apart() {
        let cases: &[(&[u8], Option<u32>, Option<KeyInfo>)] = &[
            (&[0x02, 2, 1, 0], Some(256), None),
            (&[0x02, 1, 3], None, Some(KeyInfo::Reference(3))),
            (&[0x02, 2, 1, 0, 0x02, 1, 3], Some(256), Some(KeyInfo::Reference(3))),
            (&[0x30, 3, 0x06, 1, 42], None, Some(KeyInfo::Parameters(vec![0x06, 1, 42]))),
            (&[], None, None),
        ];
        for (bytes, size, info) in cases {
            let (family, found) = KeyFamily::decode(ENTRY_EC, &mut Fields::new(bytes)).unwrap();
            assert_eq!((family, &found), (KeyFamily::Ec { field_size: *size }, info), "{bytes:02x?}");
        }
    }
}

//! File control parameters (ISO 7816-4, 7.4.3; MyEID's use of them): what CREATE FILE takes and SELECT answers.
//! Knows the encoding; does not know the file system.

use super::access::AccessRules;
use super::files::{
    Body, Content, DESCRIPTOR_AES, DESCRIPTOR_DF, DESCRIPTOR_EC_BRAINPOOL, DESCRIPTOR_EC_NIST,
    DESCRIPTOR_EC_SECP256K1, DESCRIPTOR_RSA, DESCRIPTOR_TRANSPARENT, File, FileUid, MF_ID,
};
use crate::apdu::StatusWord;
use crate::codec::tlv;

/// Reads the FCP template of CREATE FILE. Identity and parent are not set yet; a transparent file is plain and
/// full of zeros. Errors: 6A80 for a template that is none, lacks size, descriptor or identifier, or says
/// something that no file of this card can be.
pub(super) fn decode(template: &[u8]) -> Result<File, StatusWord> {
    let wrong = StatusWord::WRONG_DATA;
    let mut outer = tlv::Reader::new(template);
    let parameters = match outer.next() {
        Some(Ok(tlv)) if tlv.tag == TAG_FCP && outer.rest().is_empty() => tlv,
        _ => return Err(wrong),
    };
    let mut fields = Fields::default();
    for parameter in parameters.children() {
        let parameter = parameter.map_err(|_| wrong)?;
        fields.take(parameter.tag, parameter.value)?;
    }
    fields.into_file()
}

/// Writes the parameters of `file` under `tag`: 6F (FCI) or 62 (FCP), with the card's life-cycle byte.
pub(super) fn encode(file: &File, tag: u32, life_cycle: u8) -> Vec<u8> {
    let size_tag = if matches!(file.body, Body::Transparent(_)) { TAG_SIZE } else { TAG_TOTAL_SIZE };
    let mut value = Vec::with_capacity(48);
    tlv::write(&mut value, size_tag, &file.size.to_be_bytes());
    tlv::write(&mut value, TAG_DESCRIPTOR, &[file.descriptor]);
    tlv::write(&mut value, TAG_IDENTIFIER, &file.id.to_be_bytes());
    tlv::write(&mut value, TAG_ACCESS, &file.access.0);
    tlv::write(&mut value, TAG_PROPERTIES, &properties(file));
    tlv::write(&mut value, TAG_LIFE_CYCLE, &[life_cycle]);
    if let Body::Dedicated { name } = &file.body
        && !name.is_empty()
    {
        tlv::write(&mut value, TAG_NAME, name);
    }
    tlv::encode(tag, &value)
}

/// The proprietary bytes as SELECT shows them: a key file's first low nibble says what is in it
/// (0 nothing, 1 a loaded key, 3 a generated one).
fn properties(file: &File) -> [u8; 2] {
    let [first, second] = file.properties;
    match &file.body {
        Body::Key(Some(key)) => [first & 0xF0 | if key.generated { 0x03 } else { 0x01 }, second],
        Body::Key(None) => [first & 0xF0, second],
        _ => [first, second],
    }
}

/// The fields of a template; a repeated one counts as last said.
#[derive(Default)]
struct Fields {
    size: Option<u16>,
    descriptor: Option<u8>,
    id: Option<u16>,
    name: Vec<u8>,
    properties: [u8; 2],
    access: [u8; 3],
}

impl Fields {
    fn take(&mut self, tag: u32, value: &[u8]) -> Result<(), StatusWord> {
        let wrong = StatusWord::WRONG_DATA;
        match tag {
            TAG_SIZE | TAG_TOTAL_SIZE => {
                self.size = Some(match value {
                    [low] => u16::from(*low),
                    [high, low] => u16::from_be_bytes([*high, *low]),
                    _ => return Err(wrong),
                });
            }
            TAG_DESCRIPTOR => self.descriptor = Some(*value.first().ok_or(wrong)?),
            TAG_IDENTIFIER => self.id = Some(u16::from_be_bytes(value.try_into().map_err(|_| wrong)?)),
            TAG_NAME if (1..=16).contains(&value.len()) => self.name = value.to_vec(),
            TAG_PROPERTIES => self.properties = value.try_into().map_err(|_| wrong)?,
            TAG_ACCESS => self.access = *value.first_chunk().ok_or(wrong)?,
            // The life cycle is the card's, not the creator's.
            TAG_LIFE_CYCLE => {}
            _ => return Err(wrong),
        }
        Ok(())
    }

    fn into_file(self) -> Result<File, StatusWord> {
        let wrong = StatusWord::WRONG_DATA;
        let (Some(size), Some(descriptor), Some(id)) = (self.size, self.descriptor, self.id) else {
            return Err(wrong);
        };
        if matches!(id, 0x0000 | MF_ID | CURRENT_DF_ID | 0xFFFF) || size > MAX_SIZE {
            return Err(wrong);
        }
        let body = match descriptor & !SHAREABLE {
            DESCRIPTOR_TRANSPARENT => Body::Transparent(Content::Plain(vec![0; usize::from(size)])),
            DESCRIPTOR_DF => Body::Dedicated { name: self.name.clone() },
            DESCRIPTOR_RSA
            | DESCRIPTOR_EC_NIST
            | DESCRIPTOR_EC_SECP256K1
            | DESCRIPTOR_EC_BRAINPOOL
            | DESCRIPTOR_AES => Body::Key(None),
            _ => return Err(wrong),
        };
        if !self.name.is_empty() && !matches!(body, Body::Dedicated { .. }) {
            return Err(wrong);
        }
        Ok(File {
            uid: FileUid::MF,
            parent: FileUid::MF,
            id,
            descriptor,
            size,
            access: AccessRules(self.access),
            properties: self.properties,
            body,
        })
    }
}

/// Answer of SELECT with P2 = 00.
pub(super) const TAG_FCI: u32 = 0x6F;
/// Template of CREATE FILE, and answer of SELECT with P2 = 04.
pub(super) const TAG_FCP: u32 = 0x62;

// ISO 7816-4, table 11.
const TAG_SIZE: u32 = 0x80;
const TAG_TOTAL_SIZE: u32 = 0x81;
const TAG_DESCRIPTOR: u32 = 0x82;
const TAG_IDENTIFIER: u32 = 0x83;
const TAG_NAME: u32 = 0x84;
const TAG_PROPERTIES: u32 = 0x85;
const TAG_ACCESS: u32 = 0x86;
const TAG_LIFE_CYCLE: u32 = 0x8A;

const SHAREABLE: u8 = 0x40;
/// Reserved for the current DF (ISO 7816-4, 7.3.1).
const CURRENT_DF_ID: u16 = 0x3FFF;
/// What READ BINARY can address.
const MAX_SIZE: u16 = 0x7FFF;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;

    fn decoded(text: &str) -> Result<File, StatusWord> {
        decode(&hex::decode(text).unwrap())
    }

    #[test]
    fn decode_reads_what_pkcs15_init_sends() {
        let file = decoded("6217 80020123 820101 83024401 86030 13FFF 85020000 8A0100").unwrap();
        assert_eq!((file.id, file.size, file.descriptor), (0x4401, 0x0123, 0x01));
        assert_eq!(file.access, AccessRules([0x01, 0x3F, 0xFF]));
        assert_eq!(file.body, Body::Transparent(Content::Plain(vec![0; 0x0123])));
    }

    #[test]
    fn decode_df_takes_a_name() {
        let file = decoded("6215 81020000 820138 83025020 8403A0B0C1 86031111FF").unwrap();
        assert_eq!(file.body, Body::Dedicated { name: vec![0xA0, 0xB0, 0xC1] });
    }

    #[test]
    fn decode_bad_templates_are_refused() {
        for text in [
            "",
            "6F03820101",
            "620382010",
            "6217 80020123 820101 83024401",
            "620A 80020123 820101 830244",
            "620E 80020123 820101 83024401 8701AA",
            "620B 80020123 820105 83024401",
            "620B 80020123 820101 83023F00",
            "620B 80028000 820101 83024401",
            "6210 80020123 820101 83024401 8403A0B0C1",
            "620B 80020123 820101 83024401 00",
        ] {
            let bytes = hex::decode(text).unwrap_or_else(|_| vec![0x62, 0x01, 0x82]);
            assert_eq!(decode(&bytes).unwrap_err(), StatusWord::WRONG_DATA, "{text}");
        }
    }

    #[test]
    fn encode_gives_the_same_file_back() {
        let file = decoded("6217 80020123 820101 83024401 8603013FFF 85020000 8A0100").unwrap();
        assert_eq!(
            hex::encode(&encode(&file, TAG_FCI, 1)),
            "6f1780020123820101830244018603013fff850200008a0101"
        );
        assert_eq!(decode(&encode(&file, TAG_FCP, 7)).unwrap(), file);
    }
}

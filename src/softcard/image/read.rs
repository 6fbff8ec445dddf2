//! Reads a card's state from an image; believes nothing that it has not checked.

use super::{
    CHECKSUM_LEN, CURVES, HEADER_LEN, ImageError, KIND_DEDICATED, KIND_EMPTY_KEY, KIND_KEY, KIND_PLAIN,
    KIND_SEALED, MAGIC, PUBLIC_EC, PUBLIC_NONE, PUBLIC_RSA, VERSION,
};
use crate::codec::Secret;
use crate::crypto::PublicKey;
use crate::crypto::digest::{DigestAlgorithm, digest};
use crate::crypto::seal::{KEY_LEN, PinKeyCost, SealingPublicKey};
use crate::softcard::access::{AccessRules, PIN_COUNT, PinNumber};
use crate::softcard::files::{Body, Content, File, FileSystem, FileUid};
use crate::softcard::keys::StoredKey;
use crate::softcard::pins::{Credential, Delegation, PinFlags, PinRecord, PinSlot};
use crate::softcard::state::{CardState, LifeCycle, Profile};

/// The state in an image.
pub(in crate::softcard) fn decode(image: &[u8]) -> Result<CardState, ImageError> {
    let mut reader = Reader { rest: body(image)?, part: "card" };
    let profile = match reader.byte()? {
        0 => Profile::MyEid,
        1 => Profile::OsEid,
        _ => return Err(reader.invalid()),
    };
    let life_cycle = match reader.byte()? {
        1 => LifeCycle::Creation,
        7 => LifeCycle::Operational,
        _ => return Err(reader.invalid()),
    };
    let serial = reader.array()?;
    let change_counter = u16::from_be_bytes(reader.array()?);
    let card_key = Secret::from(reader.array::<KEY_LEN>()?.as_slice());
    let pin_cost =
        PinKeyCost { memory_kib: reader.number()?, passes: reader.number()?, lanes: reader.number()? };
    reader.part = "PIN";
    let pins = (0..PIN_COUNT).map(|_| slot(&mut reader)).collect::<Result<_, _>>()?;
    reader.part = "file system";
    let files = file_system(&mut reader)?;
    if !reader.rest.is_empty() {
        return Err(reader.invalid());
    }
    Ok(CardState { profile, life_cycle, serial, change_counter, card_key, pin_cost, pins, files })
}

/// The body, once magic, version, length and checksum are right.
fn body(image: &[u8]) -> Result<&[u8], ImageError> {
    if image.is_empty() {
        return Err(ImageError::Empty);
    }
    let (magic, rest) = image.split_first_chunk().ok_or(ImageError::NotAnImage)?;
    if *magic != MAGIC {
        return Err(ImageError::NotAnImage);
    }
    let length = |expected| ImageError::Length { actual: image.len(), expected };
    let (version, rest) = rest.split_first_chunk().ok_or(length(HEADER_LEN))?;
    let found = u16::from_be_bytes(*version);
    if found != VERSION {
        return Err(ImageError::Version { found });
    }
    let (body_len, _) = rest.split_first_chunk().ok_or(length(HEADER_LEN))?;
    let expected = (u32::from_be_bytes(*body_len) as usize).saturating_add(HEADER_LEN + CHECKSUM_LEN);
    if image.len() != expected {
        return Err(length(expected));
    }
    let (checked, checksum) = image.split_last_chunk::<CHECKSUM_LEN>().ok_or(length(expected))?;
    if digest(DigestAlgorithm::Sha256, checked) != checksum {
        return Err(ImageError::Checksum);
    }
    checked.get(HEADER_LEN..).ok_or(length(expected))
}

/// Takes parts from the front of the body.
struct Reader<'a> {
    rest: &'a [u8],
    /// What is being read, for the error.
    part: &'static str,
}

impl<'a> Reader<'a> {
    fn invalid(&self) -> ImageError {
        ImageError::Content(self.part)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ImageError> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(self.invalid())?;
        self.rest = rest;
        Ok(*array)
    }

    fn byte(&mut self) -> Result<u8, ImageError> {
        self.array().map(|[byte]| byte)
    }

    fn number(&mut self) -> Result<u32, ImageError> {
        self.array().map(u32::from_be_bytes)
    }

    fn bytes(&mut self) -> Result<&'a [u8], ImageError> {
        let len = self.number()? as usize;
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(self.invalid())?;
        self.rest = rest;
        Ok(bytes)
    }

    fn flag(&mut self) -> Result<bool, ImageError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.invalid()),
        }
    }
}

fn slot(reader: &mut Reader<'_>) -> Result<PinSlot, ImageError> {
    let public = reader.array::<KEY_LEN>()?;
    let public = SealingPublicKey::from_bytes(&public).map_err(|_| reader.invalid())?;
    let escrow = Some(reader.bytes()?.to_vec()).filter(|escrow| !escrow.is_empty());
    let record = if reader.flag()? { Some(record(reader)?) } else { None };
    Ok(PinSlot { public, escrow, record })
}

fn record(reader: &mut Reader<'_>) -> Result<PinRecord, ImageError> {
    let (pin, puk) = (credential(reader)?, credential(reader)?);
    let [flags, pin_min_len, puk_min_len, delegations] = reader.array()?;
    let delegations = (0..delegations)
        .map(|_| {
            let to = PinNumber::new(reader.byte()?).ok_or(reader.invalid())?;
            Ok(Delegation { to, sealed: reader.bytes()?.to_vec() })
        })
        .collect::<Result<_, _>>()?;
    Ok(PinRecord { pin, puk, flags: PinFlags(flags), pin_min_len, puk_min_len, delegations })
}

fn credential(reader: &mut Reader<'_>) -> Result<Credential, ImageError> {
    let [tries_left, tries_max] = reader.array()?;
    if tries_left > tries_max {
        return Err(reader.invalid());
    }
    Ok(Credential { tries_left, tries_max, salt: reader.array()?, wrapped: reader.bytes()?.to_vec() })
}

fn file_system(reader: &mut Reader<'_>) -> Result<FileSystem, ImageError> {
    let next_uid = reader.number()?;
    let count = reader.number()?;
    let files = (0..count).map(|_| file(reader)).collect::<Result<Vec<_>, _>>()?;
    FileSystem::assemble(files, next_uid).ok_or(reader.invalid())
}

fn file(reader: &mut Reader<'_>) -> Result<File, ImageError> {
    Ok(File {
        uid: FileUid(reader.number()?),
        parent: FileUid(reader.number()?),
        id: u16::from_be_bytes(reader.array()?),
        descriptor: reader.byte()?,
        size: u16::from_be_bytes(reader.array()?),
        access: AccessRules(reader.array()?),
        properties: reader.array()?,
        body: file_body(reader)?,
    })
    .and_then(|file| match &file.body {
        Body::Transparent(Content::Plain(bytes)) if bytes.len() != usize::from(file.size) => {
            Err(reader.invalid())
        }
        _ => Ok(file),
    })
}

fn file_body(reader: &mut Reader<'_>) -> Result<Body, ImageError> {
    Ok(match reader.byte()? {
        KIND_DEDICATED => Body::Dedicated { name: reader.bytes()?.to_vec() },
        KIND_PLAIN => Body::Transparent(Content::Plain(reader.bytes()?.to_vec())),
        KIND_SEALED => {
            let count = u16::from_be_bytes(reader.array()?);
            let patches = (0..count).map(|_| reader.bytes().map(<[u8]>::to_vec)).collect::<Result<_, _>>()?;
            Body::Transparent(Content::Sealed(patches))
        }
        KIND_EMPTY_KEY => Body::Key(None),
        KIND_KEY => Body::Key(Some(StoredKey {
            generated: reader.flag()?,
            public: public_key(reader)?,
            sealed: reader.bytes()?.to_vec(),
        })),
        _ => return Err(reader.invalid()),
    })
}

fn public_key(reader: &mut Reader<'_>) -> Result<Option<PublicKey>, ImageError> {
    Ok(match reader.byte()? {
        PUBLIC_NONE => None,
        PUBLIC_RSA => {
            Some(PublicKey::Rsa { modulus: reader.bytes()?.to_vec(), exponent: reader.bytes()?.to_vec() })
        }
        PUBLIC_EC => {
            let curve = *CURVES.get(usize::from(reader.byte()?)).ok_or(reader.invalid())?;
            Some(PublicKey::Ec { curve, point: reader.bytes()?.to_vec() })
        }
        _ => return Err(reader.invalid()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::softcard::image::encode;

    fn blank() -> CardState {
        CardState::blank(Profile::MyEid, PinKeyCost::MINIMAL).unwrap()
    }

    /// `image` with a right checksum.
    fn resummed(mut image: Vec<u8>) -> Vec<u8> {
        image.truncate(image.len() - CHECKSUM_LEN);
        let checksum = digest(DigestAlgorithm::Sha256, &image);
        [image, checksum].concat()
    }

    #[test]
    fn decode_reads_what_encode_wrote() {
        let state = blank();
        assert_eq!(decode(&encode(&state)).unwrap(), state);
    }

    #[test]
    fn decode_other_files_are_told_from_damaged_images() {
        let image = encode(&blank());
        assert_eq!(decode(&[]), Err(ImageError::Empty));
        assert_eq!(decode(b"-----BEGIN CERTIFICATE-----"), Err(ImageError::NotAnImage));
        let cut = image.len() - 1;
        assert_eq!(decode(&image[..cut]), Err(ImageError::Length { actual: cut, expected: image.len() }));
        let mut later = image.clone();
        later[9] = 2;
        assert_eq!(decode(&later), Err(ImageError::Version { found: 2 }));
    }

    #[test]
    fn decode_any_flipped_bit_is_an_error() {
        let image = encode(&blank());
        for index in 0..image.len() {
            let mut flipped = image.clone();
            flipped[index] ^= 0x10;
            assert!(decode(&flipped).is_err(), "byte {index}");
        }
    }

    #[test]
    fn decode_hostile_content_with_a_right_checksum_never_panics() {
        let image = encode(&blank());
        for index in HEADER_LEN..image.len() - CHECKSUM_LEN {
            for value in [0x00, 0x01, 0x7F, 0xFF] {
                let mut hostile = image.clone();
                hostile[index] = value;
                let _ = decode(&resummed(hostile));
            }
        }
    }

    #[test]
    fn decode_cut_content_with_a_right_checksum_names_the_part() {
        let image = encode(&blank());
        let body_len = 500u32;
        let mut cut = image[..HEADER_LEN + 500 + CHECKSUM_LEN].to_vec();
        cut[10..14].copy_from_slice(&body_len.to_be_bytes());
        assert_eq!(decode(&resummed(cut)), Err(ImageError::Content("PIN")));
    }
}

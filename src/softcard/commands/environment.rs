//! MANAGE SECURITY ENVIRONMENT (ISO 7816-4, 11.5.11): which key the next operation uses, and how.

use crate::apdu::StatusWord;
use crate::codec::tlv;
use crate::softcard::apdu::{Answer, CommandApdu, Reply};
use crate::softcard::files::FileUid;
use crate::softcard::machine::Machine;
use crate::softcard::session::{Operation, SecurityEnvironment};

/// Sets the environment, or clears it (RESTORE of environment 0). A failed SET leaves none.
/// Errors: 6A80, 6A81 for an algorithm or template that is not here, 6A86, 6A88 for a key file that is not there.
pub(super) fn manage(card: &mut Machine, command: &CommandApdu) -> Answer {
    card.session.environment = None;
    let operation = match (command.p1, command.p2) {
        (RESTORE, 0) if command.data().is_empty() => return Ok(Reply::done()),
        (SET_PRIVATE, TEMPLATE_SIGNATURE) => Operation::Sign,
        (SET_PRIVATE, TEMPLATE_CONFIDENTIALITY) => Operation::Decipher,
        (SET_PRIVATE, TEMPLATE_AUTHENTICATION) => Operation::Agree,
        (SET_PUBLIC, TEMPLATE_CONFIDENTIALITY) => Operation::Encipher,
        (SET_PRIVATE | SET_PUBLIC, _) => return Err(StatusWord::FUNCTION_NOT_SUPPORTED),
        _ => return Err(StatusWord::WRONG_P1_P2),
    };
    card.session.environment = Some(read(card, operation, command.data())?);
    Ok(Reply::done())
}

fn read(card: &Machine, operation: Operation, data: &[u8]) -> Result<SecurityEnvironment, StatusWord> {
    let wrong = StatusWord::WRONG_DATA;
    let (mut algorithm, mut key, mut target, mut iv) = (None, None, None, [0; 16]);
    for object in tlv::Reader::new(data) {
        let object = object.map_err(|_| wrong)?;
        match (object.tag, object.value) {
            (TAG_ALGORITHM, [reference]) if ALGORITHMS.contains(reference) => algorithm = Some(*reference),
            (TAG_ALGORITHM, [_]) => return Err(StatusWord::FUNCTION_NOT_SUPPORTED),
            (TAG_FILE, [high, low]) => key = Some(key_file(card, *high, *low)?),
            (TAG_SECRET_KEY | TAG_PRIVATE_KEY, [high, low]) => target = Some(key_file(card, *high, *low)?),
            // A file holds one key: number 0.
            (TAG_SECRET_KEY | TAG_PRIVATE_KEY, [0]) => {}
            (TAG_IV, []) => {}
            (TAG_IV, value) => iv = value.try_into().map_err(|_| wrong)?,
            _ => return Err(wrong),
        }
    }
    let (Some(algorithm), Some(key)) = (algorithm, key) else { return Err(wrong) };
    Ok(SecurityEnvironment { operation, algorithm, key, target, iv, running_iv: None, first_half: None })
}

/// An EF of the current DF by its identifier.
fn key_file(card: &Machine, high: u8, low: u8) -> Result<FileUid, StatusWord> {
    card.state
        .files
        .child(card.current_directory(), u16::from_be_bytes([high, low]))
        .filter(|file| !file.is_dedicated())
        .map(|file| file.uid)
        .ok_or(StatusWord::REFERENCE_NOT_FOUND)
}

/// Algorithm references (MyEID): raw or cipher blocks; PKCS#1 v1.5 padding; the same with SHA-1 DigestInfo;
/// elliptic curve; wrapping; cipher blocks and wrapping with PKCS#7 padding.
pub(super) const ALGORITHM_RAW: u8 = 0x00;
pub(super) const ALGORITHM_PKCS1: u8 = 0x02;
pub(super) const ALGORITHM_PKCS1_SHA1: u8 = 0x12;
pub(super) const ALGORITHM_EC: u8 = 0x04;
pub(super) const ALGORITHM_WRAP: u8 = 0x0A;
pub(super) const ALGORITHM_PKCS7: u8 = 0x80;
pub(super) const ALGORITHM_WRAP_PKCS7: u8 = 0x8A;
const ALGORITHMS: [u8; 7] = [
    ALGORITHM_RAW,
    ALGORITHM_PKCS1,
    ALGORITHM_PKCS1_SHA1,
    ALGORITHM_EC,
    ALGORITHM_WRAP,
    ALGORITHM_PKCS7,
    ALGORITHM_WRAP_PKCS7,
];

// ISO 7816-4, tables 121 and 122.
const SET_PRIVATE: u8 = 0x41;
const SET_PUBLIC: u8 = 0x81;
const RESTORE: u8 = 0xF3;
const TEMPLATE_AUTHENTICATION: u8 = 0xA4;
const TEMPLATE_SIGNATURE: u8 = 0xB6;
const TEMPLATE_CONFIDENTIALITY: u8 = 0xB8;

// ISO 7816-4, table 55.
const TAG_ALGORITHM: u32 = 0x80;
const TAG_FILE: u32 = 0x81;
const TAG_SECRET_KEY: u32 = 0x83;
const TAG_PRIVATE_KEY: u32 = 0x84;
const TAG_IV: u32 = 0x87;

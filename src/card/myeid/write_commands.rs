//! The commands that change a MyEID card: formatting, PINs, files, keys. Sends nothing.

use crate::apdu::Command;
use crate::codec::{Secret, tlv};

use super::commands::{AID, NEVER, PIN_FILLER, padded};

/// Who may do the four things that a file's access conditions tell apart: PIN references, 0 for everybody,
/// 15 for nobody. For a folder: create files, create folders, delete. For a file: read, update, delete. For a
/// key: use, update, delete, generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access(pub [u8; 4]);

impl Access {
    /// A folder whose files one PIN makes, and that another removes.
    pub fn folder(create: u8, delete: u8) -> Self {
        Self([create, create, delete, NEVER])
    }

    /// A file.
    pub fn file(read: u8, update: u8, delete: u8) -> Self {
        Self([read, update, delete, NEVER])
    }

    /// A key that one PIN alone controls.
    pub fn key(pin: u8) -> Self {
        Self([pin; 4])
    }

    /// From the bytes of tag 86; `None` when they are too few.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let [first, second, ..] = *bytes else { return None };
        Some(Self([first >> 4, first & 0x0F, second >> 4, second & 0x0F]))
    }

    /// The three bytes of tag 86: six nibbles, the last two unused.
    fn bytes(self) -> [u8; 3] {
        let [first, second, third, fourth] = self.0.map(|reference| reference & 0x0F);
        [first << 4 | second, third << 4 | fourth, 0xFF]
    }
}

/// What is to be made by CREATE FILE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileType {
    /// A folder (DF).
    Folder,
    /// A transparent file of so many bytes.
    Transparent(u16),
    /// A key file for an RSA key of so many bits.
    Rsa(u16),
    /// A key file for a key of so many bits on a NIST curve.
    NistCurve(u16),
    /// A key file for a key on secp256k1 (OsEID).
    Secp256k1,
    /// A key file for an AES key of so many bits.
    Aes(u16),
}

/// What a key file says of its key besides its access conditions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyRules {
    /// The PIN whose verification each use of the key takes back.
    pub consent_pin: Option<u8>,
    /// The key may leave the card wrapped.
    pub extractable: bool,
}

/// CREATE FILE in the current folder. The new file is selected afterwards.
pub fn create_file(file: u16, kind: FileType, access: Access, rules: KeyRules) -> Command {
    let (size_tag, size, descriptor) = match kind {
        FileType::Folder => (0x81, 0, 0x38),
        FileType::Transparent(size) => (0x80, size, 0x01),
        FileType::Rsa(bits) => (0x81, bits, 0x11),
        FileType::NistCurve(bits) => (0x81, bits, 0x22),
        FileType::Secp256k1 => (0x81, 256, 0x23),
        FileType::Aes(bits) => (0x81, bits, 0x29),
    };
    let mut fields = tlv::encode(size_tag, &u16::to_be_bytes(size));
    tlv::write(&mut fields, 0x82, &[descriptor]);
    tlv::write(&mut fields, 0x83, &file.to_be_bytes());
    tlv::write(&mut fields, 0x86, &access.bytes());
    let extractable = if rules.extractable { PROPERTY_EXTRACTABLE } else { 0x00 };
    tlv::write(&mut fields, 0x85, &[rules.consent_pin.unwrap_or(0) << 4, extractable]);
    tlv::write(&mut fields, 0x8A, &[0x00]);
    Command::new(CLA, INS_CREATE_FILE, 0x00, 0x00).data(&tlv::encode(0x62, &fields))
}

/// UPDATE BINARY of the selected file, up to 255 bytes.
pub fn update_binary(offset: u16, data: &[u8]) -> Command {
    let [p1, p2] = offset.to_be_bytes();
    Command::new(CLA, INS_UPDATE_BINARY, p1, p2).data(data)
}

/// PUT DATA 01E0: erases everything and makes MF and application folder with these access conditions. The
/// card is in creation state afterwards.
pub fn initialise(master: Access, application: Access) -> Command {
    let mut data = vec![0xFF, 0xFF];
    data.extend_from_slice(&master.bytes());
    data.extend_from_slice(&application.bytes());
    Command::new(CLA, INS_PUT_DATA, DATA_CLASS, INITIALISE).data(&data)
}

/// What a PIN may do beyond its own files, and who may reset it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinPower {
    /// The security officer: resets and changes the others.
    Officer,
    /// A user: can be reset and changed by the security officer.
    User,
}

/// PUT DATA 01nn: makes PIN nn. In creation state only.
pub fn initialise_pin(reference: u8, pin: &Secret, puk: &Secret, policy: &PinPolicy) -> Command {
    let both = padded(&[pin, puk], PIN_FILLER);
    let flags = match policy.power {
        PinPower::Officer => FLAG_UNBLOCKER | FLAG_ADMINISTRATOR,
        PinPower::User => FLAG_UNBLOCKABLE | FLAG_CHANGEABLE,
    };
    let mut data = Vec::with_capacity(MAX_PIN_RECORD);
    data.extend_from_slice(both.expose());
    data.extend_from_slice(&[policy.tries, policy.puk_tries, flags]);
    if policy.min_len != DEFAULT_MIN_LEN {
        data.extend_from_slice(&[PIN_TYPE_NORMAL, 0x00, policy.min_len, DEFAULT_MIN_LEN]);
    }
    Command::new(CLA, INS_PUT_DATA, DATA_CLASS, reference).secret(Secret::new(data))
}

/// Limits and power of a new PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinPolicy {
    /// Tries of the PIN.
    pub tries: u8,
    /// Tries of the PUK.
    pub puk_tries: u8,
    /// Shortest PIN.
    pub min_len: u8,
    /// What it may do to others.
    pub power: PinPower,
}

/// CHANGE REFERENCE DATA by the security officer: sets a PIN without knowing the old one.
pub fn set_pin(reference: u8, pin: &Secret) -> Command {
    Command::new(CLA, INS_CHANGE_REFERENCE_DATA, 0x00, reference).secret(padded(&[pin], PIN_FILLER))
}

/// CHANGE REFERENCE DATA by the holder: the old PIN and the new one, filled up.
pub fn change_pin(reference: u8, both: Secret) -> Command {
    Command::new(CLA, INS_CHANGE_REFERENCE_DATA, 0x00, reference).secret(both)
}

/// RESET RETRY COUNTER by the PUK: PUK and new PIN, filled up.
pub fn unblock_by_puk(reference: u8, both: Secret) -> Command {
    Command::new(CLA, INS_RESET_RETRY_COUNTER, 0x00, reference).secret(both)
}

/// RESET RETRY COUNTER by the security officer: the new PIN, filled up.
pub fn unblock_by_officer(reference: u8, pin: Secret) -> Command {
    Command::new(CLA, INS_RESET_RETRY_COUNTER, 0x02, reference).secret(pin)
}

/// DELETE FILE: the selected one.
pub fn delete_file() -> Command {
    Command::new(CLA, INS_DELETE_FILE, 0x00, 0x00)
}

/// ERASE BINARY of the selected file, from an offset to before another.
pub fn erase_binary(from: u16, to: u16) -> Command {
    let [p1, p2] = from.to_be_bytes();
    Command::new(CLA, INS_ERASE_BINARY, p1, p2).data(&to.to_be_bytes())
}

/// GET DATA 01A1: the identifiers of the files in the current folder, two bytes each.
pub fn list_files() -> Command {
    Command::new(CLA, INS_GET_DATA, DATA_CLASS, LIST_FILES).expect(MAX_GENERATED)
}

/// A part of a key, as PUT DATA names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPart {
    /// RSA modulus.
    Modulus = 0x80,
    /// RSA public exponent.
    PublicExponent = 0x81,
    /// First prime.
    PrimeP = 0x83,
    /// Second prime.
    PrimeQ = 0x84,
    /// d mod (p − 1).
    ExponentP = 0x85,
    /// d mod (q − 1), or the point of an elliptic curve key.
    ExponentQOrPoint = 0x86,
    /// q⁻¹ mod p, or the scalar of an elliptic curve key.
    CoefficientOrScalar = 0x87,
    /// First half of a modulus, for cards without command chaining.
    ModulusFirstHalf = 0x88,
    /// Second half of a modulus.
    ModulusSecondHalf = 0x89,
    /// A symmetric key.
    Symmetric = 0xA0,
}

/// PUT DATA 0180 to 01A0: a part of a key for the selected key file.
pub fn load_key(part: KeyPart, value: Secret) -> Command {
    Command::new(CLA, INS_PUT_DATA, DATA_CLASS, part as u8).secret(value)
}

/// GENERATE KEY in the selected AES key file. Answers nothing.
pub fn generate_aes() -> Command {
    Command::new(CLA, INS_GENERATE_KEY_PAIR, 0x00, 0x00)
}

/// ACTIVATE APPLET: ends the creation state, access conditions hold from now on.
pub fn activate() -> Command {
    Command::new(CLA, INS_ACTIVATE, 0x04, 0x00).data(&AID)
}

/// GENERATE KEY PAIR in the selected RSA key file. Answers the modulus.
pub fn generate_rsa(modulus_len: usize) -> Command {
    let exponent = tlv::encode(0x30, &tlv::encode(0x81, &PUBLIC_EXPONENT));
    Command::new(CLA, INS_GENERATE_KEY_PAIR, 0x00, 0x00).data(&exponent).expect(modulus_len)
}

/// GENERATE KEY PAIR in the selected elliptic curve key file. Answers the point under tag 86.
pub fn generate_ec() -> Command {
    Command::new(CLA, INS_GENERATE_KEY_PAIR, 0x00, 0x00).expect(MAX_GENERATED)
}

/// The public exponent of RSA keys that the card generates: 65537.
pub const PUBLIC_EXPONENT: [u8; 3] = [0x01, 0x00, 0x01];

const CLA: u8 = 0x00;
const INS_ERASE_BINARY: u8 = 0x0E; // ISO 7816-4, 11.3.7
const INS_CHANGE_REFERENCE_DATA: u8 = 0x24; // ISO 7816-4, 11.6.7
const INS_RESET_RETRY_COUNTER: u8 = 0x2C; // ISO 7816-4, 11.6.10
const INS_ACTIVATE: u8 = 0x44; // ISO 7816-9, 6.4
const INS_GENERATE_KEY_PAIR: u8 = 0x46; // ISO 7816-8, 5.1
const INS_UPDATE_BINARY: u8 = 0xD6; // ISO 7816-4, 11.3.5
const INS_GET_DATA: u8 = 0xCA; // ISO 7816-4, 11.4.3
const INS_PUT_DATA: u8 = 0xDA; // ISO 7816-4, 11.5.6
const INS_CREATE_FILE: u8 = 0xE0; // ISO 7816-9, 6.1
const INS_DELETE_FILE: u8 = 0xE4; // ISO 7816-9, 6.2
const DATA_CLASS: u8 = 0x01;
const LIST_FILES: u8 = 0xA1;
const PROPERTY_EXTRACTABLE: u8 = 0x08;
const INITIALISE: u8 = 0xE0;
const FLAG_UNBLOCKABLE: u8 = 0x04;
const FLAG_UNBLOCKER: u8 = 0x08;
const FLAG_CHANGEABLE: u8 = 0x10;
const FLAG_ADMINISTRATOR: u8 = 0x20;
const PIN_TYPE_NORMAL: u8 = 0x00;
const DEFAULT_MIN_LEN: u8 = 4;
const MAX_PIN_RECORD: usize = 23;
const MAX_GENERATED: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;

    #[test]
    fn create_file_writes_size_type_identifier_and_access() {
        let command = create_file(0x4B01, FileType::Rsa(2048), Access::key(1), KeyRules::default());
        assert_eq!(
            hex::encode(command.data.expose()),
            "6217810208008201118302 4b01 8603 1111ff 8502 0000 8a0100".replace(' ', "")
        );
        let command = create_file(0x5101, FileType::Folder, Access::folder(1, 14), KeyRules::default());
        assert_eq!(
            hex::encode(command.data.expose()),
            "6217810200008201388302 5101 8603 11efff 8502 0000 8a0100".replace(' ', "")
        );
    }

    #[test]
    fn initialise_pin_with_the_usual_minimum_has_nineteen_bytes() {
        let policy = PinPolicy { tries: 3, puk_tries: 10, min_len: 4, power: PinPower::User };
        let command = initialise_pin(1, &Secret::from("1234"), &Secret::from("12345678"), &policy);
        assert_eq!(hex::encode(command.data.expose()), "31323334ffffffff3132333435363738030a14");
        assert!(command.sensitive);
        let longer = initialise_pin(
            1,
            &Secret::from("123456"),
            &Secret::from("12345678"),
            &PinPolicy { min_len: 6, ..policy },
        );
        assert_eq!(longer.data.len(), 23);
    }
}

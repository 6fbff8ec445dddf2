//! The command set of MyEID cards (MyEID PKI JavaCard Applet Reference Manual 2.3), which OsEID speaks as well:
//! each command as a value, each special answer as a type. Sends nothing.

use crate::apdu::Command;
use crate::codec::{Secret, tlv};

/// Application identifier of the applet: that of PKCS#15 (ISO 7816-15, 7.1).
pub const AID: [u8; 12] = [0xA0, 0x00, 0x00, 0x00, 0x63, 0x50, 0x4B, 0x43, 0x53, 0x2D, 0x31, 0x35];
/// PIN references go from 1 to this.
pub const MAX_PIN_REFERENCE: u8 = 14;
/// PINs and PUKs are filled up to this length in bytes.
pub const PIN_LEN: usize = 8;
/// What PINs are filled up with.
pub const PIN_FILLER: u8 = 0xFF;

/// An internal data object of the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataItem {
    /// P1 and P2 of GET DATA.
    pub tag: u16,
    /// Its length in bytes: on T=0 another one would cost a second command.
    pub len: usize,
}

/// Name, version, serial number, change counter: see [`AppletInfo`].
pub const APPLET_INFO: DataItem = DataItem { tag: 0x01A0, len: 20 };
/// Algorithms and key lengths: see [`Capabilities`].
pub const CAPABILITIES: DataItem = DataItem { tag: 0x01AA, len: 11 };

/// The state of a PIN: see [`PinState`].
pub fn pin_state(reference: u8) -> DataItem {
    DataItem { tag: 0x01B0 | u16::from(reference & 0x0F), len: 9 }
}

/// The modulus of the selected RSA key file.
pub fn rsa_modulus(len: usize) -> DataItem {
    DataItem { tag: 0x0101, len }
}

/// GET DATA of an internal object.
pub fn get_data(item: DataItem) -> Command {
    let [p1, p2] = item.tag.to_be_bytes();
    Command::new(CLA, INS_GET_DATA, p1, p2).expect(item.len)
}

/// Takes the verification of one PIN back.
pub fn deauthenticate(reference: u8) -> Command {
    Command::new(CLA, INS_DEAUTHENTICATE, 0x00, reference)
}

/// What the security officer may do to other PINs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// Change them.
    Administrator,
    /// Unblock them.
    Unblocker,
}

/// Takes a power back that came with the verification of a PIN.
pub fn drop_power(power: Power) -> Command {
    let p1 = match power {
        Power::Administrator => 0xA0,
        Power::Unblocker => 0xB0,
    };
    Command::new(CLA, INS_DEAUTHENTICATE, p1, 0x00)
}

/// What a security environment is for (ISO 7816-4, 11.5.11: P1 and P2 of MSE SET).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// PSO COMPUTE DIGITAL SIGNATURE.
    Sign,
    /// PSO DECIPHER.
    Decipher,
    /// GENERAL AUTHENTICATE as ECDH.
    Agree,
}

/// What the card does with the data around the key operation (algorithm reference of the manual).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// The RSA operation alone.
    Raw,
    /// PKCS#1 v1.5 padding.
    Pkcs1,
    /// Elliptic curve.
    Ec,
}

/// MSE SET: the next operations use the key in this file of the current DF.
pub fn set_environment(purpose: Purpose, treatment: Treatment, key_file: u16) -> Command {
    let template = match purpose {
        Purpose::Sign => 0xB6,
        Purpose::Decipher => 0xB8,
        Purpose::Agree => 0xA4,
    };
    let algorithm = match treatment {
        Treatment::Raw => 0x00,
        Treatment::Pkcs1 => 0x02,
        Treatment::Ec => 0x04,
    };
    let mut data = tlv::encode(0x80, &[algorithm]);
    tlv::write(&mut data, 0x81, &key_file.to_be_bytes());
    tlv::write(&mut data, 0x84, &[0x00]); // one key in each file
    Command::new(CLA, INS_MANAGE_SECURITY_ENVIRONMENT, 0x41, template).data(&data)
}

/// Which way a block cipher runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// PSO ENCIPHER.
    Encipher,
    /// PSO DECIPHER.
    Decipher,
}

/// MSE SET for a block cipher: the next operation uses the key in this file of the current DF, chained from a vector.
pub fn set_cipher(direction: Direction, key_file: u16, iv: &[u8]) -> Command {
    // For encipherment the key counts as public (ISO 7816-4, table 121: P1 81).
    let p1 = match direction {
        Direction::Encipher => 0x81,
        Direction::Decipher => 0x41,
    };
    let mut data = tlv::encode(0x80, &[0x00]); // cipher blocks without padding
    tlv::write(&mut data, 0x81, &key_file.to_be_bytes());
    tlv::write(&mut data, 0x83, &[0x00]); // one key in each file
    tlv::write(&mut data, 0x87, iv);
    Command::new(CLA, INS_MANAGE_SECURITY_ENVIRONMENT, p1, 0xB8).data(&data)
}

/// PSO ENCIPHER or DECIPHER of whole blocks; answers as many bytes.
pub fn cipher(direction: Direction, blocks: &[u8]) -> Command {
    let (p1, p2) = match direction {
        Direction::Encipher => (0x84, 0x80),
        Direction::Decipher => (0x80, 0x84),
    };
    let mut command = Command::new(CLA, INS_PERFORM_SECURITY_OPERATION, p1, p2).data(blocks);
    command.sensitive = true;
    command.expect(blocks.len())
}

/// PSO COMPUTE DIGITAL SIGNATURE over a digest, DigestInfo or padded block.
pub fn sign(input: &[u8], expected: usize) -> Command {
    Command::new(CLA, INS_PERFORM_SECURITY_OPERATION, 0x9E, 0x9A).data(input).expect(expected)
}

/// Which part of a cryptogram follows: the padding indicator byte of PSO DECIPHER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole = 0x00,
    /// The first half: cards before version 4.5 do no command chaining.
    FirstHalf = 0x81,
    /// The second half.
    SecondHalf = 0x82,
}

/// PSO DECIPHER: the private operation on a cryptogram.
pub fn decipher(part: Part, cryptogram: &[u8], expected: usize) -> Command {
    let mut data = vec![part as u8];
    data.extend_from_slice(cryptogram);
    let mut command = Command::new(CLA, INS_PERFORM_SECURITY_OPERATION, 0x80, 0x86).data(&data);
    command.sensitive = true;
    if part == Part::FirstHalf { command } else { command.expect(expected) }
}

/// GENERAL AUTHENTICATE as ECDH with the other side's uncompressed point.
pub fn agree(point: &[u8], expected: usize) -> Command {
    let template = tlv::encode(0x7C, &tlv::encode(0x85, point));
    let mut command =
        Command::new(CLA, INS_GENERAL_AUTHENTICATE, 0x00, 0x00).data(&template).expect(expected);
    command.sensitive = true;
    command
}

/// PINs one after the other, each filled up to [`PIN_LEN`] bytes, as every command wants them.
pub fn padded(pins: &[&Secret], filler: u8) -> Secret {
    let mut data = Vec::with_capacity(pins.len() * PIN_LEN);
    for (number, pin) in pins.iter().enumerate() {
        data.extend_from_slice(pin.expose());
        data.resize((number + 1) * PIN_LEN, filler);
    }
    Secret::new(data)
}

/// Answer to GET DATA 01A0: which card, which version, and the counter that every write moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppletInfo {
    /// `MyEID` or `OsEID`.
    pub name: String,
    /// Version: major, minor, revision.
    pub version: [u8; 3],
    /// Serial number.
    pub serial: [u8; 10],
    /// Grows with every change of the card's contents.
    pub change_counter: [u8; 2],
}

impl AppletInfo {
    /// Reads the 20 bytes of the answer; `None` when it is something else.
    pub fn parse(answer: &[u8]) -> Option<Self> {
        let (name, rest) = answer.split_first_chunk::<5>()?;
        let (version, rest) = rest.split_first_chunk::<3>()?;
        let (serial, rest) = rest.split_first_chunk::<10>()?;
        let change_counter = <[u8; 2]>::try_from(rest).ok()?;
        let name = std::str::from_utf8(name).ok().filter(|name| NAMES.contains(name))?.to_owned();
        Some(Self { name, version: *version, serial: *serial, change_counter })
    }

    /// True when the card takes command chaining; before, long cryptograms are sent in two halves.
    pub fn chains(&self) -> bool {
        let [major, minor, _] = self.version;
        (major, minor) >= (4, 5)
    }
}

/// Answer to GET DATA 01AA: what this copy of the card can compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Bit field of algorithm families.
    features: u16,
    /// Longest RSA modulus in bits.
    pub rsa_bits: u16,
    /// Longest AES key in bits.
    pub aes_bits: u16,
    /// Longest elliptic curve field in bits.
    pub ec_bits: u16,
}

impl Capabilities {
    /// What every card since version 3.5 can do; older ones do not tell.
    pub const BASE: Self = Self { features: Self::RSA | Self::EC, rsa_bits: 2048, aes_bits: 0, ec_bits: 256 };

    const RSA: u16 = 0x01;
    const AES: u16 = 0x04;
    const EC: u16 = 0x08;

    /// Reads the answer: version of the structure, features, then the longest RSA, DES, AES and EC keys.
    pub fn parse(answer: &[u8]) -> Option<Self> {
        let word = |index: usize| -> Option<u16> {
            answer.get(1 + index * 2..3 + index * 2)?.try_into().ok().map(u16::from_be_bytes)
        };
        Some(Self { features: word(0)?, rsa_bits: word(1)?, aes_bits: word(3)?, ec_bits: word(4)? })
    }

    /// Whether RSA moduli of so many bits can be used.
    pub fn has_rsa(self, bits: u32) -> bool {
        self.features & Self::RSA != 0 && bits <= u32::from(self.rsa_bits)
    }

    /// Whether curves over a field of so many bits can be used.
    pub fn has_ec(self, bits: u32) -> bool {
        self.features & Self::EC != 0 && bits <= u32::from(self.ec_bits)
    }

    /// Whether AES keys of so many bits can be used.
    pub fn has_aes(self, bits: u32) -> bool {
        self.features & Self::AES != 0 && bits <= u32::from(self.aes_bits)
    }
}

/// Answer to GET DATA 01B1 to 01BE: the state of one PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinState {
    /// Tries left.
    pub tries_left: u8,
    /// Tries after a reset of the counter.
    pub tries_max: u8,
    /// Tries of the PUK left.
    pub puk_tries_left: u8,
}

impl PinState {
    /// Reads the answer; `None` when it is none, or says what cannot be.
    pub fn parse(answer: &[u8]) -> Option<Self> {
        let &[tries_left, puk_tries_left, tries_max, _puk_tries_max, ..] = answer else { return None };
        (tries_left <= tries_max && tries_max <= MAX_TRIES).then_some(Self {
            tries_left,
            tries_max,
            puk_tries_left,
        })
    }
}

/// Access condition that nothing fulfils.
pub const NEVER: u8 = 0x0F;
/// Longest response of a short APDU.
pub const MAX_SHORT: usize = 256;

const CLA: u8 = 0x00;
const INS_MANAGE_SECURITY_ENVIRONMENT: u8 = 0x22; // ISO 7816-4, 11.6.11
const INS_PERFORM_SECURITY_OPERATION: u8 = 0x2A; // ISO 7816-8, 5.3
const INS_GET_DATA: u8 = 0xCA; // ISO 7816-4, 11.4.3
const INS_DEAUTHENTICATE: u8 = 0x2E; // MyEID manual
const INS_GENERAL_AUTHENTICATE: u8 = 0x86; // ISO 7816-4, 11.6.5
const MAX_TRIES: u8 = 15;
const NAMES: [&str; 2] = ["MyEID", "OsEID"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;

    #[test]
    fn applet_info_is_read_from_twenty_bytes() {
        let answer = hex::decode("4d79454944 040502 00000000000000001234 0107").unwrap();
        let info = AppletInfo::parse(&answer).unwrap();
        assert_eq!((info.name.as_str(), info.version, info.change_counter), ("MyEID", [4, 5, 2], [1, 7]));
        assert!(info.chains());
        for end in 0..answer.len() {
            assert_eq!(AppletInfo::parse(&answer[..end]), None, "cut at {end}");
        }
        assert_eq!(AppletInfo::parse(&[0x4D; 20]), None);
    }

    #[test]
    fn pin_shorter_than_the_field_is_filled_up() {
        assert_eq!(padded(&[&Secret::from("1234")], PIN_FILLER).expose(), b"1234\xFF\xFF\xFF\xFF");
    }

    #[test]
    fn environment_names_algorithm_file_and_key() {
        let command = set_environment(Purpose::Sign, Treatment::Pkcs1, 0x4B01);
        assert_eq!(hex::encode(command.data.expose()), "80010281024b01840100");
        assert_eq!((command.p1, command.p2), (0x41, 0xB6));
    }

    #[test]
    fn pin_state_that_cannot_be_is_refused() {
        assert_eq!(PinState::parse(&[3, 10, 3, 10]).unwrap().tries_left, 3);
        assert_eq!(PinState::parse(&[4, 10, 3, 10]), None, "more tries than there are");
        assert_eq!(PinState::parse(&[0xFF, 0xFF, 0xFF, 0xFF]), None, "never initialised");
        assert_eq!(PinState::parse(&[]), None);
    }
}

//! The command set of the IsoApplet (API 0.6 and 1.0): each command as a value, each special answer as a type. Sends
//! nothing.

use crate::apdu::{Command, iso};
use crate::codec::{Secret, tlv};

/// Application identifier of the applet.
pub const AID: [u8; 12] = [0xF2, 0x76, 0xA2, 0x88, 0xBC, 0xFB, 0xA6, 0x9D, 0x34, 0xF3, 0x10, 0x01];
/// Reference of the one PIN.
pub const PIN: u8 = 0x01;
/// Reference of its PUK.
pub const PUK: u8 = 0x02;
/// The applet fills PINs up to this length in bytes; PUKs have just this length.
pub const PIN_LEN: usize = 16;
/// What PINs are filled up with.
pub const PIN_FILLER: u8 = 0x00;
/// Keys that the applet can have: references 0 to 15.
pub const KEYS: u8 = 16;

/// SELECT of the applet by its identifier. Takes every verification back.
pub fn select_applet() -> Command {
    iso::select_application(&AID)
}

/// GET DATA 0101: version and features, since API 1.0.
pub fn applet_data() -> Command {
    Command::new(CLA, INS_GET_DATA, 0x01, 0x01).expect(Applet::LEN)
}

/// Which version of the applet this is, and what its card can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applet {
    /// API version: 0.6, 1.0.
    pub version: (u8, u8),
    features: u8,
}

impl Applet {
    /// Length of the answer in bytes.
    pub const LEN: usize = 3;

    const EXTENDED_APDU: u8 = 0x01;
    const RANDOM: u8 = 0x02;
    const ECC: u8 = 0x04;
    const RSA_4096: u8 = 0x20;

    /// Reads the answer to SELECT (API 0) or GET DATA (API 1); `None` when it is another one, or of an API that is not
    /// known here.
    pub fn parse(answer: &[u8]) -> Option<Self> {
        let &[major @ 0..=1, minor, features] = answer else { return None };
        Some(Self { version: (major, minor), features })
    }

    /// The answer that says this.
    pub fn bytes(self) -> [u8; Self::LEN] {
        [self.version.0, self.version.1, self.features]
    }

    /// The card takes APDUs of extended length.
    pub fn has_extended_length(self) -> bool {
        self.features & Self::EXTENDED_APDU != 0
    }

    /// Long commands can be chained: API 1 takes them in one piece only.
    pub fn chains(self) -> bool {
        self.version.0 == 0
    }

    /// The card gives random bytes.
    pub fn has_random(self) -> bool {
        self.features & Self::RANDOM != 0
    }

    /// The card has elliptic curves. API 0.5 and before does not tell.
    pub fn has_ecc(self) -> bool {
        self.features & Self::ECC != 0 || self.version < (0, 6)
    }

    /// The card signs digests that the host has made: API 0 wants the whole message and makes SHA-1 of it.
    pub fn signs_digests(self) -> bool {
        self.version.0 > 0 && self.has_ecc()
    }

    /// The card has RSA keys of 4096 bits.
    pub fn has_rsa_4096(self) -> bool {
        self.features & Self::RSA_4096 != 0
    }
}

/// What a security environment is for (P2 of MSE SET).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// PSO COMPUTE DIGITAL SIGNATURE.
    Sign = 0xB6,
    /// PSO DECIPHER.
    Decipher = 0xB8,
    /// A key is generated or imported.
    Make = 0x00,
}

/// What the applet computes, or which key it makes (algorithm reference).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA with PKCS#1 v1.5 padding.
    RsaPkcs1 = 0x11,
    /// ECDSA.
    Ecdsa = 0x21,
    /// A new RSA key of 2048 bits.
    MakeRsa2048 = 0xF3,
    /// A new RSA key of 4096 bits.
    MakeRsa4096 = 0xF5,
    /// A new elliptic curve key.
    MakeEc = 0xEC,
}

/// MSE SET: the next operations use, or make, the key with this reference.
pub fn set_environment(purpose: Purpose, algorithm: Algorithm, key: u8) -> Command {
    let mut data = tlv::encode(0x80, &[algorithm as u8]);
    tlv::write(&mut data, 0x84, &[key]);
    Command::new(CLA, INS_MANAGE_SECURITY_ENVIRONMENT, 0x41, purpose as u8).data(&data)
}

/// PSO COMPUTE DIGITAL SIGNATURE over a DigestInfo or digest.
pub fn sign(input: &[u8], expected: usize) -> Command {
    Command::new(CLA, INS_PERFORM_SECURITY_OPERATION, 0x9E, 0x9A).data(input).expect(expected)
}

/// PSO DECIPHER: the plain text of a cryptogram, without its padding.
pub fn decipher(cryptogram: &[u8]) -> Command {
    let data = [&[PADDING_INDICATOR], cryptogram].concat();
    let mut command =
        Command::new(CLA, INS_PERFORM_SECURITY_OPERATION, 0x80, 0x86).data(&data).expect(cryptogram.len());
    command.sensitive = true;
    command
}

/// CHANGE REFERENCE DATA of a new card: sets the PUK, or the PIN.
pub fn set_reference_data(reference: u8, value: Secret) -> Command {
    Command::new(CLA, INS_CHANGE_REFERENCE_DATA, 0x01, reference).secret(value)
}

/// CHANGE REFERENCE DATA: the old PIN and the new one, both filled up.
pub fn change_pin(both: Secret) -> Command {
    Command::new(CLA, INS_CHANGE_REFERENCE_DATA, 0x00, PIN).secret(both)
}

/// RESET RETRY COUNTER: the PUK and the new PIN, filled up.
pub fn unblock(both: Secret) -> Command {
    Command::new(CLA, INS_RESET_RETRY_COUNTER, 0x00, PIN).secret(both)
}

/// Values one after the other, each filled up to [`PIN_LEN`] bytes.
pub fn padded(values: &[&Secret]) -> Secret {
    let mut data = Vec::with_capacity(values.len() * PIN_LEN);
    for (number, value) in values.iter().enumerate() {
        data.extend_from_slice(value.expose());
        data.resize((number + 1) * PIN_LEN, PIN_FILLER);
    }
    Secret::new(data)
}

/// Who may do something with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everybody.
    Anybody = 0x00,
    /// Who has verified the PIN.
    Holder = 0x90,
    /// Nobody.
    Nobody = 0xFF,
}

/// Who may delete, change and read a file; for a folder: delete it, make folders and files in it, delete those.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Delete it.
    pub delete: Who,
    /// Write it, or make files in it.
    pub update: Who,
    /// Read it.
    pub read: Who,
}

impl Access {
    /// What everybody reads and the holder of the PIN changes.
    pub const PUBLIC: Self = Self { delete: Who::Holder, update: Who::Holder, read: Who::Anybody };
    /// What only the holder of the PIN reads and changes.
    pub const PRIVATE: Self = Self { delete: Who::Holder, update: Who::Holder, read: Who::Holder };

    /// From the eight bytes of tag 86; a file without them is everybody's.
    pub fn from_bytes(bytes: Option<&[u8]>) -> Self {
        let who = |byte: u8| match byte {
            0x00 => Who::Anybody,
            0x90 => Who::Holder,
            other if other & 0x9F == 0x10 => Who::Holder,
            _ => Who::Nobody,
        };
        match bytes {
            Some(&[_, delete, _, _, _, _, update, read]) => {
                Self { delete: who(delete), update: who(update), read: who(read) }
            }
            _ => Self { delete: Who::Anybody, update: Who::Anybody, read: Who::Anybody },
        }
    }

    /// The access mode byte, then who may: delete, terminate, activate, deactivate, write, update, read (ISO 7816-4,
    /// 9.3.3.1; the applet wants all of them).
    fn bytes(self) -> [u8; 8] {
        let Self { delete, update, read } = self;
        let never = Who::Nobody as u8;
        [0xFF, delete as u8, never, never, never, update as u8, update as u8, read as u8]
    }
}

/// CREATE FILE of a file of so many bytes in the current folder; it is selected afterwards.
pub fn create_file(file: u16, size: u16, access: Access) -> Command {
    let mut fields = tlv::encode(0x81, &size.to_be_bytes());
    tlv::write(&mut fields, 0x82, &[0x01]);
    tlv::write(&mut fields, 0x83, &file.to_be_bytes());
    tlv::write(&mut fields, 0x86, &access.bytes());
    Command::new(CLA, INS_CREATE_FILE, 0x00, 0x00).data(&tlv::encode(0x62, &fields))
}

/// CREATE FILE of a folder with a name in the current folder; it is selected afterwards.
pub fn create_folder(file: u16, name: &[u8], access: Access) -> Command {
    let mut fields = tlv::encode(0x82, &[0x38]);
    tlv::write(&mut fields, 0x83, &file.to_be_bytes());
    tlv::write(&mut fields, 0x84, name);
    tlv::write(&mut fields, 0x86, &access.bytes());
    Command::new(CLA, INS_CREATE_FILE, 0x00, 0x00).data(&tlv::encode(0x62, &fields))
}

/// DELETE FILE, a folder with all that is in it. The applet has one file of an identifier on the whole card.
pub fn delete_file(file: u16) -> Command {
    Command::new(CLA, INS_DELETE_FILE, 0x00, 0x00).data(&file.to_be_bytes())
}

/// GENERATE ASYMMETRIC KEY PAIR: an RSA key of so many bytes. Answers the public key.
pub fn generate_rsa(modulus_len: usize) -> Command {
    Command::new(CLA, INS_GENERATE_KEY_PAIR, 0x42, 0x00).expect(modulus_len + PUBLIC_KEY_OVERHEAD)
}

/// GENERATE ASYMMETRIC KEY PAIR on the curve of these parameters. Answers the public key with them.
pub fn generate_ec(parameters: &[u8], field_len: usize) -> Command {
    Command::new(CLA, INS_GENERATE_KEY_PAIR, 0x00, 0x00)
        .data(parameters)
        .expect(8 * field_len + PUBLIC_KEY_OVERHEAD)
}

/// PUT DATA 3FFF: a private key from outside.
pub fn import_key(key: Secret) -> Command {
    Command::new(CLA, INS_PUT_DATA, 0x3F, 0xFF).secret(key)
}

const CLA: u8 = 0x00;
const INS_MANAGE_SECURITY_ENVIRONMENT: u8 = 0x22; // ISO 7816-4, 11.6.11
const INS_CHANGE_REFERENCE_DATA: u8 = 0x24; // ISO 7816-4, 11.6.7
const INS_PERFORM_SECURITY_OPERATION: u8 = 0x2A; // ISO 7816-8, 5.3
const INS_RESET_RETRY_COUNTER: u8 = 0x2C; // ISO 7816-4, 11.6.10
const INS_GENERATE_KEY_PAIR: u8 = 0x46; // ISO 7816-8, 5.1
const INS_GET_DATA: u8 = 0xCA; // ISO 7816-4, 11.4.3
const INS_PUT_DATA: u8 = 0xDB; // ISO 7816-8, annex C
const INS_CREATE_FILE: u8 = 0xE0; // ISO 7816-9, 6.1
const INS_DELETE_FILE: u8 = 0xE4; // ISO 7816-9, 6.2
const PADDING_INDICATOR: u8 = 0x00; // ISO 7816-8, 5.3.6: no further indication
/// Tags and lengths around the numbers of a public key, and an exponent or cofactor.
const PUBLIC_KEY_OVERHEAD: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;

    #[test]
    fn applet_is_told_by_three_bytes() {
        let old = Applet::parse(&[0x00, 0x06, 0x06]).unwrap();
        assert!(old.has_random() && old.has_ecc() && old.chains());
        assert!(!old.signs_digests() && !old.has_extended_length() && !old.has_rsa_4096());
        let new = Applet::parse(&[0x01, 0x00, 0x2F]).unwrap();
        assert!(new.signs_digests() && new.has_extended_length() && new.has_rsa_4096() && !new.chains());
        assert_eq!(Applet::parse(&new.bytes()), Some(new));
        for other in [&[][..], &[1, 0], &[2, 0, 0], &[1, 0, 0x2F, 0]] {
            assert_eq!(Applet::parse(other), None, "{other:?}");
        }
    }

    #[test]
    fn create_file_writes_size_type_identifier_and_access() {
        let command = create_file(0x4402, 512, Access::PUBLIC);
        assert_eq!(
            hex::encode(command.data.expose()),
            "6215 8102 0200 8201 01 8302 4402 8608 ff90ffffff909000".replace(' ', "")
        );
    }

    #[test]
    fn access_is_read_from_the_files_of_other_programs() {
        let bytes = hex::decode("ff 90 00 00 00 90 90 00").unwrap();
        assert_eq!(Access::from_bytes(Some(&bytes)), Access::PUBLIC);
        let nobody = hex::decode("ff ff ff ff ff ff ff ff").unwrap();
        assert_eq!(Access::from_bytes(Some(&nobody)).read, Who::Nobody);
        assert_eq!(Access::from_bytes(None).update, Who::Anybody);
    }

    #[test]
    fn padded_values_have_sixteen_bytes_each() {
        let both = padded(&[&Secret::from("1234"), &Secret::from("abcdefgh")]);
        assert_eq!(both.expose(), b"1234\0\0\0\0\0\0\0\0\0\0\0\0abcdefgh\0\0\0\0\0\0\0\0");
    }
}

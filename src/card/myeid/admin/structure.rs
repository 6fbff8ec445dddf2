//! The PKCS#15 structure that p11ctl gives a card: which files there are, how large, and who may change them.
//! Every user PIN owns a folder with its own directory files, so that its holder alone decides over what is in
//! it; what belongs to no PIN lies in the application folder, which the security officer owns.

use crate::card::myeid::commands::{PIN_FILLER, PIN_LEN};
use crate::card::pkcs15::{
    AlgorithmInfo, Application, AuthMethod, AuthObject, CommonObject, Extras, FileKind, ObjectFlags,
    OdfRecord, PKCS15_AID, Path, PinAttributes, PinFlags, PinType, TokenFlags, TokenInfo,
};

/// PIN reference of the security officer: the last one, so that users have 1, 2, 3, …
pub const OFFICER: u8 = 14;
/// Identifier of the security officer's PIN in the directory, as OpenSC has it.
pub const OFFICER_ID: u8 = 0xFF;
/// References that user PINs can have.
pub fn users() -> std::ops::RangeInclusive<u8> {
    1..=13
}

/// EF.DIR in the MF.
pub const EF_DIR: u16 = 0x2F00;
/// The application folder.
pub const APPLICATION: u16 = 0x5015;
/// EF.ODF.
pub const EF_ODF: u16 = 0x5031;
/// EF.TokenInfo.
pub const EF_TOKEN_INFO: u16 = 0x5032;
/// PUKs of the PINs that are reserved: for the security officer's eyes.
pub const EF_PUKS: u16 = 0x5035;
/// EF.AODF.
pub const EF_AODF: u16 = 0x4401;

/// Sizes in bytes: room for every PIN that the card can have.
pub const DIR_SIZE: u16 = 128;
/// See [`DIR_SIZE`].
pub const ODF_SIZE: u16 = 1024;
/// See [`DIR_SIZE`].
pub const TOKEN_INFO_SIZE: u16 = 256;
/// See [`DIR_SIZE`].
pub const AODF_SIZE: u16 = 1280;

/// The directory files that belong to no PIN: kind, identifier, size.
pub const COMMON_DIRECTORIES: [(FileKind, u16, u16); 2] =
    [(FileKind::Certificates, 0x4403, 4096), (FileKind::Data, 0x4406, 1024)];

/// The directory files of each user PIN: kind, identifier, size.
pub const PIN_DIRECTORIES: [(FileKind, u16, u16); 5] = [
    (FileKind::PrivateKeys, 0x4402, 1024),
    (FileKind::PublicKeys, 0x4404, 4096),
    (FileKind::SecretKeys, 0x4407, 512),
    (FileKind::Certificates, 0x4403, 4096),
    (FileKind::Data, 0x4406, 1024),
];

/// The identifier and size of a directory file that another card has not yet.
pub fn usual_directory(kind: FileKind) -> (u16, u16) {
    let usual = PIN_DIRECTORIES.iter().find(|(usual, ..)| *usual == kind);
    usual.map_or((0x4405, 1024), |(_, file, size)| (*file, *size))
}

/// Whether a file identifier is one that objects or moved directories get, here and by OpenSC's profile.
pub fn is_object_file([family, _]: [u8; 2]) -> bool {
    matches!(family, 0x43..=0x46 | 0x4B | 0x4D | 0x55)
}

/// Reference of AES among the algorithms of TokenInfo.
pub const AES_ALGORITHM: u32 = 1;

/// First file identifier of keys, public keys, certificates, public and private data objects.
pub const FIRST_KEY: u16 = 0x4B01;
/// See [`FIRST_KEY`].
pub const FIRST_PUBLIC_KEY: u16 = 0x5501;
/// See [`FIRST_KEY`].
pub const FIRST_CERTIFICATE: u16 = 0x4301;
/// See [`FIRST_KEY`].
pub const FIRST_PUBLIC_DATA: u16 = 0x4601;
/// See [`FIRST_KEY`].
pub const FIRST_PRIVATE_DATA: u16 = 0x4501;

/// See [`FIRST_KEY`].
pub const FIRST_SECRET_KEY: u16 = 0x4D01;

/// The folder of a user PIN.
pub fn pin_folder(reference: u8) -> u16 {
    FIRST_PIN_FOLDER | u16::from(reference)
}

/// The PIN whose folder a file is in, by its path from the MF.
pub fn owner_of(path: &[u8]) -> Option<u8> {
    let (folder, _file) = path.strip_prefix(&APPLICATION.to_be_bytes())?.split_first_chunk::<2>()?;
    let folder = u16::from_be_bytes(*folder);
    users().find(|reference| pin_folder(*reference) == folder)
}

/// A path from the MF, as directory entries have it.
pub fn path(files: &[u16]) -> Path {
    let mut value = MASTER_FILE.to_vec();
    value.extend(files.iter().flat_map(|file| file.to_be_bytes()));
    Path::file(&value)
}

/// EF.DIR names the one application.
pub fn directory_of_applications(label: &str) -> Vec<Application> {
    vec![Application {
        aid: PKCS15_AID.to_vec(),
        label: Some(label.to_owned()),
        path: Some([MASTER_FILE, APPLICATION.to_be_bytes()].concat()),
        ..Application::default()
    }]
}

/// EF.TokenInfo of a new card.
pub fn token_info(label: &str, serial: &[u8], has_aes: bool) -> TokenInfo {
    let aes = AlgorithmInfo {
        reference: AES_ALGORITHM,
        mechanism: CKM_AES_CBC,
        parameters: Some(NULL.to_vec()),
        operations: ENCIPHER_AND_DECIPHER,
        oid: Some(OID_AES_256_CBC.to_vec()),
        ..AlgorithmInfo::default()
    };
    TokenInfo {
        algorithms: if has_aes { vec![aes] } else { Vec::new() },
        version: 0,
        serial: serial.to_vec(),
        manufacturer: Some(MANUFACTURER.to_owned()),
        label: Some(label.to_owned()),
        flags: TokenFlags(TokenFlags::RANDOM.0 | TokenFlags::LOGIN_REQUIRED.0),
        ..TokenInfo::default()
    }
}

/// The records of the ODF of a new card: PINs, what belongs to each, and what belongs to none.
pub fn odf_records(users: impl IntoIterator<Item = u8>) -> Vec<OdfRecord> {
    let auth = OdfRecord::File { kind: FileKind::Auth, path: path(&[APPLICATION, EF_AODF]) };
    let common =
        COMMON_DIRECTORIES.map(|(kind, file, _)| OdfRecord::File { kind, path: path(&[APPLICATION, file]) });
    std::iter::once(auth).chain(users.into_iter().flat_map(pin_records)).chain(common).collect()
}

/// The records of the ODF that a user PIN adds.
pub fn pin_records(reference: u8) -> Vec<OdfRecord> {
    let record =
        |(kind, file, _)| OdfRecord::File { kind, path: path(&[APPLICATION, pin_folder(reference), file]) };
    PIN_DIRECTORIES.map(record).to_vec()
}

/// The AODF entry of a PIN.
pub fn auth_object(reference: u8, label: &str, min_len: u8) -> AuthObject {
    let (id, flags) = match reference {
        OFFICER => (OFFICER_ID, PIN_FLAGS.union(PinFlags::SO_PIN)),
        user => (user, PIN_FLAGS),
    };
    AuthObject {
        common: CommonObject {
            label: Some(label.to_owned()),
            flags: ObjectFlags::PRIVATE.union(ObjectFlags::MODIFIABLE),
            ..CommonObject::default()
        },
        auth_id: vec![id],
        method: AuthMethod::Pin(PinAttributes {
            flags,
            pin_type: PinType::AsciiNumeric,
            min_length: u32::from(min_len),
            stored_length: PIN_LEN as u32,
            max_length: Some(PIN_LEN as u32),
            reference: Some(u32::from(reference)),
            pad_char: Some(PIN_FILLER),
            last_change: None,
            path: Some(path(&[APPLICATION])),
        }),
        extra: Extras::default(),
    }
}

/// Algorithms in TokenInfo go by PKCS#11's numbers.
const CKM_AES_CBC: u32 = 0x1082;
const NULL: [u8; 2] = [0x05, 0x00];
/// Bits 4 and 5 of the supported operations.
const ENCIPHER_AND_DECIPHER: u32 = 0x30;
/// 2.16.840.1.101.3.4.1.42 (NIST).
const OID_AES_256_CBC: [u8; 9] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2A];
const MASTER_FILE: [u8; 2] = [0x3F, 0x00];
const FIRST_PIN_FOLDER: u16 = 0x5100;
const MANUFACTURER: &str = "p11ctl";
const PIN_FLAGS: PinFlags = PinFlags::INITIALIZED.union(PinFlags::NEEDS_PADDING);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::pkcs15::encode_odf;

    #[test]
    fn odf_has_room_for_every_pin() {
        assert!(encode_odf(&odf_records(users())).len() < usize::from(ODF_SIZE));
    }

    #[test]
    fn aodf_has_room_for_every_pin_with_a_long_label() {
        let entry = auth_object(13, &"x".repeat(32), 4).encode();
        assert!(entry.len() * 14 < usize::from(AODF_SIZE), "{}", entry.len());
    }

    #[test]
    fn owner_of_a_file_is_told_by_its_folder() {
        assert_eq!(owner_of(&[0x50, 0x15, 0x51, 0x02, 0x43, 0x01]), Some(2));
        for other in [&[0x50, 0x15, 0x43, 0x01][..], &[0x50, 0x15, 0x51, 0x0E, 1, 1], &[0x50, 0x15], &[]] {
            assert_eq!(owner_of(other), None, "{other:?}");
        }
    }
}

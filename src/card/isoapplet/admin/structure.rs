//! The PKCS#15 structure that p11ctl gives a card with the IsoApplet: the files of OpenSC's profile, so that both find
//! theirs. Everything is the holder's of the one PIN.

use crate::card::pkcs15::write::path_in;
use crate::card::pkcs15::{
    AuthMethod, AuthObject, CommonObject, Extras, FileKind, ObjectFlags, OdfRecord, PinAttributes, PinFlags,
    PinType, TokenFlags, TokenInfo,
};
use crate::codec::tlv;

use super::super::commands::{self, PIN_FILLER, PIN_LEN};
use super::super::{APPLICATION, state};

/// EF.DIR in the MF.
pub const EF_DIR: u16 = 0x2F00;
/// The application folder.
pub const APPLICATION_FOLDER: u16 = 0x5015;
/// EF.ODF.
pub const EF_ODF: u16 = 0x5031;
/// EF.TokenInfo.
pub const EF_TOKEN_INFO: u16 = 0x5032;
/// EF.AODF.
pub const EF_AODF: u16 = 0x4401;

/// Sizes in bytes.
pub const DIR_SIZE: u16 = 128;
/// See [`DIR_SIZE`].
pub const ODF_SIZE: u16 = 128;
/// See [`DIR_SIZE`].
pub const TOKEN_INFO_SIZE: u16 = 160;
/// See [`DIR_SIZE`].
pub const AODF_SIZE: u16 = 128;

/// The directory files: kind, identifier, size. They grow when they are full.
pub const DIRECTORIES: [(FileKind, u16, u16); 4] = [
    (FileKind::PrivateKeys, 0x4402, 512),
    (FileKind::PublicKeys, 0x4403, 512),
    (FileKind::Certificates, 0x4404, 768),
    (FileKind::Data, 0x4405, 256),
];

/// The identifier and size of a directory file that another card has not yet.
pub fn usual_directory(kind: FileKind) -> (u16, u16) {
    let usual = DIRECTORIES.iter().find(|(usual, ..)| *usual == kind);
    usual.map_or((0x4406, 256), |(_, file, size)| (*file, *size))
}

/// First file identifier of public data, public keys, certificates and private data.
pub const FIRST_PUBLIC_DATA: u16 = 0x3200;
/// See [`FIRST_PUBLIC_DATA`].
pub const FIRST_PUBLIC_KEY: u16 = 0x3300;
/// See [`FIRST_PUBLIC_DATA`].
pub const FIRST_CERTIFICATE: u16 = 0x3400;
/// See [`FIRST_PUBLIC_DATA`].
pub const FIRST_PRIVATE_DATA: u16 = 0x3500;
/// Directory files that outgrew their first place lie from here on.
pub const FIRST_MOVED_DIRECTORY: u16 = 0x4411;

/// Whether a file identifier is one that objects or moved directories get, here and by OpenSC's profile.
pub fn is_object_file([family, low]: [u8; 2]) -> bool {
    matches!(family, 0x32..=0x35) || (family == 0x44 && low >= FIRST_MOVED_DIRECTORY.to_be_bytes()[1])
}

/// EF.TokenInfo of a new card. The serial number is made up: the applet has none.
pub fn token_info(label: &str, serial: &[u8], has_random: bool, now: i64) -> TokenInfo {
    let random = if has_random { TokenFlags::RANDOM.0 } else { 0 };
    TokenInfo {
        version: 0,
        serial: serial.to_vec(),
        manufacturer: Some(MANUFACTURER.to_owned()),
        label: Some(label.to_owned()),
        flags: TokenFlags(random | TokenFlags::LOGIN_REQUIRED.0),
        last_update: Some(tlv::encode(TAG_GENERALIZED_TIME, state::date_text(now).as_bytes())),
        ..TokenInfo::default()
    }
}

/// The records of the ODF.
pub fn odf_records() -> Vec<OdfRecord> {
    let auth = OdfRecord::File { kind: FileKind::Auth, path: path_in(&APPLICATION, EF_AODF) };
    let others =
        DIRECTORIES.map(|(kind, file, _)| OdfRecord::File { kind, path: path_in(&APPLICATION, file) });
    std::iter::once(auth).chain(others).collect()
}

/// The AODF entry of the PIN.
pub fn auth_object(min_len: u8, has_puk: bool) -> AuthObject {
    let flags = PinFlags::CASE_SENSITIVE.union(PinFlags::INITIALIZED).union(PinFlags::NEEDS_PADDING);
    AuthObject {
        common: CommonObject {
            label: Some(PIN_LABEL.to_owned()),
            flags: ObjectFlags::PRIVATE.union(ObjectFlags::MODIFIABLE),
            ..CommonObject::default()
        },
        auth_id: vec![commands::PIN],
        method: AuthMethod::Pin(PinAttributes {
            flags: if has_puk { flags } else { flags.union(PinFlags::UNBLOCK_DISABLED) },
            pin_type: PinType::Utf8,
            min_length: u32::from(min_len),
            stored_length: PIN_LEN as u32,
            max_length: Some(PIN_LEN as u32),
            reference: Some(u32::from(commands::PIN)),
            pad_char: Some(PIN_FILLER),
            last_change: None,
            path: Some(crate::card::pkcs15::Path::file(&[0x3F, 0x00, 0x50, 0x15])),
        }),
        extra: Extras::default(),
    }
}

const TAG_GENERALIZED_TIME: u32 = 0x18;
const MANUFACTURER: &str = "p11ctl";
/// OpenSC then calls the token by the card's label alone.
const PIN_LABEL: &str = "PIN";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::pkcs15::encode_odf;

    #[test]
    fn files_have_room_for_what_goes_into_them() {
        assert!(encode_odf(&odf_records()).len() < usize::from(ODF_SIZE) / 2, "and for as many again");
        assert!(auth_object(4, false).encode().len() < usize::from(AODF_SIZE));
        let info = token_info(&"x".repeat(32), &[7; 8], true, 0).encode();
        assert!(info.len() < usize::from(TOKEN_INFO_SIZE), "{}", info.len());
    }

    #[test]
    fn object_files_are_told_from_those_of_the_structure() {
        for file in [[0x33, 0x00], [0x35, 0x1F], [0x44, 0x12]] {
            assert!(is_object_file(file), "{file:02x?}");
        }
        for file in [[0x44, 0x02], [0x50, 0x31], [0x50, 0x15], [0x2F, 0x00]] {
            assert!(!is_object_file(file), "{file:02x?}");
        }
    }
}

//! Selecting files and what the card says of them (ISO 7816-4, 7.4 and 11.2.2). No card's own tags here.

use super::channel::{ApduError, Channel};
use super::command::Command;
use super::status::StatusWord;
use crate::codec::tlv;

/// How a file is named in SELECT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Select<'a> {
    /// An application by its AID, or by the beginning of it.
    Application(&'a [u8]),
    /// A path of two-byte identifiers from the master file. A leading 3F00 may stand there or not.
    Path(&'a [u8]),
    /// A path of two-byte identifiers from the current DF.
    PathFromCurrent(&'a [u8]),
    /// A file identifier: master file, current DF or its parent, a child of the current DF.
    File(u16),
}

/// What SELECT shall tell of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tell {
    /// File control parameters (P2 = 04).
    Parameters,
    /// File control information, the default of most cards (P2 = 00).
    Information,
    /// Nothing: no byte comes back.
    Nothing,
}

/// What a file is, by its descriptor byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A directory or application (DF).
    Directory,
    /// An elementary file of bytes.
    Transparent,
    /// An elementary file of records.
    Records,
    /// An internal file: keys, PINs.
    Internal,
    /// Something else, or a card that does not tell.
    Unknown,
}

/// What a card says of a selected file. Everything may be missing: cards leave out what they like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// Number of data bytes (tag 80, else 81).
    pub size: Option<usize>,
    /// What it is.
    pub kind: FileKind,
    /// The descriptor byte itself (first of tag 82): internal files differ by it.
    pub descriptor: Option<u8>,
    /// File identifier (tag 83).
    pub id: Option<u16>,
    /// Application identifier or DF name (tag 84).
    pub name: Option<Vec<u8>>,
    /// Short identifier, 1 to 30 (tag 88).
    pub short_id: Option<u8>,
    /// Life cycle status byte (tag 8A).
    pub life_cycle: Option<u8>,
    /// The whole answer: the card's own data objects are read from it.
    pub raw: Vec<u8>,
}

impl FileInfo {
    /// Reads file control information or parameters (templates 6F, 62, 64, or data objects without one). Never
    /// refuses: what cannot be read is missing.
    pub fn parse(bytes: &[u8]) -> Self {
        let body = parameters(bytes);
        let number = |tag| tlv::find(body, tag).and_then(unsigned);
        let descriptor = tlv::find(body, 0x82).and_then(|value| value.first().copied());
        Self {
            size: number(0x80).or_else(|| number(0x81)),
            kind: descriptor.map_or(FileKind::Unknown, kind),
            descriptor,
            id: number(0x83).and_then(|id| u16::try_from(id).ok()),
            name: tlv::find(body, 0x84).map(<[u8]>::to_vec),
            short_id: tlv::find(body, 0x88).and_then(|value| value.first()).map(|byte| byte >> 3),
            life_cycle: tlv::find(body, 0x8A).and_then(|value| value.first().copied()),
            raw: bytes.to_vec(),
        }
    }

    /// The value of one of the card's own data objects.
    pub fn find(&self, tag: u32) -> Option<&[u8]> {
        tlv::find(parameters(&self.raw), tag)
    }
}

/// Selects a file by one SELECT. A deactivated or terminated file (6283, 6285) counts as selected; any other status
/// is `UnexpectedStatus`, 6A82 where there is no such file.
pub fn select(channel: &mut Channel<'_>, file: Select<'_>, tell: Tell) -> Result<FileInfo, ApduError> {
    let file_id;
    let (p1, data): (u8, &[u8]) = match file {
        Select::Application(aid) => (0x04, aid),
        Select::Path([0x3F, 0x00]) | Select::Path([]) => (0x00, &MASTER_FILE),
        Select::Path([0x3F, 0x00, rest @ ..]) => (0x08, rest),
        Select::Path(path) => (0x08, path),
        Select::PathFromCurrent(path) => (0x09, path),
        Select::File(id) => {
            file_id = id.to_be_bytes();
            (0x00, &file_id)
        }
    };
    let (p2, expected) = match tell {
        Tell::Information => (0x00, Some(256)),
        Tell::Parameters => (0x04, Some(256)),
        Tell::Nothing => (0x0C, None),
    };
    let mut command = Command::new(0x00, INS_SELECT, p1, p2).data(data);
    command.expected = expected;
    let response = channel.send(&command)?;
    match response.status {
        StatusWord::OK | StatusWord(0x6283 | 0x6285) => Ok(FileInfo::parse(&response.data)),
        status => Err(ApduError::UnexpectedStatus { ins: INS_SELECT, status }),
    }
}

/// The data objects inside the template, or the bytes themselves where there is none.
fn parameters(bytes: &[u8]) -> &[u8] {
    match tlv::Reader::new(bytes).next() {
        Some(Ok(first)) if matches!(first.tag, 0x62 | 0x64 | 0x6F) => {
            // FCI may hold the parameters one level deeper.
            tlv::find(first.value, 0x62).unwrap_or(first.value)
        }
        // Cut short, perhaps by a wrong Le: what is there counts.
        Some(Err(_)) => match bytes {
            [0x62 | 0x64 | 0x6F, 0..=0x7F, rest @ ..] => rest,
            _ => bytes,
        },
        _ => bytes,
    }
}

fn unsigned(value: &[u8]) -> Option<usize> {
    (!value.is_empty() && value.len() <= 4)
        .then(|| value.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
}

fn kind(descriptor: u8) -> FileKind {
    match (descriptor & 0x38, descriptor & 0x07) {
        (0x38, _) => FileKind::Directory,
        (0x00, 0x01) => FileKind::Transparent,
        (0x00, 0x02..=0x07) => FileKind::Records,
        (0x00, _) => FileKind::Unknown,
        _ => FileKind::Internal,
    }
}

const INS_SELECT: u8 = 0xA4; // ISO 7816-4, 11.2.2
const MASTER_FILE: [u8; 2] = [0x3F, 0x00];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apdu::testing::{Script, channel};
    use crate::codec::hex;

    fn parsed(text: &str) -> FileInfo {
        FileInfo::parse(&hex::decode(text).unwrap())
    }

    #[test]
    fn info_of_a_transparent_file_is_read() {
        let info = parsed("6f13 8102 0100 8201 01 8302 4401 8603 00 11 ff 8501 00");
        assert_eq!((info.size, info.kind, info.id), (Some(256), FileKind::Transparent, Some(0x4401)));
        assert_eq!(info.find(0x86), Some(&[0x00, 0x11, 0xFF][..]));
        assert_eq!(info.name, None);
    }

    #[test]
    fn info_of_an_application_is_read() {
        let info = parsed("620c 8201 38 8302 5015 8403 a00000");
        assert_eq!((info.kind, info.id, info.size), (FileKind::Directory, Some(0x5015), None));
        assert_eq!(info.name.as_deref(), Some(&[0xA0, 0, 0][..]));
    }

    #[test]
    fn info_prefers_the_data_size_and_reads_nested_parameters() {
        let info = parsed("6f10 620e 8102 0200 8002 0155 8201 09 8801 10");
        assert_eq!(
            (info.size, info.kind, info.short_id),
            (Some(0x155), FileKind::Internal, Some(2)),
            "{info:?}"
        );
    }

    #[test]
    fn info_cut_short_gives_what_is_there() {
        let info = parsed("6f17 8102 0100 8302 4401 86");
        assert_eq!((info.size, info.id), (Some(256), Some(0x4401)));
    }

    #[test]
    fn info_of_nonsense_is_empty_not_a_panic() {
        for text in ["", "6f", "6f7f80", "9000", "6f0480020", "800500000000ff", "8200", "8800"] {
            let bytes = hex::decode(&text[..text.len() & !1]).unwrap();
            let info = FileInfo::parse(&bytes);
            assert_eq!((info.size, info.kind, info.short_id), (None, FileKind::Unknown, None), "{text}");
        }
    }

    #[test]
    fn select_by_path_is_one_command_without_the_master_file() {
        let mut script = Script::t1(&[("00a4080004 50154401 00", "6f03 820101 9000")]);
        let info = select(
            &mut channel(&mut script),
            Select::Path(&[0x3F, 0, 0x50, 0x15, 0x44, 1]),
            Tell::Information,
        );
        assert_eq!(info.unwrap().kind, FileKind::Transparent);
        script.assert_done();
    }

    #[test]
    fn select_of_the_master_file_and_by_name_use_their_own_p1() {
        let mut script = Script::t1(&[
            ("00a4000c02 3f00", "9000"),
            ("00a4040405 a000000063 00", "6283"),
            ("00a4000002 2f00 00", "6a82"),
        ]);
        let mut channel = channel(&mut script);
        select(&mut channel, Select::Path(&[0x3F, 0]), Tell::Nothing).unwrap();
        select(&mut channel, Select::Application(&[0xA0, 0, 0, 0, 0x63]), Tell::Parameters).unwrap();
        let missing = select(&mut channel, Select::File(0x2F00), Tell::Information);
        assert!(
            matches!(missing, Err(ApduError::UnexpectedStatus { status: StatusWord::FILE_NOT_FOUND, .. })),
            "{missing:?}"
        );
        drop(channel);
        script.assert_done();
    }
}

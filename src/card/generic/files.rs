//! Selecting and reading files on a card of which nothing is known but ISO 7816-4.

use crate::apdu::{self, ApduError, Channel, Command, FileInfo, FileKind, ReadBinary, Select, StatusWord};
use crate::apdu::{Target, Tell};
use crate::card::CardError;
use crate::card::pkcs15::{self, Path};

/// How a card takes its files, as far as it was found out.
#[derive(Debug, Default)]
pub(super) struct Selector {
    /// The card refuses paths: each level is selected by itself.
    stepwise: bool,
    /// The current DF, as a path without part.
    current: Option<Path>,
    /// The application that was selected by its name last, as far as nobody else can have selected another one since.
    named: Option<Vec<u8>>,
}

/// How much of a file is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it, or the part that the path names.
    Whole,
    /// The data object that it begins with: certificates and keys, which do not fill their files.
    Object,
}

/// Answers of cards that do not know SELECT by path.
const NO_PATHS: [StatusWord; 6] = [
    StatusWord::WRONG_P1_P2,
    StatusWord::FUNCTION_NOT_SUPPORTED,
    StatusWord::INS_NOT_SUPPORTED,
    StatusWord::WRONG_LENGTH,
    StatusWord::WRONG_DATA,
    StatusWord::WRONG_OFFSET,
];
const INS_READ_RECORD: u8 = 0xB2; // ISO 7816-4, 11.4.3
/// P1 is the number of a record of the current file.
const RECORD_BY_NUMBER: u8 = 0x04;
/// Record numbers go from 1 to this.
const LAST_RECORD: u8 = 254;
/// READ BINARY on a file of records.
const NOT_TRANSPARENT: StatusWord = StatusWord(0x6981);

impl Selector {
    /// Another program may have selected something else.
    pub(super) fn forget(&mut self) {
        self.current = None;
        self.named = None;
    }

    /// The application of this name was selected by it.
    pub(super) fn be_in(&mut self, name: &[u8]) {
        self.current = None;
        self.named = Some(name.to_vec());
    }

    /// The name by which the selected application was selected; `None` where that was not by name, or another program may
    /// have come since.
    pub(super) fn named(&self) -> Option<&[u8]> {
        self.named.as_deref()
    }

    /// Selects a file or directory; the part that the path names does not matter.
    pub(super) fn select(&mut self, channel: &mut Channel<'_>, path: &Path) -> Result<FileInfo, CardError> {
        let info = self.select_any(channel, path);
        match &info {
            Ok(info) if info.kind == FileKind::Directory => self.current = Some(path.whole()),
            Ok(_) => self.current = parent(path),
            Err(_) => self.current = None,
        }
        info
    }

    fn select_any(&mut self, channel: &mut Channel<'_>, path: &Path) -> Result<FileInfo, CardError> {
        let ids = path.value.as_chunks::<2>();
        let (levels, []) = ids else {
            let why = format!("path {path} is not made of file identifiers");
            return Err(CardError::Malformed { what: "a path".to_owned(), why });
        };
        let levels: Vec<u16> = levels.iter().map(|id| u16::from_be_bytes(*id)).collect();
        if let (Some(last), true) = (levels.last(), self.current.is_some() && self.current == parent(path)) {
            return step(channel, *last);
        }
        if let Some(aid) = &path.aid {
            self.named = None;
            let mut info = select(channel, Select::Application(aid))?;
            self.named = Some(aid.clone());
            for level in levels {
                info = step(channel, level)?;
            }
            return Ok(info);
        }
        if !self.stepwise {
            match select(channel, Select::Path(&path.value)) {
                Err(error) if status(&error).is_some_and(|status| NO_PATHS.contains(&status)) => {
                    self.stepwise = true;
                }
                other => return other,
            }
        }
        let mut info = select(channel, Select::Path(&[]))?;
        for level in levels.into_iter().filter(|level| *level != MASTER_FILE) {
            info = step(channel, level)?;
        }
        Ok(info)
    }

    /// Reads what a path names, at most `limit` bytes. Errors: `NotAuthenticated` where a PIN is wanted.
    pub(super) fn read(
        &mut self,
        channel: &mut Channel<'_>,
        path: &Path,
        extent: Extent,
        limit: usize,
    ) -> Result<Vec<u8>, CardError> {
        let info = self.select(channel, path)?;
        if info.kind == FileKind::Records {
            return read_records(channel, path, limit);
        }
        let offset = path.index.unwrap_or(0) as usize;
        let size = info.size.map(|size| size.saturating_sub(offset).min(limit));
        let len = match (path.length.map(|length| (length as usize).min(limit)), size) {
            (Some(said), Some(size)) => Some(said.min(size)),
            (said, size) => said.or(size),
        };
        let mut request = ReadBinary::new(Target::Current).offset(offset).len(len).max_len(limit);
        if extent == Extent::Object {
            request = request.one_object();
        }
        match request.run(channel) {
            Err(ApduError::UnexpectedStatus { status: NOT_TRANSPARENT, .. }) => {
                read_records(channel, path, limit)
            }
            other => other.map_err(CardError::from),
        }
    }
}

/// Reads the records of the selected file one after the other, or the one that the path names.
fn read_records(channel: &mut Channel<'_>, path: &Path, limit: usize) -> Result<Vec<u8>, CardError> {
    let only = path.index.and_then(|index| u8::try_from(index).ok()).filter(|index| *index > 0);
    let numbers = only.map_or(1..=LAST_RECORD, |number| number..=number);
    let mut content = Vec::new();
    for number in numbers {
        let command = Command::new(0x00, INS_READ_RECORD, number, RECORD_BY_NUMBER).expect(256);
        let response = channel.send(&command)?;
        match response.status {
            StatusWord::OK | StatusWord::END_OF_FILE => content.extend_from_slice(&response.data),
            StatusWord::RECORD_NOT_FOUND => break,
            status => return Err(ApduError::UnexpectedStatus { ins: INS_READ_RECORD, status }.into()),
        }
        if content.len() >= limit {
            content.truncate(limit);
            break;
        }
    }
    Ok(content)
}

fn step(channel: &mut Channel<'_>, id: u16) -> Result<FileInfo, CardError> {
    select(channel, Select::File(id))
}

/// Most cards tell what a file is with P2 = 00; some want P2 = 0C and tell nothing.
fn select(channel: &mut Channel<'_>, file: Select<'_>) -> Result<FileInfo, CardError> {
    match apdu::select(channel, file, Tell::Information) {
        Err(ApduError::UnexpectedStatus { status: StatusWord::WRONG_P1_P2, .. }) => {
            Ok(apdu::select(channel, file, Tell::Nothing)?)
        }
        other => Ok(other?),
    }
}

fn parent(path: &Path) -> Option<Path> {
    let end = path.value.len().checked_sub(2)?;
    Some(Path { value: path.value.get(..end)?.to_vec(), ..path.whole() })
}

/// The status that a card refused with.
pub(super) fn status(error: &CardError) -> Option<StatusWord> {
    match error {
        CardError::Apdu(ApduError::UnexpectedStatus { status, .. }) | CardError::Refused { status, .. } => {
            Some(*status)
        }
        _ => None,
    }
}

const MASTER_FILE: u16 = 0x3F00;

/// Reads directory files for the PKCS#15 reader.
pub(super) struct Walker<'a, 'c> {
    pub(super) channel: &'a mut Channel<'c>,
    pub(super) selector: &'a mut Selector,
}

impl pkcs15::Files for Walker<'_, '_> {
    fn read(&mut self, path: &Path, limit: usize) -> Result<Vec<u8>, CardError> {
        self.selector.read(self.channel, path, Extent::Whole, limit)
    }
}

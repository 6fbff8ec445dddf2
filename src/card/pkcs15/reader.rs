//! Walks the files of a PKCS#15 application, within limits, and keeps what it finds.
//!
//! A card is not trusted: bytes, files and steps are bounded, and a file is read once however often the card
//! names it. What cannot be read becomes a [`Problem`]; only a broken connection ends the walk.

use std::collections::BTreeSet;

use super::dir::{Application, PKCS15_AID, decode_dir};
use super::file::DirectoryFile;
use super::odf::{FileKind, OdfRecord, decode_odf};
use super::path::Path;
use super::token_info::TokenInfo;
use crate::apdu::{ApduError, StatusWord};
use crate::card::CardError;
use crate::codec::hex;
use crate::token::Problem;

/// Reads files of a card.
pub trait Files {
    /// Reads what `path` names, a whole file or the part by index and length, at most `limit` bytes.
    /// The path starts from the master file (3F00) or from its application identifier.
    /// Errors: status 6A82 for a file that is not there; transport errors end the walk.
    fn read(&mut self, path: &Path, limit: usize) -> Result<Vec<u8>, CardError>;
}

/// Most bytes of one file.
pub const FILE_LIMIT: usize = 64 * 1024;
/// Most bytes of all directory files of one card together.
pub const CARD_LIMIT: usize = 1024 * 1024;
/// Most directory files of one application.
pub const FILES_LIMIT: usize = 256;
/// Most applications of EF.DIR that are tried.
const APPLICATIONS_LIMIT: usize = 16;

const EF_DIR: [u8; 4] = [0x3F, 0x00, 0x2F, 0x00];
const MASTER_FILE: [u8; 2] = [0x3F, 0x00];
const DF_PKCS15: [u8; 4] = [0x3F, 0x00, 0x50, 0x15];
const EF_ODF: [u8; 2] = [0x50, 0x31];
const EF_TOKEN_INFO: [u8; 2] = [0x50, 0x32];
const EF_UNUSED_SPACE: [u8; 2] = [0x50, 0x33];

/// Where an application keeps its files, all from the master file or the application identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The application's directory: relative paths start here.
    pub base: Path,
    /// EF.ODF.
    pub odf: Path,
    /// EF.TokenInfo.
    pub token_info: Path,
    /// EF.UnusedSpace.
    pub unused_space: Path,
}

impl Place {
    /// The files of the standard in the directory `base`.
    pub fn at(base: Path) -> Self {
        let file = |name: &[u8]| Path::file(name).resolve(&base);
        let (odf, token_info, unused_space) = (file(&EF_ODF), file(&EF_TOKEN_INFO), file(&EF_UNUSED_SPACE));
        Self { base, odf, token_info, unused_space }
    }

    /// The usual place: 3F00 5015.
    pub fn standard() -> Self {
        Self::at(Path::file(&DF_PKCS15))
    }

    /// As EF.DIR says.
    pub fn of(application: &Application) -> Self {
        let mut place = Self::at(application.base());
        let Some(ddo) = &application.ddo else { return place };
        let files = [
            (&ddo.odf, &mut place.odf),
            (&ddo.token_info, &mut place.token_info),
            (&ddo.unused_space, &mut place.unused_space),
        ];
        for (said, file) in files {
            if let Some(path) = said.as_ref().filter(|path| !path.is_empty()) {
                *file = path.resolve(&place.base);
            }
        }
        place
    }
}

/// The files of one application as they were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Where the application keeps its files.
    pub place: Place,
    /// EF.TokenInfo, if it could be read.
    pub token_info: Option<TokenInfo>,
    /// EF.ODF.
    pub odf: Vec<OdfRecord>,
    /// The directory files, PINs first, then in the order of the ODF.
    pub files: Vec<DirectoryFile>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Finds and reads the PKCS#15 application of a card: by EF.DIR if there is one, else in the usual place.
/// `None` when the card has no such application. Errors: only those that end the connection.
pub fn read_directory(files: &mut dyn Files) -> Result<Option<Directory>, CardError> {
    let mut walk = Walk::new(files);
    let applications = match walk.read(&Path::file(&EF_DIR))? {
        Ok(bytes) => decode_dir(&bytes),
        Err(_) => Vec::new(),
    };
    let (exact, others): (Vec<_>, Vec<_>) =
        applications.iter().filter(|one| one.is_pkcs15()).partition(|one| one.aid == PKCS15_AID);
    let mut named = exact.into_iter().chain(others).take(APPLICATIONS_LIMIT);
    let mut tried: Vec<Place> = Vec::new();
    for application in named.by_ref() {
        let place = Place::of(application);
        if tried.contains(&place) {
            continue;
        }
        tried.push(place.clone());
        if let Some(mut directory) = walk.application(place)? {
            directory.problems.extend(named.filter(|one| !tried.contains(&Place::of(one))).map(not_read));
            return Ok(Some(directory));
        }
    }
    for place in [Place::standard(), Place::at(Path::file(&MASTER_FILE))] {
        if !tried.contains(&place)
            && let Some(directory) = walk.application(place)?
        {
            return Ok(Some(directory));
        }
    }
    Ok(None)
}

/// A card with two PKCS#15 applications shows the first.
fn not_read(application: &Application) -> Problem {
    let name = application.label.as_deref().unwrap_or_default();
    Problem {
        what: format!("PKCS#15 application {name:?} ({})", hex::encode(&application.aid)),
        why: "not read: the card has another PKCS#15 application before it".to_owned(),
    }
}

/// Reads the application in a known place, asking nothing else. `None` when it is not there.
pub fn read_application(files: &mut dyn Files, place: Place) -> Result<Option<Directory>, CardError> {
    Walk::new(files).application(place)
}

/// A walk over one card: what may still be read, and what was read already.
struct Walk<'a> {
    files: &'a mut dyn Files,
    bytes_left: usize,
}

/// Why a file gives nothing; the walk goes on.
#[derive(Debug)]
enum Gap {
    /// The card has no such file.
    Absent,
    /// Anything else, for the user.
    Unreadable(String),
}

impl<'a> Walk<'a> {
    fn new(files: &'a mut dyn Files) -> Self {
        Self { files, bytes_left: CARD_LIMIT }
    }

    /// Reads one file within the limits.
    fn read(&mut self, path: &Path) -> Result<Result<Vec<u8>, Gap>, CardError> {
        let limit = FILE_LIMIT.min(self.bytes_left);
        if limit == 0 {
            let why = format!("not read: the directories together are larger than {CARD_LIMIT} bytes");
            return Ok(Err(Gap::Unreadable(why)));
        }
        match self.files.read(path, limit) {
            Ok(mut bytes) => {
                bytes.truncate(limit);
                self.bytes_left -= bytes.len();
                Ok(Ok(bytes))
            }
            Err(CardError::Apdu(ApduError::Transport(error))) => {
                Err(CardError::Apdu(ApduError::Transport(error)))
            }
            Err(error) if is_absent(&error) => Ok(Err(Gap::Absent)),
            Err(error) => Ok(Err(Gap::Unreadable(error.to_string()))),
        }
    }

    fn application(&mut self, place: Place) -> Result<Option<Directory>, CardError> {
        let mut problems = Vec::new();
        let Ok(bytes) = self.read(&place.odf)? else { return Ok(None) };
        let odf = decode_odf(&bytes);
        // Some other card's file 5031: nothing in it is a record of an ODF.
        if !odf.is_empty() && odf.iter().all(|record| matches!(record, OdfRecord::Unknown { .. })) {
            return Ok(None);
        }
        let token_info = self.token_info(&place, &mut problems)?;
        let mut files = self.directory_files(&place, &odf, &mut problems)?;
        files.sort_by_key(|file| file.kind != FileKind::Auth);
        Ok(Some(Directory { place, token_info, odf, files, problems }))
    }

    fn token_info(
        &mut self,
        place: &Place,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<TokenInfo>, CardError> {
        let decoded = match self.read(&place.token_info)? {
            Ok(bytes) => TokenInfo::decode(&bytes).map_err(|error| error.to_string()),
            Err(Gap::Absent) => Err("the card has no such file".to_owned()),
            Err(Gap::Unreadable(why)) => Err(why),
        };
        match decoded {
            Ok(token_info) => Ok(Some(token_info)),
            Err(why) => {
                problems
                    .push(Problem { what: format!("TokenInfo in EF {}", place.token_info.file_name()), why });
                Ok(None)
            }
        }
    }

    fn directory_files(
        &mut self,
        place: &Place,
        odf: &[OdfRecord],
        problems: &mut Vec<Problem>,
    ) -> Result<Vec<DirectoryFile>, CardError> {
        // The application's own files are no directory files, whatever the ODF says.
        let mut seen: BTreeSet<Path> =
            [&place.odf, &place.token_info, &place.unused_space].into_iter().cloned().collect();
        let mut found = Vec::new();
        for (index, record) in odf.iter().enumerate() {
            let mut problem = |why: String| {
                problems.push(Problem {
                    what: format!("record {} in EF {}", index + 1, place.odf.file_name()),
                    why,
                });
            };
            if found.len() >= FILES_LIMIT {
                problem(format!("not read: the ODF names more than {FILES_LIMIT} files"));
                break;
            }
            match record {
                OdfRecord::Unknown { why, .. } => problem(why.to_string()),
                OdfRecord::Objects { kind, entries } => {
                    found.push(DirectoryFile::decode(*kind, Path::default(), entries));
                }
                OdfRecord::File { kind, path } => {
                    let path = path.resolve(&place.base);
                    if !seen.insert(path.clone()) {
                        problem(format!("EF {} is named twice", path.file_name()));
                        continue;
                    }
                    match self.read(&path)? {
                        Ok(bytes) => found.push(DirectoryFile::decode(*kind, path, &bytes)),
                        // Cards name directories before the first object creates them.
                        Err(Gap::Absent) => {}
                        Err(Gap::Unreadable(why)) => {
                            problems.push(Problem {
                                what: format!("{} in EF {}", kind.acronym(), path.file_name()),
                                why,
                            });
                        }
                    }
                }
            }
        }
        Ok(found)
    }
}

/// True for the answers by which a card says that a file is not there.
pub fn is_absent(error: &CardError) -> bool {
    match error {
        CardError::NoSuchObject => true,
        CardError::Apdu(ApduError::UnexpectedStatus { status, .. }) | CardError::Refused { status, .. } => {
            matches!(*status, StatusWord::FILE_NOT_FOUND | StatusWord::RECORD_NOT_FOUND)
        }
        _ => false,
    }
}

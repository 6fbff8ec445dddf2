//! Where objects of an owner lie on a MyEID card, and the directory files that name them.

use crate::apdu::Channel;
use crate::card::CardError;
use crate::card::pkcs15::{DirectoryFile, FileKind, OdfRecord, Path, encode_odf};
use crate::token::AuthId;

use super::super::files::Extent;
use super::super::write_commands::{Access, FileType, KeyRules, MAX_UPDATE};
use super::super::{MyEid, from_master};
use super::structure::{self, APPLICATION, OFFICER};
use super::{content, folder_of, folder_path, update};

/// Where new objects of an owner go.
pub(super) struct Home {
    /// The folder, from the MF.
    pub folder: Vec<u8>,
    /// The PIN that may change them.
    pub writer: u8,
    /// The owner's identifier.
    pub auth_id: Option<Vec<u8>>,
}

impl Home {
    /// The path of a file here, as directory entries have it.
    pub fn path(&self, file: u16) -> Path {
        path_in(&self.folder, file)
    }
}

impl MyEid {
    /// The folder of a PIN, or the application folder for what belongs to no PIN, and on a card that gives no
    /// folder to each PIN.
    pub(super) fn home(&mut self, owner: Option<&AuthId>) -> Result<Home, CardError> {
        let officer = self.officer_reference();
        let known = self.known()?;
        let application = folder_path(&[APPLICATION]);
        let Some(owner) = owner else {
            let writer = officer.unwrap_or(OFFICER);
            return Ok(Home { folder: application, writer, auth_id: None });
        };
        let reference = known.auths.get(owner).ok_or(CardError::NoSuchObject)?.reference();
        let own = folder_path(&[APPLICATION, structure::pin_folder(reference)]);
        let files = &known.directory.files;
        let has_own =
            files.iter().any(|file| from_master(&file.path).is_some_and(|path| path.starts_with(&own)));
        let folder = if has_own { own } else { application };
        Ok(Home { folder, writer: reference, auth_id: Some(owner.0.clone()) })
    }

    /// The reference of the security officer's PIN.
    pub(super) fn officer_reference(&self) -> Option<u8> {
        let content = self.content.as_ref()?;
        let officer = |auth: &&crate::token::Auth| auth.role == crate::token::AuthRole::SecurityOfficer;
        let officer = content.token.auths.iter().find(officer)?;
        content.auths.get(&officer.id).map(|place| place.reference())
    }

    /// Whether the card was formatted here: a folder for each PIN, the security officer's PIN the last one.
    pub(super) fn is_ours(&self) -> bool {
        let aodf = structure::path(&[APPLICATION, structure::EF_AODF]);
        let has_reserve = |content: &super::Content| {
            let names = |kind, file: u16| {
                let path = structure::path(&[APPLICATION, file]);
                content.directory.odf.contains(&OdfRecord::File { kind, path })
            };
            content.directory.odf.contains(&OdfRecord::File { kind: FileKind::Auth, path: aodf.clone() })
                && structure::COMMON_DIRECTORIES.iter().any(|(kind, file, _)| names(*kind, *file))
        };
        self.officer_reference() == Some(OFFICER) && self.content.as_ref().is_some_and(has_reserve)
    }

    /// The directory file of a kind in a folder, if it is there: its index.
    pub(super) fn directory_in(&self, folder: &[u8], kind: FileKind) -> Option<usize> {
        let files = &self.content.as_ref()?.directory.files;
        files.iter().position(|file| {
            file.kind == kind && from_master(&file.path).is_some_and(|path| folder_of(&path) == folder)
        })
    }

    /// The directory file of a kind in a folder; one that is not there yet is made, and named in the ODF.
    pub(super) fn directory_for(
        &mut self,
        channel: &mut Channel<'_>,
        home: &Home,
        kind: FileKind,
    ) -> Result<usize, CardError> {
        if let Some(index) = self.directory_in(&home.folder, kind) {
            return Ok(index);
        }
        let access = self.directory_access(channel, home)?;
        let named = self.known()?.directory.odf.iter().find_map(|record| match record {
            OdfRecord::File { kind: said, path } if *said == kind => {
                from_master(path).filter(|path| folder_of(path) == home.folder)
            }
            _ => None,
        });
        let (usual, size) = structure::usual_directory(kind);
        let path = match named {
            Some(path) => {
                let file = path.last_chunk::<2>().map_or(usual, |file| u16::from_be_bytes(*file));
                self.files.enter(channel, &home.folder)?;
                self.create(channel, file, FileType::Transparent(size), access, KeyRules::default())?;
                path_in(&home.folder, file)
            }
            None => {
                let file =
                    self.create_free(channel, &home.folder, usual, FileType::Transparent(size), access)?;
                let path = path_in(&home.folder, file);
                self.name_in_odf(channel, &[OdfRecord::File { kind, path: path.clone() }])?;
                path
            }
        };
        let mut directory = self.known()?.directory.clone();
        directory.files.push(DirectoryFile::decode(kind, path, &[]));
        let index = directory.files.len() - 1;
        self.content = Some(content(directory));
        Ok(index)
    }

    /// Who may change a new directory file: the same as another one beside it.
    fn directory_access(&mut self, channel: &mut Channel<'_>, home: &Home) -> Result<Access, CardError> {
        let beside = DIRECTORY_KINDS.iter().find_map(|kind| {
            let index = self.directory_in(&home.folder, *kind)?;
            from_master(&self.content.as_ref()?.directory.files.get(index)?.path)
        });
        let fallback = Access::file(0, home.writer, home.writer);
        let Some(path) = beside else { return Ok(fallback) };
        Ok(self.rules(channel, &path)?.map_or(fallback, |rules| rules.access))
    }

    /// Adds records to the ODF, behind those that are there: in one command, so that it is whole at any time.
    pub(super) fn name_in_odf(
        &mut self,
        channel: &mut Channel<'_>,
        new: &[OdfRecord],
    ) -> Result<(), CardError> {
        let path = self.odf_path()?;
        let bytes = self.files.read(channel, &path, Extent::Whole)?.ok_or(CardError::NoSuchObject)?;
        let offset = bytes.iter().rposition(|byte| !matches!(byte, 0x00 | 0xFF)).map_or(0, |last| last + 1);
        // An ODF that formatting left empty is written as a whole.
        let missing = if offset == 0 { encode_odf(&self.known()?.directory.odf) } else { Vec::new() };
        let encoded = [missing, encode_odf(new)].concat();
        if offset + encoded.len() > bytes.len() || (offset > 0 && encoded.len() > MAX_UPDATE) {
            return Err(CardError::NotSupported {
                what: format!("name another directory: EF.ODF has {} bytes, all in use", bytes.len()),
            });
        }
        self.files.select(channel, &path)?.ok_or(CardError::NoSuchObject)?;
        update(channel, offset, &encoded)?;
        let mut directory = self.known()?.directory.clone();
        directory.odf.extend_from_slice(new);
        self.content = Some(content(directory));
        Ok(())
    }

    /// EF.ODF, from the MF.
    pub(super) fn odf_path(&mut self) -> Result<Vec<u8>, CardError> {
        from_master(&self.known()?.directory.place.odf).ok_or(CardError::NoSuchObject)
    }
}

/// The path of a file in a folder, from the MF and with it.
fn path_in(folder: &[u8], file: u16) -> Path {
    let mut value = vec![0x3F, 0x00];
    value.extend_from_slice(folder);
    value.extend_from_slice(&file.to_be_bytes());
    Path::file(&value)
}

const DIRECTORY_KINDS: [FileKind; 5] = [
    FileKind::PrivateKeys,
    FileKind::PublicKeys,
    FileKind::Certificates,
    FileKind::Data,
    FileKind::SecretKeys,
];

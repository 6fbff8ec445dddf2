//! What the shared writing of PKCS#15 structures needs of a MyEID card.

use crate::apdu::{Channel, FileInfo, StatusWord};
use crate::card::CardError;
use crate::card::admin::Write;
use crate::card::pkcs15::write::{Home, Structure, ValueKind, folder_of, refused};
use crate::card::pkcs15::{Content, Directory, FileKind, Path};
use crate::token::{AuthId, ObjectId};

use super::super::MyEid;
use super::super::write_commands::{self, Access, FileType, KeyRules};
use super::rights::Deed;
use super::structure::{self, APPLICATION, OFFICER};
use super::{content, folder_path};
use crate::card::files::{Extent, from_master};

impl Structure for MyEid {
    const RSA_IN_ENTRY: bool = true;

    fn known(&mut self) -> Result<&mut Content, CardError> {
        self.content.as_mut().ok_or_else(|| CardError::NotSupported {
            what: "store anything before it is formatted".to_owned(),
        })
    }

    fn take_over(&mut self, directory: Directory) {
        self.content = Some(content(directory));
    }

    fn locate(path: &Path) -> Option<Vec<u8>> {
        from_master(path)
    }

    fn is_object_file(file: [u8; 2]) -> bool {
        structure::is_object_file(file)
    }

    fn is_in_application(path: &[u8]) -> bool {
        path.starts_with(&folder_path(&[APPLICATION]))
    }

    fn select(&mut self, channel: &mut Channel<'_>, path: &[u8]) -> Result<Option<FileInfo>, CardError> {
        self.files.select(channel, path)
    }

    fn read_all(&mut self, channel: &mut Channel<'_>, path: &[u8]) -> Result<Option<Vec<u8>>, CardError> {
        self.files.read(channel, path, Extent::Whole)
    }

    fn delete_file(&mut self, channel: &mut Channel<'_>, path: &[u8]) -> Result<bool, CardError> {
        if self.files.select(channel, path)?.is_none() {
            return Ok(true);
        }
        self.files.forget_selection();
        match channel.send(&write_commands::delete_file())?.status {
            StatusWord::OK => Ok(true),
            StatusWord::SECURITY_NOT_SATISFIED => Ok(false),
            status => Err(refused("delete a file", status)),
        }
    }

    fn erase(channel: &mut Channel<'_>, from: usize, to: usize) -> Result<bool, CardError> {
        let offset = |offset: usize| u16::try_from(offset).unwrap_or(u16::MAX);
        Ok(channel.send(&write_commands::erase_binary(offset(from), offset(to)))?.status.is_ok())
    }

    fn create_beside(
        &mut self,
        channel: &mut Channel<'_>,
        path: &[u8],
        size: u16,
    ) -> Result<Option<u16>, CardError> {
        let folder = folder_of(path).to_vec();
        let Some(rules) = self.rules(channel, path)? else { return Ok(None) };
        let odf = self.odf_path()?;
        if !self.may(channel, &odf, Deed::Update)? || !self.may(channel, &folder, Deed::CreateIn)? {
            return Ok(None);
        }
        let first = path.last_chunk::<2>().map_or(0, |file| u16::from_be_bytes(*file));
        let kind = FileType::Transparent(size);
        self.create_free(channel, &folder, first + 0x10, kind, rules.access).map(Some)
    }

    fn create_value(
        &mut self,
        channel: &mut Channel<'_>,
        home: &Home,
        kind: ValueKind,
        size: u16,
    ) -> Result<u16, CardError> {
        let writer = home.writer;
        let public = Access::file(0, writer, writer);
        let (first, access) = match kind {
            ValueKind::Certificate => (structure::FIRST_CERTIFICATE, public),
            ValueKind::PublicKey => (structure::FIRST_PUBLIC_KEY, public),
            ValueKind::PublicData => (structure::FIRST_PUBLIC_DATA, public),
            ValueKind::PrivateData => (structure::FIRST_PRIVATE_DATA, Access::file(writer, writer, writer)),
        };
        self.create_free(channel, &home.folder, first, FileType::Transparent(size), access)
    }

    fn require(&mut self, channel: &mut Channel<'_>, write: Write<'_>) -> Result<(), CardError> {
        self.require_pins(channel, write)
    }

    /// The folder of a PIN, or the application folder for what belongs to no PIN, and on a card that gives no
    /// folder to each PIN.
    fn home(&mut self, owner: Option<&AuthId>) -> Result<Home, CardError> {
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

    fn create_directory(
        &mut self,
        channel: &mut Channel<'_>,
        home: &Home,
        kind: FileKind,
        named: Option<u16>,
    ) -> Result<u16, CardError> {
        let access = self.directory_access(channel, home)?;
        let (usual, size) = structure::usual_directory(kind);
        let size = FileType::Transparent(size);
        let Some(named) = named else {
            return self.create_free(channel, &home.folder, usual, size, access);
        };
        self.files.enter(channel, &home.folder)?;
        self.create(channel, named, size, access, KeyRules::default())?;
        Ok(named)
    }

    fn public_key_value(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
    ) -> Result<Vec<u8>, CardError> {
        self.object_value(channel, object)
    }
}

impl MyEid {
    /// Who may change a new directory file: the same as another one beside it.
    fn directory_access(&mut self, channel: &mut Channel<'_>, home: &Home) -> Result<Access, CardError> {
        let beside = DIRECTORY_KINDS.iter().find_map(|kind| self.directory_in(&home.folder, *kind));
        let fallback = Access::file(0, home.writer, home.writer);
        let Some(index) = beside else { return Ok(fallback) };
        let path = self.directory_path(index)?;
        Ok(self.rules(channel, &path)?.map_or(fallback, |rules| rules.access))
    }
}

const DIRECTORY_KINDS: [FileKind; 5] = [
    FileKind::PrivateKeys,
    FileKind::PublicKeys,
    FileKind::Certificates,
    FileKind::Data,
    FileKind::SecretKeys,
];

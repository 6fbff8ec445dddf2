//! What the shared writing of PKCS#15 structures needs of the IsoApplet.

use crate::apdu::{Channel, FileInfo, StatusWord};
use crate::card::CardError;
use crate::card::admin::Write;
use crate::card::files::{Extent, from_master};
use crate::card::pkcs15::write::{
    Home, Structure, ValueKind, folder_of, is_named, refused, unreadable_directory, update, without_doubles,
};
use crate::card::pkcs15::{Content, Directory, FileKind, Path, TokenInfo};
use crate::codec::date;
use crate::token::{AuthId, ObjectId};

use super::super::commands::{self, Access};
use super::super::{APPLICATION, IsoApplet, TAG_ACCESS, state};
use super::structure;

impl Structure for IsoApplet {
    const RSA_IN_ENTRY: bool = false;

    fn known(&mut self) -> Result<&mut Content, CardError> {
        self.content.as_mut().ok_or_else(|| CardError::NotSupported {
            what: "store anything before it is formatted".to_owned(),
        })
    }

    fn take_over(&mut self, directory: Directory) {
        self.content = Some(Content::new(without_doubles(directory)));
    }

    fn locate(path: &Path) -> Option<Vec<u8>> {
        from_master(path)
    }

    fn is_object_file(file: [u8; 2]) -> bool {
        structure::is_object_file(file)
    }

    fn is_in_application(path: &[u8]) -> bool {
        path.starts_with(&APPLICATION)
    }

    fn select(&mut self, channel: &mut Channel<'_>, path: &[u8]) -> Result<Option<FileInfo>, CardError> {
        self.files.select(channel, path)
    }

    fn read_all(&mut self, channel: &mut Channel<'_>, path: &[u8]) -> Result<Option<Vec<u8>>, CardError> {
        self.files.read(channel, path, Extent::Whole)
    }

    fn delete_file(&mut self, channel: &mut Channel<'_>, path: &[u8]) -> Result<bool, CardError> {
        let file = path.last_chunk::<2>().ok_or(CardError::NoSuchObject)?;
        self.files.forget_file(path);
        self.files.forget_selection();
        match channel.send(&commands::delete_file(u16::from_be_bytes(*file)))?.status {
            StatusWord::OK | StatusWord::FILE_NOT_FOUND => Ok(true),
            StatusWord::SECURITY_NOT_SATISFIED => Ok(false),
            status => Err(refused("delete a file", status)),
        }
    }

    /// The applet has no ERASE BINARY.
    fn erase(_: &mut Channel<'_>, _: usize, _: usize) -> Result<bool, CardError> {
        Ok(false)
    }

    fn create_beside(
        &mut self,
        channel: &mut Channel<'_>,
        path: &[u8],
        size: u16,
    ) -> Result<Option<u16>, CardError> {
        let Some(info) = self.files.select(channel, path)? else { return Ok(None) };
        let access = Access::from_bytes(info.find(TAG_ACCESS));
        let first = path.last_chunk::<2>().map_or(0, |file| u16::from_be_bytes(*file));
        match self.create_free(channel, folder_of(path), first.saturating_add(0x10), size, access) {
            Ok(file) => Ok(Some(file)),
            Err(CardError::NotAuthenticated) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn create_value(
        &mut self,
        channel: &mut Channel<'_>,
        home: &Home,
        kind: ValueKind,
        size: u16,
    ) -> Result<u16, CardError> {
        let (first, access) = match kind {
            ValueKind::Certificate => (structure::FIRST_CERTIFICATE, Access::PUBLIC),
            ValueKind::PublicKey => (structure::FIRST_PUBLIC_KEY, Access::PUBLIC),
            ValueKind::PublicData => (structure::FIRST_PUBLIC_DATA, Access::PUBLIC),
            ValueKind::PrivateData => (structure::FIRST_PRIVATE_DATA, Access::PRIVATE),
        };
        self.create_free(channel, &home.folder, first, size, access)
    }

    /// The applet does not tell whether its PIN is verified: it refuses by itself, with the date of the change.
    fn require(&mut self, _: &mut Channel<'_>, write: Write<'_>) -> Result<(), CardError> {
        self.pins_for(write).map(|_| ())
    }

    fn home(&mut self, owner: Option<&AuthId>) -> Result<Home, CardError> {
        if let Some(owner) = owner {
            self.pin(owner)?;
        }
        let auth_id = owner.map(|owner| owner.0.clone());
        Ok(Home { folder: APPLICATION.to_vec(), writer: commands::PIN, auth_id })
    }

    fn create_directory(
        &mut self,
        channel: &mut Channel<'_>,
        home: &Home,
        kind: FileKind,
        named: Option<u16>,
    ) -> Result<u16, CardError> {
        let (usual, size) = structure::usual_directory(kind);
        let Some(named) = named else {
            return self.create_free(channel, &home.folder, usual, size, Access::PUBLIC);
        };
        self.files.enter(channel, &home.folder)?;
        self.create(channel, named, size, Access::PUBLIC)?;
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

impl IsoApplet {
    /// Creates a file in a folder under the first identifier from `first` on that no entry names, and leaves it
    /// selected. An unused file in its place is deleted first. No two files of the card have one identifier.
    fn create_free(
        &mut self,
        channel: &mut Channel<'_>,
        folder: &[u8],
        first: u16,
        size: u16,
        access: Access,
    ) -> Result<u16, CardError> {
        self.files.enter(channel, folder)?;
        let knows_all = unreadable_directory(self.known()?).is_none();
        for file in first..first.saturating_add(MAX_FILES) {
            let path = [folder, &file.to_be_bytes()].concat();
            if is_named::<Self>(self.known()?, &path) {
                continue;
            }
            self.files.forget_file(&path);
            if self.create(channel, file, size, access)? {
                return Ok(file);
            }
            let unused = knows_all && structure::is_object_file(file.to_be_bytes());
            if unused && self.delete_file(channel, &path)? {
                self.files.enter(channel, folder)?;
                if self.create(channel, file, size, access)? {
                    return Ok(file);
                }
            }
            self.files.enter(channel, folder)?;
        }
        Err(CardError::NotSupported { what: format!("hold more than {MAX_FILES} objects of a kind") })
    }

    /// Creates a file in the current folder; false when there is one of that identifier.
    pub(super) fn create(
        &mut self,
        channel: &mut Channel<'_>,
        file: u16,
        size: u16,
        access: Access,
    ) -> Result<bool, CardError> {
        match channel.send(&commands::create_file(file, size, access))?.status {
            StatusWord::OK => Ok(true),
            StatusWord::REFERENCE_DATA_NOT_USABLE => Ok(false),
            StatusWord::NOT_ENOUGH_MEMORY => {
                Err(CardError::NotSupported { what: "hold any more: it is full".to_owned() })
            }
            status => Err(refused("create a file", status)),
        }
    }

    /// Writes the date of a change into EF.TokenInfo: later than the one before, whatever the clock says. A card that has
    /// no date there gets none: nobody keeps anything of it.
    pub(super) fn date_change(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        let Some(bytes) = self.token_info.clone() else { return Ok(()) };
        let Ok(info) = TokenInfo::decode(&bytes) else { return Ok(()) };
        let (Some(before), Some(text)) = (state::last_change(&info), info.last_update_time()) else {
            return Ok(());
        };
        let Some(start) = bytes.windows(text.len()).rposition(|window| window == text.as_bytes()) else {
            return Ok(());
        };
        let text = state::date_text(date::now().max(before.saturating_add(1)));
        self.files.select(channel, &EF_TOKEN_INFO)?.ok_or(CardError::NoSuchObject)?;
        update(channel, start, text.as_bytes())?;
        let mut after = bytes;
        after.splice(start..start + text.len(), text.bytes());
        self.token_info = Some(after);
        Ok(())
    }

    /// The directories were taken over anew: what was known of public keys before is known still.
    pub(super) fn remember_public_keys(
        &mut self,
        channel: &mut Channel<'_>,
        before: &Content,
    ) -> Result<(), CardError> {
        let Some(mut content) = self.content.take() else { return Ok(()) };
        for key in &before.token.keys {
            if let Some(public) = &key.public {
                content.learn_public_key(key.object, &public.to_spki_der());
            }
        }
        self.learn_curves(channel, &mut content)?;
        self.content = Some(content);
        Ok(())
    }
}

/// EF.TokenInfo, from the MF.
const EF_TOKEN_INFO: [u8; 4] = [0x50, 0x15, 0x50, 0x32];
/// Objects of a kind: more files than a folder of the applet takes.
const MAX_FILES: u16 = 32;

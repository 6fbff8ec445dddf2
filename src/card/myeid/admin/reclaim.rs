//! Files that no directory entry names: what an interrupted change left behind. New files take their place, and
//! `repair` deletes them.

use crate::apdu::{Channel, StatusWord};
use crate::card::CardError;
use crate::card::admin::RepairReport;
use crate::card::pkcs15::write::{
    Structure as _, folder_of, is_named, refused, unreadable_directory, update,
};
use crate::card::pkcs15::{DirectoryFile, FileKind, Object, Path, encode_odf};
use crate::codec::hex;

use super::super::MyEid;
use super::super::write_commands::{self, Access, FileType, KeyRules};
use super::folder_path;
use super::rights::Deed;
use super::structure::{self, APPLICATION, OFFICER, users};
use crate::card::files::Extent;

impl MyEid {
    /// Creates a file without special rules; see [`MyEid::create_free_with`].
    pub(super) fn create_free(
        &mut self,
        channel: &mut Channel<'_>,
        folder: &[u8],
        first: u16,
        kind: FileType,
        access: Access,
    ) -> Result<u16, CardError> {
        self.create_free_with(channel, (folder, first), kind, access, KeyRules::default())
    }

    /// Creates a file in a folder under the first identifier from `first` on that no entry names, and leaves it
    /// selected. An unused file in its place is deleted first, if that is allowed.
    pub(super) fn create_free_with(
        &mut self,
        channel: &mut Channel<'_>,
        (folder, first): (&[u8], u16),
        kind: FileType,
        access: Access,
        rules: KeyRules,
    ) -> Result<u16, CardError> {
        self.files.enter(channel, folder)?;
        let knows_all = self.unreadable_directory().is_none();
        for file in first..first.saturating_add(MAX_FILES) {
            let path = [folder, &file.to_be_bytes()].concat();
            if self.is_named(&path) {
                continue;
            }
            self.files.forget_file(&path);
            if self.create(channel, file, kind, access, rules)? {
                return Ok(file);
            }
            if knows_all
                && structure::is_object_file(file.to_be_bytes())
                && self.delete_file(channel, &path)?
            {
                self.files.enter(channel, folder)?;
                if self.create(channel, file, kind, access, rules)? {
                    return Ok(file);
                }
            }
            self.files.enter(channel, folder)?;
        }
        Err(CardError::NotSupported { what: format!("hold more than {MAX_FILES} objects of a kind") })
    }

    /// See [`CardAdmin::repair`](crate::card::CardAdmin::repair).
    pub(super) fn reclaim_all(&mut self, channel: &mut Channel<'_>) -> Result<RepairReport, CardError> {
        let mut report = RepairReport::default();
        if self.content.is_none() {
            return Ok(report);
        }
        self.complete_odf(channel)?;
        let application = folder_path(&[APPLICATION]);
        if let Some(why) = self.unreadable_directory() {
            report.not_judged.push((describe(&application), why));
            return Ok(report);
        }
        let pins = users().map(|user| folder_path(&[APPLICATION, structure::pin_folder(user)]));
        let children = self.list(channel, &application)?;
        let is_there = |folder: &Vec<u8>| {
            folder.last_chunk::<2>().is_some_and(|file| children.contains(&u16::from_be_bytes(*file)))
        };
        let folders: Vec<Vec<u8>> = pins.filter(is_there).collect();
        self.reclaim(channel, &application, &children, &mut report)?;
        for folder in folders {
            if self.is_our_unnamed_folder(&folder) {
                self.reclaim_file(channel, &folder, &mut report)?;
                continue;
            }
            let files = self.list(channel, &folder)?;
            self.reclaim(channel, &folder, &files, &mut report)?;
        }
        Ok(report)
    }

    fn reclaim(
        &mut self,
        channel: &mut Channel<'_>,
        folder: &[u8],
        files: &[u16],
        report: &mut RepairReport,
    ) -> Result<(), CardError> {
        for file in files {
            let path = [folder, &file.to_be_bytes()].concat();
            if structure::is_object_file(file.to_be_bytes()) && !self.is_named(&path) {
                self.reclaim_file(channel, &path, report)?;
            }
        }
        Ok(())
    }

    fn reclaim_file(
        &mut self,
        channel: &mut Channel<'_>,
        path: &[u8],
        report: &mut RepairReport,
    ) -> Result<(), CardError> {
        let rules = self.rules(channel, path)?;
        if self.delete_file(channel, path)? {
            report.reclaimed.push(describe(path));
            return Ok(());
        }
        let reference = rules.and_then(|rules| rules.access.0.get(Deed::Delete as usize).copied());
        let auths = &self.known()?.auths;
        let auth = auths.iter().find(|(_, place)| Some(place.reference()) == reference);
        report.kept.push((describe(path), auth.map(|(id, _)| id.clone())));
        Ok(())
    }

    /// A PIN's folder whose PIN was never finished: nothing in the ODF leads there, nor is there such a PIN.
    fn is_our_unnamed_folder(&self, folder: &[u8]) -> bool {
        let Some(content) = self.content.as_ref().filter(|_| self.is_ours()) else { return false };
        let has_pin = structure::owner_of(&[folder, &[0, 0]].concat())
            .is_some_and(|owner| content.auths.values().any(|place| place.reference() == owner));
        !has_pin && !self.is_named(folder)
    }

    /// Whether anything on the card leads to a file or into a folder.
    fn is_named(&self, path: &[u8]) -> bool {
        self.content.as_ref().is_some_and(|content| is_named::<Self>(content, path))
    }

    /// A directory that could not be read, though it is there.
    fn unreadable_directory(&self) -> Option<String> {
        self.content.as_ref().and_then(unreadable_directory)
    }

    /// The files in a folder.
    fn list(&mut self, channel: &mut Channel<'_>, folder: &[u8]) -> Result<Vec<u16>, CardError> {
        self.files.enter(channel, folder)?;
        let answer = channel.send(&write_commands::list_files())?;
        match answer.status {
            StatusWord::OK => {
                let (files, _) = answer.data.as_chunks::<2>();
                Ok(files.iter().map(|file| u16::from_be_bytes(*file)).collect())
            }
            status => Err(refused("list the files", status)),
        }
    }

    /// What the ODF of a card says whose formatting was interrupted between its last commands: everything is
    /// there and in force, only the ODF is empty. `None` for any other card.
    pub(in crate::card::myeid) fn unfinished_odf(
        &mut self,
        channel: &mut Channel<'_>,
    ) -> Result<Option<Vec<u8>>, CardError> {
        let path = folder_path(&[APPLICATION, structure::EF_AODF]);
        if self.rules(channel, &path)?.is_none_or(|rules| rules.suspended) {
            return Ok(None);
        }
        let bytes = self.files.read(channel, &path, Extent::Objects)?.unwrap_or_default();
        let pins = DirectoryFile::decode(FileKind::Auth, Path::default(), &bytes);
        let references: Vec<u8> = pins
            .entries
            .iter()
            .filter_map(|entry| match &entry.object {
                Ok(Object::Auth(auth)) => auth.pin()?.reference.and_then(|it| u8::try_from(it).ok()),
                _ => None,
            })
            .collect();
        let finished = references.contains(&OFFICER);
        let users = users().filter(|user| references.contains(user));
        Ok(finished.then(|| encode_odf(&structure::odf_records(users))))
    }

    /// Writes the ODF of a card whose formatting was interrupted before its last command.
    fn complete_odf(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        if self.officer_reference() != Some(OFFICER) {
            return Ok(());
        }
        let path = self.odf_path()?;
        let bytes = self.files.read(channel, &path, Extent::Objects)?.unwrap_or_default();
        if bytes.iter().any(|byte| !matches!(byte, 0x00 | 0xFF)) {
            return Ok(());
        }
        let records = encode_odf(&self.known()?.directory.odf);
        self.files.select(channel, &path)?.ok_or(CardError::NoSuchObject)?;
        update(channel, 0, &records)
    }
}

/// `EF 4B01 in DF 5101`.
fn describe(path: &[u8]) -> String {
    let name = |path: &[u8]| hex::encode(path.get(path.len().saturating_sub(2)..).unwrap_or_default());
    let folder = folder_of(path);
    match folder {
        [] => format!("DF {}", name(path).to_uppercase()),
        folder => format!("EF {} in DF {}", name(path).to_uppercase(), name(folder).to_uppercase()),
    }
}

/// Objects of a kind in one folder.
const MAX_FILES: u16 = 254;

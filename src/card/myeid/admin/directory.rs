//! Changing the entries of a directory file in place, so that after each command it reads as it did before or as
//! it does afterwards.
//!
//! A reader skips a record whose tag is 00 by its length (PKCS #15 v1.1, 5.8). That is the lever: what must not
//! be seen yet, or any more, stands inside such a record, and writing its four header bytes switches between
//! both. A change too long for one command is written behind the used part of the file first, then the old
//! entries are covered, then the new ones go to their place, and the copy is covered and cleared:
//!
//! ```text
//! old entries │ cover(copy of new entries)       old ones count
//! cover(old entries …) new entries               the copy counts
//! cover(new entries cover(…)) new entries        the copy counts
//! new entries │ cover(copy of new entries)       the new ones count
//! new entries │ 00 00 …
//! ```

use crate::apdu::{Channel, StatusWord};
use crate::card::CardError;
use crate::card::pkcs15::{DirectoryFile, Entry, Object, OdfRecord, encode_odf};
use crate::token::ObjectId;

use super::super::MyEid;
use super::super::files::Extent;
use super::super::write_commands::{self, FileType, MAX_UPDATE};
use super::rights::Deed;
use super::{content, folder_of, update};

/// How a changed directory file is to be written.
struct Plan {
    /// Offset of the first byte that changes.
    start: usize,
    /// Everything that stands there afterwards.
    new: Vec<u8>,
    /// Offset behind the last byte in use before.
    used: usize,
    /// Size of the file.
    size: usize,
}

impl Plan {
    /// Offset behind the last byte in use afterwards.
    fn end(&self) -> usize {
        self.start + self.new.len()
    }

    /// Where a copy of the new entries goes, if it is needed and there is room for it.
    fn copy(&self) -> Option<usize> {
        let copy = self.end().max(self.used) + COVER_LEN;
        (self.new.len() >= COVER_LEN && copy + self.new.len() <= self.size).then_some(copy)
    }
}

impl MyEid {
    /// Adds an entry behind the last one of a directory file.
    pub(super) fn append(
        &mut self,
        channel: &mut Channel<'_>,
        index: usize,
        object: Object,
    ) -> Result<ObjectId, CardError> {
        let position = self.push(channel, index, object)?;
        self.object_at(index, position)
    }

    /// As [`MyEid::append`], for a PIN.
    pub(super) fn append_pin(
        &mut self,
        channel: &mut Channel<'_>,
        index: usize,
        object: Object,
    ) -> Result<(), CardError> {
        self.push(channel, index, object).map(|_| ())
    }

    fn push(&mut self, channel: &mut Channel<'_>, index: usize, object: Object) -> Result<usize, CardError> {
        match self.try_push(channel, index, object.clone()) {
            Err(CardError::NotSupported { .. }) if self.close_gaps(channel, index)? => {
                self.try_push(channel, index, object)
            }
            other => other,
        }
    }

    fn try_push(
        &mut self,
        channel: &mut Channel<'_>,
        index: usize,
        object: Object,
    ) -> Result<usize, CardError> {
        let file = self.known()?.directory.files.get(index).ok_or(CardError::NoSuchObject)?;
        let mut entries = file.entries.clone();
        let entry = Entry { raw: object.encode(), object: Ok(object), offset: 0 };
        // No reader gets past a rest that nobody can read.
        let rest = entries.last().is_some_and(|last| last.is_rest());
        let position = entries.len() - usize::from(rest);
        entries.insert(position, entry);
        self.rewrite(channel, index, entries)?;
        Ok(position)
    }

    /// Puts another object in the place of an entry.
    pub(super) fn replace(
        &mut self,
        channel: &mut Channel<'_>,
        index: usize,
        position: usize,
        object: Object,
    ) -> Result<ObjectId, CardError> {
        let file = self.known()?.directory.files.get(index).ok_or(CardError::NoSuchObject)?;
        let mut entries = file.entries.clone();
        let entry = entries.get_mut(position).ok_or(CardError::NoSuchObject)?;
        entry.raw = object.encode();
        entry.object = Ok(object);
        self.rewrite(channel, index, entries)?;
        self.object_at(index, position)
    }

    /// Takes an entry out. Where there is no room to close the gap at once it is a deleted record first, and stays
    /// one when the other entries cannot be moved one by one either.
    pub(super) fn take_out(
        &mut self,
        channel: &mut Channel<'_>,
        index: usize,
        position: usize,
    ) -> Result<(), CardError> {
        let file = self.known()?.directory.files.get(index).ok_or(CardError::NoSuchObject)?;
        let mut entries = file.entries.clone();
        if position >= entries.len() {
            return Err(CardError::NoSuchObject);
        }
        let gone = entries.remove(position);
        if gone.raw.len() < COVER_LEN {
            return Err(CardError::NotSupported { what: "delete an entry that short".to_owned() });
        }
        match self.rewrite(channel, index, entries) {
            Err(CardError::NotSupported { .. }) => {
                let path = self.directory_path(index)?;
                self.files.select(channel, &path)?.ok_or(CardError::NoSuchObject)?;
                update(channel, gone.offset, &cover(gone.raw.len()))?;
                let mut directory = self.known()?.directory.clone();
                let file = directory.files.get_mut(index).ok_or(CardError::NoSuchObject)?;
                file.entries.remove(position);
                self.content = Some(content(directory));
                self.close_gaps(channel, index).map(|_| ())
            }
            other => other,
        }
    }

    /// What the entry at a position is called now.
    fn object_at(&mut self, index: usize, position: usize) -> Result<ObjectId, CardError> {
        let objects = &self.known()?.objects;
        let found = objects.iter().find(|(_, place)| (place.file, place.entry) == (index, position));
        found.map(|(object, _)| *object).ok_or(CardError::NoSuchObject)
    }

    /// Brings a directory file to these entries. Entries before the first change stay where they are.
    /// Errors: `NotSupported` when they have no room; nothing was written then.
    fn rewrite(
        &mut self,
        channel: &mut Channel<'_>,
        index: usize,
        mut entries: Vec<Entry>,
    ) -> Result<(), CardError> {
        let path = self.directory_path(index)?;
        let old = self.known()?.directory.files.get(index).ok_or(CardError::NoSuchObject)?.clone();
        let info = self.files.select(channel, &path)?.ok_or(CardError::NoSuchObject)?;
        let kept = old.entries.iter().zip(&entries).take_while(|(old, new)| old.raw == new.raw).count();
        let end_of = |entry: &Entry| entry.offset + entry.raw.len();
        let start = kept.checked_sub(1).and_then(|last| old.entries.get(last)).map_or(0, end_of);
        let changed = entries.get_mut(kept..).unwrap_or_default();
        let mut new = settle(changed, start);
        // The unreadable rest of a file takes its padding along; what is behind it is padding as well.
        while new.last() == Some(&0x00) && changed.last().is_some_and(|entry| entry.object.is_err()) {
            new.pop();
        }
        let before = bytes_of(&old, kept, start);
        let size = info.size.unwrap_or(old.len);
        let plan = Plan { start, new, used: old.used.max(start), size };
        let used = plan.end();
        let small = before.as_deref().and_then(|before| difference(before, &plan.new));
        if let Some((offset, bytes)) = small.filter(|(_, bytes)| bytes.len() <= MAX_UPDATE) {
            update(channel, start + offset, bytes)?;
        } else if !write(channel, &plan)? {
            return self.move_directory(channel, index, entries, size);
        }
        let mut directory = self.known()?.directory.clone();
        let file = directory.files.get_mut(index).ok_or(CardError::NoSuchObject)?;
        *file = DirectoryFile { entries, used, len: old.len.max(used), ..old };
        self.content = Some(content(directory));
        Ok(())
    }

    /// Writes the entries to a new, larger file, which the ODF then names instead of the old one.
    /// Errors: `NotSupported` when that is not possible, or needs a PIN that is not verified.
    fn move_directory(
        &mut self,
        channel: &mut Channel<'_>,
        index: usize,
        mut entries: Vec<Entry>,
        old_size: usize,
    ) -> Result<(), CardError> {
        let old_path = self.directory_path(index)?;
        let old = self.known()?.directory.files.get(index).ok_or(CardError::NoSuchObject)?.clone();
        let full = || CardError::NotSupported {
            what: format!("hold one more {}: its directory has {old_size} bytes", old.kind.noun()),
        };
        let bytes = settle(&mut entries, 0);
        let size = (old_size * 2).max(bytes.len() * 3 / 2).min(MAX_DIRECTORY);
        let folder = folder_of(&old_path).to_vec();
        let rules = self.rules(channel, &old_path)?.ok_or_else(full)?;
        let odf = self.odf_path()?;
        let movable = size > old_size.max(bytes.len())
            && self.may(channel, &odf, Deed::Update)?
            && self.may(channel, &folder, Deed::CreateIn)?;
        if !movable {
            return Err(full());
        }
        let mut directory = self.known()?.directory.clone();
        let place = directory.place.base.clone();
        let named = |record: &OdfRecord| match record {
            OdfRecord::File { path, .. } => path.resolve(&place) == old.path,
            _ => false,
        };
        let record = directory.odf.iter().position(named).ok_or_else(full)?;
        let before = encode_odf(&directory.odf);
        let size = u16::try_from(size).map_err(|_| full())?;
        let first = old_path.last_chunk::<2>().map_or(0, |file| u16::from_be_bytes(*file));
        let file =
            self.create_free(channel, &folder, first + 0x10, FileType::Transparent(size), rules.access)?;
        update(channel, 0, &bytes)?;
        let mut path = old.path.clone();
        if let (Some(OdfRecord::File { path: said, .. }), Some(start)) =
            (directory.odf.get_mut(record), path.value.len().checked_sub(2))
        {
            path.value.splice(start.., file.to_be_bytes());
            let start = said.value.len().saturating_sub(2);
            said.value.splice(start.., file.to_be_bytes());
        }
        let after = encode_odf(&directory.odf);
        self.switch_odf(channel, &before, &after)?;
        self.delete_file(channel, &old_path)?;
        let used = bytes.len();
        if let Some(moved) = directory.files.get_mut(index) {
            *moved = DirectoryFile { path, entries, used, len: used, ..old };
        }
        self.content = Some(content(directory));
        Ok(())
    }

    /// Changes the ODF in one command, where it stands as it would be written here.
    fn switch_odf(
        &mut self,
        channel: &mut Channel<'_>,
        before: &[u8],
        after: &[u8],
    ) -> Result<(), CardError> {
        let odf = self.odf_path()?;
        let bytes = self.files.read(channel, &odf, Extent::Whole)?.ok_or(CardError::NoSuchObject)?;
        let difference = difference(before, after);
        let (Some((offset, changed)), true) = (difference, bytes.starts_with(before)) else {
            return Err(CardError::NotSupported {
                what: "name another directory: its EF.ODF is written in a way of its own".to_owned(),
            });
        };
        self.files.select(channel, &odf)?.ok_or(CardError::NoSuchObject)?;
        update(channel, offset, changed)
    }

    /// Deletes a file, if it may be deleted; otherwise it stays, unused. Tells which.
    pub(super) fn delete_file(&mut self, channel: &mut Channel<'_>, path: &[u8]) -> Result<bool, CardError> {
        if self.files.select(channel, path)?.is_none() {
            return Ok(true);
        }
        self.files.forget_selection();
        match channel.send(&write_commands::delete_file())?.status {
            StatusWord::OK => Ok(true),
            StatusWord::SECURITY_NOT_SATISFIED => Ok(false),
            status => Err(super::refused("delete a file", status)),
        }
    }
}

/// Gives entries the offsets from `start` on, one behind the other, and returns their bytes.
fn settle(entries: &mut [Entry], start: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        entry.offset = start + bytes.len();
        bytes.extend_from_slice(&entry.raw);
    }
    bytes
}

/// The old bytes from `start` on, where they have no gaps.
fn bytes_of(old: &DirectoryFile, kept: usize, start: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for entry in old.entries.get(kept..)? {
        if entry.offset != start + bytes.len() {
            return None;
        }
        bytes.extend_from_slice(&entry.raw);
    }
    Some(bytes)
}

/// Where two texts of one length differ: the offset, and what stands there afterwards.
fn difference<'a>(before: &[u8], after: &'a [u8]) -> Option<(usize, &'a [u8])> {
    if before.len() != after.len() {
        return None;
    }
    let differs = |(old, new): (&u8, &u8)| old != new;
    let first = before.iter().zip(after).position(differs)?;
    let last = before.iter().zip(after).rposition(differs)?;
    Some((first, after.get(first..=last)?))
}

/// Writes what the plan says into the selected file; false when there is no room for it.
fn write(channel: &mut Channel<'_>, plan: &Plan) -> Result<bool, CardError> {
    let (start, end, used) = (plan.start, plan.end(), plan.used);
    if end > plan.size {
        return Ok(false);
    }
    let span = end.max(used) - start;
    if span <= MAX_UPDATE {
        let mut bytes = plan.new.clone();
        bytes.resize(span, 0x00);
        if !bytes.is_empty() {
            update(channel, start, &bytes)?;
        }
        return Ok(true);
    }
    if plan.new.is_empty() {
        update(channel, start, &cover(used - start))?;
        clear(channel, start, used)?;
    } else if used <= start {
        write_hidden(channel, start, &plan.new)?;
    } else {
        let Some(copy) = plan.copy() else { return Ok(false) };
        write_by_copy(channel, plan, copy)?;
    }
    Ok(true)
}

/// Writes one entry behind all others, as a deleted one, and brings it to life by its tag.
pub(super) fn write_hidden(channel: &mut Channel<'_>, offset: usize, entry: &[u8]) -> Result<(), CardError> {
    let Some((tag, rest)) = entry.split_first() else { return Ok(()) };
    update(channel, offset, &[&[DELETED], rest].concat())?;
    update(channel, offset, &[*tag])
}

/// See the head of this file.
fn write_by_copy(channel: &mut Channel<'_>, plan: &Plan, copy: usize) -> Result<(), CardError> {
    let Plan { start, new, used, .. } = plan;
    let (start, used, end, behind) = (*start, *used, plan.end(), copy + plan.new.len());
    let head = cover(behind - used);
    if copy == used + COVER_LEN {
        update(channel, used, &[&head[..], new].concat())?;
    } else {
        update(channel, used, &head)?;
        update(channel, copy, new)?;
    }
    update(channel, start, &cover(copy - start))?;
    let (first, rest) = new.split_at_checked(COVER_LEN).unwrap_or((new, &[]));
    update(channel, start + COVER_LEN, &[rest, &cover(behind - end)].concat())?;
    update(channel, start, first)?;
    clear(channel, end, behind)
}

/// Clears what a cover at `from` hides, then the cover itself.
pub(super) fn clear(channel: &mut Channel<'_>, from: usize, to: usize) -> Result<(), CardError> {
    let inner = from + COVER_LEN;
    if to - from > MAX_UPDATE {
        let offset = |offset: usize| u16::try_from(offset).unwrap_or(u16::MAX);
        let erased = channel.send(&write_commands::erase_binary(offset(inner), offset(to)))?.status;
        if erased != StatusWord::OK {
            update(channel, inner, &vec![0x00; to - inner])?;
        }
        return update(channel, from, &[0x00; COVER_LEN]);
    }
    update(channel, from, &vec![0x00; to - from])
}

/// The header of a deleted record of so many bytes, header included.
pub(super) fn cover(len: usize) -> [u8; COVER_LEN] {
    let [high, low] = u16::try_from(len - COVER_LEN).unwrap_or(u16::MAX).to_be_bytes();
    [DELETED, 0x82, high, low]
}

/// Tag of a deleted entry (PKCS #15 v1.1, 5.8).
const DELETED: u8 = 0x00;
/// Bytes of the header of a deleted record.
pub(super) const COVER_LEN: usize = 4;
/// READ BINARY reaches no further.
const MAX_DIRECTORY: usize = 0x7FFF;

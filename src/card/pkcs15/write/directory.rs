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

use crate::apdu::Channel;
use crate::card::CardError;
use crate::card::pkcs15::{DirectoryFile, Entry, FileKind, Object, OdfRecord, encode_odf};
use crate::token::ObjectId;

use super::gaps::close_gaps;
use super::{Home, MAX_FILE_LEN, MAX_UPDATE, Structure, folder_of, update};

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

/// The entries of directory files, to be changed.
pub trait DirectoryWriting: Structure {
    /// The directory file of a kind in a folder: its index. One that is not there yet is made, and named in the ODF.
    fn directory_for(
        &mut self,
        channel: &mut Channel<'_>,
        home: &Home,
        kind: FileKind,
    ) -> Result<usize, CardError> {
        if let Some(index) = self.directory_in(&home.folder, kind) {
            return Ok(index);
        }
        let named = self.known()?.directory.odf.iter().find_map(|record| match record {
            OdfRecord::File { kind: said, path } if *said == kind => {
                Self::locate(path).filter(|path| folder_of(path) == home.folder)
            }
            _ => None,
        });
        let named = named.and_then(|path| path.last_chunk::<2>().map(|file| u16::from_be_bytes(*file)));
        let path = home.path(self.create_directory(channel, home, kind, named)?);
        if named.is_none() {
            self.name_in_odf(channel, &[OdfRecord::File { kind, path: path.clone() }])?;
        }
        let mut directory = self.known()?.directory.clone();
        directory.files.push(DirectoryFile::decode(kind, path, &[]));
        let index = directory.files.len() - 1;
        self.take_over(directory);
        Ok(index)
    }

    /// Adds an entry behind the last one of a directory file.
    fn append(
        &mut self,
        channel: &mut Channel<'_>,
        index: usize,
        object: Object,
    ) -> Result<ObjectId, CardError> {
        let position = push(self, channel, index, object)?;
        object_at(self, index, position)
    }

    /// As [`DirectoryWriting::append`], for a PIN.
    fn append_pin(
        &mut self,
        channel: &mut Channel<'_>,
        index: usize,
        object: Object,
    ) -> Result<(), CardError> {
        push(self, channel, index, object).map(|_| ())
    }

    /// Puts another object in the place of an entry.
    fn replace(
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
        rewrite(self, channel, index, entries)?;
        object_at(self, index, position)
    }

    /// Takes an entry out. Where there is no room to close the gap at once it is a deleted record first, and stays
    /// one when the other entries cannot be moved one by one either.
    fn take_out(
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
        match rewrite(self, channel, index, entries) {
            Err(CardError::NotSupported { .. }) => {
                let path = self.directory_path(index)?;
                self.select(channel, &path)?.ok_or(CardError::NoSuchObject)?;
                update(channel, gone.offset, &cover(gone.raw.len()))?;
                let mut directory = self.known()?.directory.clone();
                let file = directory.files.get_mut(index).ok_or(CardError::NoSuchObject)?;
                file.entries.remove(position);
                self.take_over(directory);
                close_gaps(self, channel, index).map(|_| ())
            }
            other => other,
        }
    }

    /// Adds records to the ODF, behind those that are there: in one command, so that it is whole at any time.
    fn name_in_odf(&mut self, channel: &mut Channel<'_>, new: &[OdfRecord]) -> Result<(), CardError> {
        let path = self.odf_path()?;
        let bytes = self.read_all(channel, &path)?.ok_or(CardError::NoSuchObject)?;
        let offset = bytes.iter().rposition(|byte| !matches!(byte, 0x00 | 0xFF)).map_or(0, |last| last + 1);
        // An ODF that formatting left empty is written as a whole.
        let missing = if offset == 0 { encode_odf(&self.known()?.directory.odf) } else { Vec::new() };
        let encoded = [missing, encode_odf(new)].concat();
        if offset + encoded.len() > bytes.len() || (offset > 0 && encoded.len() > MAX_UPDATE) {
            return Err(CardError::NotSupported {
                what: format!("name another directory: EF.ODF has {} bytes, all in use", bytes.len()),
            });
        }
        self.select(channel, &path)?.ok_or(CardError::NoSuchObject)?;
        update(channel, offset, &encoded)?;
        let mut directory = self.known()?.directory.clone();
        directory.odf.extend_from_slice(new);
        self.take_over(directory);
        Ok(())
    }
}

impl<S: Structure + ?Sized> DirectoryWriting for S {}

fn push<S: Structure + ?Sized>(
    card: &mut S,
    channel: &mut Channel<'_>,
    index: usize,
    object: Object,
) -> Result<usize, CardError> {
    match try_push(card, channel, index, object.clone()) {
        Err(CardError::NotSupported { .. }) if close_gaps(card, channel, index)? => {
            try_push(card, channel, index, object)
        }
        other => other,
    }
}

fn try_push<S: Structure + ?Sized>(
    card: &mut S,
    channel: &mut Channel<'_>,
    index: usize,
    object: Object,
) -> Result<usize, CardError> {
    let file = card.known()?.directory.files.get(index).ok_or(CardError::NoSuchObject)?;
    let mut entries = file.entries.clone();
    let entry = Entry { raw: object.encode(), object: Ok(object), offset: 0 };
    // No reader gets past a rest that nobody can read.
    let rest = entries.last().is_some_and(|last| last.is_rest());
    let position = entries.len() - usize::from(rest);
    entries.insert(position, entry);
    rewrite(card, channel, index, entries)?;
    Ok(position)
}

/// What the entry at a position is called now.
fn object_at<S: Structure + ?Sized>(
    card: &mut S,
    index: usize,
    position: usize,
) -> Result<ObjectId, CardError> {
    let objects = &card.known()?.objects;
    let found = objects.iter().find(|(_, place)| (place.file, place.entry) == (index, position));
    found.map(|(object, _)| *object).ok_or(CardError::NoSuchObject)
}

/// Brings a directory file to these entries. Entries before the first change stay where they are.
/// Errors: `NotSupported` when they have no room; nothing was written then.
fn rewrite<S: Structure + ?Sized>(
    card: &mut S,
    channel: &mut Channel<'_>,
    index: usize,
    mut entries: Vec<Entry>,
) -> Result<(), CardError> {
    let path = card.directory_path(index)?;
    let old = card.known()?.directory.files.get(index).ok_or(CardError::NoSuchObject)?.clone();
    let info = card.select(channel, &path)?.ok_or(CardError::NoSuchObject)?;
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
    } else if !write::<S>(channel, &plan)? {
        return move_directory(card, channel, index, entries, size);
    }
    let mut directory = card.known()?.directory.clone();
    let file = directory.files.get_mut(index).ok_or(CardError::NoSuchObject)?;
    *file = DirectoryFile { entries, used, len: old.len.max(used), ..old };
    card.take_over(directory);
    Ok(())
}

/// Writes the entries to a new, larger file, which the ODF then names instead of the old one.
/// Errors: `NotSupported` when that is not possible, or needs a PIN that is not verified.
fn move_directory<S: Structure + ?Sized>(
    card: &mut S,
    channel: &mut Channel<'_>,
    index: usize,
    mut entries: Vec<Entry>,
    old_size: usize,
) -> Result<(), CardError> {
    let old_path = card.directory_path(index)?;
    let old = card.known()?.directory.files.get(index).ok_or(CardError::NoSuchObject)?.clone();
    let full = || CardError::NotSupported {
        what: format!("hold one more {}: its directory has {old_size} bytes", old.kind.noun()),
    };
    let bytes = settle(&mut entries, 0);
    let size = (old_size * 2).max(bytes.len() * 3 / 2).min(usize::from(MAX_FILE_LEN));
    if size <= old_size.max(bytes.len()) {
        return Err(full());
    }
    let mut directory = card.known()?.directory.clone();
    let place = directory.place.base.clone();
    let named = |record: &OdfRecord| match record {
        OdfRecord::File { path, .. } => path.resolve(&place) == old.path,
        _ => false,
    };
    let record = directory.odf.iter().position(named).ok_or_else(full)?;
    let before = encode_odf(&directory.odf);
    let size = u16::try_from(size).map_err(|_| full())?;
    let file = card.create_beside(channel, &old_path, size)?.ok_or_else(full)?;
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
    switch_odf(card, channel, &before, &after)?;
    card.delete_file(channel, &old_path)?;
    let used = bytes.len();
    if let Some(moved) = directory.files.get_mut(index) {
        *moved = DirectoryFile { path, entries, used, len: used, ..old };
    }
    card.take_over(directory);
    Ok(())
}

/// Changes the ODF in one command, where it stands as it would be written here.
fn switch_odf<S: Structure + ?Sized>(
    card: &mut S,
    channel: &mut Channel<'_>,
    before: &[u8],
    after: &[u8],
) -> Result<(), CardError> {
    let odf = card.odf_path()?;
    let bytes = card.read_all(channel, &odf)?.ok_or(CardError::NoSuchObject)?;
    let difference = difference(before, after);
    let (Some((offset, changed)), true) = (difference, bytes.starts_with(before)) else {
        return Err(CardError::NotSupported {
            what: "name another directory: its EF.ODF is written in a way of its own".to_owned(),
        });
    };
    card.select(channel, &odf)?.ok_or(CardError::NoSuchObject)?;
    update(channel, offset, changed)
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
fn write<S: Structure + ?Sized>(channel: &mut Channel<'_>, plan: &Plan) -> Result<bool, CardError> {
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
        clear::<S>(channel, start, used)?;
    } else if used <= start {
        write_hidden(channel, start, &plan.new)?;
    } else {
        let Some(copy) = plan.copy() else { return Ok(false) };
        write_by_copy::<S>(channel, plan, copy)?;
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
fn write_by_copy<S: Structure + ?Sized>(
    channel: &mut Channel<'_>,
    plan: &Plan,
    copy: usize,
) -> Result<(), CardError> {
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
    clear::<S>(channel, end, behind)
}

/// Clears what a cover at `from` hides, then the cover itself.
pub(super) fn clear<S: Structure + ?Sized>(
    channel: &mut Channel<'_>,
    from: usize,
    to: usize,
) -> Result<(), CardError> {
    let inner = from + COVER_LEN;
    if to - from > MAX_UPDATE {
        if !S::erase(channel, inner, to)? {
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

//! Closing the gaps that deleted entries leave in a directory file with little room: one entry moves at a time.
//!
//! On its way an entry stands in two places for a moment; whoever reads the file takes equal entries for one.

use crate::apdu::Channel;
use crate::card::CardError;
use crate::card::pkcs15::DirectoryFile;

use super::directory::{COVER_LEN, clear, cover, write_hidden};
use super::{MAX_UPDATE, Structure, update};

/// A gap and the entry behind it.
struct Gap {
    /// Position of the entry behind the gap.
    position: usize,
    /// Where the gap begins.
    start: usize,
    /// Its length.
    len: usize,
    /// The entry.
    entry: Vec<u8>,
}

/// Moves entries into the gaps before them, as far as there is room to do so. Tells whether any moved.
pub(super) fn close_gaps<S: Structure + ?Sized>(
    card: &mut S,
    channel: &mut Channel<'_>,
    index: usize,
) -> Result<bool, CardError> {
    let path = card.directory_path(index)?;
    let mut file = card.known()?.directory.files.get(index).ok_or(CardError::NoSuchObject)?.clone();
    let Some(gap) = first_gap(&file) else { return Ok(false) };
    let info = card.select(channel, &path)?.ok_or(CardError::NoSuchObject)?;
    let size = info.size.unwrap_or(file.len);
    let (mut next, mut moved) = (Some(gap), false);
    while let Some(gap) = next {
        if !fill::<S>(channel, &gap, file.used, size)? {
            break;
        }
        moved = true;
        let end = gap.start + gap.entry.len();
        if let Some(entry) = file.entries.get_mut(gap.position) {
            entry.offset = gap.start;
        }
        if gap.position + 1 == file.entries.len() {
            if file.used >= end + COVER_LEN {
                update(channel, end, &cover(file.used - end))?;
                clear::<S>(channel, end, file.used)?;
            }
            file.used = end;
        }
        next = first_gap(&file);
    }
    let mut directory = card.known()?.directory.clone();
    if let Some(known) = directory.files.get_mut(index) {
        *known = file;
    }
    card.take_over(directory);
    Ok(moved)
}

/// The first gap that an entry can move into.
fn first_gap(file: &DirectoryFile) -> Option<Gap> {
    let mut start = 0;
    for (position, entry) in file.entries.iter().enumerate() {
        let len = entry.offset.checked_sub(start)?;
        if len > 0 {
            let movable = len >= COVER_LEN && entry.raw.len() >= COVER_LEN && !entry.is_rest();
            return movable.then(|| Gap { position, start, len, entry: entry.raw.clone() });
        }
        start = entry.offset + entry.raw.len();
    }
    None
}

/// Moves the entry behind a gap to its beginning; false when there is no room to do so.
fn fill<S: Structure + ?Sized>(
    channel: &mut Channel<'_>,
    gap: &Gap,
    used: usize,
    size: usize,
) -> Result<bool, CardError> {
    let Gap { start, len, entry, .. } = gap;
    let (start, len, entry_len) = (*start, *len, entry.len());
    if entry_len == len || entry_len + COVER_LEN <= len {
        update(channel, start, &cover(len))?;
        let rest = len - entry_len;
        write_below(channel, start, entry, if rest == 0 { None } else { Some(rest) })?;
        update(channel, start + entry_len, &cover(len))?;
        return Ok(true);
    }
    if used + entry_len > size {
        return Ok(false);
    }
    if entry_len > MAX_UPDATE {
        write_hidden(channel, used, entry)?;
    } else {
        update(channel, used, entry)?;
    }
    update(channel, start, &cover(len + entry_len))?;
    write_below(channel, start, entry, Some(len))?;
    update(channel, used, &cover(entry_len))?;
    clear::<S>(channel, used, used + entry_len)?;
    Ok(true)
}

/// Writes an entry where a cover stands, with another cover of so many bytes behind it; the head of it last.
fn write_below(
    channel: &mut Channel<'_>,
    start: usize,
    entry: &[u8],
    behind: Option<usize>,
) -> Result<(), CardError> {
    let (head, rest) = entry.split_at_checked(COVER_LEN).unwrap_or((entry, &[]));
    let behind = behind.map(cover);
    let rest = [rest, behind.as_ref().map_or(&[][..], |cover| cover)].concat();
    update(channel, start + COVER_LEN, &rest)?;
    update(channel, start, head)
}

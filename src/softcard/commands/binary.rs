//! READ, UPDATE and ERASE BINARY (ISO 7816-4, 11.3) on the selected transparent file.

use crate::apdu::StatusWord;
use crate::codec::Secret;
use crate::softcard::apdu::{Answer, CommandApdu, Reply};
use crate::softcard::files::{Body, Content, File, FileUid};
use crate::softcard::keys::INCOMPATIBLE_FILE;
use crate::softcard::machine::Machine;
use crate::softcard::vault;

/// Reads from an offset: as many bytes as asked for, or up to the end when all are asked for.
/// Errors: 6986, 6981, 6982, 6A86, 6B00; 6282 with the data when the file ends before the number asked for.
pub(super) fn read(card: &mut Machine, command: &CommandApdu) -> Answer {
    if command.expected == 0 || !command.data().is_empty() {
        return Err(StatusWord::WRONG_LENGTH);
    }
    let (file, content) = transparent(card)?;
    card.require(file.access.read())?;
    let offset = offset(command, file)?;
    if offset >= file.size {
        return Err(StatusWord::WRONG_OFFSET);
    }
    let bytes = vault::read(&card.state, &card.session, (file.uid, file.access.read()), content, file.size)?;
    let rest = bytes.expose().get(usize::from(offset)..).unwrap_or_default();
    let wants_all = matches!(command.expected, 256 | 65_536);
    let status =
        if rest.len() < command.expected && !wants_all { StatusWord::END_OF_FILE } else { StatusWord::OK };
    let data = rest.get(..command.expected).unwrap_or(rest);
    Ok(Reply { data: Secret::from(data), status })
}

/// Writes at an offset. Errors: 6986, 6981, 6982, 6700, 6A86, 6B00.
pub(super) fn update(card: &mut Machine, command: &CommandApdu) -> Answer {
    if command.data().is_empty() {
        return Err(StatusWord::WRONG_LENGTH);
    }
    let (file, _) = transparent(card)?;
    card.require(file.access.update())?;
    let offset = offset(command, file)?;
    let end = usize::from(offset) + command.data().len();
    if end > usize::from(file.size) {
        return Err(StatusWord::WRONG_OFFSET);
    }
    write(card, offset, command.data())
}

/// Clears from an offset to the end, or to an offset in the data field. Errors: as for [`update`].
pub(super) fn erase(card: &mut Machine, command: &CommandApdu) -> Answer {
    let (file, _) = transparent(card)?;
    card.require(file.access.update())?;
    let start = offset(command, file)?;
    let end = match command.data() {
        [] => file.size,
        data => u16::from_be_bytes(data.try_into().map_err(|_| StatusWord::WRONG_LENGTH)?),
    };
    if start >= end || end > file.size {
        return Err(StatusWord::WRONG_OFFSET);
    }
    write(card, start, &vec![0; usize::from(end - start)])
}

/// Writes to any transparent file; access was checked. Errors: 6981, 6B00.
pub(super) fn write_to(card: &mut Machine, uid: FileUid, offset: u16, data: &[u8]) -> Result<(), StatusWord> {
    let file = card.state.files.get(uid).ok_or(StatusWord::FILE_NOT_FOUND)?;
    let Body::Transparent(content) = &file.body else { return Err(INCOMPATIBLE_FILE) };
    let owner = (uid, file.access.read());
    let written = vault::write(&card.state, &card.session, owner, content, file.size, (offset, data))?;
    if written == *content {
        return Ok(());
    }
    if let Some(file) = card.state.files.get_mut(uid) {
        file.body = Body::Transparent(written);
    }
    card.note_public_change();
    Ok(())
}

fn write(card: &mut Machine, offset: u16, data: &[u8]) -> Answer {
    write_to(card, card.session.selected, offset, data)?;
    Ok(Reply::done())
}

fn transparent(card: &Machine) -> Result<(&File, &Content), StatusWord> {
    let file = card.selected()?;
    match &file.body {
        Body::Transparent(content) => Ok((file, content)),
        Body::Dedicated { .. } => Err(StatusWord::NO_CURRENT_EF),
        Body::Key(_) => Err(INCOMPATIBLE_FILE),
    }
}

/// The offset in P1-P2; short file identifiers (P1 bit 8) are not known here.
fn offset(command: &CommandApdu, file: &File) -> Result<u16, StatusWord> {
    let offset = command.p1_p2();
    if offset & 0x8000 != 0 {
        return Err(StatusWord::WRONG_P1_P2);
    }
    if offset > file.size {
        return Err(StatusWord::WRONG_OFFSET);
    }
    Ok(offset)
}

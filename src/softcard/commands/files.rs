//! CREATE FILE, DELETE FILE (ISO 7816-9) and ACTIVATE APPLET (MyEID).

use crate::apdu::StatusWord;
use crate::softcard::access::Rule;
use crate::softcard::apdu::{Answer, CommandApdu, Reply};
use crate::softcard::fcp;
use crate::softcard::files::{APPLICATION_AID, Body, FileUid};
use crate::softcard::machine::Machine;
use crate::softcard::vault;

/// Creates a file in the current DF and selects it.
/// Errors: 6982, 6A80, 6A84, 6A86, 6A89, 6A8A.
pub(super) fn create(card: &mut Machine, command: &CommandApdu) -> Answer {
    if command.p1_p2() != 0 {
        return Err(StatusWord::WRONG_P1_P2);
    }
    if command.data().is_empty() {
        return Err(StatusWord::WRONG_LENGTH);
    }
    let mut file = fcp::decode(command.data())?;
    let directory = card.current_directory();
    let rules = card.state.files.get(directory).ok_or(StatusWord::FILE_NOT_FOUND)?.access;
    card.require(if file.is_dedicated() { rules.create_df() } else { rules.create_ef() })?;
    if matches!(file.body, Body::Transparent(_)) {
        file.body = Body::Transparent(vault::empty(file.access.read(), file.size));
    }
    card.session.selected = card.state.files.create(directory, file)?;
    card.note_public_change();
    Ok(Reply::done())
}

/// Deletes the selected file, a DF with everything in it, and selects its parent.
/// Errors: 6982, 6985 for a DF that has to stay, 6986, 6A86.
pub(super) fn delete(card: &mut Machine, command: &CommandApdu) -> Answer {
    if command.p1_p2() != 0 {
        return Err(StatusWord::WRONG_P1_P2);
    }
    if !command.data().is_empty() {
        return Err(StatusWord::WRONG_LENGTH);
    }
    let file = card.selected()?;
    let (uid, parent, is_permanent) = (file.uid, file.parent, file.is_permanent());
    if uid == FileUid::MF || is_permanent {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
    }
    card.require(file.access.delete())?;
    let gone = card.state.files.delete(uid);
    card.forget_files(&gone);
    card.session.selected = parent;
    card.note_public_change();
    Ok(Reply::done())
}

/// Puts the access rules into force. Errors: 6A82 for another applet's name, 6985, 6A86.
pub(super) fn activate(card: &mut Machine, command: &CommandApdu) -> Answer {
    if command.p1_p2() != 0x0400 {
        return Err(StatusWord::WRONG_P1_P2);
    }
    if command.data() != APPLICATION_AID {
        return Err(StatusWord::FILE_NOT_FOUND);
    }
    if card.state.is_in_creation() {
        card.state.activate()?;
        card.session.keys.clear();
        card.note_public_change();
    }
    Ok(Reply::done())
}

/// The rule for formatting the card: that of deleting the master file.
pub(super) fn formatting_rule(card: &Machine) -> Rule {
    card.state.files.get(FileUid::MF).map_or(Rule::Never, |mf| mf.access.delete())
}

//! SELECT (ISO 7816-4, 11.2.2): by identifier, path, name, or upwards.

use crate::apdu::StatusWord;
use crate::softcard::apdu::{Answer, CommandApdu, Reply};
use crate::softcard::fcp;
use crate::softcard::files::{APPLICATION_AID, File, FileUid};
use crate::softcard::machine::Machine;

/// Selects a file and tells its parameters. A failed selection leaves the old one.
/// Errors: 6A82, 6A86, 6A87 for data that do not fit P1.
pub(super) fn select(card: &mut Machine, command: &CommandApdu) -> Answer {
    let template = match command.p2 {
        P2_FCI => Some(fcp::TAG_FCI),
        P2_FCP => Some(fcp::TAG_FCP),
        P2_NOTHING => None,
        _ => return Err(StatusWord::WRONG_P1_P2),
    };
    let file = find(card, command.p1, command.data())?;
    let life_cycle = card.state.life_cycle as u8;
    let answer = template.map(|tag| fcp::encode(file, tag, life_cycle)).unwrap_or_default();
    card.session.selected = file.uid;
    Ok(Reply::data(answer))
}

fn find<'a>(card: &'a Machine, p1: u8, data: &[u8]) -> Result<&'a File, StatusWord> {
    let files = &card.state.files;
    let current = card.current_directory();
    let found = match (p1, data) {
        (P1_NEAR, []) => files.get(FileUid::MF),
        (P1_NEAR, _) => files.find_near(current, identifier(data)?),
        (P1_CHILD_DF, _) => {
            let id = identifier(data)?;
            files.child(current, id).filter(|file| file.is_dedicated())
        }
        (P1_CHILD_EF, _) => {
            let id = identifier(data)?;
            files.child(current, id).filter(|file| !file.is_dedicated())
        }
        (P1_PARENT, []) => files.get(current).and_then(|directory| files.get(directory.parent)),
        (P1_NAME, [_, ..]) => files.find_name(data).or_else(|| {
            // The name of the applet itself: the card answers to it even without the application DF.
            (data == APPLICATION_AID).then(|| files.get(FileUid::MF)).flatten()
        }),
        (P1_PATH_FROM_MF, [_, ..]) if data.len().is_multiple_of(2) => files.find_path(FileUid::MF, data),
        (P1_PATH_FROM_DF, [_, ..]) if data.len().is_multiple_of(2) => files.find_path(current, data),
        (P1_PARENT | P1_NAME | P1_PATH_FROM_MF | P1_PATH_FROM_DF, _) => return Err(LENGTH_AGAINST_P1),
        _ => return Err(StatusWord::WRONG_P1_P2),
    };
    found.ok_or(StatusWord::FILE_NOT_FOUND)
}

fn identifier(data: &[u8]) -> Result<u16, StatusWord> {
    data.try_into().map(u16::from_be_bytes).map_err(|_| LENGTH_AGAINST_P1)
}

// ISO 7816-4, tables 62 and 63.
const P1_NEAR: u8 = 0x00;
const P1_CHILD_DF: u8 = 0x01;
const P1_CHILD_EF: u8 = 0x02;
const P1_PARENT: u8 = 0x03;
const P1_NAME: u8 = 0x04;
const P1_PATH_FROM_MF: u8 = 0x08;
const P1_PATH_FROM_DF: u8 = 0x09;
const P2_FCI: u8 = 0x00;
const P2_FCP: u8 = 0x04;
const P2_NOTHING: u8 = 0x0C;
/// 6A87: length inconsistent with P1-P2.
const LENGTH_AGAINST_P1: StatusWord = StatusWord(0x6A87);

//! READ, UPDATE and ERASE BINARY (ISO 7816-4, 11.3) on the selected transparent file.

use crate::apdu::StatusWord;
use crate::codec::Secret;
use crate::softcard::apdu::{Answer, CommandApdu, Reply};
use crate::softcard::files::{Body, File, FileUid};
use crate::softcard::keys::INCOMPATIBLE_FILE;
use crate::softcard::machine::Machine;
use crate::softcard::vault;

/// Reads from an offset: as many bytes as asked for, or up to the end when all are asked for.
/// Errors: 6986, 6981, 6982, 6A86, 6B00; 6282 with the data when the file ends before the number asked for.
pub(super) fn read(card: &mut Machine, command: &CommandApdu) -> Answer {
    if command.expected == 0 || !command.data().is_empty() {
        return Err(StatusWord::WRONG_LENGTH);
    }
    let file = transparent(card)?;
    card.require(file.access.read())?;
    let offset = offset(command, file)?;
    if offset >= file.size {
        return Err(StatusWord::WRONG_OFFSET);
    }
    let bytes = vault::read(&card.state, &card.session, file)?;
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
    let file = transparent(card)?;
    card.require(file.access.update())?;
    let offset = offset(command, file)?;
    write(card, offset, command.data())
}

/// Clears from an offset to the end, or to an offset in the data field. Errors: as for [`update`].
pub(super) fn erase(card: &mut Machine, command: &CommandApdu) -> Answer {
    let file = transparent(card)?;
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
    let written = Body::Transparent(vault::write(&card.state, &card.session, file, offset, data)?);
    if written == file.body {
        return Ok(());
    }
    if let Some(file) = card.state.files.get_mut(uid) {
        file.body = written;
    }
    card.note_public_change();
    Ok(())
}

fn write(card: &mut Machine, offset: u16, data: &[u8]) -> Answer {
    write_to(card, card.session.selected, offset, data)?;
    Ok(Reply::done())
}

fn transparent(card: &Machine) -> Result<&File, StatusWord> {
    let file = card.selected()?;
    match file.body {
        Body::Transparent(_) => Ok(file),
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

#[cfg(test)]
mod tests {
    use crate::softcard::files::{Body, Content};
    use crate::softcard::testing::Bench;

    #[test]
    fn read_gives_what_update_wrote() {
        let mut bench = Bench::blank();
        bench.create("4401", "01", 8, "0000");
        bench.ok("00D6000203AABBCC");
        assert_eq!(bench.ok("00B0000000"), [0, 0, 0xAA, 0xBB, 0xCC, 0, 0, 0]);
        assert_eq!(bench.ok("00B0000302"), [0xBB, 0xCC]);
        bench.ok("000E0003");
        assert_eq!(bench.ok("00B0000000"), [0, 0, 0xAA, 0, 0, 0, 0, 0]);
        bench.ok("000E0000020002");
        assert_eq!(bench.ok("00B0000203"), [0xAA, 0, 0]);
    }

    #[test]
    fn read_beyond_the_end_gives_the_rest_with_a_warning() {
        let mut bench = Bench::blank();
        bench.create("4401", "01", 8, "0000");
        assert_eq!(bench.send("00B0000604"), (vec![0, 0], 0x6282));
        assert_eq!(bench.send("00B0000600"), (vec![0, 0], 0x9000));
        assert_eq!(bench.status("00B0000800"), 0x6B00);
    }

    #[test]
    fn read_whole_file_in_one_extended_apdu() {
        let mut bench = Bench::blank();
        bench.create("4401", "01", 0x7FFF, "0000");
        assert_eq!(bench.ok("00B00000000000").len(), 0x7FFF);
        let command = format!("00D60000 00 7FFF {}", "5A".repeat(0x7FFF));
        bench.ok(&command);
        assert_eq!(bench.ok("00B0000000 0400"), [0x5A; 0x400]);
    }

    #[test]
    fn binary_wrong_files_and_places_are_refused() {
        let mut bench = Bench::blank();
        assert_eq!(bench.status("00B0000000"), 0x6986, "a DF");
        bench.create("4B01", "11", 2048, "0000");
        assert_eq!(bench.status("00B0000000"), 0x6981, "a key file");
        assert_eq!(bench.status("00D600000155"), 0x6981);
        bench.create("4401", "01", 8, "0000");
        for (command, status) in [
            ("00D60007025555", 0x6B00),
            ("00D60009 0155", 0x6B00),
            ("00D68001 0155", 0x6A86),
            ("00B0800000", 0x6A86),
            ("00B00009 01", 0x6B00),
            ("00D60000", 0x6700),
            ("00B00000", 0x6700),
            ("000E0008", 0x6B00),
            ("000E0000 020009", 0x6B00),
            ("000E0000 0109", 0x6700),
        ] {
            assert_eq!(bench.status(command), status, "{command}");
        }
        bench.ok("00E40000");
        assert_eq!(bench.card.selected().unwrap().id, 0x3F00);
    }

    #[test]
    fn binary_access_rules_hold_on_an_operational_card() {
        let mut bench = Bench::operational();
        bench.verify(1);
        bench.create("4401", "01", 8, "12FF");
        bench.ok("00B0000000");
        assert_eq!(bench.status("00D600000155"), 0x6982);
        bench.ok("002E0000");
        assert_eq!(bench.status("00B0000000"), 0x6982);
        bench.verify(2);
        assert_eq!(bench.status("00B0000000"), 0x6982);
        bench.ok("00D600000155");
        assert_eq!(bench.status("000E0004"), 0x9000);
    }

    #[test]
    fn protected_file_is_sealed_in_memory_and_patched_blindly() {
        let mut bench = Bench::operational();
        bench.verify(1);
        bench.create("4401", "01", 8, "12FF");
        bench.ok("002E0000");
        bench.verify(2);
        bench.ok("00D6000002AABB");
        bench.ok("00D6000102CCDD");
        let Body::Transparent(Content::Sealed(patches)) = &bench.card.selected().unwrap().body else {
            panic!("not sealed")
        };
        assert_eq!(patches.len(), 2);
        bench.verify(1);
        assert_eq!(bench.ok("00B0000000"), [0xAA, 0xCC, 0xDD, 0, 0, 0, 0, 0]);
        bench.ok("00D6000701EE");
        let Body::Transparent(Content::Sealed(patches)) = &bench.card.selected().unwrap().body else {
            panic!("not sealed")
        };
        assert_eq!(patches.len(), 1, "who may read puts the patches together");
        assert_eq!(bench.ok("00B0000000"), [0xAA, 0xCC, 0xDD, 0, 0, 0, 0, 0xEE]);
    }

    #[test]
    fn update_with_the_same_bytes_changes_nothing() {
        let mut bench = Bench::blank();
        bench.create("4401", "01", 8, "0000");
        let counter = bench.change_counter();
        bench.card.take_modified();
        bench.ok("00D600000200 00");
        assert!(!bench.card.take_modified());
        bench.ok("00D600000200 01");
        assert!(bench.card.take_modified());
        assert_ne!(bench.change_counter(), counter);
    }
}

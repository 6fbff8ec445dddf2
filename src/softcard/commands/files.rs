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

#[cfg(test)]
mod tests {
    use crate::softcard::testing::Bench;

    #[test]
    fn create_makes_the_file_the_selected_one() {
        let mut bench = Bench::blank();
        bench.create("4401", "01", 8, "0000");
        assert_eq!(bench.card.selected().unwrap().id, 0x4401);
        assert_eq!(bench.status("00E00000 (62 (800200088201018302440186030000FF))"), 0x6A89);
        assert_eq!(bench.ok("00CA01A100"), [0x50, 0x15, 0x44, 0x01]);
    }

    #[test]
    fn create_refusals_change_nothing() {
        let mut bench = Bench::blank();
        let counter = bench.change_counter();
        for (command, status) in [
            ("00E00001 (6200)", 0x6A86),
            ("00E00000", 0x6700),
            ("00E00000 (6200)", 0x6A80),
            ("00E00000 (62 (81020000 820138 83020001 840CA000000063504B4353))", 0x6A80),
            ("00E00000 (62 (81020000 820138 83020001 840CA000000063504B43532D3135))", 0x6A8A),
        ] {
            assert_eq!(bench.status(command), status, "{command}");
        }
        assert_eq!(bench.change_counter(), counter);
        assert_eq!(bench.ok("00CA01A100"), [0x50, 0x15]);
    }

    #[test]
    fn create_full_card_says_so() {
        let mut bench = Bench::blank();
        for number in 0..254 {
            bench.create(&format!("{:04X}", 0x4000 + number), "01", 0x7FFF, "0000");
        }
        assert_eq!(bench.status("00E00000 (62 (80027FFF 820101 830244FF 86030000FF))"), 0x6A84);
        bench.ok("00E40000");
        bench.create("44FF", "01", 0x7FFF, "0000");
    }

    #[test]
    fn delete_takes_the_subtree_and_selects_the_parent() {
        let mut bench = Bench::blank();
        bench.ok("00E00000 (62 (81020000 820138 83026001 86030000FF))");
        bench.create("4401", "01", 8, "0000");
        bench.ok("00A4000C026001");
        bench.ok("A0E40000");
        assert_eq!(bench.card.selected().unwrap().id, 0x3F00);
        assert_eq!(bench.status("00A4080C0460014401"), 0x6A82);
    }

    #[test]
    fn delete_permanent_directories_stay() {
        let mut bench = Bench::blank();
        assert_eq!(bench.status("00E40000"), 0x6985, "the master file");
        bench.select_application();
        assert_eq!(bench.status("00E40000"), 0x6985, "the application");
        assert_eq!(bench.status("00E40001"), 0x6A86);
        assert_eq!(bench.status("00E40000021234"), 0x6700);
    }

    #[test]
    fn delete_and_create_need_their_pins() {
        let mut bench = Bench::operational();
        let create = "00E00000 (62 (80020008 820101 83024401 860301 3FFF))";
        assert_eq!(bench.status(create), 0x6982);
        bench.verify(1);
        bench.ok(create);
        assert_eq!(bench.status("00E40000"), 0x6982);
        bench.verify(3);
        bench.ok("00E40000");
    }

    #[test]
    fn activate_needs_the_pin_that_formats() {
        let mut bench = Bench::blank();
        assert_eq!(bench.status("004404000CA000000063504B43532D3135"), 0x6985);
        assert_eq!(bench.status("004404000CA000000063504B43532D3136"), 0x6A82);
        assert_eq!(bench.status("004400000CA000000063504B43532D3135"), 0x6A86);
        bench.ok("00DA0103 (3333333333333333 3939393939393939)");
        bench.activate();
        assert_eq!(bench.ok("00A4000000").last_chunk::<3>(), Some(&[0x8A, 0x01, 0x07]));
        bench.activate();
    }

    #[test]
    fn session_object_goes_with_the_reset() {
        let mut bench = Bench::blank();
        bench.ok("00E00000 (62 (81020080 820129 83024D01 85020001 86030000FF))");
        bench.ok("00DA01A0 10 000102030405060708090A0B0C0D0E0F");
        bench.card.reset();
        assert_eq!(bench.status("00A4000C024D01"), 0x6A82);
    }
}

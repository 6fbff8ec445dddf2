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

#[cfg(test)]
mod tests {
    use crate::softcard::testing::Bench;

    /// MF: DF 5015 (EF 4401, DF 6001 (EF 4402)), EF 2F00.
    fn bench() -> Bench {
        let mut bench = Bench::blank();
        bench.create("2F00", "01", 16, "0000");
        bench.select_application();
        bench.create("4401", "01", 16, "0000");
        bench.ok("00E00000 (62 (81020000 820138 83026001 8403A1B2C3 86030000FF))");
        bench.create("4402", "01", 16, "0000");
        bench
    }

    fn selected(bench: &mut Bench, command: &str) -> u16 {
        bench.ok(command);
        bench.card.selected().unwrap().id
    }

    #[test]
    fn select_every_way_finds_its_file() {
        for (command, id) in [
            ("00A4000C", 0x3F00),
            ("00A4000C023F00", 0x3F00),
            ("00A4000C024402", 0x4402),
            ("00A4000C026001", 0x6001),
            ("00A4000C025015", 0x5015),
            ("00A4000C024401", 0x4401),
            ("00A4020C024402", 0x4402),
            ("00A4030C", 0x5015),
            ("00A4040C03A1B2C3", 0x6001),
            ("00A4040C0CA000000063504B43532D3135", 0x5015),
            ("00A4080C0450154401", 0x4401),
            ("00A4080C06501560014402", 0x4402),
            ("00A4090C024402", 0x4402),
        ] {
            assert_eq!(selected(&mut bench(), command), id, "{command}");
        }
    }

    #[test]
    fn select_failure_keeps_the_old_file_and_says_why() {
        let mut bench = bench();
        for (command, status) in [
            ("00A4000C021234", 0x6A82),
            ("00A4010C024402", 0x6A82),
            ("00A4020C026001", 0x6A82),
            ("00A4040C02A1B2", 0x6A82),
            ("00A4080C044401", 0x6700),
            ("00A4080C0244", 0x6700),
            ("00A4080C03440144", 0x6A87),
            ("00A4000C0144", 0x6A87),
            ("00A4050C024402", 0x6A86),
            ("00A40003024402", 0x6A86),
        ] {
            assert_eq!(bench.status(command), status, "{command}");
            assert_eq!(bench.card.selected().unwrap().id, 0x4402, "{command}");
        }
    }

    #[test]
    fn select_answers_the_template_that_p2_names() {
        let mut bench = bench();
        assert_eq!(bench.ok("00A400000244 0200")[0], 0x6F);
        assert_eq!(bench.ok("00A4000402440200")[0], 0x62);
        assert!(bench.ok("00A4000C024402").is_empty());
    }

    #[test]
    fn select_applet_without_its_df_leads_to_the_master_file() {
        let mut bench = Bench::blank();
        bench.ok("00A40400 0C A000000063504B43532D3135");
        let application = bench.card.session.selected;
        bench.card.state.files.delete(application);
        assert_eq!(selected(&mut bench, "00A4040C0CA000000063504B43532D3135"), 0x3F00);
    }
}

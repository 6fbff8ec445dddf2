//! The player itself: a run that asks less than the recorded one, or in another order, is answered; one in which something
//! else is in force at a change is not.

use std::fs;
use std::path::Path;

use p11ctl::codec::hex;

use crate::player::Player;

/// Two files that are read, one of which is written, a date in it, and a signature: no card ever said this.
const MADE: &str = "\
# IsoApplet of this test
atr 3b80
> 00a404000cf276a288bcfba69d34f3100100
< 9000
> 0020000106313233343536
< 9000
> 00a40800045015440100
< 620582010183024401 9000
> 00b0000002
< 1111 9000
> 00a40800045015440200
< 620582010183024402 9000
> 00b0000002
< 2222 9000
> 00d6000002aabb
< 9000
> 00d600290f32303236313132393031353332325a
< 9000
> 00b000290f
< 32303236313132393031353332325a9000
> 002241b606800111840100
< 9000
> 002241b606800111840101
< 9000
> 002a9e9a01aa
< 5151 9000
";

const SELECT_APPLET: &str = "00a404000cf276a288bcfba69d34f3100100";
const VERIFY: &str = "0020000106313233343536";
const SELECT_FIRST: &str = "00a40800045015440100";
const SELECT_SECOND: &str = "00a40800045015440200";
const READ: &str = "00b0000002";
const WRITE: &str = "00d6000002aabb";
const WRITE_DATE: &str = "00d600290f32303236313132393031353332325a";
const READ_DATE: &str = "00b000290f";
const SET_FIRST_KEY: &str = "002241b606800111840100";
const SET_SECOND_KEY: &str = "002241b606800111840101";
const SIGN: &str = "002a9e9a01aa";

/// A recorded command with its answer.
struct Exchange {
    line: usize,
    command: Vec<u8>,
    response: Vec<u8>,
}

impl Exchange {
    fn is(&self, start: &[u8]) -> bool {
        self.command.starts_with(start)
    }

    fn selects(&self) -> bool {
        self.is(&[0x00, 0xA4])
    }

    fn sets_environment(&self) -> bool {
        self.is(&[0x00, 0x22])
    }

    fn updates(&self) -> bool {
        self.is(&[0x00, 0xD6])
    }

    /// GENERATE ASYMMETRIC KEY PAIR, PERFORM SECURITY OPERATION, PUT DATA; chained as well.
    fn needs_environment(&self) -> bool {
        matches!(self.command.get(1), Some(0x46 | 0x2A | 0xDB))
    }

    /// The file that is current after a SELECT by path or CREATE FILE that was not refused; none after one of the applet.
    fn selected(&self) -> Option<Option<&[u8]>> {
        let is_ok = self.response.ends_with(&[0x90, 0x00]);
        match &self.command[..] {
            _ if !is_ok => None,
            [0x00, 0xA4, 0x04, ..] => Some(None),
            [0x00, 0xA4, 0x08, _, _, _, _, file @ .., 0x00] => Some(Some(file)),
            // Size, descriptor of a file and identifier come first.
            [0x00, 0xE0, _, _, _, 0x62, _, 0x81, _, _, _, 0x82, ..] => Some(self.command.get(16..18)),
            _ => None,
        }
    }
}

fn exchanges(text: &str) -> Vec<Exchange> {
    let mut lines = (1..).zip(text.lines());
    let mut found = Vec::new();
    while let Some((line, content)) = lines.next() {
        let Some(command) = content.strip_prefix("> ") else { continue };
        let response = lines.next().unwrap().1.trim_start_matches("< ").replace(' ', "");
        let [command, response] = [command, &response].map(|digits| hex::decode(digits).unwrap());
        found.push(Exchange { line, command, response });
    }
    found
}

/// Every dialogue beside this file, with its name.
fn dialogues() -> Vec<(String, String)> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/isoapplet"));
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|it| it == "dialogue"))
        .map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap()))
        .collect();
    assert_eq!(found.len(), 19);
    found
}

/// Sends these commands, each answer to be had; then every change must have been made.
fn play<'a>(text: &str, commands: impl IntoIterator<Item = &'a [u8]>) -> Result<(), String> {
    let mut player = Player::parse(text);
    for command in commands {
        player.answer(command)?;
    }
    player.finished()
}

/// Plays all but these.
fn play_without(
    text: &str,
    exchanges: &[Exchange],
    left_out: impl Fn(usize, &Exchange) -> bool,
) -> Result<(), String> {
    let kept = exchanges.iter().enumerate().filter(|(index, it)| !left_out(*index, it));
    play(text, kept.map(|(_, it)| &it.command[..]))
}

/// What [`MADE`] answers to these; the last answer comes back.
fn made(commands: &[&str]) -> Result<String, String> {
    let mut player = Player::parse(MADE);
    let mut last = Vec::new();
    for command in commands {
        last = player.answer(&hex::decode(command).unwrap())?;
    }
    Ok(hex::encode(&last))
}

fn assert_refused(played: Result<impl std::fmt::Debug, String>, line: usize, why: &str) {
    let fault = played.expect_err(why);
    assert!(fault.starts_with(&format!("line {line}:")), "{why}: line {line}, but {fault}");
}

#[test]
fn dialogues_are_played_as_they_were_recorded() {
    for (name, text) in dialogues() {
        let mut player = Player::parse(&text);
        for Exchange { line, command, response } in exchanges(&text) {
            assert_eq!(player.answer(&command).as_ref(), Ok(&response), "{name}, line {line}");
        }
        player.finished().unwrap();
    }
}

#[test]
fn question_asked_twice_has_one_answer() {
    let mut asked = 0;
    for (name, text) in dialogues() {
        let mut player = Player::parse(&text);
        for Exchange { line, command, response } in exchanges(&text) {
            let again = matches!(command[..], [0x00, 0xA4, 0x08, ..] | [0x00, 0xB0 | 0xCA | 0x22, ..]);
            let first = player.answer(&command).unwrap();
            if again {
                assert_eq!(
                    [&first, &player.answer(&command).unwrap()],
                    [&response; 2],
                    "{name}, line {line}"
                );
            }
            asked += usize::from(again);
        }
        player.finished().unwrap();
    }
    assert!(asked > 2000, "{asked}");
}

#[test]
fn run_without_security_environment_is_refused() {
    let mut left_out = 0;
    for (name, text) in dialogues() {
        let all = exchanges(&text);
        let Some(first) = all.iter().find(|it| it.needs_environment()) else { continue };
        let none = play_without(&text, &all, |_, it| it.sets_environment());
        assert_refused(none, first.line, &format!("{name} without any"));
        for (index, _) in all.iter().enumerate().filter(|(_, it)| it.sets_environment()) {
            let needy = all[index..].iter().find(|it| it.needs_environment()).unwrap();
            let played = play_without(&text, &all, |other, _| other == index);
            assert_refused(played, needy.line, &format!("{name} without that of line {}", all[index].line));
            left_out += 1;
        }
    }
    assert_eq!(left_out, 46);
}

#[test]
fn run_that_selects_no_file_is_refused() {
    let mut left_out = 0;
    for (name, text) in dialogues() {
        let all = exchanges(&text);
        assert!(play_without(&text, &all, |_, it| it.selects()).is_err(), "{name} without any SELECT");
        for (index, pair) in all.windows(2).enumerate() {
            let [select, update] = pair else { unreachable!() };
            if !select.selects() || !update.updates() {
                continue;
            }
            let before = all[..index].iter().rev().find_map(Exchange::selected).flatten();
            let played = play_without(&text, &all, |other, _| other == index);
            if before == select.selected().flatten() {
                assert_eq!(played, Ok(()), "{name}: the file was selected before line {}", select.line);
            } else {
                assert_refused(played, update.line, &format!("{name} without line {}", select.line));
                left_out += 1;
            }
        }
    }
    assert_eq!(left_out, 46);
}

#[test]
fn file_is_written_where_it_was_recorded() {
    let start = [SELECT_APPLET, VERIFY];
    assert_eq!(made(&[&start[..], &[SELECT_SECOND, WRITE]].concat()).unwrap(), "9000");
    assert_eq!(made(&[&start[..], &[SELECT_FIRST, SELECT_SECOND, WRITE]].concat()).unwrap(), "9000");
    for (selects, why) in [
        (&[][..], "no file is selected"),
        (&[SELECT_FIRST], "another one is"),
        (&[SELECT_SECOND, SELECT_FIRST], "another one is after all"),
        (&[SELECT_APPLET, SELECT_SECOND], "the PIN is taken back"),
    ] {
        assert_refused(made(&[&start[..], selects, &[WRITE]].concat()), 15, why);
    }
}

#[test]
fn file_is_made_in_the_folder_that_was_recorded() {
    let text = "\
# IsoApplet of this test
atr 3b80
> 00a404000cf276a288bcfba69d34f3100100
< 9000
> 00a40800045015440100
< 620582010183024401 9000
> 00a4000c023f00
< 9000
> 00e0000017621581020080820101830250318608ff90ffffff909000
< 9000
";
    let all = exchanges(text);
    assert_eq!(play_without(text, &all, |_, _| false), Ok(()));
    assert_eq!(
        play_without(text, &all, |index, _| index == 1),
        Ok(()),
        "the master file comes with the applet"
    );
    assert_refused(play_without(text, &all, |index, _| index == 2), 9, "in another folder");
    assert_refused(play_without(text, &all, |index, _| index < 2), 9, "without the applet");
}

#[test]
fn card_without_power_forgets_what_was_selected() {
    let mut player = Player::parse(MADE);
    let ask = |player: &mut Player, command| player.answer(&hex::decode(command).unwrap());
    for command in [SELECT_APPLET, VERIFY, SELECT_SECOND] {
        ask(&mut player, command).unwrap();
    }
    player.reset();
    for command in [READ, WRITE, SELECT_SECOND] {
        assert_refused(ask(&mut player, command), 15, command);
    }
}

#[test]
fn file_is_read_that_is_selected() {
    let mut player = Player::parse(MADE);
    let mut ask = |command: &str| player.answer(&hex::decode(command).unwrap()).map(|it| hex::encode(&it));
    ask(SELECT_APPLET).unwrap();
    ask(VERIFY).unwrap();
    assert_refused(ask(READ), 15, "nothing is selected");
    for (select, content) in [
        (SELECT_SECOND, "22229000"),
        (SELECT_FIRST, "11119000"),
        (SELECT_FIRST, "11119000"),
        (SELECT_SECOND, "22229000"),
    ] {
        ask(select).unwrap();
        for _ in 0..2 {
            assert_eq!(ask(READ).unwrap(), content);
        }
    }
}

#[test]
fn key_signs_that_was_recorded() {
    let start = [SELECT_APPLET, VERIFY, SELECT_SECOND, WRITE, WRITE_DATE];
    assert_eq!(made(&[&start[..], &[SET_SECOND_KEY, SIGN]].concat()).unwrap(), "51519000");
    assert_eq!(made(&[&start[..], &[SET_FIRST_KEY, SET_SECOND_KEY, SIGN]].concat()).unwrap(), "51519000");
    for (sets, why) in [
        (&[][..], "none"),
        (&[SET_FIRST_KEY], "another"),
        (&[SET_SECOND_KEY, SET_FIRST_KEY], "another at last"),
    ] {
        assert_refused(made(&[&start[..], sets, &[SIGN]].concat()), 25, why);
    }
}

#[test]
fn any_date_is_written_and_nothing_else_in_its_place() {
    let start = [SELECT_APPLET, VERIFY, SELECT_SECOND, WRITE];
    let date = |digits: &str| format!("00d600290f{digits}");
    let other = date("32303330303130323033303430355a");
    let read = made(&[&start[..], &[&other, READ_DATE]].concat()).unwrap();
    assert_eq!(read, "32303330303130323033303430355a9000");
    for (digits, why) in [
        ("000000000000000000000000000000", "zeros"),
        ("303030303030303030303030303030", "digits zero"),
        ("32303330303130323033303430353a", "no Z"),
        ("32303330303130323033303430415a", "a letter"),
    ] {
        assert_refused(made(&[&start[..], &[&date(digits)]].concat()), 17, why);
    }
}

#[test]
fn run_that_ends_early_is_not_finished() {
    let all = exchanges(MADE);
    let commands = |count: usize| all[..count].iter().map(|it| &it.command[..]);
    assert_eq!(play(MADE, commands(all.len())), Ok(()));
    assert_refused(play(MADE, commands(all.len() - 1)), 25, "without the signature");
}

//! A process that personalises a software card is killed (SIGKILL) after every answer in turn, at a random moment
//! of the next command: the image must open and be the card before or after that command (in a VERIFY: at worst with one try less).
//! (That a single write survives a death at each of its steps is a unit test of the image store.)

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use p11ctl::codec::hex;
use p11ctl::crypto::seal::PinKeyCost;
use p11ctl::softcard::{self, Options, Profile, SoftCard};
use p11ctl::transport::VirtualCard;

const OPTIONS: Options = Options { profile: Profile::MyEid, pin_cost: PinKeyCost::MINIMAL };
const IMAGE: &str = "P11CTL_TEST_IMAGE";

/// Most of these commands change what [`snapshot`] sees.
fn personalisation() -> Vec<String> {
    let mut commands = vec!["00DA010313 3333333333333333 3939393939393939 030300".to_owned()];
    commands.push("00DA010113 3131313131313131 3939393939393939 030300".to_owned());
    for number in 0..8u8 {
        let id = format!("44{number:02X}");
        commands.push(format!("00E0000012 6210 80020400 820101 8302{id} 8603 013FFF"));
        commands.push(format!("00D6000004 {}", hex::encode(&[number + 1; 4])));
        commands.push(format!("00D6010003 {}", hex::encode(&[number + 1; 3])));
    }
    commands.push("00A4080C025015".to_owned());
    commands.push("00E0000012 6210 81020100 820122 83024B01 8603 1111FF".to_owned());
    commands.push("00460000".to_owned());
    commands.push("004404000C A000000063504B43532D3135".to_owned());
    commands.push("0020000104 30303030".to_owned());
    commands.push("0020000108 3131313131313131".to_owned());
    commands.push("00E40000".to_owned());
    commands
}

/// What a card shows of its files and PINs; the same for two cards that were told the same.
fn snapshot(card: &mut SoftCard) -> Vec<String> {
    let mut shown = Vec::new();
    let mut send = |command: &str| {
        let response = hex::encode(&card.process(&hex::decode(command).expect("a command")));
        shown.push(format!("{command}: {response}"));
        response
    };
    for pin in ["00CA01B100", "00CA01B300", "00A4000000"] {
        send(pin);
    }
    for directory in ["00A4000C023F00", "00A4080C025015"] {
        send(directory);
        let listed = send("00CA01A100");
        for id in listed.as_bytes().chunks_exact(4).map(|id| String::from_utf8_lossy(id).into_owned()) {
            if id != "9000" && id != "5015" {
                send(&format!("00A4000002{id}00"));
                send("00B00000000000");
                send(directory);
            }
        }
    }
    shown
}

/// The snapshot of a card in memory after these commands, without power in between.
fn card_after(commands: &[String]) -> Vec<String> {
    let mut card = SoftCard::blank(OPTIONS).expect("a card");
    for command in commands {
        card.process(&hex::decode(command).expect("a command"));
    }
    card.reset();
    snapshot(&mut card)
}

/// The snapshots that a card may show that was killed in its next command after the first `seen` of `commands`:
/// before it, after it, and for a VERIFY, which takes the try before it compares, with one try less.
fn lawful(commands: &[String], seen: usize) -> Vec<Vec<String>> {
    let mut lawful = vec![card_after(&commands[..seen])];
    if let Some(next) = commands.get(seen) {
        lawful.push(card_after(&commands[..=seen]));
        if let Some(verify) = next.strip_prefix("002000").and_then(|rest| rest.get(..4)) {
            let mut wrong = commands[..seen].to_vec();
            wrong.push(format!("002000{verify} {}", "39".repeat(if verify.ends_with("04") { 4 } else { 8 })));
            lawful.push(card_after(&wrong));
        }
    }
    lawful
}

/// Runs in a process of its own: personalises the image and tells each answer.
#[test]
#[ignore = "run by personalisation_killed_anywhere_leaves_the_card_before_or_after"]
fn child_that_is_killed() {
    let path = PathBuf::from(std::env::var_os(IMAGE).expect("the image"));
    let mut card = softcard::open(&path).expect("a card");
    card.hold(Duration::from_secs(5)).expect("the lock");
    let mut stdout = std::io::stdout().lock();
    for command in personalisation() {
        let response = card.process(&hex::decode(&command).expect("a command"));
        writeln!(stdout, "answered {}", hex::encode(&response)).expect("stdout");
        stdout.flush().expect("stdout");
    }
}

/// Kills the child after `answers` answers and `pause`; returns how many it gave in all.
fn personalise_and_kill(path: &Path, answers: usize, pause: Duration) -> usize {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "child_that_is_killed", "--ignored", "--nocapture"])
        .env(IMAGE, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut is_answer = || lines.by_ref().map_while(Result::ok).find(|line| line.contains("answered"));
    let mut seen = 0;
    while seen < answers && is_answer().is_some() {
        seen += 1;
    }
    thread::sleep(pause);
    child.kill().expect("killing the child");
    child.wait().expect("the child's end");
    while is_answer().is_some() {
        seen += 1;
    }
    seen
}

#[test]
fn personalisation_killed_anywhere_leaves_the_card_before_or_after() {
    let commands = personalisation();
    let expected: Vec<_> = (0..=commands.len()).map(|seen| lawful(&commands, seen)).collect();
    assert!(expected.windows(2).filter(|pair| pair[0][0] != pair[1][0]).count() > 30, "most commands show");
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").subsec_nanos();
    println!("pauses from seed {seed}");
    for answers in 0..=commands.len() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("card.img");
        softcard::create(&path, OPTIONS).expect("an image");
        let pause = Duration::from_micros(u64::from(seed.wrapping_mul(answers as u32 + 1) % 9_000));
        let seen = personalise_and_kill(&path, answers, pause);
        let mut card = softcard::open(&path).expect("the image opens");
        let found = snapshot(&mut card);
        assert!(
            expected[seen].contains(&found),
            "killed after {seen} answers: {found:#?}\nexpected one of {:#?}",
            expected[seen],
        );
        assert_eq!(card.process(&[0x00, 0x84, 0x00, 0x00, 0x08]).len(), 10, "the card works");
    }
}

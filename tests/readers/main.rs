//! PC/SC readers against the real service: pcscd with the readers of vpcd, each test with a service of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod rig;

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use p11ctl::apdu::{ApduError, Channel, Command, Lengthening, Stats};
use p11ctl::config::ReadersConfig;
use p11ctl::transport::{Begun, Disposition, Presence, Protocol, Transport, TransportError, pcsc};
use rig::{
    Inserted, OtherProgram, Service, SmallCard, first_reader, inside, is_helper, other_program, wait_for,
};

fn patient(seconds: u32) -> ReadersConfig {
    ReadersConfig { busy_timeout: seconds, ..ReadersConfig::default() }
}

fn connected() -> Box<dyn Transport> {
    first_reader(&patient(5)).connect().unwrap()
}

fn exchange(transport: &mut dyn Transport, command: &[u8]) -> Vec<u8> {
    transport.begin().unwrap();
    let response = transport.transmit(command).unwrap();
    transport.end(Disposition::Leave).unwrap();
    response
}

const VERIFY: [u8; 6] = [0x00, 0x20, 0x00, 0x01, 0x01, 0x31];
const IS_VERIFIED: [u8; 5] = [0x00, 0xCA, 0x00, 0x00, 0x00];

#[test]
fn readers_are_listed_without_the_ignored_ones() {
    inside("readers_are_listed_without_the_ignored_ones", Service::Pcscd, || {
        let names: Vec<String> =
            rig::readers(&patient(0)).iter().map(|reader| reader.name().to_owned()).collect();
        assert_eq!(names, ["Virtual PCD 00 00", "Virtual PCD 00 01"]);
        let ignoring = ReadersConfig { ignored: vec!["00 00".into(), String::new()], ..patient(0) };
        assert_eq!(pcsc::list_readers(&ignoring).unwrap().len(), 1);
        let none = ReadersConfig { ignored: vec!["Virtual".into()], ..patient(0) };
        assert!(pcsc::list_readers(&none).unwrap().is_empty());
        assert!(pcsc::list_readers(&ReadersConfig { pcsc: false, ..patient(0) }).unwrap().is_empty());
    });
}

#[test]
fn reader_without_card_is_empty_and_does_not_connect() {
    inside("reader_without_card_is_empty_and_does_not_connect", Service::Pcscd, || {
        let mut reader = first_reader(&patient(0));
        assert_eq!(reader.presence().unwrap(), Presence::Empty);
        match reader.connect() {
            Err(TransportError::NoCard(name)) => assert_eq!(name, "Virtual PCD 00 00"),
            other => panic!("{:?}", other.err()),
        }
    });
}

#[test]
fn card_inserted_and_pulled_is_seen() {
    inside("card_inserted_and_pulled_is_seen", Service::Pcscd, || {
        let mut reader = first_reader(&patient(0));
        let card = Inserted::new(SmallCard::t1());
        assert_eq!(reader.presence().unwrap(), Presence::Card { atr: vec![0x3B, 0x80, 0x01, 0x81] });
        drop(card);
        wait_for(reader.as_mut(), |presence| *presence == Presence::Empty);
    });
}

#[test]
fn card_on_t1_takes_short_and_extended_commands() {
    inside("card_on_t1_takes_short_and_extended_commands", Service::Pcscd, || {
        let _card = Inserted::new(SmallCard::t1());
        let mut transport = connected();
        assert_eq!(transport.protocol(), Protocol::T1);
        assert_eq!(transport.atr(), [0x3B, 0x80, 0x01, 0x81]);
        let stats = Stats::default();
        let mut channel = Channel::begin(transport.as_mut(), &stats).unwrap();
        channel.prefer(Lengthening::Extended);
        let short = channel.call(&Command::new(0, 0xD0, 0, 0).data(&[1, 2]).expect(256)).unwrap();
        assert_eq!(short, [0, 0xD0, 0, 0, 2, 1, 2, 0]);
        let long = channel.call(&Command::new(0, 0xD0, 0, 0).data(&[7; 4000]).expect(65_536)).unwrap();
        assert_eq!(long.len(), 4 + 3 + 4000 + 2);
        assert_eq!(stats.snapshot().apdus, 2);
    });
}

#[test]
fn card_on_t0_is_chained_and_asked_for_its_response() {
    inside("card_on_t0_is_chained_and_asked_for_its_response", Service::Pcscd, || {
        let small = SmallCard::t0();
        let seen = small.seen();
        let _card = Inserted::new(small);
        let mut transport = connected();
        assert_eq!(transport.protocol(), Protocol::T0);
        let stats = Stats::default();
        let mut channel = Channel::begin(transport.as_mut(), &stats).unwrap();
        let echo = channel.call(&Command::new(0, 0xD0, 0, 0).data(&[1, 2]).expect(256)).unwrap();
        assert_eq!(echo, [0, 0xD0, 0, 0, 2, 1, 2]);
        assert_eq!((stats.snapshot().apdus, stats.snapshot().get_responses), (1, 1));
        // Extended length is for T=1: here the wish for it ends in a chain.
        channel.prefer(Lengthening::Extended);
        let echo = channel.call(&Command::new(0, 0xD0, 0, 0).data(&[7; 300]).expect(65_536)).unwrap();
        assert_eq!(echo, [&[0, 0xD0, 0, 0, 45][..], &[7; 45]].concat());
        channel.end(Disposition::Leave).unwrap();
        assert_eq!((stats.snapshot().apdus, stats.snapshot().get_responses), (3, 2));
        let seen: Vec<(u8, u8, usize)> =
            seen.lock().unwrap().iter().map(|command| (command[0], command[1], command.len())).collect();
        assert_eq!(seen, [(0, 0xD0, 7), (0, 0xC0, 5), (0x10, 0xD0, 260), (0, 0xD0, 50), (0, 0xC0, 5)]);
    });
}

#[test]
fn card_pulled_between_two_commands_is_removed() {
    inside("card_pulled_between_two_commands_is_removed", Service::Pcscd, || {
        let card = Inserted::new(SmallCard::t1());
        let mut transport = connected();
        transport.begin().unwrap();
        transport.transmit(&IS_VERIFIED).unwrap();
        drop(card);
        let error = transport.transmit(&IS_VERIFIED).unwrap_err();
        assert!(
            matches!(&error, TransportError::CardRemoved(name) if name == "Virtual PCD 00 00"),
            "{error:?}"
        );
        transport.end(Disposition::Leave).unwrap();
        let error = transport.begin().unwrap_err();
        assert!(matches!(error, TransportError::CardRemoved(_)), "{error:?}");
        drop(transport);
        // The next card is another one, and nobody holds the reader.
        let _card = Inserted::new(SmallCard::t1());
        assert_eq!(exchange(connected().as_mut(), &IS_VERIFIED), [0, 0x90, 0]);
    });
}

#[test]
fn card_state_outlives_a_transaction_and_a_connection() {
    inside("card_state_outlives_a_transaction_and_a_connection", Service::Pcscd, || {
        let _card = Inserted::new(SmallCard::t1());
        let mut transport = connected();
        assert_eq!(transport.begin().unwrap(), Begun::Unchanged);
        transport.transmit(&VERIFY).unwrap();
        transport.end(Disposition::Leave).unwrap();
        assert_eq!(transport.begin().unwrap(), Begun::Unchanged);
        assert_eq!(transport.transmit(&IS_VERIFIED).unwrap(), [1, 0x90, 0]);
        drop(transport);
        assert_eq!(exchange(connected().as_mut(), &IS_VERIFIED), [1, 0x90, 0]);
    });
}

#[test]
fn card_reset_at_the_end_loses_its_state_and_says_so() {
    inside("card_reset_at_the_end_loses_its_state_and_says_so", Service::Pcscd, || {
        let _card = Inserted::new(SmallCard::t1());
        let mut transport = connected();
        transport.begin().unwrap();
        transport.transmit(&VERIFY).unwrap();
        transport.end(Disposition::Reset).unwrap();
        assert_eq!(transport.begin().unwrap(), Begun::Reset);
        assert_eq!(transport.transmit(&IS_VERIFIED).unwrap(), [0, 0x90, 0]);
        transport.end(Disposition::Leave).unwrap();
        assert_eq!(transport.begin().unwrap(), Begun::Unchanged);
    });
}

#[test]
fn card_reset_by_another_program_is_noticed_and_survived() {
    inside("card_reset_by_another_program_is_noticed_and_survived", Service::Pcscd, || {
        let _card = Inserted::new(SmallCard::t1());
        let mut transport = connected();
        exchange(transport.as_mut(), &VERIFY);
        other_program("helper_resets_the_card").finish();
        assert_eq!(transport.begin().unwrap(), Begun::Reset);
        assert_eq!(transport.transmit(&IS_VERIFIED).unwrap(), [0, 0x90, 0]);
        transport.end(Disposition::Leave).unwrap();
        assert_eq!(transport.begin().unwrap(), Begun::Unchanged);
    });
}

fn held_by_another_program(helper: &str) -> OtherProgram {
    let mut other = other_program(helper);
    other.wait_for("holding");
    other
}

/// Busy, after about the patience of one second.
fn assert_busy<T>(what: &str, work: impl FnOnce() -> Result<T, TransportError>) {
    let start = Instant::now();
    match work() {
        Err(TransportError::Busy { reader, waited }) => {
            assert_eq!(reader, "Virtual PCD 00 00");
            assert!(waited >= Duration::from_secs(1), "{what}: {waited:?}");
        }
        other => panic!("{what}: {:?}", other.err()),
    }
    assert!(start.elapsed() < Duration::from_secs(3), "{what}: {:?}", start.elapsed());
}

#[test]
fn card_in_a_transaction_of_another_program_is_busy_then_free() {
    inside("card_in_a_transaction_of_another_program_is_busy_then_free", Service::Pcscd, || {
        let _card = Inserted::new(SmallCard::t1());
        let mut early = first_reader(&patient(1)).connect().unwrap();
        let other = held_by_another_program("helper_holds_a_transaction");
        assert_busy("begin", || early.begin());
        let mut late = first_reader(&patient(1));
        assert_busy("connect", || late.connect());
        assert_busy("connect again", || late.connect());
        other.finish();
        assert_eq!(early.begin().unwrap(), Begun::Unchanged);
        early.end(Disposition::Leave).unwrap();
        assert_eq!(exchange(late.connect().unwrap().as_mut(), &IS_VERIFIED), [0, 0x90, 0]);
    });
}

#[test]
fn card_held_for_a_moment_is_waited_for() {
    inside("card_held_for_a_moment_is_waited_for", Service::Pcscd, || {
        let _card = Inserted::new(SmallCard::t1());
        let mut early = first_reader(&patient(10)).connect().unwrap();
        for late in [false, true] {
            let mut other = held_by_another_program("helper_holds_a_transaction");
            let releasing = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(400));
                other.go_on();
                other
            });
            let start = Instant::now();
            if late {
                exchange(connected().as_mut(), &IS_VERIFIED);
            } else {
                exchange(early.as_mut(), &IS_VERIFIED);
            }
            let waited = start.elapsed();
            assert!(waited > Duration::from_millis(300) && waited < Duration::from_secs(5), "{waited:?}");
            releasing.join().unwrap().wait();
        }
    });
}

#[test]
fn card_held_exclusively_by_another_program_is_busy_then_free() {
    inside("card_held_exclusively_by_another_program_is_busy_then_free", Service::Pcscd, || {
        let _card = Inserted::new(SmallCard::t1());
        let other = held_by_another_program("helper_holds_the_card_exclusively");
        let mut reader = first_reader(&patient(1));
        assert!(matches!(reader.presence().unwrap(), Presence::Card { .. }));
        assert_busy("connect", || reader.connect());
        other.finish();
        assert_eq!(exchange(reader.connect().unwrap().as_mut(), &IS_VERIFIED), [0, 0x90, 0]);
    });
}

#[test]
fn exclusive_connection_is_refused_while_another_program_is_connected() {
    inside("exclusive_connection_is_refused_while_another_program_is_connected", Service::Pcscd, || {
        let _card = Inserted::new(SmallCard::t1());
        let shared = connected();
        let mut reader = first_reader(&ReadersConfig { exclusive: true, ..patient(1) });
        assert_busy("connect", || reader.connect());
        drop(shared);
        let mut alone = reader.connect().unwrap();
        assert_eq!(exchange(alone.as_mut(), &IS_VERIFIED), [0, 0x90, 0]);
        assert_busy("shared", || first_reader(&patient(1)).connect());
    });
}

#[test]
fn transaction_that_is_dropped_releases_the_card() {
    inside("transaction_that_is_dropped_releases_the_card", Service::Pcscd, || {
        let _card = Inserted::new(SmallCard::t1());
        let mut transport = connected();
        transport.begin().unwrap();
        drop(transport);
        assert_eq!(
            exchange(first_reader(&patient(0)).connect().unwrap().as_mut(), &IS_VERIFIED),
            [0, 0x90, 0]
        );
    });
}

#[test]
fn transmit_outside_a_transaction_is_refused() {
    inside("transmit_outside_a_transaction_is_refused", Service::Pcscd, || {
        let small = SmallCard::t1();
        let seen = small.seen();
        let _card = Inserted::new(small);
        assert!(connected().transmit(&IS_VERIFIED).is_err());
        assert!(seen.lock().unwrap().is_empty());
    });
}

#[test]
fn service_without_readers_has_an_empty_list() {
    inside("service_without_readers_has_an_empty_list", Service::NoReaders, || {
        let start = Instant::now();
        while let Err(error) = pcsc::list_readers(&patient(0)) {
            assert!(
                matches!(error, TransportError::NoService) && start.elapsed().as_secs() < 10,
                "{error:?}"
            );
        }
        assert!(pcsc::list_readers(&patient(0)).unwrap().is_empty());
    });
}

/// Starts the service by hand, for tests that end it.
fn start_service() -> std::process::Child {
    std::process::Command::new("pcscd").args(["--foreground"]).spawn().unwrap()
}

fn end(mut service: std::process::Child) {
    service.kill().unwrap();
    service.wait().unwrap();
}

#[test]
fn reader_that_a_new_service_does_not_have_is_gone() {
    inside("reader_that_a_new_service_does_not_have_is_gone", Service::Nothing, || {
        let service = start_service();
        let mut reader = first_reader(&patient(0));
        end(service);
        for entry in std::fs::read_dir(rig::READERS).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        let service = start_service();
        let start = Instant::now();
        while matches!(reader.presence(), Err(TransportError::NoService)) {
            assert!(start.elapsed().as_secs() < 10);
        }
        for error in [reader.presence().err(), reader.connect().err()] {
            assert!(
                matches!(&error, Some(TransportError::ReaderGone(name)) if name == "Virtual PCD 00 00"),
                "{error:?}"
            );
        }
        end(service);
    });
}

#[test]
fn card_that_does_not_answer_to_reset_is_mute() {
    inside("card_that_does_not_answer_to_reset_is_mute", Service::Pcscd, || {
        let mut reader = first_reader(&patient(0));
        let _card = Inserted::unseen(SmallCard::mute(), 0);
        wait_for(reader.as_mut(), |presence| *presence == Presence::Mute);
        match reader.connect() {
            Err(TransportError::MuteCard(name)) => assert_eq!(name, "Virtual PCD 00 00"),
            other => panic!("{:?}", other.err()),
        }
    });
}

#[test]
fn cards_in_two_readers_work_at_the_same_time() {
    inside("cards_in_two_readers_work_at_the_same_time", Service::Pcscd, || {
        let [first, second] = SmallCard::pair();
        let _cards = [Inserted::unseen(first, 0), Inserted::unseen(second, 1)];
        let mut readers = rig::readers(&patient(5));
        let transports: Vec<_> = readers
            .iter_mut()
            .map(|reader| {
                wait_for(reader.as_mut(), |presence| matches!(presence, Presence::Card { .. }));
                reader.connect().unwrap()
            })
            .collect();
        std::thread::scope(|scope| {
            let work = transports.into_iter().map(|mut transport| {
                scope.spawn(move || exchange(transport.as_mut(), &[0x00, 0xE0, 0x00, 0x00]))
            });
            for done in work.collect::<Vec<_>>() {
                assert_eq!(done.join().unwrap(), [0x90, 0x00]);
            }
        });
    });
}

#[test]
fn service_that_does_not_run_is_said() {
    inside("service_that_does_not_run_is_said", Service::Nothing, || {
        let error = pcsc::list_readers(&patient(0)).err().unwrap();
        assert!(matches!(error, TransportError::NoService), "{error:?}");
        // A socket that nobody listens on any more.
        drop(UnixListener::bind(SOCKET).unwrap());
        let error = pcsc::list_readers(&patient(0)).err().unwrap();
        assert!(matches!(error, TransportError::NoService), "{error:?}");
    });
}

#[test]
fn service_that_hangs_up_denies_access() {
    inside("service_that_hangs_up_denies_access", Service::Nothing, || {
        // What pcscd does to a client that polkit refuses.
        let listener = UnixListener::bind(SOCKET).unwrap();
        std::thread::spawn(move || listener.incoming().for_each(drop));
        let error = pcsc::list_readers(&patient(0)).err().unwrap();
        assert!(matches!(error, TransportError::AccessDenied), "{error:?}");
    });
}

#[test]
fn service_whose_socket_is_forbidden_denies_access() {
    inside("service_whose_socket_is_forbidden_denies_access", Service::Pcscd, || {
        rig::readers(&patient(0));
        std::fs::set_permissions(SOCKET, std::fs::Permissions::from_mode(0o600)).unwrap();
        // Another user may not even see where this binary lies.
        let copy = "/run/p11ctl-test";
        std::fs::copy(std::env::current_exe().unwrap(), copy).unwrap();
        std::fs::set_permissions(copy, std::fs::Permissions::from_mode(0o755)).unwrap();
        let output = std::process::Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups", copy])
            .args(["--exact", "helper_is_denied_access", "--ignored", "--nocapture"])
            .env("P11CTL_TEST_HELPER", "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("denied"), "{output:?}");
    });
}

#[test]
fn service_that_ends_is_said_and_a_new_one_is_used() {
    inside("service_that_ends_is_said_and_a_new_one_is_used", Service::Nothing, || {
        let service = start_service();
        let card = Inserted::new(SmallCard::t1());
        let mut reader = first_reader(&patient(1));
        let mut transport = reader.connect().unwrap();
        exchange(transport.as_mut(), &VERIFY);
        end(service);
        drop(card);
        for error in [transport.begin().err(), reader.presence().err(), reader.connect().err()] {
            assert!(matches!(error, Some(TransportError::NoService)), "{error:?}");
        }
        drop(transport);
        let service = start_service();
        let _card = Inserted::new(SmallCard::t1());
        wait_for(reader.as_mut(), |presence| matches!(presence, Presence::Card { .. }));
        assert_eq!(exchange(reader.connect().unwrap().as_mut(), &IS_VERIFIED), [0, 0x90, 0]);
        end(service);
    });
}

#[test]
fn card_of_a_channel_that_loses_it_is_told_by_the_apdu_layer() {
    inside("card_of_a_channel_that_loses_it_is_told_by_the_apdu_layer", Service::Pcscd, || {
        let card = Inserted::new(SmallCard::t1());
        let mut transport = connected();
        let mut channel = Channel::begin(transport.as_mut(), &Stats::default()).unwrap();
        channel.call(&Command::new(0, 0xCA, 0, 0).expect(256)).unwrap();
        drop(card);
        let error = channel.call(&Command::new(0, 0xCA, 0, 0).expect(256)).unwrap_err();
        assert!(matches!(error, ApduError::Transport(TransportError::CardRemoved(_))), "{error:?}");
        channel.end(Disposition::Reset).unwrap();
    });
}

#[test]
#[ignore = "the other program of a test"]
fn helper_resets_the_card() {
    if is_helper() {
        let mut transport = connected();
        transport.begin().unwrap();
        transport.end(Disposition::Reset).unwrap();
    }
}

#[test]
#[ignore = "the other program of a test"]
fn helper_holds_a_transaction() {
    if is_helper() {
        let mut transport = connected();
        transport.begin().unwrap();
        rig::say("holding");
        transport.end(Disposition::Leave).unwrap();
    }
}

#[test]
#[ignore = "the other program of a test"]
fn helper_holds_the_card_exclusively() {
    if is_helper() {
        let _transport = first_reader(&ReadersConfig { exclusive: true, ..patient(5) }).connect().unwrap();
        rig::say("holding");
    }
}

#[test]
#[ignore = "the other program of a test"]
fn helper_is_denied_access() {
    if is_helper() {
        let error = pcsc::list_readers(&patient(0)).err().unwrap();
        assert!(matches!(error, TransportError::AccessDenied), "{error:?}");
        println!("denied");
    }
}

const SOCKET: &str = "/run/pcscd/pcscd.comm";

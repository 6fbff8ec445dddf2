//! A channel on a card that fails: each fault is told as what it is, and leaves nothing behind.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "common/faults.rs"]
mod faults;

use faults::{Fault, Faulty, FaultyReader, Plan};
use p11ctl::apdu::{ApduError, Channel, Command, ReadBinary, Response, Stats, Target};
use p11ctl::transport::replay::{Replay, ReplayReader};
use p11ctl::transport::{Begun, Disposition, Presence, Reader, Transport, TransportError};

const DIALOGUE: &str = "\
# Written for this test: a file of 5 bytes, read three times.
atr 3b00
protocol T=1
> 00b0000000
< 30030102039000
> 00b0000000
< 30030102039000
> 00b0000000
< 30030102039000
";

fn replay() -> Replay {
    Replay::parse(DIALOGUE).unwrap()
}

fn read(transport: &mut dyn Transport) -> Result<Vec<u8>, ApduError> {
    let mut channel = Channel::begin(transport, &Stats::default())?;
    let data = ReadBinary::new(Target::Current).run(&mut channel);
    channel.end(Disposition::Leave)?;
    data
}

fn faulty(after: usize, fault: Fault) -> Faulty {
    Faulty::new(Box::new(replay()), &Plan::after(after, fault))
}

#[test]
fn card_without_fault_is_counted() {
    let plan = Plan::never();
    let mut transport = Faulty::new(Box::new(replay()), &plan);
    for _ in 0..3 {
        assert_eq!(read(&mut transport).unwrap(), [0x30, 3, 1, 2, 3]);
    }
    assert_eq!(plan.commands(), 3);
}

#[test]
fn card_pulled_stays_pulled() {
    for fault in [Fault::CardRemoved, Fault::CardRemovedAfterwards] {
        let plan = Plan::after(1, fault);
        let mut reader = FaultyReader::new(Box::new(ReplayReader::new("recorded", replay())), &plan);
        assert_eq!(reader.presence().unwrap(), Presence::Card { atr: vec![0x3B, 0] });
        let mut transport = reader.connect().unwrap();
        read(transport.as_mut()).unwrap();
        for _ in 0..2 {
            let error = read(transport.as_mut()).unwrap_err();
            assert!(
                matches!(&error, ApduError::Transport(TransportError::CardRemoved(name)) if name == "recorded"),
                "{error:?}"
            );
        }
        assert_eq!(reader.presence().unwrap(), Presence::Empty);
        assert!(matches!(reader.connect(), Err(TransportError::NoCard(_))));
    }
}

#[test]
fn card_reset_in_the_middle_is_told_and_the_next_transaction_works() {
    let mut transport = faulty(1, Fault::CardReset);
    read(&mut transport).unwrap();
    let error = read(&mut transport).unwrap_err();
    assert!(error.is_card_reset(), "{error:?}");
    let mut channel = Channel::begin(&mut transport, &Stats::default()).unwrap();
    assert_eq!(channel.begun(), Begun::Reset);
    assert_eq!(ReadBinary::new(Target::Current).run(&mut channel).unwrap().len(), 5);
}

#[test]
fn card_that_never_ends_is_stopped() {
    for response in [vec![0x61, 0x00], vec![1, 0x61, 0x01]] {
        let error = read(&mut faulty(0, Fault::Responses(response))).unwrap_err();
        assert!(matches!(error, ApduError::EndlessResponse { ins: 0xB0 }), "{error:?}");
    }
}

#[test]
fn card_that_gives_no_status_is_told() {
    for len in [0, 1] {
        for fault in [Fault::Responses(vec![0x90; len]), Fault::Truncated(len)] {
            match read(&mut faulty(0, fault)).unwrap_err() {
                ApduError::Transport(TransportError::BadResponse(bytes)) => assert_eq!(bytes, len),
                error => panic!("{error:?}"),
            }
        }
    }
}

#[test]
fn card_that_answers_once_with_something_else_goes_on() {
    let mut transport = faulty(0, Fault::Response(vec![0x6F, 0x00]));
    let mut channel = Channel::begin(&mut transport, &Stats::default()).unwrap();
    let command = Command::new(0, 0xB0, 0, 0).expect(256);
    let Response { data, status } = channel.send(&command).unwrap();
    assert_eq!((data.len(), status.0), (0, 0x6F00));
    assert_eq!(channel.call(&command).unwrap().len(), 5);
}

//! Tests of the channel: every way a command goes out and a response comes back.

use super::*;
use crate::apdu::iso;
use crate::apdu::testing::{Script, channel};
use crate::codec::hex;

const DATA: [u8; 300] = [0x5A; 300];

fn sent(script: &mut Script, lengthening: Lengthening, command: &Command) -> Result<Response, ApduError> {
    let mut channel = channel(script);
    channel.prefer(lengthening);
    let result = channel.send(command);
    drop(channel);
    script.assert_done();
    result
}

fn sign() -> Command {
    Command::new(0x00, 0x2A, 0x9E, 0x9A)
}

#[test]
fn send_short_command_on_t1_carries_le() {
    let mut script = Script::t1(&[("002a9e9a02 0102 00", "aabb 9000")]);
    let response = sent(&mut script, Lengthening::Chaining, &sign().data(&[1, 2]).expect(256)).unwrap();
    assert_eq!((response.data.as_slice(), response.status), (&[0xAA, 0xBB][..], StatusWord::OK));
}

#[test]
fn send_on_t0_fetches_the_response() {
    let mut script =
        Script::t0(&[("002a9e9a02 0102", "6103"), ("00c0000003", "aa 6102"), ("00c0000002", "bbcc 9000")]);
    let response = sent(&mut script, Lengthening::Chaining, &sign().data(&[1, 2]).expect(256)).unwrap();
    assert_eq!(response.data, [0xAA, 0xBB, 0xCC]);
    let cost = script.stats.snapshot();
    assert_eq!((cost.apdus, cost.get_responses), (1, 2));
    assert_eq!((cost.bytes_sent, cost.bytes_received), (7 + 5 + 5, 2 + 3 + 4));
}

#[test]
fn send_without_expected_response_leaves_it_on_the_card() {
    let mut script = Script::t0(&[("00a4000002 3f00", "6117")]);
    let select = Command::new(0x00, 0xA4, 0x00, 0x00).data(&[0x3F, 0x00]);
    let response = sent(&mut script, Lengthening::Chaining, &select).unwrap();
    assert_eq!(response, Response { data: Vec::new(), status: StatusWord::OK });
}

#[test]
fn send_get_response_keeps_the_logical_channel_and_drops_the_rest_of_the_class() {
    for (cla, fetched) in [(0x00, "00"), (0x83, "03"), (0x42, "42"), (0xC1, "41"), (0x0C, "00")] {
        let steps = [
            (format!("{cla:02x}ca000000"), "6101".to_owned()),
            (format!("{fetched}c0000001"), "77 9000".to_owned()),
        ];
        let steps = steps.each_ref().map(|(command, response)| (command.as_str(), response.as_str()));
        let mut script = Script::t1(&steps);
        let command = Command::new(cla, 0xCA, 0, 0).expect(256);
        assert_eq!(sent(&mut script, Lengthening::Chaining, &command).unwrap().data, [0x77]);
    }
}

#[test]
fn send_after_wrong_le_repeats_once() {
    let mut script = Script::t1(&[("00ca010000", "6c02"), ("00ca010002", "1234 9000")]);
    let command = Command::new(0x00, 0xCA, 0x01, 0x00).expect(256);
    assert_eq!(sent(&mut script, Lengthening::Chaining, &command).unwrap().data, [0x12, 0x34]);

    let mut script = Script::t1(&[("00ca010000", "6c02"), ("00ca010002", "6c03")]);
    assert_eq!(sent(&mut script, Lengthening::Chaining, &command).unwrap().status, StatusWord(0x6C03));

    let mut script = Script::t1(&[("00ca0100", "6c02")]);
    let no_response = Command::new(0x00, 0xCA, 0x01, 0x00);
    assert_eq!(sent(&mut script, Lengthening::Chaining, &no_response).unwrap().status, StatusWord(0x6C02));
}

#[test]
fn send_wrong_le_inside_get_response_is_repeated_too() {
    let mut script =
        Script::t0(&[("002a9e9a01 01", "6100"), ("00c0000000", "6c02"), ("00c0000002", "0102 9000")]);
    let response = sent(&mut script, Lengthening::Chaining, &sign().data(&[1]).expect(256)).unwrap();
    assert_eq!(response.data, [1, 2]);
    assert_eq!(script.stats.snapshot().get_responses, 2);
}

#[test]
fn send_long_data_is_chained() {
    let first = format!("102a9e9aff{}", hex::encode(&DATA[..255]));
    let last = format!("002a9e9a2d{}00", hex::encode(&DATA[255..]));
    let mut script = Script::t1(&[(&first, "9000"), (&last, "aa 9000")]);
    let response = sent(&mut script, Lengthening::Chaining, &sign().data(&DATA).expect(256)).unwrap();
    assert_eq!(response.data, [0xAA]);
    assert_eq!(script.stats.snapshot().apdus, 2);
}

#[test]
fn send_chain_refused_stops_at_the_refusal() {
    let first = format!("102a9e9aff{}", hex::encode(&DATA[..255]));
    let mut script = Script::t1(&[(&first, "6884")]);
    let response = sent(&mut script, Lengthening::Chaining, &sign().data(&DATA).expect(256)).unwrap();
    assert_eq!(response.status, StatusWord(0x6884));
}

#[test]
fn send_long_data_in_extended_form_is_one_command() {
    let command = format!("002a9e9a00012c{}0200", hex::encode(&DATA));
    let response = format!("{}9000", hex::encode(&[7; 512]));
    let mut script = Script::extended(&[(&command, &response)]);
    let response = sent(&mut script, Lengthening::Extended, &sign().data(&DATA).expect(512)).unwrap();
    assert_eq!(response.data, [7; 512]);
}

#[test]
fn send_short_data_stays_short_on_a_card_with_extended_length() {
    let mut script = Script::extended(&[("002a9e9a01 01 00", "9000")]);
    sent(&mut script, Lengthening::Extended, &sign().data(&[1]).expect(256)).unwrap();
}

#[test]
fn send_extended_where_the_reader_or_t0_cannot_is_chained() {
    let first = format!("102a9e9aff{}", hex::encode(&DATA[..255]));
    let last = format!("002a9e9a2d{}", hex::encode(&DATA[255..]));
    let mut t0 = Script::new(Protocol::T0, Limits::EXTENDED, &[(&first, "9000"), (&last, "9000")]);
    sent(&mut t0, Lengthening::Extended, &sign().data(&DATA)).unwrap();
    let mut short_reader = Script::t1(&[(&first, "9000"), (&last, "9000")]);
    sent(&mut short_reader, Lengthening::Extended, &sign().data(&DATA)).unwrap();
    let narrow = Limits { command_len: 280, response_len: 280 };
    let mut narrow = Script::new(Protocol::T1, narrow, &[(&first, "9000"), (&last, "9000")]);
    sent(&mut narrow, Lengthening::Extended, &sign().data(&DATA)).unwrap();
}

#[test]
fn send_long_data_to_a_short_only_card_is_refused_before_sending() {
    let mut script = Script::t1(&[]);
    let result = sent(&mut script, Lengthening::ShortOnly, &sign().data(&DATA));
    assert!(matches!(result, Err(ApduError::TooLong { ins: 0x2A, len: 300 })), "{result:?}");
}

#[test]
fn send_long_response_on_short_apdus_is_gathered() {
    let part = hex::encode(&[1; 256]);
    let mut script = Script::t1(&[
        ("00cb3fff00", &format!("{part}6100")),
        ("00c0000000", &format!("{part}6102")),
        ("00c0000002", "0202 9000"),
    ]);
    let command = Command::new(0x00, 0xCB, 0x3F, 0xFF).expect(65_536);
    let response = sent(&mut script, Lengthening::Chaining, &command).unwrap();
    assert_eq!(response.data, [vec![1; 512], vec![2; 2]].concat());
}

#[test]
fn send_status_after_gathering_is_the_last_one() {
    let mut script = Script::t1(&[("00ca000000", "6102"), ("00c0000002", "01 6282")]);
    let response =
        sent(&mut script, Lengthening::Chaining, &Command::new(0, 0xCA, 0, 0).expect(256)).unwrap();
    assert_eq!((response.data.as_slice(), response.status), (&[1][..], StatusWord::END_OF_FILE));
}

/// Answers every command with the same bytes.
struct Parrot(Vec<u8>, Protocol);

impl Transport for Parrot {
    fn atr(&self) -> &[u8] {
        &[]
    }
    fn protocol(&self) -> Protocol {
        self.1
    }
    fn begin(&mut self) -> Result<Begun, TransportError> {
        Ok(Begun::Unchanged)
    }
    fn end(&mut self, _: Disposition) -> Result<(), TransportError> {
        Ok(())
    }
    fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, TransportError> {
        Ok(self.0.clone())
    }
    fn limits(&self) -> Limits {
        Limits::EXTENDED
    }
}

fn parroted(response: &[u8]) -> (Result<Response, ApduError>, Stats) {
    let stats = Stats::default();
    let mut parrot = Parrot(response.to_vec(), Protocol::T1);
    let mut channel = Channel::begin(&mut parrot, &stats).unwrap();
    (channel.send(&sign().data(&[1]).expect(256)), stats)
}

#[test]
fn send_to_a_card_that_never_ends_is_stopped() {
    for response in [&[0x61, 0x00][..], &[1, 2, 3, 0x61, 0x10], &[&[9; 65_000][..], &[0x61, 0x00]].concat()] {
        let (result, stats) = parroted(response);
        assert!(matches!(result, Err(ApduError::EndlessResponse { ins: 0x2A })), "{result:?}");
        assert!(stats.snapshot().get_responses <= MAX_GET_RESPONSES as u64);
    }
    assert_eq!(parroted(&[0x61, 0x00]).1.snapshot().get_responses, 1);
}

#[test]
fn send_truncated_response_is_a_bad_response() {
    for len in [0usize, 1] {
        let (result, _) = parroted(&vec![0x90; len]);
        match result {
            Err(ApduError::Transport(TransportError::BadResponse(bytes))) => assert_eq!(bytes, len),
            other => panic!("{other:?}"),
        }
    }
    let (result, _) = parroted(&vec![0; 65_539]);
    assert!(matches!(result, Err(ApduError::Transport(TransportError::BadResponse(65_539)))));
}

proptest::proptest! {
    #[test]
    fn send_any_responses_never_panics(
        responses in proptest::collection::vec(proptest::collection::vec(proptest::num::u8::ANY, 0..300), 0..20),
        data_len in 0usize..600,
        expected in proptest::option::of(0usize..70_000),
        t0: bool,
        lengthening in proptest::sample::select(
            vec![Lengthening::Extended, Lengthening::Chaining, Lengthening::ShortOnly]),
    ) {
        let protocol = if t0 { Protocol::T0 } else { Protocol::T1 };
        let mut card = Sequence { responses: responses.into_iter(), protocol };
        let mut channel = Channel::begin(&mut card, &Stats::default()).unwrap();
        channel.prefer(lengthening);
        let mut command = Command::new(0x00, 0xCB, 0x3F, 0xFF).data(&vec![1; data_len]);
        command.expected = expected;
        let _ = channel.send(&command);
        let _ = crate::apdu::ReadBinary::new(crate::apdu::Target::Current).objects().run(&mut channel);
    }
}

struct Sequence {
    responses: std::vec::IntoIter<Vec<u8>>,
    protocol: Protocol,
}

impl Transport for Sequence {
    fn atr(&self) -> &[u8] {
        &[]
    }
    fn protocol(&self) -> Protocol {
        self.protocol
    }
    fn begin(&mut self) -> Result<Begun, TransportError> {
        Ok(Begun::Unchanged)
    }
    fn end(&mut self, _: Disposition) -> Result<(), TransportError> {
        Ok(())
    }
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        check_form(command).expect("a well-formed APDU");
        self.responses.next().ok_or(TransportError::CardRemoved("test".into()))
    }
    fn limits(&self) -> Limits {
        Limits::EXTENDED
    }
}

#[test]
fn raw_command_goes_out_as_it_is() {
    let mut script = Script::t0(&[("00a4000002 3f00 00", "6110"), ("00c0000010", "6f00 9000")]);
    let mut channel = channel(&mut script);
    let first = channel.transmit_raw(&[0, 0xA4, 0, 0, 2, 0x3F, 0, 0]).unwrap();
    assert_eq!(first.status, StatusWord(0x6110));
    assert_eq!(channel.transmit_raw(&[0, 0xC0, 0, 0, 0x10]).unwrap().data, [0x6F, 0]);
    drop(channel);
    let cost = script.stats.snapshot();
    assert_eq!((cost.apdus, cost.get_responses), (1, 1));
}

#[test]
fn raw_command_that_is_no_apdu_is_not_sent() {
    let mut script = Script::t1(&[]);
    let mut channel = channel(&mut script);
    for bytes in [&[][..], &[0, 0xA4, 0], &[0, 0xA4, 0, 0, 9, 1]] {
        assert!(matches!(channel.transmit_raw(bytes), Err(ApduError::Form(_))));
    }
}

/// What the traces of `work` say. One subscriber serves the whole process, because the coming and going of a thread's own
/// switches levels off for a moment, for other threads too; it writes to the thread that asks.
fn traced(work: impl FnOnce()) -> String {
    use std::cell::RefCell;
    thread_local!(static SINK: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) });
    struct ToThread;
    impl std::io::Write for ToThread {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            SINK.with_borrow_mut(|sink| sink.iter_mut().for_each(|sink| sink.extend_from_slice(bytes)));
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    static SUBSCRIBER: std::sync::Once = std::sync::Once::new();
    SUBSCRIBER.call_once(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(|| ToThread)
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
    SINK.set(Some(Vec::new()));
    work();
    String::from_utf8(SINK.take().unwrap_or_default()).unwrap()
}

#[test]
fn trace_shows_commands_and_named_statuses() {
    let mut script = Script::t1(&[("00a4040c02 3f00", "6f02 9000")]);
    let text = traced(|| {
        channel(&mut script).send(&Command::new(0, 0xA4, 4, 0x0C).data(&[0x3F, 0])).unwrap();
    });
    assert!(text.contains("p11ctl::apdu: > 00A4040C023F00\n"), "{text}");
    assert!(text.contains("p11ctl::apdu: < 6F02 9000 (normal processing)\n"), "{text}");
}

#[test]
fn trace_never_shows_a_pin_or_a_plain_text() {
    let secret = "3132333435363738";
    let verify = format!("0020000108{secret}");
    let long = vec![0xEE; 300];
    let chain = [
        format!("10da0180ff{}", hex::encode(&long[..255])),
        format!("00da01802d{}", hex::encode(&long[255..])),
    ];
    let mut script = Script::t1(&[
        (&verify, "63c2"),
        (&verify, "9000"),
        (&chain[0], "9000"),
        (&chain[1], "9000"),
        ("002a808601 01 00", "eeeeee 6103"),
        ("00c0000003", "eeeeee 9000"),
        ("0086000001 01 00", "eeeeee 6c05"),
        ("0086000001 01 05", "eeeeee 9000"),
        ("00b0000000", "eeeeee 9000"),
    ]);
    let text = traced(|| {
        let mut channel = channel(&mut script);
        channel.send(&Command::new(0, 0x20, 0, 1).secret(Secret::from("12345678"))).unwrap();
        channel.transmit_raw(&hex::decode(&verify).unwrap()).unwrap();
        // Not even where a driver forgot to say so.
        channel.send(&Command::new(0, 0xDA, 0x01, 0x80).data(&long)).unwrap();
        channel.send(&Command::new(0, 0x2A, 0x80, 0x86).data(&[1]).expect(256)).unwrap();
        channel.send(&Command::new(0, 0x86, 0, 0).data(&[1]).expect(256)).unwrap();
        let mut marked = Command::new(0, 0xB0, 0, 0).expect(256);
        marked.sensitive = true;
        channel.send(&marked).unwrap();
    });
    script.assert_done();
    assert!(text.contains("> 00200001 (8 bytes hidden)\n"), "{text}");
    assert!(text.contains("< (3 bytes hidden) 6103 (more response data available)\n"), "{text}");
    assert!(!text.contains(secret) && !text.contains("EEEE"), "{text}");
}

#[test]
fn debug_of_a_response_shows_no_data() {
    let response = Response { data: vec![0xEE; 4], status: StatusWord::OK };
    assert_eq!(format!("{response:?}"), "Response(4 bytes, 9000)");
}

#[test]
fn what_comes_first_goes_out_with_the_first_command_alone_and_again_where_it_went_wrong() {
    let select = iso::select_application(&[0xA0, 0x01]);
    let read = Command::new(0x00, 0xB0, 0x00, 0x00).expect(2);
    let steps = [
        ("00a4040002a00100", "6a82"),
        ("00a4040002a00100", "6285"),
        ("00b0000002", "0102 9000"),
        ("00b0000002", "0304 9000"),
    ];
    let mut script = Script::t1(&steps);
    let mut outer = channel(&mut script);
    let mut go_over = |channel: &mut Channel<'_>| channel.select(&select);
    {
        let mut inner = outer.after(Some(&mut go_over));
        assert_eq!(inner.preceded(), Preceding::Waits);
        assert!(inner.call(&read).is_err());
        assert_eq!(inner.preceded(), Preceding::Failed);
        assert_eq!(inner.call(&read).unwrap(), [1, 2]);
        assert_eq!(inner.preceded(), Preceding::Done);
        assert_eq!(inner.call(&read).unwrap(), [3, 4]);
    }
    // Whoever sends nothing selects nothing.
    assert_eq!(outer.after(Some(&mut go_over)).preceded(), Preceding::Waits);
    drop(outer);
    script.assert_done();
}

//! How many signatures N cards give in the time that one card needs: each takes 50 ms for a signature, as a real card
//! does, and all are used by one engine. Fails below N times the signatures, less a tenth.
//!
//! Usage: parallel-cards [CARDS]      (default: 1, 2, 4 and 8)

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use p11ctl::codec::Secret;
use p11ctl::config::Config;
use p11ctl::engine::readers::{CardArgument, assemble};
use p11ctl::engine::{
    ANY_ROOM, Engine, MechanismId, ObjectClass, ObjectHandle, SessionHandle, SessionMode, Template, UserKind,
};
use p11ctl::layout::SlotId;
use p11ctl::transport::{Begun, Disposition, Limits, Presence, Protocol, Reader, Transport, TransportError};

fn main() -> Result<(), Box<dyn Error>> {
    let wanted = std::env::args().nth(1).map(|number| number.parse::<usize>()).transpose()?;
    let numbers = wanted.map_or_else(|| vec![1, 2, 4, 8], |number| vec![1, number]);
    let folder = tempfile::tempdir()?;
    let image = folder.path().join("0.card");
    make_card(&image)?;
    let mut alone = None;
    println!("{:>5}  {:>10}  {:>14}  {:>6}", "CARDS", "SIGNATURES", "PER SECOND", "TIMES");
    for number in numbers {
        let cards: Vec<_> = (0..number).map(|index| folder.path().join(format!("{index}.card"))).collect();
        for card in cards.iter().skip(1) {
            std::fs::copy(&image, card)?;
        }
        let rate = rate(&cards)?;
        let times = rate / *alone.get_or_insert(rate);
        println!("{number:>5}  {:>10}  {rate:>14.1}  {times:>6.2}", number * SIGNATURES);
        if times < 0.9 * number as f64 {
            return Err(format!("{number} cards gave {times:.2} times the signatures of one").into());
        }
    }
    Ok(())
}

/// The example card, by the program itself.
fn make_card(path: &Path) -> Result<(), Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let program =
        program.parent().and_then(Path::parent).ok_or("no folder above the examples")?.join("p11ctl");
    let made =
        std::process::Command::new(program).args(["card", "new"]).arg(path).arg("--example").output()?;
    if made.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&made.stderr).into()) }
}

/// Signatures per second of all cards together, each driven by a thread of its own.
fn rate(cards: &[std::path::PathBuf]) -> Result<f64, Box<dyn Error>> {
    let config = Config::default();
    let arguments: Vec<CardArgument> = cards.iter().cloned().map(CardArgument::File).collect();
    let readers = assemble(&config, Some(&arguments)).readers;
    let slow = readers.into_iter().map(|inner| -> Box<dyn Reader> { Box::new(SlowReader(inner)) });
    let mut config = config;
    config.pkcs11.max_virtual_slots = 0;
    let engine = Engine::new(slow.collect(), &config);
    let mut sessions = Vec::new();
    for index in 0..cards.len() {
        sessions.push(log_in(&engine, SlotId(u32::try_from(4 * index + 1)?))?);
    }
    let start = Instant::now();
    let failed = std::thread::scope(|scope| {
        let engine = &engine;
        let threads: Vec<_> =
            sessions.iter().map(|(session, key)| scope.spawn(move || work(engine, *session, *key))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()?.err()).next()
    });
    match failed {
        Some(error) => Err(error.into()),
        None => Ok((cards.len() * SIGNATURES) as f64 / start.elapsed().as_secs_f64()),
    }
}

fn log_in(engine: &Engine, slot: SlotId) -> Result<(SessionHandle, ObjectHandle), Box<dyn Error>> {
    let session = engine.open_session(slot, SessionMode::ReadOnly)?;
    engine.login(session, UserKind::User, Some(&Secret::from(PIN)))?;
    let keys = engine.find_all(session, &Template::new().class(ObjectClass::PrivateKey))?;
    Ok((session, *keys.first().ok_or("the card has no key")?))
}

fn work(engine: &Engine, session: SessionHandle, key: ObjectHandle) -> Result<(), p11ctl::engine::Error> {
    let _batch = engine.batch(session)?;
    for _ in 0..SIGNATURES {
        engine.sign_init(session, &MechanismId::ECDSA_SHA256.into(), key)?;
        engine.sign(session, b"data", ANY_ROOM)?;
    }
    Ok(())
}

/// A reader whose card takes its time for a signature.
struct SlowReader(Box<dyn Reader>);

struct Slow(Box<dyn Transport>);

impl Reader for SlowReader {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn presence(&mut self) -> Result<Presence, TransportError> {
        self.0.presence()
    }

    fn connect(&mut self) -> Result<Box<dyn Transport>, TransportError> {
        Ok(Box::new(Slow(self.0.connect()?)))
    }
}

impl Transport for Slow {
    fn atr(&self) -> &[u8] {
        self.0.atr()
    }

    fn protocol(&self) -> Protocol {
        self.0.protocol()
    }

    fn begin(&mut self) -> Result<Begun, TransportError> {
        self.0.begin()
    }

    fn end(&mut self, disposition: Disposition) -> Result<(), TransportError> {
        self.0.end(disposition)
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        if command.get(1) == Some(&INS_PERFORM_SECURITY_OPERATION) {
            std::thread::sleep(DELAY);
        }
        self.0.transmit(command)
    }

    fn limits(&self) -> Limits {
        self.0.limits()
    }
}

const SIGNATURES: usize = 40;
const DELAY: Duration = Duration::from_millis(50);
/// ISO 7816-8, 5: what signs.
const INS_PERFORM_SECURITY_OPERATION: u8 = 0x2A;
/// The second PIN of the example card, which has the EC key.
const PIN: &str = "22222222";

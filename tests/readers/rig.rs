//! A private PC/SC service for one test: the test runs again, by itself, in namespaces of its own with a fresh pcscd.
//! And a small card, attached to it through vpcd.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use p11ctl::config::ReadersConfig;
use p11ctl::transport::{Presence, Reader, VirtualCard, pcsc, vpcd};

/// What stands at the socket of the service.
pub enum Service {
    /// pcscd with the two readers of vpcd.
    Pcscd,
    /// pcscd without any reader.
    NoReaders,
    /// Nothing at all.
    Nothing,
}

/// Runs `body` in namespaces of its own. `test` is the full name of the calling test, which is started again inside.
pub fn inside(test: &str, service: Service, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    let (list, start) = match service {
        Service::Pcscd => (LIST_OF_VPCD, "pcscd --foreground >/run/pcscd.log 2>&1 &"),
        Service::NoReaders => ("", "pcscd --foreground >/run/pcscd.log 2>&1 &"),
        Service::Nothing => (LIST_OF_VPCD, ""),
    };
    let script = format!(
        "set -e; mount -t tmpfs tmpfs /run; mkdir -p /run/pcscd {READERS}; ip link set lo up; {list}
         mount --bind {READERS} /etc/reader.conf.d; {start}
         if ! \"$0\" --exact {test} --nocapture --test-threads=1; then cat /run/pcscd.log; exit 1; fi"
    );
    let output = Command::new("setpriv")
        .args([
            "--pdeathsig",
            "KILL",
            "unshare",
            "-m",
            "-n",
            "-p",
            "-f",
            "--mount-proc",
            "--kill-child",
            "sh",
            "-c",
            &script,
        ])
        .arg(std::env::current_exe().unwrap())
        .env(INSIDE, "1")
        .stdin(Stdio::null())
        .output()
        .expect("unshare (util-linux)");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        output.status.success(),
        "inside (needs root for namespaces, pcscd and vsmartcard-vpcd):\n{said}"
    );
    assert!(said.contains("1 passed"), "the test {test} was not found inside:\n{said}");
}

/// Starts a helper of this test binary (an ignored test) as another program.
pub fn other_program(helper: &str) -> OtherProgram {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", helper, "--ignored", "--nocapture", "--test-threads=1"])
        .env(HELPER, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    OtherProgram { child, stdin, stdout }
}

/// Another program that uses the same card; steps are given by a line in each direction.
pub struct OtherProgram {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl OtherProgram {
    /// Waits until it says `word`.
    pub fn wait_for(&mut self, word: &str) {
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(self.stdout.read_line(&mut line).unwrap(), 0, "it ended without saying {word}");
            if line.contains(word) {
                return;
            }
        }
    }

    /// Lets it go on.
    pub fn go_on(&mut self) {
        self.stdin.write_all(b"\n").unwrap();
    }

    /// Lets it go on to its end.
    pub fn finish(mut self) {
        self.go_on();
        self.wait();
    }

    /// Waits for its end.
    pub fn wait(&mut self) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success(), "{rest}");
    }
}

impl Drop for OtherProgram {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In a helper: whether it was started by a test, and not by somebody who runs ignored tests.
pub fn is_helper() -> bool {
    std::env::var_os(HELPER).is_some()
}

/// In a helper: says `word` and waits to be let go on.
pub fn say(word: &str) {
    println!("\n{word}");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// The readers of the service, as soon as it has any.
pub fn readers(config: &ReadersConfig) -> Vec<Box<dyn Reader>> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match pcsc::list_readers(config) {
            Ok(readers) if !readers.is_empty() => return readers,
            result if Instant::now() > deadline => panic!("{:?}", result.map(|readers| readers.len())),
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// The first reader.
pub fn first_reader(config: &ReadersConfig) -> Box<dyn Reader> {
    readers(config).into_iter().next().unwrap()
}

/// Waits until `reader` says `wanted`.
pub fn wait_for(reader: &mut dyn Reader, wanted: impl Fn(&Presence) -> bool) -> Presence {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let presence = reader.presence().unwrap();
        if wanted(&presence) {
            return presence;
        }
        assert!(Instant::now() < deadline, "still {presence:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A card in a reader of vpcd. Dropped, it is pulled.
pub struct Inserted {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Inserted {
    /// Puts `card` into the first reader of vpcd and waits until the service has seen it.
    pub fn new(card: impl VirtualCard + 'static) -> Self {
        let atr = card.atr();
        let inserted = Self::unseen(card, 0);
        let mut reader = first_reader(&ReadersConfig::default());
        wait_for(reader.as_mut(), |presence| *presence == Presence::Card { atr: atr.clone() });
        inserted
    }

    /// Puts `card` into one of the two readers of vpcd.
    pub fn unseen(mut card: impl VirtualCard + 'static, reader: u16) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let stop = Arc::clone(&stop);
            move || vpcd::serve(&mut card, &format!("127.0.0.1:{}", VPCD_PORT + reader), &stop).unwrap()
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Inserted {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A small card: VERIFY (20) is remembered until reset and told by GET DATA (CA: 01 or 00 and the reset count); any other
/// command is echoed (its whole bytes), but the parts of a chain before the last. On T=0 the echo waits for GET RESPONSE.
/// INS E0 is done when the other card is in the middle of an E0 too (6400 when that takes too long).
pub struct SmallCard {
    atr: Vec<u8>,
    verified: bool,
    mute: bool,
    /// Powered, and not asked for its answer to reset since.
    fresh: AtomicBool,
    waiting: Vec<u8>,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
    /// Cards in the middle of an E0.
    meeting: Arc<(Mutex<usize>, Condvar)>,
}

impl SmallCard {
    pub fn t1() -> Self {
        Self::new(&[0x3B, 0x80, 0x01, 0x81])
    }

    pub fn t0() -> Self {
        Self::new(&[0x3B, 0x02, 0x14, 0x50])
    }

    /// A card that is there but does not answer when it is powered: with more bytes than an answer to reset has.
    pub fn mute() -> Self {
        Self { mute: true, ..Self::t1() }
    }

    fn new(atr: &[u8]) -> Self {
        Self {
            atr: atr.to_vec(),
            verified: false,
            mute: false,
            fresh: AtomicBool::default(),
            waiting: Vec::new(),
            seen: Arc::default(),
            meeting: Arc::default(),
        }
    }

    /// Two cards whose E0 waits for the other's.
    pub fn pair() -> [Self; 2] {
        let first = Self::t1();
        let second = Self { meeting: Arc::clone(&first.meeting), ..Self::t1() };
        [first, second]
    }

    /// Every command that reaches the card, as long as somebody holds this.
    pub fn seen(&self) -> Arc<Mutex<Vec<Vec<u8>>>> {
        Arc::clone(&self.seen)
    }
}

impl VirtualCard for SmallCard {
    fn atr(&self) -> Vec<u8> {
        let asked_for_it = self.fresh.swap(false, Ordering::SeqCst);
        if self.mute && asked_for_it { vec![0x3B; 40] } else { self.atr.clone() }
    }

    fn reset(&mut self) {
        self.verified = false;
        self.fresh = true.into();
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        self.seen.lock().unwrap().push(command.to_vec());
        match command.get(1) {
            Some(0x20) => {
                self.verified = true;
                vec![0x90, 0x00]
            }
            Some(0xCA) => vec![self.verified.into(), 0x90, 0x00],
            Some(0xE0) => {
                let (count, changed) = &*self.meeting;
                let mut count = count.lock().unwrap();
                *count += 1;
                changed.notify_all();
                let (_together, late) =
                    changed.wait_timeout_while(count, Duration::from_secs(10), |count| *count < 2).unwrap();
                if late.timed_out() { vec![0x64, 0x00] } else { vec![0x90, 0x00] }
            }
            Some(0xC0) => [self.waiting.as_slice(), &[0x90, 0x00]].concat(),
            _ if command.first() == Some(&0x10) => vec![0x90, 0x00],
            _ if self.atr == Self::t0().atr => {
                self.waiting = command.to_vec();
                vec![0x61, self.waiting.len() as u8]
            }
            _ => [command, &[0x90, 0x00]].concat(),
        }
    }
}

/// The service's list of readers: a copy, which a test may change.
pub const READERS: &str = "/run/readers";
const LIST_OF_VPCD: &str = "cp -r /etc/reader.conf.d/. /run/readers;";
const INSIDE: &str = "P11CTL_TEST_INSIDE";
const HELPER: &str = "P11CTL_TEST_HELPER";
const VPCD_PORT: u16 = 35963;

//! A private pcscd with virtual readers, for tests that let foreign programs use our cards.
//!
//! ```ignore
//! let mut rig = Rig::start();                       // pcscd with two empty readers
//! rig.insert(0, softcard::open(&path)?);            // any VirtualCard, on a thread of its own
//! let listing = rig.run("pkcs15-tool", &["-D"]);    // inside, where only this pcscd exists
//! assert!(listing.success, "{listing}");
//! let mark = rig.mark();
//! rig.run("pkcs11-tool", &["-L"]);
//! println!("{} APDUs", rig.apdus_since(mark).len());
//! let card = rig.remove(0);                         // the card is pulled, and comes back
//! ```
//!
//! The rig lives in a network and a mount namespace of its own (`unshare -m -n`, a tmpfs on /run), so that rigs
//! run side by side and disturb no pcscd of the machine. pcscd ends with the thread that started it, however that ends. That needs root, or `unshare -r` around the tests, and
//! the Debian packages named in [`PACKAGES`]. What is missing is a failure that says so, never a skipped test.

#![allow(clippy::expect_used, clippy::panic, reason = "a rig that cannot go on fails its test")]

use std::fmt;
use std::fs::{self, File};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use p11ctl::codec::hex;
use p11ctl::transport::{TransportError, VirtualCard, vpcd};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// A running pcscd of its own, with software cards in its readers.
pub struct Rig {
    folder: tempfile::TempDir,
    pcscd: Child,
    readers: Vec<Option<Inserted>>,
}

/// What a program printed and how it ended.
pub struct Output {
    /// The command line, for messages.
    pub command: String,
    /// Exit status 0.
    pub success: bool,
    /// Exit code, if it was not killed.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// One exchange in pcscd's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apdu {
    pub command: Vec<u8>,
    pub response: Vec<u8>,
}

/// A place in pcscd's log.
#[derive(Debug, Clone, Copy)]
pub struct Mark(usize);

/// A card in a reader.
struct Inserted {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Box<dyn VirtualCard>>,
}

impl Rig {
    /// Starts pcscd with two empty readers, `Virtual PCD 00 00` and `Virtual PCD 00 01`.
    pub fn start() -> Self {
        Self::start_with_driver(Path::new(DRIVER))
    }

    /// As [`Rig::start`], with readers that have keys. What is typed on them is what [`Rig::type_on_reader`] says.
    pub fn start_with_keys() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (source, driver) = (folder.path().join("pinpad.c"), folder.path().join("libpinpad.so"));
        fs::write(&source, include_str!("../data/readers/pinpad.c")).expect("the driver's source");
        let compiled = Command::new("sh")
            .args([
                "-ec",
                "exec gcc -shared -fPIC -w -o \"$1\" \"$2\" $(pkg-config --cflags libpcsclite) -ldl",
                "sh",
            ])
            .arg(&driver)
            .arg(&source)
            .status()
            .expect("sh");
        assert!(compiled.success(), "this test needs gcc, pkg-config and libpcsclite-dev");
        let rig = Self::start_with_driver(&driver);
        // Loaded by now: pcscd does not look for it again.
        drop(folder);
        rig
    }

    /// Says what the holder types next on the keys of a reader, one line an entry.
    pub fn type_on_reader(&self, entries: &str) {
        fs::write(self.folder.path().join(KEYS), entries).expect("the keys of the reader");
    }

    fn start_with_driver(driver: &Path) -> Self {
        for (program, package) in PACKAGES {
            assert!(
                is_in_path(program),
                "this test needs {program} (Debian package {package}): apt-get install pcscd opensc vsmartcard-vpcd openssl iproute2 util-linux"
            );
        }
        assert!(
            Path::new(DRIVER).exists(),
            "this test needs {DRIVER} (Debian package vsmartcard-vpcd): apt-get install vsmartcard-vpcd"
        );
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = folder.path().join("reader.conf");
        let driver = driver.to_string_lossy();
        fs::write(&config, READER_CONF.replace(DRIVER, &driver)).expect("reader.conf");
        let log = File::create(folder.path().join("pcscd.log")).expect("pcscd.log");
        // A test that is killed takes its pcscd along: it drops nothing.
        let pcscd = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "unshare", "--mount", "--net", "sh", "-ec", START, "sh"])
            .arg(&config)
            .env("PINPAD_KEYS", folder.path().join(KEYS))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("pcscd.log"))
            .stderr(log)
            .spawn()
            .expect("setpriv");
        let mut rig = Self { folder, pcscd, readers: vec![None, None] };
        rig.wait_until("pcscd runs", |rig| {
            rig.run("opensc-tool", &["--list-readers"]).stdout.contains("00 01")
        });
        rig
    }

    /// A folder for the files of this test; HOME of the programs that run inside.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process of pcscd.
    pub fn process(&self) -> u32 {
        self.pcscd.id()
    }

    /// Puts a card into a reader and waits until pcscd has powered it.
    pub fn insert(&mut self, reader: usize, card: impl VirtualCard + 'static) {
        self.insert_boxed(reader, Box::new(card));
    }

    /// As [`Rig::insert`], for a card that [`Rig::remove`] gave back.
    pub fn insert_boxed(&mut self, reader: usize, card: Box<dyn VirtualCard>) {
        assert!(self.readers[reader].is_none(), "reader {reader} has a card already");
        let stop = Arc::new(AtomicBool::new(false));
        let powered = Arc::new(AtomicUsize::new(0));
        let network = File::open(format!("/proc/{}/ns/net", self.pcscd.id())).expect("network of pcscd");
        let thread = thread::spawn({
            let (stop, powered) = (Arc::clone(&stop), Arc::clone(&powered));
            move || {
                move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))
                    .expect("entering the network of pcscd (are you root?)");
                let mut observed = Observed { card, powered };
                let address = format!("127.0.0.1:{}", FIRST_PORT + reader);
                vpcd::serve(&mut observed, &address, &stop).expect("vpcd");
                observed.card
            }
        });
        self.readers[reader] = Some(Inserted { stop, thread });
        // One reset at the connection, one by pcscd; then pcscd publishes the card.
        self.wait_until("pcscd powers the card", |_| powered.load(SeqCst) >= 2);
        let number = reader.to_string();
        self.wait_until("the card is in its reader", |rig| {
            rig.run("opensc-tool", &["--reader", &number, "--atr"]).success
        });
    }

    /// Pulls a card and waits until pcscd has noticed.
    pub fn remove(&mut self, reader: usize) -> Box<dyn VirtualCard> {
        let inserted = self.readers[reader].take().expect("a card in the reader");
        inserted.stop.store(true, SeqCst);
        let card = inserted.thread.join().expect("the card's thread");
        let number = reader.to_string();
        self.wait_until("the reader is empty", |rig| {
            !rig.run("opensc-tool", &["--reader", &number, "--atr"]).success
        });
        card
    }

    /// Runs a program inside and waits for it.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let output = self.command(program).args(arguments).output().expect("nsenter");
        Output {
            command: format!("{program} {}", arguments.join(" ")),
            success: output.status.success(),
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs a program inside that has to succeed; returns what it printed.
    pub fn expect(&self, program: &str, arguments: &[&str]) -> Output {
        let output = self.run(program, arguments);
        assert!(output.success, "{output}\n{}", self.log_tail());
        output
    }

    /// A command that runs inside, in the rig's folder, to be completed and started by the caller.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args([
                "--target",
                &self.pcscd.id().to_string(),
                "--mount",
                "--net",
                "sh",
                "-ec",
                IN_FOLDER,
                "sh",
            ])
            .arg(self.folder.path())
            .arg(program)
            .env("HOME", self.folder.path())
            .env("XDG_CACHE_HOME", self.folder.path().join("cache"))
            .env_remove("OPENSC_CONF")
            .stdin(Stdio::null());
        command
    }

    /// The end of the log as it is now, for [`Rig::apdus_since`].
    pub fn mark(&self) -> Mark {
        Mark(self.log().len())
    }

    /// Every APDU that pcscd carried since `mark`, GET RESPONSE included.
    pub fn apdus_since(&self, mark: Mark) -> Vec<Apdu> {
        let log = self.log();
        let lines = log.get(mark.0..).unwrap_or_default().lines();
        let mut apdus: Vec<Apdu> = Vec::new();
        for line in lines {
            if let Some((_, bytes)) = line.split_once(" APDU: ") {
                apdus.push(Apdu { command: hex::decode(bytes).unwrap_or_default(), response: Vec::new() });
            } else if let (Some((_, bytes)), Some(last)) = (line.split_once(" SW: "), apdus.last_mut()) {
                last.response = hex::decode(bytes).unwrap_or_default();
            }
        }
        apdus
    }

    /// The end of pcscd's log, for messages.
    pub fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    fn log(&self) -> String {
        let bytes = fs::read(self.folder.path().join("pcscd.log")).expect("pcscd.log");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn wait_until(&mut self, what: &str, condition: impl Fn(&Self) -> bool) {
        let started = Instant::now();
        while !condition(self) {
            if let Some(status) = self.pcscd.try_wait().expect("pcscd") {
                panic!("pcscd ended with {status} (root is needed for namespaces):\n{}", self.log_tail());
            }
            assert!(started.elapsed() < PATIENCE, "waited in vain: {what}\n{}", self.log_tail());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        for inserted in self.readers.iter_mut().filter_map(Option::take) {
            inserted.stop.store(true, SeqCst);
            // A panic of the card's thread was printed already.
            let _ = inserted.thread.join();
        }
        let _ = self.pcscd.kill();
        let _ = self.pcscd.wait();
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ {}\n{}{}(exit code {:?})", self.command, self.stdout, self.stderr, self.code)
    }
}

/// Tells the rig when pcscd powers the card.
struct Observed {
    card: Box<dyn VirtualCard>,
    powered: Arc<AtomicUsize>,
}

impl VirtualCard for Observed {
    fn atr(&self) -> Vec<u8> {
        self.card.atr()
    }

    fn reset(&mut self) {
        self.card.reset();
        self.powered.fetch_add(1, SeqCst);
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        self.card.process(command)
    }

    fn take_fault(&mut self) -> Option<TransportError> {
        self.card.take_fault()
    }
}

fn is_in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")]);
    folders.into_iter().any(|folder| folder.join(program).exists())
}

/// Programs that the rig and its tests run, and the Debian packages that have them.
const PACKAGES: [(&str, &str); 9] = [
    ("pcscd", "pcscd"),
    ("opensc-tool", "opensc"),
    ("pkcs15-init", "opensc"),
    ("pkcs11-tool", "opensc"),
    ("openssl", "openssl"),
    ("ip", "iproute2"),
    ("setpriv", "util-linux"),
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
];

/// The file with what is typed on the readers' keys.
const KEYS: &str = "keys";
const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
/// vpcd listens here for the card of its first reader.
const FIRST_PORT: usize = 0x8C7B;
const READER_CONF: &str = "FRIENDLYNAME \"Virtual PCD\"
DEVICENAME /dev/null:0x8C7B
LIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so
CHANNELID 0x8C7B
";

/// pcscd's socket is in /run/pcscd: a /run of our own keeps the machine's pcscd out of sight.
const START: &str = "mount -t tmpfs tmpfs /run
mkdir -p /run/pcscd
ip link set lo up
exec pcscd --foreground --apdu --config \"$1\"";
/// Entering a mount namespace changes the working directory: back to the rig's folder.
const IN_FOLDER: &str = "cd \"$1\"; shift; exec \"$@\"";

const PATIENCE: Duration = Duration::from_secs(20);

//! The bench: a folder with the example card, clean surroundings, and what a run of the program left behind.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_p11ctl");

/// A folder of its own, with the example card in `demo.card`.
pub struct Bench {
    folder: TempDir,
}

/// What one run left behind.
pub struct Run {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Bench {
    /// With the example card (`slots` 0 to 3 of `--card demo.card`).
    pub fn new() -> Self {
        let bench = Self::empty();
        fs::copy(example("separate"), bench.path("demo.card")).unwrap();
        bench
    }

    /// With the example card whose chains share their authorities.
    pub fn shared() -> Self {
        let bench = Self::empty();
        fs::copy(example("shared"), bench.path("demo.card")).unwrap();
        bench
    }

    /// Without any card.
    pub fn empty() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        bench.write("empty.conf", "");
        bench
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the folder.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.path(name), contents).unwrap();
    }

    /// Reads a file of the folder.
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// The program with these arguments in surroundings that no user's machine disturbs. There is no terminal.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        // A session of its own has no terminal to prompt on.
        let mut command = Command::new("setsid");
        command.arg("--wait").arg(PROGRAM).args(arguments);
        clean(&mut command, self.folder.path());
        command
    }

    /// Runs the program.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Run {
        finish(self.command(arguments).stdin(Stdio::null()).output().unwrap())
    }

    /// Runs the program with the example card.
    pub fn demo<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Run {
        let arguments: Vec<_> = arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        self.run(
            [OsStr::new("--card"), OsStr::new("demo.card")]
                .into_iter()
                .chain(arguments.iter().map(AsRef::as_ref)),
        )
    }

    /// Runs the program with the example card and gives its JSON document.
    pub fn json<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Value {
        let arguments: Vec<_> = arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        let run = self.demo([OsStr::new("--json")].into_iter().chain(arguments.iter().map(AsRef::as_ref)));
        assert_eq!(run.stderr, "", "a document comes alone");
        run.document()
    }

    /// Runs another program in the folder and expects it to succeed.
    pub fn tool(&self, program: &str, arguments: &[&str]) -> Run {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        let run = finish(command.output().unwrap());
        assert_eq!(run.code, 0, "{program} {arguments:?}: {}{}", run.text(), run.stderr);
        run
    }
}

impl Run {
    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    /// Standard output as a JSON document of schema 1.
    pub fn document(&self) -> Value {
        let document: Value = serde_json::from_slice(&self.stdout).unwrap_or_else(|error| {
            panic!("{error}: {}\n{}", self.text(), self.stderr);
        });
        assert_eq!(document["schema"], 1);
        document
    }

    /// The error document: the last line of standard error.
    pub fn error(&self) -> Value {
        let line = self.stderr.lines().last().unwrap_or_default();
        let document: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {}", self.stderr));
        assert_eq!(document["schema"], 1);
        assert_eq!(document["error"]["exit_code"], self.code);
        document["error"].clone()
    }

    /// Expects this exit code and hands the run on.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", String::from_utf8_lossy(&self.stdout), self.stderr);
        self
    }

    /// Expects the sentence on standard error.
    pub fn says(self, sentence: &str) -> Self {
        assert!(self.stderr.contains(sentence), "{sentence:?} is not in:\n{}", self.stderr);
        self
    }
}

/// Removes what a user's machine could add, and sets the PINs of the example.
pub fn clean(command: &mut Command, folder: &Path) {
    command.env_clear().current_dir(folder);
    for name in ["PATH", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .env("HOME", folder)
        .env("OPENSC_CONF", folder.join("empty.conf"))
        .env("LANG", "C.UTF-8")
        .env("TERM", "xterm-256color")
        .env("PIN1", "11111111")
        .env("PIN2", "22222222")
        .env("PIN3", "33333333")
        .env("SO_PIN", "00000000")
        .env("PUK", "99999999")
        .env("NEW", "77777777")
        .env("LONG", "123456789")
        .env("WRONG", "87654321")
        .env("EMPTY", "");
}

pub fn finish(output: Output) -> Run {
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// An example card, made once for all tests by the program itself.
fn example(kind: &str) -> PathBuf {
    static SEPARATE: OnceLock<TempDir> = OnceLock::new();
    static SHARED: OnceLock<TempDir> = OnceLock::new();
    let cell = if kind == "shared" { &SHARED } else { &SEPARATE };
    let folder = cell.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("empty.conf"), "").unwrap();
        let mut command = Command::new(PROGRAM);
        clean(&mut command, folder.path());
        let run = finish(command.args(["card", "new", "example.card", "--example", kind]).output().unwrap());
        assert_eq!(run.code, 0, "{}", run.stderr);
        folder
    });
    folder.path().join("example.card")
}

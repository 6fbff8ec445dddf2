//! A folder with a module's own surroundings, and runs of the program on that module.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_p11ctl");
/// SoftHSM (Debian package libsofthsm2).
pub const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// A folder and the module that the program is run on.
pub struct Bench {
    pub folder: TempDir,
    module: PathBuf,
}

/// What one run left behind.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Bench {
    /// For any module.
    pub fn on(module: &Path) -> Self {
        assert!(module.exists(), "this test needs {}", module.display());
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("empty.conf"), "").unwrap();
        Self { folder, module: module.to_owned() }
    }

    /// SoftHSM with no token but the free one.
    pub fn softhsm() -> Self {
        let bench = Self::on(Path::new(SOFTHSM));
        let tokens = bench.path("tokens");
        fs::create_dir(&tokens).unwrap();
        bench.write("softhsm2.conf", format!("directories.tokendir = {}\n", tokens.display()));
        bench
    }

    /// The same with an initialised token `HSM`, user PIN and SO PIN as in the environment.
    pub fn with_token() -> Self {
        let bench = Self::softhsm();
        bench.ok(&["token", "init", "--label", "HSM", "--so-pin", "env:SO_PIN"]);
        bench.ok(&["pin", "init", "--token", "HSM", "--so-pin", "env:SO_PIN", "--new-pin", "env:PIN"]);
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

    /// The program on the module, without a terminal, in surroundings of its own.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("setsid");
        command.arg("--wait").arg(PROGRAM).arg("--module").arg(&self.module).args(arguments);
        self.surround(&mut command);
        command
    }

    /// Clean surroundings with the PINs.
    pub fn surround(&self, command: &mut Command) {
        command.env_clear().current_dir(self.folder.path()).stdin(Stdio::null());
        for name in ["PATH", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("HOME", self.folder.path())
            .env("OPENSC_CONF", self.path("empty.conf"))
            .env("SOFTHSM2_CONF", self.path("softhsm2.conf"))
            .env("LANG", "C.UTF-8")
            .env("PIN", "1234")
            .env("SO_PIN", "12345678")
            .env("NEW", "4321")
            .env("WRONG", "9999")
            .env("EMPTY", "")
            .env("PIN1", "11111111")
            .env("PIN2", "22222222");
    }

    /// Runs the program.
    pub fn run(&self, arguments: &[&str]) -> Run {
        finish(self.command(arguments).output().unwrap())
    }

    /// Runs the program and expects it to succeed.
    pub fn ok(&self, arguments: &[&str]) -> Run {
        self.run(arguments).expect(0)
    }

    /// Runs the program with `--json` and gives its document.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let run = self.ok(&[&["--json"], arguments].concat());
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(document["schema"], 1);
        document
    }

    /// Runs another program in the folder and expects it to succeed.
    pub fn tool(&self, program: &str, arguments: &[&str]) -> Run {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        finish(command.output().unwrap()).expect(0)
    }

    /// Verifies a signature by openssl with a public key in PEM.
    pub fn openssl_verifies(&self, digest: &str, key: &str, signature: &str, extra: &[&str]) {
        let dgst = ["dgst", digest, "-verify", key, "-signature", signature];
        self.tool("openssl", &[&dgst[..], extra, &["document"]].concat());
    }
}

impl Run {
    /// Expects this exit code and hands the run on.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        self
    }

    /// Expects the sentence on standard error.
    pub fn says(self, sentence: &str) -> Self {
        assert!(self.stderr.contains(sentence), "{sentence:?} is not in:\n{}", self.stderr);
        self
    }
}

pub fn finish(output: Output) -> Run {
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

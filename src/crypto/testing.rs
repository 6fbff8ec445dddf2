//! What the tests of this folder share: the installed `openssl` as a second opinion, reproducible random
//! bytes, keys that are made once.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::{Curve, PrivateKey};
use super::{EcPrivateKey, Ed25519PrivateKey, RsaPrivateKey, SignatureAlgorithm};

/// A folder of files for one `openssl` dialogue; deleted when dropped.
pub(super) struct OpenSsl {
    folder: tempfile::TempDir,
}

impl OpenSsl {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub(super) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Runs in the folder; returns success, standard output, standard error.
    pub(super) fn try_run(&self, line: &str, input: &[u8]) -> (bool, Vec<u8>, String) {
        self.try_run_args(&line.split_whitespace().collect::<Vec<_>>(), input)
    }

    /// The same with arguments that may hold spaces.
    pub(super) fn try_run_args(&self, arguments: &[&str], input: &[u8]) -> (bool, Vec<u8>, String) {
        let mut child = Command::new("openssl")
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the openssl command is needed by these tests");
        // A child that has heard enough closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        (output.status.success(), output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Runs in the folder and panics with what openssl says when it does not succeed.
    pub(super) fn run(&self, line: &str) -> Vec<u8> {
        let (success, output, message) = self.try_run(line, &[]);
        assert!(success, "openssl {line}: {message}");
        output
    }
}

/// xorshift64*: the same bytes for the same seed, so that a failure can be repeated.
pub(crate) struct Reproducible(u64);

impl Reproducible {
    /// Starts from `P11CTL_TEST_SEED`, or from the clock; prints the seed, which cargo shows when the test
    /// fails.
    pub(crate) fn new(test: &str) -> Self {
        let seed =
            std::env::var("P11CTL_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(|| {
                let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
                now.as_nanos() as u64 | 1
            });
        println!("{test}: P11CTL_TEST_SEED={seed}");
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }
}

/// An RSA key of 1024 bits that all tests share.
pub(super) fn rsa_1024() -> &'static RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| RsaPrivateKey::generate(1024).unwrap())
}

/// A key of every family and curve, with every algorithm that it can sign certificates with.
pub(super) fn signing_keys() -> Vec<(PrivateKey, Vec<SignatureAlgorithm>)> {
    let mut keys = vec![PrivateKey::from(rsa_1024().clone())];
    keys.extend(Curve::ALL.map(|curve| PrivateKey::from(EcPrivateKey::generate(curve).unwrap())));
    keys.push(PrivateKey::Ed25519(Ed25519PrivateKey::generate().unwrap()));
    keys.into_iter()
        .map(|key| {
            let suits = |algorithm: &SignatureAlgorithm| match key {
                PrivateKey::Rsa(_) => matches!(algorithm, SignatureAlgorithm::RsaPkcs1(_)),
                PrivateKey::Ec(_) => matches!(algorithm, SignatureAlgorithm::Ecdsa(_)),
                PrivateKey::Ed25519(_) => matches!(algorithm, SignatureAlgorithm::Ed25519),
                PrivateKey::X25519(_) => false,
            };
            let algorithms = SignatureAlgorithm::all().filter(suits).collect();
            (key, algorithms)
        })
        .collect()
}

/// The lines of a file below `tests/data`, each as its fields; comments are left out.
pub(super) fn vectors(file: &str) -> Vec<Vec<String>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines: Vec<Vec<String>> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect();
    assert!(!lines.is_empty(), "{file} holds no vector");
    lines
}

/// A field of such a line as bytes; a hyphen is an empty field.
pub(super) fn bytes(field: &str) -> Vec<u8> {
    if field == "-" { Vec::new() } else { crate::codec::hex::decode(field).unwrap() }
}

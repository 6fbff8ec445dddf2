//! Where a PIN or PUK comes from, and what its owner is told before anything is sent to the card.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::args::{PinArg, PinArgs};
use super::error::{CliError, ErrorKind};
use super::interrupt;
use super::text::{quote, tries};
use crate::codec::Secret;

/// The PIN that is asked for: everything that a person wants to know before typing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinRequest {
    /// The reader's name.
    pub reader: String,
    /// The slot, as its number.
    pub slot: u32,
    /// The token's label.
    pub token: String,
    /// The PIN's own name.
    pub pin: String,
    /// Tries left, where the card tells.
    pub tries_left: Option<u8>,
    /// The reader has keys of its own.
    pub has_pinpad: bool,
    /// What is asked for, and the option that says where it is.
    pub kind: Kind,
}

/// The kinds of secrets that a command asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// The PIN of the user.
    #[default]
    Pin,
    /// The PIN of the security officer.
    OfficerPin,
    /// The PUK of the user's PIN.
    Puk,
    /// Another PIN of the card, that a change needs beside the login.
    OtherPin,
    /// A PIN that is to be.
    NewPin,
    /// A PIN of the security officer that is to be.
    NewOfficerPin,
    /// A PUK that is to be.
    NewPuk,
    /// The PUK of the security officer's PIN, to be.
    NewOfficerPuk,
    /// The password of a file.
    Password,
}

impl Kind {
    /// The word for it in sentences.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pin | Self::OfficerPin | Self::OtherPin => "PIN",
            Self::NewPin | Self::NewOfficerPin => "new PIN",
            Self::Puk => "PUK",
            Self::NewPuk | Self::NewOfficerPuk => "new PUK",
            Self::Password => "password",
        }
    }

    /// The option that names its source.
    pub fn option(self) -> &'static str {
        match self {
            Self::Pin => "--pin",
            Self::OfficerPin => "--so-pin",
            Self::OtherPin => "--auth-pin LABEL=",
            Self::NewPin => "--new-pin",
            Self::NewOfficerPin => "--new-so-pin",
            Self::Puk | Self::NewPuk => "--puk",
            Self::NewOfficerPuk => "--so-puk",
            Self::Password => "--password",
        }
    }

    /// Refuses a source that is the secret itself, or one that this kind does not have.
    pub fn check(self, source: Option<&PinArg>) -> Result<(), CliError> {
        match source {
            Some(PinArg::Refused) => Err(self.refuse_literal()),
            Some(PinArg::PinPad) if self != Self::Pin => Err(CliError::usage(format!(
                "{} is not typed on the keys of a reader",
                self.option().trim_end_matches('=')
            ))
            .hint(format!("use {}", self.sources()))),
            _ => Ok(()),
        }
    }

    fn refuse_literal(self) -> CliError {
        let word = self.word();
        let option = self.option().trim_end_matches('=');
        CliError::usage(format!("{option} takes the place where the {word} is, not the {word} itself"))
            .cause("every user of this machine can read the arguments of a running program")
            .hint(format!("use {}", self.sources()))
    }

    /// `--pin prompt, env:NAME, …`.
    fn sources(self) -> String {
        let pad = if self == Self::Pin { ", stdin or pinpad" } else { " or stdin" };
        let blank = if self == Self::OtherPin { "" } else { " " };
        format!("{}{blank}prompt, env:NAME, file:PATH, fd:N{pad}", self.option())
    }
}

/// How a login gives the PIN to the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pin {
    /// These characters.
    Typed(Secret),
    /// Typed on the reader's own keys.
    OnReader,
}

impl PinArgs {
    /// Refuses what can never work, before any card is touched. `reads_stdin` says that the command
    /// takes its data from standard input.
    pub fn check(&self, reads_stdin: bool) -> Result<(), CliError> {
        match self.pin {
            Some(PinArg::Stdin) if reads_stdin => {
                Err(CliError::usage("standard input cannot hold both the data and the PIN")
                    .hint("give the PIN by env:NAME, file:PATH or fd:N"))
            }
            _ => Kind::Pin.check(self.pin.as_ref()),
        }
    }

    /// Whether the PIN can be had without asking or waiting for anybody.
    pub fn is_at_hand(&self) -> bool {
        match &self.pin {
            Some(PinArg::Environment(_)) => true,
            Some(PinArg::File(path)) => path.is_file(),
            _ => false,
        }
    }

    /// Gets the PIN for `request`: from `--pin`, else from `pin_source` of a URI, else from the terminal.
    /// Errors: PIN locked, missing or empty; last try and nobody to ask.
    pub fn read(&self, request: &PinRequest, pin_source: Option<&str>) -> Result<Pin, CliError> {
        if request.tries_left == Some(0) {
            return Err(locked(request));
        }
        let source = match (&self.pin, pin_source) {
            (Some(source), _) => source.clone(),
            (None, Some(text)) => parse_uri_source(text)?,
            (None, None) => PinArg::Prompt,
        };
        if request.tries_left == Some(1) && !self.final_try {
            confirm_final_try(request, &source)?;
        }
        if source == PinArg::PinPad {
            return pinpad(request);
        }
        let pin = read_source(&source, request)?;
        if pin.is_empty() {
            return Err(empty(request));
        }
        Ok(Pin::Typed(pin))
    }
}

/// The error for an empty PIN: nothing is sent.
pub fn empty(request: &PinRequest) -> CliError {
    let word = request.kind.word();
    CliError::new(ErrorKind::Pin, format!("no {word} given for {}", describe(request)))
        .hint(format!("an empty {word} is never sent to a card"))
}

/// The error for a PIN that is locked: nothing is sent.
pub fn locked(request: &PinRequest) -> CliError {
    let mut error =
        CliError::new(ErrorKind::Pin, format!("{} locked: {}", request.kind.word(), describe(request)))
            .hint(format!("run p11ctl pin status --slot {}", request.slot));
    error.codes.return_value = Some("CKR_PIN_LOCKED".to_owned());
    error.codes.tries_left = Some(0);
    error
}

/// `"PIN 1" of token "Example (PIN 1)" in reader "Virtual PCD 00 00"`.
pub fn describe(request: &PinRequest) -> String {
    let PinRequest { reader, token, pin, kind, .. } = request;
    if *kind == Kind::Password {
        return quote(pin);
    }
    format!("{} of token {} in reader {}", quote(pin), quote(token), quote(reader))
}

/// A `pin-source` of RFC 7512: a `file:` URI or an absolute path; our own forms are understood as well.
fn parse_uri_source(text: &str) -> Result<PinArg, CliError> {
    let path = text.strip_prefix("file://").or_else(|| text.strip_prefix("file:")).unwrap_or(text);
    if path.starts_with('/') {
        return Ok(PinArg::File(path.into()));
    }
    let Ok(source) = text.parse::<PinArg>();
    match source {
        PinArg::Refused => Err(CliError::usage("the pin-source of the URI is not one that p11ctl reads")
            .hint("use --pin prompt, env:NAME, file:PATH, fd:N, stdin or pinpad")),
        source => Ok(source),
    }
}

fn confirm_final_try(request: &PinRequest, source: &PinArg) -> Result<(), CliError> {
    let Ok(mut terminal) = open_terminal() else {
        let mut error = CliError::new(ErrorKind::Pin, format!("last try: {}", describe(request)))
            .cause("a wrong PIN would lock it, and there is no terminal to ask on")
            .hint("give --final-try to use the last try");
        error.codes.tries_left = Some(1);
        return Err(error);
    };
    let warning = format!("Last try: a wrong PIN locks {}.\n", describe(request));
    let wrote = terminal.write_all(warning.as_bytes());
    // The prompt itself is the question, where there is one.
    if *source == PinArg::Prompt && wrote.is_ok() {
        return Ok(());
    }
    let answer = terminal.write_all(b"Use it? [y/N] ").and_then(|()| {
        let mut answer = String::new();
        BufReader::new(&terminal).read_line(&mut answer)?;
        Ok(answer)
    });
    match answer {
        Ok(answer) if matches!(answer.trim(), "y" | "Y" | "yes") => Ok(()),
        _ => Err(CliError::new(ErrorKind::Pin, "last try not used")),
    }
}

fn pinpad(request: &PinRequest) -> Result<Pin, CliError> {
    if request.has_pinpad {
        Ok(Pin::OnReader)
    } else {
        Err(CliError::usage(format!("reader {} has no keys to type a PIN on", quote(&request.reader)))
            .hint("use --pin prompt, env:NAME, file:PATH, fd:N or stdin"))
    }
}

/// Gets a secret from its source, empty or not. Errors: it is not there, or no key of a keyboard gives such a PIN.
pub fn read_source(source: &PinArg, request: &PinRequest) -> Result<Secret, CliError> {
    let secret = read_any(source, request)?;
    let is_control = |byte: &u8| byte.is_ascii_control();
    if request.kind != Kind::Password && secret.expose().iter().any(is_control) {
        return Err(control_characters(request));
    }
    Ok(secret)
}

/// A slip of the keys would spend a try: nothing is sent.
fn control_characters(request: &PinRequest) -> CliError {
    let word = request.kind.word();
    let mut error =
        CliError::new(ErrorKind::Pin, format!("the {word} for {} has control characters", describe(request)))
            .hint(format!("nothing was sent; give the {word} without control keys, arrow keys and tabs"));
    error.codes.tries_left = request.tries_left;
    error
}

fn read_any(source: &PinArg, request: &PinRequest) -> Result<Secret, CliError> {
    let word = request.kind.word();
    let unreadable = |what: &str, error: &io::Error| {
        CliError::new(ErrorKind::Pin, format!("{word} missing: cannot read {what}")).cause(error)
    };
    match source {
        PinArg::Prompt => {
            let tries = match request.kind {
                Kind::Password => String::new(),
                _ => format!(" ({})", tries(request.tries_left)),
            };
            let text = format!("{word} {}{tries}: ", describe(request));
            prompt(request, text)
        }
        PinArg::Environment(name) => read_environment(name, word),
        PinArg::File(path) => {
            read_path(path).map_err(|error| unreadable(&format!("file {}", path.display()), &error))
        }
        PinArg::Descriptor(0) | PinArg::Stdin => {
            read_line(io::stdin().lock()).map_err(|error| unreadable("standard input", &error))
        }
        PinArg::Descriptor(number) => {
            read_path(Path::new(&format!("/dev/fd/{number}"))).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => CliError::new(
                    ErrorKind::Pin,
                    format!("{word} missing: file descriptor {number} is not open"),
                ),
                _ => unreadable(&format!("file descriptor {number}"), &error),
            })
        }
        PinArg::PinPad | PinArg::Refused => Err(request.kind.refuse_literal()),
    }
}

/// Asks on the terminal, without echo. Errors: there is none, or nothing was typed.
pub fn prompt(request: &PinRequest, text: String) -> Result<Secret, CliError> {
    let missing = |cause: &dyn std::fmt::Display| {
        let kind = request.kind;
        let blank = if kind == Kind::OtherPin { "" } else { " " };
        let hint = format!("{}{blank}env:NAME, file:PATH, fd:N or stdin", kind.option());
        CliError::new(ErrorKind::Pin, format!("{} missing: {}", kind.word(), describe(request)))
            .cause(cause)
            .hint(format!("without a terminal, give {hint}"))
    };
    let no_terminal = |error| missing(&format!("there is no terminal to ask on ({error})"));
    let mut terminal = open_terminal().map_err(no_terminal)?;
    let silence = interrupt::silence_terminal();
    let stray = Arc::new(AtomicBool::new(false));
    let keys = Keys { terminal: open_terminal().map_err(no_terminal)?, stray: Arc::clone(&stray) };
    let config = rpassword::ConfigBuilder::new().input_reader(keys).output_discard().build();
    terminal.write_all(text.as_bytes()).map_err(|error| missing(&error))?;
    let typed = rpassword::read_password_with_config(config);
    drop(silence);
    // Only the look of the screen depends on it.
    let _ = terminal.write_all(b"\n");
    match typed {
        Ok(_) if stray.load(Relaxed) => Err(control_characters(request)),
        Ok(pin) => Ok(Secret::new(pin.into_bytes())),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
            Err(CliError::new(ErrorKind::Interrupted, "interrupted"))
        }
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(empty(request)),
        Err(error) => Err(missing(&error)),
    }
}

/// The keys of the terminal, one by one. The line editor passes over control keys that it does not know (arrows,
/// Ctrl-Z): here they are noticed.
struct Keys {
    terminal: File,
    stray: Arc<AtomicBool>,
}

impl Read for Keys {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.terminal.read(buffer)?;
        let is_stray = |byte: &u8| byte.is_ascii_control() && !EDITING_KEYS.contains(byte);
        if buffer.iter().take(length).any(is_stray) {
            self.stray.store(true, Relaxed);
        }
        Ok(length)
    }
}

/// The terminal of this process, if it has one.
pub fn open_terminal() -> io::Result<File> {
    File::options().read(true).write(true).open("/dev/tty")
}

fn read_environment(name: &str, word: &str) -> Result<Secret, CliError> {
    let sentence = match std::env::var(name) {
        Ok(pin) => return Ok(Secret::new(pin.into_bytes())),
        Err(std::env::VarError::NotPresent) => {
            format!("{word} missing: the environment variable {name} is not set")
        }
        Err(std::env::VarError::NotUnicode(_)) => {
            format!("the {word} in the environment variable {name} is not UTF-8")
        }
    };
    Err(CliError::new(ErrorKind::Pin, sentence))
}

fn read_path(path: &Path) -> io::Result<Secret> {
    read_line(File::open(path)?)
}

/// The first line, without its end. Reads no further than that line, byte by byte: no buffer keeps the PIN.
fn read_line(input: impl Read) -> io::Result<Secret> {
    let mut line = Vec::with_capacity(LONGEST_PIN);
    #[expect(clippy::unbuffered_bytes, reason = "a buffer would read further, and keep the PIN")]
    for byte in input.bytes() {
        match byte? {
            b'\n' => break,
            _ if line.len() == LONGEST_PIN => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the first line is too long for a PIN",
                ));
            }
            byte => line.push(byte),
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(Secret::new(line))
}

/// Ctrl-C, Ctrl-D, backspace, line feed, return, Ctrl-U, Ctrl-W, delete.
const EDITING_KEYS: [u8; 8] = [0x03, 0x04, 0x08, 0x0A, 0x0D, 0x15, 0x17, 0x7F];
/// No card takes a longer PIN. The buffer never grows, so that no copy of it stays behind.
const LONGEST_PIN: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    fn request(tries_left: Option<u8>) -> PinRequest {
        PinRequest {
            reader: "Reader 0".to_owned(),
            slot: 4,
            token: "Card (PIN 1)".to_owned(),
            pin: "PIN 1".to_owned(),
            tries_left,
            has_pinpad: false,
            kind: Kind::Pin,
        }
    }

    fn args(pin: PinArg) -> PinArgs {
        PinArgs { pin: Some(pin), final_try: false }
    }

    #[test]
    fn check_literal_is_refused_without_repeating_it() {
        let error = args(PinArg::Refused).check(false).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Usage);
        assert!(error.causes.iter().any(|cause| cause.contains("every user")));
    }

    #[test]
    fn check_stdin_for_pin_and_data_is_refused() {
        assert!(args(PinArg::Stdin).check(true).is_err());
        assert!(args(PinArg::Stdin).check(false).is_ok());
    }

    #[test]
    fn read_file_gives_its_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pin");
        for contents in ["1234\n", "1234", "1234\r\nsecond line\n"] {
            std::fs::write(&path, contents).unwrap();
            let pin = args(PinArg::File(path.clone())).read(&request(Some(3)), None).unwrap();
            assert_eq!(pin, Pin::Typed(Secret::from("1234")));
        }
    }

    #[test]
    fn read_empty_pin_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pin");
        std::fs::write(&path, "\n").unwrap();
        let error = args(PinArg::File(path)).read(&request(Some(3)), None).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Pin);
        assert!(error.message.starts_with("no PIN given for \"PIN 1\""), "{}", error.message);
    }

    #[test]
    fn read_locked_pin_is_not_even_asked_for() {
        let error = args(PinArg::Environment("P11CTL_NO_SUCH".to_owned())).read(&request(Some(0)), None);
        assert_eq!(error.unwrap_err().codes.tries_left, Some(0));
    }

    #[test]
    fn read_missing_sources_are_pin_errors() {
        for source in [
            PinArg::Environment("P11CTL_NO_SUCH_VARIABLE".to_owned()),
            PinArg::File("/nonexistent/pin".into()),
            PinArg::Descriptor(987),
        ] {
            let error = args(source).read(&request(Some(3)), None).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Pin);
        }
    }

    #[test]
    fn read_pinpad_of_a_reader_without_keys_is_refused() {
        let error = args(PinArg::PinPad).read(&request(Some(3)), None).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Usage);
    }

    #[test]
    fn parse_uri_source_forms_of_the_standard_are_read() {
        for text in ["file:/run/pin", "file:///run/pin", "/run/pin"] {
            assert_eq!(parse_uri_source(text), Ok(PinArg::File("/run/pin".into())), "{text}");
        }
        assert!(parse_uri_source("|/usr/bin/program").is_err());
    }

    #[test]
    fn read_source_control_characters_are_refused_but_in_passwords() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pin");
        for contents in ["11\u{1a}11", "1111\t", "\u{1b}[A1111", "11\u{7f}"] {
            std::fs::write(&path, contents).unwrap();
            let error = read_source(&PinArg::File(path.clone()), &request(Some(3))).unwrap_err();
            assert_eq!((error.kind, error.codes.tries_left), (ErrorKind::Pin, Some(3)));
            assert!(!format!("{error:?}").contains("1111"));
            let password = PinRequest { kind: Kind::Password, ..request(None) };
            assert!(read_source(&PinArg::File(path.clone()), &password).is_ok());
        }
    }

    #[test]
    fn read_line_too_long_for_a_pin_is_refused() {
        assert!(read_line(&[b'1'; 300][..]).is_err());
    }
}

//! Prompts on a terminal: a pseudo-terminal of util-linux's `script` stands in for one.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::bench::{Bench, PROGRAM, clean};

/// A program on a terminal of its own.
pub struct Terminal {
    child: Child,
    keys: Option<ChildStdin>,
    screen: Receiver<Vec<u8>>,
    text: String,
}

impl Terminal {
    /// Starts the program with these (plain) arguments.
    pub fn start(bench: &Bench, variables: &[(&str, &str)], arguments: &str) -> Self {
        let mut command = Command::new("script");
        clean(&mut command, &bench.path(""));
        command.envs(variables.iter().copied());
        command.args(["--quiet", "--return", "--command", &format!("'{PROGRAM}' {arguments}"), "/dev/null"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length) = output.read(&mut buffer) {
                if length == 0 || sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { keys: child.stdin.take(), child, screen, text: String::new() }
    }

    /// Runs the program to its end and gives what it showed.
    pub fn run(bench: &Bench, variables: &[(&str, &str)], arguments: &str) -> String {
        let mut terminal = Self::start(bench, variables, arguments);
        terminal.end();
        terminal.text
    }

    /// Waits until the screen shows this.
    pub fn wait_for(&mut self, expected: &str) -> &mut Self {
        let start = Instant::now();
        while !self.text.contains(expected) {
            match self.screen.recv_timeout(Duration::from_millis(100)) {
                Ok(bytes) => self.text.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Timeout) if start.elapsed() < PATIENCE => {}
                Err(_) => panic!("{expected:?} did not come:\n{}", self.text),
            }
        }
        self
    }

    /// What the screen has shown.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Types.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        let input = self.keys.as_mut().unwrap();
        input.write_all(keys.as_bytes()).unwrap();
        input.flush().unwrap();
        self
    }

    /// Waits for the end and gives the exit code.
    pub fn end(&mut self) -> i32 {
        let start = Instant::now();
        loop {
            match self.screen.recv_timeout(Duration::from_millis(100)) {
                Ok(bytes) => self.text.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    assert!(start.elapsed() < PATIENCE, "no end:\n{}", self.text)
                }
            }
        }
        drop(self.keys.take());
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn prompt_names_reader_token_pin_and_tries_and_hides_the_pin() {
    let bench = Bench::new();
    let mut terminal = Terminal::start(&bench, &[], "--card demo.card login --slot 0");
    terminal
        .wait_for("PIN \"PIN 1\" of token \"p11ctl example (PIN 1)\" in reader \"Software reader 1 (demo.card)\" (3 tries left): ")
        .keys("11111111\r");
    assert_eq!(terminal.end(), 0, "{}", terminal.text);
    assert!(terminal.text.contains("private-key"), "{}", terminal.text);
    assert!(!terminal.text.contains("11111111"), "{}", terminal.text);
}

#[test]
fn prompt_empty_answer_sends_nothing() {
    let bench = Bench::new();
    let mut terminal = Terminal::start(&bench, &[], "--card demo.card login --slot 0");
    terminal.wait_for("tries left): ").keys("\r");
    assert_eq!(terminal.end(), 4, "{}", terminal.text);
    assert!(terminal.text.contains("no PIN given"), "{}", terminal.text);
    assert_eq!(bench.json(["pin", "status", "--slot", "0"])["pins"][0]["tries_left"], 3);
}

#[test]
fn prompt_ctrl_c_ends_with_130_and_an_echoing_terminal() {
    let bench = Bench::new();
    let mut terminal = Terminal::start(
        &bench,
        &[],
        "--card demo.card login --slot 0; code=$?; stty -a | tr ' ' '\\n' | grep -x -e '-*echo;*'; echo code=$code",
    );
    terminal.wait_for("tries left): ");
    // The shell must not get the signal: the program takes the key itself, once it reads keys one by one.
    std::thread::sleep(Duration::from_millis(500));
    terminal.keys("123\u{3}");
    terminal.wait_for("code=");
    terminal.end();
    assert!(terminal.text.contains("code=130"), "{}", terminal.text);
    assert!(!terminal.text.contains("-echo"), "{}", terminal.text);
}

#[test]
fn prompt_control_keys_send_nothing() {
    let bench = Bench::new();
    for keys in ["1111\u{1a}1111\r", "11111111\u{1b}[A\r", "1111\t1111\r"] {
        let mut terminal = Terminal::start(&bench, &[], "--card demo.card login --slot 0");
        terminal.wait_for("tries left): ").keys(keys);
        assert_eq!(terminal.end(), 4, "{}", terminal.text);
        assert!(terminal.text.contains("control characters"), "{}", terminal.text);
        assert_eq!(bench.json(["pin", "status", "--slot", "0"])["pins"][0]["tries_left"], 3);
    }
    // Keys that correct are no such keys.
    let mut terminal = Terminal::start(&bench, &[], "--card demo.card login --slot 0");
    terminal.wait_for("tries left): ").keys("99\u{15}1111111\u{7f}11\r");
    assert_eq!(terminal.end(), 0, "{}", terminal.text);
}

#[test]
fn prompt_ctrl_d_is_an_empty_answer() {
    let bench = Bench::new();
    let mut terminal = Terminal::start(&bench, &[], "--card demo.card login --slot 0");
    terminal.wait_for("tries left): ").keys("\u{4}");
    assert_eq!(terminal.end(), 4, "{}", terminal.text);
    assert!(terminal.text.contains("no PIN given"), "{}", terminal.text);
    assert!(!terminal.text.contains("without a terminal"), "{}", terminal.text);
}

#[test]
fn last_try_is_announced_before_the_prompt() {
    let bench = Bench::new();
    for _ in 0..2 {
        bench.demo(["login", "--slot", "0", "--pin", "env:WRONG"]).expect(4);
    }
    let mut terminal = Terminal::start(&bench, &[], "--card demo.card login --slot 0");
    terminal.wait_for("Last try: a wrong PIN locks \"PIN 1\"").wait_for("(1 try left): ").keys("11111111\r");
    assert_eq!(terminal.end(), 0, "{}", terminal.text);
}

#[test]
fn last_try_from_a_variable_is_asked_for_on_a_terminal() {
    let bench = Bench::new();
    for _ in 0..2 {
        bench.demo(["login", "--slot", "0", "--pin", "env:WRONG"]).expect(4);
    }
    let mut terminal = Terminal::start(&bench, &[], "--card demo.card login --slot 0 --pin env:PIN1");
    terminal.wait_for("Use it? [y/N] ").keys("n\r");
    assert_eq!(terminal.end(), 4, "{}", terminal.text);
    let mut terminal = Terminal::start(&bench, &[], "--card demo.card login --slot 0 --pin env:PIN1");
    terminal.wait_for("Use it? [y/N] ").keys("y\r");
    assert_eq!(terminal.end(), 0, "{}", terminal.text);
}

#[test]
fn binary_result_does_not_go_to_a_terminal() {
    let bench = Bench::new();
    let text = Terminal::run(
        &bench,
        &[],
        "--card demo.card sign --slot 0 --pin env:PIN1 -o - empty.conf; echo code=$?",
    );
    assert!(text.contains("code=0"), "an explicit -o - is obeyed: {text}");
    let text = Terminal::run(
        &bench,
        &[],
        "--card demo.card sign --slot 0 --pin env:PIN1 - < empty.conf; echo code=$?",
    );
    assert!(text.contains("code=2") && text.contains("give --format hex, base64"), "{text}");
}

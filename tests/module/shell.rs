//! A program that uses the module step by step, in a process of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::bench::{Bench, c_client, module};

/// The C client `shell`: a command a line, an answer a line.
pub struct Shell {
    child: Child,
    stdin: Option<ChildStdin>,
    answers: Receiver<String>,
}

impl Shell {
    /// Started; the module is loaded, not initialised.
    pub fn start(bench: &Bench) -> Self {
        Self::from(&mut bench.command(c_client("shell")))
    }

    /// Started and initialised.
    pub fn initialized(bench: &Bench) -> Self {
        let mut shell = Self::start(bench);
        assert_eq!(shell.ask("initialize"), "0x0");
        shell
    }

    /// From a command that starts the client.
    pub fn from(command: &mut Command) -> Self {
        let command =
            command.arg(module()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, stdin, answers }
    }

    /// Gives a command without waiting for its answer.
    #[track_caller]
    pub fn tell(&mut self, command: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{command}").unwrap();
    }

    /// The next answer.
    #[track_caller]
    pub fn answer(&mut self) -> String {
        match self.answers.recv_timeout(PATIENCE) {
            Ok(answer) => answer,
            Err(error) => {
                let _ = self.child.kill();
                panic!("no answer: {error}, {}", self.stderr());
            }
        }
    }

    /// Whether there is no answer for so long.
    pub fn is_silent_for(&self, time: Duration) -> bool {
        self.answers.recv_timeout(time).is_err()
    }

    /// Gives a command and takes its answer.
    #[track_caller]
    pub fn ask(&mut self, command: &str) -> String {
        self.tell(command);
        self.answer()
    }

    /// Asks again and again until the answer is this one.
    #[track_caller]
    pub fn ask_until(&mut self, command: &str, wanted: &str) {
        let started = Instant::now();
        loop {
            let answer = self.ask(command);
            if answer == wanted {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{command}: {answer} where {wanted} is awaited");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A session of a slot, logged in.
    #[track_caller]
    pub fn log_in(&mut self, slot: u32, pin: &str) -> String {
        let session = self.ask(&format!("open {slot}"));
        assert_eq!(self.ask(&format!("login {session} {pin}")), "0x0");
        session
    }

    /// Ends the program, and gives what it printed to stderr.
    #[track_caller]
    pub fn end(mut self) -> String {
        self.stdin = None;
        let status = self.child.wait().unwrap();
        let told = self.stderr();
        assert!(status.success(), "{status}: {told}");
        told
    }

    fn stderr(&mut self) -> String {
        let mut told = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            let _ = stderr.read_to_string(&mut told);
        }
        told
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PATIENCE: Duration = Duration::from_secs(15);

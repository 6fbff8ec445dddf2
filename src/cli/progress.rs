//! A sign of life on a terminal while something takes long; nothing in a pipe.

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::atomic_file::describe;
use super::context::Context;
use super::text::escape;

/// A turning sign with a sentence beside it, gone when the work is done.
#[derive(Debug)]
pub struct Spinner(ProgressBar);

impl Spinner {
    /// Starts to turn, if standard error is a terminal and nobody wants JSON.
    pub fn start(context: &Context, sentence: &'static str) -> Self {
        if !context.terminal.stderr || context.global.json {
            return Self(ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()));
        }
        let bar = ProgressBar::new_spinner().with_message(sentence);
        let signs: &[&str] = if context.terminal.unicode { &UNICODE } else { &ASCII };
        // The template is our own text: it parses.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style.tick_strings(signs));
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    /// Done.
    pub fn end(self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// How far the work on files has come: their bytes, and which one it is. Gone when the work is done.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    files: usize,
    file: Cell<usize>,
}

impl Bar {
    /// Shows itself if standard error is a terminal and nobody wants JSON.
    pub fn start(context: &Context, files: &[&Path]) -> Self {
        let file = Cell::new(0);
        if !context.terminal.stderr || context.global.json {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
            return Self { bar, files: files.len(), file };
        }
        let lengths = files.iter().filter_map(|file| fs::metadata(file).ok()).filter(fs::Metadata::is_file);
        let bar = ProgressBar::new(lengths.map(|metadata| metadata.len()).sum());
        // The template is our own text: it parses.
        if let Ok(style) = ProgressStyle::with_template("{bytes} of {total_bytes} ({elapsed}) {msg}") {
            bar.set_style(style);
        }
        Self { bar, files: files.len(), file }
    }

    /// The next file begins.
    pub fn file(&self, path: &Path) {
        self.file.set(self.file.get() + 1);
        if !self.bar.is_hidden() {
            let name = escape(&describe(path));
            self.bar.set_message(format!("file {} of {}: {name}", self.file.get(), self.files));
        }
    }

    /// So many more bytes are done.
    pub fn bytes(&self, length: u64) {
        self.bar.inc(length);
    }

    /// Done.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.end();
    }
}

const UNICODE: [&str; 8] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇", "⠏", " "];
const ASCII: [&str; 5] = ["|", "/", "-", "\\", " "];

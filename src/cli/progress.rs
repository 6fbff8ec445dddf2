//! A sign of life on a terminal while something takes long; nothing in a pipe.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::context::Context;

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

const UNICODE: [&str; 8] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇", "⠏", " "];
const ASCII: [&str; 5] = ["|", "/", "-", "\\", " "];

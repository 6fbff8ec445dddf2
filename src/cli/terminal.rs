//! What the process writes to: a terminal or a pipe, how wide, with colours or without.

use std::env;
use std::io::IsTerminal;

use super::error::Lead;

/// The abilities of standard output, error and input, found once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// Standard input is a terminal.
    pub stdin: bool,
    /// Standard output is a terminal.
    pub stdout: bool,
    /// Standard error is a terminal.
    pub stderr: bool,
    /// Columns for tables; `None` = as wide as the contents (a pipe).
    pub width: Option<u16>,
    /// Colours and bold may be used (on the streams that are terminals).
    pub color: bool,
    /// Line-drawing characters may be used.
    pub unicode: bool,
}

impl Terminal {
    /// Looks at the streams and at `NO_COLOR`, `TERM`, `COLUMNS` and the locale.
    pub fn detect() -> Self {
        let stdout = std::io::stdout().is_terminal();
        let columns = env::var("COLUMNS").ok().and_then(|text| text.parse().ok()).filter(|width| *width > 0);
        Self {
            stdin: std::io::stdin().is_terminal(),
            stdout,
            stderr: std::io::stderr().is_terminal(),
            width: columns.or_else(|| if stdout { window_width() } else { None }),
            color: env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                && env::var("TERM").is_ok_and(|term| term != "dumb"),
            unicode: locale_is_utf8(|name| env::var(name).ok()),
        }
    }

    /// A pipe: no width, no colour.
    pub const PIPE: Self =
        Self { stdin: false, stdout: false, stderr: false, width: None, color: false, unicode: true };

    /// Colours for standard output.
    pub fn colors_stdout(&self) -> bool {
        self.color && self.stdout
    }

    /// `error:`, `warning:` and `hint:` with or without colour, for standard error.
    pub fn paint_lead(&self, lead: Lead, word: &str) -> String {
        if !(self.color && self.stderr) {
            return word.to_owned();
        }
        let color = match lead {
            Lead::Error => 31,
            Lead::Warning => 33,
            Lead::Hint => 36,
        };
        format!("\u{1b}[1;{color}m{word}\u{1b}[0m")
    }

    /// Bold text for standard output, where it can be shown.
    pub fn bold(&self, text: &str) -> String {
        if self.colors_stdout() { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Faint text for standard output, where it can be shown.
    pub fn faint(&self, text: &str) -> String {
        if self.colors_stdout() { format!("\u{1b}[2m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

fn window_width() -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(size.ws_col).filter(|width| *width > 0)
}

/// The first of `LC_ALL`, `LC_CTYPE`, `LANG` that is set decides (POSIX, 8.2).
fn locale_is_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(variable)
        .find(|value| !value.is_empty())
        .is_some_and(|value| {
            let value = value.to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locale_first_set_variable_decides() {
        let all = |name: &str| match name {
            "LC_ALL" => Some("C".to_owned()),
            _ => Some("de_DE.UTF-8".to_owned()),
        };
        assert!(!locale_is_utf8(all));
        assert!(locale_is_utf8(|name| (name == "LANG").then(|| "C.utf8".to_owned())));
        assert!(!locale_is_utf8(|_| None));
    }

    #[test]
    fn paint_lead_pipe_gets_plain_words() {
        assert_eq!(Terminal::PIPE.paint_lead(Lead::Error, "error:"), "error:");
    }
}

//! What a command destroys: named first, then done only with `--yes` or by somebody at a terminal.

use std::io::{self, BufRead, BufReader, Write};

use super::error::{CliError, ErrorKind};
use super::pin::open_terminal;
use super::text::escape;

/// Names what is lost, and asks. With `yes` nobody is asked: the command says it in its answer.
/// Errors: no `--yes` and no terminal, or the answer is no; nothing was changed.
pub fn confirm(yes: bool, question: &str, lost: &[String]) -> Result<(), CliError> {
    if yes {
        return Ok(());
    }
    let Ok(terminal) = open_terminal() else {
        return Err(CliError::usage(format!("{question}: nobody is there to ask"))
            .candidates(lost.to_vec())
            .hint("give --yes to do it; nothing was changed"));
    };
    match ask(&terminal, question, lost) {
        Ok(true) => Ok(()),
        Ok(false) => Err(CliError::new(ErrorKind::Refused, "not confirmed; nothing was changed")),
        Err(error) => Err(CliError::usage("the terminal gave no answer; nothing was changed").cause(error)),
    }
}

fn ask(mut terminal: &std::fs::File, question: &str, lost: &[String]) -> io::Result<bool> {
    let mut text = format!("{}\n", escape(question));
    for line in lost {
        text.push_str(&format!("  {}\n", escape(line)));
    }
    text.push_str("Type yes to go on: ");
    terminal.write_all(text.as_bytes())?;
    let mut answer = String::new();
    BufReader::new(terminal).read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}

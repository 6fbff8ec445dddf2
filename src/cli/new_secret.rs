//! PINs and PUKs that are to be: asked for twice on a terminal, never empty.

use super::args::PinArg;
use super::error::{CliError, ErrorKind};
use super::pin::{PinRequest, describe, empty, prompt, read_source};
use crate::codec::Secret;

/// Gets a new PIN or PUK for `request`: from its source, else from the terminal, where it is typed twice.
/// Errors: it is missing or empty, or the two differ.
pub fn read_new(source: Option<&PinArg>, request: &PinRequest) -> Result<Secret, CliError> {
    let secret = match source {
        None | Some(PinArg::Prompt) => ask_twice(request)?,
        Some(source) => read_source(source, request)?,
    };
    if secret.is_empty() {
        return Err(empty(request));
    }
    Ok(secret)
}

fn ask_twice(request: &PinRequest) -> Result<Secret, CliError> {
    let word = request.kind.word();
    let first = prompt(request, format!("{}: ", capital(&format!("{word} for {}", describe(request)))))?;
    if first.is_empty() {
        return Ok(first);
    }
    let second = prompt(request, format!("The same {word} again: "))?;
    if first == second {
        return Ok(first);
    }
    Err(CliError::new(ErrorKind::Pin, format!("the two differ: no {word} for {}", describe(request)))
        .hint("nothing was changed; run the command again"))
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::pin::Kind;

    #[test]
    fn read_new_empty_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pin");
        std::fs::write(&path, "\n").unwrap();
        let request = PinRequest {
            reader: "R".to_owned(),
            slot: 0,
            token: "T".to_owned(),
            pin: "PIN 3".to_owned(),
            tries_left: None,
            has_pinpad: false,
            kind: Kind::NewPin,
        };
        let error = read_new(Some(&PinArg::File(path)), &request).unwrap_err();
        assert!(error.message.starts_with("no new PIN given for \"PIN 3\""), "{}", error.message);
    }
}

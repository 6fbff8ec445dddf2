//! Where the bytes of a result go: a file, whole or not at all, or standard output.

use std::path::Path;

use serde_json::Value;

use super::atomic_file;
use super::context::Context;
use super::error::CliError;
use super::outcome::Outcome;
use crate::codec::Secret;

/// Writes `bytes` to the file, or hands them to standard output. Bytes that are no text do not go to a terminal.
pub fn deliver(
    context: &Context,
    document: Value,
    bytes: &[u8],
    output: Option<&Path>,
    binary: bool,
) -> Result<Outcome, CliError> {
    match output.filter(|path| !atomic_file::is_standard_stream(path)) {
        Some(path) => {
            atomic_file::write(path, bytes)?;
            Ok(Outcome::new(document, "").note(format!("wrote {}", path.display())))
        }
        None if binary && output.is_none() && context.terminal.stdout && !context.global.json => {
            Err(CliError::usage("the result is no text and standard output is a terminal")
                .hint("write it to a file with -o FILE, or give -o - to write it here all the same"))
        }
        None => Ok(Outcome::new(document, bytes)),
    }
}

/// Writes a secret to a file that only its owner may read, or hands it to standard output where that was asked for; a
/// document then has it in hexadecimal, in its field `secret`.
pub fn deliver_secret(
    context: &Context,
    mut document: Value,
    secret: &Secret,
    output: &Path,
) -> Result<Outcome, CliError> {
    if !atomic_file::is_standard_stream(output) {
        atomic_file::write_private(output, secret.expose())?;
        return Ok(Outcome::new(document, "")
            .note(format!("wrote {}: a secret, for its owner alone", output.display())));
    }
    if let (true, Some(fields)) = (context.global.json, document.as_object_mut()) {
        fields.insert("secret".to_owned(), super::json::bytes(secret.expose()));
    }
    Ok(Outcome::new(document, secret.expose()))
}

//! One block of an RSA key: for a few bytes.

use serde_json::{Value, json};

use super::EncryptArgs;
use super::recipients::Recipient;
use crate::cli::atomic_file::{self, describe, is_standard_stream};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::outcome::Outcome;
use crate::cli::{destination, json};
use crate::crypto::PublicKey;
use crate::crypto::cms::enveloped::RsaPadding;

/// One block of the one RSA key.
pub fn encrypt(
    context: &Context,
    args: &EncryptArgs,
    recipients: &[Recipient],
    padding: &RsaPadding,
) -> Result<Outcome, CliError> {
    let [recipient] = recipients else {
        return Err(CliError::usage(format!(
            "{} recipients are named, but a block is for one",
            recipients.len()
        ))
        .hint("leave --format raw out: a message can be for many"));
    };
    let PublicKey::Rsa { .. } = recipient.public else {
        let name = recipient.public.algorithm_name();
        return Err(CliError::usage(format!("a key {name} encrypts no block"))
            .hint("leave --format raw out: a message can be for such a key"));
    };
    let data = atomic_file::read(&args.file)?;
    let longest = padding.longest_message(recipient.public.signature_len()).unwrap_or_default();
    if data.len() > longest {
        let (name, len) = (describe(&args.file), data.len());
        let message = format!("{name} has {len} bytes, but a block of this key takes at most {longest}");
        return Err(CliError::usage(message).hint("leave --format raw out: a message takes any size"));
    }
    let encrypted = padding
        .encrypt(&recipient.public, &data)
        .map_err(|source| CliError::usage("the data cannot be encrypted for this key").source(&source))?;
    let file = args.output.as_deref().filter(|path| !is_standard_stream(path));
    let document = json!({
        "format": "raw",
        "mechanism": crate::cli::mechanism::for_padding(padding).id.to_string(),
        "recipients": [recipient.to_json()],
        "file": args.file.display().to_string(),
        "output": file.map(|path| path.display().to_string()),
        // What is written to a file is not repeated here.
        "ciphertext": if file.is_some() { Value::Null } else { json::bytes(&encrypted) },
    });
    destination::deliver(context, document, &encrypted, args.output.as_deref(), true)
}

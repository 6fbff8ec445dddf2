//! A file of any size under a secret key, without a message around it: older programs want that. Nobody finds out
//! whether it was changed.

use std::io::Write as _;

use serde_json::{Map, Value, json};

use super::EncryptArgs;
use super::recipients::{Recipient, SecretRecipient};
use crate::cli::atomic_file::{self, is_standard_stream};
use crate::cli::cipher::{self, Iv, USUAL_MODE, mode_named};
use crate::cli::context::Context;
use crate::cli::delivery::{self, Delivery};
use crate::cli::error::CliError;
use crate::cli::keys::find_again;
use crate::cli::outcome::Outcome;
use crate::cli::parts::Parts;
use crate::cli::progress::Bar;
use crate::cli::unlock::unlock;
use crate::crypto::random;
use crate::engine::ANY_ROOM;

/// Encrypts the file.
pub fn encrypt(
    context: &Context,
    args: &EncryptArgs,
    secret: &SecretRecipient,
    others: &[Recipient],
) -> Result<Outcome, CliError> {
    if !others.is_empty() {
        return Err(
            CliError::usage("only a message is for several recipients").hint("leave --format raw out")
        );
    }
    let mode = match args.encrypting.mechanism() {
        None => USUAL_MODE,
        Some(name) => mode_named(name).ok_or_else(|| {
            CliError::usage(format!("{name} is for RSA keys, but the key is a secret one"))
                .hint("choose --mechanism AES-CBC-PAD or AES-CBC")
        })?,
    };
    let output = args.output.as_deref().filter(|path| !is_standard_stream(path));
    if output.is_none() && args.output.is_none() && context.terminal.stdout && !context.global.json {
        return Err(CliError::usage("the result is no text and standard output is a terminal")
            .hint("write it to a file with -o FILE, or give -o - to write it here all the same"));
    }
    output.map(atomic_file::check_writable).transpose()?;
    let given = args.iv.as_ref().map(|iv| cipher::given_iv(&iv.0)).transpose()?;
    let iv = given.map_or_else(new_iv, Ok)?;
    let chosen = &secret.chosen;
    let unlocked = unlock(context, &chosen.token, &args.pin, secret.pin_source.as_deref())?;
    let (engine, session) = (context.engine()?, unlocked.session);
    let key = find_again(engine, session, &chosen.key)?;
    engine.encrypt_init(session, &cipher::call(mode, iv), key)?;
    if chosen.key.always_authenticate {
        unlocked.authenticate_again(context, &chosen.token)?;
    }
    let bar = Bar::start(context, &[&args.file]);
    bar.file(&args.file);
    let mut out = Delivery::to(output)?;
    let cannot_write = |source| CliError::usage("cannot write the result").cause(source);
    if given.is_none() {
        out.write_all(&iv).map_err(cannot_write)?;
    }
    let mut parts = Parts::open(&args.file)?;
    while let Some(part) = parts.next_part()? {
        bar.bytes(part.len() as u64);
        out.write_all(&engine.encrypt_update(session, part, ANY_ROOM)?).map_err(cannot_write)?;
    }
    out.write_all(&engine.encrypt_final(session, ANY_ROOM)?).map_err(cannot_write)?;
    bar.end();
    let document = json!({
        "format": "raw",
        "mechanism": mode.to_string(),
        "iv": crate::cli::json::bytes(&iv),
        "authenticated": false,
        "slot": chosen.token.slot.0,
        "token": chosen.token.candidate.label,
        "key": chosen.key.label,
        "file": args.file.display().to_string(),
        "output": output.map(|path| path.display().to_string()),
    });
    let fields = if let Value::Object(fields) = document { fields } else { Map::new() };
    delivery::outcome(context, fields, "ciphertext", (out.keep()?, output))
}

fn new_iv() -> Result<Iv, CliError> {
    let bytes = random::bytes(cipher::IV_LEN);
    let bytes = bytes.map_err(|source| CliError::usage("there are no random bytes").source(&source))?;
    cipher::given_iv(&bytes)
}

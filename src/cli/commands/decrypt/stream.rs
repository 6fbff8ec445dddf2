//! A file of any size under a secret key, without a message around it.

use std::io::{Read, Write as _};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::{DecryptArgs, Start, cannot_read};
use crate::cli::atomic_file::{self, describe, is_standard_stream};
use crate::cli::cipher::{self, IV_LEN, Iv};
use crate::cli::context::Context;
use crate::cli::delivery::{self, Delivery};
use crate::cli::error::CliError;
use crate::cli::keys::{KeyChoice, Purpose, find_again};
use crate::cli::outcome::Outcome;
use crate::cli::progress::Bar;
use crate::cli::unlock::unlock;
use crate::engine::{ANY_ROOM, Error, MechanismId};

/// Decrypts the file.
pub fn decrypt(
    context: &Context,
    args: &DecryptArgs,
    (file, mode): (&Path, MechanismId),
    choice: &KeyChoice,
) -> Result<Outcome, CliError> {
    let given = args.iv.as_ref().map(|iv| cipher::given_iv(&iv.0)).transpose()?;
    let output = args.output.as_deref().filter(|path| !is_standard_stream(path));
    output.map(atomic_file::check_writable).transpose()?;
    let mut input = Start::read(file)?.whole();
    let iv = match given {
        Some(iv) => iv,
        None => first_block(file, &mut input)?,
    };
    let chosen = choice.private_key(context, Purpose::Cipher, &args.pin)?;
    let unlocked = unlock(context, &chosen.token, &args.pin, choice.pin_source.as_deref())?;
    let (engine, session) = (context.engine()?, unlocked.session);
    let key = find_again(engine, session, &chosen.key)?;
    engine.decrypt_init(session, &cipher::call(mode, iv), key)?;
    if chosen.key.always_authenticate {
        unlocked.authenticate_again(context, &chosen.token)?;
    }
    let bar = Bar::start(context, &[file]);
    bar.file(file);
    let mut out = Delivery::to(output)?;
    let cannot_write = |source| CliError::usage("cannot write the result").cause(source);
    let mut part = vec![0; PART_LEN];
    loop {
        let len = read(&mut input, &mut part).map_err(|source| cannot_read(file).cause(source))?;
        let Some(read) = part.get(..len).filter(|part| !part.is_empty()) else { break };
        bar.bytes(len as u64);
        let plain = engine.decrypt_update(session, read, ANY_ROOM).map_err(|error| explain(error, file))?;
        out.write_all(plain.expose()).map_err(cannot_write)?;
    }
    let plain = engine.decrypt_final(session, ANY_ROOM).map_err(|error| explain(error, file))?;
    out.write_all(plain.expose()).map_err(cannot_write)?;
    bar.end();
    let document = json!({
        "slot": chosen.token.slot.0,
        "token": chosen.token.candidate.label,
        "key": chosen.key.label,
        "format": "raw",
        "mechanism": mode.to_string(),
        "file": file.display().to_string(),
        "output": output.map(|path| path.display().to_string()),
    });
    let fields = if let Value::Object(fields) = document { fields } else { Map::new() };
    delivery::outcome(context, fields, "plaintext", (out.keep()?, output))
}

/// The initial vector, where the file begins with it.
fn first_block(file: &Path, input: &mut impl Read) -> Result<Iv, CliError> {
    let mut iv = [0; IV_LEN];
    input.read_exact(&mut iv).map_err(|source| {
        CliError::usage(format!("{} is shorter than an initial vector", describe(file)))
            .cause(source)
            .hint("if it does not begin with one, give it with --iv")
    })?;
    Ok(iv)
}

fn read(input: &mut impl Read, part: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match input.read(part) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn explain(error: Error, file: &Path) -> CliError {
    let is_damaged = matches!(error, Error::EncryptedDataInvalid | Error::EncryptedDataLength { .. });
    let explained = CliError::from(error);
    if !is_damaged {
        return explained;
    }
    explained.hint(format!("{} is for another key, mechanism or --iv, or was changed or cut", describe(file)))
}

/// What goes through the key at once.
const PART_LEN: usize = 64 * 1024;

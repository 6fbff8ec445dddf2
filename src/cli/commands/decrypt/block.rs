//! One block of RSA, with PKCS#1 v1.5 or OAEP padding or none.

use std::io::Read;
use std::path::Path;

use serde_json::json;

use super::{DecryptArgs, cannot_read};
use crate::cli::atomic_file::{self, describe};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::keys::{ChosenKey, KeyChoice, Purpose, find_again};
use crate::cli::mechanism::for_decryption;
use crate::cli::outcome::Outcome;
use crate::cli::text::quote;
use crate::cli::unlock::unlock;
use crate::cli::{destination, json};
use crate::codec::Secret;
use crate::crypto::DigestAlgorithm;
use crate::crypto::rsa::{OaepParameters, oaep_unpad, pkcs1_unpad};
use crate::engine::{ANY_ROOM, Error, MechanismCall, MechanismId, Parameters};
use crate::token::{Key, KeyAlgorithm};

/// What takes the padding off.
enum Method {
    /// The engine, as it was told.
    Told(MechanismCall),
    /// The block as it is, which tells its padding.
    Found,
}

/// Decrypts the block.
pub fn decrypt(
    context: &Context,
    args: &DecryptArgs,
    (file, mut input): (&Path, impl Read),
    choice: &KeyChoice,
) -> Result<Outcome, CliError> {
    let call = for_decryption(&args.decrypting)?;
    choice.seek(context)?;
    let mut data = Vec::new();
    // One byte more than the largest block tells a file that is none.
    input
        .by_ref()
        .take(LONGEST_BLOCK + 1)
        .read_to_end(&mut data)
        .map_err(|source| cannot_read(file).cause(source))?;
    if args.pin.is_at_hand() {
        // Nobody is waited for until the login.
        context.engine()?.keep_at_hand(true);
    }
    let chosen = choice.private_key(context, Purpose::Decrypt, &args.pin)?;
    check_length(file, &chosen.key, data.len())?;
    let method = method(context, args, &chosen, call)?;
    let unlocked = unlock(context, &chosen.token, &args.pin, choice.pin_source.as_deref())?;
    let engine = context.engine()?;
    let key = find_again(engine, unlocked.session, &chosen.key)?;
    let raw = MechanismCall::from(MechanismId::RSA_X_509);
    // The token may have the bare operation for keys of a session alone: this key says whether it does it.
    let is_bare = matches!(method, Method::Found) && engine.decrypt_init(unlocked.session, &raw, key).is_ok();
    let method = if matches!(method, Method::Found) && !is_bare {
        Method::Told(MechanismId::RSA_PKCS.into())
    } else {
        method
    };
    if let Method::Told(call) = &method {
        engine.decrypt_init(unlocked.session, call, key)?;
    }
    if chosen.key.always_authenticate {
        unlocked.authenticate_again(context, &chosen.token)?;
    }
    let answer = engine.decrypt(unlocked.session, &data, ANY_ROOM);
    let (plain, mechanism) = match &method {
        Method::Told(call) => (answer.map_err(|error| explain(error, call))?, call.id),
        Method::Found => unpad(&answer?)?,
    };
    let output = args.output.as_deref().filter(|path| !atomic_file::is_standard_stream(path));
    let document = json!({
        "slot": chosen.token.slot.0,
        "token": chosen.token.candidate.label,
        "key": chosen.key.label,
        "format": "raw",
        "mechanism": mechanism.to_string(),
        "file": file.display().to_string(),
        "output": output.map(|path| path.display().to_string()),
        // What is written to a file is not repeated here.
        "plaintext": if output.is_some() { serde_json::Value::Null } else { json::bytes(plain.expose()) },
    });
    destination::deliver(context, document, plain.expose(), args.output.as_deref(), false)
}

/// What was told; else the block tells, where the token gives it without taking the padding off itself.
fn method(
    context: &Context,
    args: &DecryptArgs,
    chosen: &ChosenKey,
    call: MechanismCall,
) -> Result<Method, CliError> {
    if !args.decrypting.is_open() {
        return Ok(Method::Told(call));
    }
    let info = context.engine()?.mechanism_info(chosen.token.slot, MechanismId::RSA_X_509);
    Ok(match info {
        Ok(info) if info.uses.decrypt => Method::Found,
        _ => Method::Told(MechanismId::RSA_PKCS.into()),
    })
}

/// Both paddings are tried whatever comes of the first, and what fits neither is one error.
fn unpad(block: &Secret) -> Result<(Secret, MechanismId), CliError> {
    let usual = OaepParameters::new(DigestAlgorithm::Sha256, DigestAlgorithm::Sha256, &[]);
    let oaep = oaep_unpad(&usual, block).and_then(|unpadded| unpadded.into_message());
    let pkcs1 = pkcs1_unpad(block).and_then(|unpadded| unpadded.into_message());
    match (oaep, pkcs1) {
        (Ok(message), _) => Ok((message, MechanismId::RSA_PKCS_OAEP)),
        (Err(_), Ok(message)) => Ok((message, MechanismId::RSA_PKCS)),
        (Err(_), Err(_)) => Err(CliError::from(Error::EncryptedDataInvalid)
            .hint("it has no padding of PKCS#1 v1.5, and none of OAEP with SHA-256: see --hash, --mgf, --oaep-label")),
    }
}

/// A file that is no block of this key is refused before a PIN is asked for.
fn check_length(file: &Path, key: &Key, actual: usize) -> Result<(), CliError> {
    let KeyAlgorithm::Rsa { modulus_bits } = key.algorithm else { return Ok(()) };
    let expected = modulus_bits.div_ceil(8);
    // Zero: the directory does not tell the size.
    if expected == 0 || u32::try_from(actual) == Ok(expected) {
        return Ok(());
    }
    let (file, label) = (describe(file), quote(&key.label));
    let actual =
        if actual as u64 > LONGEST_BLOCK { format!("more than {LONGEST_BLOCK}") } else { actual.to_string() };
    let message = format!("{file} has {actual} bytes, but key {label} decrypts blocks of {expected}");
    Err(CliError::usage(message).hint("or a CMS message of any size, which this file is not"))
}

/// Names what sender and receiver must agree on beside the key.
fn explain(error: Error, call: &MechanismCall) -> CliError {
    let is_damaged = matches!(error, Error::EncryptedDataInvalid);
    let explained = CliError::from(error);
    match &call.parameters {
        Parameters::Oaep { hash, mgf, label } if is_damaged => explained.hint(format!(
            "this was OAEP with {hash}, mask with {mgf}, label of {} bytes: see --hash, --mgf, --oaep-label",
            label.len()
        )),
        Parameters::None if is_damaged => {
            explained.hint("this was PKCS#1 v1.5 padding: --mechanism RSA-PKCS-OAEP is the other one")
        }
        _ => explained,
    }
}

/// RSA with 16384 bits.
const LONGEST_BLOCK: u64 = 2048;

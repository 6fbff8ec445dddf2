//! Plain signatures: raw, DER, hexadecimal, base64. Key, digest and mechanism are the user's word.

use super::case::Case;
use super::verdict::{Judged, Verdict};
use crate::cli::atomic_file;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::mechanism::for_signing;
use crate::cli::parts::digest_file;
use crate::cli::predigested::Predigested;
use crate::cli::signature::{self, Format, SignatureFormat};
use crate::crypto::PublicKey;
use crate::engine::Error;
use crate::engine::mechanism::{KeyFacts, Plan, Purpose, mechanism};
use crate::token::KeyAlgorithm;

/// Verifies a plain signature; without a form, raw and DER are tried.
pub fn verify(case: &Case<'_>, signature: &[u8], format: Option<Format>) -> Result<Verdict, CliError> {
    let (args, roots) = (case.check.args, &case.check.roots);
    let file = case.file()?;
    let signer = case.check.named_signer()?;
    if !roots.is_empty() && signer.certificate.is_none() {
        return Err(CliError::usage("--ca needs a certificate, and this is a bare public key")
            .hint("name the signer by --certificate-file"));
    }
    let readings = signature::readings(signature, format, &signer.key)?;
    let algorithm = KeyAlgorithm::from(&signer.key);
    let call = for_signing(&algorithm, &args.signing)?;
    let facts = KeyFacts { algorithm, card: None };
    let plan = mechanism(call.id)?.plan(Purpose::Verify, &call.parameters, Some(&facts))?;
    let input = match plan.digest {
        _ if args.hash_file => Predigested::of(&call)?.digest(file)?,
        Some(algorithm) => digest_file(file, algorithm, &|length| case.check.bar.bytes(length))?,
        None => atomic_file::read(file)?,
    };
    let block = plan.encode(&input)?;
    let mut found = None;
    for (index, raw) in readings.iter().enumerate() {
        if found.is_none() && verifies(&plan, &signer.key, &block, raw)? {
            found = Some(index);
        }
    }
    let mut judged = Judged::new(signer.clone(), None);
    judged.mechanism = Some(call.id.to_string());
    judged.hash = plan.digest;
    if found.is_none() {
        judged.faults.push("the signature is not that of this key over this file".to_owned());
    }
    roots.judge(signer, &mut judged);
    // Where nothing is said, the second reading is DER.
    let format = args.format.map_or(if found == Some(1) { "der" } else { "raw" }, SignatureFormat::name);
    Ok(Verdict { format, signers: vec![judged], faults: Vec::new(), content: None, namespace: None })
}

/// A signature that cannot be one (its length, its range) is a bad signature.
fn verifies(plan: &Plan, key: &PublicKey, block: &[u8], raw: &[u8]) -> Result<bool, CliError> {
    match plan.verify(key, block, raw) {
        Ok(()) => Ok(true),
        Err(Error::SignatureInvalid | Error::SignatureLength { .. }) => Ok(false),
        Err(error) => Err(CliError::new(ErrorKind::Refused, "the signature cannot be verified").cause(error)),
    }
}

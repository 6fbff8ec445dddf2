//! What is not signed without being asked twice, or not at all: weak mechanisms, keys whose certificate is out of date
//! or is not for signing.

use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::keys::{ChosenKey, algorithm_name};
use crate::cli::text::quote;
use crate::codec::date;
use crate::crypto::{CertificateDetails, DigestAlgorithm};
use crate::engine::mechanism::mechanism;
use crate::engine::{MechanismCall, Parameters};
use crate::token::KeyAlgorithm;

/// Refuses SHA-1 and RSA below 2048 bits.
pub fn check_strength(key: &KeyAlgorithm, call: &MechanismCall) -> Result<(), CliError> {
    match weakness(key, call)? {
        Some(why) => Err(CliError::usage(why).hint("if it has to be, add --allow-weak")),
        None => Ok(()),
    }
}

/// What is weak: SHA-1, RSA below 2048 bits.
pub fn weakness(key: &KeyAlgorithm, call: &MechanismCall) -> Result<Option<String>, CliError> {
    let weak = |what: String| Ok(Some(format!("{what} is weak: such a signature can be forged")));
    if let KeyAlgorithm::Rsa { modulus_bits } = key
        && (1..LEAST_RSA_BITS).contains(modulus_bits)
    {
        return weak(format!("a key {}", algorithm_name(key)));
    }
    let pss = match &call.parameters {
        Parameters::Pss(parameters) => Some(parameters.hash),
        _ => None,
    };
    if mechanism(call.id)?.digest().or(pss) == Some(DigestAlgorithm::Sha1) {
        return weak(DigestAlgorithm::Sha1.to_string());
    }
    Ok(None)
}

/// Refuses a key that has certificates of which none lets it sign now. A certificate that cannot be read says nothing.
pub fn check_certificates(context: &Context, chosen: &ChosenKey) -> Result<(), CliError> {
    let leaves = leaves(context, chosen)?;
    let now = date::now();
    let reasons: Vec<String> = leaves.iter().filter_map(|leaf| reason(leaf, now)).collect();
    if reasons.is_empty() || reasons.len() < leaves.len() {
        return Ok(());
    }
    let key = quote(&chosen.key.label);
    let mut error =
        CliError::new(ErrorKind::Refused, format!("key {key} has no certificate that lets it sign"));
    error.causes = reasons;
    Err(error.hint("choose another key, or get this one a new certificate: p11ctl cert request"))
}

/// The certificates of the key itself, as far as they can be read, the best first.
pub fn leaves(context: &Context, chosen: &ChosenKey) -> Result<Vec<CertificateDetails>, CliError> {
    let (engine, view) = (context.engine()?, &chosen.token.view);
    let keys = &view.card.keys;
    let mine = view
        .view
        .chains
        .iter()
        .filter(|chain| keys.get(chain.key).is_some_and(|key| key.object == chosen.key.object));
    let indices = mine.filter_map(|chain| chain.certificates.first());
    let read = indices.filter_map(|index| match engine.certificate(chosen.token.slot, *index) {
        Ok(details) => Some((*details).clone()),
        Err(error) => {
            tracing::warn!(%error, "a certificate of the key cannot be read");
            None
        }
    });
    Ok(read.collect())
}

/// The first chain of the key whose leaf lets it sign now, leaf first, as far as it can be read; else the first chain.
pub fn chain(context: &Context, chosen: &ChosenKey) -> Result<Vec<CertificateDetails>, CliError> {
    let (engine, view) = (context.engine()?, &chosen.token.view);
    let now = date::now();
    let mut first = Vec::new();
    for chain in &view.view.chains {
        if view.card.keys.get(chain.key).is_none_or(|key| key.object != chosen.key.object) {
            continue;
        }
        let read = chain.certificates.iter().map(|index| engine.certificate(chosen.token.slot, *index));
        let read: Vec<CertificateDetails> =
            read.map_while(Result::ok).map(|details| (*details).clone()).collect();
        match read.first() {
            Some(leaf) if reason(leaf, now).is_none() => return Ok(read),
            Some(_) if first.is_empty() => first = read,
            _ => {}
        }
    }
    Ok(first)
}

/// Why this certificate does not let its key sign files at this time; `None` when it does.
pub fn reason(certificate: &CertificateDetails, now: i64) -> Option<String> {
    let name = quote(&certificate.subject_text());
    if now > certificate.not_after {
        return Some(format!("the certificate of {name} expired {}", date::day(certificate.not_after)));
    }
    if now < certificate.not_before {
        let day = date::day(certificate.not_before);
        return Some(format!("the certificate of {name} is not valid before {day}"));
    }
    usage_reason(certificate)
}

/// Why the key usage of this certificate does not let its key sign files; `None` when it does.
pub fn usage_reason(certificate: &CertificateDetails) -> Option<String> {
    let name = quote(&certificate.subject_text());
    let usage = certificate.key_usage()?;
    if usage.iter().any(|usage| SIGNING.contains(usage)) {
        return None;
    }
    let allowed = if usage.is_empty() { "nothing".to_owned() } else { usage.join(", ") };
    Some(format!("the certificate of {name} is not for signatures, but for {allowed}"))
}

/// RFC 5280, 4.2.1.3: what a signature of a file wants, one or the other.
const SIGNING: [&str; 2] = ["digitalSignature", "nonRepudiation"];
/// NIST SP 800-131A: shorter ones are disallowed.
const LEAST_RSA_BITS: u32 = 2048;

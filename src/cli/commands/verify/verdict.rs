//! What `verify` found out: for each signer good or bad, why, and how far anybody checked who it is.

use serde_json::{Value, json};

use super::case::Case;
use super::signer::Signer;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::outcome::Outcome;
use crate::cli::text::quote;
use crate::cli::{atomic_file, certificates, mechanism};
use crate::codec::date;
use crate::crypto::certificate::Path;
use crate::crypto::{DigestAlgorithm, SignatureAlgorithm};

/// The result for one file.
pub struct Verdict {
    /// Form of the signature.
    pub format: &'static str,
    /// Who signed; empty where nobody did or nothing could be read.
    pub signers: Vec<Judged>,
    /// Why the whole is bad, whoever signed.
    pub faults: Vec<String>,
    /// The content that the signature holds.
    pub content: Option<Vec<u8>>,
    /// What an SSH signature is for.
    pub namespace: Option<String>,
}

/// One signer, judged.
pub struct Judged {
    /// Name of the signer: label of a key, subject of a certificate, name of a file.
    pub name: String,
    /// The key and its origin, where it is known.
    pub signer: Option<Signer>,
    /// `CKM_…`.
    pub mechanism: Option<String>,
    /// Digest of the data.
    pub hash: Option<DigestAlgorithm>,
    /// When the signer says it was, Unix time.
    pub signing_time: Option<i64>,
    /// Why it is bad; empty for a good signature.
    pub faults: Vec<String>,
    /// What to know of a good one.
    pub warnings: Vec<String>,
    /// From the signer to a given root.
    pub chain: Option<Path>,
    /// How far the signer is checked.
    pub checked: Checked,
}

/// How far it is checked who a signer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// Not at all: the key came with the signature.
    No,
    /// The user named key or certificate.
    Given,
    /// A chain to a given root is good.
    Chain,
}

impl Judged {
    /// A signer of whom nothing is judged yet.
    pub fn new(signer: Signer, algorithm: Option<SignatureAlgorithm>) -> Self {
        Self {
            name: signer.name.clone(),
            signer: Some(signer),
            mechanism: algorithm.map(|algorithm| mechanism::mechanism_of(algorithm).to_string()),
            hash: algorithm.and_then(SignatureAlgorithm::digest),
            signing_time: None,
            faults: Vec::new(),
            warnings: Vec::new(),
            chain: None,
            checked: Checked::No,
        }
    }

    /// A signer whose key is nowhere to be found.
    pub fn unknown(name: String, fault: String) -> Self {
        Self {
            name,
            signer: None,
            mechanism: None,
            hash: None,
            signing_time: None,
            faults: vec![fault],
            warnings: Vec::new(),
            chain: None,
            checked: Checked::No,
        }
    }

    fn to_json(&self) -> Value {
        let signer = self.signer.as_ref();
        let certificate = signer.and_then(|signer| signer.certificate.as_ref());
        let chain =
            self.chain.as_ref().map(|path| path.iter().map(certificates::to_json).collect::<Vec<_>>());
        json!({
            "valid": self.faults.is_empty(),
            "key": self.name,
            "key_from": signer.map(|signer| signer.origin.name()),
            "slot": signer.and_then(|signer| signer.slot),
            "algorithm": signer.map(|signer| signer.key.algorithm_name()),
            "mechanism": self.mechanism,
            "hash": self.hash.map(DigestAlgorithm::name),
            "signing_time": self.signing_time.map(date::moment),
            "certificate": certificate.map(certificates::to_json),
            "chain": chain,
            "checked": self.checked.name(),
            "reasons": self.faults,
            "warnings": self.warnings,
        })
    }
}

impl Checked {
    fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Given => "given",
            Self::Chain => "chain",
        }
    }
}

impl Verdict {
    /// A signature that could not even be read.
    pub fn unreadable(format: &'static str, fault: String) -> Self {
        Self { format, signers: Vec::new(), faults: vec![fault], content: None, namespace: None }
    }

    /// True for a signature that is good in every respect that was asked for.
    pub fn is_valid(&self) -> bool {
        self.faults.is_empty()
            && !self.signers.is_empty()
            && self.signers.iter().all(|one| one.faults.is_empty())
    }

    /// Document and sentences; the content is written only of a good signature.
    pub fn outcome(self, case: &Case<'_>) -> Result<Outcome, CliError> {
        let is_valid = self.is_valid();
        let mut text = self.sentences(case);
        let document = self.to_json(case);
        let mut notes = Vec::new();
        let mut stdout = None;
        if let (Some(output), true) = (&case.check.args.output, is_valid) {
            let content = self.content.as_deref().unwrap_or_default();
            if atomic_file::is_standard_stream(output) {
                stdout = Some(content.to_vec());
                notes.push(std::mem::take(&mut text).trim_end().to_owned());
            } else {
                atomic_file::write(output, content)?;
                notes.push(format!("wrote {}", output.display()));
            }
        }
        notes.extend(self.reasons().map(|fault| format!("because: {fault}")));
        let mut outcome = Outcome::new(document, stdout.unwrap_or_else(|| text.into_bytes()));
        outcome.notes = notes;
        outcome.warnings = self.warnings();
        if self.has_unchecked_signer() {
            outcome.hints.push(WHOM_TO_TRUST.to_owned());
        }
        Ok(outcome.verdict((!is_valid).then_some(ErrorKind::Refused)))
    }

    /// Why it is bad; nothing for a good one.
    pub fn reasons(&self) -> impl Iterator<Item = &String> {
        self.faults.iter().chain(self.signers.iter().flat_map(|one| &one.faults))
    }

    /// What to know of a good signature.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for one in self.signers.iter().filter(|_| self.is_valid()) {
            warnings.extend(one.warnings.clone());
            if one.checked == Checked::No {
                warnings.push(format!("the signer {} was not checked", quote(&one.name)));
            }
        }
        warnings
    }

    /// True for a good signature of somebody whom nobody vouched for.
    pub fn has_unchecked_signer(&self) -> bool {
        self.is_valid() && self.signers.iter().any(|one| one.checked == Checked::No)
    }

    /// A line for each signer.
    pub fn sentences(&self, case: &Case<'_>) -> String {
        let subject = case.subject();
        if self.signers.is_empty() {
            return format!("bad signature of {subject}\n");
        }
        let line = |one: &Judged| {
            let is_good = self.faults.is_empty() && one.faults.is_empty();
            let word = if is_good { "good" } else { "bad" };
            format!("{word} signature of {subject} by {}\n", quote(&one.name))
        };
        self.signers.iter().map(line).collect()
    }

    /// The document.
    pub fn to_json(&self, case: &Case<'_>) -> Value {
        let first = self.signers.first();
        let signer = first.and_then(|one| one.signer.as_ref());
        let reasons: Vec<&String> = self.reasons().collect();
        let is_checked = self.is_valid() && self.signers.iter().all(|one| one.checked != Checked::No);
        json!({
            "valid": self.is_valid(),
            "file": case.file.map(|file| file.display().to_string()),
            "signature": case.signature.display().to_string(),
            "key": first.map(|one| one.name.as_str()),
            "slot": signer.and_then(|signer| signer.slot),
            "algorithm": signer.map(|signer| signer.key.algorithm_name()),
            "mechanism": first.and_then(|one| one.mechanism.as_deref()),
            "hash": first.and_then(|one| one.hash).map(DigestAlgorithm::name),
            "format": self.format,
            "namespace": self.namespace,
            "signer_checked": is_checked,
            "reasons": reasons,
            "signers": self.signers.iter().map(Judged::to_json).collect::<Vec<_>>(),
        })
    }
}

/// What to do about a signer who is not checked.
pub const WHOM_TO_TRUST: &str =
    "name whom you trust: --ca ROOT, --certificate-file or --public-key-file FILE";

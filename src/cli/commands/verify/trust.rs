//! Whom to trust: the roots that the user gave, and the chain of a signer up to one of them.

use super::VerifyArgs;
use super::signer::{Origin, Signer};
use super::verdict::{Checked, Judged};
use crate::cli::commands::sign::policy;
use crate::cli::error::CliError;
use crate::cli::{atomic_file, key_files};
use crate::codec::date;
use crate::crypto::CertificateDetails;
use crate::crypto::certificate::{PathFault, find_path};
use crate::crypto::import::read_certificates;

/// The roots, and when.
pub struct Roots {
    certificates: Vec<CertificateDetails>,
    at: i64,
}

impl Roots {
    /// Reads the files of `--ca`. Errors name them.
    pub fn read(args: &VerifyArgs) -> Result<Self, CliError> {
        let mut certificates = Vec::new();
        for path in &args.ca {
            let name = atomic_file::describe(path);
            let read = read_certificates(&atomic_file::read(path)?);
            certificates.extend(read.map_err(|error| key_files::explain(&error, &name))?);
        }
        Ok(Self { certificates, at: args.at.unwrap_or_else(date::now) })
    }

    /// True when the user gave none.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// Judges who a signer is. What is wrong with a chain that has to be good is a fault; without roots it is a warning.
    pub fn judge(&self, signer: &Signer, judged: &mut Judged) {
        if self.is_empty() {
            if let Some(certificate) = &signer.certificate {
                judged.warnings.extend(policy::reason(certificate, self.at));
            }
            judged.checked = match signer.origin {
                Origin::Signature => Checked::No,
                Origin::Token | Origin::CertificateFile | Origin::PublicKeyFile => Checked::Given,
            };
            return;
        }
        let Some(certificate) = &signer.certificate else {
            judged
                .faults
                .push("there is no certificate of the signer that could be checked against --ca".to_owned());
            return;
        };
        judged.faults.extend(policy::usage_reason(certificate));
        match find_path(certificate, &signer.others, &self.certificates, self.at) {
            Ok(path) => {
                judged.chain = Some(path);
                judged.checked = Checked::Chain;
            }
            Err(fault) => judged.faults.push(sentence(&fault)),
        }
    }
}

/// A fault with its date, if it has one.
fn sentence(fault: &PathFault) -> String {
    match fault {
        PathFault::Expired { not_after, .. } => format!("{fault}: {}", date::day(*not_after)),
        PathFault::NotYetValid { not_before, .. } => format!("{fault}, but from {}", date::day(*not_before)),
        _ => fault.to_string(),
    }
}

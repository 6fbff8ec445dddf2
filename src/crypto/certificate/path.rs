//! Certification paths (RFC 5280, 6): from a certificate to one of the roots that somebody trusts, each step verified.
//! Policies are not evaluated; what a certificate demands and is not understood here breaks the path.

use const_oid::ObjectIdentifier;

use super::CertificateDetails;

/// Certificates from the leaf to the root.
pub type Path = Vec<CertificateDetails>;

/// Why there is no path, by the certificate that breaks it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// None of the certificates at hand is the issuer's.
    #[error(
        "the chain is incomplete: the issuer {issuer:?} of {subject:?} is neither a given root nor among the certificates"
    )]
    IssuerMissing {
        /// Whose issuer.
        subject: String,
        /// The issuer.
        issuer: String,
    },
    /// The chain ends in a root that nobody gave.
    #[error("the chain ends in {subject:?}, which is none of the given roots")]
    OtherRoot {
        /// The root.
        subject: String,
    },
    /// The validity is over.
    #[error("the certificate of {subject:?} has expired")]
    Expired {
        /// Whose.
        subject: String,
        /// Last second, Unix time.
        not_after: i64,
    },
    /// The validity has not begun.
    #[error("the certificate of {subject:?} is not valid yet")]
    NotYetValid {
        /// Whose.
        subject: String,
        /// First second, Unix time.
        not_before: i64,
    },
    /// An issuer that is no certification authority.
    #[error("{subject:?} is no authority, and yet an issuer")]
    NotAuthority {
        /// Whose certificate.
        subject: String,
    },
    /// An authority whose key usage does not let it sign certificates.
    #[error("the key usage of {subject:?} does not let it sign certificates")]
    MayNotCertify {
        /// Whose certificate.
        subject: String,
    },
    /// More authorities below it than it allows.
    #[error("{subject:?} allows {allowed} authorities below it, and there are more")]
    TooLong {
        /// Whose certificate.
        subject: String,
        /// How many it allows.
        allowed: u64,
    },
    /// A critical extension, or name constraints, that are not understood.
    #[error("the certificate of {subject:?} has a critical extension that is not understood: {extension}")]
    Extension {
        /// Whose.
        subject: String,
        /// Which.
        extension: ObjectIdentifier,
    },
    /// The issuer's key did not sign.
    #[error("the certificate of {subject:?} is not signed by the key of {issuer:?}")]
    NotSigned {
        /// Whose.
        subject: String,
        /// By whom it should be.
        issuer: String,
    },
    /// More possible paths than anybody needs.
    #[error("there are too many possible chains")]
    TooMany,
}

/// Finds a path from `leaf` over `others` to one of `roots` that is good at `at` (Unix time). A leaf that is itself
/// one of the roots is a path of one. Errors: what breaks the path that comes farthest.
pub fn find_path(
    leaf: &CertificateDetails,
    others: &[CertificateDetails],
    roots: &[CertificateDetails],
    at: i64,
) -> Result<Path, PathFault> {
    let mut search = Search { others, roots, at, left: MAX_VERIFIED, farthest: None };
    let mut path = vec![leaf.clone()];
    if search.extend(&mut path) {
        return Ok(path);
    }
    let missing = || PathFault::IssuerMissing { subject: leaf.subject_text(), issuer: leaf.issuer_text() };
    Err(search.farthest.map_or_else(missing, |(_, fault)| fault))
}

/// A search by depth: signatures are what costs, and their number is limited.
struct Search<'a> {
    others: &'a [CertificateDetails],
    roots: &'a [CertificateDetails],
    at: i64,
    left: usize,
    farthest: Option<(usize, PathFault)>,
}

impl Search<'_> {
    /// Goes on from the last certificate of the path; true when the path is complete.
    fn extend(&mut self, path: &mut Path) -> bool {
        let depth = path.len();
        let Some(last) = path.last().cloned() else { return false };
        if let Some(fault) = self.fault_of(&last, depth) {
            self.note(depth, fault);
            return false;
        }
        if self.roots.iter().any(|root| root.der == last.der) {
            return true;
        }
        if depth >= MAX_DEPTH {
            self.note(depth, PathFault::TooMany);
            return false;
        }
        let candidates: Vec<CertificateDetails> = self.candidates(&last, path);
        if candidates.is_empty() {
            let (subject, issuer) = (last.subject_text(), last.issuer_text());
            let is_root = last.is_self_issued();
            let fault = if is_root {
                PathFault::OtherRoot { subject }
            } else {
                PathFault::IssuerMissing { subject, issuer }
            };
            self.note(depth, fault);
        }
        for issuer in candidates {
            let Some(left) = self.left.checked_sub(1) else {
                self.farthest = Some((usize::MAX, PathFault::TooMany));
                return false;
            };
            self.left = left;
            let is_signed =
                issuer.public_key.as_ref().is_some_and(|key| last.verify_signed_by(key) == Ok(true));
            if !is_signed {
                let (subject, issuer) = (last.subject_text(), issuer.subject_text());
                self.note(depth, PathFault::NotSigned { subject, issuer });
                continue;
            }
            path.push(issuer);
            if self.extend(path) {
                return true;
            }
            path.pop();
        }
        false
    }

    /// Possible issuers by name and key identifier, given roots first; none that is in the path already.
    fn candidates(&self, child: &CertificateDetails, path: &Path) -> Vec<CertificateDetails> {
        let fits = |issuer: &&CertificateDetails| {
            let ids = (&child.authority_key_id, &issuer.subject_key_id);
            issuer.subject == child.issuer
                && !matches!(ids, (Some(wanted), Some(found)) if wanted != found)
                && path.iter().all(|known| known.der != issuer.der)
        };
        let mut found: Vec<CertificateDetails> = Vec::new();
        for candidate in self.roots.iter().chain(self.others).filter(fits) {
            if found.iter().all(|known| known.der != candidate.der) {
                found.push(candidate.clone());
            }
        }
        found
    }

    /// What is wrong with a certificate in this place: 1 is the leaf.
    fn fault_of(&self, certificate: &CertificateDetails, place: usize) -> Option<PathFault> {
        let subject = certificate.subject_text();
        if self.at > certificate.not_after {
            return Some(PathFault::Expired { subject, not_after: certificate.not_after });
        }
        if self.at < certificate.not_before {
            return Some(PathFault::NotYetValid { subject, not_before: certificate.not_before });
        }
        if let Some(extension) = certificate.not_understood() {
            return Some(PathFault::Extension { subject, extension });
        }
        if place == 1 {
            return None;
        }
        if !certificate.is_authority {
            return Some(PathFault::NotAuthority { subject });
        }
        if certificate.key_usage().is_some_and(|usage| !usage.contains(&"keyCertSign")) {
            return Some(PathFault::MayNotCertify { subject });
        }
        // Between it and the leaf.
        let below = place.saturating_sub(2) as u64;
        certificate
            .path_len()
            .filter(|allowed| *allowed < below)
            .map(|allowed| PathFault::TooLong { subject, allowed })
    }

    /// Keeps the fault that came farthest, the first of equals.
    fn note(&mut self, depth: usize, fault: PathFault) {
        if self.farthest.as_ref().is_none_or(|(known, _)| *known < depth) {
            self.farthest = Some((depth, fault));
        }
    }
}

/// Real chains have four.
const MAX_DEPTH: usize = 16;
/// Most signatures that are verified: hostile certificates cost no more.
const MAX_VERIFIED: usize = 256;

#[cfg(test)]
mod tests;

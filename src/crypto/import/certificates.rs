//! Certificates from files: DER, PEM bundles in any order, PKCS#7.

use std::collections::HashSet;

use const_oid::ObjectIdentifier;

use super::content::Content;
use super::error::{ImportError, damaged};
use super::{ber, check_len, pem};
use crate::crypto::CertificateDetails;
use crate::crypto::asn1::{Cursor, TAG_INTEGER, TAG_OID, TAG_SEQUENCE, TAG_SET};

/// Reads all certificates of a file, one or more, each once, in the order of [`leaf_first`]. Errors:
/// `WrongContent` for a file without a certificate; `Damaged` when one of them does not parse; `Unsupported`
/// for PKCS#7 of another kind than signed data, and for more than a thousand certificates; `TooLarge`.
pub fn read_certificates(bytes: &[u8]) -> Result<Vec<CertificateDetails>, ImportError> {
    check_len(bytes)?;
    let certificates = match pem::text(bytes) {
        Some(text) => from_pem(text)?,
        None => from_der(bytes)?,
    };
    check_count(certificates.len())?;
    Ok(leaf_first(certificates))
}

/// Refuses a file with more certificates than chains are sorted of. Errors: `Unsupported`.
pub(super) fn check_count(count: usize) -> Result<(), ImportError> {
    if count > MAX_CERTIFICATES {
        let what = format!("a file with {count} certificates (more than {MAX_CERTIFICATES})");
        return Err(ImportError::Unsupported { what, convert: None });
    }
    Ok(())
}

/// Certificates in the order of their chains: one that issued no other of them first, behind it its issuer
/// and so on; then the next chain. Each certificate once; those of no chain (loops) at the end.
pub fn leaf_first(certificates: Vec<CertificateDetails>) -> Vec<CertificateDetails> {
    let mut seen = HashSet::new();
    let mut waiting: Vec<CertificateDetails> =
        certificates.into_iter().filter(|certificate| seen.insert(certificate.der.clone())).collect();
    let is_leaf = |candidate: &CertificateDetails| {
        !waiting.iter().any(|other| other.der != candidate.der && is_issued_by(other, candidate))
    };
    let leaves: Vec<bool> = waiting.iter().map(is_leaf).collect();
    let mut leaf = leaves.into_iter();
    let (mut starts, others): (Vec<_>, Vec<_>) =
        waiting.drain(..).partition(|_| leaf.next().unwrap_or_default());
    starts.reverse();
    waiting = others;

    let mut sorted = Vec::with_capacity(starts.len() + waiting.len());
    loop {
        let next = match starts.pop() {
            Some(start) => start,
            None if waiting.is_empty() => return sorted,
            None => waiting.remove(0),
        };
        sorted.push(next);
        while let Some(position) = sorted.last().and_then(|child| issuer_of(child, &waiting)) {
            sorted.push(waiting.remove(position));
        }
    }
}

/// The issuer that a child's key identifier names, or else one by name alone.
fn issuer_of(child: &CertificateDetails, among: &[CertificateDetails]) -> Option<usize> {
    let fits = |candidate: &CertificateDetails| is_issued_by(child, candidate);
    let is_named = |candidate: &CertificateDetails| {
        child.authority_key_id.is_some() && child.authority_key_id == candidate.subject_key_id
    };
    among
        .iter()
        .position(|candidate| fits(candidate) && is_named(candidate))
        .or_else(|| among.iter().position(fits))
}

/// By name, and by key identifier where both have one. What issued itself (a root) nobody else did; a name
/// that certifies its next key under its old one names another key.
fn is_issued_by(child: &CertificateDetails, issuer: &CertificateDetails) -> bool {
    let names_itself = child.authority_key_id.is_none() || child.authority_key_id == child.subject_key_id;
    if child.is_self_issued() && names_itself {
        return false;
    }
    child.issuer == issuer.subject
        && match (&child.authority_key_id, &issuer.subject_key_id) {
            (Some(wanted), Some(found)) => wanted == found,
            _ => true,
        }
}

fn from_pem(text: &str) -> Result<Vec<CertificateDetails>, ImportError> {
    let mut certificates = Vec::new();
    let mut other = Content::Unknown;
    for block in pem::blocks(text)? {
        match Content::of_label(block.label) {
            Content::Certificates => {
                certificates.push(CertificateDetails::parse(block.decode()?.expose())?);
            }
            Content::Pkcs7 => certificates.extend(from_pkcs7(block.decode()?.expose())?),
            content => other = if other == Content::Unknown { content } else { other },
        }
    }
    if certificates.is_empty() { Err(wrong_content(other)) } else { Ok(certificates) }
}

fn from_der(bytes: &[u8]) -> Result<Vec<CertificateDetails>, ImportError> {
    let first = ber::to_der(bytes, WHAT)?;
    match Content::of_der(first.expose()) {
        Content::Certificates => several(bytes),
        Content::Pkcs7 => from_pkcs7(first.expose()),
        other => Err(wrong_content(other)),
    }
}

/// Certificates one behind the other, as `cat` makes them; what follows the last is not looked at.
fn several(bytes: &[u8]) -> Result<Vec<CertificateDetails>, ImportError> {
    let mut rest = bytes;
    let mut certificates = Vec::new();
    loop {
        let certificate = CertificateDetails::parse(rest)?;
        rest = rest.get(certificate.der.len()..).unwrap_or_default();
        certificates.push(certificate);
        if Content::of_der(rest) != Content::Certificates {
            return Ok(certificates);
        }
    }
}

/// SignedData (RFC 2315, 9.1) for its certificates; signatures are not looked at.
fn from_pkcs7(bytes: &[u8]) -> Result<Vec<CertificateDetails>, ImportError> {
    let der = ber::to_der(bytes, PKCS7)?;
    let mut content = Cursor::new(der.expose(), PKCS7).expect(TAG_SEQUENCE)?.children(PKCS7);
    let kind = content.expect(TAG_OID)?.oid().ok_or_else(|| damaged(PKCS7))?;
    if kind != SIGNED_DATA {
        return Err(ImportError::Unsupported { what: format!("PKCS#7 of the kind {kind}"), convert: None });
    }
    let mut fields = content.expect(TAG_EXPLICIT)?.children(PKCS7).expect(TAG_SEQUENCE)?.children(PKCS7);
    fields.expect(TAG_INTEGER)?;
    fields.expect(TAG_SET)?;
    fields.expect(TAG_SEQUENCE)?;
    let mut list = match fields.optional(TAG_EXPLICIT) {
        Some(list) => list.children(PKCS7),
        None => return Err(wrong_content(Content::Pkcs7)),
    };
    let mut certificates = Vec::new();
    while !list.is_at_end() {
        let element = list.any()?;
        // Others are attribute certificates and the like (RFC 5652, 10.2.2).
        if element.tag == TAG_SEQUENCE {
            certificates.push(CertificateDetails::parse(element.raw)?);
        }
    }
    if certificates.is_empty() { Err(wrong_content(Content::Pkcs7)) } else { Ok(certificates) }
}

fn wrong_content(found: Content) -> ImportError {
    ImportError::WrongContent { wanted: "a certificate", found: found.describe() }
}

/// The bundles that operating systems trust have 150.
const MAX_CERTIFICATES: usize = 1000;
const WHAT: &str = "certificate";
const PKCS7: &str = "PKCS#7";
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const TAG_EXPLICIT: u32 = 0xA0;

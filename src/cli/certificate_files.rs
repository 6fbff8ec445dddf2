//! Certificates in files: one as DER, or any number between the lines of PEM.

use super::error::CliError;
use crate::crypto::CertificateDetails;

/// Every certificate of a file, in its order, each once. Errors: none, or one that is damaged.
pub fn read(bytes: &[u8], name: &str) -> Result<Vec<CertificateDetails>, CliError> {
    let ders = match std::str::from_utf8(bytes).ok().filter(|text| text.contains("-----BEGIN ")) {
        Some(text) => from_pem(text, name)?,
        None => vec![bytes.to_vec()],
    };
    let mut found: Vec<CertificateDetails> = Vec::new();
    for der in ders {
        let details = CertificateDetails::parse(&der)
            .map_err(|error| CliError::usage(format!("{name} holds no certificate")).source(&error))?;
        if !found.iter().any(|known| known.der == details.der) {
            found.push(details);
        }
    }
    if found.is_empty() {
        return Err(CliError::usage(format!("{name} holds no certificate")));
    }
    Ok(found)
}

fn from_pem(text: &str, name: &str) -> Result<Vec<Vec<u8>>, CliError> {
    let mut ders = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(BEGIN) {
        let block = rest.get(start..).unwrap_or_default();
        let (_, der) = super::pem::decode(block.as_bytes(), &["CERTIFICATE"])
            .map_err(|error| CliError { message: format!("{name}: {}", error.message), ..error })?;
        ders.push(der);
        rest = block.get(BEGIN.len()..).unwrap_or_default();
    }
    Ok(ders)
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

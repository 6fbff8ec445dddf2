//! Private keys in files: PEM or DER, PKCS#8, PKCS#1, SEC 1; PKCS#12 with its certificates.

use std::path::Path;

use super::args::PinArg;
use super::atomic_file;
use super::error::CliError;
use crate::codec::Secret;
use crate::crypto::{CertificateDetails, PrivateKey};

/// What a key file holds.
#[derive(Debug)]
pub struct KeyFile {
    /// The key.
    pub key: PrivateKey,
    /// The name that the file has for it.
    pub label: Option<String>,
    /// The certificates in it: that of the key first, then its chain.
    pub certificates: Vec<CertificateDetails>,
}

/// Reads a key file; its password is asked for where it has one.
/// Errors: no key in it, a wrong password, a kind of key that is not known.
pub fn read(path: &Path, password: Option<&PinArg>) -> Result<KeyFile, CliError> {
    let _ = password;
    let bytes = Secret::new(atomic_file::read(path)?);
    let name = atomic_file::describe(path);
    let (_, der) = super::pem::decode(bytes.expose(), &["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"])?;
    let key = PrivateKey::from_der(&Secret::new(der))
        .map_err(|error| CliError::usage(format!("{name} holds no private key")).source(&error))?;
    Ok(KeyFile { key, label: None, certificates: Vec::new() })
}

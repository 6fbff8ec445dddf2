//! Private keys in files: PEM or DER, PKCS#8, PKCS#1, SEC 1; PKCS#12 with its certificates. Passwords are asked for
//! only where a file has one.

use std::path::Path;

use super::args::PinArg;
use super::atomic_file;
use super::error::{CliError, ErrorKind};
use super::pin::{Kind, PinRequest, read_source};
use crate::codec::Secret;
use crate::crypto::import::{Content, ImportError, identify, read_pkcs12, read_private_key};
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
    let name = atomic_file::describe(path);
    parse_file(&Secret::new(atomic_file::read(path)?), &name, password)
}

/// As [`read`], of a file's bytes and name.
pub fn parse_file(bytes: &Secret, name: &str, password: Option<&PinArg>) -> Result<KeyFile, CliError> {
    match parse(bytes, None) {
        Err(ImportError::PasswordNeeded { .. }) => {
            let password = ask(name, password)?;
            parse(bytes, Some(&password)).map_err(|error| explain(&error, name))
        }
        read => read.map_err(|error| explain(&error, name)),
    }
}

/// An import error in the user's words, with the file's name.
pub fn explain(error: &ImportError, name: &str) -> CliError {
    let kind = match error {
        ImportError::PasswordNeeded { .. } | ImportError::WrongPassword { .. } => ErrorKind::Pin,
        _ => ErrorKind::Usage,
    };
    let mut explained = CliError::new(kind, format!("{name}: {error}"));
    if let Some(source) = std::error::Error::source(error) {
        explained = explained.source(source);
    }
    explained.hints.extend(error.hint());
    explained
}

fn parse(bytes: &Secret, password: Option<&Secret>) -> Result<KeyFile, ImportError> {
    if identify(bytes.expose()) == Content::Pkcs12 {
        let file = read_pkcs12(bytes.expose(), password)?;
        let certificates = file.leaf.into_iter().chain(file.chain).collect();
        return Ok(KeyFile { key: file.key, label: file.friendly_name, certificates });
    }
    let key = read_private_key(bytes.expose(), password)?;
    Ok(KeyFile { key, label: None, certificates: Vec::new() })
}

fn ask(name: &str, source: Option<&PinArg>) -> Result<Secret, CliError> {
    let request = PinRequest {
        reader: String::new(),
        slot: 0,
        token: String::new(),
        pin: name.to_owned(),
        tries_left: None,
        has_pinpad: false,
        kind: Kind::Password,
    };
    read_source(source.unwrap_or(&PinArg::Prompt), &request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_file_that_is_no_key_is_wrong_usage() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.pem");
        std::fs::write(&path, "nothing").unwrap();
        let error = read(&path, None).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Usage);
        assert!(error.message.contains("x.pem"), "{}", error.message);
    }
}

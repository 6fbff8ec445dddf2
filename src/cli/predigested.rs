//! Digests that were computed elsewhere: reading them from a file, and the mechanism that signs one as it is.

use std::path::Path;

use super::atomic_file;
use super::error::CliError;
use super::mechanism::undigested;
use crate::codec::hex;
use crate::crypto::DigestAlgorithm;
use crate::engine::{MechanismCall, MechanismId};

/// How a finished digest is signed so that the signature is that of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predigested {
    /// The mechanism that takes the digest, or for PKCS#1 v1.5 the DigestInfo around it.
    pub call: MechanismCall,
    /// The digest.
    pub algorithm: DigestAlgorithm,
}

impl Predigested {
    /// The counterpart of a mechanism that digests. Errors: it takes the file as it is anyway.
    pub fn of(call: &MechanismCall) -> Result<Self, CliError> {
        let (id, algorithm) = undigested(call.id).ok_or_else(|| {
            CliError::usage(format!("{} does not digest: it takes the file as it is", call.id))
                .hint("leave --hash-file or --mechanism out")
        })?;
        Ok(Self { call: MechanismCall { id, parameters: call.parameters.clone() }, algorithm })
    }

    /// Reads a digest from a file and gives what is signed. Errors: as [`Self::digest`].
    pub fn block(&self, path: &Path) -> Result<Vec<u8>, CliError> {
        let digest = self.digest(path)?;
        Ok(if self.call.id == MechanismId::RSA_PKCS { self.algorithm.digest_info(&digest) } else { digest })
    }

    /// Reads a digest from a file: the bytes, or hexadecimal as `sha256sum` prints it. Errors: another length.
    pub fn digest(&self, path: &Path) -> Result<Vec<u8>, CliError> {
        let contents = atomic_file::read(path)?;
        self.digest_in(&contents).ok_or_else(|| {
            let (name, length) = (self.algorithm.name(), self.algorithm.output_len());
            let what = format!("{} holds no {name} digest", atomic_file::describe(path));
            CliError::usage(what)
                .cause(format!(
                    "it has {} bytes, but the digest is {length} bytes or {} hexadecimal digits",
                    contents.len(),
                    2 * length
                ))
                .hint("choose the digest with --hash")
        })
    }

    fn digest_in(&self, contents: &[u8]) -> Option<Vec<u8>> {
        let length = self.algorithm.output_len();
        if contents.len() == length {
            return Some(contents.to_vec());
        }
        let mut lines = std::str::from_utf8(contents).ok()?.lines().filter(|line| !line.trim().is_empty());
        // GNU marks a line whose file name it had to escape.
        let line = lines.next()?.trim_start_matches('\\');
        let digits = line.split_whitespace().next()?;
        let is_only_one = lines.next().is_none();
        (is_only_one && digits.len() == 2 * length).then(|| hex::decode(digits).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha1() -> Predigested {
        Predigested::of(&MechanismId::ECDSA_SHA1.into()).unwrap()
    }

    #[test]
    fn of_digesting_mechanisms_is_the_one_that_takes_digests() {
        assert_eq!(sha1().call, MechanismId::ECDSA.into());
        let rsa = Predigested::of(&MechanismId::SHA3_256_RSA_PKCS.into()).unwrap();
        assert_eq!((rsa.call.id, rsa.algorithm), (MechanismId::RSA_PKCS, DigestAlgorithm::Sha3_256));
        let pss = Predigested::of(&MechanismId::SHA384_RSA_PKCS_PSS.into()).unwrap();
        assert_eq!((pss.call.id, pss.algorithm), (MechanismId::RSA_PKCS_PSS, DigestAlgorithm::Sha384));
        assert!(Predigested::of(&MechanismId::RSA_PKCS.into()).is_err());
    }

    #[test]
    fn digest_in_takes_bytes_and_what_sha1sum_prints() {
        let bytes: Vec<u8> = (0..20).collect();
        let digits = hex::encode(&bytes);
        let how = sha1();
        for contents in [
            bytes.clone(),
            digits.clone().into_bytes(),
            format!("{digits}  a file\n").into_bytes(),
            format!("\\{digits} *a\\nfile\n\n").into_bytes(),
        ] {
            assert_eq!(how.digest_in(&contents), Some(bytes.clone()));
        }
        for contents in
            [format!("{digits}  a\n{digits}  b\n"), digits[2..].to_owned(), String::new(), "x".repeat(40)]
        {
            assert_eq!(how.digest_in(contents.as_bytes()), None, "{contents}");
        }
    }
}

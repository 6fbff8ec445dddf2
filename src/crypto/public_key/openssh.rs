//! OpenSSH public keys (RFC 4253, 6.6; RFC 5656, 3.1; RFC 8709, 4): the line of an `authorized_keys` file.

use base64ct::{Base64, Encoding};

use super::PublicKey;
use crate::crypto::integer::trim;
use crate::crypto::{CryptoError, Curve};

impl PublicKey {
    /// One line without its end: algorithm, base64, comment. Characters of the comment that would end the
    /// line become spaces. Errors: `Unsupported` for curves that SSH has no name for: all but P-256, P-384,
    /// P-521, Ed25519.
    pub fn to_openssh(&self, comment: &str) -> Result<String, CryptoError> {
        let (name, blob) = self.openssh_blob()?;
        let comment: String = comment
            .trim()
            .chars()
            .map(|character| if character.is_control() { ' ' } else { character })
            .collect();
        let line = format!("{name} {} {comment}", Base64::encode_string(&blob));
        Ok(line.trim_end().to_owned())
    }

    /// The binary form, as SSH hashes, sends and signs it, and the algorithm's name. Errors: as
    /// [`Self::to_openssh`].
    pub fn openssh_blob(&self) -> Result<(&'static str, Vec<u8>), CryptoError> {
        let mut blob = Vec::new();
        let name = match self {
            Self::Rsa { modulus, exponent } => {
                write_string(&mut blob, b"ssh-rsa");
                write_mpint(&mut blob, exponent);
                write_mpint(&mut blob, modulus);
                "ssh-rsa"
            }
            Self::Ec { curve, point } => {
                let (name, curve_name) = curve_names(*curve)?;
                write_string(&mut blob, name.as_bytes());
                write_string(&mut blob, curve_name.as_bytes());
                write_string(&mut blob, point);
                name
            }
            Self::Ed25519(key) => {
                write_string(&mut blob, b"ssh-ed25519");
                write_string(&mut blob, key);
                "ssh-ed25519"
            }
            Self::X25519(_) => return Err(CryptoError::Unsupported("X25519 in SSH".to_owned())),
        };
        Ok((name, blob))
    }
}

fn curve_names(curve: Curve) -> Result<(&'static str, &'static str), CryptoError> {
    match curve {
        Curve::P256 => Ok(("ecdsa-sha2-nistp256", "nistp256")),
        Curve::P384 => Ok(("ecdsa-sha2-nistp384", "nistp384")),
        Curve::P521 => Ok(("ecdsa-sha2-nistp521", "nistp521")),
        Curve::Secp256k1 | Curve::BrainpoolP256r1 | Curve::BrainpoolP384r1 => {
            Err(CryptoError::Unsupported(format!("{} in SSH", curve.standard_name())))
        }
    }
}

fn write_string(blob: &mut Vec<u8>, bytes: &[u8]) {
    blob.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    blob.extend_from_slice(bytes);
}

fn write_mpint(blob: &mut Vec<u8>, number: &[u8]) {
    let mut digits = trim(number).to_vec();
    if digits.first().is_some_and(|byte| byte & 0x80 != 0) {
        digits.insert(0, 0);
    }
    write_string(blob, &digits);
}

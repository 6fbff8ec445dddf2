//! OpenSSH public keys (RFC 4253, 6.6; RFC 5656, 3.1; RFC 8709, 4): the line of an `authorized_keys` file.

use base64ct::{Base64, Base64Unpadded, Encoding};

use super::PublicKey;
use crate::crypto::digest::{DigestAlgorithm, digest};
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

    /// The fingerprint as ssh-keygen -l prints it: `SHA256:` and base64. Errors: as [`Self::to_openssh`].
    pub fn openssh_fingerprint(&self) -> Result<String, CryptoError> {
        let hashed = digest(DigestAlgorithm::Sha256, &self.openssh_blob()?.1);
        Ok(format!("SHA256:{}", Base64Unpadded::encode_string(&hashed)))
    }

    /// Reads the line of a `.pub` or `authorized_keys` file: options in front of the key and a comment behind it are not
    /// looked at. Errors: `Malformed`; `Unsupported` for other kinds of keys.
    pub fn from_openssh(line: &str) -> Result<Self, CryptoError> {
        let mut words = line.split_ascii_whitespace();
        words.find(|word| is_algorithm(word)).ok_or_else(malformed)?;
        let digits = words.next().ok_or_else(malformed)?;
        Self::from_openssh_blob(&Base64::decode_vec(digits).map_err(|_| malformed())?)
    }

    /// Reads the binary form. Errors: as [`Self::from_openssh`], and those of the key itself.
    pub fn from_openssh_blob(blob: &[u8]) -> Result<Self, CryptoError> {
        let mut fields = SshReader::new(blob);
        let name = fields.string().ok_or_else(malformed)?;
        let mut field = || fields.string().ok_or_else(malformed);
        let key = match name {
            b"ssh-rsa" => {
                let (exponent, modulus) = (field()?, field()?);
                Self::from_rsa(modulus, exponent)?
            }
            b"ssh-ed25519" => Self::from_ed25519(field()?)?,
            _ => {
                let curve = [Curve::P256, Curve::P384, Curve::P521]
                    .into_iter()
                    .find(|curve| curve_names(*curve).is_ok_and(|names| names.0.as_bytes() == name));
                let Some(curve) = curve else {
                    let name = String::from_utf8_lossy(name).into_owned();
                    return Err(CryptoError::Unsupported(format!("the SSH key type {name:?}")));
                };
                if curve_names(curve)?.1.as_bytes() != field()? {
                    return Err(malformed());
                }
                // One key has one blob: the other forms of SEC 1 are not used in SSH.
                let point = field()?;
                if point.first() != Some(&UNCOMPRESSED) {
                    return Err(malformed());
                }
                Self::from_ec_point(curve, point)?
            }
        };
        if fields.is_at_end() { Ok(key) } else { Err(malformed()) }
    }
}

/// Strings of SSH (RFC 4251, 5) one after the other.
#[derive(Debug, Clone)]
pub(in crate::crypto) struct SshReader<'a>(&'a [u8]);

impl<'a> SshReader<'a> {
    /// Reads from the start.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next string; `None` when the bytes are cut short.
    pub fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (string, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(string)
    }

    /// The next uint32.
    pub fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*number))
    }

    /// True when everything has been read.
    pub fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }
}

/// Names of keys in a line, those that are not read here among them.
fn is_algorithm(word: &str) -> bool {
    ["ssh-", "ecdsa-sha2-", "sk-"].iter().any(|prefix| word.starts_with(prefix)) && !word.contains(['=', ','])
}

/// First byte of a point (SEC 1, 2.3.3).
const UNCOMPRESSED: u8 = 0x04;

fn malformed() -> CryptoError {
    CryptoError::Malformed { what: "SSH key", source: der::ErrorKind::Failed.into() }
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

/// A string (RFC 4251, 5): its length in four bytes, then its bytes.
pub(in crate::crypto) fn write_string(blob: &mut Vec<u8>, bytes: &[u8]) {
    blob.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    blob.extend_from_slice(bytes);
}

/// A number that is not negative (mpint of RFC 4251, 5).
pub(in crate::crypto) fn write_mpint(blob: &mut Vec<u8>, number: &[u8]) {
    let mut digits = trim(number).to_vec();
    if digits.first().is_some_and(|byte| byte & 0x80 != 0) {
        digits.insert(0, 0);
    }
    write_string(blob, &digits);
}

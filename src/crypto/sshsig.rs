//! SSH signatures of files (SSHSIG, PROTOCOL.sshsig of OpenSSH): what `ssh-keygen -Y sign` writes and git keeps in commits.
//! The public key is in the signature; whose key it is, the signature does not say.

use base64ct::{Base64, Encoding};

use super::public_key::openssh::{SshReader, write_mpint, write_string};
use super::{CryptoError, Curve, DigestAlgorithm, PublicKey, SignatureAlgorithm};

/// An SSH signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshSignature {
    /// The key that is said to have signed.
    pub public: PublicKey,
    /// What the signature is for: `file`, `git`; never empty.
    pub namespace: String,
    /// How the message is digested.
    pub hash: DigestAlgorithm,
    /// How the signature is made.
    pub algorithm: SignatureAlgorithm,
    /// PKCS#11's form: for ECDSA r‖s.
    signature: Vec<u8>,
}

/// Digests that SSHSIG has; the first is ssh-keygen's choice.
pub const HASHES: [DigestAlgorithm; 2] = [DigestAlgorithm::Sha512, DigestAlgorithm::Sha256];

/// True for the curves that SSH has.
pub fn has_curve(curve: Curve) -> bool {
    matches!(curve, Curve::P256 | Curve::P384 | Curve::P521)
}

/// How a key signs for SSH: RSA with SHA-512, ECDSA with the digest of the curve's size.
/// Errors: `Unsupported` for curves that SSH does not have.
pub fn algorithm_for(public: &PublicKey) -> Result<SignatureAlgorithm, CryptoError> {
    public.openssh_blob()?;
    match public {
        PublicKey::Rsa { .. } => Ok(SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha512)),
        _ => SignatureAlgorithm::for_key(public),
    }
}

/// What is signed in place of the message: its digest with namespace and hash in front.
pub fn signed_data(namespace: &str, hash: DigestAlgorithm, digest: &[u8]) -> Vec<u8> {
    let mut data = MAGIC.to_vec();
    write_string(&mut data, namespace.as_bytes());
    write_string(&mut data, b""); // reserved
    write_string(&mut data, hash_name(hash).as_bytes());
    write_string(&mut data, digest);
    data
}

impl SshSignature {
    /// A signature of [`signed_data`] with this key by [`algorithm_for`]. Errors: `SignatureMismatch` when it is none.
    pub fn new(
        public: &PublicKey,
        namespace: &str,
        hash: DigestAlgorithm,
        digest: &[u8],
        signature: Vec<u8>,
    ) -> Result<Self, CryptoError> {
        let algorithm = algorithm_for(public)?;
        let made =
            Self { public: public.clone(), namespace: namespace.to_owned(), hash, algorithm, signature };
        if made.is_by(public, digest)? { Ok(made) } else { Err(CryptoError::SignatureMismatch) }
    }

    /// True when this key signed the message with this digest, in this namespace.
    /// Errors: `InvalidKey` and `InvalidPoint` for a broken key.
    pub fn is_by(&self, public: &PublicKey, digest: &[u8]) -> Result<bool, CryptoError> {
        let data = signed_data(&self.namespace, self.hash, digest);
        self.algorithm.verify_plain(public, &data, &self.signature)
    }

    /// The text of a `.sig` file. Errors: `Unsupported` for a key that SSH does not have.
    pub fn to_armor(&self) -> Result<String, CryptoError> {
        let mut blob = MAGIC.to_vec();
        blob.extend_from_slice(&VERSION.to_be_bytes());
        write_string(&mut blob, &self.public.openssh_blob()?.1);
        write_string(&mut blob, self.namespace.as_bytes());
        write_string(&mut blob, b"");
        write_string(&mut blob, hash_name(self.hash).as_bytes());
        write_string(&mut blob, &self.signature_blob()?);
        let digits = Base64::encode_string(&blob);
        let mut text = format!("{BEGIN}\n");
        for line in digits.as_bytes().chunks(LINE_LEN) {
            text.push_str(&String::from_utf8_lossy(line));
            text.push('\n');
        }
        text.push_str(END);
        text.push('\n');
        Ok(text)
    }

    /// True for what begins as such a text.
    pub fn is_likely(bytes: &[u8]) -> bool {
        bytes.starts_with(BEGIN.as_bytes())
    }

    /// Reads the text of a `.sig` file. Errors: `Malformed`; `Unsupported` for keys, digests and algorithms that we do
    /// not have, SHA-1 with RSA among them, which SSHSIG forbids.
    pub fn from_armor(bytes: &[u8]) -> Result<Self, CryptoError> {
        let text = str::from_utf8(bytes).map_err(|_| malformed())?;
        let body =
            text.trim_end_matches(['\r', '\n']).strip_prefix(BEGIN).and_then(|body| body.strip_suffix(END));
        let body = body.filter(|body| body.starts_with(['\r', '\n'])).ok_or_else(malformed)?;
        let digits: String = body.chars().filter(|character| !matches!(character, '\r' | '\n')).collect();
        Self::from_blob(&Base64::decode_vec(&digits).map_err(|_| malformed())?)
    }

    fn from_blob(blob: &[u8]) -> Result<Self, CryptoError> {
        let mut fields = SshReader::new(blob.strip_prefix(MAGIC.as_slice()).ok_or_else(malformed)?);
        let version = fields.number().ok_or_else(malformed)?;
        if version != VERSION {
            return Err(CryptoError::Unsupported(format!("version {version} of SSH signatures")));
        }
        let mut field = || fields.string().ok_or_else(malformed);
        let public = PublicKey::from_openssh_blob(field()?)?;
        let namespace = str::from_utf8(field()?).map_err(|_| malformed())?.to_owned();
        let reserved = field()?;
        let hash = field()?;
        let signature = field()?;
        if !fields.is_at_end() || !reserved.is_empty() || namespace.is_empty() {
            return Err(malformed());
        }
        let hash =
            HASHES.into_iter().find(|known| hash_name(*known).as_bytes() == hash).ok_or_else(|| {
                CryptoError::Unsupported(format!("the digest {:?} in SSH", String::from_utf8_lossy(hash)))
            })?;
        let (algorithm, signature) = signature_in(&public, signature)?;
        Ok(Self { public, namespace, hash, algorithm, signature })
    }

    /// The signature in the form of RFC 4253, 6.6: name and bytes.
    fn signature_blob(&self) -> Result<Vec<u8>, CryptoError> {
        let mut blob = Vec::new();
        match &self.public {
            PublicKey::Rsa { .. } => {
                write_string(&mut blob, RSA_SHA512);
                write_string(&mut blob, &self.signature);
            }
            PublicKey::Ec { .. } => {
                let (r, s) = self.signature.split_at(self.signature.len() / 2);
                let mut numbers = Vec::new();
                write_mpint(&mut numbers, r);
                write_mpint(&mut numbers, s);
                write_string(&mut blob, self.public.openssh_blob()?.0.as_bytes());
                write_string(&mut blob, &numbers);
            }
            PublicKey::Ed25519(_) | PublicKey::X25519(_) => {
                write_string(&mut blob, self.public.openssh_blob()?.0.as_bytes());
                write_string(&mut blob, &self.signature);
            }
        }
        Ok(blob)
    }
}

/// Algorithm and signature (PKCS#11's form) of a key's signature blob.
fn signature_in(public: &PublicKey, blob: &[u8]) -> Result<(SignatureAlgorithm, Vec<u8>), CryptoError> {
    let mut fields = SshReader::new(blob);
    let (name, bytes) = (fields.string().ok_or_else(malformed)?, fields.string().ok_or_else(malformed)?);
    if !fields.is_at_end() {
        return Err(malformed());
    }
    let unsupported = || {
        let name = String::from_utf8_lossy(name);
        Err(CryptoError::Unsupported(format!("the SSH signature {name:?} with {}", public.algorithm_name())))
    };
    match public {
        PublicKey::Rsa { .. } => {
            let hash = match name {
                RSA_SHA512 => DigestAlgorithm::Sha512,
                RSA_SHA256 => DigestAlgorithm::Sha256,
                _ => return unsupported(),
            };
            // RFC 8332, 3: as long as the modulus; some write it without leading zeros.
            let mut signature = vec![0; public.signature_len().saturating_sub(bytes.len())];
            signature.extend_from_slice(bytes);
            Ok((SignatureAlgorithm::RsaPkcs1(hash), signature))
        }
        PublicKey::Ec { curve, .. } if public.openssh_blob()?.0.as_bytes() == name => {
            let mut numbers = SshReader::new(bytes);
            let (r, s) = (numbers.string().ok_or_else(malformed)?, numbers.string().ok_or_else(malformed)?);
            if !numbers.is_at_end() {
                return Err(malformed());
            }
            Ok((algorithm_for(public)?, [half(*curve, r)?, half(*curve, s)?].concat()))
        }
        PublicKey::Ed25519(_) if name == b"ssh-ed25519" => Ok((SignatureAlgorithm::Ed25519, bytes.to_vec())),
        _ => unsupported(),
    }
}

/// An mpint that is not negative as a half of r‖s.
fn half(curve: Curve, number: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let bare = match number {
        [0, rest @ ..] if rest.first().is_some_and(|byte| byte & 0x80 != 0) => rest,
        [0x01..=0x7F, ..] => number,
        _ => return Err(malformed()),
    };
    let padding = curve.field_len().checked_sub(bare.len()).ok_or_else(malformed)?;
    let mut half = vec![0; padding];
    half.extend_from_slice(bare);
    Ok(half)
}

fn hash_name(hash: DigestAlgorithm) -> &'static str {
    if hash == DigestAlgorithm::Sha256 { "sha256" } else { "sha512" }
}

fn malformed() -> CryptoError {
    CryptoError::Malformed { what: "SSH signature", source: der::ErrorKind::Failed.into() }
}

const MAGIC: &[u8; 6] = b"SSHSIG";
const VERSION: u32 = 1;
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
/// As ssh-keygen writes it.
const LINE_LEN: usize = 70;
const RSA_SHA512: &[u8] = b"rsa-sha2-512";
const RSA_SHA256: &[u8] = b"rsa-sha2-256";

#[cfg(test)]
mod tests;

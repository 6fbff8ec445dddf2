//! Which mechanism signs or decrypts, with which parameters: from the key, from the options, or by name.

use clap::Args;

use super::error::CliError;
use super::suggest::nearest;
use super::wrapping::padding_of;
use crate::codec::hex;
use crate::crypto::cms::enveloped::RsaPadding;
use crate::crypto::rsa::PssParameters;
use crate::crypto::{Curve, DigestAlgorithm, SignatureAlgorithm};
use crate::engine::mechanism::{ParameterKind, mechanism};
use crate::engine::{MechanismCall, MechanismId, Parameters};
use crate::token::KeyAlgorithm;

/// How a signature is made or verified.
#[derive(Debug, Default, Args)]
pub struct SigningArgs {
    /// Digest of the data: sha1, sha224, sha256, sha384, sha512, sha3-224, sha3-256, sha3-384, sha3-512
    #[arg(long, value_name = "HASH")]
    hash: Option<String>,

    /// Mechanism, such as SHA256-RSA-PKCS-PSS; RSA-PKCS, RSA-PKCS-PSS and ECDSA take the file as the digest (info) itself
    #[arg(long, value_name = "NAME")]
    mechanism: Option<String>,

    /// Digest of the mask generation function of PSS, if it is not that of the data
    #[arg(long, value_name = "HASH")]
    mgf: Option<String>,

    /// Length of the salt of PSS, if it is not that of the digest
    #[arg(long, value_name = "BYTES")]
    salt_len: Option<usize>,
}

impl SigningArgs {
    /// Nothing but a digest, or not even that.
    pub fn of_hash(hash: Option<String>) -> Self {
        Self { hash, ..Self::default() }
    }

    /// The digest that is wished for. Errors: there is none of that name.
    pub fn hash(&self) -> Result<Option<DigestAlgorithm>, CliError> {
        self.hash.as_deref().map(hash_named).transpose()
    }

    /// True when nothing is wished for.
    pub fn is_empty(&self) -> bool {
        self.hash.is_none() && self.is_hash_at_most()
    }

    /// True when nothing but the digest is wished for.
    pub fn is_hash_at_most(&self) -> bool {
        self.mechanism.is_none() && self.mgf.is_none() && self.salt_len.is_none()
    }
}

/// How a decryption is made.
#[derive(Debug, Default, Args)]
pub struct DecryptingArgs {
    /// Mechanism of a file that is no message: RSA-PKCS-OAEP, RSA-PKCS or RSA-X-509 of a block, which tells it itself if
    /// nothing is said; AES-CBC-PAD or AES-CBC of a file under an AES key
    #[arg(long, value_name = "NAME")]
    mechanism: Option<String>,

    /// How OAEP was made.
    #[command(flatten)]
    oaep: OaepArgs,
}

/// How an encryption is made.
#[derive(Debug, Default, Args)]
pub struct EncryptingArgs {
    /// Padding for RSA keys: RSA-PKCS-OAEP (the default), or RSA-PKCS for receivers that know no other; with --format raw
    /// and an AES key AES-CBC-PAD (the default) or AES-CBC
    #[arg(long, value_name = "NAME")]
    mechanism: Option<String>,

    /// How OAEP is made.
    #[command(flatten)]
    oaep: OaepArgs,
}

/// The choices of OAEP.
#[derive(Debug, Clone, Default, Args)]
pub struct OaepArgs {
    /// Digest of OAEP; sha256 if nothing is said
    #[arg(long, value_name = "HASH")]
    pub(super) hash: Option<String>,

    /// Digest of the mask generation function of OAEP, if it is not the same
    #[arg(long, value_name = "HASH")]
    pub(super) mgf: Option<String>,

    /// Label of OAEP in hexadecimal; empty if nothing is said
    #[arg(long, value_name = "HEX")]
    pub(super) oaep_label: Option<String>,
}

impl DecryptingArgs {
    /// The mechanism that is named.
    pub fn mechanism(&self) -> Option<&str> {
        self.mechanism.as_deref()
    }

    /// True when nothing is said: then the block itself tells.
    pub fn is_open(&self) -> bool {
        self.mechanism.is_none() && self.oaep.given().is_none()
    }

    /// The first option that was given.
    pub fn given(&self) -> Option<&'static str> {
        self.mechanism.as_ref().map(|_| "--mechanism").or(self.oaep.given())
    }
}

impl EncryptingArgs {
    /// The mechanism that is named.
    pub fn mechanism(&self) -> Option<&str> {
        self.mechanism.as_deref()
    }
}

impl OaepArgs {
    fn given(&self) -> Option<&'static str> {
        let options = [
            ("--hash", self.hash.is_some()),
            ("--mgf", self.mgf.is_some()),
            ("--oaep-label", self.oaep_label.is_some()),
        ];
        options.into_iter().find(|(_, given)| *given).map(|(option, _)| option)
    }
}

/// The mechanism for a key, with the wishes of the command line.
/// Errors: unknown names, wishes that do not go together, a key that does not sign.
pub fn for_signing(key: &KeyAlgorithm, wishes: &SigningArgs) -> Result<MechanismCall, CliError> {
    let digest = wishes.hash.as_deref().map(hash_named).transpose()?;
    let mgf = wishes.mgf.as_deref().map(hash_named).transpose()?;
    let id = match &wishes.mechanism {
        Some(name) => {
            MechanismId::from_name(name).ok_or_else(|| unknown_mechanism(name, &signing_names()))?
        }
        None if *key == KeyAlgorithm::Ed25519 => MechanismId::EDDSA,
        None => for_digest(key, digest.unwrap_or_else(|| usual_digest(key)))?,
    };
    let found = mechanism(id)?;
    if let (Some(made), Some(wanted)) = (found.digest(), digest)
        && made != wanted
    {
        return Err(CliError::usage(format!("{} digests with {made}, not with {wanted}", name_of(id)))
            .hint("leave --hash or --mechanism out"));
    }
    let parameters = match found.parameter_kind() {
        ParameterKind::Pss => {
            let hash = found.digest().or(digest).unwrap_or(DigestAlgorithm::Sha256);
            let usual = PssParameters::usual(hash);
            let salt_len = wishes.salt_len.unwrap_or(usual.salt_len);
            Parameters::Pss(PssParameters { hash, mgf: mgf.unwrap_or(usual.mgf), salt_len })
        }
        ParameterKind::None | ParameterKind::Eddsa => {
            let pss_only = [("--mgf", mgf.is_some()), ("--salt-len", wishes.salt_len.is_some())];
            if let Some((option, _)) = pss_only.into_iter().find(|(_, given)| *given) {
                return Err(CliError::usage(format!("{option} belongs to PSS, not to {}", name_of(id)))
                    .hint("choose --mechanism SHA256-RSA-PKCS-PSS"));
            }
            if found.digest().is_none() && digest.is_some() {
                return Err(CliError::usage(format!(
                    "{} takes no --hash: it signs the file as it is",
                    name_of(id)
                ))
                .hint("leave --hash or --mechanism out"));
            }
            Parameters::None
        }
        _ => return Err(CliError::usage(format!("{} does not sign", name_of(id)))),
    };
    Ok(MechanismCall { id, parameters })
}

/// The mechanism that decrypts one block, with the wishes of the command line; OAEP when nothing is said.
/// Errors: unknown names, wishes that do not go together.
pub fn for_decryption(wishes: &DecryptingArgs) -> Result<MechanismCall, CliError> {
    with_oaep(wishes.mechanism.as_deref(), &wishes.oaep, &DECRYPTING)
}

/// The padding that encrypts for an RSA key, with the wishes of the command line; OAEP when nothing is said.
/// Errors: unknown names, wishes that do not go together.
pub fn for_encryption(wishes: &EncryptingArgs) -> Result<RsaPadding, CliError> {
    let call = with_oaep(wishes.mechanism.as_deref(), &wishes.oaep, &ENCRYPTING)?;
    padding_of(&call).ok_or_else(|| {
        CliError::usage(format!("{} is no padding for files", name_of(call.id)))
            .hint("use RSA-PKCS-OAEP or RSA-PKCS")
    })
}

/// The mechanism that takes off such a padding.
pub fn for_padding(padding: &RsaPadding) -> MechanismCall {
    match padding {
        RsaPadding::Pkcs1 => MechanismId::RSA_PKCS.into(),
        RsaPadding::Oaep { hash, mgf, label } => MechanismCall {
            id: MechanismId::RSA_PKCS_OAEP,
            parameters: Parameters::Oaep { hash: *hash, mgf: *mgf, label: label.clone() },
        },
    }
}

/// The mechanism of this name, with parameters of OAEP where it takes them; OAEP when nothing is said.
/// Errors: unknown names, with the nearest of `known`; choices of OAEP for another mechanism.
pub fn with_oaep(
    name: Option<&str>,
    oaep: &OaepArgs,
    known: &[MechanismId],
) -> Result<MechanismCall, CliError> {
    let id = match name {
        None => MechanismId::RSA_PKCS_OAEP,
        Some(name) => MechanismId::from_name(name).ok_or_else(|| {
            let names: Vec<String> = known.iter().copied().map(name_of).collect();
            unknown_mechanism(name, &names)
        })?,
    };
    if mechanism(id)?.parameter_kind() != ParameterKind::Oaep {
        return match oaep.given() {
            Some(option) => Err(CliError::usage(format!("{option} belongs to OAEP, not to {}", name_of(id)))
                .hint("choose --mechanism RSA-PKCS-OAEP")),
            None => Ok(id.into()),
        };
    }
    let hash = oaep.hash.as_deref().map(hash_named).transpose()?.unwrap_or(DigestAlgorithm::Sha256);
    let mgf = oaep.mgf.as_deref().map(hash_named).transpose()?.unwrap_or(hash);
    let label = oaep.oaep_label.as_deref().map(hex::decode).transpose();
    let label = label.map_err(|source| CliError::usage("the OAEP label is not hexadecimal").cause(source))?;
    Ok(MechanismCall { id, parameters: Parameters::Oaep { hash, mgf, label: label.unwrap_or_default() } })
}

/// The mechanism that digests so and signs with this key. Errors: a key that does not sign.
pub fn for_digest(key: &KeyAlgorithm, digest: DigestAlgorithm) -> Result<MechanismId, CliError> {
    let row = DIGESTING.iter().find(|row| row.0 == digest).ok_or_else(|| unknown_hash(digest.name()))?;
    match key {
        KeyAlgorithm::Rsa { .. } => Ok(row.1),
        KeyAlgorithm::Ec { .. } => Ok(row.2),
        KeyAlgorithm::Ed25519 => Err(CliError::usage("Ed25519 keys sign the data itself, not its digest")),
        KeyAlgorithm::X25519
        | KeyAlgorithm::Aes { .. }
        | KeyAlgorithm::Des { .. }
        | KeyAlgorithm::Generic { .. }
        | KeyAlgorithm::Untold => Err(CliError::usage("only RSA, EC and Ed25519 keys sign")),
    }
}

/// What a mechanism is in the words of X.509; `None` for those that take what they are given.
pub fn algorithm_of(call: &MechanismCall) -> Option<SignatureAlgorithm> {
    if call.id == MechanismId::EDDSA {
        return Some(SignatureAlgorithm::Ed25519);
    }
    let row = DIGESTING.iter().find(|row| [row.1, row.2, row.3].contains(&call.id))?;
    match &call.parameters {
        Parameters::Pss(parameters) => Some(SignatureAlgorithm::RsaPss(*parameters)),
        _ if call.id == row.1 => Some(SignatureAlgorithm::RsaPkcs1(row.0)),
        _ if call.id == row.2 => Some(SignatureAlgorithm::Ecdsa(row.0)),
        _ => None,
    }
}

/// The mechanism of an algorithm of X.509.
pub fn mechanism_of(algorithm: SignatureAlgorithm) -> MechanismId {
    let row = |digest: DigestAlgorithm| DIGESTING.iter().find(|row| row.0 == digest);
    let found = match algorithm {
        SignatureAlgorithm::RsaPkcs1(digest) => row(digest).map(|row| row.1),
        SignatureAlgorithm::Ecdsa(digest) => row(digest).map(|row| row.2),
        SignatureAlgorithm::RsaPss(parameters) => row(parameters.hash).map(|row| row.3),
        SignatureAlgorithm::Ed25519 => None,
    };
    found.unwrap_or(MechanismId::EDDSA)
}

/// Of a mechanism that digests, the one that takes a finished digest, and which digest that is.
pub fn undigested(id: MechanismId) -> Option<(MechanismId, DigestAlgorithm)> {
    DIGESTING.iter().find_map(|row| match id {
        id if id == row.1 => Some((MechanismId::RSA_PKCS, row.0)),
        id if id == row.2 => Some((MechanismId::ECDSA, row.0)),
        id if id == row.3 => Some((MechanismId::RSA_PKCS_PSS, row.0)),
        _ => None,
    })
}

/// The digest that goes with a key: SHA-256 for RSA, for EC the one of the curve's size.
fn usual_digest(key: &KeyAlgorithm) -> DigestAlgorithm {
    match key {
        KeyAlgorithm::Ec { curve: Some(curve) } => digest_for(*curve),
        _ => DigestAlgorithm::Sha256,
    }
}

/// The digest of a curve's size.
fn digest_for(curve: Curve) -> DigestAlgorithm {
    match curve.bits() {
        0..=256 => DigestAlgorithm::Sha256,
        257..=384 => DigestAlgorithm::Sha384,
        _ => DigestAlgorithm::Sha512,
    }
}

/// The digest of this name. Errors: there is none.
pub fn hash_named(name: &str) -> Result<DigestAlgorithm, CliError> {
    DigestAlgorithm::from_name(name).ok_or_else(|| unknown_hash(name))
}

fn unknown_hash(name: &str) -> CliError {
    CliError::usage(format!("there is no hash {name:?}"))
        .hint("use sha1, sha224, sha256, sha384, sha512 or sha3-224, sha3-256, sha3-384, sha3-512")
}

fn unknown_mechanism(name: &str, known: &[String]) -> CliError {
    let error = CliError::usage(format!("there is no mechanism {name:?}"));
    match nearest(&name.to_ascii_uppercase(), known.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint("run p11ctl token mechanisms to see what the token can do"),
    }
}

/// A mechanism as people write it: `SHA256-RSA-PKCS`.
pub fn name_of(id: MechanismId) -> String {
    id.to_string().trim_start_matches("CKM_").replace('_', "-")
}

/// Names for the help of a misspelt one.
fn signing_names() -> Vec<String> {
    let digesting = DIGESTING.iter().flat_map(|row| [row.1, row.2, row.3]);
    digesting.chain(PLAIN).map(name_of).collect()
}

/// Each digest with the mechanisms that do it: PKCS#1 v1.5, ECDSA, PSS.
const DIGESTING: [(DigestAlgorithm, MechanismId, MechanismId, MechanismId); 9] = {
    use DigestAlgorithm as D;
    use MechanismId as M;
    [
        (D::Sha1, M::SHA1_RSA_PKCS, M::ECDSA_SHA1, M::SHA1_RSA_PKCS_PSS),
        (D::Sha224, M::SHA224_RSA_PKCS, M::ECDSA_SHA224, M::SHA224_RSA_PKCS_PSS),
        (D::Sha256, M::SHA256_RSA_PKCS, M::ECDSA_SHA256, M::SHA256_RSA_PKCS_PSS),
        (D::Sha384, M::SHA384_RSA_PKCS, M::ECDSA_SHA384, M::SHA384_RSA_PKCS_PSS),
        (D::Sha512, M::SHA512_RSA_PKCS, M::ECDSA_SHA512, M::SHA512_RSA_PKCS_PSS),
        (D::Sha3_224, M::SHA3_224_RSA_PKCS, M::ECDSA_SHA3_224, M::SHA3_224_RSA_PKCS_PSS),
        (D::Sha3_256, M::SHA3_256_RSA_PKCS, M::ECDSA_SHA3_256, M::SHA3_256_RSA_PKCS_PSS),
        (D::Sha3_384, M::SHA3_384_RSA_PKCS, M::ECDSA_SHA3_384, M::SHA3_384_RSA_PKCS_PSS),
        (D::Sha3_512, M::SHA3_512_RSA_PKCS, M::ECDSA_SHA3_512, M::SHA3_512_RSA_PKCS_PSS),
    ]
};

/// Those that sign what they are given.
const PLAIN: [MechanismId; 5] = [
    MechanismId::RSA_PKCS,
    MechanismId::RSA_PKCS_PSS,
    MechanismId::RSA_X_509,
    MechanismId::ECDSA,
    MechanismId::EDDSA,
];

/// Those that encrypt.
const ENCRYPTING: [MechanismId; 2] = [MechanismId::RSA_PKCS, MechanismId::RSA_PKCS_OAEP];

/// Those that decrypt.
const DECRYPTING: [MechanismId; 3] =
    [MechanismId::RSA_PKCS, MechanismId::RSA_PKCS_OAEP, MechanismId::RSA_X_509];

#[cfg(test)]
mod tests;

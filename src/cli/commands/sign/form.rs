//! What a signature is written as: plain, or inside of CMS, an SSH signature, a JWS. What cannot be is refused before a
//! PIN is asked for.

use std::path::Path;

use super::SignArgs;
use super::signer::Signer;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::signature::{Format, SignatureFormat};
use crate::cli::{mechanism, pem};
use crate::codec::date;
use crate::crypto::cms::{self, signed::SignedDataBuilder};
use crate::crypto::jws::{self, Jws, JwsHeader};
use crate::crypto::sshsig::{self, SshSignature};
use crate::crypto::{CertificateDetails, CryptoError, DigestAlgorithm, PublicKey, SignatureAlgorithm};
use crate::engine::MechanismCall;
use crate::token::KeyAlgorithm;

/// A signature as it is written, and as the key made it.
pub struct Written {
    /// PKCS#11's form.
    pub raw: Vec<u8>,
    /// The file.
    pub bytes: Vec<u8>,
}

/// The form of the signatures of one run.
#[derive(Debug)]
pub enum Form {
    /// The signature alone.
    Plain(Format),
    /// CMS, DER or PEM.
    Cms {
        /// Signer and certificates.
        builder: Box<SignedDataBuilder>,
        /// The content goes along.
        attach: bool,
        /// As PEM.
        pem: bool,
    },
    /// SSHSIG.
    Ssh {
        /// The key.
        public: PublicKey,
        /// What it is for.
        namespace: String,
        /// How the file is digested.
        hash: DigestAlgorithm,
    },
    /// Compact JWS.
    Jws {
        /// Its first part.
        protected: String,
        /// The content goes along.
        attach: bool,
        /// The content is signed in base64url.
        encoded: bool,
    },
}

/// What is known of the form before the login.
#[derive(Debug)]
pub struct Draft<'a> {
    args: &'a SignArgs,
    /// How the key signs.
    pub call: MechanismCall,
    /// The same in the words of X.509; `None` for mechanisms that take what they are given.
    algorithm: Option<SignatureAlgorithm>,
    /// How an SSH signature digests the file.
    ssh_hash: DigestAlgorithm,
}

impl<'a> Draft<'a> {
    /// Joins options and key. Errors: options that do not go together, a form that the key or mechanism does not have.
    pub fn new(args: &'a SignArgs, key: &KeyAlgorithm) -> Result<Self, CliError> {
        check_options(args)?;
        let mut ssh_hash = DigestAlgorithm::Sha512;
        let call = if args.format == SignatureFormat::Ssh {
            ssh_hash = ssh_hash_of(args)?;
            ssh_call(key)?
        } else {
            mechanism::for_signing(key, &args.signing)?
        };
        let algorithm = mechanism::algorithm_of(&call);
        match (args.format.plain(), algorithm) {
            (Some(format), _) => format.check(key)?,
            (None, None) => {
                return Err(CliError::usage(format!("{} does not digest the file", call.id))
                    .hint("leave --mechanism out, or choose --format raw"));
            }
            (None, Some(algorithm)) if args.format == SignatureFormat::Jws => check_jws(key, algorithm)?,
            (None, Some(_)) => {}
        }
        Ok(Self { args, call, algorithm, ssh_hash })
    }

    /// The digest of the file where it was made elsewhere; `None` for the mechanism's own.
    pub fn own_digest(&self) -> Option<DigestAlgorithm> {
        match self.args.format {
            SignatureFormat::Ssh => Some(self.ssh_hash),
            SignatureFormat::Cms | SignatureFormat::Pem => {
                self.algorithm.map(|algorithm| algorithm.digest().unwrap_or(DigestAlgorithm::Sha512))
            }
            _ => None,
        }
    }

    /// True when certificates go along.
    pub fn wants_certificates(&self) -> bool {
        self.args.format.takes_certificates()
    }

    /// True when the public half of the key is needed.
    pub fn wants_public(&self) -> bool {
        self.args.format.plain().is_none()
    }

    /// Refuses certificates that do not do.
    pub fn check_certificates(&self, certificates: &[CertificateDetails]) -> Result<(), CliError> {
        let needs = matches!(self.args.format, SignatureFormat::Cms | SignatureFormat::Pem);
        if needs && certificates.is_empty() {
            return Err(CliError::new(
                ErrorKind::Refused,
                "the key has no certificate, and CMS names the signer by one",
            )
            .hint("give one with --certificate-file, or make one: p11ctl cert self-sign --store"));
        }
        Ok(())
    }

    /// The form, with what the login made known.
    pub fn finish(
        &self,
        certificates: Vec<CertificateDetails>,
        public: Option<PublicKey>,
    ) -> Result<Form, CliError> {
        if let Some(format) = self.args.format.plain() {
            return Ok(Form::Plain(format));
        }
        let (Some(algorithm), Some(public)) = (self.algorithm, public) else {
            return Err(CliError::usage("the public half of the key is not known"));
        };
        if certificates.first().is_some_and(|leaf| !leaf.certifies(&public)) {
            return Err(CliError::usage("the certificate is not for this key"));
        }
        let (attach, encoded) = (self.args.attach, !self.args.unencoded);
        match self.args.format {
            SignatureFormat::Ssh => {
                Ok(Form::Ssh { public, namespace: self.args.namespace_or_file(), hash: self.ssh_hash })
            }
            SignatureFormat::Jws => {
                let mut header =
                    JwsHeader::new(algorithm, &public, certificates, encoded).map_err(not_made)?;
                header.kid = self.args.kid.clone().or(header.kid);
                let protected = header.protected().map_err(not_made)?;
                Ok(Form::Jws { protected, attach, encoded })
            }
            _ => {
                let builder = SignedDataBuilder::new(algorithm, certificates).map_err(not_made)?;
                Ok(Form::Cms {
                    builder: Box::new(builder),
                    attach,
                    pem: self.args.format == SignatureFormat::Pem,
                })
            }
        }
    }
}

impl Form {
    /// Signs one file. `progress` hears of every part that was read.
    pub fn sign(
        &self,
        signer: &Signer<'_>,
        input: &Path,
        progress: &dyn Fn(u64),
    ) -> Result<Written, CliError> {
        match self {
            Self::Plain(format) => {
                let raw = signer.sign(input, progress)?;
                let bytes = format.encode(&signer.chosen.key.algorithm, &raw)?;
                Ok(Written { raw, bytes })
            }
            Self::Cms { builder, attach, pem } => {
                let content = if *attach { Some(signer.open(input)?.at_most(MAX_ATTACHED)?) } else { None };
                let digest = signer.digest(input, content.as_deref(), builder.digest(), progress)?;
                let attributes = builder.attributes(&digest, date::now()).map_err(not_made)?;
                let raw = signer.sign_bytes(input, &attributes)?;
                let der = builder.assemble(&attributes, &raw, content.as_deref()).map_err(not_made)?;
                let bytes = if *pem { pem::encode(cms::PEM_LABEL, &der)?.into_bytes() } else { der };
                Ok(Written { raw, bytes })
            }
            Self::Ssh { public, namespace, hash } => {
                let digest = signer.digest(input, None, *hash, progress)?;
                let raw = signer.sign_bytes(input, &sshsig::signed_data(namespace, *hash, &digest))?;
                let signature = SshSignature::new(public, namespace, *hash, &digest, raw.clone());
                let text = signature.and_then(|signature| signature.to_armor()).map_err(not_made)?;
                Ok(Written { raw, bytes: text.into_bytes() })
            }
            Self::Jws { protected, attach, encoded } => {
                let content = if *attach { Some(signer.open(input)?.at_most(MAX_ATTACHED)?) } else { None };
                let prefix = format!("{protected}.");
                let encoder = jws::PayloadEncoder::new(*encoded);
                let raw =
                    signer.sign_payload(input, content.as_deref(), prefix.as_bytes(), encoder, progress)?;
                let text = Jws::compact(protected, content.as_deref(), &raw);
                Ok(Written { raw, bytes: format!("{text}\n").into_bytes() })
            }
        }
    }
}

/// Refuses options that belong to another form.
fn check_options(args: &SignArgs) -> Result<(), CliError> {
    use SignatureFormat::{Cms, Jws, Pem, Ssh};
    let rows: [(&str, bool, &[SignatureFormat], &str); 5] = [
        ("--attach", args.attach, &[Cms, Pem, Jws], "cms, pem or jws"),
        ("--namespace", args.namespace.is_some(), &[Ssh], "ssh"),
        ("--unencoded", args.unencoded, &[Jws], "jws"),
        ("--kid", args.kid.is_some(), &[Jws], "jws"),
        ("--certificate-file", args.certificate_file.is_some(), &[Cms, Pem, Jws], "cms, pem or jws"),
    ];
    if let Some((option, _, _, formats)) =
        rows.into_iter().find(|(_, given, formats, _)| *given && !formats.contains(&args.format))
    {
        return Err(CliError::usage(format!("{option} belongs to --format {formats}")));
    }
    if args.namespace.as_deref() == Some("") {
        return Err(CliError::usage("the namespace is empty"));
    }
    if args.attach && args.unencoded {
        return Err(CliError::usage("content that is signed as it is stays beside the JWS")
            .hint("leave --attach or --unencoded out"));
    }
    if args.hash_file && args.attach {
        return Err(CliError::usage("--attach takes the data along, and --hash-file does not have it"));
    }
    if args.hash_file && args.format == Jws {
        return Err(CliError::usage(
            "a JWS signs its header together with the data: a digest of the data is not enough",
        ));
    }
    if args.format == Ssh && !args.signing.is_hash_at_most() {
        return Err(CliError::usage("the mechanism of an SSH signature follows from the key")
            .hint("leave --mechanism, --mgf and --salt-len out; --hash is the digest of the file"));
    }
    Ok(())
}

fn ssh_hash_of(args: &SignArgs) -> Result<DigestAlgorithm, CliError> {
    let hash = args.signing.hash()?.unwrap_or(DigestAlgorithm::Sha512);
    if sshsig::HASHES.contains(&hash) {
        return Ok(hash);
    }
    Err(CliError::usage(format!("SSH signatures have no {hash}")).hint("use sha512 or sha256"))
}

/// How a key signs for SSH.
fn ssh_call(key: &KeyAlgorithm) -> Result<MechanismCall, CliError> {
    let usual = mechanism::SigningArgs::default();
    match key {
        KeyAlgorithm::Rsa { .. } => Ok(mechanism::for_digest(key, DigestAlgorithm::Sha512)?.into()),
        KeyAlgorithm::Ec { curve: Some(curve) } if sshsig::has_curve(*curve) => {
            mechanism::for_signing(key, &usual)
        }
        KeyAlgorithm::Ed25519 => mechanism::for_signing(key, &usual),
        _ => Err(CliError::usage("SSH has no name for such a key")
            .hint("it has RSA, ec:p256, ec:p384, ec:p521 and ed25519")),
    }
}

/// Refuses an algorithm that JWS does not have with the key.
fn check_jws(key: &KeyAlgorithm, algorithm: SignatureAlgorithm) -> Result<(), CliError> {
    let curve = match key {
        KeyAlgorithm::Ec { curve } => *curve,
        _ => None,
    };
    if jws::is_defined(algorithm, curve) || *key == (KeyAlgorithm::Ec { curve: None }) {
        return Ok(());
    }
    Err(CliError::usage(format!("JWS has no name for {algorithm} with such a key or such parameters")).hint(
        "it has RSA and RSA-PSS with SHA-256, SHA-384 or SHA-512 (a salt as long as the digest), \
         P-256 with SHA-256, P-384 with SHA-384, P-521 with SHA-512, and Ed25519",
    ))
}

fn not_made(error: CryptoError) -> CliError {
    let message = match error {
        CryptoError::SignatureMismatch => "the key's signature does not fit its certificate or public key",
        _ => "the signature cannot be written in this form",
    };
    CliError::new(ErrorKind::Refused, message).source(&error)
}

/// Largest content that goes along, in bytes: it is held in memory.
const MAX_ATTACHED: usize = 256 * 1024 * 1024;

//! Signatures that say themselves how they were made and by whom: CMS, SSH signatures, JWS.

use std::path::Path;

use super::case::{Case, Check};
use super::signer::{Origin, Signer};
use super::verdict::{Judged, Verdict};
use crate::cli::commands::sign::policy;
use crate::cli::error::CliError;
use crate::cli::mechanism::mechanism_of;
use crate::cli::parts::Parts;
use crate::cli::predigested::Predigested;
use crate::cli::text::quote;
use crate::cli::{atomic_file, pem};
use crate::crypto::cms::PEM_LABELS;
use crate::crypto::cms::signed_reading::{ContentFacts, START_LEN, SignedData, SignerInfo};
use crate::crypto::digest::digest;
use crate::crypto::jws::{self, Jws, PayloadEncoder, SigningInput};
use crate::crypto::sshsig::SshSignature;
use crate::crypto::{DigestAlgorithm, Digester, SignatureAlgorithm};
use crate::engine::{MechanismCall, Parameters};
use crate::token::KeyAlgorithm;

/// Verifies SignedData, DER or PEM.
pub fn cms(case: &Case<'_>, bytes: &[u8]) -> Result<Verdict, CliError> {
    let unreadable = |why: String| Ok(Verdict::unreadable("cms", why));
    let der = match pem::decode(bytes, &PEM_LABELS) {
        Ok((_, der)) => der,
        Err(error) => return unreadable(error.message),
    };
    let signed = match SignedData::parse(&der) {
        Ok(signed) => signed,
        Err(error) => return unreadable(error.to_string()),
    };
    let named = case.check.signer_if_named()?;
    let mut faults = Vec::new();
    if signed.signers.is_empty() {
        faults.push("nobody signed: it holds certificates or content only".to_owned());
    }
    let facts = match (&signed.content, case.file) {
        (None, _) => Facts::of_file(case, case.file()?, &signed.digests())?,
        (Some(content), None) => Facts::of_bytes(content, &signed.digests()),
        (Some(content), Some(file)) => {
            let inside = Facts::of_bytes(content, &signed.digests());
            if inside.digests != Facts::of_file(case, file, &signed.digests())?.digests {
                faults.push(format!(
                    "the content in the signature is not that of {}",
                    atomic_file::describe(file)
                ));
            }
            inside
        }
    };
    let signers = signed.signers.iter().map(|info| cms_signer(case.check, &signed, info, named, &facts));
    let signers = signers.collect::<Result<_, _>>()?;
    let content = signed.content.clone();
    Ok(Verdict { format: "cms", signers, faults, content, namespace: None })
}

/// One signer of SignedData: the named key, or the certificate that goes along.
fn cms_signer(
    check: &Check<'_>,
    signed: &SignedData,
    info: &SignerInfo,
    named: Option<&Signer>,
    facts: &Facts,
) -> Result<Judged, CliError> {
    let embedded = signed.certificates.iter().find(|certificate| info.is_by(certificate));
    let signer = match (named, embedded) {
        (Some(named), _) => {
            let mut signer = named.clone();
            // A certificate that goes along is as good as any, where it is for the named key.
            let own = embedded.filter(|certificate| certificate.certifies(&signer.key));
            if signer.certificate.is_none() {
                signer.certificate = own.cloned();
            }
            signer.others.extend(signed.certificates.iter().cloned());
            Ok(signer)
        }
        (None, Some(leaf)) => Signer::from_certificate(leaf, signed.certificates.clone(), Origin::Signature),
        (None, None) => Err("the certificate of the signer does not go along: name it".to_owned()),
    };
    let signer = match signer {
        Ok(signer) => signer,
        Err(fault) => return Ok(Judged::unknown("an unknown signer".to_owned(), fault)),
    };
    let mut judged = Judged::new(signer.clone(), Some(info.algorithm));
    judged.hash = Some(info.digest);
    judged.signing_time = info.signing_time();
    let certificate = signer.certificate.as_ref();
    if certificate.is_some_and(|certificate| !info.is_by(certificate)) {
        judged
            .faults
            .push(format!("it was signed with another certificate than that of {}", quote(&signer.name)));
    }
    if let Err(fault) = info.verify(&signer.key, certificate, facts.of(info.digest)) {
        judged.faults.push(fault.to_string());
    }
    judge(check, &signer, info.algorithm, Some(info.digest), &mut judged)?;
    Ok(judged)
}

/// Verifies an SSH signature.
pub fn ssh(case: &Case<'_>, bytes: &[u8]) -> Result<Verdict, CliError> {
    let signature = match SshSignature::from_armor(bytes) {
        Ok(signature) => signature,
        Err(error) => return Ok(Verdict::unreadable("ssh", error.to_string())),
    };
    let facts = Facts::of_file(case, case.file()?, &[signature.hash])?;
    let fingerprint = signature.public.openssh_fingerprint().unwrap_or_default();
    let named = case.check.signer_if_named()?;
    let signer = named
        .cloned()
        .unwrap_or_else(|| Signer::from_signature(signature.public.clone(), fingerprint.clone()));
    let mut judged = Judged::new(signer.clone(), Some(signature.algorithm));
    judged.hash = Some(signature.hash);
    if signer.key != signature.public {
        judged.faults.push(format!("it was made with another key: {fingerprint}"));
    }
    let wanted = case.check.args.namespace.as_deref().unwrap_or("file");
    if signature.namespace != wanted {
        let fault = format!("it is for {}, not for {}", quote(&signature.namespace), quote(wanted));
        judged.faults.push(fault);
    }
    match signature.is_by(&signer.key, facts.of(signature.hash).digest) {
        Ok(true) => {}
        Ok(false) => {
            judged.faults.push("the file is not what was signed, or the signature is altered".to_owned())
        }
        Err(error) => judged.faults.push(error.to_string()),
    }
    judge(case.check, &signer, signature.algorithm, Some(signature.hash), &mut judged)?;
    let namespace = Some(signature.namespace);
    Ok(Verdict { format: "ssh", signers: vec![judged], faults: Vec::new(), content: None, namespace })
}

/// Verifies a compact JWS.
pub fn jws(case: &Case<'_>, bytes: &[u8]) -> Result<Verdict, CliError> {
    let token = match Jws::parse(bytes) {
        Ok(token) => token,
        Err(error) => return Ok(Verdict::unreadable("jws", error.to_string())),
    };
    let mut faults = Vec::new();
    let input = match (&token.content, case.file) {
        (None, _) => jws_input_of_file(case, &token, case.file()?)?,
        (Some(content), None) => jws_input(&token, content),
        (Some(content), Some(file)) => {
            let inside = jws_input(&token, content);
            if inside != jws_input_of_file(case, &token, file)? {
                faults.push(format!(
                    "the content in the signature is not that of {}",
                    atomic_file::describe(file)
                ));
            }
            inside
        }
    };
    let judged = match jws_signer(case.check, &token)? {
        Err(fault) => Judged::unknown("an unknown signer".to_owned(), fault),
        Ok(signer) => {
            let mut judged = Judged::new(signer.clone(), Some(token.header.algorithm));
            match token.is_by(&signer.key, &input) {
                Ok(true) => {}
                Ok(false) => {
                    let fault = "the content is not what was signed, or key or signature are others";
                    judged.faults.push(fault.to_owned());
                }
                Err(error) => judged.faults.push(error.to_string()),
            }
            judge(case.check, &signer, token.header.algorithm, None, &mut judged)?;
            judged
        }
    };
    let content = token.content.clone();
    Ok(Verdict { format: "jws", signers: vec![judged], faults, content, namespace: None })
}

/// The named key, else that of the first certificate or of the key in the header; or why there is none.
fn jws_signer(check: &Check<'_>, token: &Jws) -> Result<Result<Signer, String>, CliError> {
    let header = &token.header;
    let chain = header.certificates.clone();
    if let Some(mut named) = check.signer_if_named()?.cloned() {
        if named.certificate.is_none() {
            named.certificate = chain.first().filter(|leaf| leaf.certifies(&named.key)).cloned();
        }
        named.others.extend(chain);
        return Ok(Ok(named));
    }
    if let Some(leaf) = header.certificates.first() {
        return Ok(Signer::from_certificate(leaf, chain, Origin::Signature));
    }
    let Some(key) = header.key.clone() else {
        let kid =
            header.kid.as_deref().map(|kid| format!(" (its name is {})", quote(kid))).unwrap_or_default();
        return Ok(Err(format!("the key of the signer does not go along{kid}: name it")));
    };
    let name = jws::thumbprint(&key).unwrap_or_default();
    Ok(Ok(Signer::from_signature(key, name)))
}

/// What all of these signatures are asked: is it weak, and who is the signer.
fn judge(
    check: &Check<'_>,
    signer: &Signer,
    algorithm: SignatureAlgorithm,
    content_digest: Option<DigestAlgorithm>,
    judged: &mut Judged,
) -> Result<(), CliError> {
    if !check.args.allow_weak {
        let parameters = match algorithm {
            SignatureAlgorithm::RsaPss(parameters) => Parameters::Pss(parameters),
            _ => Parameters::None,
        };
        let call = MechanismCall { id: mechanism_of(algorithm), parameters };
        let weakness = policy::weakness(&KeyAlgorithm::from(&signer.key), &call)?;
        let sha1 = content_digest.filter(|digest| *digest == DigestAlgorithm::Sha1);
        let weakness =
            weakness.or_else(|| sha1.map(|_| "SHA-1 is weak: such a signature can be forged".to_owned()));
        judged.faults.extend(weakness.map(|why| format!("{why} (--allow-weak)")));
    }
    check.roots.judge(signer, judged);
    Ok(())
}

/// Digests of a content, and how it begins.
struct Facts {
    digests: Vec<(DigestAlgorithm, Vec<u8>)>,
    start: Vec<u8>,
}

impl Facts {
    fn of_bytes(content: &[u8], algorithms: &[DigestAlgorithm]) -> Self {
        let digests = algorithms.iter().map(|algorithm| (*algorithm, digest(*algorithm, content))).collect();
        Self { digests, start: content.get(..START_LEN).unwrap_or(content).to_vec() }
    }

    /// Reads the file once, whatever its size; or its digest, where that is what the file is.
    fn of_file(case: &Case<'_>, path: &Path, algorithms: &[DigestAlgorithm]) -> Result<Self, CliError> {
        if case.check.args.hash_file {
            let [algorithm] = algorithms else {
                return Err(CliError::usage(
                    "the signers digest in several ways: --hash-file names one digest",
                ));
            };
            let call = mechanism_of(SignatureAlgorithm::Ed25519).into();
            let digest = Predigested { call, algorithm: *algorithm }.digest(path)?;
            return Ok(Self { digests: vec![(*algorithm, digest)], start: Vec::new() });
        }
        let mut running: Vec<(DigestAlgorithm, Digester)> =
            algorithms.iter().map(|algorithm| (*algorithm, Digester::new(*algorithm))).collect();
        let mut start = Vec::new();
        let mut parts = Parts::open(path)?;
        while let Some(part) = parts.next_part()? {
            case.check.bar.bytes(part.len() as u64);
            let missing = START_LEN.saturating_sub(start.len());
            start.extend_from_slice(part.get(..missing).unwrap_or(part));
            for (_, digester) in &mut running {
                digester.update(part);
            }
        }
        let digests = running.into_iter().map(|(algorithm, digester)| (algorithm, digester.finish()));
        Ok(Self { digests: digests.collect(), start })
    }

    fn of(&self, algorithm: DigestAlgorithm) -> ContentFacts<'_> {
        let found = self.digests.iter().find(|(known, _)| *known == algorithm);
        ContentFacts { digest: found.map_or(&[], |(_, digest)| digest), start: &self.start }
    }
}

fn jws_input(token: &Jws, content: &[u8]) -> SigningInput {
    let mut encoder = PayloadEncoder::new(token.header.encoded);
    let whole = [token.prefix().as_slice(), &encoder.push(content), &encoder.finish()].concat();
    match token.header.algorithm.digest() {
        Some(algorithm) => SigningInput::Digest(digest(algorithm, &whole)),
        None => SigningInput::Whole(whole),
    }
}

/// The same of a file that is read part by part, where the algorithm lets it.
fn jws_input_of_file(case: &Case<'_>, token: &Jws, path: &Path) -> Result<SigningInput, CliError> {
    let Some(algorithm) = token.header.algorithm.digest() else {
        return Ok(jws_input(token, &atomic_file::read(path)?));
    };
    let mut encoder = PayloadEncoder::new(token.header.encoded);
    let mut digester = Digester::new(algorithm);
    digester.update(&token.prefix());
    let mut parts = Parts::open(path)?;
    while let Some(part) = parts.next_part()? {
        case.check.bar.bytes(part.len() as u64);
        digester.update(&encoder.push(part));
    }
    digester.update(&encoder.finish());
    Ok(SigningInput::Digest(digester.finish()))
}

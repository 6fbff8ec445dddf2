//! JSON Web Signatures in the compact form (RFC 7515), content inside or left out (appendix F), content as it is
//! (RFC 7797), keys as JSON (RFC 7517, 7518, 8037) and their thumbprints (RFC 7638). Addresses in a header (`jku`,
//! `x5u`) are never followed.

mod key;

use std::borrow::Cow;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use serde_json::{Map, Value, json};

use super::rsa::PssParameters;
use super::{CertificateDetails, CryptoError, Curve, DigestAlgorithm, PublicKey, SignatureAlgorithm};

pub use key::{from_jwk, thumbprint, to_jwk};

/// The protected header.
#[derive(Debug, Clone, PartialEq)]
pub struct JwsHeader {
    /// How it is signed.
    pub algorithm: SignatureAlgorithm,
    /// The curve that the name of the algorithm asks for.
    curve: Option<Curve>,
    /// Names the key.
    pub kid: Option<String>,
    /// The certificate of the key first, then its issuers.
    pub certificates: Vec<CertificateDetails>,
    /// The key itself.
    pub key: Option<PublicKey>,
    /// False where the content is signed as it is (`b64`: false).
    pub encoded: bool,
}

/// A compact JWS that was read; nothing in it is verified yet.
#[derive(Debug, Clone)]
pub struct Jws {
    /// The protected header.
    pub header: JwsHeader,
    /// The content; `None` where it is left out.
    pub content: Option<Vec<u8>>,
    /// The protected header as it is signed.
    protected: String,
    /// PKCS#11's form.
    signature: Vec<u8>,
}

impl JwsHeader {
    /// A header for a key, its certificates (or the key itself, where there are none) and its thumbprint as name.
    /// Errors: `Unsupported` for an algorithm that JWS does not have with this key.
    pub fn new(
        algorithm: SignatureAlgorithm,
        public: &PublicKey,
        certificates: Vec<CertificateDetails>,
        encoded: bool,
    ) -> Result<Self, CryptoError> {
        let curve = public.ec().map(|(curve, _)| curve);
        name_of(algorithm, curve).ok_or_else(|| {
            CryptoError::Unsupported(format!("{algorithm} with {} in JWS", public.algorithm_name()))
        })?;
        let kid = Some(thumbprint(public)?);
        let key = certificates.is_empty().then(|| public.clone());
        Ok(Self { algorithm, curve, kid, certificates, key, encoded })
    }

    /// The first part of the JWS, without the dot behind it.
    pub fn protected(&self) -> Result<String, CryptoError> {
        let mut fields = Map::new();
        let name = name_of(self.algorithm, self.curve).ok_or_else(malformed)?;
        fields.insert("alg".to_owned(), name.into());
        if let Some(kid) = &self.kid {
            fields.insert("kid".to_owned(), kid.as_str().into());
        }
        if !self.certificates.is_empty() {
            let chain = self.certificates.iter().map(|found| Base64::encode_string(&found.der));
            fields.insert("x5c".to_owned(), chain.collect::<Vec<_>>().into());
        }
        if let Some(key) = &self.key {
            fields.insert("jwk".to_owned(), to_jwk(key)?);
        }
        if !self.encoded {
            fields.insert("b64".to_owned(), false.into());
            fields.insert("crit".to_owned(), json!(["b64"]));
        }
        Ok(Base64UrlUnpadded::encode_string(Value::Object(fields).to_string().as_bytes()))
    }

    fn parse(protected: &str) -> Result<Self, CryptoError> {
        let bytes = Base64UrlUnpadded::decode_vec(protected).map_err(|_| malformed())?;
        let fields: Map<String, Value> = serde_json::from_slice(&bytes).map_err(|_| malformed())?;
        let text = |name: &str| match fields.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(malformed()),
        };
        let name = text("alg")?.ok_or_else(malformed)?;
        let (algorithm, curve) = algorithm_named(&name)
            .ok_or_else(|| CryptoError::Unsupported(format!("the JWS algorithm {name:?}")))?;
        let encoded = encoding(&fields)?;
        let certificates = match fields.get("x5c") {
            None => Vec::new(),
            Some(chain) => certificates_in(chain)?,
        };
        let key = fields.get("jwk").map(from_jwk).transpose()?;
        Ok(Self { algorithm, curve, kid: text("kid")?, certificates, key, encoded })
    }
}

impl Jws {
    /// True for three parts of base64url with dots between them, of which the first begins as JSON.
    pub fn is_likely(bytes: &[u8]) -> bool {
        let Ok(text) = str::from_utf8(bytes) else { return false };
        text.starts_with("ey") && text.matches('.').count() == 2
    }

    /// Reads a compact JWS; one line end behind it is allowed. Errors: `Malformed`; `Unsupported` for algorithms and
    /// critical headers that we do not have, `none` among them.
    pub fn parse(bytes: &[u8]) -> Result<Self, CryptoError> {
        let text = str::from_utf8(bytes).map_err(|_| malformed())?;
        let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        let parts: Vec<&str> = text.split('.').collect();
        let [protected, payload, signature] = parts.as_slice() else { return Err(malformed()) };
        let header = JwsHeader::parse(protected)?;
        let content = match *payload {
            "" => None,
            payload if header.encoded => {
                Some(Base64UrlUnpadded::decode_vec(payload).map_err(|_| malformed())?)
            }
            payload => Some(payload.as_bytes().to_vec()),
        };
        let signature = Base64UrlUnpadded::decode_vec(signature).map_err(|_| malformed())?;
        Ok(Self { header, content, protected: (*protected).to_owned(), signature })
    }

    /// The compact form from its first part, the content where it goes along, and a signature (PKCS#11's form).
    pub fn compact(protected: &str, content: Option<&[u8]>, signature: &[u8]) -> String {
        let payload = content.map(Base64UrlUnpadded::encode_string).unwrap_or_default();
        format!("{protected}.{payload}.{}", Base64UrlUnpadded::encode_string(signature))
    }

    /// What is signed before the content: the header and a dot.
    pub fn prefix(&self) -> Vec<u8> {
        format!("{}.", self.protected).into_bytes()
    }

    /// True when this key signed. `input` is the whole of what is signed, or for every algorithm that has a digest the
    /// digest of it. Errors: `InvalidKey` and `InvalidPoint` for a broken key.
    pub fn is_by(&self, public: &PublicKey, input: &SigningInput) -> Result<bool, CryptoError> {
        if self.header.curve != public.ec().map(|(curve, _)| curve) {
            return Ok(false);
        }
        match input {
            SigningInput::Digest(digest) => {
                self.header.algorithm.verify_hashed(public, digest, &self.signature)
            }
            SigningInput::Whole(message) => {
                self.header.algorithm.verify_plain(public, message, &self.signature)
            }
        }
    }
}

/// What a JWS signs: prefix and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningInput {
    /// Its digest.
    Digest(Vec<u8>),
    /// All of it.
    Whole(Vec<u8>),
}

/// Puts a content into the form in which it is signed, part by part.
#[derive(Debug, Clone)]
pub struct PayloadEncoder {
    encoded: bool,
    /// Bytes that do not fill a group of three yet.
    carry: Vec<u8>,
}

impl PayloadEncoder {
    /// `encoded` as the header has it.
    pub fn new(encoded: bool) -> Self {
        Self { encoded, carry: Vec::new() }
    }

    /// The next part in its form.
    pub fn push<'a>(&mut self, part: &'a [u8]) -> Cow<'a, [u8]> {
        if !self.encoded {
            return Cow::Borrowed(part);
        }
        self.carry.extend_from_slice(part);
        let whole = self.carry.len() / 3 * 3;
        let rest = self.carry.split_off(whole);
        let ready = std::mem::replace(&mut self.carry, rest);
        Cow::Owned(Base64UrlUnpadded::encode_string(&ready).into_bytes())
    }

    /// What is left at the end.
    pub fn finish(self) -> Vec<u8> {
        Base64UrlUnpadded::encode_string(&self.carry).into_bytes()
    }
}

/// `b64` (RFC 7797, 3 and 6): false only where it is critical; nothing else critical is understood.
fn encoding(fields: &Map<String, Value>) -> Result<bool, CryptoError> {
    let critical = match fields.get("crit") {
        None => Vec::new(),
        Some(Value::Array(names)) if !names.is_empty() => {
            let names = names.iter().map(|name| name.as_str().ok_or_else(malformed));
            names.collect::<Result<Vec<&str>, _>>()?
        }
        Some(_) => return Err(malformed()),
    };
    if let Some(unknown) = critical.iter().find(|name| **name != "b64") {
        return Err(CryptoError::Unsupported(format!("the critical JWS header {unknown:?}")));
    }
    match fields.get("b64") {
        None if critical.is_empty() => Ok(true),
        Some(Value::Bool(encoded)) if !critical.is_empty() => Ok(*encoded),
        _ => Err(malformed()),
    }
}

fn certificates_in(chain: &Value) -> Result<Vec<CertificateDetails>, CryptoError> {
    let Value::Array(chain) = chain else { return Err(malformed()) };
    if chain.is_empty() || chain.len() > MAX_CERTIFICATES {
        return Err(malformed());
    }
    let parsed = chain.iter().map(|text| {
        let der = text.as_str().and_then(|text| Base64::decode_vec(text).ok()).ok_or_else(malformed)?;
        let certificate = CertificateDetails::parse(&der)?;
        if certificate.der.len() == der.len() { Ok(certificate) } else { Err(malformed()) }
    });
    parsed.collect()
}

/// True for an algorithm that JWS has with keys on this curve (`None` for RSA and Ed25519).
pub fn is_defined(algorithm: SignatureAlgorithm, curve: Option<Curve>) -> bool {
    name_of(algorithm, curve).is_some()
}

/// The name of an algorithm (RFC 7518, 3.1; RFC 8037, 3.1; RFC 8812, 3.2); `None` where JWS has none.
fn name_of(algorithm: SignatureAlgorithm, curve: Option<Curve>) -> Option<&'static str> {
    ALGORITHMS.iter().find(|row| row.1 == algorithm && row.2 == curve).map(|row| row.0)
}

fn algorithm_named(name: &str) -> Option<(SignatureAlgorithm, Option<Curve>)> {
    ALGORITHMS.iter().find(|row| row.0 == name).map(|row| (row.1, row.2))
}

fn malformed() -> CryptoError {
    CryptoError::Malformed { what: "JWS", source: der::ErrorKind::Failed.into() }
}

const MAX_CERTIFICATES: usize = 64;

/// Name, algorithm, curve. Where two names mean the same the first is written.
const ALGORITHMS: [(&str, SignatureAlgorithm, Option<Curve>); 12] = {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    use SignatureAlgorithm::{Ecdsa, Ed25519, RsaPkcs1, RsaPss};
    [
        ("RS256", RsaPkcs1(Sha256), None),
        ("RS384", RsaPkcs1(Sha384), None),
        ("RS512", RsaPkcs1(Sha512), None),
        ("PS256", RsaPss(PssParameters::usual(Sha256)), None),
        ("PS384", RsaPss(PssParameters::usual(Sha384)), None),
        ("PS512", RsaPss(PssParameters::usual(Sha512)), None),
        ("ES256", Ecdsa(Sha256), Some(Curve::P256)),
        ("ES384", Ecdsa(Sha384), Some(Curve::P384)),
        ("ES512", Ecdsa(Sha512), Some(Curve::P521)),
        ("ES256K", Ecdsa(Sha256), Some(Curve::Secp256k1)),
        ("EdDSA", Ed25519, None),
        ("Ed25519", Ed25519, None),
    ]
};

#[cfg(test)]
mod tests;

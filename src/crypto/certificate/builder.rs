//! Building certificates (RFC 5280): roots, issuing authorities, end entities, signed by a key of this
//! process or by whoever computes a signature over given bytes, such as a card. Names, key identifiers and
//! extensions are made here; nothing is issued whose signature does not verify.

use std::str::FromStr;
use std::time::Duration;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280;
use der::asn1::{BitString, GeneralizedTime, OctetString, UtcTime};
use der::{DateTime, Decode, Encode};
use signature::Keypair;
use spki::{
    AlgorithmIdentifierOwned, Document, DynSignatureAlgorithmIdentifier, EncodePublicKey,
    SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef,
};
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{self, Builder, CertificateBuilder};
use x509_cert::certificate::TbsCertificate;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints, SubjectKeyIdentifier};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use super::alternative_name::{AlternativeName, names_der};
use super::usage::{KeyUsage, purposes_der};
use super::{CertificateDetails, WHAT};
use crate::crypto::private_key::PrivateKey;
use crate::crypto::{CryptoError, PublicKey, SignatureAlgorithm, random};

/// What a certificate is for: decides its basic constraints and key usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateKind {
    /// May sign certificates and revocation lists.
    Authority {
        /// How many authorities may follow below it; `None` is any number.
        path_len: Option<u8>,
    },
    /// Signs, and decrypts (RSA) or agrees on keys (EC).
    EndEntity {
        /// Extended key usages; empty for no limit.
        purposes: Vec<ObjectIdentifier>,
    },
}

/// Who signs a certificate.
#[derive(Debug, Clone, Copy)]
pub enum Issuer<'a> {
    /// The certified key itself: a root, or a self-signed certificate.
    Itself,
    /// The key of another certificate.
    Certificate(&'a CertificateDetails),
}

/// A certificate to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateTemplate {
    /// Subject, RFC 4514: `CN=Root,O=Example`.
    pub subject: String,
    /// The key that is certified.
    pub public_key: PublicKey,
    /// What the certificate is for.
    pub kind: CertificateKind,
    /// First second of validity, Unix time, not before 1970.
    pub not_before: i64,
    /// Last second of validity, Unix time, not after the year 9999.
    pub not_after: i64,
    /// Serial number, big-endian, positive, at most 20 bytes; `None` draws a random one.
    pub serial: Option<Vec<u8>>,
    /// Alternative names of the subject.
    pub alternative_names: Vec<AlternativeName>,
    /// What the key may do; `None` takes what fits the kind and the key.
    pub key_usage: Option<KeyUsage>,
    /// How it is signed; `None` takes what fits the issuer's key.
    pub algorithm: Option<SignatureAlgorithm>,
}

impl CertificateTemplate {
    /// A template with a random serial number, the usual key usage and the issuer's usual algorithm.
    pub fn new(subject: &str, public_key: PublicKey, kind: CertificateKind, validity: (i64, i64)) -> Self {
        let (not_before, not_after) = validity;
        let subject = subject.to_owned();
        Self {
            subject,
            public_key,
            kind,
            not_before,
            not_after,
            serial: None,
            alternative_names: Vec::new(),
            key_usage: None,
            algorithm: None,
        }
    }

    /// Signs with a key of this process. Returns the certificate, DER. Errors: as [`Self::sign_with`].
    pub fn sign(&self, issuer: Issuer<'_>, key: &PrivateKey) -> Result<Vec<u8>, CryptoError> {
        self.sign_with(issuer, |algorithm, body| key.sign_message(algorithm, body))
    }

    /// Signs with whatever `sign` does: it is given the algorithm and the bytes to digest and sign, and
    /// returns the signature in PKCS#11's form (for ECDSA r‖s). Returns the certificate, DER. Errors: those
    /// of `sign`; `Malformed` for a subject, date or serial number that cannot be encoded; `InvalidKey` for
    /// an issuer whose key is unknown; `SignatureMismatch` when the signature is not that of the issuer's
    /// key.
    pub fn sign_with<E: From<CryptoError>>(
        &self,
        issuer: Issuer<'_>,
        mut sign: impl FnMut(SignatureAlgorithm, &[u8]) -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        let signer_key = match issuer {
            Issuer::Itself => &self.public_key,
            Issuer::Certificate(certificate) => {
                certificate.public_key.as_ref().ok_or(CryptoError::InvalidKey("the issuing certificate"))?
            }
        };
        let algorithm = match self.algorithm {
            Some(algorithm) => algorithm,
            None => SignatureAlgorithm::for_key(signer_key)?,
        };
        let signer = ExternalSigner { key: EncodedKey(signer_key.to_spki_der()), algorithm };

        let mut builder = self.builder(issuer)?;
        let body = builder.finalize(&signer).map_err(builder_error)?;
        let signature = algorithm.sign_x509(signer_key, &body, &mut sign)?;
        let bits = BitString::from_bytes(&signature).map_err(malformed)?;
        let certificate = builder.assemble(bits, &signer).map_err(builder_error)?;
        Ok(certificate.to_der().map_err(malformed)?)
    }

    fn builder(&self, issuer: Issuer<'_>) -> Result<CertificateBuilder<Profile>, CryptoError> {
        let subject = Name::from_str(&self.subject).map_err(malformed)?;
        let (issuer_name, issuer_key_id) = match issuer {
            Issuer::Itself => (None, None),
            Issuer::Certificate(certificate) => (
                Some(Name::from_der(&certificate.subject).map_err(malformed)?),
                certificate.subject_key_id.clone(),
            ),
        };
        let serial = match &self.serial {
            Some(serial) => SerialNumber::new(serial),
            None => SerialNumber::new(&random_serial()?),
        };
        let validity = Validity::new(time(self.not_before)?, time(self.not_after)?);
        let key = SubjectPublicKeyInfoOwned::from_der(&self.public_key.to_spki_der()).map_err(malformed)?;
        let profile = Profile {
            subject,
            issuer: issuer_name,
            issuer_key_id,
            kind: self.kind.clone(),
            alternative_names: self.alternative_names.clone(),
            key_usage: self.key_usage.unwrap_or_else(|| self.usual_key_usage()),
        };
        CertificateBuilder::new(profile, serial.map_err(malformed)?, validity, key).map_err(builder_error)
    }

    fn usual_key_usage(&self) -> KeyUsage {
        match self.kind {
            CertificateKind::Authority { .. } => KeyUsage::AUTHORITY,
            CertificateKind::EndEntity { .. } => KeyUsage::for_key(&self.public_key),
        }
    }
}

/// Names and extensions of one certificate.
struct Profile {
    subject: Name,
    /// `None` for a self-signed certificate.
    issuer: Option<Name>,
    issuer_key_id: Option<Vec<u8>>,
    kind: CertificateKind,
    alternative_names: Vec<AlternativeName>,
    key_usage: KeyUsage,
}

impl Profile {
    fn authority_key_id(
        &self,
        issuer: SubjectPublicKeyInfoRef<'_>,
    ) -> builder::Result<AuthorityKeyIdentifier> {
        match &self.issuer_key_id {
            Some(id) => Ok(AuthorityKeyIdentifier {
                key_identifier: Some(OctetString::new(id.as_slice())?),
                ..Default::default()
            }),
            None => Ok(AuthorityKeyIdentifier::try_from(issuer)?),
        }
    }
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, subject: &Name) -> Name {
        self.issuer.as_ref().unwrap_or(subject).clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        key: SubjectPublicKeyInfoRef<'_>,
        issuer_key: SubjectPublicKeyInfoRef<'_>,
        body: &TbsCertificate,
    ) -> builder::Result<Vec<Extension>> {
        let mut extensions = Vec::new();
        let mut add = |made: der::Result<Extension>| made.map(|extension| extensions.push(extension));
        let subject = body.subject();
        let (is_authority, path_len) = match self.kind {
            CertificateKind::Authority { path_len } => (true, path_len),
            CertificateKind::EndEntity { .. } => (false, None),
        };
        let constraints = BasicConstraints { ca: is_authority, path_len_constraint: path_len };
        add((&constraints).to_extension(subject, &[]))?;
        if !self.key_usage.is_empty() {
            add(extension(rfc5280::ID_CE_KEY_USAGE, true, self.key_usage.to_der()))?;
        }
        add((&SubjectKeyIdentifier::try_from(key)?).to_extension(subject, &[]))?;
        if self.issuer.is_some() {
            add((&self.authority_key_id(issuer_key)?).to_extension(subject, &[]))?;
        }
        if let CertificateKind::EndEntity { purposes } = &self.kind
            && !purposes.is_empty()
        {
            add(extension(rfc5280::ID_CE_EXT_KEY_USAGE, false, purposes_der(purposes)))?;
        }
        if !self.alternative_names.is_empty() {
            add(extension(rfc5280::ID_CE_SUBJECT_ALT_NAME, false, names_der(&self.alternative_names)))?;
        }
        Ok(extensions)
    }
}

/// Key and algorithm of the issuer, in the traits that the builder asks for.
struct ExternalSigner {
    key: EncodedKey,
    algorithm: SignatureAlgorithm,
}

/// A SubjectPublicKeyInfo, DER.
#[derive(Clone)]
struct EncodedKey(Vec<u8>);

impl Keypair for ExternalSigner {
    type VerifyingKey = EncodedKey;

    fn verifying_key(&self) -> EncodedKey {
        self.key.clone()
    }
}

impl DynSignatureAlgorithmIdentifier for ExternalSigner {
    fn signature_algorithm_identifier(&self) -> spki::Result<AlgorithmIdentifierOwned> {
        Ok(self.algorithm.identifier())
    }
}

impl EncodePublicKey for EncodedKey {
    fn to_public_key_der(&self) -> spki::Result<Document> {
        Ok(Document::try_from(self.0.as_slice())?)
    }
}

fn extension(id: ObjectIdentifier, critical: bool, value: Vec<u8>) -> der::Result<Extension> {
    Ok(Extension { extn_id: id, critical, extn_value: OctetString::new(value)? })
}

/// 16 random bytes, positive, of full length.
fn random_serial() -> Result<Vec<u8>, CryptoError> {
    let mut serial = random::bytes(16)?;
    if let Some(first) = serial.first_mut() {
        *first = *first & 0x7F | 0x40;
    }
    Ok(serial)
}

/// UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280, 4.1.2.5).
fn time(unix: i64) -> Result<Time, CryptoError> {
    let out_of_range = |_| malformed(der::ErrorKind::DateTime.into());
    let moment =
        DateTime::from_unix_duration(Duration::from_secs(u64::try_from(unix).map_err(out_of_range)?))
            .map_err(malformed)?;
    match UtcTime::from_date_time(moment) {
        Ok(time) => Ok(Time::UtcTime(time)),
        Err(_) => Ok(Time::GeneralTime(GeneralizedTime::from_date_time(moment))),
    }
}

fn malformed(source: der::Error) -> CryptoError {
    CryptoError::Malformed { what: WHAT, source }
}

fn builder_error(error: builder::Error) -> CryptoError {
    match error {
        builder::Error::Asn1(source) => malformed(source),
        _ => malformed(der::ErrorKind::Failed.into()),
    }
}

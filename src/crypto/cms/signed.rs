//! Making SignedData (RFC 5652, 5) with the attributes of CAdES-BES (ETSI EN 319 122-1, 5): one signer, whose key may be
//! anywhere. The content is needed only where it goes along; else its digest is enough.

use std::time::Duration;

use const_oid::ObjectIdentifier;
use const_oid::db::{rfc5911, rfc5912};
use der::asn1::{GeneralizedTime, UtcTime};
use der::{DateTime, Encode};

use super::{ID_DATA, ID_SIGNED_DATA, content_info, malformed};
use crate::codec::tlv;
use crate::crypto::asn1::{TAG_INTEGER, TAG_NULL, TAG_OCTET_STRING, TAG_OID, TAG_SEQUENCE, TAG_SET};
use crate::crypto::signature_algorithm::x509_signature;
use crate::crypto::{CertificateDetails, CryptoError, DigestAlgorithm, PublicKey, SignatureAlgorithm};

/// Who signs, how, and which certificates go along.
#[derive(Debug, Clone)]
pub struct SignedDataBuilder {
    algorithm: SignatureAlgorithm,
    leaf: CertificateDetails,
    public: PublicKey,
    /// Leaf, issuers.
    certificates: Vec<CertificateDetails>,
}

impl SignedDataBuilder {
    /// The signer is the key of the first certificate; the others go along. Errors: `InvalidKey` when there is no
    /// certificate, or its key is of a kind that we do not have.
    pub fn new(
        algorithm: SignatureAlgorithm,
        certificates: Vec<CertificateDetails>,
    ) -> Result<Self, CryptoError> {
        let leaf = certificates.first().cloned().ok_or(CryptoError::InvalidKey("CMS"))?;
        let public = leaf.public_key.clone().ok_or(CryptoError::InvalidKey("CMS"))?;
        Ok(Self { algorithm, leaf, public, certificates })
    }

    /// The digest of the content: that of the signature; SHA-512 with Ed25519 (RFC 8419, 3.1).
    pub fn digest(&self) -> DigestAlgorithm {
        self.algorithm.digest().unwrap_or(DigestAlgorithm::Sha512)
    }

    /// The signed attributes, DER SET OF: what is digested and signed in place of the content. `signing_time` is Unix
    /// time. Errors: `Malformed` for a time that has no date.
    pub fn attributes(&self, content_digest: &[u8], signing_time: i64) -> Result<Vec<u8>, CryptoError> {
        let mut attributes = [
            attribute(&rfc5911::ID_CONTENT_TYPE, &tlv::encode(TAG_OID, ID_DATA.as_bytes())),
            attribute(&rfc5911::ID_MESSAGE_DIGEST, &tlv::encode(TAG_OCTET_STRING, content_digest)),
            attribute(&rfc5911::ID_SIGNING_TIME, &time_der(signing_time)?),
            attribute(&ID_SIGNING_CERTIFICATE_V2, &self.signing_certificate()),
        ];
        // X.690, 11.6: the elements of a SET OF in the order of their bytes.
        attributes.sort();
        Ok(tlv::encode(TAG_SET, &attributes.concat()))
    }

    /// The whole, a ContentInfo in DER, from the attributes and their signature (PKCS#11's form: for ECDSA r‖s).
    /// Errors: `SignatureMismatch` when the signature is not that of the certificate's key.
    pub fn assemble(
        &self,
        attributes: &[u8],
        signature: &[u8],
        content: Option<&[u8]>,
    ) -> Result<Vec<u8>, CryptoError> {
        if !self.algorithm.verify_plain(&self.public, attributes, signature)? {
            return Err(CryptoError::SignatureMismatch);
        }
        let mut encapsulated = tlv::encode(TAG_OID, ID_DATA.as_bytes());
        if let Some(content) = content {
            tlv::write(&mut encapsulated, TAG_EXPLICIT_0, &tlv::encode(TAG_OCTET_STRING, content));
        }
        let mut certificates: Vec<&[u8]> =
            self.certificates.iter().map(|found| found.der.as_slice()).collect();
        certificates.sort_unstable();
        certificates.dedup();
        let signer = self.signer_info(attributes, &x509_signature(&self.public, signature)?)?;
        let mut fields = tlv::encode(TAG_INTEGER, &[VERSION_1]);
        tlv::write(&mut fields, TAG_SET, &self.digest().identifier_der());
        tlv::write(&mut fields, TAG_SEQUENCE, &encapsulated);
        tlv::write(&mut fields, TAG_IMPLICIT_0, &certificates.concat());
        tlv::write(&mut fields, TAG_SET, &signer);
        Ok(content_info(&ID_SIGNED_DATA, &tlv::encode(TAG_SEQUENCE, &fields)))
    }

    /// SignerInfo (RFC 5652, 5.3), which names the certificate by issuer and serial number.
    fn signer_info(&self, attributes: &[u8], signature: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut name = self.leaf.issuer.clone();
        name.extend_from_slice(&self.leaf.serial);
        let mut fields = tlv::encode(TAG_INTEGER, &[VERSION_1]);
        tlv::write(&mut fields, TAG_SEQUENCE, &name);
        fields.extend_from_slice(&self.digest().identifier_der());
        // RFC 5652, 5.4: the SET's tag is signed, in its place stands [0].
        tlv::write(&mut fields, TAG_IMPLICIT_0, tlv::find(attributes, TAG_SET).unwrap_or_default());
        fields.extend_from_slice(&self.signature_identifier()?);
        tlv::write(&mut fields, TAG_OCTET_STRING, signature);
        Ok(tlv::encode(TAG_SEQUENCE, &fields))
    }

    /// RFC 5754, 3.2 and RFC 4055, 5: for PKCS#1 v1.5 every reader knows rsaEncryption, the digest is named already.
    fn signature_identifier(&self) -> Result<Vec<u8>, CryptoError> {
        match self.algorithm {
            SignatureAlgorithm::RsaPkcs1(_) => {
                let mut fields = tlv::encode(TAG_OID, rfc5912::RSA_ENCRYPTION.as_bytes());
                tlv::write(&mut fields, TAG_NULL, &[]);
                Ok(tlv::encode(TAG_SEQUENCE, &fields))
            }
            algorithm => algorithm.identifier().to_der().map_err(|_| malformed(WHAT)),
        }
    }

    /// SigningCertificateV2 (RFC 5035, 3) with the one certificate, by SHA-256 (the default), issuer and serial number.
    fn signing_certificate(&self) -> Vec<u8> {
        let mut issuer_serial =
            tlv::encode(TAG_SEQUENCE, &tlv::encode(TAG_DIRECTORY_NAME, &self.leaf.issuer));
        issuer_serial.extend_from_slice(&self.leaf.serial);
        let mut id = tlv::encode(TAG_OCTET_STRING, &self.leaf.fingerprint_sha256());
        tlv::write(&mut id, TAG_SEQUENCE, &issuer_serial);
        let ids = tlv::encode(TAG_SEQUENCE, &tlv::encode(TAG_SEQUENCE, &id));
        tlv::encode(TAG_SEQUENCE, &ids)
    }
}

/// Attribute (RFC 5652, 5.3) with one value.
fn attribute(id: &ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    let mut fields = tlv::encode(TAG_OID, id.as_bytes());
    tlv::write(&mut fields, TAG_SET, value);
    tlv::encode(TAG_SEQUENCE, &fields)
}

/// Time (RFC 5652, 11.3): UTCTime up to 2049.
fn time_der(unix_time: i64) -> Result<Vec<u8>, CryptoError> {
    let since = Duration::from_secs(u64::try_from(unix_time).map_err(|_| malformed(WHAT))?);
    let date = DateTime::from_unix_duration(since).map_err(|_| malformed(WHAT))?;
    let der = match UtcTime::from_date_time(date) {
        Ok(time) => time.to_der(),
        Err(_) => GeneralizedTime::from_date_time(date).to_der(),
    };
    der.map_err(|_| malformed(WHAT))
}

/// id-aa-signingCertificateV2 (RFC 5035, 3).
pub(super) const ID_SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

const WHAT: &str = "signed data";
/// RFC 5652, 5.1 and 5.3: content of the kind data, certificates of X.509 only, the signer by issuer and number.
const VERSION_1: u8 = 1;
const TAG_EXPLICIT_0: u32 = 0xA0;
const TAG_IMPLICIT_0: u32 = 0xA0;
/// GeneralName, directoryName (RFC 5280, 4.2.1.6).
const TAG_DIRECTORY_NAME: u32 = 0xA4;

//! X.509 certificates (RFC 5280): what of them a token needs to know.

/// The parts of a certificate that chains, attributes and tables are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct CertificateDetails {
    /// The whole certificate, DER.
    pub der: Vec<u8>,
    /// Subject, DER Name.
    pub subject: Vec<u8>,
    /// Issuer, DER Name.
    pub issuer: Vec<u8>,
    /// Serial number, DER INTEGER with tag and length.
    pub serial: Vec<u8>,
    /// Subject key identifier, if the certificate has one.
    pub subject_key_id: Option<Vec<u8>>,
    /// Key identifier of the issuer, if the certificate names one.
    pub authority_key_id: Option<Vec<u8>>,
    /// First second of validity, Unix time.
    pub not_before: i64,
    /// Last second of validity, Unix time.
    pub not_after: i64,
    /// Basic constraints say that it is a certification authority.
    pub is_authority: bool,
    /// The certified key, when it is of a family that we have.
    pub public_key: Option<super::PublicKey>,
    /// SubjectPublicKeyInfo, DER.
    pub public_key_info: Vec<u8>,
}

//! Algorithms of content encryption and their parameters (RFC 3565 for AES-CBC, RFC 5084 for AES-GCM, RFC 3370 for
//! the triple DES of old messages).

use const_oid::ObjectIdentifier;

use crate::codec::{Secret, tlv};
use crate::crypto::aes::gcm::{GCM_NONCE_LEN, GCM_TAG_LEN};
use crate::crypto::asn1::{Cursor, TAG_INTEGER, TAG_OCTET_STRING, TAG_OID, TAG_SEQUENCE};
use crate::crypto::cms::CmsError;
use crate::crypto::cms::oid::{
    AES_128_CBC, AES_128_GCM, AES_192_CBC, AES_192_GCM, AES_256_CBC, AES_256_GCM, DES_EDE3_CBC, oid_text,
};
use crate::crypto::{CryptoError, random};

/// A cipher for contents, with a key of 128, 192 or 256 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentCipher {
    /// AES-GCM: whoever changes the message is found out.
    AesGcm(u32),
    /// AES-CBC: older receivers know it; changes of the message are not found out.
    AesCbc(u32),
    /// Triple DES in CBC mode, for reading what old programs write.
    TripleDes,
}

impl ContentCipher {
    /// The name on the command line: `aes-256-gcm`.
    pub fn name(self) -> String {
        match self {
            Self::AesGcm(bits) => format!("aes-{bits}-gcm"),
            Self::AesCbc(bits) => format!("aes-{bits}-cbc"),
            Self::TripleDes => "des-ede3-cbc".to_owned(),
        }
    }

    /// True for a cipher whose messages nobody can change unseen.
    pub fn is_authenticated(self) -> bool {
        matches!(self, Self::AesGcm(_))
    }

    /// Bytes of the key.
    pub fn key_len(self) -> usize {
        match self {
            Self::AesGcm(bits) | Self::AesCbc(bits) => bits as usize / 8,
            Self::TripleDes => 24,
        }
    }

    /// A new key. Errors: `NoRandom`.
    pub fn generate_key(self) -> Result<Secret, CryptoError> {
        random::secret(self.key_len())
    }

    /// Bytes of a block.
    pub(super) fn block_len(self) -> usize {
        if self == Self::TripleDes { 8 } else { 16 }
    }

    fn oid(self) -> ObjectIdentifier {
        match self {
            Self::AesGcm(128) => AES_128_GCM,
            Self::AesGcm(192) => AES_192_GCM,
            Self::AesGcm(_) => AES_256_GCM,
            Self::AesCbc(128) => AES_128_CBC,
            Self::AesCbc(192) => AES_192_CBC,
            Self::AesCbc(_) => AES_256_CBC,
            Self::TripleDes => DES_EDE3_CBC,
        }
    }
}

/// A cipher and what of it stands in the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CipherParameters {
    pub cipher: ContentCipher,
    /// Nonce or initial vector.
    pub nonce: Vec<u8>,
    /// Bytes of the tag; 0 without one.
    pub tag_len: usize,
}

impl CipherParameters {
    /// Of a new message. Errors: `NoRandom`.
    pub fn generate(cipher: ContentCipher) -> Result<Self, CryptoError> {
        let (nonce_len, tag_len) =
            if cipher.is_authenticated() { (GCM_NONCE_LEN, GCM_TAG_LEN) } else { (cipher.block_len(), 0) };
        Ok(Self { cipher, nonce: random::bytes(nonce_len)?, tag_len })
    }

    /// AlgorithmIdentifier, DER.
    pub fn to_der(&self) -> Vec<u8> {
        let nonce = tlv::encode(TAG_OCTET_STRING, &self.nonce);
        let parameters = if self.cipher.is_authenticated() {
            let tag_len = tlv::encode(TAG_INTEGER, &[u8::try_from(self.tag_len).unwrap_or_default()]);
            tlv::encode(TAG_SEQUENCE, &[nonce, tag_len].concat())
        } else {
            nonce
        };
        let oid = tlv::encode(TAG_OID, self.cipher.oid().as_bytes());
        tlv::encode(TAG_SEQUENCE, &[oid, parameters].concat())
    }

    /// Reads an AlgorithmIdentifier. Errors: `Unsupported`, `Malformed`.
    pub fn from_der(der: &[u8]) -> Result<Self, CmsError> {
        let mut fields = Cursor::new(der, WHAT).expect(TAG_SEQUENCE)?.children(WHAT);
        let oid = fields.expect(TAG_OID)?.oid().ok_or(CmsError::Malformed(WHAT))?;
        let known = KNOWN.into_iter().find(|cipher| cipher.oid() == oid);
        let cipher = known.ok_or_else(|| CmsError::Unsupported(format!("the cipher {}", oid_text(&oid))))?;
        let parameters = if cipher.is_authenticated() {
            let mut fields = fields.expect(TAG_SEQUENCE)?.children(WHAT);
            let nonce = fields.expect(TAG_OCTET_STRING)?.value.to_vec();
            let tag_len = match fields.optional(TAG_INTEGER).map(|element| element.value) {
                None => GCM_DEFAULT_TAG_LEN,
                Some([len]) => usize::from(*len),
                Some(_) => return Err(CmsError::Malformed(WHAT)),
            };
            Self { cipher, nonce, tag_len }
        } else {
            Self { cipher, nonce: fields.expect(TAG_OCTET_STRING)?.value.to_vec(), tag_len: 0 }
        };
        parameters.check()
    }

    fn check(self) -> Result<Self, CmsError> {
        let is_right = if self.cipher.is_authenticated() {
            !self.nonce.is_empty() && (GCM_DEFAULT_TAG_LEN..=GCM_TAG_LEN).contains(&self.tag_len)
        } else {
            self.nonce.len() == self.cipher.block_len()
        };
        if is_right {
            return Ok(self);
        }
        let (nonce, tag) = (self.nonce.len(), self.tag_len);
        let name = self.cipher.name();
        Err(CmsError::Unsupported(format!("{name} with a nonce of {nonce} bytes and a tag of {tag}")))
    }
}

const WHAT: &str = "the content encryption algorithm";
/// RFC 5084, 3.2.
const GCM_DEFAULT_TAG_LEN: usize = 12;

/// Every cipher that is read.
const KNOWN: [ContentCipher; 7] = [
    ContentCipher::AesGcm(128),
    ContentCipher::AesGcm(192),
    ContentCipher::AesGcm(256),
    ContentCipher::AesCbc(128),
    ContentCipher::AesCbc(192),
    ContentCipher::AesCbc(256),
    ContentCipher::TripleDes,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithm_identifier_goes_both_ways() {
        for cipher in KNOWN {
            let parameters = CipherParameters::generate(cipher).unwrap();
            assert_eq!(CipherParameters::from_der(&parameters.to_der()).unwrap(), parameters);
        }
        // The length of the tag left out: 12 bytes.
        let der = CipherParameters { tag_len: 12, ..CipherParameters::generate(KNOWN[2]).unwrap() }.to_der();
        let mut short = der.clone();
        short.truncate(der.len() - 3);
        short[1] -= 3;
        let sequence = short.len() - 16 + 1;
        short[sequence] -= 3;
        assert_eq!(CipherParameters::from_der(&short).unwrap().tag_len, 12);
    }

    #[test]
    fn algorithm_identifier_of_another_shape_is_refused() {
        for (cipher, nonce_len, tag_len) in [
            (ContentCipher::AesGcm(256), 0, 16),
            (ContentCipher::AesGcm(256), 12, 8),
            (ContentCipher::AesGcm(256), 12, 17),
            (ContentCipher::AesCbc(128), 12, 0),
            (ContentCipher::TripleDes, 16, 0),
        ] {
            let der = CipherParameters { cipher, nonce: vec![1; nonce_len], tag_len }.to_der();
            assert!(matches!(CipherParameters::from_der(&der), Err(CmsError::Unsupported(_))), "{cipher:?}");
            for end in 0..der.len() {
                assert!(CipherParameters::from_der(&der[..end]).is_err());
            }
        }
    }
}

//! Plans: how one operation with one key is split between host and card. Values and pure host-side steps.

use crate::card::Abilities;
use crate::crypto::ed25519::domain::{Domain, verify_in};
use crate::crypto::rsa::{OaepParameters, PssParameters};
use crate::crypto::{CryptoError, Curve, DigestAlgorithm, PublicKey, ec, ed25519, rsa};
use crate::engine::error::Error;
use crate::token::KeyAlgorithm;

/// What a caller wants of a mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is that of the standard")]
pub enum Purpose {
    Digest,
    Sign,
    SignRecover,
    Verify,
    VerifyRecover,
    Encrypt,
    Decrypt,
    Wrap,
    Unwrap,
    Derive,
}

impl Purpose {
    /// True for what makes cipher text.
    pub fn is_encryption(self) -> bool {
        matches!(self, Self::Encrypt | Self::Wrap)
    }

    /// True for what reads cipher text.
    pub fn is_decryption(self) -> bool {
        matches!(self, Self::Decrypt | Self::Unwrap)
    }
}

/// What a plan needs to know of a key.
#[derive(Debug, Clone, Copy)]
pub struct KeyFacts<'a> {
    /// Algorithm and size.
    pub algorithm: KeyAlgorithm,
    /// What the card can do; `None` for a key whose value is on the host.
    pub card: Option<&'a Abilities>,
}

/// How an operation is done: the host digests, then encodes, then the primitive computes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The host digests the data first.
    pub digest: Option<DigestAlgorithm>,
    /// What the host does around the primitive.
    pub encoding: Encoding,
    /// The computation itself.
    pub primitive: Primitive,
    /// Length of the output in bytes, at most.
    pub output_len: usize,
}

/// What the host does before the primitive (or, to decrypt, after it).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encoding {
    /// Nothing.
    Plain,
    /// Data of at most `max` bytes, as it is: the card pads it.
    Limited {
        /// Longest data in bytes.
        max: usize,
    },
    /// DigestInfo around the digest (RFC 8017, 9.2).
    DigestInfo(DigestAlgorithm),
    /// The PKCS#1 v1.5 signature block around DigestInfo, or around the data where the caller made it.
    Pkcs1Block {
        /// Digest of the DigestInfo; `None` when the data is one already.
        digest_info: Option<DigestAlgorithm>,
        /// Length of the block in bytes.
        modulus_len: usize,
    },
    /// A digest of this algorithm, as it is.
    DigestOf(DigestAlgorithm),
    /// The PSS block around the digest, with a new salt.
    Pss {
        /// Digest, mask, salt length.
        parameters: PssParameters,
        /// Size of the key.
        modulus_bits: u32,
    },
    /// Zeros in front, up to the modulus.
    ZeroPadded {
        /// Length of the block in bytes.
        modulus_len: usize,
    },
    /// The leftmost bits, as many as the curve's order has (FIPS 186-5, 6.4).
    LeftmostBits {
        /// So many.
        bits: u32,
    },
    /// The data must have this length.
    Exactly {
        /// In bytes.
        len: usize,
    },
    /// The data must have the modulus' length; afterwards the PKCS#1 v1.5 encryption padding comes off.
    Pkcs1Unpad {
        /// Length of the block in bytes.
        modulus_len: usize,
    },
    /// The PKCS#1 v1.5 encryption padding goes around the data.
    Pkcs1Pad {
        /// Longest data in bytes.
        longest: usize,
    },
    /// The same with OAEP.
    OaepPad {
        /// Digest, mask, label.
        parameters: OaepParameters,
        /// Longest data in bytes.
        longest: usize,
    },
    /// The message itself, or its digest, in a domain of Ed25519.
    EdwardsDomain(Domain),
    /// A cipher mode around the block cipher.
    Cipher(CipherMode),
    /// The same with OAEP.
    OaepUnpad {
        /// Digest, mask, label.
        parameters: OaepParameters,
        /// Length of the block in bytes.
        modulus_len: usize,
    },
}

/// Modes of a block cipher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CipherMode {
    /// Block by block.
    Ecb,
    /// Chained.
    Cbc {
        /// Initial vector.
        iv: [u8; 16],
        /// The last block is filled up (PKCS#7).
        padded: bool,
    },
    /// A stream from a counter.
    Ctr {
        /// The first counter block.
        block: [u8; 16],
        /// So many of its lowest bits count.
        bits: u32,
    },
    /// A stream with a tag at its end.
    Gcm {
        /// Nonce.
        nonce: Vec<u8>,
        /// What is authenticated but not encrypted.
        associated_data: Vec<u8>,
        /// Bytes of the tag.
        tag_len: usize,
    },
}

/// Message authentication codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MacKind {
    /// HMAC over a digest.
    Hmac(DigestAlgorithm),
    /// CMAC with AES.
    Cmac,
}

/// A computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Primitive {
    /// The host's digest is the result.
    Digest,
    /// RSA private operation on the card, on a block as long as the modulus.
    RsaRaw,
    /// RSA PKCS#1 v1.5 signature on the card, which pads.
    RsaSignPkcs1,
    /// RSA PKCS#1 v1.5 decryption on the card, which takes the padding off.
    RsaDecryptPkcs1,
    /// ECDSA on the card.
    Ecdsa,
    /// Ed25519 on the card, over the message itself.
    Ed25519,
    /// RSA PKCS#1 v1.5 verification on the host.
    VerifyRsaPkcs1,
    /// RSA-PSS verification on the host.
    VerifyRsaPss(PssParameters),
    /// RSA public operation and comparison on the host.
    VerifyRsaRaw,
    /// ECDSA verification on the host.
    VerifyEcdsa,
    /// Ed25519 verification on the host.
    VerifyEd25519,
    /// RSA public operation on the host.
    RsaPublic,
    /// RSA public operation on the host, and what is in the PKCS#1 v1.5 signature block.
    RecoverRsaPkcs1,
    /// RSA public operation on the host, and the whole block.
    RecoverRsaRaw,
    /// AES, in the mode of the encoding.
    Aes,
    /// AES key wrap; with padding where that is said.
    AesKeyWrap {
        /// The form of RFC 5649.
        padded: bool,
    },
    /// A message authentication code.
    Mac(MacKind),
    /// ECDH.
    Ecdh,
    /// X25519.
    X25519,
    /// HKDF on the host.
    Hkdf,
}

impl Plan {
    /// Longest input in bytes when the host does not digest it; `None` = no limit.
    pub fn input_limit(&self) -> Option<usize> {
        if self.digest.is_some() {
            return None;
        }
        match self.encoding {
            Encoding::Plain | Encoding::DigestInfo(_) | Encoding::EdwardsDomain(_) | Encoding::Cipher(_) => {
                None
            }
            Encoding::Limited { max } => Some(max),
            Encoding::Pkcs1Block { modulus_len, .. } => Some(modulus_len.saturating_sub(PKCS1_OVERHEAD)),
            Encoding::DigestOf(hash) | Encoding::Pss { parameters: PssParameters { hash, .. }, .. } => {
                Some(hash.output_len())
            }
            Encoding::ZeroPadded { modulus_len }
            | Encoding::Pkcs1Unpad { modulus_len }
            | Encoding::OaepUnpad { modulus_len, .. } => Some(modulus_len),
            Encoding::Pkcs1Pad { longest } | Encoding::OaepPad { longest, .. } => Some(longest),
            Encoding::LeftmostBits { .. } => Some(RAW_DIGEST_LIMIT),
            Encoding::Exactly { len } => Some(len),
        }
    }

    /// The block for the primitive: `input` is the data, or its digest where the plan has one.
    /// Errors: `DataLength`, `EncryptedDataLength`.
    pub fn encode(&self, input: &[u8]) -> Result<Vec<u8>, Error> {
        if let Some(limit) = self.input_limit()
            && input.len() > limit
        {
            return Err(self.length_error(input.len(), limit));
        }
        match self.encoding {
            // What pads with random bytes does so around the public operation.
            Encoding::Plain
            | Encoding::Limited { .. }
            | Encoding::EdwardsDomain(_)
            | Encoding::Cipher(_)
            | Encoding::Pkcs1Pad { .. }
            | Encoding::OaepPad { .. } => Ok(input.to_vec()),
            Encoding::DigestInfo(digest) => Ok(digest.digest_info(input)),
            Encoding::Pkcs1Block { digest_info, modulus_len } => {
                let content = digest_info.map_or_else(|| input.to_vec(), |digest| digest.digest_info(input));
                rsa::pkcs1_sign_encode(&content, modulus_len).map_err(|error| match error {
                    CryptoError::InputLength { actual, .. } => {
                        let limit = modulus_len.saturating_sub(PKCS1_OVERHEAD);
                        Error::DataLength { actual, limit }
                    }
                    other => Error::Crypto(other),
                })
            }
            Encoding::DigestOf(hash) => of_digest_len(hash, input).map(<[u8]>::to_vec),
            Encoding::Pss { parameters, modulus_bits } => {
                rsa::pss_encode(&parameters, of_digest_len(parameters.hash, input)?, modulus_bits)
                    .map_err(Error::Crypto)
            }
            Encoding::ZeroPadded { modulus_len } => {
                let mut block = vec![0; modulus_len.saturating_sub(input.len())];
                block.extend_from_slice(input);
                Ok(block)
            }
            Encoding::LeftmostBits { bits } if !input.is_empty() => Ok(leftmost_bits(input, bits)),
            Encoding::LeftmostBits { .. } => Err(Error::DataLength { actual: 0, limit: RAW_DIGEST_LIMIT }),
            Encoding::Exactly { len }
            | Encoding::Pkcs1Unpad { modulus_len: len }
            | Encoding::OaepUnpad { modulus_len: len, .. } => {
                if input.len() == len {
                    Ok(input.to_vec())
                } else {
                    Err(self.length_error(input.len(), len))
                }
            }
        }
    }

    /// Checks a signature on the host. `block` is what [`Plan::encode`] gave.
    /// Errors: `SignatureLength`, `SignatureInvalid`.
    pub fn verify(&self, public: &PublicKey, block: &[u8], signature: &[u8]) -> Result<(), Error> {
        if signature.len() != self.output_len {
            return Err(Error::SignatureLength { actual: signature.len(), expected: self.output_len });
        }
        let valid = match self.primitive {
            Primitive::VerifyRsaPkcs1 => rsa::pkcs1_verify(public, block, signature),
            Primitive::VerifyRsaPss(parameters) => rsa::pss_verify(public, &parameters, block, signature),
            Primitive::VerifyRsaRaw => match rsa::public_raw(public, signature) {
                Ok(recovered) => Ok(recovered == block),
                Err(CryptoError::BlockTooLarge) => Ok(false),
                Err(error) => Err(error),
            },
            Primitive::VerifyEcdsa => ec::verify(public, block, signature),
            Primitive::VerifyEd25519 => {
                let key = public.bytes_25519().unwrap_or_default();
                match &self.encoding {
                    Encoding::EdwardsDomain(domain) => verify_in(key, domain, block, signature),
                    _ => ed25519::verify(key, block, signature),
                }
            }
            _ => return Err(Error::NotSupported("verification by the key")),
        };
        if valid.map_err(Error::Crypto)? { Ok(()) } else { Err(Error::SignatureInvalid) }
    }

    fn length_error(&self, actual: usize, limit: usize) -> Error {
        match self.encoding {
            Encoding::Exactly { len }
            | Encoding::Pkcs1Unpad { modulus_len: len }
            | Encoding::OaepUnpad { modulus_len: len, .. } => {
                Error::EncryptedDataLength { actual, expected: len }
            }
            _ => Error::DataLength { actual, limit },
        }
    }
}

/// A digest, if it has the length of its algorithm. Errors: `DataLength`.
fn of_digest_len(algorithm: DigestAlgorithm, digest: &[u8]) -> Result<&[u8], Error> {
    let limit = algorithm.output_len();
    if digest.len() == limit { Ok(digest) } else { Err(Error::DataLength { actual: digest.len(), limit }) }
}

/// Bytes of an RSA modulus; `None` when its size is not known.
pub(super) fn modulus_len(modulus_bits: u32) -> Option<usize> {
    (modulus_bits != 0).then(|| modulus_bits.div_ceil(8) as usize)
}

/// Bytes of an ECDSA signature r‖s.
pub(super) fn ecdsa_len(curve: Curve) -> usize {
    2 * curve.field_len()
}

/// The leftmost `bits` of a digest as a number in as few bytes as hold them; a shorter digest as it is.
fn leftmost_bits(digest: &[u8], bits: u32) -> Vec<u8> {
    let bits = bits as usize;
    if digest.len() * 8 <= bits {
        return digest.to_vec();
    }
    let mut number: Vec<u8> = digest.iter().copied().take(bits.div_ceil(8)).collect();
    let shift = number.len() * 8 - bits;
    if shift > 0 {
        let mut carry = 0u16;
        for byte in &mut number {
            let wide = carry << 8 | u16::from(*byte);
            carry = u16::from(*byte);
            *byte = (wide >> shift) as u8;
        }
    }
    number
}

/// Bytes that PKCS#1 v1.5 padding takes at least (RFC 8017, 7.2.1 and 9.2).
pub(super) const PKCS1_OVERHEAD: usize = 11;
/// No digest is longer; CKM_ECDSA takes up to 1024 bytes and cuts (PKCS#11 3.1, 6.3.12).
const RAW_DIGEST_LIMIT: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftmost_bits_cuts_and_shifts() {
        assert_eq!(leftmost_bits(&[1, 2, 3], 256), [1, 2, 3]);
        assert_eq!(leftmost_bits(&[0xAB; 48], 256), [0xAB; 32]);
        // 521 of 528 bits: everything moves seven bits to the right.
        let cut = leftmost_bits(&[0xFF; 70], 521);
        assert_eq!(cut.len(), 66);
        assert_eq!((cut[0], cut[1], cut[65]), (0x01, 0xFF, 0xFF));
        let mut digest = [0u8; 66];
        digest[0] = 0x80;
        digest[65] = 0x80;
        let cut = leftmost_bits(&digest, 521);
        assert_eq!((cut[0], cut[1], cut[65]), (0x01, 0x00, 0x01));
    }

    #[test]
    fn encode_too_long_data_is_refused_with_the_limit() {
        let plan = Plan {
            digest: None,
            encoding: Encoding::Pkcs1Block { digest_info: None, modulus_len: 128 },
            primitive: Primitive::RsaRaw,
            output_len: 128,
        };
        assert!(plan.encode(&[0; 117]).is_ok());
        assert!(matches!(plan.encode(&[0; 118]), Err(Error::DataLength { actual: 118, limit: 117 })));
    }

    #[test]
    fn encode_cipher_text_of_another_length_is_refused() {
        let plan = Plan {
            digest: None,
            encoding: Encoding::Pkcs1Unpad { modulus_len: 128 },
            primitive: Primitive::RsaRaw,
            output_len: 117,
        };
        for actual in [0, 127, 129] {
            let error = plan.encode(&vec![0; actual]);
            assert!(matches!(error, Err(Error::EncryptedDataLength { expected: 128, .. })), "{actual}");
        }
    }
}

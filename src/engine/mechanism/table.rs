//! Every mechanism that there is, once.

use super::aes_cbc::AesCbc;
use super::aes_cmac::AesCmac;
use super::aes_ctr::AesCtr;
use super::aes_ecb::AesEcb;
use super::aes_gcm::AesGcm;
use super::aes_key_wrap::AesKeyWrap;
use super::digest::Digest;
use super::ecdh::Ecdh;
use super::ecdsa::Ecdsa;
use super::eddsa::Eddsa;
use super::generation::Generation;
use super::hkdf::Hkdf;
use super::hmac::Hmac;
use super::rsa_oaep::RsaOaep;
use super::rsa_pkcs::RsaPkcs;
use super::rsa_pss::RsaPss;
use super::rsa_x509::RsaX509;
use super::{Mechanism, MechanismId};
use crate::crypto::DigestAlgorithm;

/// Every mechanism.
pub(super) static TABLE: &[&dyn Mechanism] = &[
    &Generation { id: MechanismId::RSA_PKCS_KEY_PAIR_GEN },
    &Generation { id: MechanismId::EC_KEY_PAIR_GEN },
    &Generation { id: MechanismId::EC_EDWARDS_KEY_PAIR_GEN },
    &Generation { id: MechanismId::EC_MONTGOMERY_KEY_PAIR_GEN },
    &Generation { id: MechanismId::AES_KEY_GEN },
    &Generation { id: MechanismId::GENERIC_SECRET_KEY_GEN },
    &RsaPkcs { id: MechanismId::RSA_PKCS, digest: None },
    &RsaX509,
    &RsaPkcs { id: MechanismId::SHA1_RSA_PKCS, digest: Some(DigestAlgorithm::Sha1) },
    &RsaPkcs { id: MechanismId::SHA224_RSA_PKCS, digest: Some(DigestAlgorithm::Sha224) },
    &RsaPkcs { id: MechanismId::SHA256_RSA_PKCS, digest: Some(DigestAlgorithm::Sha256) },
    &RsaPkcs { id: MechanismId::SHA384_RSA_PKCS, digest: Some(DigestAlgorithm::Sha384) },
    &RsaPkcs { id: MechanismId::SHA512_RSA_PKCS, digest: Some(DigestAlgorithm::Sha512) },
    &RsaPkcs { id: MechanismId::SHA3_224_RSA_PKCS, digest: Some(DigestAlgorithm::Sha3_224) },
    &RsaPkcs { id: MechanismId::SHA3_256_RSA_PKCS, digest: Some(DigestAlgorithm::Sha3_256) },
    &RsaPkcs { id: MechanismId::SHA3_384_RSA_PKCS, digest: Some(DigestAlgorithm::Sha3_384) },
    &RsaPkcs { id: MechanismId::SHA3_512_RSA_PKCS, digest: Some(DigestAlgorithm::Sha3_512) },
    &RsaOaep,
    &RsaPss { id: MechanismId::RSA_PKCS_PSS, digest: None },
    &RsaPss { id: MechanismId::SHA1_RSA_PKCS_PSS, digest: Some(DigestAlgorithm::Sha1) },
    &RsaPss { id: MechanismId::SHA224_RSA_PKCS_PSS, digest: Some(DigestAlgorithm::Sha224) },
    &RsaPss { id: MechanismId::SHA256_RSA_PKCS_PSS, digest: Some(DigestAlgorithm::Sha256) },
    &RsaPss { id: MechanismId::SHA384_RSA_PKCS_PSS, digest: Some(DigestAlgorithm::Sha384) },
    &RsaPss { id: MechanismId::SHA512_RSA_PKCS_PSS, digest: Some(DigestAlgorithm::Sha512) },
    &RsaPss { id: MechanismId::SHA3_224_RSA_PKCS_PSS, digest: Some(DigestAlgorithm::Sha3_224) },
    &RsaPss { id: MechanismId::SHA3_256_RSA_PKCS_PSS, digest: Some(DigestAlgorithm::Sha3_256) },
    &RsaPss { id: MechanismId::SHA3_384_RSA_PKCS_PSS, digest: Some(DigestAlgorithm::Sha3_384) },
    &RsaPss { id: MechanismId::SHA3_512_RSA_PKCS_PSS, digest: Some(DigestAlgorithm::Sha3_512) },
    &Ecdsa { id: MechanismId::ECDSA, digest: None },
    &Ecdsa { id: MechanismId::ECDSA_SHA1, digest: Some(DigestAlgorithm::Sha1) },
    &Ecdsa { id: MechanismId::ECDSA_SHA224, digest: Some(DigestAlgorithm::Sha224) },
    &Ecdsa { id: MechanismId::ECDSA_SHA256, digest: Some(DigestAlgorithm::Sha256) },
    &Ecdsa { id: MechanismId::ECDSA_SHA384, digest: Some(DigestAlgorithm::Sha384) },
    &Ecdsa { id: MechanismId::ECDSA_SHA512, digest: Some(DigestAlgorithm::Sha512) },
    &Ecdsa { id: MechanismId::ECDSA_SHA3_224, digest: Some(DigestAlgorithm::Sha3_224) },
    &Ecdsa { id: MechanismId::ECDSA_SHA3_256, digest: Some(DigestAlgorithm::Sha3_256) },
    &Ecdsa { id: MechanismId::ECDSA_SHA3_384, digest: Some(DigestAlgorithm::Sha3_384) },
    &Ecdsa { id: MechanismId::ECDSA_SHA3_512, digest: Some(DigestAlgorithm::Sha3_512) },
    &Eddsa,
    &Digest { id: MechanismId::SHA_1, algorithm: DigestAlgorithm::Sha1 },
    &Digest { id: MechanismId::SHA224, algorithm: DigestAlgorithm::Sha224 },
    &Digest { id: MechanismId::SHA256, algorithm: DigestAlgorithm::Sha256 },
    &Digest { id: MechanismId::SHA384, algorithm: DigestAlgorithm::Sha384 },
    &Digest { id: MechanismId::SHA512, algorithm: DigestAlgorithm::Sha512 },
    &Digest { id: MechanismId::SHA3_224, algorithm: DigestAlgorithm::Sha3_224 },
    &Digest { id: MechanismId::SHA3_256, algorithm: DigestAlgorithm::Sha3_256 },
    &Digest { id: MechanismId::SHA3_384, algorithm: DigestAlgorithm::Sha3_384 },
    &Digest { id: MechanismId::SHA3_512, algorithm: DigestAlgorithm::Sha3_512 },
    &Ecdh { id: MechanismId::ECDH1_DERIVE },
    &Ecdh { id: MechanismId::ECDH1_COFACTOR_DERIVE },
    &Hkdf,
    &AesEcb,
    &AesCbc { id: MechanismId::AES_CBC },
    &AesCbc { id: MechanismId::AES_CBC_PAD },
    &AesCtr,
    &AesGcm,
    &AesCmac { id: MechanismId::AES_CMAC },
    &AesCmac { id: MechanismId::AES_CMAC_GENERAL },
    &AesKeyWrap { id: MechanismId::AES_KEY_WRAP },
    &AesKeyWrap { id: MechanismId::AES_KEY_WRAP_PAD },
    &AesKeyWrap { id: MechanismId::AES_KEY_WRAP_KWP },
    &Hmac { id: MechanismId::SHA_1_HMAC, digest: DigestAlgorithm::Sha1, general: false },
    &Hmac { id: MechanismId::SHA_1_HMAC_GENERAL, digest: DigestAlgorithm::Sha1, general: true },
    &Hmac { id: MechanismId::SHA224_HMAC, digest: DigestAlgorithm::Sha224, general: false },
    &Hmac { id: MechanismId::SHA224_HMAC_GENERAL, digest: DigestAlgorithm::Sha224, general: true },
    &Hmac { id: MechanismId::SHA256_HMAC, digest: DigestAlgorithm::Sha256, general: false },
    &Hmac { id: MechanismId::SHA256_HMAC_GENERAL, digest: DigestAlgorithm::Sha256, general: true },
    &Hmac { id: MechanismId::SHA384_HMAC, digest: DigestAlgorithm::Sha384, general: false },
    &Hmac { id: MechanismId::SHA384_HMAC_GENERAL, digest: DigestAlgorithm::Sha384, general: true },
    &Hmac { id: MechanismId::SHA512_HMAC, digest: DigestAlgorithm::Sha512, general: false },
    &Hmac { id: MechanismId::SHA512_HMAC_GENERAL, digest: DigestAlgorithm::Sha512, general: true },
    &Hmac { id: MechanismId::SHA3_224_HMAC, digest: DigestAlgorithm::Sha3_224, general: false },
    &Hmac { id: MechanismId::SHA3_224_HMAC_GENERAL, digest: DigestAlgorithm::Sha3_224, general: true },
    &Hmac { id: MechanismId::SHA3_256_HMAC, digest: DigestAlgorithm::Sha3_256, general: false },
    &Hmac { id: MechanismId::SHA3_256_HMAC_GENERAL, digest: DigestAlgorithm::Sha3_256, general: true },
    &Hmac { id: MechanismId::SHA3_384_HMAC, digest: DigestAlgorithm::Sha3_384, general: false },
    &Hmac { id: MechanismId::SHA3_384_HMAC_GENERAL, digest: DigestAlgorithm::Sha3_384, general: true },
    &Hmac { id: MechanismId::SHA3_512_HMAC, digest: DigestAlgorithm::Sha3_512, general: false },
    &Hmac { id: MechanismId::SHA3_512_HMAC_GENERAL, digest: DigestAlgorithm::Sha3_512, general: true },
];

//! Numbers and names of mechanisms (PKCS#11 3.1, 6). What each does is in its own file.

use std::fmt;

use cryptoki_sys as ck;

use super::names::STANDARD;

/// A mechanism's number (`CKM_…`). Open: any number is one, only the known ones have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MechanismId(pub u64);

#[expect(missing_docs, reason = "each name is that of the standard")]
impl MechanismId {
    pub const RSA_PKCS_KEY_PAIR_GEN: Self = Self(ck::CKM_RSA_PKCS_KEY_PAIR_GEN);
    pub const EC_KEY_PAIR_GEN: Self = Self(ck::CKM_EC_KEY_PAIR_GEN);
    pub const EC_EDWARDS_KEY_PAIR_GEN: Self = Self(ck::CKM_EC_EDWARDS_KEY_PAIR_GEN);
    pub const EC_MONTGOMERY_KEY_PAIR_GEN: Self = Self(ck::CKM_EC_MONTGOMERY_KEY_PAIR_GEN);
    pub const AES_KEY_GEN: Self = Self(ck::CKM_AES_KEY_GEN);
    pub const RSA_PKCS: Self = Self(ck::CKM_RSA_PKCS);
    pub const RSA_X_509: Self = Self(ck::CKM_RSA_X_509);
    pub const SHA1_RSA_PKCS: Self = Self(ck::CKM_SHA1_RSA_PKCS);
    pub const SHA224_RSA_PKCS: Self = Self(ck::CKM_SHA224_RSA_PKCS);
    pub const SHA256_RSA_PKCS: Self = Self(ck::CKM_SHA256_RSA_PKCS);
    pub const SHA384_RSA_PKCS: Self = Self(ck::CKM_SHA384_RSA_PKCS);
    pub const SHA512_RSA_PKCS: Self = Self(ck::CKM_SHA512_RSA_PKCS);
    pub const SHA3_224_RSA_PKCS: Self = Self(ck::CKM_SHA3_224_RSA_PKCS);
    pub const SHA3_256_RSA_PKCS: Self = Self(ck::CKM_SHA3_256_RSA_PKCS);
    pub const SHA3_384_RSA_PKCS: Self = Self(ck::CKM_SHA3_384_RSA_PKCS);
    pub const SHA3_512_RSA_PKCS: Self = Self(ck::CKM_SHA3_512_RSA_PKCS);
    pub const RSA_PKCS_OAEP: Self = Self(ck::CKM_RSA_PKCS_OAEP);
    pub const RSA_PKCS_PSS: Self = Self(ck::CKM_RSA_PKCS_PSS);
    pub const SHA1_RSA_PKCS_PSS: Self = Self(ck::CKM_SHA1_RSA_PKCS_PSS);
    pub const SHA224_RSA_PKCS_PSS: Self = Self(ck::CKM_SHA224_RSA_PKCS_PSS);
    pub const SHA256_RSA_PKCS_PSS: Self = Self(ck::CKM_SHA256_RSA_PKCS_PSS);
    pub const SHA384_RSA_PKCS_PSS: Self = Self(ck::CKM_SHA384_RSA_PKCS_PSS);
    pub const SHA512_RSA_PKCS_PSS: Self = Self(ck::CKM_SHA512_RSA_PKCS_PSS);
    pub const SHA3_224_RSA_PKCS_PSS: Self = Self(ck::CKM_SHA3_224_RSA_PKCS_PSS);
    pub const SHA3_256_RSA_PKCS_PSS: Self = Self(ck::CKM_SHA3_256_RSA_PKCS_PSS);
    pub const SHA3_384_RSA_PKCS_PSS: Self = Self(ck::CKM_SHA3_384_RSA_PKCS_PSS);
    pub const SHA3_512_RSA_PKCS_PSS: Self = Self(ck::CKM_SHA3_512_RSA_PKCS_PSS);
    pub const ECDSA: Self = Self(ck::CKM_ECDSA);
    pub const ECDSA_SHA1: Self = Self(ck::CKM_ECDSA_SHA1);
    pub const ECDSA_SHA224: Self = Self(ck::CKM_ECDSA_SHA224);
    pub const ECDSA_SHA256: Self = Self(ck::CKM_ECDSA_SHA256);
    pub const ECDSA_SHA384: Self = Self(ck::CKM_ECDSA_SHA384);
    pub const ECDSA_SHA512: Self = Self(ck::CKM_ECDSA_SHA512);
    pub const ECDSA_SHA3_224: Self = Self(ck::CKM_ECDSA_SHA3_224);
    pub const ECDSA_SHA3_256: Self = Self(ck::CKM_ECDSA_SHA3_256);
    pub const ECDSA_SHA3_384: Self = Self(ck::CKM_ECDSA_SHA3_384);
    pub const ECDSA_SHA3_512: Self = Self(ck::CKM_ECDSA_SHA3_512);
    pub const EDDSA: Self = Self(ck::CKM_EDDSA);
    pub const SHA_1: Self = Self(ck::CKM_SHA_1);
    pub const SHA224: Self = Self(ck::CKM_SHA224);
    pub const SHA256: Self = Self(ck::CKM_SHA256);
    pub const SHA384: Self = Self(ck::CKM_SHA384);
    pub const SHA512: Self = Self(ck::CKM_SHA512);
    pub const SHA3_224: Self = Self(ck::CKM_SHA3_224);
    pub const SHA3_256: Self = Self(ck::CKM_SHA3_256);
    pub const SHA3_384: Self = Self(ck::CKM_SHA3_384);
    pub const SHA3_512: Self = Self(ck::CKM_SHA3_512);
    pub const GENERIC_SECRET_KEY_GEN: Self = Self(ck::CKM_GENERIC_SECRET_KEY_GEN);
    pub const ECDH1_DERIVE: Self = Self(ck::CKM_ECDH1_DERIVE);
    pub const ECDH1_COFACTOR_DERIVE: Self = Self(ck::CKM_ECDH1_COFACTOR_DERIVE);
    pub const HKDF_DERIVE: Self = Self(ck::CKM_HKDF_DERIVE);
    pub const AES_ECB: Self = Self(ck::CKM_AES_ECB);
    pub const AES_CBC: Self = Self(ck::CKM_AES_CBC);
    pub const AES_CBC_PAD: Self = Self(ck::CKM_AES_CBC_PAD);
    pub const AES_CTR: Self = Self(ck::CKM_AES_CTR);
    pub const AES_GCM: Self = Self(ck::CKM_AES_GCM);
    pub const AES_CMAC: Self = Self(ck::CKM_AES_CMAC);
    pub const AES_CMAC_GENERAL: Self = Self(ck::CKM_AES_CMAC_GENERAL);
    pub const AES_KEY_WRAP: Self = Self(ck::CKM_AES_KEY_WRAP);
    pub const AES_KEY_WRAP_PAD: Self = Self(ck::CKM_AES_KEY_WRAP_PAD);
    pub const AES_KEY_WRAP_KWP: Self = Self(ck::CKM_AES_KEY_WRAP_KWP);
    pub const SHA_1_HMAC: Self = Self(ck::CKM_SHA_1_HMAC);
    pub const SHA_1_HMAC_GENERAL: Self = Self(ck::CKM_SHA_1_HMAC_GENERAL);
    pub const SHA224_HMAC: Self = Self(ck::CKM_SHA224_HMAC);
    pub const SHA224_HMAC_GENERAL: Self = Self(ck::CKM_SHA224_HMAC_GENERAL);
    pub const SHA256_HMAC: Self = Self(ck::CKM_SHA256_HMAC);
    pub const SHA256_HMAC_GENERAL: Self = Self(ck::CKM_SHA256_HMAC_GENERAL);
    pub const SHA384_HMAC: Self = Self(ck::CKM_SHA384_HMAC);
    pub const SHA384_HMAC_GENERAL: Self = Self(ck::CKM_SHA384_HMAC_GENERAL);
    pub const SHA512_HMAC: Self = Self(ck::CKM_SHA512_HMAC);
    pub const SHA512_HMAC_GENERAL: Self = Self(ck::CKM_SHA512_HMAC_GENERAL);
    pub const SHA3_224_HMAC: Self = Self(ck::CKM_SHA3_224_HMAC);
    pub const SHA3_224_HMAC_GENERAL: Self = Self(ck::CKM_SHA3_224_HMAC_GENERAL);
    pub const SHA3_256_HMAC: Self = Self(ck::CKM_SHA3_256_HMAC);
    pub const SHA3_256_HMAC_GENERAL: Self = Self(ck::CKM_SHA3_256_HMAC_GENERAL);
    pub const SHA3_384_HMAC: Self = Self(ck::CKM_SHA3_384_HMAC);
    pub const SHA3_384_HMAC_GENERAL: Self = Self(ck::CKM_SHA3_384_HMAC_GENERAL);
    pub const SHA3_512_HMAC: Self = Self(ck::CKM_SHA3_512_HMAC);
    pub const SHA3_512_HMAC_GENERAL: Self = Self(ck::CKM_SHA3_512_HMAC_GENERAL);

    /// Its name in the standard, if it is a known one: `CKM_SHA256_RSA_PKCS`.
    pub fn name(self) -> Option<&'static str> {
        let known = NAMES.iter().find(|known| known.0 == self).map(|known| known.1);
        let standard = || STANDARD.iter().find(|known| known.0 == self.0).map(|known| known.1);
        known.or_else(standard)
    }

    /// The mechanism with this name, with or without `CKM_`, in any case, `-` or `_`: `sha256-rsa-pkcs`.
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = name.to_ascii_uppercase().replace('-', "_");
        let plain = plain.strip_prefix("CKM_").unwrap_or(&plain);
        NAMES.iter().find(|known| known.1.strip_prefix("CKM_") == Some(plain)).map(|known| known.0)
    }
}

impl fmt::Display for MechanismId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "mechanism {:#x}", self.0),
        }
    }
}

const NAMES: &[(MechanismId, &str)] = &[
    (MechanismId::RSA_PKCS_KEY_PAIR_GEN, "CKM_RSA_PKCS_KEY_PAIR_GEN"),
    (MechanismId::EC_KEY_PAIR_GEN, "CKM_EC_KEY_PAIR_GEN"),
    (MechanismId::EC_EDWARDS_KEY_PAIR_GEN, "CKM_EC_EDWARDS_KEY_PAIR_GEN"),
    (MechanismId::EC_MONTGOMERY_KEY_PAIR_GEN, "CKM_EC_MONTGOMERY_KEY_PAIR_GEN"),
    (MechanismId::AES_KEY_GEN, "CKM_AES_KEY_GEN"),
    (MechanismId::RSA_PKCS, "CKM_RSA_PKCS"),
    (MechanismId::RSA_X_509, "CKM_RSA_X_509"),
    (MechanismId::SHA1_RSA_PKCS, "CKM_SHA1_RSA_PKCS"),
    (MechanismId::SHA224_RSA_PKCS, "CKM_SHA224_RSA_PKCS"),
    (MechanismId::SHA256_RSA_PKCS, "CKM_SHA256_RSA_PKCS"),
    (MechanismId::SHA384_RSA_PKCS, "CKM_SHA384_RSA_PKCS"),
    (MechanismId::SHA512_RSA_PKCS, "CKM_SHA512_RSA_PKCS"),
    (MechanismId::SHA3_224_RSA_PKCS, "CKM_SHA3_224_RSA_PKCS"),
    (MechanismId::SHA3_256_RSA_PKCS, "CKM_SHA3_256_RSA_PKCS"),
    (MechanismId::SHA3_384_RSA_PKCS, "CKM_SHA3_384_RSA_PKCS"),
    (MechanismId::SHA3_512_RSA_PKCS, "CKM_SHA3_512_RSA_PKCS"),
    (MechanismId::RSA_PKCS_OAEP, "CKM_RSA_PKCS_OAEP"),
    (MechanismId::RSA_PKCS_PSS, "CKM_RSA_PKCS_PSS"),
    (MechanismId::SHA1_RSA_PKCS_PSS, "CKM_SHA1_RSA_PKCS_PSS"),
    (MechanismId::SHA224_RSA_PKCS_PSS, "CKM_SHA224_RSA_PKCS_PSS"),
    (MechanismId::SHA256_RSA_PKCS_PSS, "CKM_SHA256_RSA_PKCS_PSS"),
    (MechanismId::SHA384_RSA_PKCS_PSS, "CKM_SHA384_RSA_PKCS_PSS"),
    (MechanismId::SHA512_RSA_PKCS_PSS, "CKM_SHA512_RSA_PKCS_PSS"),
    (MechanismId::SHA3_224_RSA_PKCS_PSS, "CKM_SHA3_224_RSA_PKCS_PSS"),
    (MechanismId::SHA3_256_RSA_PKCS_PSS, "CKM_SHA3_256_RSA_PKCS_PSS"),
    (MechanismId::SHA3_384_RSA_PKCS_PSS, "CKM_SHA3_384_RSA_PKCS_PSS"),
    (MechanismId::SHA3_512_RSA_PKCS_PSS, "CKM_SHA3_512_RSA_PKCS_PSS"),
    (MechanismId::ECDSA, "CKM_ECDSA"),
    (MechanismId::ECDSA_SHA1, "CKM_ECDSA_SHA1"),
    (MechanismId::ECDSA_SHA224, "CKM_ECDSA_SHA224"),
    (MechanismId::ECDSA_SHA256, "CKM_ECDSA_SHA256"),
    (MechanismId::ECDSA_SHA384, "CKM_ECDSA_SHA384"),
    (MechanismId::ECDSA_SHA512, "CKM_ECDSA_SHA512"),
    (MechanismId::ECDSA_SHA3_224, "CKM_ECDSA_SHA3_224"),
    (MechanismId::ECDSA_SHA3_256, "CKM_ECDSA_SHA3_256"),
    (MechanismId::ECDSA_SHA3_384, "CKM_ECDSA_SHA3_384"),
    (MechanismId::ECDSA_SHA3_512, "CKM_ECDSA_SHA3_512"),
    (MechanismId::EDDSA, "CKM_EDDSA"),
    (MechanismId::SHA_1, "CKM_SHA_1"),
    (MechanismId::SHA224, "CKM_SHA224"),
    (MechanismId::SHA256, "CKM_SHA256"),
    (MechanismId::SHA384, "CKM_SHA384"),
    (MechanismId::SHA512, "CKM_SHA512"),
    (MechanismId::SHA3_224, "CKM_SHA3_224"),
    (MechanismId::SHA3_256, "CKM_SHA3_256"),
    (MechanismId::SHA3_384, "CKM_SHA3_384"),
    (MechanismId::SHA3_512, "CKM_SHA3_512"),
    (MechanismId::GENERIC_SECRET_KEY_GEN, "CKM_GENERIC_SECRET_KEY_GEN"),
    (MechanismId::ECDH1_DERIVE, "CKM_ECDH1_DERIVE"),
    (MechanismId::ECDH1_COFACTOR_DERIVE, "CKM_ECDH1_COFACTOR_DERIVE"),
    (MechanismId::HKDF_DERIVE, "CKM_HKDF_DERIVE"),
    (MechanismId::AES_ECB, "CKM_AES_ECB"),
    (MechanismId::AES_CBC, "CKM_AES_CBC"),
    (MechanismId::AES_CBC_PAD, "CKM_AES_CBC_PAD"),
    (MechanismId::AES_CTR, "CKM_AES_CTR"),
    (MechanismId::AES_GCM, "CKM_AES_GCM"),
    (MechanismId::AES_CMAC, "CKM_AES_CMAC"),
    (MechanismId::AES_CMAC_GENERAL, "CKM_AES_CMAC_GENERAL"),
    (MechanismId::AES_KEY_WRAP, "CKM_AES_KEY_WRAP"),
    (MechanismId::AES_KEY_WRAP_PAD, "CKM_AES_KEY_WRAP_PAD"),
    (MechanismId::AES_KEY_WRAP_KWP, "CKM_AES_KEY_WRAP_KWP"),
    (MechanismId::SHA_1_HMAC, "CKM_SHA_1_HMAC"),
    (MechanismId::SHA_1_HMAC_GENERAL, "CKM_SHA_1_HMAC_GENERAL"),
    (MechanismId::SHA224_HMAC, "CKM_SHA224_HMAC"),
    (MechanismId::SHA224_HMAC_GENERAL, "CKM_SHA224_HMAC_GENERAL"),
    (MechanismId::SHA256_HMAC, "CKM_SHA256_HMAC"),
    (MechanismId::SHA256_HMAC_GENERAL, "CKM_SHA256_HMAC_GENERAL"),
    (MechanismId::SHA384_HMAC, "CKM_SHA384_HMAC"),
    (MechanismId::SHA384_HMAC_GENERAL, "CKM_SHA384_HMAC_GENERAL"),
    (MechanismId::SHA512_HMAC, "CKM_SHA512_HMAC"),
    (MechanismId::SHA512_HMAC_GENERAL, "CKM_SHA512_HMAC_GENERAL"),
    (MechanismId::SHA3_224_HMAC, "CKM_SHA3_224_HMAC"),
    (MechanismId::SHA3_224_HMAC_GENERAL, "CKM_SHA3_224_HMAC_GENERAL"),
    (MechanismId::SHA3_256_HMAC, "CKM_SHA3_256_HMAC"),
    (MechanismId::SHA3_256_HMAC_GENERAL, "CKM_SHA3_256_HMAC_GENERAL"),
    (MechanismId::SHA3_384_HMAC, "CKM_SHA3_384_HMAC"),
    (MechanismId::SHA3_384_HMAC_GENERAL, "CKM_SHA3_384_HMAC_GENERAL"),
    (MechanismId::SHA3_512_HMAC, "CKM_SHA3_512_HMAC"),
    (MechanismId::SHA3_512_HMAC_GENERAL, "CKM_SHA3_512_HMAC_GENERAL"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_name_takes_what_people_write() {
        for name in ["CKM_SHA256_RSA_PKCS", "sha256-rsa-pkcs", "SHA256_RSA_PKCS"] {
            assert_eq!(MechanismId::from_name(name), Some(MechanismId::SHA256_RSA_PKCS), "{name}");
        }
        assert_eq!(MechanismId::from_name("rot13"), None);
    }

    #[test]
    fn names_and_numbers_are_there_once() {
        for (id, name) in NAMES {
            assert_eq!(NAMES.iter().filter(|known| known.0 == *id).count(), 1, "{name}");
            assert_eq!(id.name().and_then(MechanismId::from_name), Some(*id));
        }
    }
}

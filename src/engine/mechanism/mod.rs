//! Mechanisms (PKCS#11 3.1, 6): one file each, in one static table. A plan says what the host does and what
//! the card does; making it is pure, so a length query never touches the card.

use std::fmt;

use cryptoki_sys as ck;

use crate::crypto::DigestAlgorithm;

/// A mechanism's number (`CKM_…`). Open: any number is one, only the known ones have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MechanismId(pub u64);

/// A mechanism with its parameters, as a caller asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MechanismCall {
    /// Which.
    pub id: MechanismId,
    /// Its parameters.
    pub parameters: Parameters,
}

/// Parameters of a mechanism.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Parameters {
    /// None.
    #[default]
    None,
    /// RSA-PSS.
    Pss {
        /// Digest of the data.
        hash: DigestAlgorithm,
        /// Digest in the mask generation function.
        mgf: DigestAlgorithm,
        /// Salt length in bytes.
        salt_len: usize,
    },
    /// RSA-OAEP.
    Oaep {
        /// Digest of the label.
        hash: DigestAlgorithm,
        /// Digest in the mask generation function.
        mgf: DigestAlgorithm,
        /// Label, usually empty.
        label: Vec<u8>,
    },
}

impl From<MechanismId> for MechanismCall {
    fn from(id: MechanismId) -> Self {
        Self { id, parameters: Parameters::None }
    }
}

/// What a token can do with a mechanism (`CK_MECHANISM_INFO`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MechanismInfo {
    /// Smallest key in bits; 0 where there is no key.
    pub min_key_bits: u32,
    /// Largest key in bits; 0 where there is no key.
    pub max_key_bits: u32,
    /// The card computes; false where the host does.
    pub hardware: bool,
    /// What it is for.
    pub uses: Uses,
}

/// Functions that take a mechanism.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is that of the standard")]
pub struct Uses {
    pub encrypt: bool,
    pub decrypt: bool,
    pub digest: bool,
    pub sign: bool,
    pub sign_recover: bool,
    pub verify: bool,
    pub verify_recover: bool,
    pub generate: bool,
    pub generate_key_pair: bool,
    pub wrap: bool,
    pub unwrap: bool,
    pub derive: bool,
}

#[expect(missing_docs, reason = "each name is that of the standard")]
impl MechanismId {
    pub const RSA_PKCS: Self = Self(ck::CKM_RSA_PKCS);
    pub const RSA_X_509: Self = Self(ck::CKM_RSA_X_509);
    pub const SHA1_RSA_PKCS: Self = Self(ck::CKM_SHA1_RSA_PKCS);
    pub const SHA224_RSA_PKCS: Self = Self(ck::CKM_SHA224_RSA_PKCS);
    pub const SHA256_RSA_PKCS: Self = Self(ck::CKM_SHA256_RSA_PKCS);
    pub const SHA384_RSA_PKCS: Self = Self(ck::CKM_SHA384_RSA_PKCS);
    pub const SHA512_RSA_PKCS: Self = Self(ck::CKM_SHA512_RSA_PKCS);
    pub const ECDSA: Self = Self(ck::CKM_ECDSA);
    pub const ECDSA_SHA1: Self = Self(ck::CKM_ECDSA_SHA1);
    pub const ECDSA_SHA224: Self = Self(ck::CKM_ECDSA_SHA224);
    pub const ECDSA_SHA256: Self = Self(ck::CKM_ECDSA_SHA256);
    pub const ECDSA_SHA384: Self = Self(ck::CKM_ECDSA_SHA384);
    pub const ECDSA_SHA512: Self = Self(ck::CKM_ECDSA_SHA512);
    pub const SHA_1: Self = Self(ck::CKM_SHA_1);
    pub const SHA224: Self = Self(ck::CKM_SHA224);
    pub const SHA256: Self = Self(ck::CKM_SHA256);
    pub const SHA384: Self = Self(ck::CKM_SHA384);
    pub const SHA512: Self = Self(ck::CKM_SHA512);
    pub const SHA3_224: Self = Self(ck::CKM_SHA3_224);
    pub const SHA3_256: Self = Self(ck::CKM_SHA3_256);
    pub const SHA3_384: Self = Self(ck::CKM_SHA3_384);
    pub const SHA3_512: Self = Self(ck::CKM_SHA3_512);

    /// Its name in the standard, if it is a known one: `CKM_SHA256_RSA_PKCS`.
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|known| known.0 == self).map(|known| known.1)
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
    (MechanismId::RSA_PKCS, "CKM_RSA_PKCS"),
    (MechanismId::RSA_X_509, "CKM_RSA_X_509"),
    (MechanismId::SHA1_RSA_PKCS, "CKM_SHA1_RSA_PKCS"),
    (MechanismId::SHA224_RSA_PKCS, "CKM_SHA224_RSA_PKCS"),
    (MechanismId::SHA256_RSA_PKCS, "CKM_SHA256_RSA_PKCS"),
    (MechanismId::SHA384_RSA_PKCS, "CKM_SHA384_RSA_PKCS"),
    (MechanismId::SHA512_RSA_PKCS, "CKM_SHA512_RSA_PKCS"),
    (MechanismId::ECDSA, "CKM_ECDSA"),
    (MechanismId::ECDSA_SHA1, "CKM_ECDSA_SHA1"),
    (MechanismId::ECDSA_SHA224, "CKM_ECDSA_SHA224"),
    (MechanismId::ECDSA_SHA256, "CKM_ECDSA_SHA256"),
    (MechanismId::ECDSA_SHA384, "CKM_ECDSA_SHA384"),
    (MechanismId::ECDSA_SHA512, "CKM_ECDSA_SHA512"),
    (MechanismId::SHA_1, "CKM_SHA_1"),
    (MechanismId::SHA224, "CKM_SHA224"),
    (MechanismId::SHA256, "CKM_SHA256"),
    (MechanismId::SHA384, "CKM_SHA384"),
    (MechanismId::SHA512, "CKM_SHA512"),
    (MechanismId::SHA3_224, "CKM_SHA3_224"),
    (MechanismId::SHA3_256, "CKM_SHA3_256"),
    (MechanismId::SHA3_384, "CKM_SHA3_384"),
    (MechanismId::SHA3_512, "CKM_SHA3_512"),
];

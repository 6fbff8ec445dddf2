//! Mechanisms with their parameters as C has them.

use std::ffi::c_void;
use std::ptr;

use cryptoki_sys as ck;

/// Parameters of a mechanism.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameter {
    /// None.
    None,
    /// Bytes as they are: an initial vector.
    Bytes(Vec<u8>),
    /// `CK_RSA_PKCS_PSS_PARAMS`.
    Pss {
        /// Digest, as a mechanism.
        hash: ck::CK_MECHANISM_TYPE,
        /// Mask generation function.
        mgf: ck::CK_RSA_PKCS_MGF_TYPE,
        /// Bytes of salt.
        salt_len: usize,
    },
    /// `CK_RSA_PKCS_OAEP_PARAMS`.
    Oaep {
        /// Digest, as a mechanism.
        hash: ck::CK_MECHANISM_TYPE,
        /// Mask generation function.
        mgf: ck::CK_RSA_PKCS_MGF_TYPE,
        /// The label.
        label: Vec<u8>,
    },
    /// `CK_AES_CTR_PARAMS`.
    Counter {
        /// The first counter block.
        block: [u8; 16],
        /// So many of its lowest bits count.
        bits: u32,
    },
    /// `CK_GCM_PARAMS`.
    Gcm {
        /// Nonce.
        nonce: Vec<u8>,
        /// What is authenticated but not encrypted.
        associated_data: Vec<u8>,
        /// Bits of the tag.
        tag_bits: u32,
    },
    /// `CK_MAC_GENERAL_PARAMS`.
    Length(usize),
    /// `CK_ECDH1_DERIVE_PARAMS`.
    Ecdh {
        /// Key derivation function.
        kdf: ck::CK_EC_KDF_TYPE,
        /// What the key is bound to.
        shared_info: Vec<u8>,
        /// The other side's public key.
        peer: Vec<u8>,
    },
    /// `CK_EDDSA_PARAMS`.
    Eddsa {
        /// The digest is signed.
        prehash: bool,
        /// What the signature is bound to.
        context: Vec<u8>,
    },
    /// `CK_HKDF_PARAMS`.
    Hkdf {
        /// The first step is done.
        extract: bool,
        /// The second step is done.
        expand: bool,
        /// Digest, as a mechanism.
        hash: ck::CK_MECHANISM_TYPE,
        /// The kind of the salt, its bytes, or its key.
        salt: (ck::CK_ULONG, Vec<u8>, ck::CK_OBJECT_HANDLE),
        /// What the key is bound to.
        info: Vec<u8>,
    },
}

impl Parameter {
    /// The structures for a call that only reads them.
    pub(super) fn prepare(&self, mechanism: ck::CK_MECHANISM_TYPE) -> Prepared<'_> {
        let block = match self {
            Self::None => Block::Bytes(&[]),
            Self::Bytes(bytes) => Block::Bytes(bytes),
            Self::Pss { hash, mgf, salt_len } => Block::Pss(Box::new(ck::CK_RSA_PKCS_PSS_PARAMS {
                hashAlg: *hash,
                mgf: *mgf,
                sLen: *salt_len as ck::CK_ULONG,
            })),
            Self::Oaep { hash, mgf, label } => Block::Oaep(Box::new(ck::CK_RSA_PKCS_OAEP_PARAMS {
                hashAlg: *hash,
                mgf: *mgf,
                source: ck::CKZ_DATA_SPECIFIED,
                pSourceData: pointer(label).cast(),
                ulSourceDataLen: label.len() as ck::CK_ULONG,
            })),
            Self::Counter { block, bits } => Block::Counter(Box::new(ck::CK_AES_CTR_PARAMS {
                ulCounterBits: ck::CK_ULONG::from(*bits),
                cb: *block,
            })),
            Self::Gcm { nonce, associated_data, tag_bits } => Block::Gcm(Box::new(ck::CK_GCM_PARAMS {
                pIv: pointer(nonce),
                ulIvLen: nonce.len() as ck::CK_ULONG,
                ulIvBits: nonce.len() as ck::CK_ULONG * 8,
                pAAD: pointer(associated_data),
                ulAADLen: associated_data.len() as ck::CK_ULONG,
                ulTagBits: ck::CK_ULONG::from(*tag_bits),
            })),
            Self::Length(len) => Block::Length(Box::new(*len as ck::CK_MAC_GENERAL_PARAMS)),
            Self::Ecdh { kdf, shared_info, peer } => Block::Ecdh(Box::new(ck::CK_ECDH1_DERIVE_PARAMS {
                kdf: *kdf,
                ulSharedDataLen: shared_info.len() as ck::CK_ULONG,
                pSharedData: pointer(shared_info),
                ulPublicDataLen: peer.len() as ck::CK_ULONG,
                pPublicData: pointer(peer),
            })),
            Self::Eddsa { prehash, context } => Block::Eddsa(Box::new(ck::CK_EDDSA_PARAMS {
                phFlag: u8::from(*prehash),
                ulContextDataLen: context.len() as ck::CK_ULONG,
                pContextData: pointer(context),
            })),
            Self::Hkdf { extract, expand, hash, salt: (kind, salt, key), info } => {
                Block::Hkdf(Box::new(ck::CK_HKDF_PARAMS {
                    bExtract: u8::from(*extract),
                    bExpand: u8::from(*expand),
                    prfHashMechanism: *hash,
                    ulSaltType: *kind,
                    pSalt: pointer(salt),
                    ulSaltLen: salt.len() as ck::CK_ULONG,
                    hSaltKey: *key,
                    pInfo: pointer(info),
                    ulInfoLen: info.len() as ck::CK_ULONG,
                }))
            }
        };
        Prepared { mechanism, block }
    }
}

/// A mechanism and what its structures point to, for as long as a call takes.
pub(super) struct Prepared<'a> {
    mechanism: ck::CK_MECHANISM_TYPE,
    block: Block<'a>,
}

enum Block<'a> {
    Bytes(&'a [u8]),
    Pss(Box<ck::CK_RSA_PKCS_PSS_PARAMS>),
    Oaep(Box<ck::CK_RSA_PKCS_OAEP_PARAMS>),
    Counter(Box<ck::CK_AES_CTR_PARAMS>),
    Gcm(Box<ck::CK_GCM_PARAMS>),
    Length(Box<ck::CK_MAC_GENERAL_PARAMS>),
    Ecdh(Box<ck::CK_ECDH1_DERIVE_PARAMS>),
    Eddsa(Box<ck::CK_EDDSA_PARAMS>),
    Hkdf(Box<ck::CK_HKDF_PARAMS>),
}

/// Bytes for a structure that is only read, although its type does not say so; NULL for none.
fn pointer(bytes: &[u8]) -> *mut u8 {
    if bytes.is_empty() { ptr::null_mut() } else { bytes.as_ptr().cast_mut() }
}

/// One structure and its length.
fn whole<T>(block: &mut T) -> (*mut c_void, usize) {
    ((&raw mut *block).cast(), size_of::<T>())
}

impl Prepared<'_> {
    /// The structure; it points into `self`.
    pub fn structure(&mut self) -> ck::CK_MECHANISM {
        let (parameter, len): (*mut c_void, usize) = match &mut self.block {
            Block::Bytes([]) => (ptr::null_mut(), 0),
            // Only read by the module, although the type does not say so.
            Block::Bytes(bytes) => (bytes.as_ptr().cast_mut().cast(), bytes.len()),
            Block::Pss(block) => whole(&mut **block),
            Block::Oaep(block) => whole(&mut **block),
            Block::Counter(block) => whole(&mut **block),
            Block::Gcm(block) => whole(&mut **block),
            Block::Length(block) => whole(&mut **block),
            Block::Ecdh(block) => whole(&mut **block),
            Block::Eddsa(block) => whole(&mut **block),
            Block::Hkdf(block) => whole(&mut **block),
        };
        ck::CK_MECHANISM {
            mechanism: self.mechanism,
            pParameter: parameter,
            ulParameterLen: len as ck::CK_ULONG,
        }
    }
}

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
                pSourceData: if label.is_empty() {
                    ptr::null_mut()
                } else {
                    label.as_ptr().cast_mut().cast()
                },
                ulSourceDataLen: label.len() as ck::CK_ULONG,
            })),
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
}

impl Prepared<'_> {
    /// The structure; it points into `self`.
    pub fn structure(&mut self) -> ck::CK_MECHANISM {
        let (parameter, len): (*mut c_void, usize) = match &mut self.block {
            Block::Bytes([]) => (ptr::null_mut(), 0),
            // Only read by the module, although the type does not say so.
            Block::Bytes(bytes) => (bytes.as_ptr().cast_mut().cast(), bytes.len()),
            Block::Pss(block) => ((&raw mut **block).cast(), size_of_val(&**block)),
            Block::Oaep(block) => ((&raw mut **block).cast(), size_of_val(&**block)),
        };
        ck::CK_MECHANISM {
            mechanism: self.mechanism,
            pParameter: parameter,
            ulParameterLen: len as ck::CK_ULONG,
        }
    }
}

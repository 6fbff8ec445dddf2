//! Signatures, decryption, verification. A mechanism that the module does not have and that the host can make of one
//! that it has (a digest before a bare signature) is made so; nothing else is invented.

use cryptoki_sys as ck;

use super::Module;
use super::fault::explain;
use super::objects::bytes;
use super::raw::{Fault, Parameter, Use};
use super::values::raw;
use super::view::algorithm;
use crate::codec::Secret;
use crate::crypto::rsa::pkcs1_sign_encode;
use crate::crypto::{DigestAlgorithm, Digester};
use crate::engine::mechanism::{HkdfSalt, Kdf, mechanism};
use crate::engine::{
    AttributeType as Type, Error, MechanismCall, MechanismId, ObjectHandle, Parameters, Result,
    SessionHandle, Value,
};
use crate::token::KeyAlgorithm;

/// A signature that is going on.
pub(super) enum Signing {
    /// The module does everything.
    Module {
        /// Whether parts were sent.
        begun: bool,
    },
    /// The host digests, the module signs what becomes of the digest.
    Host {
        /// The digest so far.
        digester: Box<Digester>,
        /// What the module gets.
        block: Block,
    },
}

/// What becomes of a digest before the module signs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    /// The digest itself.
    Digest,
    /// DigestInfo around it.
    DigestInfo(DigestAlgorithm),
    /// A whole PKCS#1 v1.5 block of this length around DigestInfo.
    Pkcs1(DigestAlgorithm, usize),
    /// So many of its leftmost bytes.
    Leftmost(usize),
}

/// How a module makes a signature: its mechanism, and what the host does before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    mechanism: MechanismId,
    host: Option<(DigestAlgorithm, Block)>,
}

impl Module {
    pub(super) fn sign_init(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        key: ObjectHandle,
    ) -> Result<()> {
        let slot = self.known(session)?.slot;
        let offers = |id: MechanismId| {
            // A token that does not tell what a mechanism is for has it for everything.
            self.mechanism_info(slot, id).is_ok_and(|info| info.uses.sign || info.uses == Default::default())
        };
        let way = way(call.id, self.algorithm_of(session, key)?, offers)?;
        let parameter = parameter(call);
        let used = Use { mechanism: way.mechanism.0, parameter: &parameter, key: key.0 };
        self.library.sign_init(session.0, used).map_err(|fault| self.key_fault(call, fault))?;
        let signing = match way.host {
            None => Signing::Module { begun: false },
            Some((digest, block)) => Signing::Host { digester: Box::new(Digester::new(digest)), block },
        };
        self.state().signing.insert(session, signing);
        Ok(())
    }

    pub(super) fn sign_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        let mut state = self.state();
        let begun = match state.signing.get_mut(&session) {
            None => return Err(Error::OperationNotInitialized(SIGNATURE)),
            Some(Signing::Host { digester, .. }) => {
                digester.update(part);
                return Ok(());
            }
            Some(Signing::Module { begun }) => begun,
        };
        *begun = true;
        drop(state);
        self.library.sign_update(session.0, part).map_err(explain)
    }

    pub(super) fn sign_final(&self, session: SessionHandle) -> Result<Vec<u8>> {
        match self.take(session)? {
            Signing::Module { begun: true } => self.library.sign_final(session.0).map_err(explain),
            Signing::Module { begun: false } => self.library.sign(session.0, &[]).map_err(explain),
            Signing::Host { digester, block } => {
                self.library.sign(session.0, &block.around(&digester.finish())?).map_err(explain)
            }
        }
    }

    pub(super) fn sign(&self, session: SessionHandle, data: &[u8]) -> Result<Vec<u8>> {
        match self.take(session)? {
            Signing::Module { .. } => self.library.sign(session.0, data).map_err(explain),
            Signing::Host { mut digester, block } => {
                digester.update(data);
                self.library.sign(session.0, &block.around(&digester.finish())?).map_err(explain)
            }
        }
    }

    /// Ends a signature without a result: by one that nobody sees, because version 2 has no other way.
    pub(super) fn sign_cancel(&self, session: SessionHandle) -> Result<()> {
        let Some(signing) = self.state().signing.remove(&session) else { return Ok(()) };
        let ended = match signing {
            Signing::Module { begun: true } => self.library.sign_final(session.0),
            Signing::Module { begun: false } | Signing::Host { .. } => self.library.sign(session.0, &[]),
        };
        // Whether it succeeds or fails: it is over.
        ended.map(|_| ()).or(Ok(()))
    }

    fn take(&self, session: SessionHandle) -> Result<Signing> {
        self.state().signing.remove(&session).ok_or(Error::OperationNotInitialized(SIGNATURE))
    }

    pub(super) fn decrypt_init(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        key: ObjectHandle,
    ) -> Result<()> {
        self.known(session)?;
        let parameter = parameter(call);
        let used = Use { mechanism: call.id.0, parameter: &parameter, key: key.0 };
        self.library.decrypt_init(session.0, used).map_err(|fault| self.key_fault(call, fault))
    }

    pub(super) fn decrypt(&self, session: SessionHandle, data: &[u8]) -> Result<Secret> {
        self.known(session)?;
        self.library.decrypt(session.0, data).map_err(explain)
    }

    pub(super) fn decrypt_update(&self, session: SessionHandle, part: &[u8]) -> Result<Secret> {
        self.known(session)?;
        self.library.decrypt_update(session.0, part).map_err(explain)
    }

    pub(super) fn decrypt_final(&self, session: SessionHandle) -> Result<Secret> {
        self.known(session)?;
        self.library.decrypt_final(session.0).map_err(explain)
    }

    /// The secret itself is the value of a key that lives no longer than this. Errors: as a derivation by the module, and
    /// what it says where such a key is not told.
    pub(super) fn agree(&self, session: SessionHandle, key: ObjectHandle, peer: &[u8]) -> Result<Secret> {
        self.known(session)?;
        let len = match self.algorithm_of(session, key)? {
            KeyAlgorithm::Ec { curve: Some(curve) } => curve.field_len(),
            KeyAlgorithm::X25519 => X25519_LEN,
            _ => {
                return Err(Error::KeyTypeInconsistent { mechanism: ECDH, needed: "a key of a known curve" });
            }
        };
        let parameters = Parameters::Ecdh { kdf: Kdf::Null, shared_info: Vec::new(), peer: peer.to_vec() };
        let call = MechanismCall { id: ECDH, parameters };
        let parameter = parameter(&call);
        let used = Use { mechanism: call.id.0, parameter: &parameter, key: key.0 };
        let template = [
            raw(Type::CLASS, &Value::Number(ck::CKO_SECRET_KEY)),
            raw(Type::KEY_TYPE, &Value::Number(ck::CKK_GENERIC_SECRET)),
            raw(Type::TOKEN, &Value::Bool(false)),
            raw(Type::SENSITIVE, &Value::Bool(false)),
            raw(Type::EXTRACTABLE, &Value::Bool(true)),
            raw(Type::VALUE_LEN, &Value::Number(len as u64)),
        ];
        let derived = self.library.derive_key(session.0, used, &template);
        let derived = derived.map_err(|fault| self.key_fault(&call, fault))?;
        let value = self.library.attribute(session.0, derived, ck::CKA_VALUE);
        // It would end with the session, at the latest.
        let _ = self.library.destroy_object(session.0, derived);
        let value = Secret::from(value.map_err(explain)?.value.as_slice());
        match value.len() == len {
            true => Ok(value),
            false => Err(Error::ModuleLies { function: "C_DeriveKey", why: "a secret of another length" }),
        }
    }

    pub(super) fn verify_init(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        key: ObjectHandle,
    ) -> Result<()> {
        self.known(session)?;
        let parameter = parameter(call);
        let used = Use { mechanism: call.id.0, parameter: &parameter, key: key.0 };
        self.library.verify_init(session.0, used).map_err(|fault| self.key_fault(call, fault))
    }

    pub(super) fn verify(&self, session: SessionHandle, data: &[u8], signature: &[u8]) -> Result<()> {
        self.known(session)?;
        self.library.verify(session.0, data, signature).map_err(explain)
    }

    pub(super) fn random(&self, session: SessionHandle, len: usize) -> Result<Secret> {
        self.known(session)?;
        if len == 0 {
            return Ok(Secret::default());
        }
        self.library.random(session.0, len).map_err(explain)
    }

    /// What kind of key a handle names.
    pub(super) fn algorithm_of(&self, session: SessionHandle, key: ObjectHandle) -> Result<KeyAlgorithm> {
        let kinds = [Type::KEY_TYPE, Type::MODULUS, Type::EC_PARAMS];
        let answers = self.attributes(session, key, &kinds)?;
        let [key_type, modulus, parameters] = answers.as_slice() else { return Err(Error::KeyHandleInvalid) };
        let key_type = key_type.as_ref().ok().and_then(Value::as_number);
        Ok(algorithm(key_type, bytes(modulus), bytes(parameters), None))
    }

    /// What the start of an operation was refused for, with the mechanism.
    pub(super) fn key_fault(&self, call: &MechanismCall, fault: Fault) -> Error {
        match fault {
            Fault::Refused { value: ck::CKR_MECHANISM_INVALID, .. } => Error::MechanismInvalid(call.id),
            Fault::Refused { value: ck::CKR_MECHANISM_PARAM_INVALID, .. } => {
                Error::MechanismParameters { mechanism: call.id, why: "the module does not take them" }
            }
            other => explain(other),
        }
    }
}

impl Block {
    fn around(self, digest: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::Digest => Ok(digest.to_vec()),
            Self::DigestInfo(algorithm) => Ok(algorithm.digest_info(digest)),
            Self::Pkcs1(algorithm, modulus_len) => {
                pkcs1_sign_encode(&algorithm.digest_info(digest), modulus_len).map_err(Error::Crypto)
            }
            Self::Leftmost(len) => Ok(digest.iter().copied().take(len).collect()),
        }
    }
}

/// The way to a signature: the mechanism itself, else the digest on the host and a bare one.
/// Errors: `MechanismInvalid`.
fn way(id: MechanismId, key: KeyAlgorithm, offers: impl Fn(MechanismId) -> bool) -> Result<Way> {
    let own = Way { mechanism: id, host: None };
    if offers(id) {
        return Ok(own);
    }
    let invalid = Error::MechanismInvalid(id);
    let Some(digest) = mechanism(id).ok().and_then(|known| known.digest()) else { return Err(invalid) };
    let bare = |mechanism, block| Way { mechanism, host: Some((digest, block)) };
    let is_pss = id.name().is_some_and(|name| name.ends_with("_PSS"));
    let found = match key {
        KeyAlgorithm::Rsa { .. } if is_pss => {
            offers(MechanismId::RSA_PKCS_PSS).then(|| bare(MechanismId::RSA_PKCS_PSS, Block::Digest))
        }
        KeyAlgorithm::Rsa { .. } if offers(MechanismId::RSA_PKCS) => {
            Some(bare(MechanismId::RSA_PKCS, Block::DigestInfo(digest)))
        }
        KeyAlgorithm::Rsa { modulus_bits } if modulus_bits > 0 && offers(MechanismId::RSA_X_509) => {
            let modulus_len = modulus_bits.div_ceil(8) as usize;
            Some(bare(MechanismId::RSA_X_509, Block::Pkcs1(digest, modulus_len)))
        }
        // P-521 is longer than any digest, the others are whole bytes: cut to the order's length (FIPS 186-5, 6.4).
        KeyAlgorithm::Ec { curve } if offers(MechanismId::ECDSA) => {
            let len = curve.map_or(usize::MAX, |curve| curve.field_len());
            Some(bare(MechanismId::ECDSA, Block::Leftmost(len)))
        }
        _ => None,
    };
    found.ok_or(invalid)
}

/// Parameters as C has them.
pub(super) fn parameter(call: &MechanismCall) -> Parameter {
    match &call.parameters {
        Parameters::None => Parameter::None,
        Parameters::Iv(iv) => Parameter::Bytes(iv.to_vec()),
        Parameters::Pss(pss) => {
            Parameter::Pss { hash: hash_mechanism(pss.hash).0, mgf: mask(pss.mgf), salt_len: pss.salt_len }
        }
        Parameters::Oaep { hash, mgf, label } => {
            Parameter::Oaep { hash: hash_mechanism(*hash).0, mgf: mask(*mgf), label: label.clone() }
        }
        Parameters::Counter { block, bits } => Parameter::Counter { block: *block, bits: *bits },
        Parameters::Gcm { nonce, associated_data, tag_bits } => Parameter::Gcm {
            nonce: nonce.clone(),
            associated_data: associated_data.clone(),
            tag_bits: *tag_bits,
        },
        Parameters::MacLen(len) => Parameter::Length(*len),
        Parameters::Eddsa { prehash, context } => {
            Parameter::Eddsa { prehash: *prehash, context: context.clone() }
        }
        Parameters::Ecdh { kdf, shared_info, peer } => Parameter::Ecdh {
            kdf: match kdf {
                Kdf::Null => ck::CKD_NULL,
                Kdf::X963(digest) => x963(*digest),
            },
            shared_info: shared_info.clone(),
            peer: peer.clone(),
        },
        Parameters::Hkdf { hash, extract, expand, salt, info } => Parameter::Hkdf {
            extract: *extract,
            expand: *expand,
            hash: hash_mechanism(*hash).0,
            salt: match salt {
                HkdfSalt::Null => (ck::CKF_HKDF_SALT_NULL, Vec::new(), ck::CK_INVALID_HANDLE),
                HkdfSalt::Data(data) => (ck::CKF_HKDF_SALT_DATA, data.clone(), ck::CK_INVALID_HANDLE),
                HkdfSalt::Key(key) => (ck::CKF_HKDF_SALT_KEY, Vec::new(), key.0),
            },
            info: info.clone(),
        },
    }
}

fn x963(digest: DigestAlgorithm) -> ck::CK_EC_KDF_TYPE {
    match digest {
        DigestAlgorithm::Sha1 => ck::CKD_SHA1_KDF,
        DigestAlgorithm::Sha224 => ck::CKD_SHA224_KDF,
        DigestAlgorithm::Sha256 => ck::CKD_SHA256_KDF,
        DigestAlgorithm::Sha384 => ck::CKD_SHA384_KDF,
        DigestAlgorithm::Sha512 => ck::CKD_SHA512_KDF,
        DigestAlgorithm::Sha3_224 => ck::CKD_SHA3_224_KDF,
        DigestAlgorithm::Sha3_256 => ck::CKD_SHA3_256_KDF,
        DigestAlgorithm::Sha3_384 => ck::CKD_SHA3_384_KDF,
        DigestAlgorithm::Sha3_512 => ck::CKD_SHA3_512_KDF,
    }
}

fn hash_mechanism(digest: DigestAlgorithm) -> MechanismId {
    match digest {
        DigestAlgorithm::Sha1 => MechanismId::SHA_1,
        DigestAlgorithm::Sha224 => MechanismId::SHA224,
        DigestAlgorithm::Sha256 => MechanismId::SHA256,
        DigestAlgorithm::Sha384 => MechanismId::SHA384,
        DigestAlgorithm::Sha512 => MechanismId::SHA512,
        DigestAlgorithm::Sha3_224 => MechanismId::SHA3_224,
        DigestAlgorithm::Sha3_256 => MechanismId::SHA3_256,
        DigestAlgorithm::Sha3_384 => MechanismId::SHA3_384,
        DigestAlgorithm::Sha3_512 => MechanismId::SHA3_512,
    }
}

fn mask(digest: DigestAlgorithm) -> ck::CK_RSA_PKCS_MGF_TYPE {
    match digest {
        DigestAlgorithm::Sha1 => ck::CKG_MGF1_SHA1,
        DigestAlgorithm::Sha224 => ck::CKG_MGF1_SHA224,
        DigestAlgorithm::Sha256 => ck::CKG_MGF1_SHA256,
        DigestAlgorithm::Sha384 => ck::CKG_MGF1_SHA384,
        DigestAlgorithm::Sha512 => ck::CKG_MGF1_SHA512,
        DigestAlgorithm::Sha3_224 => ck::CKG_MGF1_SHA3_224,
        DigestAlgorithm::Sha3_256 => ck::CKG_MGF1_SHA3_256,
        DigestAlgorithm::Sha3_384 => ck::CKG_MGF1_SHA3_384,
        DigestAlgorithm::Sha3_512 => ck::CKG_MGF1_SHA3_512,
    }
}

const ECDH: MechanismId = MechanismId::ECDH1_DERIVE;
const X25519_LEN: usize = 32;
const SIGNATURE: &str = "a signature";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Curve;

    #[test]
    fn way_is_the_mechanism_itself_else_what_the_module_has() {
        let rsa = KeyAlgorithm::Rsa { modulus_bits: 2048 };
        let ec = KeyAlgorithm::Ec { curve: Some(Curve::P256) };
        let sha256 = DigestAlgorithm::Sha256;
        let sign = |id: MechanismId, key: KeyAlgorithm, has: &[MechanismId]| {
            way(id, key, |id| has.contains(&id)).ok().map(|way| (way.mechanism, way.host))
        };
        use MechanismId as M;
        let wanted = M::SHA256_RSA_PKCS;
        for (id, key, has, expected) in [
            (wanted, rsa, &[wanted, M::RSA_PKCS][..], Some((wanted, None))),
            (wanted, rsa, &[M::RSA_PKCS], Some((M::RSA_PKCS, Some((sha256, Block::DigestInfo(sha256)))))),
            (wanted, rsa, &[M::RSA_X_509], Some((M::RSA_X_509, Some((sha256, Block::Pkcs1(sha256, 256)))))),
            (wanted, rsa, &[M::ECDSA], None),
            (
                M::SHA256_RSA_PKCS_PSS,
                rsa,
                &[M::RSA_PKCS, M::RSA_PKCS_PSS],
                Some((M::RSA_PKCS_PSS, Some((sha256, Block::Digest)))),
            ),
            (M::SHA256_RSA_PKCS_PSS, rsa, &[M::RSA_PKCS], None),
            (M::ECDSA_SHA256, ec, &[M::ECDSA], Some((M::ECDSA, Some((sha256, Block::Leftmost(32)))))),
            (M::RSA_PKCS, rsa, &[M::RSA_X_509], None),
        ] {
            assert_eq!(sign(id, key, has), expected, "{id} of {has:?}");
        }
    }

    #[test]
    fn around_makes_what_the_mechanism_takes() {
        let digest = [0xAB; 32];
        let sha256 = DigestAlgorithm::Sha256;
        assert_eq!(Block::Leftmost(20).around(&digest).unwrap(), [0xAB; 20]);
        assert_eq!(Block::Digest.around(&digest).unwrap(), digest);
        let info = Block::DigestInfo(sha256).around(&digest).unwrap();
        assert_eq!((info.len(), info.ends_with(&digest)), (51, true));
        let block = Block::Pkcs1(sha256, 128).around(&digest).unwrap();
        assert!(block.starts_with(&[0, 1, 0xFF]) && block.ends_with(&info) && block.len() == 128);
    }
}

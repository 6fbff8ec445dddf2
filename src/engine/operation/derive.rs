//! Derivation of secrets (PKCS#11 3.1, 5.18.5): the key's holder agrees, the host makes a key of it.

use super::Session;
use super::key::OperationKey;
use crate::codec::Secret;
use crate::crypto::{Curve, PublicKey, kdf};
use crate::engine::attribute::{AttributeType as A, ObjectClass, Template, Value};
use crate::engine::error::Error;
use crate::engine::mechanism::{
    HkdfSalt, Kdf, MechanismCall, MechanismId, Parameters, Plan, Primitive, Purpose,
};
use crate::engine::session::SessionHandle;
use crate::engine::session_object::{Material, Origin, SessionObject};
use crate::engine::{Engine, ObjectHandle, Result};
use crate::token::KeyAlgorithm;

impl Engine {
    /// Derives a secret key, for the session or (where the template says so) onto the token.
    /// Errors: those of keys, mechanisms and templates.
    pub fn derive(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        base: ObjectHandle,
        template: &Template,
    ) -> Result<ObjectHandle> {
        check_class(template)?;
        let who = self.who(session)?;
        let (value, origin) = self.with_session(session, |session| {
            let (plan, key) = self.prepare_once(session, call, base, Purpose::Derive)?;
            let value = self.derived(session, call, &plan, &key, wanted_len(template)?)?;
            Ok((value, self.origin(session, base)))
        })?;
        self.keep(session, template, |template| SessionObject::secret_key(value, template, origin, who))
    }

    /// Agrees on a secret with a peer, whose public key is a point (uncompressed or compressed) or the 32 bytes of X25519:
    /// the x coordinate, as long as the curve's field, or the 32 bytes of X25519. The key computes where it is; nothing
    /// is kept. Errors: as [`Engine::derive`]; `MechanismParameters` for a public key of another kind or curve, or one
    /// that is none.
    pub fn agree(&self, session: SessionHandle, key: ObjectHandle, peer: &[u8]) -> Result<Secret> {
        self.with_session(session, |session| {
            let (plan, key) = self.prepare_once(session, &MechanismCall::ecdh(peer), key, Purpose::Derive)?;
            self.shared_secret(&plan, &key, MechanismId::ECDH1_DERIVE, peer)
        })
    }

    /// The value of a derived key. `wanted` is its length in bytes, where the template says one.
    fn derived(
        &self,
        session: &Session,
        call: &MechanismCall,
        plan: &Plan,
        key: &OperationKey,
        wanted: Option<usize>,
    ) -> Result<Secret> {
        match &call.parameters {
            Parameters::Ecdh { kdf, shared_info, peer } => {
                if *kdf == Kdf::Null && !shared_info.is_empty() {
                    let why = "shared information is for a key derivation function";
                    return Err(Error::MechanismParameters { mechanism: call.id, why });
                }
                let secret = self.shared_secret(plan, key, call.id, peer)?;
                match kdf {
                    Kdf::Null => last_bytes(secret, wanted, call.id),
                    Kdf::X963(digest) => {
                        let len = wanted.ok_or(Error::TemplateIncomplete(A::VALUE_LEN))?;
                        kdf::x963(*digest, &secret, shared_info, len).map_err(|_| too_long(call.id, len))
                    }
                }
            }
            Parameters::Hkdf { hash, extract, expand, salt, info } => {
                let value = super::crypting::secret_value(key).ok_or(Error::KeyHandleInvalid)?;
                let salt = self.salt(session, salt)?;
                let key = match extract {
                    true => kdf::hkdf_extract(*hash, salt.expose(), value).map_err(Error::Crypto)?,
                    false => value.clone(),
                };
                match (expand, wanted) {
                    (true, None) => Err(Error::TemplateIncomplete(A::VALUE_LEN)),
                    (true, Some(len)) => {
                        kdf::hkdf_expand(*hash, &key, info, len).map_err(|_| too_long(call.id, len))
                    }
                    (false, _) => last_bytes(key, wanted, call.id),
                }
            }
            _ => Err(Error::MechanismInvalid(call.id)),
        }
    }

    /// What the holder of the key and the peer have in common.
    fn shared_secret(
        &self,
        plan: &Plan,
        key: &OperationKey,
        mechanism: MechanismId,
        peer: &[u8],
    ) -> Result<Secret> {
        let bad = |_| Error::MechanismParameters { mechanism, why: "the public key is none of this curve" };
        let peer = match plan.primitive {
            Primitive::X25519 => PublicKey::from_x25519(peer),
            _ => PublicKey::from_ec_point(curve_of(key)?, peer),
        };
        let peer = peer.map_err(bad)?;
        let peer = peer.ec().map(|(_, point)| point).or(peer.bytes_25519()).unwrap_or_default();
        match self.compute(key, plan.primitive, peer) {
            // Of small order: what anybody could compute is no secret.
            Err(Error::Crypto(error)) => Err(bad(error)),
            answer => super::compute::to_length(&self.holder_name(key), answer?.expose(), plan.output_len)
                .map(Secret::new),
        }
    }

    fn salt(&self, session: &Session, salt: &HkdfSalt) -> Result<Secret> {
        match salt {
            HkdfSalt::Null => Ok(Secret::default()),
            HkdfSalt::Data(bytes) => Ok(Secret::from(bytes.as_slice())),
            HkdfSalt::Key(handle) => {
                let object = self.session_object(session, *handle)?.ok_or(Error::KeyHandleInvalid)?;
                match object.material() {
                    Material::Secret(value) if object.is(A::DERIVE) => Ok(value.clone()),
                    Material::Secret(_) => Err(Error::KeyFunctionNotPermitted("derive")),
                    _ => Err(Error::KeyHandleInvalid),
                }
            }
        }
    }

    /// A derived key has been a secret always if its base has.
    fn origin(&self, session: &Session, base: ObjectHandle) -> Origin {
        let is = |kind| {
            let value = match self.session_object(session, base) {
                Ok(Some(object)) => object.value(kind).cloned(),
                _ => self.visible(session, base).ok().and_then(|object| {
                    self.answer(session, object, kind, &mut crate::engine::contents::Fetched::default()).ok()
                }),
            };
            value == Some(Value::Bool(true))
        };
        Origin {
            generated: None,
            always_sensitive: is(A::ALWAYS_SENSITIVE),
            never_extractable: is(A::NEVER_EXTRACTABLE),
        }
    }
}

/// The curve of a key that agrees.
fn curve_of(key: &OperationKey) -> Result<Curve> {
    let curve = match key {
        OperationKey::Card(key) => key.curve,
        OperationKey::Host(key) => match key.object.algorithm() {
            Some(KeyAlgorithm::Ec { curve }) => curve,
            _ => None,
        },
        OperationKey::Public(_) => None,
    };
    curve.ok_or(Error::KeyHandleInvalid)
}

/// What comes out of a derivation is a secret key.
fn check_class(template: &Template) -> Result<()> {
    match template.value(A::CLASS).map(Value::as_number) {
        None => Ok(()),
        Some(Some(class)) if class == ObjectClass::SecretKey.number() => Ok(()),
        Some(_) => Err(Error::TemplateInconsistent("what is derived is a secret key")),
    }
}

/// The length of the key: as the template says; an AES key of no said length takes what there is.
pub(super) fn wanted_len(template: &Template) -> Result<Option<usize>> {
    let Some(value) = template.value(A::VALUE_LEN) else { return Ok(None) };
    let len = value.as_number().and_then(|len| usize::try_from(len).ok());
    match len.ok_or(Error::AttributeValueInvalid(A::VALUE_LEN))? {
        0 => Err(Error::AttributeValueInvalid(A::VALUE_LEN)),
        len => Ok(Some(len)),
    }
}

/// Bytes are taken off at the beginning (PKCS#11 3.1, 6.3.20).
fn last_bytes(secret: Secret, wanted: Option<usize>, mechanism: MechanismId) -> Result<Secret> {
    let Some(len) = wanted else { return Ok(secret) };
    let start = secret.len().checked_sub(len).ok_or(too_long(mechanism, len))?;
    Ok(Secret::from(secret.expose().get(start..).unwrap_or_default()))
}

fn too_long(mechanism: MechanismId, len: usize) -> Error {
    Error::KeySizeRange { mechanism, bits: u32::try_from(len.saturating_mul(8)).unwrap_or(u32::MAX) }
}

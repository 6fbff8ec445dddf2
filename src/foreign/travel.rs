//! Data that a secret key of the module encrypts, and keys that it wraps and unwraps. What the host is to have in hand passes through an object
//! of the session, which is destroyed at once.

use cryptoki_sys as ck;

use super::Module;
use super::fault::explain;
use super::keys::{check_placement, common, private_uses, secrecy, usual_usage};
use super::operations::parameter;
use super::raw::{Fault, RawAttribute, Use};
use super::values::raw;
use crate::codec::Secret;
use crate::engine::{
    AttributeType as Type, Error, KeySpec, MechanismCall, ObjectClass, ObjectHandle, Result, SessionHandle,
    Value,
};
use crate::token::KeyAlgorithm;

impl Module {
    pub(super) fn encrypt_init(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        key: ObjectHandle,
    ) -> Result<()> {
        self.known(session)?;
        let parameter = parameter(call);
        let used = Use { mechanism: call.id.0, parameter: &parameter, key: key.0 };
        self.library.encrypt_init(session.0, used).map_err(|fault| self.key_fault(call, fault))
    }

    pub(super) fn encrypt_update(&self, session: SessionHandle, part: &[u8]) -> Result<Vec<u8>> {
        self.known(session)?;
        self.library.encrypt_update(session.0, part).map_err(explain)
    }

    pub(super) fn encrypt_final(&self, session: SessionHandle) -> Result<Vec<u8>> {
        self.known(session)?;
        self.library.encrypt_final(session.0).map_err(explain)
    }

    pub(super) fn wrap_key(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        wrapping: ObjectHandle,
        key: ObjectHandle,
    ) -> Result<Vec<u8>> {
        self.known(session)?;
        let parameter = parameter(call);
        let used = Use { mechanism: call.id.0, parameter: &parameter, key: wrapping.0 };
        self.library.wrap_key(session.0, used, key.0).map_err(|fault| self.key_fault(call, fault))
    }

    /// Wraps bytes of the host: a secret of no algorithm has any length, and is wrapped as it is.
    pub(super) fn wrap_bytes(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        wrapping: ObjectHandle,
        value: &Secret,
    ) -> Result<Vec<u8>> {
        self.known(session)?;
        let mut template = passing();
        template.push(RawAttribute { kind: Type::VALUE.0, value: value.expose().to_vec() });
        let key = ObjectHandle(self.library.create_object(session.0, &template).map_err(explain)?);
        let wrapped = self.wrap_key(session, call, wrapping, key);
        let gone = self.library.destroy_object(session.0, key.0).map_err(explain);
        let wrapped = wrapped?;
        gone.map(|()| wrapped)
    }

    pub(super) fn unwrap_bytes(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        unwrapping: ObjectHandle,
        wrapped: &[u8],
    ) -> Result<Secret> {
        self.known(session)?;
        let made = self.unwrapped(session, call, (unwrapping, wrapped), &passing())?;
        self.take_value(session, made)
    }

    /// Unwraps a key that the module alone sees.
    pub(super) fn unwrap_onto_token(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        wrapped: (ObjectHandle, &[u8]),
        spec: &KeySpec,
    ) -> Result<ObjectHandle> {
        let slot = self.known(session)?.slot;
        check_placement(spec)?;
        let id = self.new_id(session, spec)?;
        let usage = spec.usage.unwrap_or_else(|| usual_usage(spec.algorithm));
        let (class, key_type) = match spec.algorithm {
            KeyAlgorithm::Aes { .. } => (ObjectClass::SecretKey, ck::CKK_AES),
            KeyAlgorithm::Rsa { .. } => (ObjectClass::PrivateKey, ck::CKK_RSA),
            KeyAlgorithm::Ec { .. } => (ObjectClass::PrivateKey, ck::CKK_EC),
            KeyAlgorithm::Ed25519 => (ObjectClass::PrivateKey, ck::CKK_EC_EDWARDS),
            KeyAlgorithm::X25519 => (ObjectClass::PrivateKey, ck::CKK_EC_MONTGOMERY),
            _ => return Err(Error::NotSupported("unwrapping a key of this family")),
        };
        let mut template = common(class, &spec.label, &id);
        template.push(raw(Type::KEY_TYPE, &Value::Number(key_type)));
        template.extend(secrecy(spec));
        template.extend(private_uses(&usage));
        if class == ObjectClass::SecretKey {
            template.push(raw(Type::ENCRYPT, &Value::Bool(usage.encrypt)));
            template.push(raw(Type::WRAP, &Value::Bool(usage.wrap)));
        }
        let made = self.unwrapped(session, call, wrapped, &template);
        self.state().views.remove(&slot);
        made
    }

    fn unwrapped(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        (unwrapping, wrapped): (ObjectHandle, &[u8]),
        template: &[RawAttribute],
    ) -> Result<ObjectHandle> {
        let parameter = parameter(call);
        let used = Use { mechanism: call.id.0, parameter: &parameter, key: unwrapping.0 };
        let made = self.library.unwrap_key(session.0, used, wrapped, template);
        made.map(ObjectHandle).map_err(|fault| match fault {
            Fault::Refused { value: ck::CKR_WRAPPED_KEY_INVALID, .. } => Error::WrappedKeyInvalid,
            Fault::Refused { value: ck::CKR_WRAPPED_KEY_LEN_RANGE, .. } => {
                Error::WrappedKeyLength(wrapped.len())
            }
            fault => self.key_fault(call, fault),
        })
    }

    /// The value of an object of the session, which is destroyed.
    fn take_value(&self, session: SessionHandle, key: ObjectHandle) -> Result<Secret> {
        let value = self.library.attribute(session.0, key.0, Type::VALUE.0).map_err(explain);
        let gone = self.library.destroy_object(session.0, key.0).map_err(explain);
        let value = Secret::from(value?.value.as_slice());
        gone.map(|()| value)
    }
}

/// A secret that passes through the session into the host's hands.
fn passing() -> Vec<RawAttribute> {
    vec![
        raw(Type::CLASS, &Value::Number(ObjectClass::SecretKey.number())),
        raw(Type::KEY_TYPE, &Value::Number(ck::CKK_GENERIC_SECRET)),
        raw(Type::TOKEN, &Value::Bool(false)),
        raw(Type::SENSITIVE, &Value::Bool(false)),
        raw(Type::EXTRACTABLE, &Value::Bool(true)),
    ]
}

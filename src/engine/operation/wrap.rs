//! Keys that travel under other keys (PKCS#11 3.1, 5.18.3 and 5.18.4): on the host, but for what a card does with its own.

use super::Session;
use super::cipher::Cipher;
use super::crypting::Crypting;
use super::derive::wanted_len;
use super::input::check_room;
use super::key::OperationKey;
use crate::card::CardError;
use crate::codec::Secret;
use crate::crypto::aes::{BLOCK_LEN, KeyWrap, WrapError};
use crate::crypto::{CryptoError, PrivateKey};
use crate::engine::attribute::{AttributeType as A, ObjectClass, Template, Value};
use crate::engine::error::Error;
use crate::engine::from_template;
use crate::engine::mechanism::{CipherMode, Encoding, MechanismCall, Plan, Primitive, Purpose};
use crate::engine::session::SessionHandle;
use crate::engine::session_object::{Material, Origin, SessionObject, Who, key_type_of};
use crate::engine::session_objects::{Found, new_object};
use crate::engine::{ANY_ROOM, Engine, KeySpec, NewObject, ObjectHandle, Result};
use crate::token::KeyAlgorithm;

impl NewObject {
    /// What came out of a wrapping, as a token keeps it: the bytes of a secret key, or a private key in PKCS#8. Of the spec's
    /// algorithm only the family counts: the key tells its size. Errors: `WrappedKeyInvalid`; `TemplateInconsistent` for a
    /// key of another family.
    pub fn from_unwrapped(value: Secret, spec: KeySpec) -> Result<Self> {
        let wanted = spec.algorithm;
        if matches!(wanted, KeyAlgorithm::Aes { .. }) {
            let fits = matches!(value.len(), 16 | 24 | 32);
            return if fits { Ok(Self::SecretKey { value, spec }) } else { Err(Error::WrappedKeyInvalid) };
        }
        let key = PrivateKey::from_pkcs8_der(&value).map_err(|_| Error::WrappedKeyInvalid)?;
        let found = KeyAlgorithm::from(&key.public());
        if std::mem::discriminant(&found) != std::mem::discriminant(&wanted) {
            return Err(Error::TemplateInconsistent("a key type that is not that of the key"));
        }
        Ok(Self::PrivateKey { key, spec })
    }
}

impl Engine {
    /// Wraps a key of a session: a secret key's bytes, a private key as PKCS#8. Keys on a card never leave it.
    /// Errors: `KeyUnextractable`, `KeyNotWrappable`, `WrappingKeyHandleInvalid`, `WrappingKeyTypeInconsistent`.
    pub fn wrap_key(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        wrapping: ObjectHandle,
        key: ObjectHandle,
        room: usize,
    ) -> Result<Vec<u8>> {
        self.with_session(session, |session| {
            let (plan, wrapping_key, value) = self.wrapping(session, call, wrapping, key)?;
            // Nothing is computed that would not fit.
            check_room(wrapped_len(&plan, &wrapping_key, value.len())?, room)?;
            self.wrapped(plan, wrapping_key, &value)
        })
    }

    /// Length of a wrapped key in bytes, without a card. Errors: as [`Engine::wrap_key`].
    pub fn wrap_len(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        wrapping: ObjectHandle,
        key: ObjectHandle,
    ) -> Result<usize> {
        self.with_session(session, |session| {
            let (plan, wrapping_key, value) = self.wrapping(session, call, wrapping, key)?;
            wrapped_len(&plan, &wrapping_key, value.len())
        })
    }

    /// The wrapping key with the plan for its use, and the bytes that it is to wrap.
    fn wrapping(
        &self,
        session: &Session,
        call: &MechanismCall,
        wrapping: ObjectHandle,
        key: ObjectHandle,
    ) -> Result<(Plan, OperationKey, Secret)> {
        let prepared = self.prepare_once(session, call, wrapping, Purpose::Wrap);
        let (plan, wrapping_key) = prepared.map_err(as_wrapping)?;
        let object = match self.found(session, key) {
            Ok(Found::Session(object)) => object,
            Ok(Found::Card(_)) => return Err(Error::KeyUnextractable),
            Err(Error::ObjectHandleInvalid) => return Err(Error::KeyHandleInvalid),
            Err(error) => return Err(error),
        };
        let trusted =
            || matches!(self.session_object(session, wrapping), Ok(Some(key)) if key.is(A::TRUSTED));
        if object.is(A::WRAP_WITH_TRUSTED) && !trusted() {
            return Err(Error::KeyNotWrappable("only a trusted key wraps it"));
        }
        let value = value_to_wrap(&object, &plan)?;
        Ok((plan, wrapping_key, value))
    }

    /// Unwraps a key: for the session, or (where the template says so) onto the token. Whatever is wrong with it has
    /// one answer. Errors: `WrappedKeyInvalid`, `WrappedKeyLength`, `UnwrappingKeyHandleInvalid`,
    /// `UnwrappingKeyTypeInconsistent`, those of templates.
    pub fn unwrap_key(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        unwrapping: ObjectHandle,
        wrapped: &[u8],
        template: &Template,
    ) -> Result<ObjectHandle> {
        let class = from_template::number(template, A::CLASS)?;
        let class = ObjectClass::from_number(class).ok_or(Error::AttributeValueInvalid(A::CLASS))?;
        let key_type = from_template::number(template, A::KEY_TYPE)?;
        if !matches!(class, ObjectClass::SecretKey | ObjectClass::PrivateKey) {
            return Err(Error::TemplateInconsistent("only secret and private keys are unwrapped"));
        }
        let who = self.who(session)?;
        if class == ObjectClass::SecretKey {
            self.check_secret_template(session, template, who, wrapped.len())?;
        }
        let value =
            self.with_session(session, |session| self.unwrap_now(session, call, unwrapping, wrapped))?;
        self.keep(session, template, |template| match class {
            ObjectClass::PrivateKey => {
                let key = PrivateKey::from_pkcs8_der(&value).map_err(|_| Error::WrappedKeyInvalid)?;
                if key_type_of(&key) != key_type {
                    return Err(Error::TemplateInconsistent("a key type that is not that of the key"));
                }
                SessionObject::private_key(key, template, Origin::default(), who)
            }
            // The template is right, so it is the length: were that told, it would tell that the padding was right.
            _ => SessionObject::secret_key(value, template, Origin::default(), who)
                .map_err(|_| Error::WrappedKeyInvalid),
        })
    }

    /// Refuses a template before anything is unwrapped: the same refusal afterwards would tell that the padding was right
    /// (Bleichenbacher). A key of a right length stands in for the one that is not known yet.
    fn check_secret_template(
        &self,
        session: SessionHandle,
        template: &Template,
        who: Who,
        longest: usize,
    ) -> Result<()> {
        let len = wanted_len(template)?.unwrap_or(ANY_KEY_LEN).min(longest.max(ANY_KEY_LEN));
        let object = described(template, |template| {
            SessionObject::secret_key(Secret::new(vec![0; len]), template, Origin::default(), who)
        })?;
        if is_for_token(template) {
            self.check_may_write(session)?;
            new_object(&object)?;
        }
        Ok(())
    }

    /// Wraps a key that the host has: the bytes of a secret key, or a private key in PKCS#8.
    /// Errors: as [`Engine::wrap_key`].
    pub fn wrap_bytes(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        wrapping: ObjectHandle,
        value: &Secret,
    ) -> Result<Vec<u8>> {
        self.with_session(session, |session| {
            let prepared = self.prepare_once(session, call, wrapping, Purpose::Wrap);
            let (plan, key) = prepared.map_err(as_wrapping)?;
            self.wrapped(plan, key, value)
        })
    }

    /// Unwraps a key onto the token ([`NewObject::from_unwrapped`]). A private key comes with its public half. Errors: as
    /// [`Engine::unwrap_key`] and [`Engine::create_object`].
    pub fn unwrap_onto_token(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        (unwrapping, wrapped): (ObjectHandle, &[u8]),
        spec: &KeySpec,
    ) -> Result<ObjectHandle> {
        self.check_may_write(session)?;
        let value = self.unwrap_bytes(session, call, unwrapping, wrapped)?;
        let object = NewObject::from_unwrapped(value, spec.clone())?;
        self.create_object(session, &object)
    }

    /// Unwraps a key for the host. Errors: as [`Engine::unwrap_key`].
    pub fn unwrap_bytes(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        unwrapping: ObjectHandle,
        wrapped: &[u8],
    ) -> Result<Secret> {
        self.with_session(session, |session| self.unwrap_now(session, call, unwrapping, wrapped))
    }

    fn unwrap_now(
        &self,
        session: &Session,
        call: &MechanismCall,
        unwrapping: ObjectHandle,
        wrapped: &[u8],
    ) -> Result<Secret> {
        let prepared = self.prepare_once(session, call, unwrapping, Purpose::Unwrap);
        let (plan, key) = prepared.map_err(as_unwrapping)?;
        self.unwrapped(plan, key, wrapped).map_err(as_unwrapped)
    }

    /// Makes an object of a template, for the session or, where the template says so, onto the token.
    pub(super) fn keep(
        &self,
        session: SessionHandle,
        template: &Template,
        make: impl FnOnce(&Template) -> Result<SessionObject>,
    ) -> Result<ObjectHandle> {
        let object = described(template, make)?;
        if is_for_token(template) {
            return self.create_object(session, &new_object(&object)?);
        }
        self.insert(session, object)
    }

    fn wrapped(&self, plan: Plan, key: OperationKey, value: &Secret) -> Result<Vec<u8>> {
        if let Primitive::AesKeyWrap { padded } = plan.primitive {
            return form(padded).wrap(value, |block| self.one_block(&key, true, block)).map_err(|error| {
                match error {
                    WrapError::Bytes(_) => NOT_WRAPPABLE,
                    WrapError::Cipher(error) => error,
                }
            });
        }
        match Crypting::new(plan, key, true)?.finish(self, value.expose(), ANY_ROOM) {
            Ok(wrapped) => Ok(wrapped.expose().to_vec()),
            Err(Error::DataLength { .. }) => Err(NOT_WRAPPABLE),
            Err(error) => Err(error),
        }
    }

    fn unwrapped(&self, plan: Plan, key: OperationKey, wrapped: &[u8]) -> Result<Secret> {
        if let Primitive::AesKeyWrap { padded } = plan.primitive {
            let value = form(padded).unwrap(wrapped, |block| self.one_block(&key, false, block));
            return value.map_err(|error| match error {
                WrapError::Bytes(CryptoError::InputLength { actual, .. }) => Error::WrappedKeyLength(actual),
                WrapError::Bytes(_) => Error::WrappedKeyInvalid,
                WrapError::Cipher(error) => error,
            });
        }
        Crypting::new(plan, key, false)?.finish(self, wrapped, ANY_ROOM)
    }

    /// One block through AES, wherever the key is.
    fn one_block(&self, key: &OperationKey, encrypt: bool, block: &[u8; 16]) -> Result<[u8; 16]> {
        let answer = self.aes(key, encrypt, None, block)?;
        answer.expose().try_into().map_err(|_| {
            let why = format!("{} bytes where 16 are right", answer.len());
            let source = CardError::Malformed { what: "the answer of a key".to_owned(), why };
            Error::Card { reader: self.holder_name(key), source }
        })
    }
}

/// The object of a template, wherever it goes.
fn described(
    template: &Template,
    make: impl FnOnce(&Template) -> Result<SessionObject>,
) -> Result<SessionObject> {
    from_template::check_known(template)?;
    let attributes = template.attributes().iter().filter(|attribute| attribute.kind != A::TOKEN);
    make(&attributes.cloned().collect())
}

fn is_for_token(template: &Template) -> bool {
    template.value(A::TOKEN) == Some(&Value::Bool(true))
}

fn form(padded: bool) -> KeyWrap {
    if padded { KeyWrap::Padded } else { KeyWrap::Plain }
}

/// Bytes that are a key of every type here.
const ANY_KEY_LEN: usize = 16;
const NOT_WRAPPABLE: Error = Error::KeyNotWrappable("its length is none for this mechanism");

/// Length of what comes out of a wrapping. Errors: `KeyNotWrappable`.
fn wrapped_len(plan: &Plan, key: &OperationKey, value_len: usize) -> Result<usize> {
    match (plan.primitive, &plan.encoding) {
        (Primitive::AesKeyWrap { padded }, _) => form(padded).wrapped_len(value_len).ok_or(NOT_WRAPPABLE),
        (_, Encoding::Cipher(CipherMode::Ecb | CipherMode::Cbc { padded: false, .. }))
            if !value_len.is_multiple_of(BLOCK_LEN) =>
        {
            Err(NOT_WRAPPABLE)
        }
        (_, Encoding::Cipher(mode)) => {
            let cipher = Cipher::new(mode, true, super::crypting::secret_value(key))?;
            Ok(cipher.finish_len(value_len))
        }
        _ => Ok(plan.output_len),
    }
}

/// The bytes of a key that is to be wrapped. Errors: `KeyUnextractable`, `KeyNotWrappable`, `KeyHandleInvalid`.
fn value_to_wrap(object: &SessionObject, plan: &Plan) -> Result<Secret> {
    let value = match object.material() {
        Material::Secret(value) => value.clone(),
        // A block of RSA is too short for a private key, and bare blocks of AES do not tell where it ends.
        Material::Private(_) if plan.primitive == Primitive::RsaPublic => {
            return Err(Error::KeyNotWrappable("a private key under RSA"));
        }
        Material::Private(key) => key.to_pkcs8_der().map_err(Error::Crypto)?,
        Material::Public(_) => return Err(Error::KeyNotWrappable("a public key needs none")),
        Material::None => return Err(Error::KeyHandleInvalid),
    };
    if object.is(A::EXTRACTABLE) { Ok(value) } else { Err(Error::KeyUnextractable) }
}

fn as_wrapping(error: Error) -> Error {
    match error {
        Error::KeyHandleInvalid => Error::WrappingKeyHandleInvalid,
        Error::KeyTypeInconsistent { mechanism, .. } => Error::WrappingKeyTypeInconsistent(mechanism),
        other => other,
    }
}

fn as_unwrapping(error: Error) -> Error {
    match error {
        Error::KeyHandleInvalid => Error::UnwrappingKeyHandleInvalid,
        Error::KeyTypeInconsistent { mechanism, .. } => Error::UnwrappingKeyTypeInconsistent(mechanism),
        other => other,
    }
}

/// What decryption says of bad cipher text, said of a wrapped key.
fn as_unwrapped(error: Error) -> Error {
    match error {
        Error::EncryptedDataInvalid => Error::WrappedKeyInvalid,
        Error::EncryptedDataLength { actual, .. } => Error::WrappedKeyLength(actual),
        other => other,
    }
}

//! Objects of sessions towards callers: made, copied, changed, destroyed, measured (PKCS#11 3.1, 5.7).

use std::sync::Arc;

use super::attribute::{Answer, Attribute, AttributeType as A, Template, Value};
use super::create::{KeySpec, NewObject};
use super::error::Error;
use super::from_template;
use super::mechanism::MechanismId;
use super::object::ObjectRef;
use super::operation::Session;
use super::session::{Login, SessionHandle};
use super::session_object::{Material, Origin, SessionObject, Who};
use super::{Engine, ObjectHandle, Result, lock};
use crate::crypto::aes::AesKey;
use crate::crypto::{
    Curve, Curve25519, EcPrivateKey, Ed25519PrivateKey, PrivateKey, RsaPrivateKey, X25519PrivateKey, random,
};

/// What a handle names.
pub(super) enum Found {
    /// An object on the card.
    Card(ObjectRef),
    /// An object of a session.
    Session(Arc<SessionObject>),
}

impl Engine {
    /// Makes the object that a template describes: on the token where it says so, else for as long as the session lives.
    /// Errors: those of templates; as [`Engine::create_object`] for one on the token.
    pub fn create(&self, session: SessionHandle, template: &Template) -> Result<ObjectHandle> {
        if is_for_token(template)? {
            return self.create_object(session, &NewObject::from_template(template)?);
        }
        let object = SessionObject::create(template, self.who(session)?)?;
        self.insert(session, object)
    }

    /// Generates a secret key: on the card where the template says so, else for the session.
    /// Errors: those of templates; `MechanismInvalid`; as [`Engine::generate_key`] for one on the card.
    pub fn generate_key_from(
        &self,
        session: SessionHandle,
        mechanism: MechanismId,
        template: &Template,
    ) -> Result<ObjectHandle> {
        if is_for_token(template)? {
            return self.generate_key(session, &KeySpec::from_template(mechanism, template)?);
        }
        let who = self.who(session)?;
        let len = template.value(A::VALUE_LEN).ok_or(Error::TemplateIncomplete(A::VALUE_LEN))?;
        let len = len.as_number().ok_or(Error::AttributeValueInvalid(A::VALUE_LEN))?;
        let bits = u32::try_from(len.saturating_mul(8)).unwrap_or(u32::MAX);
        let (key_type, value) = match mechanism {
            MechanismId::AES_KEY_GEN => {
                let size = Error::KeySizeRange { mechanism, bits };
                (AES, AesKey::generate(bits).map_err(|_| size)?.secret().clone())
            }
            MechanismId::GENERIC_SECRET_KEY_GEN if (1..=LONGEST_SECRET).contains(&len) => {
                (GENERIC, random::secret(usize::try_from(len).unwrap_or_default()).map_err(Error::Crypto)?)
            }
            MechanismId::GENERIC_SECRET_KEY_GEN => return Err(Error::KeySizeRange { mechanism, bits }),
            other => return Err(Error::MechanismInvalid(other)),
        };
        from_template::check_known(template)?;
        let template = with_key_type(template, key_type)?;
        let object = SessionObject::secret_key(value, &template, Origin::generated(mechanism), who)?;
        self.insert(session, object)
    }

    /// Generates a key pair: on the card where the private half's template says so, else for the session. Answers
    /// private and public half. Errors: those of templates; `MechanismInvalid`; as [`Engine::generate_key_pair`].
    pub fn generate_key_pair_from(
        &self,
        session: SessionHandle,
        mechanism: MechanismId,
        public: &Template,
        private: &Template,
    ) -> Result<(ObjectHandle, ObjectHandle)> {
        match (is_for_token(public)?, is_for_token(private)?) {
            (_, true) => {
                let spec = KeySpec::from_templates(mechanism, public, private)?;
                return self.generate_key_pair(session, &spec);
            }
            (true, false) => return Err(Error::TemplateInconsistent("one half alone on the token")),
            (false, false) => {}
        }
        let who = self.who(session)?;
        from_template::check_known(public)?;
        from_template::check_known(private)?;
        let key = generate(mechanism, public, private)?;
        let origin = Origin::generated(mechanism);
        let public = SessionObject::public_key(key.public(), public, origin, who)?;
        let private = SessionObject::private_key(key, private, origin, who)?;
        let private = self.insert(session, private)?;
        Ok((private, self.insert(session, public)?))
    }

    /// Copies an object of a session, with the template's attributes in the place of its own: for the session, or onto
    /// the token. What is on a card is not copied. Errors: `NotCopyable`; those of templates.
    pub fn copy_object(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        template: &Template,
    ) -> Result<ObjectHandle> {
        let known = self.session(session)?;
        let Found::Session(original) = self.found(&known, object)? else { return Err(Error::NotCopyable) };
        let to_token = is_for_token(template)?;
        let attributes = template.attributes().iter().filter(|attribute| attribute.kind != A::TOKEN);
        let template: Template = attributes.cloned().collect();
        let copy = original.copied(&template, self.who(session)?)?;
        if to_token {
            return self.create_object(session, &new_object(&copy)?);
        }
        self.insert(session, copy)
    }

    /// Bytes of an object's attributes, as far as they are told. Errors: `ObjectHandleInvalid`, those of the card.
    pub fn object_size(&self, session: SessionHandle, object: ObjectHandle) -> Result<usize> {
        let known = self.session(session)?;
        let material = match self.found(&known, object)? {
            Found::Session(object) => object.material().len(),
            Found::Card(_) => 0,
        };
        let kinds: Vec<A> = A::known().collect();
        let answers = self.attributes(session, object, &kinds)?;
        Ok(material + answers.iter().flatten().map(size_of_value).sum::<usize>())
    }

    /// Whose objects a session makes.
    pub(super) fn who(&self, session: SessionHandle) -> Result<Who> {
        let session = self.session(session)?;
        let login = lock(&self.state).login(session.slot);
        Ok(Who { user: login == Login::User, officer: login == Login::SecurityOfficer })
    }

    /// Gives a session an object.
    pub(super) fn insert(&self, owner: SessionHandle, mut object: SessionObject) -> Result<ObjectHandle> {
        let handle = ObjectHandle(self.next_handle());
        object.name(&format!("session/{}", handle.0));
        let mut state = lock(&self.state);
        let slot = state.sessions.get(&owner).ok_or(Error::SessionHandleInvalid)?.slot;
        state.token_mut(slot).session_objects.insert(handle, owner, object);
        Ok(handle)
    }

    /// The object of a handle, on the card or of a session, if this session may see it.
    /// Errors: `ObjectHandleInvalid`, `LoginLost`.
    pub(super) fn found(&self, session: &Session, handle: ObjectHandle) -> Result<Found> {
        match self.session_object(session, handle)? {
            Some(object) => Ok(Found::Session(object)),
            None => self.visible(session, handle).map(Found::Card),
        }
    }

    /// The session object of a handle; `None` when the handle is not that of one. Errors: `LoginLost`.
    pub(super) fn session_object(
        &self,
        session: &Session,
        handle: ObjectHandle,
    ) -> Result<Option<Arc<SessionObject>>> {
        let state = lock(&self.state);
        let Some(token) = state.tokens.get(&session.slot) else { return Ok(None) };
        let user = token.login == Login::User;
        match token.session_objects.get(handle, user) {
            Some(object) => Ok(Some(Arc::clone(object))),
            None if token.login_lost && token.session_objects.contains(handle) => Err(Error::LoginLost),
            None => Ok(None),
        }
    }

    /// Changes a session object; false when the handle is not that of one. Errors: as for a change.
    pub(super) fn change_session_object(
        &self,
        session: SessionHandle,
        handle: ObjectHandle,
        template: &Template,
    ) -> Result<bool> {
        let (known, who) = (self.session(session)?, self.who(session)?);
        let mut state = lock(&self.state);
        let objects = &mut state.token_mut(known.slot).session_objects;
        let Some(object) = objects.get(handle, who.user) else { return Ok(false) };
        let changed = object.changed(template, who)?;
        objects.replace(handle, changed);
        Ok(true)
    }

    /// Destroys a session object; false when the handle is not that of one. Errors: `NotDestroyable`.
    pub(super) fn destroy_session_object(
        &self,
        session: SessionHandle,
        handle: ObjectHandle,
    ) -> Result<bool> {
        let (known, who) = (self.session(session)?, self.who(session)?);
        let mut state = lock(&self.state);
        let objects = &mut state.token_mut(known.slot).session_objects;
        match objects.get(handle, who.user) {
            None => Ok(false),
            Some(object) if !object.is(A::DESTROYABLE) => Err(Error::NotDestroyable),
            Some(_) => {
                objects.remove(handle);
                Ok(true)
            }
        }
    }

    /// One attribute of a session object. Errors: `AttributeSensitive`, `AttributeTypeInvalid`.
    pub(super) fn session_answer(object: &SessionObject, kind: A) -> Result<Value> {
        match object.answer(kind) {
            Answer::Is(value) => Ok(value),
            Answer::Sensitive => Err(Error::AttributeSensitive(kind)),
            Answer::Absent | Answer::Unread => Err(Error::AttributeTypeInvalid(kind)),
        }
    }
}

/// Whether a template asks for an object on the token. Errors: `AttributeValueInvalid`.
fn is_for_token(template: &Template) -> Result<bool> {
    match template.value(A::TOKEN) {
        None => Ok(false),
        Some(value) => value.as_bool().ok_or(Error::AttributeValueInvalid(A::TOKEN)),
    }
}

/// The template with the key type that follows from the mechanism. Errors: `TemplateInconsistent` for another one.
pub(super) fn with_key_type(template: &Template, key_type: u64) -> Result<Template> {
    match template.value(A::KEY_TYPE).map(Value::as_number) {
        None => Ok(template.clone().with(A::KEY_TYPE, Value::Number(key_type))),
        // A secret that is generated without an algorithm may be for one of those that have none.
        Some(Some(_)) if key_type == GENERIC => Ok(template.clone()),
        Some(Some(known)) if known == key_type => Ok(template.clone()),
        Some(_) => Err(Error::TemplateInconsistent("a key type that is not that of the mechanism")),
    }
}

/// A key pair on the host. Errors: `TemplateIncomplete`, `KeySizeRange`, `MechanismInvalid`.
fn generate(mechanism: MechanismId, public: &Template, private: &Template) -> Result<PrivateKey> {
    let parameters = || {
        let parameters = public.value(A::EC_PARAMS).or_else(|| private.value(A::EC_PARAMS));
        parameters.ok_or(Error::TemplateIncomplete(A::EC_PARAMS))
    };
    let key = match mechanism {
        MechanismId::RSA_PKCS_KEY_PAIR_GEN => {
            let bits = from_template::number(public, A::MODULUS_BITS)?;
            let exponent = public.value(A::PUBLIC_EXPONENT).and_then(Value::as_bytes);
            if exponent.is_some_and(|bytes| from_template::significant(bytes) != [0x01, 0x00, 0x01]) {
                return Err(Error::AttributeValueInvalid(A::PUBLIC_EXPONENT));
            }
            let bits = u32::try_from(bits).unwrap_or(u32::MAX);
            let size = Error::KeySizeRange { mechanism, bits };
            PrivateKey::Rsa(RsaPrivateKey::generate(bits).map_err(|_| size)?)
        }
        MechanismId::EC_KEY_PAIR_GEN => {
            let curve: Curve = from_template::curve(parameters()?)?;
            PrivateKey::Ec(EcPrivateKey::generate(curve).map_err(Error::Crypto)?)
        }
        MechanismId::EC_EDWARDS_KEY_PAIR_GEN => {
            from_template::check_25519(parameters()?, Curve25519::Ed25519)?;
            PrivateKey::Ed25519(Ed25519PrivateKey::generate().map_err(Error::Crypto)?)
        }
        MechanismId::EC_MONTGOMERY_KEY_PAIR_GEN => {
            from_template::check_25519(parameters()?, Curve25519::X25519)?;
            PrivateKey::X25519(X25519PrivateKey::generate().map_err(Error::Crypto)?)
        }
        other => return Err(Error::MechanismInvalid(other)),
    };
    Ok(key)
}

/// A session object as a card would store it. Errors: `NotCopyable` for what no card stores.
pub(super) fn new_object(object: &SessionObject) -> Result<NewObject> {
    let on_token = |attribute: (A, &Value)| match attribute.0 {
        A::TOKEN => Attribute { kind: A::TOKEN, value: Value::Bool(true) },
        kind => Attribute { kind, value: attribute.1.clone() },
    };
    let template: Template = object.attributes().map(on_token).collect();
    let label = template.value(A::LABEL).and_then(Value::as_text).unwrap_or_default().to_owned();
    match object.material() {
        Material::None => NewObject::from_template(&template),
        Material::Public(key) => {
            Ok(NewObject::PublicKey { key: key.clone(), label, id: from_template::id(&template) })
        }
        Material::Private(key) => {
            let spec = KeySpec::of_template((&key.public()).into(), &template);
            Ok(NewObject::PrivateKey { key: (**key).clone(), spec })
        }
        Material::Secret(value) => {
            let algorithm = object.algorithm().ok_or(Error::NotCopyable)?;
            let spec = KeySpec::of_template(algorithm, &template);
            Ok(NewObject::SecretKey { value: value.clone(), spec })
        }
    }
}

fn size_of_value(value: &Value) -> usize {
    match value {
        Value::Bool(_) => 1,
        Value::Number(_) => 8,
        Value::Bytes(bytes) => bytes.len(),
        Value::Text(text) => text.len(),
        Value::Date(None) => 0,
        Value::Date(Some(_)) => 8,
        Value::Numbers(numbers) => numbers.len() * 8,
    }
}

const AES: u64 = cryptoki_sys::CKK_AES;
pub(super) const GENERIC: u64 = cryptoki_sys::CKK_GENERIC_SECRET;
const LONGEST_SECRET: u64 = super::mechanism::LONGEST_SECRET as u64;

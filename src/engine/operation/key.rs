//! The key of an operation: found by its handle, checked against what is to be done with it, and planned for.

use std::sync::Arc;

use super::{CardKey, Session};
use crate::crypto::PublicKey;
use crate::engine::attribute::{AttributeType as A, Value};
use crate::engine::error::Error;
use crate::engine::mechanism::{KeyFacts, Mechanism, MechanismCall, MechanismId, Plan, Purpose, mechanism};
use crate::engine::object::ObjectRef;
use crate::engine::session::SessionHandle;
use crate::engine::session_object::{Material, SessionObject};
use crate::engine::session_objects::Found;
use crate::engine::{Engine, ObjectHandle, Result, lock};
use crate::token::{Key, KeyAlgorithm, KeyClass, KeyUsage};

/// A key as an operation uses it.
pub(in crate::engine) enum OperationKey {
    /// On a card.
    Card(CardKey),
    /// A private or secret key of a session.
    Host(HostKey),
    /// A public key, wherever it came from.
    Public(PublicKey),
}

/// A private or secret key of a session.
pub(in crate::engine) struct HostKey {
    pub handle: ObjectHandle,
    pub object: Arc<SessionObject>,
}

impl OperationKey {
    /// The key on a card, if it is there.
    pub fn card_mut(&mut self) -> Option<&mut CardKey> {
        if let Self::Card(key) = self { Some(key) } else { None }
    }
}

/// A key that waits for the PIN before it is used once, where no operation waits with it.
pub(in crate::engine) struct WaitingKey {
    pub(super) key: OperationKey,
    handle: ObjectHandle,
    purpose: Purpose,
}

/// A key before it is known whether it fits.
struct Candidate<'s> {
    class: KeyClass,
    algorithm: KeyAlgorithm,
    /// `None` where everything is allowed: the key of a certificate.
    usage: Option<KeyUsage>,
    holder: Holder<'s>,
}

enum Holder<'s> {
    Card(&'s Key),
    Session(Arc<SessionObject>),
    Certificate(PublicKey),
}

impl Engine {
    /// Prepares the next derivation, agreement, wrapping or unwrapping of the session with a key that asks for the PIN
    /// each time: these have no beginning of their own. After it comes the login for the operation
    /// ([`UserKind::ContextSpecific`](crate::engine::UserKind)). Not needed for other keys. Errors: as those.
    pub fn consent_init(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        key: ObjectHandle,
        purpose: Purpose,
    ) -> Result<()> {
        self.with_session(session, |session| {
            let (_, operation_key) = self.prepare(session, call, key, purpose)?;
            let waiting = WaitingKey { key: operation_key, handle: key, purpose };
            lock(&session.operations).waiting = Some(waiting);
            Ok(())
        })
    }

    /// As [`Engine::prepare`], for what is done at once: with the consent that was given for it. Whatever waited waits no
    /// longer.
    pub(super) fn prepare_once(
        &self,
        session: &Session,
        call: &MechanismCall,
        handle: ObjectHandle,
        purpose: Purpose,
    ) -> Result<(Plan, OperationKey)> {
        let waiting = lock(&session.operations).waiting.take();
        let (plan, key) = self.prepare(session, call, handle, purpose)?;
        let consented = waiting.filter(|known| known.handle == handle && known.purpose == purpose);
        Ok((plan, consented.map_or(key, |known| known.key)))
    }

    /// A key with the plan for its use. Errors: `MechanismInvalid`, `KeyHandleInvalid`, `KeyTypeInconsistent`,
    /// `KeyFunctionNotPermitted`, `KeySizeRange`, `MechanismParameters`.
    pub(super) fn prepare(
        &self,
        session: &Session,
        call: &MechanismCall,
        handle: ObjectHandle,
        purpose: Purpose,
    ) -> Result<(Plan, OperationKey)> {
        let (found, key) = self.allowed(session, call.id, handle, purpose)?;
        let computes_on_card = matches!(key.holder, Holder::Card(_)) && key.class != KeyClass::Public;
        let card = computes_on_card.then_some(&session.card.abilities);
        let facts = KeyFacts { algorithm: key.algorithm, card };
        let plan = found.plan(purpose, &call.parameters, Some(&facts))?;
        Ok((plan, self.take(session, handle, key)?))
    }

    /// A key of a session whose encryption goes message by message: the parameters come with each of them.
    /// Errors: as [`Engine::prepare`], but for those of the parameters.
    pub(super) fn prepare_messages(
        &self,
        session: &Session,
        id: MechanismId,
        handle: ObjectHandle,
        purpose: Purpose,
    ) -> Result<(KeyAlgorithm, HostKey)> {
        let (found, key) = self.allowed(session, id, handle, purpose)?;
        if !found.host_info().is_some_and(|info| info.uses.messages) {
            return Err(Error::MechanismInvalid(id));
        }
        match (key.algorithm, self.take(session, handle, key)?) {
            (algorithm, OperationKey::Host(key)) => Ok((algorithm, key)),
            _ => Err(Error::MechanismInvalid(id)),
        }
    }

    /// A key that may do this with the mechanism, and whose holder can.
    fn allowed<'s>(
        &self,
        session: &'s Session,
        id: MechanismId,
        handle: ObjectHandle,
        purpose: Purpose,
    ) -> Result<(&'static dyn Mechanism, Candidate<'s>)> {
        let found = mechanism(id)?;
        let info = found.info(&session.card.abilities);
        if !info.is_some_and(|info| info.uses.allow(purpose)) {
            return Err(Error::MechanismInvalid(id));
        }
        let mut key = self.candidate(session, handle, found)?;
        if !has_purpose(key.class, purpose) || !found.suits(key.algorithm) {
            return Err(Error::KeyTypeInconsistent { mechanism: id, needed: needed(purpose) });
        }
        key.check_mechanism(session, found, purpose)?;
        if !key.usage.is_none_or(|usage| allows(&usage, key.class, purpose)) {
            return Err(Error::KeyFunctionNotPermitted(verb(purpose)));
        }
        if let Holder::Card(on_card) = key.holder {
            key.algorithm = self.complete_algorithm(session, on_card)?;
        }
        Ok((found, key))
    }

    fn candidate<'s>(
        &self,
        session: &'s Session,
        handle: ObjectHandle,
        found: &dyn Mechanism,
    ) -> Result<Candidate<'s>> {
        let token = &session.card.token;
        match self.found(session, handle).map_err(key_error)? {
            Found::Session(object) => {
                let class = object.key_class().ok_or(Error::KeyHandleInvalid)?;
                let algorithm = object.algorithm().ok_or(Error::KeyHandleInvalid)?;
                let usage = Some(object.usage());
                Ok(Candidate { class, algorithm, usage, holder: Holder::Session(object) })
            }
            Found::Card(ObjectRef::Key(index)) => {
                let key = token.keys.get(index).ok_or(Error::KeyHandleInvalid)?;
                let (class, usage) = (key.class, Some(key.usage));
                let algorithm = match key.algorithm {
                    KeyAlgorithm::Untold => self.complete_algorithm(session, key)?,
                    told => told,
                };
                Ok(Candidate { class, algorithm, usage, holder: Holder::Card(key) })
            }
            Found::Card(ObjectRef::Certificate(index)) => {
                let certificate = token.certificates.get(index).ok_or(Error::KeyHandleInvalid)?;
                let details = self.details(session.reader, &session.card, certificate)?;
                let public = details.public_key.clone().ok_or(Error::KeyTypeInconsistent {
                    mechanism: found.id(),
                    needed: "a public key or certificate of its type",
                })?;
                let algorithm = KeyAlgorithm::from(&public);
                let holder = Holder::Certificate(public);
                Ok(Candidate { class: KeyClass::Public, algorithm, usage: None, holder })
            }
            Found::Card(ObjectRef::Data(_)) => Err(Error::KeyHandleInvalid),
        }
    }

    fn take(&self, session: &Session, handle: ObjectHandle, key: Candidate<'_>) -> Result<OperationKey> {
        match key.holder {
            Holder::Certificate(public) => Ok(OperationKey::Public(public)),
            Holder::Session(object) => match object.material() {
                Material::Public(public) => Ok(OperationKey::Public(public.clone())),
                Material::Private(_) | Material::Secret(_) => {
                    Ok(OperationKey::Host(HostKey { handle, object }))
                }
                Material::None => Err(Error::KeyHandleInvalid),
            },
            Holder::Card(on_card) if on_card.class == KeyClass::Public => {
                let public = self.public_half(session.reader, &session.card, on_card)?;
                public.as_deref().cloned().map(OperationKey::Public).ok_or(Error::KeyHandleInvalid)
            }
            Holder::Card(on_card) => {
                Ok(OperationKey::Card(CardKey::new(session, handle, on_card, key.algorithm)))
            }
        }
    }

    /// The key's algorithm with its size, from the public half where the card's directory does not say.
    fn complete_algorithm(&self, session: &Session, key: &Key) -> Result<KeyAlgorithm> {
        match key.algorithm {
            KeyAlgorithm::Rsa { modulus_bits: 0 }
            | KeyAlgorithm::Ec { curve: None }
            | KeyAlgorithm::Untold => {
                let public = self.public_half(session.reader, &session.card, key)?;
                Ok(public.as_deref().map_or(key.algorithm, KeyAlgorithm::from))
            }
            // What the directory says of a public key may be wrong; its value is not.
            known if key.class == KeyClass::Public => {
                let public = self.public_half(session.reader, &session.card, key)?;
                Ok(public.as_deref().map_or(known, KeyAlgorithm::from))
            }
            known => Ok(known),
        }
    }
}

impl Candidate<'_> {
    /// Whether the one who has the key can do that with it. Errors: `MechanismInvalid`.
    fn check_mechanism(&self, session: &Session, found: &dyn Mechanism, purpose: Purpose) -> Result<()> {
        let info = match &self.holder {
            Holder::Card(key) if key.class != KeyClass::Public => found.card_info(&session.card.abilities),
            _ => found.host_info(),
        };
        let allowed = match &self.holder {
            Holder::Session(object) => match object.value(A::ALLOWED_MECHANISMS) {
                Some(Value::Numbers(numbers)) => numbers.contains(&found.id().0),
                _ => true,
            },
            Holder::Card(_) | Holder::Certificate(_) => true,
        };
        if allowed && info.is_some_and(|info| info.uses.allow(purpose)) {
            Ok(())
        } else {
            Err(Error::MechanismInvalid(found.id()))
        }
    }
}

/// Whether keys of a class are for this at all.
fn has_purpose(class: KeyClass, purpose: Purpose) -> bool {
    match purpose {
        Purpose::Digest => false,
        Purpose::Sign | Purpose::SignRecover | Purpose::Decrypt | Purpose::Unwrap | Purpose::Derive => {
            class != KeyClass::Public
        }
        Purpose::Verify | Purpose::VerifyRecover | Purpose::Encrypt | Purpose::Wrap => {
            class != KeyClass::Private
        }
    }
}

fn needed(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Verify | Purpose::VerifyRecover | Purpose::Encrypt | Purpose::Wrap => {
            "a public key or certificate of its type"
        }
        _ => "a private key of its type",
    }
}

/// What a key's attributes let it do.
fn allows(usage: &KeyUsage, class: KeyClass, purpose: Purpose) -> bool {
    match purpose {
        Purpose::Digest => false,
        Purpose::Sign if class == KeyClass::Secret => usage.sign,
        Purpose::Sign => usage.sign || usage.sign_recover || usage.non_repudiation,
        Purpose::SignRecover => usage.sign_recover,
        Purpose::Verify => usage.verify || usage.verify_recover,
        Purpose::VerifyRecover => usage.verify_recover,
        Purpose::Encrypt => usage.encrypt,
        Purpose::Decrypt => usage.decrypt,
        Purpose::Wrap => usage.wrap,
        Purpose::Unwrap => usage.unwrap,
        Purpose::Derive => usage.derive,
    }
}

/// What is to be done, as an error names it.
fn verb(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Digest => "digest",
        Purpose::Sign => "sign",
        Purpose::SignRecover => "sign with recovery",
        Purpose::Verify => "verify",
        Purpose::VerifyRecover => "verify with recovery",
        Purpose::Encrypt => "encrypt",
        Purpose::Decrypt => "decrypt",
        Purpose::Wrap => "wrap",
        Purpose::Unwrap => "unwrap",
        Purpose::Derive => "derive",
    }
}

/// A bad object handle where a key is meant is a bad key handle.
fn key_error(error: Error) -> Error {
    match error {
        Error::ObjectHandleInvalid => Error::KeyHandleInvalid,
        other => other,
    }
}

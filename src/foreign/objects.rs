//! Search and attributes. Class and identifier are the module's to compare; the rest is compared here, because a label
//! that is no UTF-8 was made one.

use cryptoki_sys as ck;

use super::Module;
use super::fault::explain;
use super::raw::{Fault, RawAttribute};
use super::values::{from_raw, raw, to_raw};
use crate::codec::tlv;
use crate::crypto::{CertificateDetails, Curve, Curve25519, PublicKey};
use crate::engine::uri::Uri;
use crate::engine::{
    AttributeType as Type, Error, ObjectClass, ObjectHandle, Result, SessionHandle, Template, Value,
};

impl Module {
    /// Every object of a class that the command line knows and that matches.
    pub(super) fn find_all(&self, session: SessionHandle, template: &Template) -> Result<Vec<ObjectHandle>> {
        let (by_module, by_host): (Vec<_>, Vec<_>) = template
            .attributes()
            .iter()
            .partition(|attribute| [Type::CLASS, Type::ID, Type::TOKEN].contains(&attribute.kind));
        let asked: Vec<RawAttribute> = by_module.into_iter().map(to_raw).collect();
        let classes: Vec<ObjectClass> = match template.value(Type::CLASS) {
            Some(_) => Vec::new(),
            None => ObjectClass::ALL.to_vec(),
        };
        let mut found = Vec::new();
        if classes.is_empty() {
            found.extend(self.library.find(session.0, &asked).map_err(explain)?);
        }
        for class in classes {
            let mut of_class = vec![raw(Type::CLASS, &Value::Number(class.number()))];
            of_class.extend(asked.iter().cloned());
            found.extend(self.library.find(session.0, &of_class).map_err(explain)?);
        }
        let mut fitting = Vec::new();
        for handle in found.into_iter().map(ObjectHandle) {
            let kinds: Vec<Type> = by_host.iter().map(|attribute| attribute.kind).collect();
            let answers = if kinds.is_empty() { Vec::new() } else { self.stored(session, handle, &kinds)? };
            let fits = by_host
                .iter()
                .zip(&answers)
                .all(|(wanted, answer)| answer.as_ref().is_ok_and(|value| *value == wanted.value));
            if fits {
                fitting.push(handle);
            }
        }
        Ok(fitting)
    }

    /// Attributes, each with its own answer. The public key that a module does not tell as a whole is made of its parts.
    pub(super) fn attributes(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        kinds: &[Type],
    ) -> Result<Vec<Result<Value>>> {
        let mut answers = self.stored(session, object, kinds)?;
        let info = kinds.iter().position(|kind| *kind == Type::PUBLIC_KEY_INFO);
        if let Some(answer) = info.and_then(|index| answers.get_mut(index)) {
            let is_told =
                answer.as_ref().is_ok_and(|value| value.as_bytes().is_some_and(|it| !it.is_empty()));
            if !is_told && let Some(public) = self.public_key_of(session, object)? {
                *answer = Ok(Value::Bytes(public.to_spki_der()));
            }
        }
        Ok(answers)
    }

    /// What the module has: all at once, or one by one where it does not have them all.
    fn stored(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        kinds: &[Type],
    ) -> Result<Vec<Result<Value>>> {
        self.known(session)?;
        let numbers: Vec<ck::CK_ATTRIBUTE_TYPE> = kinds.iter().map(|kind| kind.0).collect();
        let is_gone = |fault: &Fault| {
            matches!(
                fault,
                Fault::Refused { value: ck::CKR_OBJECT_HANDLE_INVALID | ck::CKR_SESSION_HANDLE_INVALID, .. }
            )
        };
        match self.library.attributes(session.0, object.0, &numbers) {
            Ok(values) => {
                return Ok(kinds
                    .iter()
                    .zip(&values)
                    .map(|(kind, raw)| from_raw(*kind, &raw.value))
                    .collect());
            }
            Err(fault) if is_gone(&fault) => return Err(explain(fault)),
            Err(_) => {}
        }
        let one = |kind: &Type| match self.library.attribute(session.0, object.0, kind.0) {
            Ok(raw) => Ok(from_raw(*kind, &raw.value)),
            Err(fault) if is_gone(&fault) => Err(explain(fault)),
            Err(Fault::Refused { value: ck::CKR_ATTRIBUTE_SENSITIVE, .. }) => {
                Ok(Err(Error::AttributeSensitive(*kind)))
            }
            // Modules differ in how they say that there is no such attribute.
            Err(Fault::Refused { .. }) => Ok(Err(Error::AttributeTypeInvalid(*kind))),
            Err(fault) => Ok(Err(explain(fault))),
        };
        kinds.iter().map(one).collect()
    }

    /// The public half of a key or certificate, from whatever the module tells of it.
    fn public_key_of(&self, session: SessionHandle, object: ObjectHandle) -> Result<Option<PublicKey>> {
        let kinds =
            [Type::CLASS, Type::MODULUS, Type::PUBLIC_EXPONENT, Type::EC_PARAMS, Type::EC_POINT, Type::VALUE];
        let answers = self.stored(session, object, &kinds)?;
        let [class, modulus, exponent, parameters, point, value] = answers.as_slice() else {
            return Ok(None);
        };
        if class.as_ref().ok().and_then(Value::as_number) == Some(ObjectClass::Certificate.number()) {
            let details = CertificateDetails::parse(bytes(value)).ok();
            return Ok(details.and_then(|details| details.public_key));
        }
        Ok(public_key(bytes(modulus), bytes(exponent), bytes(parameters), bytes(point)))
    }

    pub(super) fn object_uri(&self, session: SessionHandle, object: ObjectHandle) -> Result<Uri> {
        let mut uri = self.token_uri(self.known(session)?.slot)?;
        let answers = self.stored(session, object, &[Type::LABEL, Type::ID, Type::CLASS])?;
        let [label, id, class] = answers.as_slice() else { return Err(Error::ObjectHandleInvalid) };
        let label = label.as_ref().ok().and_then(Value::as_text).unwrap_or_default();
        uri.object = Some(label.to_owned()).filter(|label| !label.is_empty());
        uri.id = Some(bytes(id).to_vec()).filter(|id| !id.is_empty());
        uri.class = class.as_ref().ok().and_then(Value::as_number).and_then(ObjectClass::from_number);
        Ok(uri)
    }
}

/// The bytes of an answer; none where there is none.
pub(super) fn bytes(answer: &Result<Value>) -> &[u8] {
    answer.as_ref().ok().and_then(Value::as_bytes).unwrap_or_default()
}

/// A public key from its attributes; `None` where they do not make one that we have.
pub(super) fn public_key(
    modulus: &[u8],
    exponent: &[u8],
    parameters: &[u8],
    point: &[u8],
) -> Option<PublicKey> {
    if !modulus.is_empty() {
        return PublicKey::from_rsa(modulus, exponent).ok();
    }
    if let Some(curve) = Curve25519::from_parameters_der(parameters) {
        // Bare, or in an OCTET STRING as for other curves: modules do either.
        let bare = tlv::find(point, TAG_OCTET_STRING).filter(|_| point.len() != CURVE25519_LEN);
        let key = bare.unwrap_or(point).try_into().ok()?;
        return Some(match curve {
            Curve25519::Ed25519 => PublicKey::Ed25519(key),
            Curve25519::X25519 => PublicKey::X25519(key),
        });
    }
    let curve = Curve::from_parameters_der(parameters)?;
    PublicKey::from_ec_point(curve, point).ok()
}

/// Bytes of a public key of Ed25519 and X25519 (RFC 8032, RFC 7748).
const CURVE25519_LEN: usize = 32;
/// OCTET STRING.
const TAG_OCTET_STRING: u32 = 0x04;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_key_of_curve25519_is_read_bare_and_wrapped() {
        let parameters = Curve25519::Ed25519.parameters_der();
        // A bare key may begin like an OCTET STRING.
        let bare = [&[0x04, 0x1E][..], &[7; 30]].concat();
        let wrapped = [&[0x04, 0x20][..], &bare].concat();
        let expected = Some(PublicKey::Ed25519(bare.clone().try_into().unwrap()));
        assert_eq!(public_key(&[], &[], &parameters, &bare), expected);
        assert_eq!(public_key(&[], &[], &parameters, &wrapped), expected);
        assert_eq!(public_key(&[], &[], &parameters, &bare[1..]), None);
        assert_eq!(public_key(&[], &[], &[], &bare), None);
    }
}

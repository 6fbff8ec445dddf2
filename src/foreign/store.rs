//! Objects from outside, put on a token by C_CreateObject, and changes of their attributes.

use cryptoki_sys as ck;

use super::Module;
use super::fault::explain;
use super::keys::{check_placement, common, private_uses, public_uses, secrecy, usual_usage};
use super::objects::bytes;
use super::raw::RawAttribute;
use super::values::{raw, to_raw};
use crate::codec::{Secret, tlv};
use crate::crypto::{CertificateDetails, PrivateKey, PublicKey};
use crate::engine::{
    AttributeType as Type, Error, KeySpec, NewObject, ObjectClass, ObjectHandle, Result, SessionHandle,
    Stored, Template, Value,
};
use crate::token::{KeyAlgorithm, KeyId, KeyUsage};

impl Module {
    /// Writes an object, a private key with its public half. Answers the private key of the two.
    pub(super) fn create_object(&self, session: SessionHandle, object: &NewObject) -> Result<ObjectHandle> {
        let slot = self.known(session)?.slot;
        let templates = self.templates(session, object)?;
        let mut made = Vec::new();
        for template in &templates {
            let created = self.library.create_object(session.0, template);
            self.state().views.remove(&slot);
            match created {
                Ok(handle) => made.push(ObjectHandle(handle)),
                Err(fault) => {
                    // Half a key pair is of no use. What cannot be taken back is there and shows.
                    for half in made {
                        let _ = self.library.destroy_object(session.0, half.0);
                    }
                    return Err(explain(fault));
                }
            }
        }
        made.first().copied().ok_or(Error::Arguments("nothing to write"))
    }

    /// As [`Module::create_object`], unless the token shows the same certificate, or a private key with the same public
    /// half and identifier.
    pub(super) fn store_object(&self, session: SessionHandle, object: &NewObject) -> Result<Stored> {
        let slot = self.known(session)?.slot;
        let (present, handle) = match self.present(session, object)? {
            Some(handle) => (true, handle),
            None => (false, self.create_object(session, object)?),
        };
        let uri = self.object_uri(session, handle)?;
        Ok(Stored { present, label: uri.object.clone().unwrap_or_default(), place: Some((slot, uri)) })
    }

    pub(super) fn set_attributes(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        template: &Template,
    ) -> Result<()> {
        let slot = self.known(session)?.slot;
        let template: Vec<RawAttribute> = template.attributes().iter().map(to_raw).collect();
        let changed = self.library.set_attributes(session.0, object.0, &template);
        self.state().views.remove(&slot);
        changed.map_err(explain)
    }

    fn present(&self, session: SessionHandle, object: &NewObject) -> Result<Option<ObjectHandle>> {
        let (class, wanted) = match object {
            NewObject::Certificate { der, .. } => (ObjectClass::Certificate, der.clone()),
            NewObject::PrivateKey { key, .. } => (ObjectClass::PublicKey, key.public().to_spki_der()),
            _ => return Ok(None),
        };
        let kind = if class == ObjectClass::Certificate { Type::VALUE } else { Type::PUBLIC_KEY_INFO };
        for handle in self.find_all(session, &Template::new().class(class))? {
            let answers = self.attributes(session, handle, &[kind, Type::ID])?;
            let [value, id] = answers.as_slice() else { continue };
            if bytes(value) != wanted {
                continue;
            }
            if class == ObjectClass::Certificate {
                return Ok(Some(handle));
            }
            let private = Template::new().class(ObjectClass::PrivateKey).id(bytes(id));
            if let Some(private) = self.find_all(session, &private)?.first() {
                return Ok(Some(*private));
            }
        }
        Ok(None)
    }

    fn templates(&self, session: SessionHandle, object: &NewObject) -> Result<Vec<Vec<RawAttribute>>> {
        Ok(match object {
            NewObject::PrivateKey { key, spec } => {
                check_placement(spec)?;
                let id = self.id_of(session, spec, Some(&key.public()))?;
                let usage = spec.usage.unwrap_or_else(|| usual_usage(KeyAlgorithm::from(&key.public())));
                let mut private = common(ObjectClass::PrivateKey, &spec.label, &id);
                private.extend(secrecy(spec));
                private.extend(private_uses(&usage));
                private.extend(private_values(key)?);
                vec![private, public_template(&key.public(), &spec.label, &id, &usage)?]
            }
            NewObject::SecretKey { value, spec } => {
                check_placement(spec)?;
                let id = self.id_of(session, spec, None)?;
                vec![secret_template(value, spec, &id)]
            }
            NewObject::PublicKey { key, label, id } => {
                let id = id.clone().unwrap_or_else(|| KeyId(key.default_id()));
                vec![public_template(key, label, &id, &usual_usage(KeyAlgorithm::from(key)))?]
            }
            NewObject::Certificate { der, label, id } => {
                vec![self.certificate_template(session, der, label.as_deref(), id.as_ref())?]
            }
            NewObject::Data { label, application, oid, private, value } => {
                let mut template = common(ObjectClass::Data, label, &KeyId::default());
                template.push(raw(Type::PRIVATE, &Value::Bool(*private)));
                template.push(raw(Type::APPLICATION, &Value::Text(application.clone())));
                if !oid.is_empty() {
                    let der = tlv::encode(TAG_OID, oid);
                    template.push(raw(Type::OBJECT_ID, &Value::Bytes(der)));
                }
                template.push(raw(Type::VALUE, &Value::Bytes(value.clone())));
                vec![template]
            }
        })
    }

    /// The identifier of a key from outside: the wished one, that of a certificate with its public key, else a free one.
    fn id_of(&self, session: SessionHandle, spec: &KeySpec, public: Option<&PublicKey>) -> Result<KeyId> {
        if spec.id.is_none()
            && let Some(public) = public
        {
            let wanted = public.to_spki_der();
            for handle in self.find_all(session, &Template::new().class(ObjectClass::Certificate))? {
                let answers = self.attributes(session, handle, &[Type::PUBLIC_KEY_INFO, Type::ID])?;
                if let [info, id] = answers.as_slice()
                    && bytes(info) == wanted
                    && !bytes(id).is_empty()
                {
                    return Ok(KeyId(bytes(id).to_vec()));
                }
            }
        }
        self.new_id(session, spec)
    }

    /// Identifier and label as for p11ctl's own cards: those of the key with the same public key, the common name.
    fn certificate_template(
        &self,
        session: SessionHandle,
        der: &[u8],
        label: Option<&str>,
        id: Option<&KeyId>,
    ) -> Result<Vec<RawAttribute>> {
        let details = CertificateDetails::parse(der).map_err(Error::Crypto)?;
        let id = match id {
            Some(id) => id.clone(),
            None => self.id_of_certified_key(session, &details)?,
        };
        let name = label.map(str::to_owned).unwrap_or_else(|| details.subject_text());
        let mut template = common(ObjectClass::Certificate, &name, &id);
        template.extend([
            raw(Type::CERTIFICATE_TYPE, &Value::Number(ck::CKC_X_509)),
            raw(Type::PRIVATE, &Value::Bool(false)),
            raw(Type::SUBJECT, &Value::Bytes(details.subject)),
            raw(Type::ISSUER, &Value::Bytes(details.issuer)),
            raw(Type::SERIAL_NUMBER, &Value::Bytes(details.serial)),
            raw(Type::VALUE, &Value::Bytes(details.der)),
        ]);
        Ok(template)
    }

    fn id_of_certified_key(&self, session: SessionHandle, details: &CertificateDetails) -> Result<KeyId> {
        for handle in self.find_all(session, &Template::new().class(ObjectClass::PublicKey))? {
            let answers = self.attributes(session, handle, &[Type::PUBLIC_KEY_INFO, Type::ID])?;
            if let [info, id] = answers.as_slice()
                && bytes(info) == details.public_key_info
                && !bytes(id).is_empty()
            {
                return Ok(KeyId(bytes(id).to_vec()));
            }
        }
        let own = details.subject_key_id.clone();
        Ok(KeyId(own.or_else(|| Some(details.public_key.as_ref()?.default_id())).unwrap_or_default()))
    }
}

fn secret_template(value: &Secret, spec: &KeySpec, id: &KeyId) -> Vec<RawAttribute> {
    let usage = spec.usage.unwrap_or_else(|| usual_usage(spec.algorithm));
    let mut template = common(ObjectClass::SecretKey, &spec.label, id);
    template.extend(secrecy(spec));
    template.push(raw(Type::KEY_TYPE, &Value::Number(ck::CKK_AES)));
    template.push(raw(Type::ENCRYPT, &Value::Bool(usage.encrypt)));
    template.push(raw(Type::WRAP, &Value::Bool(usage.wrap)));
    template.extend(private_uses(&KeyUsage { derive: false, ..usage }));
    template.push(secret(Type::VALUE, value));
    template
}

fn public_template(key: &PublicKey, label: &str, id: &KeyId, usage: &KeyUsage) -> Result<Vec<RawAttribute>> {
    let mut template = common(ObjectClass::PublicKey, label, id);
    template.push(raw(Type::PRIVATE, &Value::Bool(false)));
    template.extend(public_uses(usage));
    if let Some((modulus, exponent)) = key.rsa() {
        template.push(raw(Type::KEY_TYPE, &Value::Number(ck::CKK_RSA)));
        template.push(raw(Type::MODULUS, &Value::Bytes(modulus.to_vec())));
        template.push(raw(Type::PUBLIC_EXPONENT, &Value::Bytes(exponent.to_vec())));
    } else if let (Some((curve, _)), Some(point)) = (key.ec(), key.ec_point_der()) {
        template.push(raw(Type::KEY_TYPE, &Value::Number(ck::CKK_EC)));
        template.push(raw(Type::EC_PARAMS, &Value::Bytes(curve.parameters_der())));
        template.push(raw(Type::EC_POINT, &Value::Bytes(point)));
    } else {
        return Err(Error::NotSupported("importing a key of this family"));
    }
    Ok(template)
}

/// The numbers of a private key.
fn private_values(key: &PrivateKey) -> Result<Vec<RawAttribute>> {
    match key {
        PrivateKey::Rsa(key) => rsa_values(&key.to_bytes().map_err(Error::Crypto)?),
        PrivateKey::Ec(key) => Ok(vec![
            raw(Type::KEY_TYPE, &Value::Number(ck::CKK_EC)),
            raw(Type::EC_PARAMS, &Value::Bytes(key.curve().parameters_der())),
            secret(Type::VALUE, &key.scalar()),
        ]),
        _ => Err(Error::NotSupported("importing a key of this family")),
    }
}

/// The numbers of an RSA key from its PKCS#1 form (RFC 8017, A.1.2), without leading zeros.
fn rsa_values(pkcs1: &Secret) -> Result<Vec<RawAttribute>> {
    const KINDS: [Type; 8] = [
        Type::MODULUS,
        Type::PUBLIC_EXPONENT,
        Type::PRIVATE_EXPONENT,
        Type::PRIME_1,
        Type::PRIME_2,
        Type::EXPONENT_1,
        Type::EXPONENT_2,
        Type::COEFFICIENT,
    ];
    let fields = tlv::find(pkcs1.expose(), TAG_SEQUENCE).unwrap_or_default();
    let mut values = vec![raw(Type::KEY_TYPE, &Value::Number(ck::CKK_RSA))];
    // The first number is the version.
    for (kind, field) in KINDS.into_iter().zip(tlv::Reader::new(fields).skip(1)) {
        let number = field.map_err(|_| Error::Arguments("the key has no PKCS#1 form"))?.value;
        let leading = number.iter().take_while(|byte| **byte == 0).count();
        let value = number.get(leading..).unwrap_or_default().to_vec();
        values.push(RawAttribute { kind: kind.0, value });
    }
    Ok(values)
}

fn secret(kind: Type, value: &Secret) -> RawAttribute {
    RawAttribute { kind: kind.0, value: value.expose().to_vec() }
}

/// OBJECT IDENTIFIER.
const TAG_OID: u32 = 0x06;
/// SEQUENCE.
const TAG_SEQUENCE: u32 = 0x30;

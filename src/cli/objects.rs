//! Objects as the command line shows them: read through the engine's attributes, one struct for table and JSON.

use serde_json::{Map, Value as Json, json};

use super::certificates::{self, Validity};
use super::error::CliError;
use super::json;
use crate::codec::hex;
use crate::crypto::{CertificateDetails, Curve, DigestAlgorithm, PublicKey, digest::digest};
use crate::engine::{
    AttributeType as Type, Error, ObjectClass, ObjectHandle, Provider, SessionHandle, Template, Value,
};
use crate::layout::SlotId;

/// One object of one token.
#[derive(Debug, Clone)]
pub struct Object {
    /// The slot of its token.
    pub slot: SlotId,
    /// Its class.
    pub class: ObjectClass,
    /// `CKA_LABEL`.
    pub label: String,
    /// `CKA_ID`; empty for data.
    pub id: Vec<u8>,
    /// Its RFC 7512 name.
    pub uri: String,
    /// Seen only after login.
    pub private: bool,
    /// Names the object itself, whatever token shows it.
    pub unique_id: Option<String>,
    /// What its class adds.
    pub details: Details,
    /// What could not be read of it.
    pub problem: Option<String>,
}

/// What the classes of objects add.
#[derive(Debug, Clone)]
pub enum Details {
    /// A key of any class.
    Key {
        /// `rsa:2048`.
        algorithm: String,
        /// `sign`, `decrypt`.
        uses: Vec<&'static str>,
        /// The public key, where it is known.
        public: Option<PublicKey>,
        /// Asks for the PIN at each use.
        always_authenticate: bool,
    },
    /// A certificate; `None` when it could not be read or understood.
    Certificate(Option<Box<CertificateDetails>>),
    /// A data object.
    Data {
        /// `CKA_APPLICATION`.
        application: String,
        /// `CKA_OBJECT_ID`, DER.
        oid: Vec<u8>,
    },
}

/// Every object of a token that matches, with what a list shows of it.
pub fn read_all(
    engine: &dyn Provider,
    slot: SlotId,
    session: SessionHandle,
    template: &Template,
) -> Result<Vec<(ObjectHandle, Object)>, CliError> {
    let handles = engine.find_all(session, template)?;
    handles.into_iter().map(|handle| Ok((handle, read(engine, slot, session, handle)?))).collect()
}

impl Object {
    /// The object in JSON.
    pub fn to_json(&self) -> Json {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Json| fields.insert(name.to_owned(), value);
        put("slot", self.slot.0.into());
        put("class", self.class.name().into());
        put("label", self.label.clone().into());
        put("id", if self.class == ObjectClass::Data { Json::Null } else { json::bytes(&self.id) });
        put("uri", self.uri.clone().into());
        put("private", self.private.into());
        match &self.details {
            Details::Key { algorithm, uses, public, always_authenticate } => {
                put("algorithm", algorithm.clone().into());
                put("uses", json!(uses));
                put("always_authenticate", (*always_authenticate).into());
                put(
                    "sha256",
                    public.as_ref().map_or(Json::Null, |key| json::bytes(&key.fingerprint_sha256())),
                );
            }
            Details::Certificate(details) => {
                put("certificate", details.as_deref().map_or(Json::Null, certificates::to_json));
            }
            Details::Data { application, oid } => {
                put("application", application.clone().into());
                put("object_id", if oid.is_empty() { Json::Null } else { json::bytes(oid) });
            }
        }
        put("problem", self.problem.clone().into());
        Json::Object(fields)
    }

    /// The id as the table shows it.
    pub fn id_text(&self) -> String {
        hex::encode(&self.id)
    }

    /// What a table says of it beside label and id.
    pub fn summary(&self) -> String {
        if let Some(problem) = &self.problem {
            return problem.clone();
        }
        match &self.details {
            Details::Key { algorithm, uses, .. } if uses.is_empty() => algorithm.clone(),
            Details::Key { algorithm, uses, .. } => format!("{algorithm}: {}", uses.join(", ")),
            Details::Certificate(Some(details)) => {
                format!("{}, {}", details.subject_text(), Validity::of(details).text())
            }
            Details::Certificate(None) => String::new(),
            Details::Data { application, .. } => application.clone(),
        }
    }

    /// One line among the candidates of an ambiguous selector.
    pub fn candidate(&self) -> String {
        let id = if self.id.is_empty() { String::new() } else { format!(", id {}", self.id_text()) };
        format!("slot {}: {} {}{id}", self.slot, self.class, super::text::quote(&self.label))
    }

    /// The public key in it: its own, or that of the certificate.
    pub fn public_key(&self) -> Option<&PublicKey> {
        match &self.details {
            Details::Key { public, .. } => public.as_ref(),
            Details::Certificate(details) => details.as_ref()?.public_key.as_ref(),
            Details::Data { .. } => None,
        }
    }
}

/// Answers of the engine for one object; what it does not have is left out.
pub struct Attributes(Vec<(Type, Result<Value, Error>)>);

impl Attributes {
    /// Asks for several attributes at once.
    pub fn read(
        engine: &dyn Provider,
        session: SessionHandle,
        handle: ObjectHandle,
        kinds: &[Type],
    ) -> Result<Self, Error> {
        let answers = engine.attributes(session, handle, kinds)?;
        Ok(Self(kinds.iter().copied().zip(answers).collect()))
    }

    /// Every attribute that was asked for, with its answer.
    pub fn iter(&self) -> impl Iterator<Item = (Type, &Result<Value, Error>)> {
        self.0.iter().map(|(kind, answer)| (*kind, answer))
    }

    fn value(&self, kind: Type) -> Option<&Value> {
        self.0.iter().find(|(asked, _)| *asked == kind).and_then(|(_, answer)| answer.as_ref().ok())
    }

    fn text(&self, kind: Type) -> String {
        self.value(kind).and_then(Value::as_text).unwrap_or_default().to_owned()
    }

    fn bytes(&self, kind: Type) -> Vec<u8> {
        self.value(kind).and_then(Value::as_bytes).unwrap_or_default().to_vec()
    }

    fn truth(&self, kind: Type) -> bool {
        self.value(kind).and_then(Value::as_bool).unwrap_or(false)
    }

    fn number(&self, kind: Type) -> Option<u64> {
        self.value(kind).and_then(Value::as_number)
    }
}

fn read(
    engine: &dyn Provider,
    slot: SlotId,
    session: SessionHandle,
    handle: ObjectHandle,
) -> Result<Object, CliError> {
    let common = [Type::CLASS, Type::LABEL, Type::ID, Type::PRIVATE, Type::UNIQUE_ID];
    let attributes = Attributes::read(engine, session, handle, &common)?;
    let class =
        attributes.number(Type::CLASS).and_then(ObjectClass::from_number).unwrap_or(ObjectClass::Data);
    let (details, problem) = match class {
        ObjectClass::Certificate => certificate(engine, session, handle),
        ObjectClass::Data => (data(engine, session, handle)?, None),
        ObjectClass::PublicKey | ObjectClass::PrivateKey | ObjectClass::SecretKey => {
            (key(engine, session, handle, class)?, None)
        }
    };
    Ok(Object {
        slot,
        class,
        label: attributes.text(Type::LABEL),
        id: attributes.bytes(Type::ID),
        uri: engine.object_uri(session, handle)?.to_string(),
        private: attributes.truth(Type::PRIVATE),
        unique_id: Some(attributes.text(Type::UNIQUE_ID)).filter(|id| !id.is_empty()),
        details,
        problem,
    })
}

fn certificate(
    engine: &dyn Provider,
    session: SessionHandle,
    handle: ObjectHandle,
) -> (Details, Option<String>) {
    let value = engine.attribute(session, handle, Type::VALUE);
    let parsed = match &value {
        Ok(value) => {
            CertificateDetails::parse(value.as_bytes().unwrap_or_default()).map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    match parsed {
        Ok(details) => (Details::Certificate(Some(Box::new(details))), None),
        Err(problem) => (Details::Certificate(None), Some(problem)),
    }
}

fn data(engine: &dyn Provider, session: SessionHandle, handle: ObjectHandle) -> Result<Details, Error> {
    let attributes = Attributes::read(engine, session, handle, &[Type::APPLICATION, Type::OBJECT_ID])?;
    Ok(Details::Data {
        application: attributes.text(Type::APPLICATION),
        oid: attributes.bytes(Type::OBJECT_ID),
    })
}

fn key(
    engine: &dyn Provider,
    session: SessionHandle,
    handle: ObjectHandle,
    class: ObjectClass,
) -> Result<Details, Error> {
    let mut kinds = vec![
        Type::KEY_TYPE,
        Type::MODULUS,
        Type::EC_PARAMS,
        Type::VALUE_LEN,
        Type::PUBLIC_KEY_INFO,
        Type::ALWAYS_AUTHENTICATE,
    ];
    kinds.extend(USES.iter().map(|(kind, _)| *kind));
    let attributes = Attributes::read(engine, session, handle, &kinds)?;
    let spki = attributes.bytes(Type::PUBLIC_KEY_INFO);
    Ok(Details::Key {
        algorithm: algorithm(&attributes, class),
        uses: USES.iter().filter(|(kind, _)| attributes.truth(*kind)).map(|(_, word)| *word).collect(),
        public: PublicKey::from_spki_der(&spki).ok(),
        always_authenticate: attributes.truth(Type::ALWAYS_AUTHENTICATE),
    })
}

/// `rsa:2048`, `ec:p256`, `aes:256`, from what the object itself says.
fn algorithm(attributes: &Attributes, class: ObjectClass) -> String {
    let modulus = attributes.bytes(Type::MODULUS);
    if !modulus.is_empty() {
        let leading = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
        return format!("rsa:{}", modulus.len() * 8 - leading);
    }
    let parameters = attributes.bytes(Type::EC_PARAMS);
    if !parameters.is_empty() {
        let curve = Curve::ALL.into_iter().find(|curve| curve.parameters_der() == parameters);
        return curve.map_or("ec".to_owned(), |curve| format!("ec:{curve}"));
    }
    let name = attributes.number(Type::KEY_TYPE).and_then(key_type_name).unwrap_or("unknown");
    match attributes.number(Type::VALUE_LEN).filter(|_| class == ObjectClass::SecretKey) {
        Some(bytes) => format!("{name}:{}", bytes * 8),
        None => name.to_owned(),
    }
}

/// The family of a key by its number (`CKK_…`; PKCS#11 3.1, 6).
pub fn key_type_name(number: u64) -> Option<&'static str> {
    match number {
        0x00 => Some("rsa"),
        0x03 => Some("ec"),
        0x10 => Some("generic"),
        0x13..=0x15 => Some("des"),
        0x1F => Some("aes"),
        _ => None,
    }
}

/// Groups objects that are one and the same on the card but are seen in several tokens: the first of each.
pub fn distinct(objects: Vec<Object>) -> Vec<Object> {
    let mut kept: Vec<Object> = Vec::new();
    for object in objects {
        let same = |other: &Object| {
            other.class == object.class && object.unique_id.is_some() && other.unique_id == object.unique_id
        };
        if !kept.iter().any(same) {
            kept.push(object);
        }
    }
    kept
}

/// The SHA-256 fingerprint of a certificate or public key, for people: `ab:cd:…`.
pub fn fingerprint(der: &[u8]) -> String {
    let bytes = digest(DigestAlgorithm::Sha256, der);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

const USES: &[(Type, &str)] = &[
    (Type::ENCRYPT, "encrypt"),
    (Type::DECRYPT, "decrypt"),
    (Type::SIGN, "sign"),
    (Type::SIGN_RECOVER, "sign-recover"),
    (Type::VERIFY, "verify"),
    (Type::VERIFY_RECOVER, "verify-recover"),
    (Type::WRAP, "wrap"),
    (Type::UNWRAP, "unwrap"),
    (Type::DERIVE, "derive"),
];

//! From directory entries to the neutral token, and back from its names to places on the card.

use std::collections::BTreeMap;

use super::asn1::{Fields, tag};
use super::asymmetric_key::AsymmetricKey;
use super::auth::{AuthObject, PinAttributes, PinFlags, PinType};
use super::certificate::{CertificateKind, CertificateObject};
use super::common::{AccessMode, CommonObject, ObjectFlags};
use super::data::DataObject;
use super::file::{DirectoryFile, Object};
use super::key::{KeyFamily, KeyInfo};
use super::names::Names;
use super::odf::FileKind;
use super::path::Path;
use super::public_value::{curve_from_oid, decode_public_key};
use super::reader::Directory;
use super::secret_key::{SecretKeyFamily, SecretKeyObject};
use super::token_info::{TokenFlags, TokenInfo};
use super::value::ObjectValue;
use crate::codec::{hex, tlv};
use crate::crypto::{Curve, PublicKey};
use crate::token::{
    Auth, AuthId, AuthRole, Certificate, CertificateHints, Key, KeyAccess, KeyAlgorithm, KeyClass, KeyId,
    ObjectId, PinEncoding, Problem, Token,
};

/// What a PKCS#15 application holds: the neutral token and where each part of it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// The neutral token. Serial number and versions are the driver's to complete.
    pub token: Token,
    /// The files that it was read from.
    pub directory: Directory,
    /// Where each object is.
    pub objects: BTreeMap<ObjectId, ObjectPlace>,
    /// How each PIN is verified.
    pub auths: BTreeMap<AuthId, AuthPlace>,
}

/// Where one object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectPlace {
    /// Index into [`Directory::files`].
    pub file: usize,
    /// Index into the file's entries.
    pub entry: usize,
    /// Its value, with the path from the master file or the application identifier. `None` when it has none.
    pub value: Option<ObjectValue>,
    /// The key's reference in the card.
    pub key_reference: Option<u32>,
}

/// How one PIN is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthPlace {
    /// Index into [`Directory::files`].
    pub file: usize,
    /// Index into the file's entries.
    pub entry: usize,
    /// Length, padding, flags.
    pub attributes: PinAttributes,
    /// The directory to select before, from the master file or the application identifier.
    pub path: Option<Path>,
}

impl AuthPlace {
    /// The reference of VERIFY (its P2).
    pub fn reference(&self) -> u8 {
        self.attributes.reference.unwrap_or(0) as u8
    }
}

/// Longest PIN where the card says neither a longest nor a stored length.
const DEFAULT_PIN_LEN: u32 = 8;
/// No PIN is longer than what a short APDU carries.
const LONGEST_PIN: u32 = 255;

impl Content {
    /// Turns directories into the neutral token.
    pub fn new(mut directory: Directory) -> Self {
        let mut build = Build {
            token: Token { problems: std::mem::take(&mut directory.problems), ..Token::default() },
            objects: BTreeMap::new(),
            auths: BTreeMap::new(),
            names: Names::default(),
            base: directory.place.base.clone(),
            token_info: directory.token_info.clone().unwrap_or_default(),
        };
        build.info();
        for (file_index, file) in directory.files.iter().enumerate() {
            for (entry_index, entry) in file.entries.iter().enumerate() {
                let at = At { file, file_index, entry_index };
                match &entry.object {
                    Ok(object) => build.object(&at, object),
                    Err(error) => build.problem(&at, error.to_string()),
                }
            }
        }
        let Build { token, objects, auths, .. } = build;
        let mut content = Self { token, directory, objects, auths };
        content.adopt_single_pin();
        content.spread_public_keys();
        content
    }

    /// The directory entry of an object.
    pub fn object(&self, id: ObjectId) -> Option<&Object> {
        let place = self.objects.get(&id)?;
        self.directory.files.get(place.file)?.entries.get(place.entry)?.object.as_ref().ok()
    }

    /// Takes note of a public key value that was read from its file, for the key itself and for the private
    /// key with the same identifier. `bytes` are in any form that PKCS#15 allows.
    pub fn learn_public_key(&mut self, id: ObjectId, bytes: &[u8]) -> Option<PublicKey> {
        let curve = match self.token.keys.iter().find(|key| key.object == id)?.algorithm {
            KeyAlgorithm::Ec { curve } => curve,
            _ => None,
        };
        let public = decode_public_key(bytes, curve).ok()?;
        let key = self.token.keys.iter_mut().find(|key| key.object == id)?;
        key.public = Some(public.clone());
        self.spread_public_keys();
        Some(public)
    }

    /// A private key without a PIN on a card with one user PIN belongs to that PIN: who wrote the entry left
    /// out what was obvious.
    fn adopt_single_pin(&mut self) {
        let mut users = self.token.auths.iter().filter(|auth| auth.role == AuthRole::User);
        let (Some(only), None) = (users.next(), users.next()) else { return };
        for key in &mut self.token.keys {
            if key.class != KeyClass::Public && key.private && key.auth.is_none() {
                key.auth = Some(only.id.clone());
            }
        }
    }

    /// Gives private keys the value, curve and size of the public key with the same identifier, and the
    /// other way round.
    fn spread_public_keys(&mut self) {
        let mut known: BTreeMap<KeyId, PublicKey> = BTreeMap::new();
        for key in self.token.keys.iter().filter(|key| !key.id.0.is_empty()) {
            if let Some(public) = &key.public {
                known.entry(key.id.clone()).or_insert_with(|| public.clone());
            }
        }
        for key in self.token.keys.iter_mut().filter(|key| key.class != KeyClass::Secret) {
            if key.public.is_none() {
                key.public = known.get(&key.id).filter(|public| same_family(public, key.algorithm)).cloned();
            }
            match (&key.public, &mut key.algorithm) {
                (Some(PublicKey::Rsa { modulus, .. }), KeyAlgorithm::Rsa { modulus_bits }) => {
                    *modulus_bits = bit_len(modulus);
                }
                (Some(PublicKey::Ec { curve, .. }), KeyAlgorithm::Ec { curve: said }) => *said = Some(*curve),
                _ => {}
            }
        }
    }
}

fn same_family(public: &PublicKey, algorithm: KeyAlgorithm) -> bool {
    matches!(
        (public, algorithm),
        (PublicKey::Rsa { .. }, KeyAlgorithm::Rsa { .. }) | (PublicKey::Ec { .. }, KeyAlgorithm::Ec { .. })
    )
}

/// Bits of a number without leading zeros.
fn bit_len(number: &[u8]) -> u32 {
    let whole = u32::try_from(number.len()).unwrap_or(u32::MAX).saturating_mul(8);
    whole.saturating_sub(number.first().map_or(0, |byte| byte.leading_zeros()))
}

/// One entry's position.
struct At<'a> {
    file: &'a DirectoryFile,
    file_index: usize,
    entry_index: usize,
}

/// The token while it grows.
struct Build {
    token: Token,
    objects: BTreeMap<ObjectId, ObjectPlace>,
    auths: BTreeMap<AuthId, AuthPlace>,
    names: Names,
    base: Path,
    token_info: TokenInfo,
}

impl Build {
    fn info(&mut self) {
        let said = &self.token_info;
        let info = &mut self.token.info;
        info.label = said.label.as_deref().unwrap_or_default().trim_end().to_owned();
        info.serial = hex::encode(&said.serial);
        info.manufacturer = said.manufacturer.as_deref().unwrap_or_default().trim_end().to_owned();
        info.model = "PKCS#15".to_owned();
        info.initialized = true;
        info.read_only = said.flags.contains(TokenFlags::READ_ONLY);
        info.has_random = said.flags.contains(TokenFlags::RANDOM);
    }

    fn problem(&mut self, at: &At<'_>, why: impl Into<String>) {
        self.token.problems.push(Problem { what: at.file.describe(at.entry_index), why: why.into() });
    }

    fn object(&mut self, at: &At<'_>, object: &Object) {
        match object {
            Object::Auth(auth) => self.auth(at, auth),
            Object::PrivateKey(key) => self.asymmetric_key(at, key, KeyClass::Private),
            Object::PublicKey(key) => self.asymmetric_key(at, key, KeyClass::Public),
            Object::SecretKey(key) => self.secret_key(at, key),
            Object::Certificate(certificate) => self.certificate(at, certificate),
            Object::Data(data) => self.data(at, data),
        }
    }

    fn auth(&mut self, at: &At<'_>, auth: &AuthObject) {
        let Some(pin) = auth.pin() else {
            return self.problem(at, "biometric and key authentication are not supported");
        };
        let role = if pin.flags.contains(PinFlags::SO_PIN) {
            AuthRole::SecurityOfficer
        } else if pin.flags.contains(PinFlags::UNBLOCKING_PIN) {
            AuthRole::Unblocking
        } else {
            AuthRole::User
        };
        let mut id = AuthId(auth.auth_id.clone());
        if id.0.is_empty() {
            id = AuthId(format!("PIN {}", pin.reference.unwrap_or(0)).into_bytes());
        } else if self.auths.contains_key(&id) {
            self.problem(at, format!("its identifier {id} is that of another PIN"));
        }
        while self.auths.contains_key(&id) {
            id.0.push(0);
        }
        let max_len = pin.longest().unwrap_or(DEFAULT_PIN_LEN).clamp(1, LONGEST_PIN);
        self.token.auths.push(Auth {
            id: id.clone(),
            label: label(&auth.common).unwrap_or_else(|| default_label(role).to_owned()),
            role,
            min_len: pin.min_length.min(max_len) as usize,
            max_len: max_len as usize,
            encoding: match pin.pin_type {
                PinType::Bcd => PinEncoding::Bcd,
                PinType::AsciiNumeric | PinType::HalfNibbleBcd | PinType::Iso9564 => {
                    PinEncoding::AsciiNumeric
                }
                PinType::Utf8 | PinType::Unknown(_) => PinEncoding::Utf8,
            },
            initialized: pin.flags.contains(PinFlags::INITIALIZED),
            can_change: !pin.flags.contains(PinFlags::CHANGE_DISABLED),
            can_unblock: !pin.flags.contains(PinFlags::UNBLOCK_DISABLED),
            unblocked_by: auth.common.auth_id.clone().filter(|id| !id.is_empty()).map(AuthId),
            tries_left: None,
            tries_max: None,
        });
        let path = pin.path.as_ref().filter(|path| !path.is_empty()).map(|path| path.resolve(&self.base));
        let place = AuthPlace { file: at.file_index, entry: at.entry_index, attributes: pin.clone(), path };
        self.auths.insert(id, place);
    }

    fn asymmetric_key(&mut self, at: &At<'_>, key: &AsymmetricKey, class: KeyClass) {
        let algorithm = match key.family {
            KeyFamily::Rsa { .. } => {
                KeyAlgorithm::Rsa { modulus_bits: key.family.modulus_bits().unwrap_or(0) }
            }
            KeyFamily::Ec { .. } => KeyAlgorithm::Ec { curve: self.curve(key) },
            KeyFamily::Other { tag } => {
                return self.problem(at, format!("keys of its family (tag {tag:02x}) are not supported"));
            }
        };
        let public = match (&key.value, algorithm, class) {
            (ObjectValue::Direct(bytes), KeyAlgorithm::Ec { curve }, KeyClass::Public) => {
                decode_public_key(bytes, curve).ok()
            }
            (ObjectValue::Direct(bytes), _, KeyClass::Public) => decode_public_key(bytes, None).ok(),
            _ => None,
        };
        let private = key.common.flags.contains(ObjectFlags::PRIVATE);
        let native_secret = KeyAccess { sensitive: class == KeyClass::Private, ..KeyAccess::default() };
        let object = self.place(at, &key.key.id, Some(&key.value), key.key.reference);
        self.token.keys.push(Key {
            object,
            class,
            id: KeyId(key.key.id.clone()),
            label: label(&key.common).unwrap_or_default(),
            auth: key.common.guard(AccessMode::KEY_USE).map(|id| AuthId(id.to_vec())),
            private,
            algorithm,
            usage: key.key.usage.into(),
            access: key.key.access.map_or(native_secret, KeyAccess::from),
            always_authenticate: class == KeyClass::Private && key.common.user_consent.unwrap_or(0) > 0,
            modifiable: key.common.flags.contains(ObjectFlags::MODIFIABLE),
            public,
        });
    }

    /// The curve of an EC key: in the entry, or where the entry refers to TokenInfo.
    fn curve(&self, key: &AsymmetricKey) -> Option<Curve> {
        if let Some(oid) = key.info.as_ref().and_then(KeyInfo::curve_oid) {
            return curve_from_oid(oid);
        }
        let by_info = match key.info {
            Some(KeyInfo::Reference(reference)) => Some(reference),
            _ => None,
        };
        let mut references = by_info.into_iter().chain(key.key.algorithms.iter().copied());
        references.find_map(|reference| curve_from_oid(self.token_info.algorithm(reference)?.curve_oid()?))
    }

    fn secret_key(&mut self, at: &At<'_>, key: &SecretKeyObject) {
        let key_bits = key.key_bits.unwrap_or(0);
        let algorithm = match key.family {
            SecretKeyFamily::Generic if self.is_aes(key) => KeyAlgorithm::Aes { key_bits },
            SecretKeyFamily::Generic => KeyAlgorithm::Generic { key_bits },
            SecretKeyFamily::Des => KeyAlgorithm::Des { key_bits: 64 },
            SecretKeyFamily::Des2 => KeyAlgorithm::Des { key_bits: 128 },
            SecretKeyFamily::Des3 => KeyAlgorithm::Des { key_bits: 192 },
            SecretKeyFamily::Other(tag) => {
                return self.problem(at, format!("keys of its family (tag {tag:02x}) are not supported"));
            }
        };
        let object = self.place(at, &key.key.id, key.value.as_ref(), key.key.reference);
        self.token.keys.push(Key {
            object,
            class: KeyClass::Secret,
            id: KeyId(key.key.id.clone()),
            label: label(&key.common).unwrap_or_default(),
            auth: key.common.guard(AccessMode::KEY_USE).map(|id| AuthId(id.to_vec())),
            private: key.common.flags.contains(ObjectFlags::PRIVATE),
            algorithm,
            usage: key.key.usage.into(),
            access: key
                .key
                .access
                .map_or(KeyAccess { sensitive: true, ..KeyAccess::default() }, KeyAccess::from),
            always_authenticate: key.common.user_consent.unwrap_or(0) > 0,
            modifiable: key.common.flags.contains(ObjectFlags::MODIFIABLE),
            public: None,
        });
    }

    /// True when one of the algorithms that the key names is AES.
    fn is_aes(&self, key: &SecretKeyObject) -> bool {
        key.key.algorithms.iter().filter_map(|reference| self.token_info.algorithm(*reference)).any(
            |algorithm| {
                algorithm.oid.as_deref().is_some_and(|oid| oid.starts_with(OID_AES))
                    || MECHANISMS_AES.contains(&algorithm.mechanism)
            },
        )
    }

    fn certificate(&mut self, at: &At<'_>, certificate: &CertificateObject) {
        if let CertificateKind::Other(tag) = certificate.kind {
            return self.problem(at, format!("it is not an X.509 certificate (tag {tag:02x})"));
        }
        if let Some(why) = certificate.value.obstacle() {
            return self.problem(at, why);
        }
        let object = self.place(at, &certificate.id, Some(&certificate.value), None);
        self.token.certificates.push(Certificate {
            object,
            id: KeyId(certificate.id.clone()),
            label: label(&certificate.common).unwrap_or_default(),
            auth: certificate.common.guard(AccessMode::READ).map(|id| AuthId(id.to_vec())),
            private: certificate.common.flags.contains(ObjectFlags::PRIVATE),
            authority: certificate.authority,
            trusted: at.file.kind == FileKind::TrustedCertificates || certificate.implicit_trust(),
            modifiable: certificate.common.flags.contains(ObjectFlags::MODIFIABLE),
            hints: CertificateHints {
                subject: certificate.subject.clone(),
                issuer: certificate.issuer.clone(),
                subject_key_id: certificate.subject_key_id().map(<[u8]>::to_vec),
            },
            details: None,
        });
    }

    fn data(&mut self, at: &At<'_>, data: &DataObject) {
        if let Some(why) = data.value.obstacle() {
            return self.problem(at, why);
        }
        let id = data.id.as_deref().or(data.oid.as_deref()).unwrap_or_default();
        // A value in the entry stands there as an OCTET STRING; the data is what is in it.
        let value = match &data.value {
            ObjectValue::Direct(bytes) => ObjectValue::Direct(octet_string(bytes).to_vec()),
            other => other.clone(),
        };
        let object = self.place(at, id, Some(&value), None);
        self.token.data.push(crate::token::DataObject {
            object,
            label: label(&data.common).unwrap_or_default(),
            application: data.application.clone().unwrap_or_default(),
            oid: data.oid.as_deref().map(|oid| tlv::encode(0x06, oid)).unwrap_or_default(),
            auth: data.common.guard(AccessMode::READ).map(|id| AuthId(id.to_vec())),
            private: data.common.flags.contains(ObjectFlags::PRIVATE),
            modifiable: data.common.flags.contains(ObjectFlags::MODIFIABLE),
        });
    }

    /// Names an object and remembers where it is.
    fn place(
        &mut self,
        at: &At<'_>,
        id: &[u8],
        value: Option<&ObjectValue>,
        key_reference: Option<u32>,
    ) -> ObjectId {
        let value = value.map(|value| match value {
            ObjectValue::Path(path) => ObjectValue::Path(path.resolve(&self.base)),
            other => other.clone(),
        });
        let mut identity = vec![at.file.kind as u8];
        for part in [id, &key_reference.unwrap_or(u32::MAX).to_be_bytes()] {
            identity.extend_from_slice(&(part.len() as u32).to_be_bytes());
            identity.extend_from_slice(part);
        }
        match &value {
            Some(ObjectValue::Path(path)) => identity.extend_from_slice(path.to_string().as_bytes()),
            Some(ObjectValue::Direct(bytes) | ObjectValue::Other(bytes)) => identity.extend_from_slice(bytes),
            None => {}
        }
        let name = self.names.name(&identity);
        let place = ObjectPlace { file: at.file_index, entry: at.entry_index, value, key_reference };
        self.objects.insert(name, place);
        name
    }
}

/// id-aes arc, 2.16.840.1.101.3.4.1 (NIST).
const OID_AES: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01];
/// AES mechanisms of PKCS#11: AlgorithmInfo counts by these numbers.
const MECHANISMS_AES: std::ops::RangeInclusive<u32> = 0x1080..=0x108F;

fn label(common: &CommonObject) -> Option<String> {
    common.label.as_deref().map(|label| label.trim_end().to_owned()).filter(|label| !label.is_empty())
}

/// The content of an OCTET STRING, if the bytes are one and nothing else.
fn octet_string(bytes: &[u8]) -> &[u8] {
    let mut fields = Fields::new(bytes);
    match fields.next_if(&[tag::OCTET_STRING]) {
        Some(found) if found.raw.len() == bytes.len() => found.value,
        _ => bytes,
    }
}

fn default_label(role: AuthRole) -> &'static str {
    match role {
        AuthRole::User => "PIN",
        AuthRole::SecurityOfficer => "SO PIN",
        AuthRole::Unblocking => "PUK",
    }
}

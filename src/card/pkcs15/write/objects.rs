//! Certificates, data and public keys on a card, and what may be done to any object: another label or identifier, and
//! deletion. A value is written before the entry that names it, and deleted after it.

use crate::apdu::Channel;
use crate::card::CardError;
use crate::card::admin::{NewCertificate, NewData, NewPublicKey, ObjectKind, Write};
use crate::card::pkcs15::{
    CertificateKind, CertificateObject, CommonObject, DataKind, DataObject, Extras, FileKind, Object,
    ObjectFlags, ObjectValue, Path,
};
use crate::codec::tlv;
use crate::crypto::{CertificateDetails, PublicKey};
use crate::token::{Key, KeyId, ObjectId};

use super::entries::{KeyDescription, public_entry, public_usage, rsa_public_key};
use super::names::{check_application, check_id, check_label, check_oid};
use super::{
    DirectoryWriting, Home, MAX_FILE_LEN, Structure, ValueKind, own_value_file, update, update_secret,
};

/// The objects of a card, to be made, changed and deleted.
pub trait ObjectWriting: DirectoryWriting {
    /// See [`CardAdmin::store_certificate`](crate::card::CardAdmin::store_certificate).
    fn add_certificate(
        &mut self,
        channel: &mut Channel<'_>,
        certificate: &NewCertificate<'_>,
    ) -> Result<ObjectId, CardError> {
        check_label(certificate.label)?;
        check_id(certificate.id)?;
        let details = CertificateDetails::parse(certificate.der)?;
        self.require(channel, Write::Store(ObjectKind::Certificate, certificate.owner))?;
        let home = self.home(certificate.owner)?;
        let index = self.directory_for(channel, &home, FileKind::Certificates)?;
        let file = store_value(self, channel, &home, ValueKind::Certificate, &details.der)?;
        let entry = Object::Certificate(CertificateObject {
            common: CommonObject {
                label: Some(certificate.label.to_owned()),
                flags: ObjectFlags::MODIFIABLE,
                ..CommonObject::default()
            },
            id: certificate.id.0.clone(),
            authority: details.is_authority,
            identifier: details.subject_key_id.as_deref().map(subject_key_identifier),
            kind: CertificateKind::X509,
            value: ObjectValue::Path(home.path(file)),
            subject: Some(details.subject),
            issuer: Some(details.issuer),
            serial: None,
            extra: Extras::default(),
        });
        self.append(channel, index, entry)
    }

    /// See [`CardAdmin::store_data`](crate::card::CardAdmin::store_data).
    fn add_data(&mut self, channel: &mut Channel<'_>, data: &NewData<'_>) -> Result<ObjectId, CardError> {
        check_label(data.label)?;
        check_application(data.application)?;
        check_oid(data.oid)?;
        self.require(channel, Write::Store(ObjectKind::Data, data.owner))?;
        let home = self.home(data.owner)?;
        let index = self.directory_for(channel, &home, FileKind::Data)?;
        let (kind, flags) = match data.private {
            true => (ValueKind::PrivateData, ObjectFlags::MODIFIABLE.union(ObjectFlags::PRIVATE)),
            false => (ValueKind::PublicData, ObjectFlags::MODIFIABLE),
        };
        let file = store_value(self, channel, &home, kind, data.value)?;
        let length = u32::try_from(data.value.len()).unwrap_or(u32::MAX);
        let value = Path { index: Some(0), length: Some(length), ..home.path(file) };
        let entry = Object::Data(DataObject {
            common: CommonObject {
                label: Some(data.label.to_owned()),
                flags,
                auth_id: home.auth_id.clone().filter(|_| data.private),
                ..CommonObject::default()
            },
            application: Some(data.application.to_owned()),
            oid: (!data.oid.is_empty()).then(|| data.oid.to_vec()),
            id: None,
            kind: DataKind::Opaque,
            value: ObjectValue::Path(value),
            extra: Extras::default(),
        });
        self.append(channel, index, entry)
    }

    /// See [`CardAdmin::store_public_key`](crate::card::CardAdmin::store_public_key).
    fn add_public_key(
        &mut self,
        channel: &mut Channel<'_>,
        key: &NewPublicKey<'_>,
    ) -> Result<ObjectId, CardError> {
        check_label(key.label)?;
        check_id(key.id)?;
        if key.key.bytes_25519().is_some() {
            let what = "name a public key of Ed25519 or X25519 in its directories".to_owned();
            return Err(CardError::NotSupported { what });
        }
        self.require(channel, Write::Store(ObjectKind::PublicKey, key.owner))?;
        let home = self.home(key.owner)?;
        let index = self.directory_for(channel, &home, FileKind::PublicKeys)?;
        let value = public_value(self, channel, &home, key.key)?;
        let entry = public_entry(key.label, key.id, key.usage, false, key.key, value);
        self.append(channel, index, entry)
    }

    /// The entry of the public half of a new key. One that is there already is taken; one that an interrupted
    /// generation left behind, without its private half, would be taken for this one, and goes.
    fn enter_public_half(
        &mut self,
        channel: &mut Channel<'_>,
        (home, index): (&Home, usize),
        key: &KeyDescription<'_>,
        public: &PublicKey,
    ) -> Result<ObjectId, CardError> {
        let private = self.directory_in(&home.folder, FileKind::PrivateKeys);
        let content = self.known()?;
        let in_file = |known: &&Key, file: Option<usize>| {
            known.id == *key.id && content.objects.get(&known.object).map(|place| place.file) == file
        };
        let mut keys = content.token.keys.iter();
        let has_private = keys.any(|known| in_file(&known, private));
        let halves = content.token.keys.iter().filter(|known| in_file(known, Some(index)));
        let halves: Vec<(ObjectId, bool)> = halves.map(|known| (known.object, known.access.local)).collect();
        let mut left_behind = Vec::new();
        for (object, local) in halves {
            if self.public_key_value(channel, object)? == public.to_spki_der() {
                return Ok(object);
            }
            if local && key.local && !has_private {
                left_behind.push(object);
            }
        }
        for object in left_behind {
            self.remove_object(channel, object)?;
        }
        let value = public_value(self, channel, home, public)?;
        let usage = public_usage(key.usage);
        let entry = public_entry(key.label, key.id, usage, key.local, public, value);
        self.append(channel, index, entry)
    }

    /// See [`CardAdmin::set_label`](crate::card::CardAdmin::set_label).
    fn change_label(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
        label: &str,
    ) -> Result<ObjectId, CardError> {
        check_label(label)?;
        change(self, channel, object, |entry| {
            entry.common_mut().label = Some(label.to_owned());
            Ok(())
        })
    }

    /// See [`CardAdmin::set_id`](crate::card::CardAdmin::set_id).
    fn change_id(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
        id: &KeyId,
    ) -> Result<ObjectId, CardError> {
        check_id(id)?;
        change(self, channel, object, |entry| {
            match entry {
                Object::PrivateKey(key) | Object::PublicKey(key) => key.key.id.clone_from(&id.0),
                Object::SecretKey(key) => key.key.id.clone_from(&id.0),
                Object::Certificate(certificate) => certificate.id.clone_from(&id.0),
                Object::Data(_) | Object::Auth(_) => {
                    let what = "give an identifier to an object that has none".to_owned();
                    return Err(CardError::NotSupported { what });
                }
            }
            Ok(())
        })
    }

    /// See [`CardAdmin::delete_object`](crate::card::CardAdmin::delete_object).
    fn remove_object(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<(), CardError> {
        let place = self.known()?.objects.get(&object).ok_or(CardError::NoSuchObject)?;
        let (index, position) = (place.file, place.entry);
        self.require(channel, Write::Delete(object))?;
        let file = own_value_file::<Self>(self.known()?, object);
        self.take_out(channel, index, position)?;
        if let Some(file) = file {
            self.delete_file(channel, &file)?;
        }
        Ok(())
    }
}

impl<S: Structure + ?Sized> ObjectWriting for S {}

/// Puts another entry in the place of an object\'s.
fn change<S: Structure + ?Sized>(
    card: &mut S,
    channel: &mut Channel<'_>,
    object: ObjectId,
    edit: impl FnOnce(&mut Object) -> Result<(), CardError>,
) -> Result<ObjectId, CardError> {
    let content = card.known()?;
    let (index, position) =
        content.objects.get(&object).map(|place| (place.file, place.entry)).ok_or(CardError::NoSuchObject)?;
    let mut entry = content.object(object).ok_or(CardError::NoSuchObject)?.clone();
    edit(&mut entry)?;
    card.require(channel, Write::Change(object))?;
    card.replace(channel, index, position, entry)
}

/// Writes a value to a new file.
fn store_value<S: Structure + ?Sized>(
    card: &mut S,
    channel: &mut Channel<'_>,
    home: &Home,
    kind: ValueKind,
    value: &[u8],
) -> Result<u16, CardError> {
    let size = u16::try_from(value.len()).ok().filter(|size| *size <= MAX_FILE_LEN);
    let size = size.ok_or_else(|| CardError::NotSupported {
        what: format!("hold an object of more than {MAX_FILE_LEN} bytes"),
    })?;
    let file = card.create_value(channel, home, kind, size)?;
    match kind {
        ValueKind::PrivateData => update_secret(channel, 0, value)?,
        _ => update(channel, 0, value)?,
    }
    Ok(file)
}

/// Where the value of a public key goes, in the form that OpenSC reads: an RSA key into its entry or a file of its own,
/// another one into a file.
pub fn public_value<S: Structure + ?Sized>(
    card: &mut S,
    channel: &mut Channel<'_>,
    home: &Home,
    public: &PublicKey,
) -> Result<ObjectValue, CardError> {
    let rsa = public.rsa().map(|(modulus, exponent)| rsa_public_key(modulus, exponent));
    let value = match rsa {
        Some(value) if S::RSA_IN_ENTRY => return Ok(ObjectValue::Direct(value)),
        Some(value) => value,
        None => public.to_spki_der(),
    };
    let file = store_value(card, channel, home, ValueKind::PublicKey, &value)?;
    Ok(ObjectValue::Path(home.path(file)))
}

/// CredentialIdentifier with the subject key identifier (PKCS #15 v1.1, 6.1.9), content of the SEQUENCE.
fn subject_key_identifier(id: &[u8]) -> Vec<u8> {
    let mut content = tlv::encode(TAG_INTEGER, &[SUBJECT_KEY_IDENTIFIER]);
    tlv::write(&mut content, TAG_OCTET_STRING, id);
    content
}

const TAG_INTEGER: u32 = 0x02;
const TAG_OCTET_STRING: u32 = 0x04;
const SUBJECT_KEY_IDENTIFIER: u8 = 2;

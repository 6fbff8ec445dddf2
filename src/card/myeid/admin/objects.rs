//! Certificates and data on a MyEID card, and what may be done to any object: another label or identifier, and
//! deletion. A value is written before the entry that names it, and deleted after it.

use crate::apdu::Channel;
use crate::card::CardError;
use crate::card::admin::{NewCertificate, NewData, ObjectKind, Write};
use crate::card::pkcs15::{
    CertificateKind, CertificateObject, CommonObject, DataKind, DataObject, Extras, FileKind, Object,
    ObjectFlags, ObjectValue, Path,
};
use crate::codec::tlv;
use crate::crypto::CertificateDetails;
use crate::token::{KeyId, ObjectId};

use super::super::MyEid;
use super::super::write_commands::{Access, FileType};
use super::home::Home;
use super::names::{check_application, check_id, check_label, check_oid};
use super::{structure, update, update_secret};

impl MyEid {
    /// See [`CardAdmin::store_certificate`](crate::card::CardAdmin::store_certificate).
    pub(super) fn add_certificate(
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
        let access = Access::file(0, home.writer, home.writer);
        let place = (structure::FIRST_CERTIFICATE, access);
        let file = self.store_value(channel, &home, place, &details.der, false)?;
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
    pub(super) fn add_data(
        &mut self,
        channel: &mut Channel<'_>,
        data: &NewData<'_>,
    ) -> Result<ObjectId, CardError> {
        check_label(data.label)?;
        check_application(data.application)?;
        check_oid(data.oid)?;
        self.require(channel, Write::Store(ObjectKind::Data, data.owner))?;
        let home = self.home(data.owner)?;
        let index = self.directory_for(channel, &home, FileKind::Data)?;
        let writer = home.writer;
        let (first, access, flags) = if data.private {
            let flags = ObjectFlags::MODIFIABLE.union(ObjectFlags::PRIVATE);
            (structure::FIRST_PRIVATE_DATA, Access::file(writer, writer, writer), flags)
        } else {
            (structure::FIRST_PUBLIC_DATA, Access::file(0, writer, writer), ObjectFlags::MODIFIABLE)
        };
        let file = self.store_value(channel, &home, (first, access), data.value, data.private)?;
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

    /// Writes a value to a new file.
    pub(super) fn store_value(
        &mut self,
        channel: &mut Channel<'_>,
        home: &Home,
        (first, access): (u16, Access),
        value: &[u8],
        is_secret: bool,
    ) -> Result<u16, CardError> {
        let size = u16::try_from(value.len()).ok().filter(|size| *size <= MAX_FILE_LEN);
        let size = size.ok_or_else(|| CardError::NotSupported {
            what: format!("hold an object of more than {MAX_FILE_LEN} bytes"),
        })?;
        let file = self.create_free(channel, &home.folder, first, FileType::Transparent(size), access)?;
        if is_secret { update_secret(channel, 0, value) } else { update(channel, 0, value) }?;
        Ok(file)
    }

    /// See [`CardAdmin::set_label`](crate::card::CardAdmin::set_label).
    pub(super) fn change_label(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
        label: &str,
    ) -> Result<ObjectId, CardError> {
        check_label(label)?;
        self.change(channel, object, |entry| {
            entry.common_mut().label = Some(label.to_owned());
            Ok(())
        })
    }

    /// See [`CardAdmin::set_id`](crate::card::CardAdmin::set_id).
    pub(super) fn change_id(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
        id: &KeyId,
    ) -> Result<ObjectId, CardError> {
        check_id(id)?;
        self.change(channel, object, |entry| {
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

    fn change(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
        edit: impl FnOnce(&mut Object) -> Result<(), CardError>,
    ) -> Result<ObjectId, CardError> {
        let content = self.known()?;
        let (index, position) = content
            .objects
            .get(&object)
            .map(|place| (place.file, place.entry))
            .ok_or(CardError::NoSuchObject)?;
        let mut entry = content.object(object).ok_or(CardError::NoSuchObject)?.clone();
        edit(&mut entry)?;
        self.require(channel, Write::Change(object))?;
        self.replace(channel, index, position, entry)
    }

    /// See [`CardAdmin::delete_object`](crate::card::CardAdmin::delete_object).
    pub(super) fn remove_object(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
    ) -> Result<(), CardError> {
        let place = self.known()?.objects.get(&object).ok_or(CardError::NoSuchObject)?;
        let (index, position) = (place.file, place.entry);
        self.require(channel, Write::Delete(object))?;
        let file = self.own_value_file(object)?;
        self.take_out(channel, index, position)?;
        if let Some(file) = file {
            self.delete_file(channel, &file)?;
        }
        Ok(())
    }
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
const MAX_FILE_LEN: u16 = 0x7FFF;

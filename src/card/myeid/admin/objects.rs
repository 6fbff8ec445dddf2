//! Keys, certificates and data on a MyEID card: the value first, the directory entry that names it last.

use crate::apdu::{Channel, StatusWord};
use crate::card::CardError;
use crate::card::admin::{KeyType, NewCertificate, NewData, NewKey};
use crate::card::pkcs15::{
    AsymmetricKey, CertificateKind, CertificateObject, CommonKey, CommonObject, DataKind, DataObject, Extras,
    FileKind, KeyAccessFlags, KeyFamily, Object, ObjectFlags, ObjectValue, Path,
};
use crate::codec::tlv;
use crate::crypto::{CertificateDetails, Curve, PublicKey};
use crate::token::{AuthId, KeyAccess, KeyUsage};

use super::super::MyEid;
use super::super::commands;
use super::super::write_commands::{self, Access, FileType};
use super::structure::{self, APPLICATION};
use super::{folder_path, refused, update};

/// Where new objects of an owner go.
struct Home {
    /// The folder, from the MF.
    folder: Vec<u8>,
    /// The PIN that may change them; `None` for the security officer's.
    pin: Option<u8>,
    /// Its identifier.
    auth_id: Option<Vec<u8>>,
}

impl Home {
    fn path(&self, file: u16) -> Path {
        let [a, b] = file.to_be_bytes();
        let mut value = vec![0x3F, 0x00];
        value.extend_from_slice(&self.folder);
        value.extend_from_slice(&[a, b]);
        Path::file(&value)
    }

    /// Who may change and delete what is here.
    fn writer(&self) -> u8 {
        self.pin.unwrap_or(structure::OFFICER)
    }
}

impl MyEid {
    /// The folder of a PIN, or the application folder for what belongs to no PIN.
    fn home(&mut self, owner: Option<&AuthId>) -> Result<Home, CardError> {
        let content = self.known()?;
        let application = folder_path(&[APPLICATION]);
        let Some(owner) = owner else { return Ok(Home { folder: application, pin: None, auth_id: None }) };
        let reference = content.auths.get(owner).ok_or(CardError::NoSuchObject)?.reference();
        let own = folder_path(&[APPLICATION, structure::pin_folder(reference)]);
        let has_own = content
            .directory
            .files
            .iter()
            .any(|file| super::super::from_master(&file.path).is_some_and(|path| path.starts_with(&own)));
        let folder = if has_own { own } else { application };
        Ok(Home { folder, pin: Some(reference), auth_id: Some(owner.0.clone()) })
    }

    /// See [`CardAdmin::generate_key`](crate::card::CardAdmin::generate_key).
    pub(super) fn add_key(
        &mut self,
        channel: &mut Channel<'_>,
        key: &NewKey<'_>,
    ) -> Result<PublicKey, CardError> {
        let file_type = self.key_file_type(key.key_type)?;
        let home = self.home(Some(key.owner))?;
        let pin = home.writer();
        let consent = key.always_authenticate.then_some(pin);
        let file = self.create_free(
            channel,
            &home.folder,
            structure::FIRST_KEY,
            file_type,
            Access::key(pin),
            consent,
        )?;
        let public = generate(channel, key.key_type)?;
        let public_value = self.store_public_key(channel, &home, &public)?;
        let [public_entry, private_entry] = key_entries(key, &home, file, public_value);
        self.append(channel, &home.folder, FileKind::PublicKeys, public_entry)?;
        self.append(channel, &home.folder, FileKind::PrivateKeys, private_entry)?;
        Ok(public)
    }

    /// Where the value of a public key goes: an RSA key into its entry, another one into a file of its own. That
    /// is what OpenSC reads.
    fn store_public_key(
        &mut self,
        channel: &mut Channel<'_>,
        home: &Home,
        public: &PublicKey,
    ) -> Result<ObjectValue, CardError> {
        if let Some((modulus, exponent)) = public.rsa() {
            return Ok(ObjectValue::Direct(rsa_public_key(modulus, exponent)));
        }
        let access = Access::file(0, home.writer(), home.writer());
        let file =
            self.store_value(channel, home, structure::FIRST_PUBLIC_KEY, access, &public.to_spki_der())?;
        Ok(ObjectValue::Path(home.path(file)))
    }

    fn key_file_type(&self, key_type: KeyType) -> Result<FileType, CardError> {
        let unsupported = |what: String| CardError::NotSupported { what: format!("generate {what}") };
        match key_type {
            KeyType::Rsa(bits) if self.abilities.rsa_bits.contains(&bits) => {
                Ok(FileType::Rsa(u16::try_from(bits).unwrap_or(u16::MAX)))
            }
            KeyType::Rsa(bits) => Err(unsupported(format!("rsa:{bits}"))),
            KeyType::Ec(curve) if !self.abilities.ecdsa.contains(&curve) => {
                Err(unsupported(format!("ec:{curve}")))
            }
            KeyType::Ec(Curve::Secp256k1) => Ok(FileType::Secp256k1),
            KeyType::Ec(curve) => Ok(FileType::NistCurve(u16::try_from(curve.bits()).unwrap_or(u16::MAX))),
        }
    }

    /// See [`CardAdmin::store_certificate`](crate::card::CardAdmin::store_certificate).
    pub(super) fn add_certificate(
        &mut self,
        channel: &mut Channel<'_>,
        certificate: &NewCertificate<'_>,
    ) -> Result<(), CardError> {
        let details = CertificateDetails::parse(certificate.der)?;
        let home = self.home(certificate.owner)?;
        let access = Access::file(0, home.writer(), home.writer());
        let file = self.store_value(channel, &home, structure::FIRST_CERTIFICATE, access, &details.der)?;
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
        self.append(channel, &home.folder, FileKind::Certificates, entry)
    }

    /// See [`CardAdmin::store_data`](crate::card::CardAdmin::store_data).
    pub(super) fn add_data(
        &mut self,
        channel: &mut Channel<'_>,
        data: &NewData<'_>,
    ) -> Result<(), CardError> {
        let home = self.home(data.owner)?;
        let writer = home.writer();
        let (first, access, flags) = if data.private {
            let flags = ObjectFlags::MODIFIABLE.union(ObjectFlags::PRIVATE);
            (structure::FIRST_PRIVATE_DATA, Access::file(writer, writer, writer), flags)
        } else {
            (structure::FIRST_PUBLIC_DATA, Access::file(0, writer, writer), ObjectFlags::MODIFIABLE)
        };
        let file = self.store_value(channel, &home, first, access, data.value)?;
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
        self.append(channel, &home.folder, FileKind::Data, entry)
    }

    /// Writes a value to a new file.
    fn store_value(
        &mut self,
        channel: &mut Channel<'_>,
        home: &Home,
        first: u16,
        access: Access,
        value: &[u8],
    ) -> Result<u16, CardError> {
        let size = u16::try_from(value.len()).ok().filter(|size| *size <= MAX_FILE_LEN);
        let size = size.ok_or_else(|| CardError::NotSupported {
            what: format!("hold an object of more than {MAX_FILE_LEN} bytes"),
        })?;
        let file_type = FileType::Transparent(size);
        let file = self.create_free(channel, &home.folder, first, file_type, access, None)?;
        update(channel, 0, value)?;
        Ok(file)
    }
}

/// Generates a key pair in the selected key file.
fn generate(channel: &mut Channel<'_>, key_type: KeyType) -> Result<PublicKey, CardError> {
    let command = match key_type {
        KeyType::Rsa(bits) => write_commands::generate_rsa(bits as usize / 8),
        KeyType::Ec(_) => write_commands::generate_ec(),
    };
    let response = channel.send(&command)?;
    if response.status != StatusWord::OK {
        return Err(refused("generate a key", response.status));
    }
    let malformed =
        |why: &str| CardError::Malformed { what: "generated key".to_owned(), why: why.to_owned() };
    match key_type {
        KeyType::Rsa(bits) => {
            // OsEID answers with the modulus in the wrong byte order; asked for it, it gives the right one.
            let len = bits as usize / 8;
            let modulus = channel.call(&commands::get_data(commands::rsa_modulus(len)))?;
            if modulus.len() != len {
                return Err(malformed("the modulus has another length than was asked for"));
            }
            Ok(PublicKey::from_rsa(&modulus, &write_commands::PUBLIC_EXPONENT)?)
        }
        KeyType::Ec(curve) => {
            let point = tlv::find(&response.data, TAG_POINT).ok_or_else(|| malformed("no point"))?;
            Ok(PublicKey::from_ec_point(curve, point)?)
        }
    }
}

/// The entries of both halves in their directories: public, private.
fn key_entries(key: &NewKey<'_>, home: &Home, file: u16, public_value: ObjectValue) -> [Object; 2] {
    let common = |flags, auth_id, user_consent| CommonObject {
        label: Some(key.label.to_owned()),
        flags,
        auth_id,
        user_consent,
        ..CommonObject::default()
    };
    let attributes = |usage: KeyUsage, access: KeyAccess, reference| CommonKey {
        id: key.id.0.clone(),
        usage: usage.into(),
        access: Some(KeyAccessFlags::from(access)),
        reference,
        ..CommonKey::default()
    };
    let (public_family, private_family) = match key.key_type {
        KeyType::Rsa(bits) => {
            (KeyFamily::Rsa { modulus_length: bits }, KeyFamily::Rsa { modulus_length: bits })
        }
        KeyType::Ec(curve) => {
            (KeyFamily::Ec { field_size: None }, KeyFamily::Ec { field_size: Some(curve.bits()) })
        }
    };
    let local = KeyAccess { local: true, ..KeyAccess::default() };
    let secret = KeyAccess { sensitive: true, always_sensitive: true, never_extractable: true, ..local };
    let consent = key.always_authenticate.then_some(1);
    let private_flags = ObjectFlags::PRIVATE.union(ObjectFlags::MODIFIABLE);
    let reference = Some(u32::from(file & 0xFF));
    [
        Object::PublicKey(AsymmetricKey {
            common: common(ObjectFlags::MODIFIABLE, None, None),
            key: attributes(public_usage(key.usage), local, None),
            subject: None,
            family: public_family,
            value: public_value,
            info: None,
            extra: Extras::default(),
        }),
        Object::PrivateKey(AsymmetricKey {
            common: common(private_flags, home.auth_id.clone(), consent),
            key: attributes(key.usage, secret, reference),
            subject: None,
            family: private_family,
            value: ObjectValue::Path(home.path(file)),
            info: None,
            extra: Extras::default(),
        }),
    ]
}

/// What the public half does for what the private half may do.
fn public_usage(private: KeyUsage) -> KeyUsage {
    KeyUsage {
        encrypt: private.decrypt,
        wrap: private.unwrap,
        verify: private.sign || private.non_repudiation,
        verify_recover: private.sign_recover,
        derive: private.derive,
        ..KeyUsage::default()
    }
}

/// RSAPublicKey (RFC 8017, A.1.1).
fn rsa_public_key(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let sign: &[u8] = if number.first().is_some_and(|byte| byte & 0x80 != 0) { &[0x00] } else { &[] };
        tlv::encode(TAG_INTEGER, &[sign, number].concat())
    };
    tlv::encode(TAG_SEQUENCE, &[integer(modulus), integer(exponent)].concat())
}

/// CredentialIdentifier with the subject key identifier (PKCS #15 v1.1, 6.1.9), content of the SEQUENCE.
fn subject_key_identifier(id: &[u8]) -> Vec<u8> {
    let mut content = tlv::encode(TAG_INTEGER, &[SUBJECT_KEY_IDENTIFIER]);
    tlv::write(&mut content, TAG_OCTET_STRING, id);
    content
}

/// Tag of the point in the answer to GENERATE KEY PAIR.
const TAG_POINT: u32 = 0x86;
const TAG_INTEGER: u32 = 0x02;
const TAG_OCTET_STRING: u32 = 0x04;
const TAG_SEQUENCE: u32 = 0x30;
const SUBJECT_KEY_IDENTIFIER: u8 = 2;
const MAX_FILE_LEN: u16 = 0x7FFF;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apdu::testing::{Script, channel};
    use crate::codec::hex;

    #[test]
    fn generated_modulus_is_the_one_that_the_card_gives_when_asked() {
        // OsEID answers to the generation with the bytes of the modulus in reverse.
        let modulus: Vec<u8> = (0x80..=0xFF).collect();
        let reversed: Vec<u8> = modulus.iter().rev().copied().collect();
        let mut script = Script::t1(&[
            ("0046000007 30058103010001 80", &(hex::encode(&reversed) + "9000")),
            ("00ca010180", &(hex::encode(&modulus) + "9000")),
        ]);
        let public = generate(&mut channel(&mut script), KeyType::Rsa(1024)).unwrap();
        assert_eq!(public.rsa().unwrap().0, modulus);
        script.assert_done();
    }

    #[test]
    fn generated_point_that_is_not_on_the_curve_is_refused() {
        let answer = "8641".to_owned() + "04" + &"11".repeat(64) + "9000";
        let mut script = Script::t1(&[("0046000000", &answer)]);
        let result = generate(&mut channel(&mut script), KeyType::Ec(Curve::P256));
        assert!(matches!(result, Err(CardError::Crypto(_))), "{result:?}");
    }

    #[test]
    fn rsa_public_key_is_der_with_a_sign_byte_where_needed() {
        assert_eq!(
            hex::encode(&rsa_public_key(&[0x81, 0x02], &[1, 0, 1])),
            "300a 0203 008102 0203 010001".replace(' ', "")
        );
        assert_eq!(hex::encode(&rsa_public_key(&[0x71, 0x02], &[3])), "3007020271020201 03".replace(' ', ""));
    }
}

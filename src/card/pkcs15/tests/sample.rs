//! A card's files in memory, and a complete application of our own making.

use std::collections::BTreeMap;

use crate::apdu::{ApduError, StatusWord};
use crate::card::CardError;
use crate::card::pkcs15::*;
use crate::codec::{hex, tlv};
use crate::crypto::{Curve, EcPrivateKey, PublicKey};

/// Files by path; counts what is read.
#[derive(Debug, Clone, Default)]
pub(in crate::card) struct Image {
    pub(in crate::card) files: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(in crate::card) locked: Vec<Vec<u8>>,
    pub(in crate::card) reads: usize,
    pub(in crate::card) bytes: usize,
}

impl Image {
    pub(in crate::card) fn put(&mut self, path: &[u8], content: Vec<u8>) {
        self.files.insert(path.to_vec(), content);
    }

    /// A file of the application 3F00 5015.
    pub(in crate::card) fn file(&mut self, id: u16) -> &mut Vec<u8> {
        self.files.entry([&[0x3F, 0x00, 0x50, 0x15][..], &id.to_be_bytes()].concat()).or_default()
    }

    pub(in crate::card) fn content(&mut self) -> Content {
        Content::new(read_directory(self).unwrap().expect("a PKCS#15 application"))
    }
}

impl Files for Image {
    fn read(&mut self, path: &Path, limit: usize) -> Result<Vec<u8>, CardError> {
        self.reads += 1;
        let refuse = |status| Err(CardError::Apdu(ApduError::UnexpectedStatus { ins: 0xA4, status }));
        let name = [path.aid.as_deref().unwrap_or_default(), &path.value].concat();
        if self.locked.contains(&name) {
            return refuse(StatusWord::SECURITY_NOT_SATISFIED);
        }
        let Some(content) = self.files.get(&name) else { return refuse(StatusWord::FILE_NOT_FOUND) };
        let start = path.index.map_or(0, |index| index as usize).min(content.len());
        let end = path.length.map_or(content.len(), |length| start + length as usize).min(content.len());
        let part = &content[start..end.min(start + limit)];
        self.bytes += part.len();
        Ok(part.to_vec())
    }
}

pub(in crate::card) fn named(label: &str, flags: ObjectFlags, auth_id: Option<u8>) -> CommonObject {
    CommonObject {
        label: Some(label.to_owned()),
        flags,
        auth_id: auth_id.map(|id| vec![id]),
        ..CommonObject::default()
    }
}

pub(in crate::card) fn pin(
    label: &str,
    id: u8,
    reference: u32,
    flags: PinFlags,
    unblocked_by: Option<u8>,
) -> AuthObject {
    AuthObject {
        common: named(label, ObjectFlags::PRIVATE.union(ObjectFlags::MODIFIABLE), unblocked_by),
        auth_id: vec![id],
        method: AuthMethod::Pin(PinAttributes {
            flags: flags.union(PinFlags::INITIALIZED),
            pin_type: PinType::AsciiNumeric,
            min_length: 4,
            stored_length: 8,
            max_length: Some(8),
            reference: Some(reference),
            pad_char: Some(0xFF),
            last_change: None,
            path: Some(Path::file(&[0x3F, 0x00, 0x50, 0x15])),
        }),
        extra: Extras::default(),
    }
}

pub(in crate::card) fn key(
    label: &str,
    id: u8,
    family: KeyFamily,
    value: ObjectValue,
    auth: Option<u8>,
) -> AsymmetricKey {
    let flags = if auth.is_some() { ObjectFlags::PRIVATE } else { ObjectFlags::default() };
    AsymmetricKey {
        common: named(label, flags.union(ObjectFlags::MODIFIABLE), auth),
        key: CommonKey {
            id: vec![id],
            usage: KeyUsageFlags(if auth.is_some() { 0x2E } else { 0xD1 }),
            access: auth.map(|_| KeyAccessFlags(0x1D)),
            reference: Some(0),
            ..CommonKey::default()
        },
        subject: None,
        family,
        value,
        info: None,
        extra: Extras::default(),
    }
}

pub(in crate::card) fn certificate(
    label: &str,
    id: u8,
    value: ObjectValue,
    authority: bool,
) -> CertificateObject {
    CertificateObject {
        common: named(label, ObjectFlags::MODIFIABLE, None),
        id: vec![id],
        authority,
        identifier: Some([tlv::encode(0x02, &[2]), tlv::encode(0x04, &[id; 20])].concat()),
        kind: CertificateKind::X509,
        value,
        subject: Some(name(label)),
        issuer: Some(name("Root")),
        serial: Some(vec![id]),
        extra: Extras::default(),
    }
}

/// The directory files of a card that OpenSC personalised.
pub(in crate::card) fn by_opensc() -> Image {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/pkcs15/by-opensc.txt");
    let text = std::fs::read_to_string(file).unwrap();
    let mut image = Image::default();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split(' ').collect();
        let [path, size, content] = fields[..] else { panic!("{line}") };
        let mut content = hex::decode(content.trim_matches('-')).unwrap();
        content.resize(size.parse().unwrap(), 0);
        image.put(&hex::decode(path).unwrap(), content);
    }
    image
}

/// A DER Name with a common name only.
pub(in crate::card) fn name(text: &str) -> Vec<u8> {
    let attribute = [tlv::encode(0x06, &[0x55, 0x04, 0x03]), tlv::encode(0x0C, text.as_bytes())].concat();
    tlv::encode(0x30, &tlv::encode(0x31, &tlv::encode(0x30, &attribute)))
}

pub(in crate::card) fn data(label: &str, value: ObjectValue, auth: Option<u8>) -> DataObject {
    let flags = if auth.is_some() { ObjectFlags::PRIVATE } else { ObjectFlags::default() };
    DataObject {
        common: named(label, flags, auth),
        application: Some("p11ctl tests".to_owned()),
        oid: Some(vec![0x2B, 0x06, 0x01, 0x04, 0x01]),
        id: None,
        kind: DataKind::Opaque,
        value,
        extra: Extras::default(),
    }
}

pub(in crate::card) fn at(id: u16) -> ObjectValue {
    ObjectValue::Path(Path::file(&[&[0x3F, 0x00, 0x50, 0x15][..], &id.to_be_bytes()].concat()))
}

pub(in crate::card) fn ec_key() -> PublicKey {
    EcPrivateKey::from_scalar(Curve::P256, &[0x51]).unwrap().public()
}

pub(in crate::card) fn rsa_key() -> PublicKey {
    PublicKey::from_rsa(&[0xC3; 256], &[1, 0, 1]).unwrap()
}

fn aes_key() -> SecretKeyObject {
    SecretKeyObject {
        common: named("AES key", ObjectFlags::PRIVATE, Some(1)),
        key: CommonKey {
            id: vec![0x77],
            usage: KeyUsageFlags(0x33),
            reference: Some(5),
            algorithms: vec![1],
            ..CommonKey::default()
        },
        key_bits: Some(256),
        family: SecretKeyFamily::Generic,
        value: Some(at(0x4D01)),
        extra: Extras::default(),
    }
}

pub(in crate::card) fn token_info() -> TokenInfo {
    TokenInfo {
        version: 0,
        serial: vec![0x12, 0x34, 0x56],
        manufacturer: Some("p11ctl".to_owned()),
        label: Some("Sample".to_owned()),
        flags: TokenFlags(TokenFlags::LOGIN_REQUIRED.0 | TokenFlags::RANDOM.0),
        algorithms: vec![AlgorithmInfo {
            reference: 1,
            mechanism: 0x1081,
            parameters: Some(vec![0x05, 0x00]),
            operations: 0x30,
            oid: Some(vec![0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2A]),
            algorithm_reference: Some(0x8A),
            extra: Vec::new(),
        }],
        ..TokenInfo::default()
    }
}

/// Two user PINs, a PUK and an SO PIN; an RSA key behind the first, an EC key behind the second, their public
/// keys (one in the entry, one in a file), a secret key, four certificates, two data objects.
pub(in crate::card) fn sample() -> Image {
    let rsa = || KeyFamily::Rsa { modulus_length: 2048 };
    let ec = |field_size| KeyFamily::Ec { field_size };
    let application = Application {
        aid: PKCS15_AID.to_vec(),
        label: Some("Sample".to_owned()),
        path: Some(vec![0x3F, 0x00, 0x50, 0x15]),
        ..Application::default()
    };
    let mut image = Image::default();
    image.put(&[0x3F, 0x00, 0x2F, 0x00], encode_dir(&[application]));
    *image.file(0x5032) = token_info().encode();
    let files = [
        (
            FileKind::Auth,
            0x4401,
            vec![
                Object::Auth(pin("PIN 1", 1, 1, PinFlags::NEEDS_PADDING, Some(0x11))),
                Object::Auth(pin("PUK 1", 0x11, 2, PinFlags::UNBLOCKING_PIN, None)),
                Object::Auth(pin("PIN 2", 2, 0x82, PinFlags::LOCAL, None)),
                Object::Auth(pin("Security Officer PIN", 0xFF, 3, PinFlags::SO_PIN, None)),
            ],
        ),
        (
            FileKind::PrivateKeys,
            0x4402,
            vec![
                Object::PrivateKey(key("Key 1", 0x45, rsa(), at(0x4B01), Some(1))),
                Object::PrivateKey(key("Key 2", 0x46, ec(Some(256)), at(0x4B02), Some(2))),
            ],
        ),
        (
            FileKind::PublicKeys,
            0x4404,
            vec![
                Object::PublicKey(key("Key 1", 0x45, rsa(), at(0x5501), None)),
                Object::PublicKey(key(
                    "Key 2",
                    0x46,
                    ec(None),
                    ObjectValue::Direct(ec_key().to_spki_der()),
                    None,
                )),
            ],
        ),
        (FileKind::SecretKeys, 0x4407, vec![Object::SecretKey(aes_key())]),
        (
            FileKind::Certificates,
            0x4403,
            vec![
                Object::Certificate(certificate("Leaf 1", 0x45, at(0x4301), false)),
                Object::Certificate(certificate("Leaf 2", 0x46, at(0x4302), false)),
                Object::Certificate(certificate(
                    "Issuing CA",
                    0x47,
                    ObjectValue::Direct(vec![0x30, 1, 5]),
                    true,
                )),
            ],
        ),
        (
            FileKind::TrustedCertificates,
            0x4405,
            vec![Object::Certificate(certificate("Root", 0x48, at(0x4304), true))],
        ),
        (
            FileKind::Data,
            0x4406,
            vec![
                Object::Data(data("Public data", at(0x4501), None)),
                Object::Data(data("Private data", at(0x4502), Some(2))),
            ],
        ),
    ];
    let mut odf = Vec::new();
    for (kind, id, objects) in files {
        let path = Path::file(&[&[0x3F, 0x00, 0x50, 0x15][..], &u16::to_be_bytes(id)].concat());
        let mut file = DirectoryFile::decode(kind, path.clone(), &[]);
        objects.into_iter().for_each(|object| file.push(object));
        let mut content = file.encode();
        content.extend_from_slice(&[0; 40]);
        *image.file(id) = content;
        odf.push(OdfRecord::File { kind, path });
    }
    *image.file(0x5031) = encode_odf(&odf);
    image
}

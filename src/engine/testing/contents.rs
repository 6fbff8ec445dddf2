//! What is on the puppet's card: the founding document's example, made anew for each test.

use super::Strings;
use crate::crypto::certificate::{CertificateKind, CertificateTemplate, Issuer};
use crate::crypto::{CertificateDetails, Curve, EcPrivateKey, PrivateKey, PublicKey, RsaPrivateKey};
use crate::token::{
    Auth, AuthId, AuthRole, Certificate, CertificateHints, DataObject, Key, KeyAccess, KeyAlgorithm,
    KeyClass, KeyId, KeyUsage, ObjectId, PinEncoding, TokenInfo,
};

impl Strings {
    pub(super) fn add_key(&mut self, number: u8, key: PrivateKey) {
        let (root, issuing) = (ec_key(), ec_key());
        let id = KeyId(vec![0x44 + number]);
        let names = [format!("CN=Root {number}"), format!("CN=CA {number}"), format!("CN=Leaf {number}")];
        let root_der = certify(&names[0], &root.public(), None, &root, true);
        let issuing_der = certify(&names[1], &issuing.public(), Some(&root_der), &root, true);
        let leaf_der = certify(&names[2], &key.public(), Some(&issuing_der), &issuing, false);
        let algorithm = KeyAlgorithm::from(&key.public());
        let object = ObjectId(u32::from(number));
        self.token.keys.push(Key {
            object,
            class: KeyClass::Private,
            id: id.clone(),
            label: format!("key {number}"),
            auth: Some(AuthId(vec![number])),
            private: true,
            algorithm,
            usage: KeyUsage { sign: true, decrypt: number == 1, ..KeyUsage::default() },
            access: KeyAccess { sensitive: true, ..KeyAccess::default() },
            always_authenticate: false,
            modifiable: false,
            public: None,
        });
        let public = ObjectId(u32::from(number) + 10);
        self.contents.insert(public, key.public().to_spki_der());
        self.token.keys.push(Key {
            object: public,
            class: KeyClass::Public,
            id: id.clone(),
            label: format!("key {number}"),
            auth: None,
            private: false,
            algorithm,
            usage: KeyUsage { verify: true, encrypt: number == 1, ..KeyUsage::default() },
            access: KeyAccess::default(),
            always_authenticate: false,
            modifiable: false,
            public: None,
        });
        self.keys.insert(object, key);
        self.add_certificate(&names[2], id, leaf_der);
        self.add_certificate(&names[1], KeyId::default(), issuing_der);
        self.add_certificate(&names[0], KeyId::default(), root_der);
    }

    pub(super) fn add_certificate(&mut self, label: &str, id: KeyId, der: Vec<u8>) {
        let object = ObjectId(100 + u32::try_from(self.token.certificates.len()).unwrap());
        let details = CertificateDetails::parse(&der).unwrap();
        self.token.certificates.push(Certificate {
            object,
            id,
            label: label.to_owned(),
            auth: None,
            private: false,
            authority: false,
            trusted: false,
            modifiable: false,
            hints: CertificateHints {
                subject: Some(details.subject),
                issuer: Some(details.issuer),
                subject_key_id: details.subject_key_id,
            },
            details: None,
        });
        self.contents.insert(object, der);
    }

    pub(super) fn add_data(&mut self, label: &str, pin: Option<u8>, value: &[u8]) {
        let object = ObjectId(200 + u32::try_from(self.token.data.len()).unwrap());
        self.token.data.push(DataObject {
            object,
            label: label.to_owned(),
            application: "p11ctl".to_owned(),
            oid: vec![0x06, 0x01, 0x2A],
            auth: pin.map(|pin| AuthId(vec![pin])),
            private: pin.is_some(),
            modifiable: true,
        });
        self.contents.insert(object, value.to_vec());
    }
}

pub(super) fn info(name: &str) -> TokenInfo {
    TokenInfo {
        label: "Example".to_owned(),
        serial: format!("0123456789ABCDEF{name}"),
        manufacturer: "Nobody".to_owned(),
        model: "Puppet".to_owned(),
        initialized: true,
        has_random: true,
        ..TokenInfo::default()
    }
}

pub(super) fn auth(id: u8, label: &str, role: AuthRole) -> Auth {
    Auth {
        id: AuthId(vec![id]),
        label: label.to_owned(),
        role,
        min_len: 4,
        max_len: 8,
        encoding: PinEncoding::AsciiNumeric,
        initialized: true,
        can_change: true,
        can_unblock: true,
        unblocked_by: None,
        tries_left: None,
        tries_max: None,
    }
}

fn ec_key() -> PrivateKey {
    PrivateKey::Ec(EcPrivateKey::generate(Curve::P256).unwrap())
}

/// One RSA key for all tests of a process: making one takes time.
pub(super) fn test_rsa_key() -> RsaPrivateKey {
    static KEY: std::sync::OnceLock<RsaPrivateKey> = std::sync::OnceLock::new();
    KEY.get_or_init(|| RsaPrivateKey::generate(1024).unwrap()).clone()
}

pub(super) fn certify(
    subject: &str,
    public: &PublicKey,
    issuer: Option<&[u8]>,
    key: &PrivateKey,
    authority: bool,
) -> Vec<u8> {
    let kind = if authority {
        CertificateKind::Authority { path_len: None }
    } else {
        CertificateKind::EndEntity { purposes: Vec::new() }
    };
    // 2026 and 2036.
    let template = CertificateTemplate::new(subject, public.clone(), kind, (1_767_225_600, 2_082_758_399));
    let issuer = issuer.map(|der| CertificateDetails::parse(der).unwrap());
    template.sign(issuer.as_ref().map_or(Issuer::Itself, Issuer::Certificate), key).unwrap()
}

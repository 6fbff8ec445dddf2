//! A card in a few lines of text, and a layout as text, so that a test reads like the rules.
//!
//! One object on a line: kind, name, and what matters of it.
//! ```text
//! card "Example"
//! pin "PIN 1" id=01            also: so-pin, puk
//! key "key 1" pin=01 id=a1     also: public-key, secret-key, data; `private`, `public`, `value=K`
//! cert "leaf 1" id=a1 by="CA"  subject is the name, issuer is `by` (without it the certificate is self-signed)
//! ```
//! Certificates also take `subject=`, `key=` (the name of the certified key; the subject without it), `ski=`, `aki=`,
//! `until=` (a year), `authority`, `unread` (no body), `hints` (the directory tells the names), `private`, `pin=`, and
//! `signer=` (the name of a key): then the body is a real one with that key's signature.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use p11ctl::codec::{hex, tlv};
use p11ctl::crypto::certificate::{CertificateKind, CertificateTemplate, Issuer};
use p11ctl::crypto::{CertificateDetails, Curve, EcPrivateKey, PrivateKey, PublicKey};
use p11ctl::layout::{Layout, ReaderView, VirtualToken};
use p11ctl::token::{
    Auth, AuthId, AuthRole, Certificate, CertificateHints, DataObject, Key, KeyAccess, KeyAlgorithm,
    KeyClass, KeyId, KeyUsage, ObjectId, PinEncoding, Token, TokenInfo,
};

/// Reads the notation of one card.
pub fn card(text: &str) -> Token {
    let info = TokenInfo { label: "Card".into(), initialized: true, ..TokenInfo::default() };
    let mut token = Token { info, ..Token::default() };
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let line = Line::read(line);
        let object = ObjectId((token.keys.len() + token.certificates.len() + token.data.len()) as u32);
        match line.kind.as_str() {
            "card" => token.info.label = line.name,
            "blank" => token.info = TokenInfo { initialized: false, ..token.info },
            "pin" => token.auths.push(auth(&line, AuthRole::User)),
            "so-pin" => token.auths.push(auth(&line, AuthRole::SecurityOfficer)),
            "puk" => token.auths.push(auth(&line, AuthRole::Unblocking)),
            "key" => token.keys.push(key(&line, object, KeyClass::Private)),
            "public-key" => token.keys.push(key(&line, object, KeyClass::Public)),
            "secret-key" => token.keys.push(key(&line, object, KeyClass::Secret)),
            "cert" => token.certificates.push(certificate(&line, object)),
            "data" => token.data.push(data(&line, object)),
            other => panic!("no such kind: {other}"),
        }
    }
    token
}

/// A certified key that is told from others by its name.
pub fn public_key(name: &str) -> PublicKey {
    match name.strip_prefix("rsa-") {
        Some(name) => PublicKey::Rsa { modulus: name.as_bytes().to_vec(), exponent: vec![1, 0, 1] },
        None => PublicKey::Ec { curve: Curve::P256, point: name.as_bytes().to_vec() },
    }
}

/// A distinguished name of one common name.
pub fn name(text: &str) -> Vec<u8> {
    let mut attribute = tlv::encode(0x06, &[0x55, 0x04, 0x03]);
    tlv::write(&mut attribute, 0x0C, text.as_bytes());
    tlv::encode(0x30, &tlv::encode(0x31, &tlv::encode(0x30, &attribute)))
}

/// Draws a layout: a line for each slot, below it the chains of its keys (a full stop ends a complete one), then what
/// has no slot.
pub fn draw(layout: &Layout, readers: &[ReaderView<'_>]) -> String {
    let mut text = String::new();
    for slot in &layout.slots {
        let run = &layout.readers[slot.reader];
        let application = slot.token.as_ref().map_or(0, |token| token.application);
        let card = run.index.and_then(|index| readers[index].tokens.get(application).copied());
        match (&slot.token, card) {
            (Some(token), Some(card)) => draw_token(&mut text, slot.id.0, token, card),
            (Some(_), None) => panic!("slot {} shows a token without a card", slot.id),
            (None, _) => writeln!(text, "{} -", slot.id).unwrap(),
        }
    }
    for unplaced in &layout.unplaced {
        let remedy = unplaced.remedy.as_deref().unwrap_or("no setting helps");
        writeln!(text, "unplaced in {}: {}: {remedy}", unplaced.reader, unplaced.what).unwrap();
    }
    text
}

fn draw_token(text: &mut String, slot: u32, token: &VirtualToken, card: &Token) {
    if token.empty {
        assert_eq!(
            *token,
            VirtualToken {
                label: token.label.clone(),
                application: token.application,
                empty: true,
                ..VirtualToken::default()
            }
        );
        let state = if card.info.initialized { "empty" } else { "blank" };
        return writeln!(text, "{slot} {}: {state}", token.label).unwrap();
    }
    let pin = token.auth.map(|auth| card.auths[auth].label.as_str());
    let keys = token.keys.iter().map(|key| card.keys[*key].label.as_str());
    let certificates = token.certificates.iter().map(|index| card.certificates[*index].label.as_str());
    let data = token.data.iter().map(|data| card.data[*data].label.as_str());
    let contents: Vec<&str> = pin.into_iter().chain(keys).chain(certificates).chain(data).collect();
    writeln!(text, "{slot} {}: {}", token.label, contents.join(", ")).unwrap();
    for chain in &token.chains {
        let links: Vec<&str> =
            chain.certificates.iter().map(|index| card.certificates[*index].label.as_str()).collect();
        let end = if chain.complete { "." } else { "" };
        let key = card.keys[chain.key].label.as_str();
        let links: Vec<&str> = std::iter::once(key).chain(links).collect();
        writeln!(text, "  {}{end}", links.join(" > ")).unwrap();
    }
}

/// One line, taken apart.
struct Line {
    kind: String,
    name: String,
    settings: Vec<(String, String)>,
}

impl Line {
    fn read(line: &str) -> Self {
        let mut words = Vec::new();
        let mut quoted = false;
        let mut word = String::new();
        for character in line.chars().chain([' ']) {
            match character {
                '"' => quoted = !quoted,
                ' ' if !quoted => {
                    words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()))
                }
                other => word.push(other),
            }
        }
        let mut words = words.into_iter();
        let kind = words.next().unwrap();
        let name = words.next().unwrap_or_default();
        let settings = words.map(|word| match word.split_once('=') {
            Some((key, value)) => (key.to_owned(), value.to_owned()),
            None => (word, String::new()),
        });
        Self { kind, name, settings: settings.collect() }
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.settings.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    fn pin(&self) -> Option<AuthId> {
        self.get("pin").map(|id| AuthId(hex::decode(id).unwrap()))
    }

    fn id(&self) -> Vec<u8> {
        self.get("id").map(|id| hex::decode(id).unwrap()).unwrap_or_default()
    }
}

fn auth(line: &Line, role: AuthRole) -> Auth {
    Auth {
        id: AuthId(line.id()),
        label: line.name.clone(),
        role,
        min_len: 4,
        max_len: 8,
        encoding: PinEncoding::AsciiNumeric,
        initialized: true,
        can_change: true,
        can_unblock: true,
        unblocked_by: None,
        tries_left: Some(3),
        tries_max: Some(3),
    }
}

fn key(line: &Line, object: ObjectId, class: KeyClass) -> Key {
    let value = line.get("value").map(public_key);
    Key {
        object,
        class,
        id: KeyId(line.id()),
        label: line.name.clone(),
        auth: line.pin(),
        private: line.has("private") || (class != KeyClass::Public && line.has("pin") && !line.has("public")),
        algorithm: match (class, line.has("rsa") || matches!(value, Some(PublicKey::Rsa { .. }))) {
            (KeyClass::Secret, _) => KeyAlgorithm::Aes { key_bits: 256 },
            (_, true) => KeyAlgorithm::Rsa { modulus_bits: 2048 },
            (_, false) => KeyAlgorithm::Ec { curve: Some(Curve::P256) },
        },
        usage: KeyUsage::default(),
        access: KeyAccess::default(),
        always_authenticate: false,
        modifiable: true,
        public: value,
    }
}

fn certificate(line: &Line, object: ObjectId) -> Certificate {
    let subject = line.get("subject").unwrap_or(&line.name);
    let key = line.get("key").unwrap_or(subject);
    let year: i64 = line.get("until").map_or(2030, |year| year.parse().unwrap());
    let details = CertificateDetails {
        der: Vec::new(),
        subject: name(subject),
        issuer: name(line.get("by").unwrap_or(subject)),
        serial: vec![0x02, 0x01, 0x01],
        subject_key_id: line.get("ski").map(|id| id.as_bytes().to_vec()),
        authority_key_id: line.get("aki").map(|id| id.as_bytes().to_vec()),
        not_before: 0,
        not_after: (year - 1970) * 31_557_600,
        is_authority: line.has("authority"),
        public_key: Some(public_key(key)),
        public_key_info: key.as_bytes().to_vec(),
    };
    let details = match line.get("signer") {
        Some(signer) => signed(details, subject, key, signer),
        None => details,
    };
    Certificate {
        object,
        id: KeyId(line.id()),
        label: line.name.clone(),
        auth: line.pin(),
        private: line.has("private"),
        authority: line.has("authority"),
        trusted: false,
        modifiable: true,
        hints: CertificateHints {
            subject: line.has("hints").then(|| details.subject.clone()),
            issuer: line.has("hints").then(|| details.issuer.clone()),
            subject_key_id: details.subject_key_id.clone().filter(|_| line.has("hints")),
        },
        details: (!line.has("unread")).then_some(details),
    }
}

/// The certificate with a real body: its key, and its signature by `signer`.
fn signed(told: CertificateDetails, subject: &str, key: &str, signer: &str) -> CertificateDetails {
    let (key, signer) = (real_key(key), real_key(signer));
    let issuer = CertificateDetails {
        subject: told.issuer.clone(),
        public_key: Some(signer.public()),
        ..told.clone()
    };
    let kind = CertificateKind::Authority { path_len: None };
    let validity = (told.not_before, told.not_after);
    let template = CertificateTemplate::new(&format!("CN={subject}"), key.public(), kind, validity);
    let body = template.sign(Issuer::Certificate(&issuer), &signer).unwrap();
    let real = CertificateDetails::parse(&body).unwrap();
    let (der, public_key, public_key_info) = (real.der, real.public_key, real.public_key_info);
    CertificateDetails { der, public_key, public_key_info, ..told }
}

/// The key of this name, the same in a whole run.
fn real_key(name: &str) -> Arc<PrivateKey> {
    static KEYS: Mutex<Option<HashMap<String, Arc<PrivateKey>>>> = Mutex::new(None);
    let mut keys = KEYS.lock().unwrap_or_else(PoisonError::into_inner);
    let new = || Arc::new(PrivateKey::from(EcPrivateKey::generate(Curve::P256).unwrap()));
    Arc::clone(keys.get_or_insert_default().entry(name.to_owned()).or_insert_with(new))
}

fn data(line: &Line, object: ObjectId) -> DataObject {
    DataObject {
        object,
        label: line.name.clone(),
        application: String::new(),
        oid: Vec::new(),
        auth: line.pin(),
        private: line.has("private"),
        modifiable: true,
    }
}

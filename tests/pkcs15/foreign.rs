//! Content by OpenSC read by us, and encoded by us and read by OpenSC.

use std::collections::BTreeMap;

use p11ctl::card::pkcs15::*;
use p11ctl::codec::{hex, tlv};
use p11ctl::crypto::{Curve, EcPrivateKey, RsaPrivateKey};
use p11ctl::token::{AuthRole, KeyAlgorithm, KeyClass};

use crate::card::{Bench, CardFiles, PIN, SO_PIN};

fn read(files: &mut CardFiles<'_>) -> Content {
    Content::new(read_directory(files).unwrap().expect("a PKCS#15 application"))
}

/// The objects of a dump by their headings: `Private RSA Key [Key 1]`, and below the fields by their names.
fn sections(dump: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut sections: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut heading = String::new();
    for line in dump.lines() {
        match line.strip_prefix('\t').and_then(|field| field.split_once(':')) {
            Some((name, value)) => {
                let fields = sections.entry(heading.clone()).or_default();
                fields.insert(name.trim().to_owned(), value.trim().to_owned());
            }
            None => heading = line.trim_end_matches(':').to_owned(),
        }
    }
    sections
}

/// What OpenSC should say of one object.
fn expected(object: &Object, directory: &Directory) -> (String, Vec<(&'static str, String)>) {
    let path = |value: &ObjectValue| {
        value.path().map(|path| path.resolve(&directory.place.base).to_string()).unwrap_or_default()
    };
    let common = object.common();
    let label = common.label.clone().unwrap_or_default();
    let mut fields = Vec::new();
    if let Some(auth_id) = &common.auth_id {
        fields.push(("Auth ID", hex::encode(auth_id)));
    }
    let key = |key: &CommonKey, fields: &mut Vec<(&'static str, String)>| {
        fields.push(("ID", hex::encode(&key.id)));
        fields.push(("Usage", format!("[0x{:02X}]", key.usage.0)));
        fields.push(("Access Flags", format!("[0x{:02X}]", key.access.unwrap_or_default().0)));
        fields.push(("Native", if key.native { "yes" } else { "no" }.to_owned()));
        let reference = key.reference.unwrap_or(0);
        fields.push(("Key ref", format!("{reference} (0x{reference:02X})")));
    };
    let heading = match object {
        Object::Auth(auth) => {
            let pin = auth.pin().unwrap();
            fields.push(("ID", hex::encode(&auth.auth_id)));
            fields.push(("Flags", format!("[0x{:02X}]", pin.flags.0)));
            let (min, max, stored) = (pin.min_length, pin.max_length.unwrap(), pin.stored_length);
            fields.push(("Length", format!("min_len:{min}, max_len:{max}, stored_len:{stored}")));
            fields.push(("Pad char", format!("0x{:02X}", pin.pad_char.unwrap())));
            fields.push(("Reference", format!("{} ", pin.reference.unwrap())));
            format!("PIN [{label}]")
        }
        Object::PrivateKey(one) | Object::PublicKey(one) => {
            key(&one.key, &mut fields);
            if one.value.path().is_some() {
                fields.push(("Path", path(&one.value)));
            }
            let half = if matches!(object, Object::PrivateKey(_)) { "Private" } else { "Public" };
            match one.family {
                KeyFamily::Rsa { modulus_length } => {
                    fields.push(("ModLength", modulus_length.to_string()));
                    format!("{half} RSA Key [{label}]")
                }
                _ => format!("{half} EC Key [{label}]"),
            }
        }
        Object::Certificate(one) => {
            fields.push(("ID", hex::encode(&one.id)));
            fields.push(("Path", path(&one.value)));
            fields.push(("Authority", if one.authority { "yes" } else { "no" }.to_owned()));
            format!("X.509 Certificate [{label}]")
        }
        Object::Data(one) => {
            fields.push(("Path", path(&one.value)));
            fields.push(("applicationName", one.application.clone().unwrap_or_default()));
            format!("Data object '{label}'")
        }
        Object::SecretKey(one) => {
            fields.push(("ID", hex::encode(&one.key.id)));
            format!("Secret Key [{label}]")
        }
    };
    if !matches!(object, Object::Data(_)) {
        fields.push(("Object Flags", format!("[0x{:02X}]", common.flags.0)));
    }
    (heading, fields)
}

/// OpenSC's view and ours agree in every object and field that both have.
fn assert_same_view(dump: &str, content: &Content) {
    let mut sections = sections(dump);
    let mut count = 0;
    for entry in content.directory.files.iter().flat_map(|file| &file.entries) {
        let object = entry.object.as_ref().unwrap();
        let (heading, fields) = expected(object, &content.directory);
        let section = sections.remove(&heading).unwrap_or_else(|| panic!("no {heading} in\n{dump}"));
        for (name, value) in fields {
            let said = section.get(name).unwrap_or_else(|| panic!("{heading} has no {name} in\n{dump}"));
            assert!(said.starts_with(value.trim_end()), "{heading} {name}: {said} is not {value}");
        }
        count += 1;
    }
    sections.retain(|heading, _| !heading.starts_with("PKCS#15 Card"));
    assert!(sections.is_empty(), "OpenSC sees more: {sections:?}");
    assert!(count > 0);
}

#[test]
fn content_by_opensc_is_read_as_opensc_reads_it() {
    let mut bench = Bench::personalised();
    let dump = bench.dump();
    let content = bench.with_files(read);
    assert_eq!(content.token.problems, []);
    assert_same_view(&dump, &content);
    for entry in content.directory.files.iter().flat_map(|file| &file.entries) {
        let object = entry.object.as_ref().unwrap();
        assert_eq!(hex::encode(&object.encode()), hex::encode(&entry.raw), "we write what OpenSC wrote");
    }

    let token = &content.token;
    assert_eq!((&*token.info.label, &*token.info.manufacturer), ("Judge", "Aventra Ltd."));
    let users: Vec<_> = token.auths.iter().filter(|auth| auth.role == AuthRole::User).collect();
    assert_eq!(users.iter().map(|auth| &*auth.label).collect::<Vec<_>>(), ["PIN 1", "Zweite PIN ü"]);
    let private: Vec<_> = token.keys.iter().filter(|key| key.class == KeyClass::Private).collect();
    assert_eq!(private.len(), 3);
    assert_eq!(private[0].algorithm, KeyAlgorithm::Rsa { modulus_bits: 2048 });
    assert_eq!(private[0].auth.as_ref(), Some(&users[0].id));
    assert_eq!(private[1].auth.as_ref(), Some(&users[1].id));
    let always: Vec<_> = private.iter().map(|key| key.always_authenticate).collect();
    assert_eq!(always, [false, false, true], "userConsent");
    assert_eq!(token.certificates.iter().map(|one| one.authority).collect::<Vec<_>>(), [false, true]);
    assert_eq!(token.data[1].auth.as_ref(), Some(&users[0].id));
    assert!(token.data[1].private && !token.data[0].private);
}

#[test]
fn content_encoded_by_us_is_read_by_opensc_the_same() {
    let mut bench = Bench::personalised();
    let before = bench.dump();
    bench.with_files(|files| {
        let content = read(files);
        files.verify(1, PIN);
        files.verify(3, SO_PIN);
        let directory = &content.directory;
        for file in &directory.files {
            let objects = file.entries.iter().map(|entry| entry.object.as_ref().unwrap().encode());
            files.write(&file.path, &objects.collect::<Vec<_>>().concat());
        }
        files.write(&directory.place.odf, &encode_odf(&directory.odf));
        files.write(&directory.place.token_info, &directory.token_info.as_ref().unwrap().encode());
        let dir = Path::file(&[0x3F, 0x00, 0x2F, 0x00]);
        let applications = decode_dir(&files.read(&dir, FILE_LIMIT).unwrap());
        assert_eq!(applications.len(), 1);
        files.write(&dir, &encode_dir(&applications));
    });
    assert_eq!(bench.dump(), before);
}

/// What personalisation will write and OpenSC does not: values in entries, subject and issuer, access rules, a
/// file of its own for the second PIN's keys.
#[test]
fn objects_of_our_own_are_read_by_opensc() {
    let mut bench = Bench::personalised();
    let ec = EcPrivateKey::generate(Curve::P256).unwrap().public();
    let rsa = RsaPrivateKey::generate(1024).unwrap().public();
    let name =
        tlv::encode(0x30, &tlv::encode(0x31, &tlv::encode(0x30, &[0x06, 3, 0x55, 4, 3, 0x0C, 1, b'x'])));
    let content = bench.with_files(|files| {
        let content = read(files);
        let template = |kind: FileKind, index: usize| {
            let file = content.directory.files.iter().find(|file| file.kind == kind).unwrap();
            (file.clone(), file.entries[index].object.clone().unwrap())
        };
        files.verify(1, PIN);
        files.verify(3, SO_PIN);

        let (mut certificates, leaf) = template(FileKind::Certificates, 0);
        let Object::Certificate(mut leaf) = leaf else { panic!() };
        leaf.common.label = Some("With names".to_owned());
        leaf.id = vec![0xC0; 20];
        leaf.identifier = Some([tlv::encode(2, &[2]), tlv::encode(4, &[0xC0; 20])].concat());
        (leaf.subject, leaf.issuer, leaf.serial) = (Some(name.clone()), Some(name.clone()), Some(vec![7]));
        certificates.push(Object::Certificate(leaf));
        files.write(&certificates.path, &certificates.encode());

        let (mut publics, first) = template(FileKind::PublicKeys, 0);
        let Object::PublicKey(mut first) = first else { panic!() };
        first.common.label = Some("Direct".to_owned());
        first.key.id = vec![0xC1];
        first.family = KeyFamily::Rsa { modulus_length: 1024 };
        first.value = ObjectValue::Direct(encode_public_key(&rsa));
        publics.push(Object::PublicKey(first));
        let (_, second) = template(FileKind::PublicKeys, 1);
        let Object::PublicKey(mut second) = second else { panic!() };
        second.common.label = Some("In a file".to_owned());
        second.key.id = vec![0xC3];
        let path = Path::file(&[0x3F, 0x00, 0x50, 0x15, 0x55, 0x7F]);
        files.create(0x557F, 128);
        files.write(&path, &encode_public_key(&ec));
        second.value = ObjectValue::Path(path);
        publics.push(Object::PublicKey(second));
        files.write(&publics.path, &publics.encode());

        let (mut pins, first) = template(FileKind::Auth, 1);
        let Object::Auth(mut puk) = first else { panic!() };
        puk.common.label = Some("PUK".to_owned());
        puk.auth_id = vec![0x11];
        let AuthMethod::Pin(pin) = &mut puk.method else { panic!() };
        pin.flags = PinFlags(PinFlags::UNBLOCKING_PIN.0 | PinFlags::INITIALIZED.0);
        pin.reference = Some(0x81);
        pin.path = Some(Path::file(&[0x3F, 0x00, 0x50, 0x15]));
        pins.push(Object::Auth(puk));
        files.write(&pins.path, &pins.encode());

        let (_, key) = template(FileKind::PrivateKeys, 1);
        let Object::PrivateKey(mut key) = key else { panic!() };
        key.common.label = Some("In a file of its own".to_owned());
        key.common.user_consent = Some(1);
        key.common.access_rules = vec![AccessRule {
            mode: AccessMode::KEY_USE,
            condition: Some(SecurityCondition::Auth(vec![2])),
            extra: Vec::new(),
        }];
        key.key.id = vec![0xC2];
        key.key.reference = Some(0x81);
        key.subject = Some(name);
        let path = Path::file(&[0x3F, 0x00, 0x50, 0x15, 0x44, 0x12]);
        files.create(0x4412, 256);
        let mut own = DirectoryFile::decode(FileKind::PrivateKeys, path.clone(), &[]);
        own.push(Object::PrivateKey(key));
        files.write(&path, &own.encode());
        let mut odf = content.directory.odf.clone();
        odf.push(OdfRecord::File {
            kind: FileKind::PrivateKeys,
            path: Path { index: Some(0), length: Some(256), ..path },
        });
        files.write(&content.directory.place.odf, &encode_odf(&odf));
        read(files)
    });
    assert_eq!(content.token.problems, []);
    let dump = bench.dump();
    assert_same_view(&dump, &content);
    for label in ["With names", "Direct", "In a file", "PUK", "In a file of its own"] {
        assert!(dump.contains(&format!("[{label}]")), "{dump}");
    }
    let direct = content.token.keys.iter().find(|key| key.label == "Direct").unwrap();
    assert_eq!(direct.public.as_ref(), Some(&rsa));
    for (id, key) in [("c1", &rsa), ("c3", &ec)] {
        let exported = bench.rig.expect("pkcs15-tool", &["--read-public-key", id]).stdout;
        assert_eq!(exported.trim(), key.to_spki_pem().trim(), "OpenSC reads the key of entry {id}");
    }
}

//! What is written is read back the same, for every structure and any values.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;

use super::sample::{by_opensc, name, sample};
use crate::card::pkcs15::*;
use crate::codec::tlv;
use crate::token::{AuthRole, KeyAlgorithm, KeyClass};

fn text() -> impl Strategy<Value = String> {
    "[^\0]{0,20}"
}

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..=most)
}

/// Fields of a later edition of the standard.
fn extra() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![Just(Vec::new()), bytes(6).prop_map(|value| tlv::encode(0x9F21, &value))]
}

fn extras() -> BoxedStrategy<Extras> {
    (extra(), extra(), extra(), extra())
        .prop_map(|(class, subclass, attributes, entry)| Extras { class, subclass, attributes, entry })
        .boxed()
}

fn path() -> BoxedStrategy<Path> {
    (vec(any::<u8>(), 1..9), of(any::<u32>()), of(any::<u32>()), of(bytes(16)), extra())
        .prop_map(|(value, index, length, aid, extra)| Path { value, index, length, aid, extra })
        .boxed()
}

fn value() -> BoxedStrategy<ObjectValue> {
    prop_oneof![
        path().prop_map(ObjectValue::Path),
        Just(ObjectValue::Path(Path::default())),
        bytes(300).prop_map(ObjectValue::Direct),
        bytes(20).prop_map(|url| ObjectValue::Other(tlv::encode(0x13, &url))),
    ]
    .boxed()
}

fn condition() -> BoxedStrategy<SecurityCondition> {
    let leaf = prop_oneof![
        Just(SecurityCondition::Always),
        bytes(4).prop_map(SecurityCondition::Auth),
        bytes(4).prop_map(|value| SecurityCondition::Other(tlv::encode(0x30, &value))),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|part| SecurityCondition::Not(Box::new(part))),
            vec(inner.clone(), 0..3).prop_map(SecurityCondition::And),
            vec(inner, 0..3).prop_map(SecurityCondition::Or),
        ]
    })
    .boxed()
}

fn rule() -> BoxedStrategy<AccessRule> {
    (any::<u32>(), of(condition()), extra())
        .prop_map(|(mode, condition, extra)| AccessRule { mode: AccessMode(mode), condition, extra })
        .boxed()
}

fn common() -> BoxedStrategy<CommonObject> {
    (of(text()), any::<u32>(), of(bytes(20)), of(any::<u32>()), vec(rule(), 0..3), extra())
        .prop_map(|(label, flags, auth_id, user_consent, access_rules, extra)| CommonObject {
            label,
            flags: ObjectFlags(flags),
            auth_id,
            user_consent,
            access_rules,
            extra,
        })
        .boxed()
}

fn common_key() -> BoxedStrategy<CommonKey> {
    let dates = (of("[0-9]{14}Z"), of("[0-9]{14}Z"));
    (
        bytes(20),
        any::<u32>(),
        any::<bool>(),
        of(any::<u32>()),
        of(any::<u32>()),
        dates,
        vec(any::<u32>(), 0..4),
    )
        .prop_map(|(id, usage, native, access, reference, (start_date, end_date), algorithms)| CommonKey {
            id,
            usage: KeyUsageFlags(usage),
            native,
            access: access.map(KeyAccessFlags),
            reference,
            start_date,
            end_date,
            algorithms,
        })
        .boxed()
}

fn family_and_info() -> BoxedStrategy<(KeyFamily, Option<KeyInfo>)> {
    // A reference of 112 or more cannot be told from the size of a field.
    let info =
        prop_oneof![(0u32..112).prop_map(KeyInfo::Reference), bytes(12).prop_map(KeyInfo::Parameters),];
    let family = prop_oneof![
        any::<u32>().prop_map(|modulus_length| KeyFamily::Rsa { modulus_length }),
        of(112..600u32).prop_map(|field_size| KeyFamily::Ec { field_size }),
    ];
    prop_oneof![
        4 => (family, of(info)),
        1 => (0xA1..0xAFu32).prop_map(|tag| (KeyFamily::Other { tag }, None)),
    ]
    .boxed()
}

fn asymmetric_key() -> BoxedStrategy<AsymmetricKey> {
    (common(), common_key(), of(text()), family_and_info(), value(), extras())
        .prop_map(|(common, key, subject, (family, info), value, extra)| AsymmetricKey {
            common,
            key,
            subject: subject.map(|text| name(&text)),
            family,
            value,
            info,
            extra,
        })
        .boxed()
}

fn secret_key() -> BoxedStrategy<SecretKeyObject> {
    let family = prop_oneof![
        Just(SecretKeyFamily::Generic),
        Just(SecretKeyFamily::Des),
        Just(SecretKeyFamily::Des2),
        Just(SecretKeyFamily::Des3),
        Just(SecretKeyFamily::Other(0xA5)),
    ];
    (common(), common_key(), of(any::<u32>()), family, value(), extras())
        .prop_map(|(common, key, key_bits, family, value, extra)| SecretKeyObject {
            common,
            key,
            key_bits,
            family,
            value: Some(value),
            extra,
        })
        .boxed()
}

fn certificate() -> BoxedStrategy<CertificateObject> {
    let names = (of(text()), of(text()), of(bytes(16)));
    let kind =
        prop_oneof![4 => Just(CertificateKind::X509), 1 => (0xA0..0xA6u32).prop_map(CertificateKind::Other)];
    (common(), bytes(20), any::<bool>(), of(bytes(20)), kind, value(), names, extras())
        .prop_map(|(common, id, authority, identifier, kind, value, (subject, issuer, serial), extra)| {
            CertificateObject {
                common,
                id,
                authority,
                identifier,
                kind,
                value,
                subject: subject.map(|text| name(&text)),
                issuer: issuer.map(|text| name(&text)),
                serial,
                extra,
            }
        })
        .boxed()
}

fn data() -> BoxedStrategy<DataObject> {
    let kind =
        prop_oneof![Just(DataKind::Opaque), bytes(10).prop_map(DataKind::Oid), Just(DataKind::Other(0xA0)),];
    (common(), of(text()), of(bytes(10)), of(bytes(10)), kind, value(), extras())
        .prop_map(|(common, application, oid, id, kind, value, extra)| DataObject {
            common,
            application,
            oid,
            id,
            kind,
            value,
            extra,
        })
        .boxed()
}

fn pin_type() -> impl Strategy<Value = PinType> {
    prop_oneof![
        Just(PinType::Bcd),
        Just(PinType::AsciiNumeric),
        Just(PinType::Utf8),
        Just(PinType::HalfNibbleBcd),
        Just(PinType::Iso9564),
        (5i64..1000).prop_map(PinType::Unknown),
    ]
}

fn auth() -> BoxedStrategy<AuthObject> {
    let lengths = (any::<u32>(), any::<u32>(), of(any::<u32>()));
    let rest = (of(any::<u32>()), of(any::<u8>()), of("[0-9]{14}Z"), of(path()));
    let pin = (any::<u32>(), pin_type(), lengths, rest).prop_map(
        |(
            flags,
            pin_type,
            (min_length, stored_length, max_length),
            (reference, pad_char, last_change, path),
        )| {
            AuthMethod::Pin(PinAttributes {
                flags: PinFlags(flags),
                pin_type,
                min_length,
                stored_length,
                max_length,
                reference,
                pad_char,
                last_change,
                path,
            })
        },
    );
    let other =
        (0xA0..0xA3u32, bytes(20)).prop_map(|(tag, attributes)| AuthMethod::Other { tag, attributes });
    (common(), bytes(20), prop_oneof![4 => pin, 1 => other], extras())
        .prop_map(|(common, auth_id, method, extra)| {
            let attributes = if matches!(method, AuthMethod::Pin(_)) { extra.attributes } else { Vec::new() };
            let extra = Extras { attributes, subclass: Vec::new(), ..extra };
            AuthObject { common, auth_id, method, extra }
        })
        .boxed()
}

fn object() -> BoxedStrategy<(FileKind, Object)> {
    prop_oneof![
        asymmetric_key().prop_map(|key| (FileKind::PrivateKeys, Object::PrivateKey(key))),
        asymmetric_key().prop_map(|key| (FileKind::PublicKeys, Object::PublicKey(key))),
        secret_key().prop_map(|key| (FileKind::SecretKeys, Object::SecretKey(key))),
        certificate()
            .prop_map(|certificate| (FileKind::UsefulCertificates, Object::Certificate(certificate))),
        data().prop_map(|data| (FileKind::Data, Object::Data(data))),
        auth().prop_map(|auth| (FileKind::Auth, Object::Auth(auth))),
    ]
    .boxed()
}

fn algorithm() -> BoxedStrategy<AlgorithmInfo> {
    let parameters = of(bytes(10).prop_map(|oid| tlv::encode(0x06, &oid)));
    let numbers = (any::<u32>(), any::<u32>(), any::<u32>(), of(any::<u32>()));
    (numbers, parameters, of(bytes(10)), extra())
        .prop_map(|((reference, mechanism, operations, algorithm_reference), parameters, oid, extra)| {
            AlgorithmInfo { reference, mechanism, parameters, operations, oid, algorithm_reference, extra }
        })
        .boxed()
}

fn token_info() -> BoxedStrategy<TokenInfo> {
    let texts = (of(text()), of(text()), of(text()), of(text()), of("[a-z]{2}"));
    let contents = (of(bytes(9)), of(bytes(9)), of(bytes(9)));
    (any::<u32>(), bytes(20), texts, any::<u32>(), contents, vec(algorithm(), 0..4), extra())
        .prop_map(|(version, serial, texts, flags, contents, algorithms, extra)| {
            let (manufacturer, label, issuer_id, holder_id, preferred_language) = texts;
            let (security_environments, record_info, last_update) = contents;
            TokenInfo {
                version,
                serial,
                manufacturer,
                label,
                flags: TokenFlags(flags),
                security_environments,
                record_info,
                algorithms,
                issuer_id,
                holder_id,
                last_update,
                preferred_language,
                extra,
            }
        })
        .boxed()
}

proptest! {
    #![proptest_config(super::random_cases(400))]

    #[test]
    fn directory_file_reads_as_written((kind, object) in object(), again in 1usize..4) {
        let mut file = DirectoryFile::decode(kind, Path::default(), &[]);
        for _ in 0..again {
            file.push(object.clone());
        }
        let bytes = file.encode();
        let read = DirectoryFile::decode(kind, Path::default(), &bytes);
        prop_assert_eq!(&read.entries, &file.entries);
        prop_assert_eq!(read.encode(), bytes);
    }

    #[test]
    fn token_info_reads_as_written(token_info in token_info()) {
        prop_assert_eq!(TokenInfo::decode(&token_info.encode()), Ok(token_info));
    }

    #[test]
    fn odf_and_dir_read_as_written(
        paths in vec((0usize..9, path()), 0..6),
        aid in bytes(16),
        label in of(text()),
        directory in of(bytes(8)),
        ddo in of((of(path()), of(path()), of(path()), extra())),
    ) {
        let records: Vec<OdfRecord> = paths
            .into_iter()
            .map(|(kind, path)| OdfRecord::File { kind: FileKind::ALL[kind], path })
            .chain([OdfRecord::Objects { kind: FileKind::Data, entries: vec![0x30, 0] }])
            .collect();
        prop_assert_eq!(&decode_odf(&encode_odf(&records)), &records);
        let ddo = ddo.map(|(odf, token_info, unused_space, extra)| {
            Ddo { oid: None, odf, token_info, unused_space, extra }
        });
        let application = Application { aid, label, path: directory, ddo, extra: Vec::new() };
        let applications = vec![application.clone(), application];
        prop_assert_eq!(decode_dir(&encode_dir(&applications)), applications);
    }

    #[test]
    fn unused_space_reads_as_written(spaces in vec((path(), 1u32.., of(bytes(4)), extra()), 0..5)) {
        let spaces: Vec<UnusedSpace> = spaces
            .into_iter()
            .map(|(path, length, auth_id, extra)| UnusedSpace {
                path: Path { length: Some(length), ..path },
                auth_id,
                extra,
            })
            .collect();
        prop_assert_eq!(decode_unused(&encode_unused(&spaces)), spaces);
    }
}

#[test]
fn sample_card_becomes_the_token_it_describes() {
    let mut image = sample();
    let content = image.content();
    let token = &content.token;
    assert_eq!(token.problems, []);
    assert_eq!((&*token.info.label, &*token.info.serial, token.info.has_random), ("Sample", "123456", true));
    let auths: Vec<_> = token.auths.iter().map(|auth| (&*auth.label, auth.role)).collect();
    assert_eq!(
        auths,
        [
            ("PIN 1", AuthRole::User),
            ("PUK 1", AuthRole::Unblocking),
            ("PIN 2", AuthRole::User),
            ("Security Officer PIN", AuthRole::SecurityOfficer),
        ]
    );
    assert_eq!(token.auths[0].unblocked_by, Some(token.auths[1].id.clone()));
    let place = &content.auths[&token.auths[2].id];
    assert_eq!((place.reference(), place.attributes.pad_char), (0x82, Some(0xFF)));
    assert_eq!(place.path, Some(Path::file(&[0x3F, 0x00, 0x50, 0x15])));

    let keys: Vec<_> =
        token.keys.iter().map(|key| (key.class, key.algorithm, key.public.is_some())).collect();
    let p256 = KeyAlgorithm::Ec { curve: Some(crate::crypto::Curve::P256) };
    let rsa = KeyAlgorithm::Rsa { modulus_bits: 2048 };
    assert_eq!(
        keys,
        [
            (KeyClass::Private, rsa, false),
            (KeyClass::Private, p256, true),
            (KeyClass::Public, rsa, false),
            (KeyClass::Public, p256, true),
            (KeyClass::Secret, KeyAlgorithm::Aes { key_bits: 256 }, false),
        ]
    );
    assert_eq!(token.keys[0].auth, Some(token.auths[0].id.clone()));
    assert!(token.keys[0].private && token.keys[0].access.sensitive && token.keys[0].usage.sign);

    let labels: Vec<_> =
        token.certificates.iter().map(|one| (&*one.label, one.authority, one.trusted)).collect();
    assert_eq!(
        labels,
        [
            ("Leaf 1", false, false),
            ("Leaf 2", false, false),
            ("Issuing CA", true, false),
            ("Root", true, true),
        ]
    );
    assert_eq!(token.certificates[0].hints.issuer, Some(name("Root")));
    assert_eq!(token.certificates[0].hints.subject_key_id, Some(vec![0x45; 20]));
    assert_eq!(token.data.len(), 2);
    assert_eq!(token.data[1].auth, Some(token.auths[2].id.clone()));
    assert_eq!(token.data[0].oid, [0x06, 5, 0x2B, 6, 1, 4, 1]);
    assert_eq!(image.reads, 10, "EF.DIR, ODF, TokenInfo and seven directory files, each once");
}

#[test]
fn object_names_are_unique_and_survive_changes_elsewhere() {
    let before = sample().content();
    let mut image = sample();
    let path = Path::file(&[0x3F, 0x00, 0x50, 0x15, 0x44, 0x03]);
    let mut file = DirectoryFile::decode(FileKind::Certificates, path, image.file(0x4403));
    assert!(file.remove(0));
    *image.file(0x4403) = file.encode();
    let after = image.content();
    assert_eq!(before.objects.len(), 5 + 4 + 2);
    let named = |content: &Content, label: &str| {
        content.token.certificates.iter().find(|one| one.label == label).map(|one| one.object)
    };
    for label in ["Leaf 2", "Issuing CA", "Root"] {
        assert_eq!(named(&before, label), named(&after, label), "{label}");
    }
    let gone = named(&before, "Leaf 1").unwrap();
    assert!(before.object(gone).is_some() && after.object(gone).is_none());
    assert_eq!(before.token, sample().content().token, "the same card gives the same names");
}

#[test]
fn public_key_learnt_from_its_file_serves_the_private_key_too() {
    let mut content = sample().content();
    let id = content.token.keys[2].object;
    let value = super::sample::rsa_key();
    let numbers = [tlv::encode(2, &[&[0][..], &[0xC3; 256]].concat()), tlv::encode(2, &[1, 0, 1])].concat();
    assert_eq!(content.learn_public_key(id, &tlv::encode(0x30, &numbers)), Some(value.clone()));
    assert_eq!(content.token.keys[0].public, Some(value.clone()));
    assert_eq!(content.token.keys[2].public, Some(value));
    assert_eq!(content.learn_public_key(id, &[0x30, 0]), None);
}

#[test]
fn unchanged_entries_are_written_back_byte_for_byte() {
    // A card by another maker: long lengths, TRUE as 01, a field of its own, an entry that nobody understands.
    let foreign = tlv::encode(0x30, &[0x30, 0x81, 2, 0x0C, 0, 0x30, 0x05, 0x04, 1, 7, 0x01, 1]);
    let mut bytes = foreign.clone();
    let mut image = sample();
    bytes.extend_from_slice(image.file(0x4403));
    let mut file = DirectoryFile::decode(FileKind::Certificates, Path::default(), &bytes);
    assert!(file.entries[0].object.is_err());
    assert!(file.remove(1));
    let mut renamed = file.entries[1].object.clone().unwrap();
    renamed.common_mut().label = Some("renamed".to_owned());
    assert!(file.replace(1, renamed.clone()));
    assert!(!file.replace(9, renamed.clone()) && !file.remove(9));
    let written = file.encode();
    assert!(written.starts_with(&foreign));
    let again = DirectoryFile::decode(FileKind::Certificates, Path::default(), &written);
    assert_eq!(again.entries, file.entries);
    assert_eq!(again.entries[1].object, Ok(renamed));
}

#[test]
fn entries_by_opensc_are_encoded_to_the_same_bytes() {
    let mut image = by_opensc();
    let content = image.content();
    assert_eq!(content.token.problems, []);
    assert_eq!((content.token.auths.len(), content.token.keys.len()), (3, 6));
    for entry in content.directory.files.iter().flat_map(|file| &file.entries) {
        assert_eq!(entry.object.as_ref().unwrap().encode(), entry.raw);
    }
    let directory = &content.directory;
    assert!(image.file(0x5031).starts_with(&encode_odf(&directory.odf)));
    assert!(image.file(0x5032).starts_with(&directory.token_info.as_ref().unwrap().encode()));
    let dir = &image.files[&[0x3F, 0x00, 0x2F, 0x00][..]];
    assert!(dir.starts_with(&encode_dir(&decode_dir(dir))));
}

//! Damaged and hostile files: never a panic, never beyond the limits, and what is whole stays visible.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::notation::bytes;
use super::sample::{Image, at, by_opensc, certificate, sample};
use crate::card::CardError;
use crate::card::pkcs15::*;
use crate::codec::tlv;

const CERTIFICATES: [u8; 6] = [0x3F, 0x00, 0x50, 0x15, 0x44, 0x03];

/// Reads the card and checks what holds for any card.
fn read(image: &mut Image) -> Option<Content> {
    let started = Instant::now();
    (image.reads, image.bytes) = (0, 0);
    let content = read_directory(image).unwrap().map(Content::new);
    assert!(started.elapsed() < Duration::from_secs(20), "took {:?}", started.elapsed());
    assert!(image.bytes <= CARD_LIMIT, "{} bytes read", image.bytes);
    assert!(image.reads <= 64 + FILES_LIMIT, "{} reads", image.reads);
    if let Some(content) = &content {
        check(content);
    }
    content
}

/// What holds for the content of any card.
fn check(content: &Content) {
    let token = &content.token;
    let objects = token.keys.len() + token.certificates.len() + token.data.len();
    assert_eq!(objects, content.objects.len(), "an object without a place, or two of one name");
    assert_eq!(token.auths.len(), content.auths.len());
    let entries: usize = content.directory.files.iter().map(|file| file.entries.len()).sum();
    assert!(objects + token.auths.len() + token.problems.len() >= entries, "an entry vanished");
    for file in &content.directory.files {
        let again = DirectoryFile::decode(file.kind, file.path.clone(), &file.encode());
        assert_eq!(again.encode(), file.encode());
    }
}

#[test]
fn every_file_cut_at_every_byte_is_read_as_far_as_it_goes() {
    for whole in [sample(), by_opensc()] {
        let mut image = whole.clone();
        for (path, content) in &whole.files {
            for len in 0..used(content) {
                image.files.insert(path.clone(), content[..len].to_vec());
                read(&mut image);
            }
            image.files.insert(path.clone(), content.clone());
        }
    }
}

#[test]
fn every_byte_of_every_file_changed_is_read_without_a_panic() {
    for whole in [sample(), by_opensc()] {
        let mut image = whole.clone();
        let directory = read(&mut image).unwrap().directory;
        for (path, content) in &whole.files {
            let file = directory.files.iter().find(|file| file.path.value == *path);
            for (position, old) in content.iter().enumerate().take(used(content)) {
                for byte in [0x00, 0x01, 0x7F, 0x80, 0x84, 0xFF, old ^ 0x20, old ^ 1, *old] {
                    let changed = image.files.get_mut(path).unwrap();
                    changed[position] = byte;
                    match file {
                        // One file of its own, without the walk: there are many bytes.
                        Some(file) => {
                            let file = DirectoryFile::decode(file.kind, file.path.clone(), changed);
                            check(&Content::new(Directory { files: vec![file], ..directory.clone() }));
                        }
                        None => drop(read(&mut image)),
                    }
                }
            }
        }
    }
}

/// Bytes of a file, one byte of its filler included.
fn used(content: &[u8]) -> usize {
    let last = content.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 2);
    last.min(content.len())
}

#[test]
fn broken_entry_in_the_middle_is_named_and_the_others_stay() {
    let mut image = sample();
    let file = image.file(0x4403);
    // The inner structure of the second entry: the tag of its common attributes.
    let second = DirectoryFile::decode(FileKind::Certificates, Path::default(), file).entries[1].offset;
    let inner = second + if file[second + 1] == 0x81 { 3 } else { 2 };
    assert_eq!(file[inner], 0x30);
    file[inner + 1] = 0x7F;
    let content = read(&mut image).unwrap();
    let problems: Vec<_> = content.token.problems.iter().map(|one| &*one.what).collect();
    assert_eq!(problems, ["certificate 2 in EF 4403"]);
    let labels: Vec<_> = content.token.certificates.iter().map(|one| &*one.label).collect();
    assert_eq!(labels, ["Leaf 1", "Issuing CA", "Root"]);
}

#[test]
fn ten_thousand_entries_are_all_read() {
    let mut image = sample();
    let entry = certificate("x", 1, at(0x4301), false);
    let short = CertificateObject { identifier: None, subject: None, issuer: None, serial: None, ..entry };
    let one = short.encode();
    let per_file = FILE_LIMIT / one.len();
    let mut odf = Vec::new();
    for file in 0..10_000u32.div_ceil(per_file as u32) {
        let id = 0x6000 + file as u16;
        *image.file(id) = one.repeat(per_file);
        odf.push(OdfRecord::File { kind: FileKind::Certificates, path: Path::file(&id.to_be_bytes()) });
    }
    *image.file(0x5031) = encode_odf(&odf);
    let content = read(&mut image).unwrap();
    assert!(content.token.certificates.len() >= 10_000, "{}", content.token.certificates.len());
}

#[test]
fn smallest_entries_in_the_largest_files_stay_within_bounds() {
    let mut image = sample();
    let mut odf = Vec::new();
    for id in 0x6000u16..0x6020 {
        *image.file(id) = [0x30, 0x00].repeat(FILE_LIMIT / 2);
        odf.push(OdfRecord::File { kind: FileKind::PrivateKeys, path: Path::file(&id.to_be_bytes()) });
    }
    *image.file(0x5031) = encode_odf(&odf);
    let content = read(&mut image).unwrap();
    assert!(content.token.keys.is_empty());
    assert!(content.token.problems.len() < 32 * 110, "{} problems", content.token.problems.len());
    assert!(content.token.problems.iter().any(|one| one.why.contains("larger than")), "the limit is named");
}

#[test]
fn odf_that_names_itself_or_a_thousand_files_ends() {
    let mut image = sample();
    *image.file(0x5031) = bytes(&"a0(30(04:5031)) a4(30(04:3f0050155031)) ".repeat(500));
    let content = read(&mut image).unwrap();
    assert!(content.directory.files.is_empty());

    let mut image = sample();
    let records: Vec<_> = (0..1000u32)
        .map(|index| OdfRecord::File {
            kind: FileKind::Certificates,
            path: Path {
                value: vec![0x44, 0x03],
                index: Some(0),
                length: Some(index + 1),
                ..Path::default()
            },
        })
        .collect();
    *image.file(0x5031) = encode_odf(&records);
    let content = read(&mut image).unwrap();
    assert_eq!(content.directory.files.len(), FILES_LIMIT);
    assert!(content.token.problems.iter().any(|one| one.why.contains("more than 256 files")));
}

#[test]
fn lengths_of_four_gigabytes_are_refused() {
    for text in
        ["=3084ffffffff", "=3084ffffffff30", "=3085ffffffffff", "=30ff", "=3080 =0000", "=1fffffffffffffff"]
    {
        let mut image = sample();
        image.files.insert(CERTIFICATES.to_vec(), bytes(text));
        let content = read(&mut image).unwrap();
        assert_eq!(content.token.certificates.len(), 1, "{text}: that of the other file");
        assert_eq!(content.token.problems.len(), 1, "{text}");
        let inner = format!("30( 30({text}) 30(04:01) a1( 30( 30(04:4301) ) ) )");
        image.files.insert(CERTIFICATES.to_vec(), bytes(&inner));
        read(&mut image);
    }
}

#[test]
fn structures_a_thousand_deep_are_read_without_recursion() {
    let mut image = sample();
    for tag in [0x30, 0xA0, 0xA1, 0xA2] {
        let mut deep = Vec::new();
        for _ in 0..1000 {
            deep = tlv::encode(tag, &deep);
        }
        for id in [0x4401, 0x4402, 0x4403, 0x4404, 0x4406, 0x4407, 0x5031, 0x5032] {
            let mut damaged = image.clone();
            *damaged.file(id) = deep.clone();
            read(&mut damaged);
        }
        image.put(&[0x3F, 0x00, 0x2F, 0x00], tlv::encode(0x61, &deep));
        read(&mut image);
    }
}

#[test]
fn file_larger_than_the_limit_is_read_up_to_it() {
    let mut image = sample();
    let entry = certificate("x", 1, at(0x4301), false).encode();
    let count = FILE_LIMIT / entry.len();
    image.files.insert(CERTIFICATES.to_vec(), entry.repeat(count * 2));
    let content = read(&mut image).unwrap();
    assert_eq!(content.token.certificates.len(), count + 1);
    assert_eq!(content.token.problems.len(), 1, "the entry that the limit cut is named");
}

#[test]
fn broken_connection_ends_the_walk() {
    struct Pulled(usize, Image);
    impl Files for Pulled {
        fn read(&mut self, path: &Path, limit: usize) -> Result<Vec<u8>, CardError> {
            if self.0 == 0 {
                return Err(crate::transport::TransportError::CardRemoved("R".to_owned()).into());
            }
            self.0 -= 1;
            self.1.read(path, limit)
        }
    }
    for reads in 0..10 {
        assert!(read_directory(&mut Pulled(reads, sample())).is_err(), "pulled after {reads} reads");
    }
    assert!(read_directory(&mut Pulled(10, sample())).is_ok());
}

proptest! {
    #![proptest_config(super::random_cases(300))]

    #[test]
    fn random_files_are_read_without_a_panic(
        path in prop::sample::select(sample().files.keys().cloned().collect::<Vec<_>>()),
        content in prop::collection::vec(prop_oneof![
            2 => any::<u8>(),
            3 => prop::sample::select(vec![0x00u8, 0x01, 0x02, 0x03, 0x04, 0x30, 0x30, 0xA0, 0xA1, 0x81, 0xFF]),
        ], 0..300),
    ) {
        let mut image = sample();
        image.files.insert(path, content);
        read(&mut image);
    }

    #[test]
    fn files_with_several_changes_are_read_without_a_panic(
        path in prop::sample::select(sample().files.keys().cloned().collect::<Vec<_>>()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut image = sample();
        let content = image.files.get_mut(&path).unwrap();
        for (position, byte) in changes {
            let position = position.index(content.len());
            content[position] = byte;
        }
        read(&mut image);
    }
}

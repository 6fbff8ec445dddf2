//! What real cards get wrong or do in their own way, one table row for each.

mod files;
mod keys;
mod objects;
mod pins;

use super::sample::sample;
use crate::card::pkcs15::*;

/// A card with one directory file, and the sample's PINs unless that is the AODF.
fn card(kind: FileKind, file: &[u8]) -> Content {
    let mut image = sample();
    let mut odf = vec![OdfRecord::File { kind, path: Path::file(&[0x44, 0x50]) }];
    if kind != FileKind::Auth {
        odf.push(OdfRecord::File { kind: FileKind::Auth, path: Path::file(&[0x44, 0x01]) });
    }
    *image.file(0x5031) = encode_odf(&odf);
    *image.file(0x4450) = file.to_vec();
    image.content()
}

fn problems(content: &Content) -> String {
    let lines: Vec<_> =
        content.token.problems.iter().map(|one| format!("{}: {}", one.what, one.why)).collect();
    lines.join("; ")
}

//! Writes a card's state as an image.

use super::{
    CURVES, KIND_DEDICATED, KIND_EMPTY_KEY, KIND_KEY, KIND_PLAIN, KIND_SEALED, MAGIC, PUBLIC_EC, PUBLIC_NONE,
    PUBLIC_RSA, VERSION,
};
use crate::crypto::digest::{DigestAlgorithm, digest};
use crate::crypto::{Curve, PublicKey};
use crate::softcard::files::{Body, Content, File};
use crate::softcard::keys::StoredKey;
use crate::softcard::pins::{Credential, PinRecord, PinSlot};
use crate::softcard::state::{CardState, Profile};

/// The image of `state`. Files that do not survive a reset are left out.
pub(in crate::softcard) fn encode(state: &CardState) -> Vec<u8> {
    let mut body = Vec::with_capacity(64 * 1024);
    put_card(&mut body, state);
    state.pins.iter().for_each(|slot| put_slot(&mut body, slot));
    let kept: Vec<&File> = state.files.iter().filter(|file| !file.is_session_object()).collect();
    put_u32(&mut body, state.files.next_uid());
    put_u32(&mut body, kept.len() as u32);
    kept.iter().for_each(|file| put_file(&mut body, file));

    let mut image = MAGIC.to_vec();
    image.extend_from_slice(&VERSION.to_be_bytes());
    put_bytes(&mut image, &body);
    let checksum = digest(DigestAlgorithm::Sha256, &image);
    image.extend_from_slice(&checksum);
    image
}

fn put_card(out: &mut Vec<u8>, state: &CardState) {
    out.push(match state.profile {
        Profile::MyEid => 0,
        Profile::OsEid => 1,
    });
    out.push(state.life_cycle as u8);
    out.extend_from_slice(&state.serial);
    out.extend_from_slice(&state.change_counter.to_be_bytes());
    out.extend_from_slice(state.card_key.expose());
    put_u32(out, state.pin_cost.memory_kib);
    put_u32(out, state.pin_cost.passes);
    put_u32(out, state.pin_cost.lanes);
}

fn put_slot(out: &mut Vec<u8>, slot: &PinSlot) {
    out.extend_from_slice(slot.public.as_bytes());
    put_bytes(out, slot.escrow.as_deref().unwrap_or_default());
    match &slot.record {
        None => out.push(0),
        Some(record) => {
            out.push(1);
            put_record(out, record);
        }
    }
}

fn put_record(out: &mut Vec<u8>, record: &PinRecord) {
    put_credential(out, &record.pin);
    put_credential(out, &record.puk);
    out.extend_from_slice(&[record.flags.0, record.pin_min_len, record.puk_min_len]);
    out.push(record.delegations.len() as u8);
    for delegation in &record.delegations {
        out.push(delegation.to.number());
        put_bytes(out, &delegation.sealed);
    }
}

fn put_credential(out: &mut Vec<u8>, credential: &Credential) {
    out.extend_from_slice(&[credential.tries_left, credential.tries_max]);
    out.extend_from_slice(&credential.salt);
    put_bytes(out, &credential.wrapped);
}

fn put_file(out: &mut Vec<u8>, file: &File) {
    put_u32(out, file.uid.0);
    put_u32(out, file.parent.0);
    out.extend_from_slice(&file.id.to_be_bytes());
    out.push(file.descriptor);
    out.extend_from_slice(&file.size.to_be_bytes());
    out.extend_from_slice(&file.access.0);
    out.extend_from_slice(&file.properties);
    match &file.body {
        Body::Dedicated { name } => {
            out.push(KIND_DEDICATED);
            put_bytes(out, name);
        }
        Body::Transparent(Content::Plain(bytes)) => {
            out.push(KIND_PLAIN);
            put_bytes(out, bytes);
        }
        Body::Transparent(Content::Sealed(patches)) => {
            out.push(KIND_SEALED);
            out.extend_from_slice(&(patches.len() as u16).to_be_bytes());
            patches.iter().for_each(|patch| put_bytes(out, patch));
        }
        Body::Key(None) => out.push(KIND_EMPTY_KEY),
        Body::Key(Some(key)) => {
            out.push(KIND_KEY);
            put_key(out, key);
        }
    }
}

fn put_key(out: &mut Vec<u8>, key: &StoredKey) {
    out.push(u8::from(key.generated));
    match &key.public {
        // This card has no keys of the others.
        None | Some(PublicKey::Ed25519(_) | PublicKey::X25519(_)) => out.push(PUBLIC_NONE),
        Some(PublicKey::Rsa { modulus, exponent }) => {
            out.push(PUBLIC_RSA);
            put_bytes(out, modulus);
            put_bytes(out, exponent);
        }
        Some(PublicKey::Ec { curve, point }) => {
            out.push(PUBLIC_EC);
            out.push(curve_number(*curve));
            put_bytes(out, point);
        }
    }
    put_bytes(out, &key.sealed);
}

fn curve_number(curve: Curve) -> u8 {
    CURVES.iter().position(|known| *known == curve).unwrap_or_default() as u8
}

fn put_u32(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_be_bytes());
}

/// A length of four bytes and the bytes. No part of a card comes near 4 GiB: files end at 32 KiB.
fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u32(out, bytes.len() as u32);
    out.extend_from_slice(bytes);
}

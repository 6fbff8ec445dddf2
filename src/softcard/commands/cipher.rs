//! PSO: DECIPHER and ENCIPHER (ISO 7816-8, 11.8 and 11.9), and MyEID's wrapping and unwrapping of keys.

use std::sync::Arc;

use super::environment::{
    ALGORITHM_PKCS1, ALGORITHM_PKCS7, ALGORITHM_RAW, ALGORITHM_WRAP, ALGORITHM_WRAP_PKCS7,
};
use super::sign::refusal;
use crate::apdu::StatusWord;
use crate::codec::Secret;
use crate::crypto::RsaPrivateKey;
use crate::crypto::aes::{AesKey, BLOCK_LEN};
use crate::crypto::rsa::{RejectionKey, pkcs1_unpad};
use crate::softcard::apdu::{Answer, CommandApdu, Reply};
use crate::softcard::files::{Body, FileUid};
use crate::softcard::keys::{KeyKind, PrivateKey};
use crate::softcard::machine::Machine;
use crate::softcard::session::{Operation, SecurityEnvironment};

// P1: what comes out (80 plain value, 84 cryptogram, 00 nothing: it goes to the target file);
// P2: what goes in (80 plain value, 84 cryptogram, 86 padding indicator and cryptogram, 00 nothing).
pub(super) const PSO_DECIPHER: u16 = 0x8086;
pub(super) const PSO_DECIPHER_PLAIN: u16 = 0x8084;
pub(super) const PSO_UNWRAP: u16 = 0x0086;
pub(super) const PSO_UNWRAP_PLAIN: u16 = 0x0084;
pub(super) const PSO_ENCIPHER: u16 = 0x8480;
pub(super) const PSO_WRAP: u16 = 0x8400;

/// Deciphers with an RSA or AES key. RSA answers the whole block, or the message without its PKCS#1 padding; for
/// wrong padding it answers a message that nobody sent, always the same (implicit rejection), never an error.
/// Errors: 6985 for an environment of another kind, 6982, 6700, 6A80.
pub(super) fn decipher(card: &mut Machine, command: &CommandApdu) -> Answer {
    let key = key_for(card, Operation::Decipher)?;
    let Some(cryptogram) = whole_cryptogram(card, command)? else { return Ok(Reply::done()) };
    let plain = decipher_with(card, &key, cryptogram.expose(), command.is_chained())?;
    Ok(Reply { data: plain, status: StatusWord::OK })
}

/// Enciphers whole blocks with an AES key in CBC mode (one block and a zero vector are ECB).
/// Errors: 6985, 6982, 6700.
pub(super) fn encipher(card: &mut Machine, command: &CommandApdu) -> Answer {
    let key = key_for(card, Operation::Encipher)?;
    let PrivateKey::Aes(key) = &*key else { return Err(StatusWord::CONDITIONS_NOT_SATISFIED) };
    if command.data().is_empty() {
        return Err(StatusWord::WRONG_LENGTH);
    }
    encipher_with(card, key, command.data(), command.is_chained()).map(Reply::data)
}

/// Enciphers the secret key in the target file, which must be extractable. Errors: 6985, 6982, 6700.
pub(super) fn wrap(card: &mut Machine, command: &CommandApdu) -> Answer {
    let key = key_for(card, Operation::Encipher)?;
    let PrivateKey::Aes(key) = &*key else { return Err(StatusWord::CONDITIONS_NOT_SATISFIED) };
    if !command.data().is_empty() {
        return Err(StatusWord::WRONG_LENGTH);
    }
    let target = target_file(card)?;
    if !card.state.files.get(target).is_some_and(|file| file.is_extractable()) {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
    }
    let target = card.private_key(target)?;
    let PrivateKey::Aes(target) = &*target else { return Err(StatusWord::CONDITIONS_NOT_SATISFIED) };
    encipher_with(card, key, target.secret().expose(), false).map(Reply::data)
}

/// Deciphers a key into the target file: an AES key file, or a transparent file for any other secret.
/// Errors: 6985, 6982, 6700, 6A80 for a key of another size.
pub(super) fn unwrap(card: &mut Machine, command: &CommandApdu) -> Answer {
    let key = key_for(card, Operation::Decipher)?;
    let target = target_file(card)?;
    let file = card.state.files.get(target).ok_or(StatusWord::REFERENCE_NOT_FOUND)?;
    card.require(file.access.update())?;
    let Some(cryptogram) = whole_cryptogram(card, command)? else { return Ok(Reply::done()) };
    let plain = decipher_with(card, &key, cryptogram.expose(), false)?;
    store_unwrapped(card, target, &plain)?;
    Ok(Reply::done())
}

fn store_unwrapped(card: &mut Machine, target: FileUid, plain: &Secret) -> Result<(), StatusWord> {
    let file = card.state.files.get(target).ok_or(StatusWord::REFERENCE_NOT_FOUND)?;
    match &file.body {
        Body::Key(_) => {
            let KeyKind::Aes { key_bits } = KeyKind::of(file)? else {
                return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
            };
            let key = AesKey::new(plain.clone()).map_err(|_| StatusWord::WRONG_DATA)?;
            if key.key_bits() != key_bits {
                return Err(StatusWord::WRONG_DATA);
            }
            card.store_key(target, &PrivateKey::Aes(key), false)
        }
        Body::Transparent(_) => super::binary::write_to(card, target, 0, plain.expose()),
        Body::Dedicated { .. } => Err(StatusWord::CONDITIONS_NOT_SATISFIED),
    }
}

/// The key of the environment, if that is for `operation`.
fn key_for(card: &mut Machine, operation: Operation) -> Result<Arc<PrivateKey>, StatusWord> {
    let key = environment(card)?.key;
    if environment(card)?.operation != operation {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
    }
    card.private_key(key)
}

fn environment(card: &mut Machine) -> Result<&mut SecurityEnvironment, StatusWord> {
    card.session.environment.as_mut().ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)
}

fn target_file(card: &mut Machine) -> Result<FileUid, StatusWord> {
    environment(card)?.target.ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)
}

/// The cryptogram without its padding indicator (P2 = 86): 00 for a whole one, 81 and 82 for the halves of one
/// that is too long for a short APDU. `None` after the first half.
fn whole_cryptogram(card: &mut Machine, command: &CommandApdu) -> Result<Option<Secret>, StatusWord> {
    if command.p2 != P2_WITH_INDICATOR {
        let data = command.data();
        return if data.is_empty() { Err(StatusWord::WRONG_LENGTH) } else { Ok(Some(Secret::from(data))) };
    }
    let environment = environment(card)?;
    let first_half = environment.first_half.take();
    match (command.data(), first_half) {
        ([] | [_], _) => Err(StatusWord::WRONG_LENGTH),
        ([INDICATOR_NONE, cryptogram @ ..], _) => Ok(Some(Secret::from(cryptogram))),
        ([INDICATOR_FIRST_HALF, half @ ..], _) => {
            environment.first_half = Some(Secret::from(half));
            Ok(None)
        }
        ([INDICATOR_SECOND_HALF, half @ ..], Some(first)) => {
            Ok(Some(Secret::new([first.expose(), half].concat())))
        }
        _ => Err(StatusWord::WRONG_DATA),
    }
}

fn decipher_with(
    card: &mut Machine,
    key: &PrivateKey,
    cryptogram: &[u8],
    goes_on: bool,
) -> Result<Secret, StatusWord> {
    let algorithm = environment(card)?.algorithm;
    match key {
        PrivateKey::Rsa(key) => decipher_rsa(key, algorithm, cryptogram),
        PrivateKey::Aes(key) if is_block_cipher(algorithm) => {
            let next_iv = last_block(cryptogram)?;
            let iv = take_iv(card, goes_on.then_some(next_iv))?;
            let plain = key.cbc_decrypt(&iv, cryptogram).map_err(refusal)?;
            if is_padded(algorithm) && !goes_on { unpad(&plain) } else { Ok(plain) }
        }
        PrivateKey::Aes(_) | PrivateKey::Ec(_) => Err(StatusWord::CONDITIONS_NOT_SATISFIED),
    }
}

fn decipher_rsa(key: &RsaPrivateKey, algorithm: u8, cryptogram: &[u8]) -> Result<Secret, StatusWord> {
    let block = key.raw(cryptogram).map_err(refusal)?;
    match algorithm {
        ALGORITHM_RAW => Ok(block),
        ALGORITHM_PKCS1 | ALGORITHM_WRAP => {
            let unpadded = pkcs1_unpad(&block).map_err(refusal)?;
            Ok(unpadded.or_synthetic(&RejectionKey::new(key, cryptogram)))
        }
        _ => Err(StatusWord::CONDITIONS_NOT_SATISFIED),
    }
}

fn encipher_with(
    card: &mut Machine,
    key: &AesKey,
    plain: &[u8],
    goes_on: bool,
) -> Result<Vec<u8>, StatusWord> {
    let algorithm = environment(card)?.algorithm;
    if !is_block_cipher(algorithm) {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
    }
    let pads = is_padded(algorithm) && !goes_on;
    let padding_len = if pads { BLOCK_LEN - plain.len() % BLOCK_LEN } else { 0 };
    let padded = Secret::new([plain, &vec![padding_len as u8; padding_len]].concat());
    let iv = take_iv(card, None)?;
    let cryptogram = key.cbc_encrypt(&iv, padded.expose()).map_err(refusal)?;
    environment(card)?.running_iv = if goes_on { Some(last_block(&cryptogram)?) } else { None };
    Ok(cryptogram)
}

/// The vector to begin with: where an earlier APDU of the chain stopped, or that of the environment.
fn take_iv(card: &mut Machine, next: Option<[u8; BLOCK_LEN]>) -> Result<[u8; BLOCK_LEN], StatusWord> {
    let environment = environment(card)?;
    let iv = environment.running_iv.take().unwrap_or(environment.iv);
    environment.running_iv = next;
    Ok(iv)
}

fn last_block(cryptogram: &[u8]) -> Result<[u8; BLOCK_LEN], StatusWord> {
    cryptogram.last_chunk().copied().ok_or(StatusWord::WRONG_LENGTH)
}

fn is_block_cipher(algorithm: u8) -> bool {
    matches!(algorithm, ALGORITHM_RAW | ALGORITHM_WRAP) || is_padded(algorithm)
}

fn is_padded(algorithm: u8) -> bool {
    matches!(algorithm, ALGORITHM_PKCS7 | ALGORITHM_WRAP_PKCS7)
}

/// Takes PKCS#7 padding off. Errors: 6985.
fn unpad(plain: &Secret) -> Result<Secret, StatusWord> {
    let wrong = StatusWord::CONDITIONS_NOT_SATISFIED;
    let bytes = plain.expose();
    let padding_len = usize::from(*bytes.last().ok_or(wrong)?);
    let (message, padding) =
        bytes.len().checked_sub(padding_len).and_then(|len| bytes.split_at_checked(len)).ok_or(wrong)?;
    let is_right = (1..=BLOCK_LEN).contains(&padding_len)
        && padding.iter().all(|byte| usize::from(*byte) == padding_len);
    if is_right { Ok(Secret::from(message)) } else { Err(wrong) }
}

const P2_WITH_INDICATOR: u8 = 0x86;
const INDICATOR_NONE: u8 = 0x00;
const INDICATOR_FIRST_HALF: u8 = 0x81;
const INDICATOR_SECOND_HALF: u8 = 0x82;

#[cfg(test)]
mod tests;

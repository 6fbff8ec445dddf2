//! Who can open what: keys and protected files are sealed for the PIN that their access rule names.
//! Knows rules and sealing; does not know commands.
//!
//! A protected file is a list of sealed patches: the first one is the whole file, each further one an offset and
//! bytes. Who may write but not read adds a patch; who may read too replaces all by one.

use super::access::{PinNumber, Rule};
use super::files::{Body, Content, File, FileUid};
use super::keys::INCOMPATIBLE_FILE;
use super::session::Session;
use super::state::{CardState, no_diagnosis};
use crate::apdu::StatusWord;
use crate::codec::Secret;
use crate::crypto::CryptoError;
use crate::crypto::seal::{self, SealingKey};

/// Seals `plaintext` for whoever satisfies `rule`: that PIN's key, or the card key where the rule names no PIN.
pub(super) fn seal(
    state: &CardState,
    rule: Rule,
    plaintext: &[u8],
    context: &[u8],
) -> Result<Vec<u8>, StatusWord> {
    let sealed = match rule {
        Rule::Always | Rule::Never => seal::seal(&state.card_key, plaintext, context),
        Rule::Pin(number) => {
            let slot = state.pin(number).ok_or(StatusWord::REFERENCE_NOT_FOUND)?;
            seal::seal_to(&slot.public, plaintext, context)
        }
    };
    sealed.map_err(no_diagnosis)
}

/// Opens what [`seal()`] made. Errors: 6982 while the PIN is not verified, 6581 for damaged bytes.
pub(super) fn open(
    state: &CardState,
    session: &Session,
    rule: Rule,
    sealed: &[u8],
    context: &[u8],
) -> Result<Secret, StatusWord> {
    let opened = match rule {
        Rule::Always | Rule::Never => seal::open(&state.card_key, sealed, context),
        Rule::Pin(number) => match sealing_key(state, session, number) {
            Some(key) => key.open_sealed(sealed, context),
            None => return Err(StatusWord::SECURITY_NOT_SATISFIED),
        },
    };
    opened.map_err(damaged)
}

/// The bytes of a transparent file. Errors: 6981 for another file, 6982, 6581.
pub(super) fn read(state: &CardState, session: &Session, file: &File) -> Result<Secret, StatusWord> {
    let patches = match content(file)? {
        Content::Plain(bytes) => return Ok(Secret::from(bytes.as_slice())),
        Content::Sealed(patches) => patches,
    };
    let mut bytes = vec![0; usize::from(file.size)];
    for sealed in patches {
        let patch = open(state, session, file.access.read(), sealed, &file_context(file.uid))?;
        let (offset, data) = patch.expose().split_first_chunk().ok_or(MEMORY_FAILURE)?;
        apply(&mut bytes, u16::from_be_bytes(*offset), data).map_err(|_| MEMORY_FAILURE)?;
    }
    Ok(Secret::new(bytes))
}

/// What is in `file` once `data` is written at `offset`. Errors: 6981, 6B00; 6A84 when too many patches wait for
/// somebody who may read them.
pub(super) fn write(
    state: &CardState,
    session: &Session,
    file: &File,
    offset: u16,
    data: &[u8],
) -> Result<Content, StatusWord> {
    let seal_patch = |offset: u16, data: &[u8]| {
        let plaintext = Secret::new([&offset.to_be_bytes(), data].concat());
        seal(state, file.access.read(), plaintext.expose(), &file_context(file.uid))
    };
    let patches = match content(file)? {
        Content::Plain(bytes) => {
            let mut bytes = bytes.clone();
            apply(&mut bytes, offset, data)?;
            return Ok(Content::Plain(bytes));
        }
        Content::Sealed(patches) => patches,
    };
    match read(state, session, file) {
        Ok(bytes) => {
            let mut whole = bytes.expose().to_vec();
            apply(&mut whole, offset, data)?;
            Ok(Content::Sealed(vec![seal_patch(0, Secret::new(whole).expose())?]))
        }
        Err(StatusWord::SECURITY_NOT_SATISFIED) => {
            apply(&mut vec![0; usize::from(file.size)], offset, data)?;
            let patches = [patches.as_slice(), &[seal_patch(offset, data)?]].concat();
            let len: usize = patches.iter().map(Vec::len).sum();
            if patches.len() > MAX_PATCHES || len > 2 * usize::from(file.size) + MAX_PATCHES * PATCH_OVERHEAD
            {
                return Err(StatusWord::NOT_ENOUGH_MEMORY);
            }
            Ok(Content::Sealed(patches))
        }
        Err(status) => Err(status),
    }
}

/// An empty file for a reading rule: sealed where a PIN protects it.
pub(super) fn empty(rule: Rule, size: u16) -> Content {
    match rule {
        Rule::Pin(_) => Content::Sealed(Vec::new()),
        Rule::Always | Rule::Never => Content::Plain(vec![0; usize::from(size)]),
    }
}

/// The sealing key of a PIN: verified, or in escrow while the card is in creation state.
fn sealing_key(state: &CardState, session: &Session, number: PinNumber) -> Option<SealingKey> {
    let verified = session.verified(number).cloned();
    verified.or_else(|| {
        let slot = state.pin(number).filter(|_| state.is_in_creation())?;
        slot.escrowed_key(&state.card_key, number).ok()
    })
}

fn content(file: &File) -> Result<&Content, StatusWord> {
    match &file.body {
        Body::Transparent(content) => Ok(content),
        Body::Dedicated { .. } | Body::Key(_) => Err(INCOMPATIBLE_FILE),
    }
}

/// Puts `data` into `bytes` at an offset. Errors: 6B00 when they do not fit.
fn apply(bytes: &mut [u8], offset: u16, data: &[u8]) -> Result<(), StatusWord> {
    let start = usize::from(offset);
    let place = start.checked_add(data.len()).and_then(|end| bytes.get_mut(start..end));
    place.ok_or(StatusWord::WRONG_OFFSET).map(|place| place.copy_from_slice(data))
}

/// Binds sealed bytes to the file that they belong to.
pub(super) fn key_context(file: FileUid) -> Vec<u8> {
    [b"key".as_slice(), &file.0.to_be_bytes()].concat()
}

fn file_context(file: FileUid) -> Vec<u8> {
    [b"file".as_slice(), &file.0.to_be_bytes()].concat()
}

fn damaged(_: CryptoError) -> StatusWord {
    MEMORY_FAILURE
}

/// 6581: memory failure.
pub(super) const MEMORY_FAILURE: StatusWord = StatusWord(0x6581);
/// How many patches, and together about how many bytes (twice the file), wait for a reader at most.
const MAX_PATCHES: usize = 256;
const PATCH_OVERHEAD: usize = seal::BOX_OVERHEAD + 2;

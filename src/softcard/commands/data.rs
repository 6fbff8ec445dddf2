//! GET DATA, PUT DATA and GET CHALLENGE: what a MyEID card tells of itself, and how it is set up.

use crate::apdu::StatusWord;
use crate::codec::{hex, tlv};
use crate::crypto::{PublicKey, random};
use crate::softcard::access::{AccessRules, PinNumber};
use crate::softcard::apdu::{Answer, CommandApdu, Reply};
use crate::softcard::files::{
    Body, DESCRIPTOR_AES, DESCRIPTOR_DF, DESCRIPTOR_EC_BRAINPOOL, DESCRIPTOR_EC_NIST,
    DESCRIPTOR_EC_SECP256K1, DESCRIPTOR_RSA, DESCRIPTOR_TRANSPARENT,
};
use crate::softcard::keys::{INCOMPATIBLE_FILE, KeyKind, KeyUpload, StoredKey};
use crate::softcard::machine::Machine;
use crate::softcard::pins::{NewPin, PIN_LEN, PinFlags};
use crate::softcard::state::{NO_DIAGNOSIS, no_diagnosis};

/// GET DATA 01xx. Errors: 6A88 for anything that is not there, 6985 for a key file without a key.
pub(super) fn get(card: &mut Machine, command: &CommandApdu) -> Answer {
    if command.p1 != P1_MYEID {
        return Err(StatusWord::REFERENCE_NOT_FOUND);
    }
    match command.p2 {
        APPLET_INFORMATION => Ok(Reply::data(applet_information(card))),
        FILES_FIRST..=FILES_LAST => list_files(card, command.p2),
        CARD_CAPABILITIES => Ok(Reply::data(capabilities())),
        ACCESS_CONDITIONS => {
            let all = card.state.is_in_creation();
            let conditions = if all { 0xFFFF } else { card.session.access_conditions() };
            Ok(Reply::data(conditions.to_be_bytes().to_vec()))
        }
        PIN_INFORMATION_FIRST..=PIN_INFORMATION_LAST => pin_information(card, command.p2 & 0x0F),
        RSA_INFORMATION | RSA_MODULUS | RSA_EXPONENT => rsa_public(card, command.p2),
        EC_PUBLIC => ec_public(card),
        EC_PARAMETERS_FIRST..=EC_PARAMETERS_LAST => ec_parameter(card, command.p2),
        _ => Err(StatusWord::REFERENCE_NOT_FOUND),
    }
}

/// PUT DATA 01xx: formats the card, initialises a PIN, or takes a part of a key.
/// Errors: 6A86, 6700, 6982, and those of the three.
pub(super) fn put(card: &mut Machine, command: &CommandApdu) -> Answer {
    if command.p1 != P1_MYEID {
        return Err(StatusWord::WRONG_P1_P2);
    }
    match (command.p2, PinNumber::new(command.p2)) {
        (INITIALISE_APPLET, _) => format(card, command.data()),
        (_, Some(number)) => initialise_pin(card, number, command.data()),
        (KEY_PART_FIRST..=KEY_PART_LAST | KEY_PART_SYMMETRIC, _) => load_key_part(card, command),
        _ => Err(StatusWord::FUNCTION_NOT_SUPPORTED),
    }
}

/// GET CHALLENGE: random bytes, as many as asked for. Errors: 6700, 6A86.
pub(super) fn challenge(command: &CommandApdu) -> Answer {
    if command.p1_p2() != 0 {
        return Err(StatusWord::WRONG_P1_P2);
    }
    if command.expected == 0 || command.expected > MAX_RANDOM || !command.data().is_empty() {
        return Err(StatusWord::WRONG_LENGTH);
    }
    random::bytes(command.expected).map(Reply::data).map_err(no_diagnosis)
}

/// Name, version, serial number and change counter: 20 bytes.
fn applet_information(card: &Machine) -> Vec<u8> {
    let state = &card.state;
    [state.profile.name().as_slice(), &VERSION, &state.serial, &state.change_counter.to_be_bytes()].concat()
}

/// Version of the structure, features (RSA, AES, ECC), largest RSA, DES, AES and EC keys in bits: 11 bytes.
fn capabilities() -> Vec<u8> {
    let numbers: [u16; 5] = [FEATURES, 4096, 0, 256, 521];
    [CAPABILITIES_VERSION].into_iter().chain(numbers.into_iter().flat_map(u16::to_be_bytes)).collect()
}

/// Identifiers of the files in the current DF, two bytes each: all, or those of one kind.
fn list_files(card: &Machine, which: u8) -> Answer {
    let kinds: &[u8] = match which {
        0xA2 => &[DESCRIPTOR_TRANSPARENT],
        0xA3 => &[DESCRIPTOR_DF],
        0xA4 => &[DESCRIPTOR_RSA],
        0xA5 => &[DESCRIPTOR_EC_NIST, DESCRIPTOR_EC_SECP256K1, DESCRIPTOR_EC_BRAINPOOL],
        0xA6 => &[DESCRIPTOR_AES],
        _ => &[],
    };
    let listed = card.state.files.children(card.current_directory());
    let wanted = listed.filter(|file| kinds.is_empty() || kinds.contains(&(file.descriptor & 0xBF)));
    Ok(Reply::data(wanted.flat_map(|file| file.id.to_be_bytes()).collect()))
}

/// Tries left and tries in all of PIN and PUK, flags, kind, grid size, least lengths: 9 bytes.
fn pin_information(card: &Machine, number: u8) -> Answer {
    let number = PinNumber::new(number).ok_or(StatusWord::REFERENCE_NOT_FOUND)?;
    let record = card.state.pin(number).and_then(|slot| slot.record.as_ref());
    let record = record.ok_or(StatusWord::REFERENCE_NOT_FOUND)?;
    Ok(Reply::data(vec![
        record.pin.tries_left,
        record.puk.tries_left,
        record.pin.tries_max,
        record.puk.tries_max,
        record.flags.0,
        ORDINARY_PIN,
        0,
        record.pin_min_len,
        record.puk_min_len,
    ]))
}

fn rsa_public(card: &Machine, which: u8) -> Answer {
    let Some(PublicKey::Rsa { modulus, exponent }) = &StoredKey::of(card.selected()?)?.public else {
        return Err(StatusWord::REFERENCE_NOT_FOUND);
    };
    Ok(Reply::data(match which {
        RSA_MODULUS => modulus.clone(),
        RSA_EXPONENT => exponent.clone(),
        _ => {
            let bits = |number: &[u8]| (number.len() as u16 * 8).to_be_bytes();
            [RSA_CRT_ALGORITHM, bits(exponent), bits(modulus)].concat()
        }
    }))
}

/// The uncompressed point in a SEQUENCE tag, as MyEID sends it.
fn ec_public(card: &Machine) -> Answer {
    match &StoredKey::of(card.selected()?)?.public {
        Some(PublicKey::Ec { point, .. }) => Ok(Reply::data(tlv::encode(0x30, point))),
        _ => Err(StatusWord::REFERENCE_NOT_FOUND),
    }
}

/// Prime, a, b, base point or order of the curve of an EC key file, each number as long as the field.
fn ec_parameter(card: &Machine, which: u8) -> Answer {
    let KeyKind::Ec(curve) = KeyKind::of(card.selected()?)? else { return Err(INCOMPATIBLE_FILE) };
    let names = ["p", "a", "b", "g", "n"];
    let name = names.get(usize::from(which - EC_PARAMETERS_FIRST)).ok_or(StatusWord::REFERENCE_NOT_FOUND)?;
    let wanted = format!("{curve} {name} ");
    let digits = CURVES.lines().find_map(|line| line.strip_prefix(&wanted));
    digits.and_then(|digits| hex::decode(digits).ok()).map(Reply::data).ok_or(NO_DIAGNOSIS)
}

/// Erases everything. Eight bytes: two that say nothing here (MyEID: how many files), access rules of the master
/// file, access rules of the application DF; no bytes for the rules that a new card has.
fn format(card: &mut Machine, data: &[u8]) -> Answer {
    let access = match data {
        [] => None,
        [_, _, a, b, c, d, e, f] => Some((AccessRules([*a, *b, *c]), AccessRules([*d, *e, *f]))),
        _ => return Err(StatusWord::WRONG_LENGTH),
    };
    card.require(super::files::formatting_rule(card))?;
    card.state.format(access)?;
    card.session = Default::default();
    card.note_public_change();
    Ok(Reply::done())
}

/// PIN and PUK of eight bytes each, then, as far as given: tries of both, flags, kind, grid size, least lengths
/// of both, challenge key (not known here). Errors: 6982 unless the card is in creation state, 6700, 6A80.
fn initialise_pin(card: &mut Machine, number: PinNumber, data: &[u8]) -> Answer {
    if !card.state.is_in_creation() {
        return Err(StatusWord::SECURITY_NOT_SATISFIED);
    }
    if !(2 * PIN_LEN..=MAX_PIN_DATA).contains(&data.len()) {
        return Err(StatusWord::WRONG_LENGTH);
    }
    let (pin, rest) = data.split_at(PIN_LEN);
    let (puk, options) = rest.split_at(PIN_LEN);
    let option = |index: usize, default: u8| options.get(index).copied().unwrap_or(default);
    if option(3, ORDINARY_PIN) != ORDINARY_PIN || option(2, 0) & !PIN_FLAGS != 0 {
        return Err(StatusWord::WRONG_DATA);
    }
    let new = NewPin {
        pin,
        puk,
        pin_tries: option(0, DEFAULT_PIN_TRIES),
        puk_tries: option(1, DEFAULT_PUK_TRIES),
        flags: PinFlags(option(2, 0)),
        pin_min_len: option(5, DEFAULT_MIN_LEN),
        puk_min_len: option(6, DEFAULT_MIN_LEN),
    };
    let (card_key, cost) = (card.state.card_key.clone(), card.state.pin_cost);
    let slot = card.state.pin_mut(number).ok_or(StatusWord::WRONG_P1_P2)?;
    slot.initialise(number, &new, &card_key, cost)?;
    card.session.forget(number);
    card.note_public_change();
    Ok(Reply::done())
}

/// Takes one part of a key for the selected key file. Errors: 6981, 6982, 6700, 6A80, 6A86.
fn load_key_part(card: &mut Machine, command: &CommandApdu) -> Answer {
    let file = card.selected()?;
    let uid = file.uid;
    if !matches!(file.body, Body::Key(_)) {
        return Err(INCOMPATIBLE_FILE);
    }
    let kind = KeyKind::of(file)?;
    card.require(file.access.update())?;
    if command.data().is_empty() {
        return Err(StatusWord::WRONG_LENGTH);
    }
    let upload = card.session.upload.take().filter(|upload| upload.file == uid);
    let mut upload = upload.unwrap_or_else(|| KeyUpload::new(uid));
    let key = upload.add(kind, command.p2, command.data());
    card.session.upload = Some(upload);
    if let Some(key) = key? {
        card.store_key(uid, &key, false)?;
    }
    Ok(Reply::done())
}

const CURVES: &str = include_str!("curves.txt");

const P1_MYEID: u8 = 0x01;

// GET DATA.
const RSA_INFORMATION: u8 = 0x00;
const RSA_MODULUS: u8 = 0x01;
const RSA_EXPONENT: u8 = 0x02;
const EC_PARAMETERS_FIRST: u8 = 0x81;
const EC_PARAMETERS_LAST: u8 = 0x85;
const EC_PUBLIC: u8 = 0x86;
const APPLET_INFORMATION: u8 = 0xA0;
const FILES_FIRST: u8 = 0xA1;
const FILES_LAST: u8 = 0xA6;
const CARD_CAPABILITIES: u8 = 0xAA;
const ACCESS_CONDITIONS: u8 = 0xAC;
const PIN_INFORMATION_FIRST: u8 = 0xB1;
const PIN_INFORMATION_LAST: u8 = 0xBE;

// PUT DATA.
const INITIALISE_APPLET: u8 = 0xE0;
const KEY_PART_FIRST: u8 = 0x80;
const KEY_PART_LAST: u8 = 0x8B;
const KEY_PART_SYMMETRIC: u8 = 0xA0;

/// MyEID 4.5: drivers send chained APDUs and wrap keys from here on.
const VERSION: [u8; 3] = [4, 5, 5];
const CAPABILITIES_VERSION: u8 = 1;
/// RSA, AES, ECC; neither DES nor grid PINs nor PIV emulation.
const FEATURES: u16 = 0x01 | 0x04 | 0x08;
const RSA_CRT_ALGORITHM: [u8; 2] = [0x92, 0x00];
const MAX_RANDOM: usize = 65_536;

const ORDINARY_PIN: u8 = 0;
const PIN_FLAGS: u8 = 0x3F;
const DEFAULT_PIN_TRIES: u8 = 5;
const DEFAULT_PUK_TRIES: u8 = 10;
const DEFAULT_MIN_LEN: u8 = 4;
/// PIN, PUK, seven options, a challenge key of 24 bytes.
const MAX_PIN_DATA: usize = 2 * PIN_LEN + 7 + 24;

#[cfg(test)]
mod tests;

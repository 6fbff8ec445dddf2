//! The command set: which instruction goes to which function. Each function takes the powered card and one
//! whole command, and checks everything before it changes anything.

mod binary;
mod cipher;
mod data;
mod environment;
mod files;
mod key;
mod pin;
mod select;
mod sign;

use super::access::PinNumber;
use super::apdu::{Answer, CommandApdu};
use super::keys::PrivateKey;
use super::machine::Machine;
use super::pins::Kind;
use crate::apdu::StatusWord;

/// Runs one command. Errors: 6E00 and 6D00 for what this card has not.
pub(super) fn execute(card: &mut Machine, command: &CommandApdu) -> Answer {
    match (command.cla, command.ins) {
        // OpenSC deletes MyEID files with class A0.
        (CLA_ISO, _) | (CLA_CHAINED, INS_PSO) | (CLA_GSM, INS_DELETE_FILE) => {}
        _ => return Err(StatusWord::CLA_NOT_SUPPORTED),
    }
    match command.ins {
        INS_ERASE_BINARY => binary::erase(card, command),
        INS_VERIFY => pin::verify(card, command),
        INS_MSE => environment::manage(card, command),
        INS_CHANGE_REFERENCE_DATA => pin::change(card, command),
        INS_PSO => perform(card, command),
        INS_RESET_RETRY_COUNTER => pin::reset_counter(card, command),
        INS_DEAUTHENTICATE => pin::deauthenticate(card, command),
        INS_ACTIVATE => files::activate(card, command),
        INS_GENERATE_KEY => key::generate(card, command),
        INS_GET_CHALLENGE => data::challenge(command),
        INS_GENERAL_AUTHENTICATE => key::agree(card, command),
        INS_SELECT => select::select(card, command),
        INS_READ_BINARY => binary::read(card, command),
        INS_GET_DATA => data::get(card, command),
        INS_UPDATE_BINARY => binary::update(card, command),
        INS_PUT_DATA => data::put(card, command),
        INS_CREATE_FILE => files::create(card, command),
        INS_DELETE_FILE => files::delete(card, command),
        _ => Err(StatusWord::INS_NOT_SUPPORTED),
    }
}

/// The PIN or PUK that a command compares with a value, if it does.
pub(super) fn compared(command: &CommandApdu) -> Option<(PinNumber, Kind)> {
    let has_both = |kind| pin::has_both_values(command).then_some(kind);
    let kind = match (command.cla, command.ins) {
        (CLA_ISO, INS_VERIFY) => pin::has_value(command).then_some(Kind::Pin),
        (CLA_ISO, INS_CHANGE_REFERENCE_DATA) => has_both(Kind::Pin),
        (CLA_ISO, INS_RESET_RETRY_COUNTER) => has_both(Kind::Puk),
        _ => None,
    };
    PinNumber::new(command.p2).zip(kind)
}

/// True for a PSO with a secret key: each APDU of a chain is ciphered at once, and the chain means that the next
/// one goes on where this one stopped.
pub(super) fn is_streaming(card: &mut Machine, command: &CommandApdu) -> bool {
    command.ins == INS_PSO
        && !command.data().is_empty()
        && matches!(command.p1_p2(), cipher::PSO_ENCIPHER | cipher::PSO_DECIPHER_PLAIN)
        && card
            .session
            .environment
            .as_ref()
            .map(|environment| environment.key)
            .is_some_and(|key| card.private_key(key).is_ok_and(|key| matches!(*key, PrivateKey::Aes(_))))
}

/// PERFORM SECURITY OPERATION (ISO 7816-8, 5.3): P1 is what comes out, P2 what goes in.
fn perform(card: &mut Machine, command: &CommandApdu) -> Answer {
    let used = card.session.environment.as_ref().map(|environment| environment.key);
    let answer = match command.p1_p2() {
        sign::PSO_SIGN => sign::compute(card, command),
        cipher::PSO_ENCIPHER => cipher::encipher(card, command),
        cipher::PSO_WRAP => cipher::wrap(card, command),
        cipher::PSO_DECIPHER | cipher::PSO_DECIPHER_PLAIN => cipher::decipher(card, command),
        cipher::PSO_UNWRAP | cipher::PSO_UNWRAP_PLAIN => cipher::unwrap(card, command),
        _ => Err(StatusWord::WRONG_P1_P2),
    };
    if let Some(key) = used {
        take_consent_back(card, key, &answer);
    }
    answer
}

/// A key whose file says so unverifies its PIN with each use.
fn take_consent_back(card: &mut Machine, key: super::files::FileUid, answer: &Answer) {
    let consent = card.state.files.get(key).map(|file| file.consent_pin());
    let is_used = answer.as_ref().is_ok_and(|reply| !reply.data.is_empty());
    if let Some(number) = consent.and_then(PinNumber::new).filter(|_| is_used) {
        card.session.forget(number);
    }
}

const CLA_ISO: u8 = 0x00;
const CLA_CHAINED: u8 = 0x10;
const CLA_GSM: u8 = 0xA0;

// ISO 7816-4, -8 and -9; 2E and the uses of 44, 46, CA and DA are MyEID's.
const INS_ERASE_BINARY: u8 = 0x0E;
const INS_VERIFY: u8 = 0x20;
const INS_MSE: u8 = 0x22;
const INS_CHANGE_REFERENCE_DATA: u8 = 0x24;
const INS_PSO: u8 = 0x2A;
const INS_RESET_RETRY_COUNTER: u8 = 0x2C;
const INS_DEAUTHENTICATE: u8 = 0x2E;
const INS_ACTIVATE: u8 = 0x44;
const INS_GENERATE_KEY: u8 = 0x46;
const INS_GET_CHALLENGE: u8 = 0x84;
const INS_GENERAL_AUTHENTICATE: u8 = 0x86;
const INS_SELECT: u8 = 0xA4;
const INS_READ_BINARY: u8 = 0xB0;
const INS_GET_DATA: u8 = 0xCA;
const INS_UPDATE_BINARY: u8 = 0xD6;
const INS_PUT_DATA: u8 = 0xDA;
const INS_CREATE_FILE: u8 = 0xE0;
const INS_DELETE_FILE: u8 = 0xE4;

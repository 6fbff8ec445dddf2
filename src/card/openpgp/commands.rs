//! Commands of the OpenPGP card (OpenPGP card 3.4, chapter 7) beyond those that every card has.

use super::application::RID_AND_APPLICATION;
use super::place::Place;
use crate::apdu::{Command, iso};
use crate::codec::{Secret, tlv};

/// SELECT of the application by its AID, of any version and serial number.
pub(super) fn select() -> Command {
    iso::select_application(&RID_AND_APPLICATION)
}

/// GET DATA of a data object that may be long.
pub(super) fn get_data(tag: u16) -> Command {
    let [p1, p2] = tag.to_be_bytes();
    Command::new(0x00, INS_GET_DATA, p1, p2).expect(LONG)
}

/// GET DATA or GET NEXT DATA of a cardholder certificate, its first bytes only: whether there is one.
pub(super) fn probe_certificate(occurrence: usize) -> [u8; 5] {
    let ins = if occurrence == 0 { INS_GET_DATA } else { INS_GET_NEXT_DATA };
    let [p1, p2] = TAG_CERTIFICATE.to_be_bytes();
    [0x00, ins, p1, p2, 0x00]
}

/// SELECT DATA: which of the cardholder certificates the next command means.
pub(super) fn select_certificate(occurrence: u8) -> Command {
    Command::new(0x00, INS_SELECT_DATA, occurrence, 0x04).data(&CERTIFICATE_NAME)
}

/// The same for cards (YubiKey before 5.4.4) that want the length of the name once more in front of it.
pub(super) fn select_certificate_with_length(occurrence: u8) -> Command {
    let mut data = vec![CERTIFICATE_NAME.len() as u8];
    data.extend(CERTIFICATE_NAME);
    Command::new(0x00, INS_SELECT_DATA, occurrence, 0x04).data(&data)
}

/// PUT DATA of one data object.
pub(super) fn put_data(tag: u16, value: &[u8]) -> Command {
    let [p1, p2] = tag.to_be_bytes();
    Command::new(0x00, INS_PUT_DATA, p1, p2).data(value)
}

/// PUT DATA of a value that nobody may see.
pub(super) fn put_secret(tag: u16, value: Secret) -> Command {
    let [p1, p2] = tag.to_be_bytes();
    Command::new(0x00, INS_PUT_DATA, p1, p2).secret(value)
}

/// PUT DATA of an extended header list: a key from outside.
pub(super) fn import_key(header_list: Secret) -> Command {
    Command::new(0x00, INS_PUT_DATA_ODD, 0x3F, 0xFF).secret(header_list)
}

/// GENERATE ASYMMETRIC KEY PAIR: a new key, or the public half of the one that is there.
pub(super) fn key_pair(place: Place, new: bool) -> Command {
    let how = if new { GENERATE } else { READ };
    Command::new(0x00, INS_KEY_PAIR, how, 0x00).data(&[place.template(), 0x00]).expect(LONG)
}

/// PSO: COMPUTE DIGITAL SIGNATURE with the signature key.
pub(super) fn sign(input: &[u8]) -> Command {
    Command::new(0x00, INS_PSO, 0x9E, 0x9A).data(input).expect(LONG)
}

/// INTERNAL AUTHENTICATE with the authentication key.
pub(super) fn authenticate(input: &[u8]) -> Command {
    Command::new(0x00, INS_INTERNAL_AUTHENTICATE, 0x00, 0x00).data(input).expect(LONG)
}

/// PSO: DECIPHER: the answer is the plain text, or the shared secret.
pub(super) fn decipher(input: &[u8]) -> Command {
    let mut command = Command::new(0x00, INS_PSO, 0x80, 0x86).data(input).expect(LONG);
    command.sensitive = true;
    command
}

/// What PSO: DECIPHER agrees on a key with: the other side's public key.
pub(super) fn cipher_object(peer: &[u8]) -> Vec<u8> {
    tlv::encode(0xA6, &tlv::encode(0x7F49, &tlv::encode(0x86, peer)))
}

/// MSE SET: which key PSO: DECIPHER uses from now on.
pub(super) fn decipher_with(place: Place) -> Command {
    Command::new(0x00, INS_MSE, 0x41, Place::Decryption.template()).data(&[0x83, 0x01, place.number()])
}

/// TERMINATE DF: everything that the card holds is lost.
pub(super) fn terminate() -> Command {
    Command::new(0x00, INS_TERMINATE, 0x00, 0x00)
}

/// ACTIVATE FILE: the application is as it left the factory.
pub(super) fn activate() -> Command {
    Command::new(0x00, INS_ACTIVATE, 0x00, 0x00)
}

/// Application related data.
pub(super) const TAG_APPLICATION: u16 = 0x6E;
/// Application identifier.
pub(super) const TAG_AID: u16 = 0x4F;
/// Cardholder related data: name, language, sex.
pub(super) const TAG_CARDHOLDER: u16 = 0x65;
/// Cardholder certificates.
pub(super) const TAG_CERTIFICATE: u16 = 0x7F21;
/// Algorithms that the card has, place by place (since 3.4).
pub(super) const TAG_ALGORITHMS: u16 = 0xFA;
/// The resetting code.
pub(super) const TAG_RESETTING_CODE: u16 = 0xD3;

/// As much as an extended response carries; where only short ones are taken, the channel asks for 256.
const LONG: usize = 65_536;
/// General reference template: the tag list that names DO 7F21.
const CERTIFICATE_NAME: [u8; 6] = [0x60, 0x04, 0x5C, 0x02, 0x7F, 0x21];
const INS_SELECT_DATA: u8 = 0xA5; // 7.2.5
const INS_GET_DATA: u8 = 0xCA; // 7.2.6
const INS_GET_NEXT_DATA: u8 = 0xCC; // 7.2.7
const INS_PUT_DATA: u8 = 0xDA; // 7.2.8
const INS_PUT_DATA_ODD: u8 = 0xDB;
const INS_PSO: u8 = 0x2A; // 7.2.10, 7.2.11
const INS_INTERNAL_AUTHENTICATE: u8 = 0x88; // 7.2.13
const INS_KEY_PAIR: u8 = 0x47; // 7.2.14
const GENERATE: u8 = 0x80;
const READ: u8 = 0x81;
const INS_TERMINATE: u8 = 0xE6; // 7.2.16
const INS_ACTIVATE: u8 = 0x44; // 7.2.17
const INS_MSE: u8 = 0x22; // 7.2.18

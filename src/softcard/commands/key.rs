//! GENERATE PUBLIC KEY PAIR (ISO 7816-8, 5.2) and key agreement by GENERAL AUTHENTICATE (ISO 7816-4, 11.5.5).

use super::environment::ALGORITHM_EC;
use super::sign::refusal;
use crate::apdu::StatusWord;
use crate::codec::tlv;
use crate::crypto::PublicKey;
use crate::softcard::apdu::{Answer, CommandApdu, Reply};
use crate::softcard::files::Body;
use crate::softcard::keys::{INCOMPATIBLE_FILE, KeyKind, PrivateKey};
use crate::softcard::machine::Machine;
use crate::softcard::session::Operation;
use crate::softcard::state::no_diagnosis;

/// Generates a key in the selected key file; its size and family are the file's. Answers the modulus (RSA), the
/// point under tag 86 (EC) or nothing (AES). Errors: 6981, 6982, 6A80 for another exponent than 65537, 6A86.
pub(super) fn generate(card: &mut Machine, command: &CommandApdu) -> Answer {
    if command.p1_p2() != 0 {
        return Err(StatusWord::WRONG_P1_P2);
    }
    let file = card.selected()?;
    let uid = file.uid;
    if !matches!(file.body, Body::Key(_)) {
        return Err(INCOMPATIBLE_FILE);
    }
    let kind = KeyKind::of(file)?;
    card.require(file.access.generate())?;
    match kind {
        KeyKind::Rsa { .. } if !command.data().is_empty() => check_exponent(command.data())?,
        _ if !command.data().is_empty() => return Err(StatusWord::WRONG_DATA),
        _ => {}
    }
    let key = kind.generate().map_err(no_diagnosis)?;
    card.store_key(uid, &key, true)?;
    Ok(Reply::data(match key.public() {
        Some(PublicKey::Rsa { modulus, .. }) => modulus,
        Some(PublicKey::Ec { point, .. }) => tlv::encode(TAG_EC_PUBLIC, &point),
        // This card makes no others.
        Some(PublicKey::Ed25519(_) | PublicKey::X25519(_)) | None => Vec::new(),
    }))
}

/// ECDH: a point in a dynamic authentication template; answers the x coordinate.
/// Errors: 6985 for an environment of another kind, 6982, 6A80 for data that are no point of the curve, 6A86.
pub(super) fn agree(card: &mut Machine, command: &CommandApdu) -> Answer {
    if command.p1_p2() != 0 {
        return Err(StatusWord::WRONG_P1_P2);
    }
    let uid = card
        .session
        .environment
        .as_ref()
        .filter(|environment| {
            environment.operation == Operation::Agree && environment.algorithm == ALGORITHM_EC
        })
        .map(|environment| environment.key)
        .ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
    let template = tlv::find(command.data(), TAG_DYNAMIC_AUTHENTICATION).ok_or(StatusWord::WRONG_DATA)?;
    let point = tlv::find(template, TAG_PEER_POINT).ok_or(StatusWord::WRONG_DATA)?;
    let key = card.private_key(uid)?;
    let PrivateKey::Ec(key) = &*key else { return Err(StatusWord::CONDITIONS_NOT_SATISFIED) };
    let shared = key.agree(point).map_err(refusal)?;
    let answer = Ok(Reply { data: shared, status: StatusWord::OK });
    super::take_consent_back(card, uid, &answer);
    answer
}

/// The public exponent that the sender wants: 65537 is the only one here. It stands in a SEQUENCE under tag 02
/// (MyEID's manual) or 81 (OpenSC).
fn check_exponent(data: &[u8]) -> Result<(), StatusWord> {
    let sequence = tlv::find(data, TAG_SEQUENCE).ok_or(StatusWord::WRONG_DATA)?;
    let exponent = tlv::find(sequence, 0x02).or_else(|| tlv::find(sequence, 0x81));
    if exponent == Some(&[0x01, 0x00, 0x01]) { Ok(()) } else { Err(StatusWord::WRONG_DATA) }
}

const TAG_SEQUENCE: u32 = 0x30;
const TAG_EC_PUBLIC: u32 = 0x86;
const TAG_DYNAMIC_AUTHENTICATION: u32 = 0x7C;
const TAG_PEER_POINT: u32 = 0x85;

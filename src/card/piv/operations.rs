//! Computing with the keys of a PIV card: GENERAL AUTHENTICATE (SP 800-73-5 part 2, 3.2.4 and appendix A).

use crate::apdu::{Channel, StatusWord};
use crate::card::CardError;
use crate::codec::Secret;
use crate::crypto::{Curve, ec, ed25519, x25519};

use super::commands::{self, TAG_CHALLENGE, TAG_EXPONENTIATION, TAG_RESPONSE};
use super::listing::status_of;
use super::references::{Algorithm, KeyReference};

/// The bare RSA operation on a block as long as the modulus; as many bytes.
pub(super) fn rsa(channel: &mut Channel<'_>, key: KeyReference, block: &[u8]) -> Result<Secret, CardError> {
    let bits = u32::try_from(block.len() * 8).unwrap_or(u32::MAX);
    let answer = compute(channel, key, Algorithm::Rsa(bits), TAG_CHALLENGE, block)?;
    let number = commands::answered(&answer, TAG_RESPONSE)?;
    let len = block.len();
    if number.len() > len {
        return Err(CardError::Malformed {
            what: format!("the answer of key {}", key.name()),
            why: format!("it is {} bytes long, the modulus {len}", number.len()),
        });
    }
    let mut whole = zeroize::Zeroizing::new(vec![0; len - number.len()]);
    whole.reserve_exact(number.len());
    whole.extend_from_slice(number);
    Ok(Secret::new(std::mem::take(&mut *whole)))
}

/// ECDSA over a digest, r‖s. A digest shorter than the field is the same number with zeros before it.
pub(super) fn ecdsa(
    channel: &mut Channel<'_>,
    key: KeyReference,
    curve: Curve,
    digest: &[u8],
) -> Result<Secret, CardError> {
    let field_len = curve.field_len();
    let digest = digest.get(..field_len).unwrap_or(digest);
    let block = [&vec![0; field_len - digest.len()][..], digest].concat();
    let answer = compute(channel, key, Algorithm::Ec(curve), TAG_CHALLENGE, &block)?;
    let signature = commands::answered(&answer, TAG_RESPONSE)?;
    Ok(Secret::new(ec::signature_from_der(curve, signature)?))
}

/// ECDH with the other side's uncompressed point: the x coordinate.
pub(super) fn agree(
    channel: &mut Channel<'_>,
    key: KeyReference,
    curve: Curve,
    peer: &[u8],
) -> Result<Secret, CardError> {
    let answer = compute(channel, key, Algorithm::Ec(curve), TAG_EXPONENTIATION, peer)?;
    of_length(key, &answer, curve.field_len())
}

/// Ed25519 over a whole message: 64 bytes.
pub(super) fn ed25519(
    channel: &mut Channel<'_>,
    key: KeyReference,
    message: &[u8],
) -> Result<Secret, CardError> {
    let answer = compute(channel, key, Algorithm::Ed25519, TAG_CHALLENGE, message)?;
    of_length(key, &answer, ed25519::SIGNATURE_LEN)
}

/// X25519 with the other side's public key: 32 bytes.
pub(super) fn x25519(channel: &mut Channel<'_>, key: KeyReference, peer: &[u8]) -> Result<Secret, CardError> {
    let answer = compute(channel, key, Algorithm::X25519, TAG_EXPONENTIATION, peer)?;
    of_length(key, &answer, x25519::KEY_LEN)
}

fn of_length(key: KeyReference, answer: &Secret, len: usize) -> Result<Secret, CardError> {
    match commands::answered(answer, TAG_RESPONSE)? {
        value if value.len() == len => Ok(Secret::from(value)),
        value => Err(CardError::Malformed {
            what: format!("the answer of key {}", key.name()),
            why: format!("it is {} bytes long instead of {len}", value.len()),
        }),
    }
}

fn compute(
    channel: &mut Channel<'_>,
    key: KeyReference,
    algorithm: Algorithm,
    tag: u32,
    input: &[u8],
) -> Result<Secret, CardError> {
    let not_supported = || CardError::NotSupported { what: format!("compute with keys of {algorithm:?}") };
    let number = algorithm.byte().ok_or_else(not_supported)?;
    let objects = [(TAG_RESPONSE, &[][..]), (tag, input)];
    commands::general_authenticate(channel, number, key.byte(), &objects)
        .map_err(|error| refusal(error.into()))
}

/// What a status means for who asked the key to compute.
fn refusal(error: CardError) -> CardError {
    match status_of(&error) {
        Some(StatusWord::SECURITY_NOT_SATISFIED) => CardError::NotAuthenticated,
        Some(status) => CardError::Refused { doing: "compute with the key", status },
        None => error,
    }
}

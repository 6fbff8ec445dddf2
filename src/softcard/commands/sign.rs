//! PSO: COMPUTE DIGITAL SIGNATURE (ISO 7816-8, 11.7) with RSA and EC keys.

use super::environment::{ALGORITHM_EC, ALGORITHM_PKCS1, ALGORITHM_PKCS1_SHA1, ALGORITHM_RAW};
use crate::apdu::StatusWord;
use crate::crypto::ec::signature_to_der;
use crate::crypto::rsa::pkcs1_sign_encode;
use crate::crypto::{CryptoError, DigestAlgorithm, EcPrivateKey, RsaPrivateKey};
use crate::softcard::apdu::{Answer, CommandApdu, Reply};
use crate::softcard::keys::PrivateKey;
use crate::softcard::machine::Machine;
use crate::softcard::session::Operation;

/// A signature comes out (9E), what is signed goes in (9A).
pub(super) const PSO_SIGN: u16 = 0x9E9A;

/// Signs. RSA: a whole block, or data that the card pads; answers modulus-length bytes. EC: a digest up to the
/// length of the field; answers r and s in DER.
/// Errors: 6985 for an environment of another kind, 6982, 6700, 6A80 for a block above the modulus.
pub(super) fn compute(card: &mut Machine, command: &CommandApdu) -> Answer {
    let environment = card.session.environment.as_ref();
    let (algorithm, key) = environment
        .filter(|environment| environment.operation == Operation::Sign)
        .map(|environment| (environment.algorithm, environment.key))
        .ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
    if command.data().is_empty() {
        return Err(StatusWord::WRONG_LENGTH);
    }
    match &*card.private_key(key)? {
        PrivateKey::Rsa(key) => rsa(key, algorithm, command.data()),
        PrivateKey::Ec(key) if algorithm == ALGORITHM_EC => ecdsa(key, command.data()),
        _ => Err(StatusWord::CONDITIONS_NOT_SATISFIED),
    }
}

fn rsa(key: &RsaPrivateKey, algorithm: u8, data: &[u8]) -> Answer {
    let block = match algorithm {
        ALGORITHM_RAW => Ok(data.to_vec()),
        ALGORITHM_PKCS1 => pkcs1_sign_encode(data, key.modulus_len()),
        ALGORITHM_PKCS1_SHA1 if data.len() == DigestAlgorithm::Sha1.output_len() => {
            pkcs1_sign_encode(&DigestAlgorithm::Sha1.digest_info(data), key.modulus_len())
        }
        ALGORITHM_PKCS1_SHA1 => return Err(StatusWord::WRONG_LENGTH),
        _ => return Err(StatusWord::CONDITIONS_NOT_SATISFIED),
    };
    let signature = block.and_then(|block| key.raw(&block)).map_err(refusal)?;
    Ok(Reply { data: signature, status: StatusWord::OK })
}

fn ecdsa(key: &EcPrivateKey, data: &[u8]) -> Answer {
    let field_len = key.curve().field_len();
    if data.len() > field_len {
        return Err(StatusWord::WRONG_LENGTH);
    }
    // The data are a number. Where the field has fewer bits than its bytes (P-521), a digest as long as the field
    // would be cut by that many bits: leading zero bytes say that it is a shorter one.
    let is_whole_bytes = key.curve().bits().is_multiple_of(8);
    let digest = match data {
        [0, 0, shorter @ ..] if !is_whole_bytes && data.len() == field_len => shorter,
        _ if !is_whole_bytes && data.len() == field_len => return Err(StatusWord::WRONG_DATA),
        _ => data,
    };
    let signature = key.sign(digest).and_then(|signature| signature_to_der(&signature)).map_err(refusal)?;
    Ok(Reply::data(signature))
}

/// The status for a computation that the data do not allow.
pub(super) fn refusal(error: CryptoError) -> StatusWord {
    match error {
        CryptoError::InputLength { .. } => StatusWord::WRONG_LENGTH,
        CryptoError::BlockTooLarge | CryptoError::InvalidPoint(_) => StatusWord::WRONG_DATA,
        _ => crate::softcard::state::NO_DIAGNOSIS,
    }
}

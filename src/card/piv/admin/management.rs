//! The management key: who knows it is the security officer of a PIV card. Mutual authentication (SP 800-73-5 part 2,
//! appendix A.1) and a new key (Yubico's extension).

use crate::apdu::{Channel, Command, StatusWord};
use crate::card::CardError;
use crate::codec::{Secret, hex};
use crate::crypto::aes::AesKey;
use crate::crypto::triple_des::TripleDesKey;
use crate::crypto::{CryptoError, random};

use super::super::commands::{self, MetadataAnswer, TAG_CHALLENGE, TAG_RESPONSE, TAG_WITNESS};
use super::super::listing::status_of;
use super::super::references::MANAGEMENT_KEY;

/// An algorithm of management keys (SP 800-78-5, table 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::card::piv) enum Cipher {
    TripleDes,
    Aes(usize),
}

impl Cipher {
    const ALL: [Self; 4] = [Self::TripleDes, Self::Aes(16), Self::Aes(24), Self::Aes(32)];

    fn byte(self) -> u8 {
        match self {
            Self::TripleDes => 0x03,
            Self::Aes(16) => 0x08,
            Self::Aes(24) => 0x0A,
            Self::Aes(_) => 0x0C,
        }
    }

    fn key_len(self) -> usize {
        match self {
            Self::TripleDes => 24,
            Self::Aes(len) => len,
        }
    }

    fn block_len(self) -> usize {
        match self {
            Self::TripleDes => 8,
            Self::Aes(_) => 16,
        }
    }

    fn encrypt(self, key: &Secret, block: &[u8]) -> Result<Secret, CryptoError> {
        match self {
            Self::TripleDes => TripleDesKey::new(key)?.ecb_encrypt(block).map(Secret::new),
            Self::Aes(_) => AesKey::new(key.clone())?.ecb_encrypt(block).map(Secret::new),
        }
    }

    fn decrypt(self, key: &Secret, block: &[u8]) -> Result<Secret, CryptoError> {
        match self {
            Self::TripleDes => TripleDesKey::new(key)?.ecb_decrypt(block),
            Self::Aes(_) => AesKey::new(key.clone())?.ecb_decrypt(block),
        }
    }
}

/// The bytes of a management key that somebody gave in hexadecimal. Errors: `PinLength` in digits; `NotSupported` for
/// what is no hexadecimal: nothing is sent then.
pub(in crate::card::piv) fn key_of(text: &Secret) -> Result<Secret, CardError> {
    let no_hex =
        || CardError::NotSupported { what: "take a management key that is not hexadecimal".to_owned() };
    let digits = std::str::from_utf8(text.expose()).map_err(|_| no_hex())?;
    let key = Secret::new(hex::decode(digits.trim()).map_err(|_| no_hex())?);
    if Cipher::ALL.iter().any(|cipher| cipher.key_len() == key.len()) {
        Ok(key)
    } else {
        Err(CardError::PinLength { min: 32, max: 64 })
    }
}

/// Proves to the card that the key is known, and has the card prove that it knows it too. Answers what it is for.
/// Errors: `PinIncorrect` without tries: these keys have none, so that a wrong one costs nothing.
pub(in crate::card::piv) fn authenticate(
    channel: &mut Channel<'_>,
    key: &Secret,
    has_metadata: bool,
) -> Result<Cipher, CardError> {
    let (cipher, witness) = witness(channel, key, has_metadata)?;
    let proof = cipher.decrypt(key, commands::answered(&witness, TAG_WITNESS)?)?;
    let challenge = random::bytes(cipher.block_len())?;
    let objects = [(TAG_WITNESS, proof.expose()), (TAG_CHALLENGE, challenge.as_slice())];
    let answer = commands::general_authenticate(channel, cipher.byte(), MANAGEMENT_KEY, &objects)
        .map_err(|error| wrong_key(error.into()))?;
    // Constant time, as everything that compares secrets.
    if Secret::from(commands::answered(&answer, TAG_RESPONSE)?) != cipher.encrypt(key, &challenge)? {
        return Err(CardError::Malformed {
            what: "the card's proof of its management key".to_owned(),
            why: "it is not made with the key that was given".to_owned(),
        });
    }
    Ok(cipher)
}

/// Asks for a witness with each algorithm that the key may be of: a card refuses those of other keys, at no cost.
fn witness(
    channel: &mut Channel<'_>,
    key: &Secret,
    has_metadata: bool,
) -> Result<(Cipher, Secret), CardError> {
    let told = match has_metadata {
        true => match commands::metadata(channel, MANAGEMENT_KEY)? {
            MetadataAnswer::Is(metadata) => metadata.algorithm,
            MetadataAnswer::NoSuchKey | MetadataAnswer::Unknown => None,
        },
        false => None,
    };
    let fitting = Cipher::ALL
        .into_iter()
        .filter(|cipher| cipher.key_len() == key.len() && told.is_none_or(|told| told == cipher.byte()));
    let mut refused = None;
    for cipher in fitting {
        let asked =
            commands::general_authenticate(channel, cipher.byte(), MANAGEMENT_KEY, &[(TAG_WITNESS, &[])]);
        match asked.map_err(CardError::from) {
            Ok(witness) => return Ok((cipher, witness)),
            Err(error) => match status_of(&error) {
                Some(StatusWord::WRONG_P1_P2 | StatusWord::WRONG_DATA | StatusWord::REFERENCE_NOT_FOUND) => {
                    refused = status_of(&error);
                }
                _ => return Err(error),
            },
        }
    }
    // A key of a length that the card's own does not have is a wrong key.
    Err(CardError::PinIncorrect { tries_left: None, status: refused })
}

fn wrong_key(error: CardError) -> CardError {
    match status_of(&error) {
        Some(StatusWord::AUTH_METHOD_BLOCKED) => {
            CardError::PinBlocked { status: Some(StatusWord::AUTH_METHOD_BLOCKED) }
        }
        Some(status) => CardError::PinIncorrect { tries_left: status.tries_left(), status: Some(status) },
        None => error,
    }
}

/// SET MANAGEMENT KEY (Yubico): with the old one proven, another of the same algorithm, or AES by its length.
pub(in crate::card::piv) fn set(
    channel: &mut Channel<'_>,
    old: Cipher,
    new: &Secret,
) -> Result<(), CardError> {
    let cipher = if new.len() == old.key_len() { old } else { Cipher::Aes(new.len()) };
    let mut data = zeroize::Zeroizing::new(vec![cipher.byte(), MANAGEMENT_KEY, new.len() as u8]);
    data.reserve_exact(new.len());
    data.extend_from_slice(new.expose());
    let data = Secret::new(std::mem::take(&mut *data));
    let command = Command::new(0x00, INS_SET_MANAGEMENT_KEY, 0xFF, WITHOUT_TOUCH).secret(data);
    match channel.send(&command)?.status {
        StatusWord::OK => Ok(()),
        StatusWord::INS_NOT_SUPPORTED | StatusWord::FUNCTION_NOT_SUPPORTED => {
            Err(CardError::NotSupported { what: "have another management key".to_owned() })
        }
        StatusWord::WRONG_DATA => {
            Err(CardError::NotSupported { what: format!("have a management key of {cipher:?}") })
        }
        StatusWord::SECURITY_NOT_SATISFIED => Err(CardError::NotAuthenticated),
        status => Err(CardError::Refused { doing: "take a management key", status }),
    }
}

const INS_SET_MANAGEMENT_KEY: u8 = 0xFF; // Yubico
const WITHOUT_TOUCH: u8 = 0xFF;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_hexadecimal_of_a_length_that_exists() {
        let len = |text: &str| key_of(&Secret::from(text)).map(|key| key.len());
        assert_eq!(len(&"01".repeat(24)).unwrap(), 24);
        assert_eq!(len(&"AB:".repeat(16)).unwrap(), 16);
        assert_eq!(len(&format!("{}\n", "ab".repeat(32))).unwrap(), 32);
        assert!(matches!(len("0102"), Err(CardError::PinLength { min: 32, max: 64 })));
        assert!(matches!(len(&"xy".repeat(24)), Err(CardError::NotSupported { .. })));
    }
}

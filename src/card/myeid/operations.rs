//! Computing with keys on a MyEID card: security environment, signatures, deciphering, key agreement.

use crate::apdu::iso::{self, PinState};
use crate::apdu::{Channel, Command, Response, StatusWord};
use crate::card::CardError;
use crate::codec::{Secret, tlv};
use crate::crypto::Curve;

use super::MyEid;
use super::commands::{self, Direction, Part, Purpose, Treatment};

/// Where a private key is, and what the card needs to know to use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyFile {
    /// Path of the folder from the MF.
    pub folder: Vec<u8>,
    /// File identifier.
    pub file: u16,
    /// Reference of the PIN that allows its use.
    pub pin: Option<u8>,
    /// Bits of an RSA modulus; 0 where the directory does not say.
    pub bits: u32,
    /// The curve of an elliptic curve key.
    pub curve: Option<Curve>,
}

/// What the card was last told to compute with. Valid as long as the transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Environment {
    purpose: Purpose,
    treatment: Treatment,
    folder: Vec<u8>,
    file: u16,
}

impl MyEid {
    /// The RSA operation on a block as long as the modulus. By PSO DECIPHER, because older cards do not sign
    /// 2048-bit blocks that they did not pad themselves.
    pub(super) fn rsa_raw(
        &mut self,
        channel: &mut Channel<'_>,
        key: &KeyFile,
        block: &[u8],
    ) -> Result<Secret, CardError> {
        let len = block.len();
        let commands = match block.split_at_checked(len / 2) {
            Some((first, second)) if len >= LONG_BLOCK && !self.info.chains() => vec![
                commands::decipher(Part::FirstHalf, first, len),
                commands::decipher(Part::SecondHalf, second, len),
            ],
            _ => vec![commands::decipher(Part::Whole, block, len)],
        };
        let result = self.compute(channel, key, Purpose::Decipher, Treatment::Raw, &commands)?;
        exactly(result, len, "RSA result")
    }

    /// A PKCS#1 v1.5 signature, padded by the card.
    pub(super) fn rsa_sign_pkcs1(
        &mut self,
        channel: &mut Channel<'_>,
        key: &KeyFile,
        digest_info: &[u8],
    ) -> Result<Secret, CardError> {
        let len = match key.bits.div_ceil(8) as usize {
            0 => commands::MAX_SHORT,
            len => len,
        };
        let command = commands::sign(digest_info, len);
        let result = self.compute(channel, key, Purpose::Sign, Treatment::Pkcs1, &[command])?;
        if key.bits == 0 { Ok(result) } else { exactly(result, len, "RSA signature") }
    }

    /// An ECDSA signature over a digest, as r‖s.
    pub(super) fn ecdsa_sign(
        &mut self,
        channel: &mut Channel<'_>,
        key: &KeyFile,
        digest: &[u8],
    ) -> Result<Secret, CardError> {
        let field_len = field_len(key)?;
        // The card takes exactly the field's length: shorter digests are numbers with leading zeros.
        let mut input = vec![0; field_len.saturating_sub(digest.len())];
        input.extend_from_slice(digest.get(..field_len).unwrap_or(digest));
        let command = commands::sign(&input, commands::MAX_SHORT);
        let result = self.compute(channel, key, Purpose::Sign, Treatment::Ec, &[command])?;
        plain_signature(result.expose(), field_len).map(Secret::new).ok_or_else(|| CardError::Malformed {
            what: "ECDSA signature".to_owned(),
            why: "not a sequence of two numbers of the field's size".to_owned(),
        })
    }

    /// The x coordinate of the point shared with the other side.
    pub(super) fn ecdh_agree(
        &mut self,
        channel: &mut Channel<'_>,
        key: &KeyFile,
        peer: &[u8],
    ) -> Result<Secret, CardError> {
        let len = field_len(key)?;
        let command = commands::agree(peer, len);
        let result = self.compute(channel, key, Purpose::Agree, Treatment::Ec, &[command])?;
        exactly(result, len, "shared secret")
    }

    /// AES over whole blocks, in a chain from `iv`, or each for itself. The card always chains, so a block for itself is a
    /// chain of one from zeros. Every piece has its environment: where a chain goes on is not left to the card.
    pub(super) fn aes_blocks(
        &mut self,
        channel: &mut Channel<'_>,
        key: &KeyFile,
        direction: Direction,
        iv: Option<[u8; 16]>,
        blocks: &[u8],
    ) -> Result<Secret, CardError> {
        self.environment = None;
        self.files.enter_file(channel, &key.folder, key.file)?;
        let piece_len = if iv.is_some() { LONGEST_PIECE } else { AES_BLOCK };
        let mut chain = iv.unwrap_or_default();
        let mut output = Vec::with_capacity(blocks.len());
        for piece in blocks.chunks(piece_len) {
            let commands =
                [commands::set_cipher(direction, key.file, &chain), commands::cipher(direction, piece)];
            let response = send_all(channel, &commands)?;
            if !response.status.is_ok() {
                return Err(self.refusal(channel, key, response.status));
            }
            let done = exactly(Secret::new(response.data), piece.len(), "AES result")?;
            let encrypted = if direction == Direction::Encipher { done.expose() } else { piece };
            if let (Some(_), Some(last)) = (iv, encrypted.last_chunk()) {
                chain = *last;
            }
            output.extend_from_slice(done.expose());
        }
        Ok(Secret::new(output))
    }

    /// Sends an operation's commands with the right environment set: the last one set, where it is the same
    /// (a batch then costs one APDU for each operation).
    fn compute(
        &mut self,
        channel: &mut Channel<'_>,
        key: &KeyFile,
        purpose: Purpose,
        treatment: Treatment,
        operation: &[Command],
    ) -> Result<Secret, CardError> {
        let wanted = Environment { purpose, treatment, folder: key.folder.clone(), file: key.file };
        let reused = self.environment.as_ref() == Some(&wanted);
        if !reused {
            self.set_environment(channel, &wanted)?;
        }
        let mut response = send_all(channel, operation)?;
        if !response.status.is_ok() && reused {
            self.set_environment(channel, &wanted)?;
            response = send_all(channel, operation)?;
        }
        if response.status.is_ok() {
            return Ok(Secret::new(response.data));
        }
        self.environment = None;
        Err(self.refusal(channel, key, response.status))
    }

    fn set_environment(&mut self, channel: &mut Channel<'_>, wanted: &Environment) -> Result<(), CardError> {
        self.environment = None;
        // The key file itself: OsEID takes the curve of a key agreement from the selected file.
        self.files.enter_file(channel, &wanted.folder, wanted.file)?;
        let command = commands::set_environment(wanted.purpose, wanted.treatment, wanted.file);
        match channel.send(&command)?.status {
            StatusWord::OK => {
                self.environment = Some(wanted.clone());
                Ok(())
            }
            StatusWord::REFERENCE_NOT_FOUND | StatusWord::FILE_NOT_FOUND => Err(CardError::NoSuchObject),
            status => Err(CardError::Refused { doing: "choose the key", status }),
        }
    }

    /// What a refused operation means. The card says 6985 of a missing login too, so it is asked.
    fn refusal(&mut self, channel: &mut Channel<'_>, key: &KeyFile, status: StatusWord) -> CardError {
        let refused = CardError::Refused { doing: "compute with the key", status };
        match (status, key.pin) {
            (StatusWord::SECURITY_NOT_SATISFIED, _) => CardError::NotAuthenticated,
            (StatusWord::CONDITIONS_NOT_SATISFIED, Some(pin)) => match iso::pin_state(channel, pin) {
                Ok(PinState::Verified) => refused,
                Ok(_) => CardError::NotAuthenticated,
                Err(error) => error.into(),
            },
            _ => refused,
        }
    }
}

/// Sends commands in order; the first refusal ends it. The response is that of the last one sent.
fn send_all(channel: &mut Channel<'_>, commands: &[Command]) -> Result<Response, CardError> {
    let mut last = Response { data: Vec::new(), status: StatusWord::OK };
    for command in commands {
        last = channel.send(command)?;
        if !last.status.is_ok() {
            break;
        }
    }
    Ok(last)
}

fn field_len(key: &KeyFile) -> Result<usize, CardError> {
    key.curve
        .map(Curve::field_len)
        .ok_or_else(|| CardError::NotSupported { what: "compute on this key's curve".to_owned() })
}

fn exactly(bytes: Secret, len: usize, what: &str) -> Result<Secret, CardError> {
    if bytes.len() == len {
        return Ok(bytes);
    }
    Err(CardError::Malformed {
        what: what.to_owned(),
        why: format!("{} bytes came where {len} belong", bytes.len()),
    })
}

/// r‖s of a DER signature. Tolerates lengths that are not the shortest, which OsEID writes.
fn plain_signature(der: &[u8], field_len: usize) -> Option<Vec<u8>> {
    let mut numbers = tlv::Reader::new(tlv::find(der, 0x30)?);
    let mut plain = Vec::with_capacity(2 * field_len);
    for _ in 0..2 {
        let number = numbers.next()?.ok().filter(|number| number.tag == 0x02)?.value;
        let leading = number.iter().take_while(|byte| **byte == 0).count();
        let digits = number.get(leading..)?;
        plain.resize(plain.len() + field_len.checked_sub(digits.len())?, 0);
        plain.extend_from_slice(digits);
    }
    Some(plain)
}

/// Blocks from this length on do not fit a short APDU with the padding indicator.
const LONG_BLOCK: usize = 255;
/// Bytes of a block of AES, and whole blocks that fit a short APDU.
const AES_BLOCK: usize = 16;
const LONGEST_PIECE: usize = 15 * AES_BLOCK;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;

    #[test]
    fn plain_signature_fills_short_numbers_and_drops_sign_bytes() {
        let der = hex::decode("3008 0202 00ff 0202 0102").unwrap();
        assert_eq!(hex::encode(&plain_signature(&der, 2).unwrap()), "00ff0102");
        assert_eq!(hex::encode(&plain_signature(&der, 4).unwrap()), "000000ff00000102");
        assert_eq!(plain_signature(&der, 1), None, "number longer than the field");
    }

    #[test]
    fn plain_signature_that_is_none_is_refused() {
        for bytes in ["", "30", "3000", "3003020101", "300602010104 0101", "9000"] {
            assert_eq!(plain_signature(&hex::decode(bytes).unwrap(), 2), None, "{bytes}");
        }
    }
}

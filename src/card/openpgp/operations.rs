//! Signatures, decryption, key agreement, random bytes (OpenPGP card 3.4, 7.2.10 to 7.2.15).

use super::attributes::{CurveAlgorithm, KeyCurve};
use super::place::Place;
use super::{OpenPgp, commands, is_ours};
use crate::apdu::{Channel, Command, StatusWord, iso};
use crate::card::{CardCall, CardError};
use crate::codec::Secret;
use crate::crypto::{CryptoError, Curve};
use crate::token::ObjectId;

impl OpenPgp {
    /// Computes with a key. The PIN stands already, so the application is not selected again, which would end that.
    pub(super) fn compute(
        &mut self,
        channel: &mut Channel<'_>,
        call: &CardCall<'_>,
    ) -> Result<Secret, CardError> {
        match *call {
            CardCall::RsaSignPkcs1 { key, digest_info } => self.sign(channel, key, digest_info),
            CardCall::RsaDecryptPkcs1 { key, cryptogram } => self.decrypt_rsa(channel, key, cryptogram),
            CardCall::EcdsaSign { key, digest } => {
                let curve = self.named_curve(key, CurveAlgorithm::Ecdsa)?;
                let signature = self.sign(channel, key, &as_long_as_the_order(curve, digest))?;
                expect_len(&signature, 2 * curve.field_len(), "the signature")?;
                Ok(signature)
            }
            CardCall::Ed25519Sign { key, message } => {
                let signature = self.sign(channel, key, message)?;
                expect_len(&signature, ED25519_LEN, "the signature")?;
                Ok(signature)
            }
            CardCall::EcdhAgree { key, peer } => {
                let curve = self.named_curve(key, CurveAlgorithm::Ecdh)?;
                self.agree(channel, key, peer, curve.field_len())
            }
            CardCall::X25519Agree { key, peer } => self.agree(channel, key, peer, X25519_LEN),
            CardCall::Random { len } => self.random(channel, len),
            CardCall::RsaRaw { .. } => Err(not_supported("do the bare RSA operation")),
            CardCall::AesEncrypt { .. } | CardCall::AesDecrypt { .. } => {
                Err(not_supported("use AES keys of its users"))
            }
        }
    }

    /// Signs with the command of the key's place. Errors: `NotSupported` for a key that does not sign.
    fn sign(&mut self, channel: &mut Channel<'_>, key: ObjectId, input: &[u8]) -> Result<Secret, CardError> {
        let place = self.place_of(key)?;
        let command = match place {
            Place::Signature => commands::sign(input),
            Place::Authentication => commands::authenticate(input),
            Place::Decryption => return Err(not_supported("sign with its encryption key")),
        };
        let signature = self.ask(channel, &command, "sign")?;
        self.signature_pin_spent |= place == Place::Signature && self.application.pins.signature_forced;
        Ok(signature)
    }

    fn place_of(&self, key: ObjectId) -> Result<Place, CardError> {
        let place = Place::of_private(key).filter(|place| self.application.has_key(*place));
        place.ok_or(CardError::NoSuchObject)
    }

    fn named_curve(&self, key: ObjectId, algorithm: CurveAlgorithm) -> Result<Curve, CardError> {
        match self.application.attributes(self.place_of(key)?).curve() {
            Some((its, KeyCurve::Named(curve))) if its == algorithm => Ok(curve),
            _ => Err(not_supported("compute this with that key")),
        }
    }

    /// PSO: DECIPHER; padding is taken off by the card. Whatever is wrong with the cryptogram is the same error.
    fn decrypt_rsa(
        &mut self,
        channel: &mut Channel<'_>,
        key: ObjectId,
        cryptogram: &[u8],
    ) -> Result<Secret, CardError> {
        let place = self.place_of(key)?;
        self.decipher_with(channel, place)?;
        let input = [&[RSA_PADDING_INDICATOR], cryptogram].concat();
        match self.ask(channel, &commands::decipher(&input), "decrypt") {
            Err(CardError::Refused { .. }) => Err(CryptoError::Decryption.into()),
            answer => answer,
        }
    }

    /// PSO: DECIPHER of the other side's public key: the shared secret, or the point whose first coordinate it is.
    fn agree(
        &mut self,
        channel: &mut Channel<'_>,
        key: ObjectId,
        peer: &[u8],
        len: usize,
    ) -> Result<Secret, CardError> {
        let place = self.place_of(key)?;
        self.decipher_with(channel, place)?;
        let command = commands::decipher(&commands::cipher_object(peer));
        let answer = self.ask(channel, &command, "agree on a key")?;
        let shared = match answer.expose() {
            [UNCOMPRESSED, coordinates @ ..] if coordinates.len() == 2 * len => {
                Secret::from(coordinates.get(..len).unwrap_or_default())
            }
            _ => answer,
        };
        expect_len(&shared, len, "the shared secret")?;
        Ok(shared)
    }

    /// Lets PSO: DECIPHER use a key, if it is not certain that it does.
    fn decipher_with(&mut self, channel: &mut Channel<'_>, place: Place) -> Result<(), CardError> {
        if self.deciphers_with == Some(place) {
            return Ok(());
        }
        if !self.application.capabilities.key_swap {
            return match place {
                Place::Decryption => Ok(()),
                _ => Err(not_supported("decrypt with that key")),
            };
        }
        let status = channel.send(&commands::decipher_with(place))?.status;
        if !status.is_ok() {
            return Err(self.refusal(channel, status, "choose the key"));
        }
        self.deciphers_with = Some(place);
        Ok(())
    }

    fn random(&mut self, channel: &mut Channel<'_>, len: usize) -> Result<Secret, CardError> {
        match self.application.capabilities.challenge_len {
            0 => Err(not_supported("give random bytes")),
            most => {
                self.enter(channel)?;
                Ok(iso::get_challenge(channel, len, most)?)
            }
        }
    }

    /// Sends a command that uses a key. Errors: `NotAuthenticated`, `LoginLost`, `Refused`.
    fn ask(
        &mut self,
        channel: &mut Channel<'_>,
        command: &Command,
        doing: &'static str,
    ) -> Result<Secret, CardError> {
        let response = channel.send(command)?;
        let answer = Secret::new(response.data);
        if response.status.is_ok() { Ok(answer) } else { Err(self.refusal(channel, response.status, doing)) }
    }

    /// Why a key was not used: another program may have selected another application, and ended the login by it.
    fn refusal(&mut self, channel: &mut Channel<'_>, status: StatusWord, doing: &'static str) -> CardError {
        if !self.selected {
            match channel.send(&commands::get_data(commands::TAG_AID)) {
                Ok(told) if told.status.is_ok() && is_ours(&told.data, &self.application) => {
                    self.selected = true
                }
                Ok(_) => return CardError::LoginLost,
                Err(error) => return error.into(),
            }
        }
        match status {
            StatusWord::SECURITY_NOT_SATISFIED => CardError::NotAuthenticated,
            status => CardError::Refused { doing, status },
        }
    }
}

/// A digest as cards want it, which compare its length with the curve's: as a number it is the same with zeros in
/// front. No digest is longer than 64 bytes, so that is what P-521 takes.
fn as_long_as_the_order(curve: Curve, digest: &[u8]) -> Vec<u8> {
    let len = curve.field_len().min(LONGEST_DIGEST);
    let mut padded = vec![0; len.saturating_sub(digest.len())];
    padded.extend_from_slice(digest);
    padded
}

/// Errors: `Malformed`.
fn expect_len(answer: &Secret, len: usize, what: &str) -> Result<(), CardError> {
    if answer.len() == len {
        return Ok(());
    }
    let why = format!("{} bytes where {len} are right", answer.len());
    Err(CardError::Malformed { what: what.to_owned(), why })
}

fn not_supported(what: &str) -> CardError {
    CardError::NotSupported { what: what.to_owned() }
}

/// In front of an RSA cryptogram (7.2.11).
const RSA_PADDING_INDICATOR: u8 = 0x00;
const UNCOMPRESSED: u8 = 0x04;
const ED25519_LEN: usize = 64;
const X25519_LEN: usize = 32;
const LONGEST_DIGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_gets_zeros_in_front_up_to_the_curve_and_no_further() {
        assert_eq!(as_long_as_the_order(Curve::P256, &[7; 32]), [7; 32]);
        let padded = as_long_as_the_order(Curve::P384, &[7; 32]);
        assert_eq!((padded.len(), padded[15], padded[16]), (48, 0, 7));
        assert_eq!(as_long_as_the_order(Curve::P521, &[7; 32]).len(), 64);
        assert_eq!(as_long_as_the_order(Curve::P521, &[7; 66]).len(), 66);
    }
}

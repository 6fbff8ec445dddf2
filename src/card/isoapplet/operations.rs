//! Computing with keys of the IsoApplet: security environment, signatures, deciphering.

use crate::apdu::{ApduError, Channel, Command, StatusWord};
use crate::card::CardError;
use crate::codec::Secret;
use crate::crypto::{CryptoError, Curve, ec};

use super::IsoApplet;
use super::commands::{self, Algorithm, Purpose};

/// A private key of the card, and what is needed to use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyPlace {
    /// Its number in the applet.
    pub reference: u8,
    /// Bits of an RSA modulus; 0 for another key.
    pub bits: u32,
    /// The curve of an elliptic curve key.
    pub curve: Option<Curve>,
}

/// What the card was last told to compute with. Valid as long as the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Environment {
    purpose: Purpose,
    algorithm: Algorithm,
    reference: u8,
}

impl IsoApplet {
    /// A PKCS#1 v1.5 signature, padded by the card.
    pub(super) fn rsa_sign_pkcs1(
        &mut self,
        channel: &mut Channel<'_>,
        key: KeyPlace,
        digest_info: &[u8],
    ) -> Result<Secret, CardError> {
        let len = key.bits.div_ceil(8) as usize;
        let command = commands::sign(digest_info, len);
        let wanted =
            Environment { purpose: Purpose::Sign, algorithm: Algorithm::RsaPkcs1, reference: key.reference };
        let answer = self.compute(channel, wanted, &command)?.map_err(|status| refusal("sign", status))?;
        if answer.len() == len {
            return Ok(answer);
        }
        Err(CardError::Malformed {
            what: "RSA signature".to_owned(),
            why: format!("{} bytes came where {len} belong", answer.len()),
        })
    }

    /// PKCS#1 v1.5 decryption: the card takes the padding off. Whatever it says of the cryptogram is the same error.
    pub(super) fn rsa_decrypt_pkcs1(
        &mut self,
        channel: &mut Channel<'_>,
        key: KeyPlace,
        cryptogram: &[u8],
    ) -> Result<Secret, CardError> {
        let command = commands::decipher(cryptogram);
        let wanted = Environment {
            purpose: Purpose::Decipher,
            algorithm: Algorithm::RsaPkcs1,
            reference: key.reference,
        };
        self.compute(channel, wanted, &command)?.map_err(|status| match status {
            StatusWord::SECURITY_NOT_SATISFIED => CardError::NotAuthenticated,
            _ => CryptoError::Decryption.into(),
        })
    }

    /// An ECDSA signature over a digest, as r‖s.
    pub(super) fn ecdsa_sign(
        &mut self,
        channel: &mut Channel<'_>,
        key: KeyPlace,
        digest: &[u8],
    ) -> Result<Secret, CardError> {
        let curve =
            key.curve.filter(|_| self.applet.signs_digests()).ok_or_else(|| CardError::NotSupported {
                what: "sign a digest with this key: its applet makes SHA-1 of the message itself".to_owned(),
            })?;
        let wanted =
            Environment { purpose: Purpose::Sign, algorithm: Algorithm::Ecdsa, reference: key.reference };
        let command = commands::sign(digest, 256);
        let answer = self.compute(channel, wanted, &command)?.map_err(|status| refusal("sign", status))?;
        Ok(Secret::new(ec::signature_from_der(curve, answer.expose())?))
    }

    /// Sends an operation with the right environment set: the last one set, where it is the same (a batch then costs one
    /// APDU for each operation). The inner error is what the card said to the operation itself.
    fn compute(
        &mut self,
        channel: &mut Channel<'_>,
        wanted: Environment,
        operation: &Command,
    ) -> Result<Result<Secret, StatusWord>, CardError> {
        let reused = self.environment == Some(wanted);
        match self.set_environment_unless(reused, channel, wanted) {
            // Another program may have selected another applet since the last transaction.
            Err(error) if !self.selected && !is_transport(&error) => {
                self.ask_for_changes(channel)?;
                self.set_environment(channel, wanted)?;
            }
            other => other?,
        }
        let mut response = send(channel, operation)?;
        if !response.status.is_ok() && reused {
            self.set_environment(channel, wanted)?;
            response = send(channel, operation)?;
        }
        if response.status.is_ok() {
            return Ok(Ok(Secret::new(response.data)));
        }
        self.environment = None;
        Ok(Err(response.status))
    }

    fn set_environment_unless(
        &mut self,
        is_set: bool,
        channel: &mut Channel<'_>,
        wanted: Environment,
    ) -> Result<(), CardError> {
        if is_set { Ok(()) } else { self.set_environment(channel, wanted) }
    }

    fn set_environment(&mut self, channel: &mut Channel<'_>, wanted: Environment) -> Result<(), CardError> {
        self.environment = None;
        let command = commands::set_environment(wanted.purpose, wanted.algorithm, wanted.reference);
        match channel.send(&command)?.status {
            StatusWord::OK => {
                self.environment = Some(wanted);
                Ok(())
            }
            // The applet stumbles over a reference without a key.
            StatusWord(0x6F00) | StatusWord::REFERENCE_DATA_NOT_USABLE => Err(CardError::NoSuchObject),
            status => Err(refusal("choose the key", status)),
        }
    }
}

/// Sends an operation; what is too long for the reader is said so that its user understands.
fn send(channel: &mut Channel<'_>, operation: &Command) -> Result<crate::apdu::Response, CardError> {
    channel.send(operation).map_err(|error| match error {
        ApduError::TooLong { .. } => CardError::NotSupported { what: NEEDS_EXTENDED.to_owned() },
        error => error.into(),
    })
}

fn is_transport(error: &CardError) -> bool {
    matches!(error, CardError::Apdu(ApduError::Transport(_)))
}

/// What a refused operation means.
pub(super) fn refusal(doing: &'static str, status: StatusWord) -> CardError {
    match status {
        StatusWord::SECURITY_NOT_SATISFIED => CardError::NotAuthenticated,
        status => CardError::Refused { doing, status },
    }
}

/// Why a long command is not sent.
pub(super) const NEEDS_EXTENDED: &str =
    "take so long a command in this reader: its applet needs APDUs of extended length";

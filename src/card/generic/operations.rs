//! Computing with a key of a card of which nothing is known but ISO 7816-4 and -8: MANAGE SECURITY ENVIRONMENT
//! and PERFORM SECURITY OPERATION. What a card makes of them differs, so that each way is tried in turn, and a
//! signature is believed only when the public key says that it is one.

use std::collections::BTreeMap;

use crate::apdu::{Channel, Command, StatusWord};
use crate::card::CardError;
use crate::card::pkcs15::Path;
use crate::codec::{Secret, tlv};
use crate::crypto::{CryptoError, Curve, PublicKey, ec, rsa};
use crate::token::ObjectId;

use super::files::Selector;

/// What is known of a private key.
#[derive(Debug, Clone)]
pub(super) struct KeyPlace {
    pub(super) object: ObjectId,
    /// Its file, where it has one.
    pub(super) path: Option<Path>,
    /// Its reference in the card.
    pub(super) reference: Option<u32>,
    /// The algorithm reference that TokenInfo gives for it.
    pub(super) algorithm: Option<u32>,
    /// Its public half.
    pub(super) public: Option<PublicKey>,
    /// Bytes of the modulus, where the public half is not known.
    pub(super) modulus_len: usize,
}

/// One way of asking a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    /// Algorithm reference (tag 80).
    algorithm: Option<u8>,
    /// Name the key's file (tag 81).
    file: bool,
    /// Name the key's reference (tag 84).
    reference: bool,
    /// The host pads, and the card does the bare RSA operation.
    padded: bool,
}

/// The ways of each key and purpose, and the environment that the card is in.
#[derive(Debug, Default)]
pub(super) struct Environment {
    ways: BTreeMap<(ObjectId, Purpose), Ways>,
    current: Option<(ObjectId, Purpose, Way)>,
}

/// The ways of one key for one purpose.
#[derive(Debug, Clone)]
struct Ways {
    list: Vec<Way>,
    /// Those before it did not work.
    next: usize,
    /// The next one worked before: what the card refuses now is not the way.
    proven: bool,
}

/// What a security environment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Purpose {
    Rsa,
    Ecdsa,
    Decipher,
}

impl Environment {
    /// Another program may have set another environment.
    pub(super) fn forget(&mut self) {
        self.current = None;
    }

    /// PKCS#1 v1.5 signature over a DigestInfo.
    pub(super) fn sign_rsa(
        &mut self,
        channel: &mut Channel<'_>,
        selector: &mut Selector,
        key: &KeyPlace,
        digest_info: &[u8],
    ) -> Result<Secret, CardError> {
        let block = rsa::pkcs1_sign_encode(digest_info, key.modulus_len)?;
        self.each_way(channel, selector, key, Purpose::Rsa, |channel, way| {
            let input = if way.padded { &block } else { digest_info };
            let answer = sign(channel, input, key.modulus_len)?;
            let right = match &key.public {
                Some(public) => rsa::pkcs1_verify(public, digest_info, &answer).unwrap_or(false),
                None => answer.len() == key.modulus_len,
            };
            Ok(right.then(|| Secret::new(answer)))
        })
    }

    /// ECDSA signature over a digest, r‖s.
    pub(super) fn sign_ecdsa(
        &mut self,
        channel: &mut Channel<'_>,
        selector: &mut Selector,
        key: &KeyPlace,
        curve: Curve,
        digest: &[u8],
    ) -> Result<Secret, CardError> {
        let len = 2 * curve.field_len();
        self.each_way(channel, selector, key, Purpose::Ecdsa, |channel, _| {
            let answer = sign(channel, digest, 256)?;
            let from_der = ec::signature_from_der(curve, &answer).ok();
            let plain = Some(answer).filter(|answer| answer.len() == len);
            let fits = |signature: &Vec<u8>| match &key.public {
                Some(public) => ec::verify(public, digest, signature).unwrap_or(false),
                None => true,
            };
            Ok([plain, from_der].into_iter().flatten().find(fits).map(Secret::new))
        })
    }

    /// Takes the PKCS#1 v1.5 encryption off a cryptogram.
    pub(super) fn decipher(
        &mut self,
        channel: &mut Channel<'_>,
        selector: &mut Selector,
        key: &KeyPlace,
        cryptogram: &[u8],
    ) -> Result<Secret, CardError> {
        self.each_way(channel, selector, key, Purpose::Decipher, |channel, _| {
            let data = [&[PADDING_INDICATOR], cryptogram].concat();
            let mut command = Command::new(0x00, INS_PERFORM_SECURITY_OPERATION, 0x80, 0x86)
                .data(&data)
                .expect(key.modulus_len);
            command.sensitive = true;
            let answer = channel.call_secret(&command)?;
            if answer.len() < key.modulus_len {
                return Ok(Some(answer));
            }
            Ok(Some(rsa::pkcs1_unpad(&answer)?.into_message()?))
        })
    }

    /// Tries the ways until one gives an answer, which is then the only one. A signature that the card refuses or
    /// gets wrong spends its way for good; a refusal to decrypt does not, because the cryptogram may be the reason.
    /// Errors: `NotAuthenticated`; `NotSupported` when no way is left.
    fn each_way(
        &mut self,
        channel: &mut Channel<'_>,
        selector: &mut Selector,
        key: &KeyPlace,
        purpose: Purpose,
        mut compute: impl FnMut(&mut Channel<'_>, Way) -> Result<Option<Secret>, CardError>,
    ) -> Result<Secret, CardError> {
        let name = (key.object, purpose);
        let mut ways = self.ways.get(&name).cloned().unwrap_or_else(|| ways(key, purpose));
        while let Some(way) = ways.list.get(ways.next).copied() {
            let result = self.set(channel, selector, key, purpose, way).and_then(|()| compute(channel, way));
            let refused = match result {
                Ok(Some(answer)) => {
                    ways.proven = true;
                    self.ways.insert(name, ways);
                    return Ok(answer);
                }
                Ok(None) => CardError::Malformed {
                    what: "the answer of a key".to_owned(),
                    why: "it is not the signature that the public key wants".to_owned(),
                },
                Err(error) => match super::files::status(&error) {
                    Some(StatusWord::SECURITY_NOT_SATISFIED) => {
                        self.current = None;
                        return Err(CardError::NotAuthenticated);
                    }
                    Some(status) if REFUSALS.contains(&status) => error,
                    _ => return Err(error),
                },
            };
            self.current = None;
            if ways.proven {
                return Err(if purpose == Purpose::Decipher {
                    CryptoError::Decryption.into()
                } else {
                    refused
                });
            }
            tracing::debug!(?way, ?purpose, %refused, "another way is tried");
            ways.next += 1;
            if purpose != Purpose::Decipher {
                self.ways.insert(name, ways.clone());
            }
        }
        let what = format!("{} with this key by the standard's commands", purpose.verb());
        Err(CardError::NotSupported { what })
    }

    /// MSE SET, unless the card is in this environment already.
    fn set(
        &mut self,
        channel: &mut Channel<'_>,
        selector: &mut Selector,
        key: &KeyPlace,
        purpose: Purpose,
        way: Way,
    ) -> Result<(), CardError> {
        let wanted = Some((key.object, purpose, way));
        if self.current == wanted {
            return Ok(());
        }
        self.current = None;
        if let Some(path) = &key.path {
            selector.select(channel, path)?;
        }
        let mut data = Vec::new();
        if let Some(algorithm) = way.algorithm {
            tlv::write(&mut data, 0x80, &[algorithm]);
        }
        if let (true, Some(path)) = (way.file, &key.path) {
            let start = path.value.len().saturating_sub(2);
            tlv::write(&mut data, 0x81, path.value.get(start..).unwrap_or_default());
        }
        if let (true, Some(reference)) = (way.reference, key.reference) {
            tlv::write(&mut data, 0x84, &[reference as u8]);
        }
        let template = match purpose {
            Purpose::Rsa | Purpose::Ecdsa => DIGITAL_SIGNATURE_TEMPLATE,
            Purpose::Decipher => CONFIDENTIALITY_TEMPLATE,
        };
        channel.call(&Command::new(0x00, INS_MANAGE_SECURITY_ENVIRONMENT, 0x41, template).data(&data))?;
        self.current = wanted;
        Ok(())
    }
}

impl Purpose {
    fn verb(self) -> &'static str {
        match self {
            Self::Rsa | Self::Ecdsa => "sign",
            Self::Decipher => "decrypt",
        }
    }
}

/// The ways for a key, the likeliest first: with what the directory says of it, then with less; without an
/// algorithm reference, then with the one that most cards have for it.
fn ways(key: &KeyPlace, purpose: Purpose) -> Ways {
    let said = key.algorithm.and_then(|reference| u8::try_from(reference).ok());
    let usual = match purpose {
        Purpose::Rsa | Purpose::Decipher => USUAL_RSA_PKCS1,
        Purpose::Ecdsa => USUAL_ECDSA,
    };
    let mut algorithms = vec![said, None, Some(usual)];
    if said.is_none() {
        algorithms.remove(0);
    }
    let names: Vec<(bool, bool)> = match (key.path.is_some(), key.reference.is_some()) {
        (true, true) => vec![(true, true), (false, true), (true, false)],
        (file, reference) => vec![(file, reference)],
    };
    let mut list = Vec::new();
    for padded in if purpose == Purpose::Rsa { &[false, true][..] } else { &[false] } {
        for algorithm in &algorithms {
            for (file, reference) in &names {
                list.push(Way { algorithm: *algorithm, file: *file, reference: *reference, padded: *padded });
            }
        }
    }
    Ways { list, next: 0, proven: false }
}

/// PSO COMPUTE DIGITAL SIGNATURE.
fn sign(channel: &mut Channel<'_>, input: &[u8], expected: usize) -> Result<Vec<u8>, CardError> {
    let command = Command::new(0x00, INS_PERFORM_SECURITY_OPERATION, 0x9E, 0x9A).data(input).expect(expected);
    Ok(channel.call(&command)?)
}

const INS_MANAGE_SECURITY_ENVIRONMENT: u8 = 0x22; // ISO 7816-4, 11.5.11
const INS_PERFORM_SECURITY_OPERATION: u8 = 0x2A; // ISO 7816-8, 6.3
const DIGITAL_SIGNATURE_TEMPLATE: u8 = 0xB6;
const CONFIDENTIALITY_TEMPLATE: u8 = 0xB8;
/// PSO DECIPHER: no further indication (ISO 7816-8, table 17).
const PADDING_INDICATOR: u8 = 0x00;
/// The reference by which most cards that want one call RSA with PKCS#1 v1.5 padding, and ECDSA.
const USUAL_RSA_PKCS1: u8 = 0x02;
const USUAL_ECDSA: u8 = 0x04;

/// Answers that refuse a way and not the key: another way may do.
const REFUSALS: [StatusWord; 12] = [
    StatusWord::WRONG_LENGTH,
    StatusWord::CONDITIONS_NOT_SATISFIED,
    StatusWord(0x6981),
    StatusWord(0x6987),
    StatusWord(0x6988),
    StatusWord::WRONG_DATA,
    StatusWord::FUNCTION_NOT_SUPPORTED,
    StatusWord::FILE_NOT_FOUND,
    StatusWord::WRONG_P1_P2,
    StatusWord::REFERENCE_NOT_FOUND,
    StatusWord::INS_NOT_SUPPORTED,
    StatusWord(0x6F00),
];

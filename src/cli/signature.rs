//! Forms of a signature in a file, and of plain ones (raw, DER, hexadecimal, base64) writing them and finding out which
//! one a file has.

use clap::ValueEnum;

use super::error::CliError;
use crate::codec::hex;
use crate::crypto::ec::{signature_from_der, signature_to_der};
use crate::crypto::{Curve, PublicKey};
use crate::token::KeyAlgorithm;

/// Forms of a signature on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SignatureFormat {
    /// The bytes of PKCS#11: for ECDSA r and s side by side
    Raw,
    /// ECDSA as a SEQUENCE of r and s, as OpenSSL has it
    Der,
    /// The raw form in hexadecimal
    Hex,
    /// The raw form in base64
    Base64,
    /// CMS SignedData (PKCS#7) with the certificate and CAdES attributes, DER
    Cms,
    /// The same in PEM
    Pem,
    /// An SSH signature, as ssh-keygen -Y and git have it
    Ssh,
    /// A compact JSON Web Signature
    Jws,
}

impl SignatureFormat {
    /// The plain form; `None` for those that hold more than the signature.
    pub fn plain(self) -> Option<Format> {
        match self {
            Self::Raw => Some(Format::Raw),
            Self::Der => Some(Format::Der),
            Self::Hex => Some(Format::Hex),
            Self::Base64 => Some(Format::Base64),
            Self::Cms | Self::Pem | Self::Ssh | Self::Jws => None,
        }
    }

    /// True where the certificate of the key and its chain go along.
    pub fn takes_certificates(self) -> bool {
        matches!(self, Self::Cms | Self::Pem | Self::Jws)
    }

    /// Its name on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Der => "der",
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Cms => "cms",
            Self::Pem => "pem",
            Self::Ssh => "ssh",
            Self::Jws => "jws",
        }
    }

    /// False for bytes that are no text.
    pub fn is_text(self) -> bool {
        !matches!(self, Self::Raw | Self::Der | Self::Cms)
    }

    /// What the name of a signature's file has behind that of the signed file (RFC 5751, 3.2.1 for CMS).
    pub fn suffix(self, attached: bool) -> &'static str {
        match self {
            Self::Raw | Self::Der | Self::Hex | Self::Base64 | Self::Ssh => ".sig",
            Self::Cms if attached => ".p7m",
            Self::Cms => ".p7s",
            Self::Pem => ".pem",
            Self::Jws => ".jws",
        }
    }

    /// Every suffix that a signature of this format can have; without one, of any.
    pub fn suffixes(format: Option<Self>) -> Vec<&'static str> {
        let formats =
            format.map_or_else(|| vec![Self::Raw, Self::Cms, Self::Pem, Self::Jws], |format| vec![format]);
        let both = |format: Self| [format.suffix(false), format.suffix(true)];
        let mut suffixes: Vec<&str> = formats.into_iter().flat_map(both).collect();
        suffixes.dedup();
        suffixes
    }
}

/// The form of a plain signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As PKCS#11 has it: for ECDSA r‖s.
    Raw,
    /// ECDSA as `SEQUENCE { r, s }` (RFC 3279, 2.2.3).
    Der,
    /// Raw, in hexadecimal, with a line end.
    Hex,
    /// Raw, in base64, with a line end.
    Base64,
}

impl Format {
    /// Refuses a form that the key does not have.
    pub fn check(self, key: &KeyAlgorithm) -> Result<(), CliError> {
        if self == Self::Der && !matches!(key, KeyAlgorithm::Ec { .. }) {
            return Err(CliError::usage("only ECDSA signatures have a DER form")
                .hint("leave --format out: an RSA signature is the same bytes everywhere"));
        }
        Ok(())
    }

    /// Writes a raw signature in this form.
    pub fn encode(self, key: &KeyAlgorithm, raw: &[u8]) -> Result<Vec<u8>, CliError> {
        self.check(key)?;
        match self {
            Self::Raw => Ok(raw.to_vec()),
            Self::Der => signature_to_der(raw)
                .map_err(|source| CliError::usage("the signature has no DER form").cause(source)),
            Self::Hex => Ok(format!("{}\n", hex::encode(raw)).into_bytes()),
            Self::Base64 => Ok(format!("{}\n", base64(raw)).into_bytes()),
        }
    }
}

/// The raw signatures that the bytes of a file can mean for this key, the likeliest first. An ECDSA signature
/// of the raw length can be DER all the same: whoever verifies tries both.
pub fn readings(bytes: &[u8], format: Option<Format>, key: &PublicKey) -> Result<Vec<Vec<u8>>, CliError> {
    match format {
        Some(Format::Hex) => {
            let text = std::str::from_utf8(bytes)
                .map_err(|_| CliError::usage("the signature is not hexadecimal"))?;
            let raw = hex::decode(text)
                .map_err(|source| CliError::usage("the signature is not hexadecimal").cause(source))?;
            Ok(vec![raw])
        }
        Some(Format::Base64) => {
            let raw = unbase64(bytes).ok_or_else(|| CliError::usage("the signature is not base64"))?;
            Ok(vec![raw])
        }
        Some(Format::Raw) => Ok(vec![bytes.to_vec()]),
        Some(Format::Der) => match key.ec().map(|(curve, _)| from_der(curve, bytes)) {
            Some(reading) => Ok(reading.into_iter().collect()),
            None => Err(CliError::usage("only ECDSA signatures have a DER form")),
        },
        None => {
            let der = key.ec().and_then(|(curve, _)| from_der(curve, bytes));
            Ok(std::iter::once(bytes.to_vec()).chain(der).collect())
        }
    }
}

fn from_der(curve: Curve, bytes: &[u8]) -> Option<Vec<u8>> {
    signature_from_der(curve, bytes).ok()
}

/// Base64 with padding (RFC 4648, 4).
fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for position in 0..4 {
            let index = (group >> (18 - 6 * position) & 0x3F) as usize;
            let digit = ALPHABET.get(index).copied().unwrap_or(b'=');
            text.push(if position <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// Reads base64 with or without padding; white space is skipped.
fn unbase64(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut group, mut bits) = (0u32, 0u32);
    let trimmed = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    let digits: Vec<u8> = trimmed.copied().collect();
    let end = digits.iter().rposition(|byte| *byte != b'=').map_or(0, |position| position + 1);
    for digit in digits.get(..end)? {
        let value = ALPHABET.iter().position(|known| known == digit)?;
        group = group << 6 | u32::try_from(value).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(group >> bits & 0xFF).ok()?);
        }
    }
    (bits < 6 && group & ((1 << bits) - 1) == 0).then_some(bytes)
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_rfc4648_vectors_go_both_ways() {
        // RFC 4648, section 10.
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), encoded);
            assert_eq!(unbase64(encoded.as_bytes()).as_deref(), Some(plain.as_bytes()));
        }
        assert_eq!(unbase64(b"Zm9v\nYmFy\n"), Some(b"foobar".to_vec()));
        assert_eq!(unbase64(b"Zg"), Some(b"f".to_vec()));
        for bad in ["Z", "Zh==", "Zm9v!"] {
            assert_eq!(unbase64(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn check_der_is_for_ecdsa_only() {
        assert!(Format::Der.check(&KeyAlgorithm::Rsa { modulus_bits: 2048 }).is_err());
        assert!(Format::Der.check(&KeyAlgorithm::Ec { curve: None }).is_ok());
    }
}

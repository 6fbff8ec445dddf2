//! What kind of card this is: by its answer to reset, its applet information, and what it can compute.

use crate::apdu::{ApduError, Channel, FileInfo};
use crate::card::cache::{CardCache, CardState};
use crate::card::{Abilities, CardError};
use crate::crypto::Curve;

use super::commands::{self, AppletInfo, Capabilities};

/// Whether the historical bytes of an answer to reset end in the name of a card of this family.
pub fn knows_atr(atr: &[u8]) -> bool {
    historical_bytes(atr).is_some_and(|bytes| bytes.ends_with(b"MyEID") || bytes.ends_with(b"OsEID"))
}

/// Asks for the applet information; `None` when the card gives none that is of this family.
pub(super) fn applet_info(channel: &mut Channel<'_>) -> Result<Option<AppletInfo>, CardError> {
    match channel.call(&commands::get_data(commands::APPLET_INFO)) {
        Ok(answer) => Ok(AppletInfo::parse(&answer)),
        Err(ApduError::UnexpectedStatus { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What the card can compute: told since version 4.0, the same for all cards before.
pub(super) fn capabilities(
    channel: &mut Channel<'_>,
    cache: &mut CardCache,
) -> Result<Capabilities, CardError> {
    let path = commands::CAPABILITIES.tag.to_be_bytes();
    if let Some(known) = cache.get(&path).and_then(Capabilities::parse) {
        return Ok(known);
    }
    match channel.call(&commands::get_data(commands::CAPABILITIES)) {
        Ok(answer) => {
            cache.insert(&path, &answer);
            Ok(Capabilities::parse(&answer).unwrap_or(Capabilities::BASE))
        }
        Err(ApduError::UnexpectedStatus { .. }) => Ok(Capabilities::BASE),
        Err(error) => Err(error.into()),
    }
}

/// The same as the driver tells it.
pub(super) fn abilities(info: &AppletInfo, capabilities: Capabilities) -> Abilities {
    let curves: Vec<Curve> = NIST_CURVES
        .into_iter()
        .chain((info.name == OSEID).then_some(Curve::Secp256k1))
        .filter(|curve| capabilities.has_ec(curve.bits()))
        .collect();
    Abilities {
        rsa_bits: RSA_BITS.into_iter().filter(|bits| capabilities.has_rsa(*bits)).collect(),
        rsa_raw: true,
        rsa_pkcs1: true,
        rsa_pkcs1_decrypt: false,
        ecdsa: curves.clone(),
        ecdh: curves,
        ed25519: false,
        x25519: false,
        aes_bits: AES_BITS.into_iter().filter(|bits| capabilities.has_aes(*bits)).collect(),
        aes_cipher: AES_BITS.into_iter().any(|bits| capabilities.has_aes(bits)),
        generates_keys: true,
        random: true,
        tells_tries: true,
    }
}

/// Whether anybody may read a file: its access conditions have two operations in each byte, reading first.
pub(super) fn is_public(info: &FileInfo) -> bool {
    info.find(TAG_ACCESS).and_then(<[u8]>::first).is_some_and(|rules| rules >> 4 == ALWAYS)
}

/// Which card, and in which state: the change counter grows with every write.
pub(super) fn state(info: &AppletInfo) -> CardState {
    let validator = [info.name.as_bytes(), &info.version, &info.change_counter].concat();
    CardState { family: super::NAME, serial: info.serial.to_vec(), validator }
}

/// The historical bytes of an answer to reset (ISO 7816-3, 8.2).
fn historical_bytes(atr: &[u8]) -> Option<&[u8]> {
    let (_ts, rest) = atr.split_first()?;
    let (&format, mut rest) = rest.split_first()?;
    let mut present = format >> 4;
    while present != 0 {
        // TA, TB and TC are skipped; TD says what follows it.
        let skipped = (present & 0x07).count_ones() as usize;
        rest = rest.get(skipped..)?;
        present = match present & 0x08 {
            0 => 0,
            _ => {
                let (&next, behind) = rest.split_first()?;
                rest = behind;
                next >> 4
            }
        };
    }
    rest.get(..usize::from(format & 0x0F))
}

/// Access conditions in the file control information.
const TAG_ACCESS: u32 = 0x86;
const ALWAYS: u8 = 0;
const OSEID: &str = "OsEID";
const RSA_BITS: [u32; 5] = [1024, 1536, 2048, 3072, 4096];
const AES_BITS: [u32; 3] = [128, 192, 256];
/// Curves of key files of the usual type.
pub(super) const NIST_CURVES: [Curve; 3] = [Curve::P256, Curve::P384, Curve::P521];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;

    #[test]
    fn atr_of_the_family_is_known_by_its_historical_bytes() {
        for atr in [
            "3bf5960000 8131fe45 4d7945494414",
            "3bf51800 0081 31fe454d7945494 49a",
            "3bf518000210804f73454944",
            "3b8f8001 8031c0ab4d79454944 0000000000 00",
        ] {
            let bytes = hex::decode(atr).unwrap();
            let known = knows_atr(&bytes);
            assert_eq!(known, !atr.starts_with("3b8f"), "{atr} {:?}", historical_bytes(&bytes));
        }
    }

    #[test]
    fn atr_cut_anywhere_is_not_known_and_no_panic() {
        let atr = hex::decode("3bf518000210804f73454944").unwrap();
        for end in 0..atr.len() {
            assert!(!knows_atr(&atr[..end]), "cut at {end}");
        }
        assert!(!knows_atr(&[0x3B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]));
    }
}

//! Which card this is, and whether it changed.
//!
//! The applet has no serial number and counts nothing. What there is: EF.TokenInfo has the date of the last change,
//! which OpenSC and we write with every change, and a serial number, which we make up when we format a card and which is
//! `0000` on every card that OpenSC formatted. Where the serial number tells no card from another, the beginning of a
//! file that differs between cards does: a public key or a certificate (the witness). Without a date, or without a serial
//! number and a witness, nothing is kept between runs; nor while the date is so fresh that another change could bear it.

use crate::apdu::{self, ApduError, Channel, Command, ReadBinary, Select, StatusWord, Target, Tell};
use crate::card::CardError;
use crate::card::cache::{CardCache, CardState};
use crate::card::files::{from_master, status};
use crate::card::pkcs15::{Content, FileKind, ObjectValue, TokenInfo};
use crate::codec::date;
use crate::crypto::DigestAlgorithm;
use crate::crypto::certificate::parse_date;
use crate::crypto::digest::digest;

/// Reads EF.TokenInfo; `None` when the selected applet has none. The application folder is current afterwards.
pub(super) fn read_token_info(channel: &mut Channel<'_>) -> Result<Option<Vec<u8>>, CardError> {
    let info = match apdu::select(channel, Select::Path(&EF_TOKEN_INFO), Tell::Information) {
        Ok(info) => info,
        Err(ApduError::UnexpectedStatus { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let read =
        ReadBinary::new(Target::Current).len(info.size).max_len(MAX_TOKEN_INFO).one_object().run(channel);
    match read {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if status(&error).is_some() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The state that a card of this TokenInfo is in. Its cache is kept only where card and state are certain.
pub(super) fn state(bytes: &[u8]) -> CardState {
    let unknown = CardState { family: super::NAME, serial: Vec::new(), validator: Vec::new() };
    let Ok(info) = TokenInfo::decode(bytes) else { return unknown };
    if last_change(&info).is_none_or(|moment| moment.saturating_add(SETTLED) > date::now()) {
        return unknown;
    }
    let identity = TokenInfo { last_update: None, ..info }.encode();
    let mut serial = digest(DigestAlgorithm::Sha256, &identity);
    serial.truncate(IDENTITY_LEN);
    CardState { family: super::NAME, serial, validator: bytes.to_vec() }
}

/// Whether the serial number tells this card from all others: we make up eight bytes, OpenSC writes zeros.
pub(super) fn has_serial(info: Option<&TokenInfo>) -> bool {
    info.is_some_and(|info| info.serial.len() >= LEAST_SERIAL && info.serial.iter().any(|byte| *byte != 0))
}

/// What is known of the card in this state, if it is the card that its witness is of. The application folder is current.
pub(super) fn verified(channel: &mut Channel<'_>, cache: CardCache) -> Result<CardCache, CardError> {
    let Some((short_id, known)) = known_witness(&cache) else { return Ok(cache) };
    if read_witness(channel, short_id)? == known {
        return Ok(cache);
    }
    Ok(CardCache::open(None, cache.state().clone()))
}

/// The fingerprint of the witness that a card bore whose serial number does not tell it from others.
pub(super) fn fingerprint(cache: &CardCache) -> Option<&[u8]> {
    Some(known_witness(cache)?.1)
}

fn known_witness(cache: &CardCache) -> Option<(u8, &[u8])> {
    let (short_id, fingerprint) = cache.get(WITNESS)?.split_first()?;
    Some((*short_id, fingerprint))
}

/// Takes note of what tells this card from others; without that nothing of it is kept. The application folder is current.
pub(super) fn bear_witness(
    channel: &mut Channel<'_>,
    content: &Content,
    cache: &mut CardCache,
) -> Result<(), CardError> {
    let Some(short_id) = witness(content) else {
        cache.clear();
        return Ok(());
    };
    let fingerprint = read_witness(channel, short_id)?;
    if fingerprint.is_empty() {
        cache.clear();
    } else {
        cache.insert(WITNESS, &[&[short_id], &fingerprint[..]].concat());
    }
    Ok(())
}

/// The short identifier of a file that differs between cards. Which of several files of that identifier the applet
/// reads does not matter, as long as it is the same each time.
fn witness(content: &Content) -> Option<u8> {
    let by_path = |object| match &content.objects.get(&object)?.value {
        Some(ObjectValue::Path(path)) => short_id(&from_master(path)?),
        Some(ObjectValue::Direct(_)) => {
            let file = content.directory.files.get(content.objects.get(&object)?.file)?;
            short_id(&from_master(&file.path)?)
        }
        _ => None,
    };
    let is_public_file = |object| {
        let file = content.objects.get(&object).and_then(|place| content.directory.files.get(place.file));
        file.is_some_and(|file| file.kind == FileKind::PublicKeys)
    };
    let keys = content.token.keys.iter().map(|key| key.object).filter(|object| is_public_file(*object));
    let certificates = content.token.certificates.iter().filter(|certificate| !certificate.private);
    keys.chain(certificates.map(|certificate| certificate.object)).find_map(by_path)
}

/// The short identifier of a file in the application folder: the applet takes the last five bits of its identifier.
fn short_id(path: &[u8]) -> Option<u8> {
    let [0x50, 0x15, _, low] = path else { return None };
    Some(low & 0x1F)
}

/// The digest of the first bytes of a file; empty when they cannot be read.
fn read_witness(channel: &mut Channel<'_>, short_id: u8) -> Result<Vec<u8>, CardError> {
    let command = Command::new(0x00, INS_READ_BINARY, 0x80 | short_id & 0x1F, 0x00).expect(WITNESS_LEN);
    let response = channel.send(&command)?;
    match response.status {
        StatusWord::OK if !response.data.is_empty() => Ok(digest(DigestAlgorithm::Sha256, &response.data)),
        _ => Ok(Vec::new()),
    }
}

/// The date of the last change, Unix time: `20261128185155Z` in TokenInfo.
pub(super) fn last_change(info: &TokenInfo) -> Option<i64> {
    let text = info.last_update_time()?;
    let part = |range: std::ops::Range<usize>| text.get(range);
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    let (hour, minute, second) = (part(8..10)?, part(10..12)?, part(12..14)?);
    let plain = text.len() == 15 && text.ends_with('Z');
    plain.then(|| parse_date(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z"))).flatten()
}

/// A date as TokenInfo has it: `20261128185155Z`.
pub(super) fn date_text(moment: i64) -> String {
    date::moment(moment).chars().filter(|character| !matches!(character, '-' | ':' | 'T')).collect()
}

const EF_TOKEN_INFO: [u8; 4] = [0x50, 0x15, 0x50, 0x32];
const MAX_TOKEN_INFO: usize = 1024;
/// Seconds after which no further change can bear the same date.
const SETTLED: i64 = 2;
const IDENTITY_LEN: usize = 16;
const LEAST_SERIAL: usize = 4;
/// In the cache: the short identifier of the witness and its fingerprint.
const WITNESS: &[u8] = b"witness";
const WITNESS_LEN: usize = 256;
const INS_READ_BINARY: u8 = 0xB0; // ISO 7816-4, 11.3.3

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::tlv;

    fn token_info(serial: &[u8], moment: Option<i64>) -> Vec<u8> {
        let last_update = moment.map(|moment| tlv::encode(0x18, date_text(moment).as_bytes()));
        TokenInfo { serial: serial.to_vec(), last_update, ..TokenInfo::default() }.encode()
    }

    #[test]
    fn date_of_the_last_change_is_read_as_it_is_written() {
        let info = TokenInfo::decode(&token_info(&[0, 0], Some(1_795_891_915))).unwrap();
        assert_eq!(info.last_update_time().as_deref(), Some("20261128185155Z"));
        assert_eq!(last_change(&info), Some(1_795_891_915));
        for text in ["", "2026", "20261128185155", "20261328185155Z", "20261128185155+0100", "äöüäöüäöüZ"]
        {
            let last_update = Some(tlv::encode(0x18, text.as_bytes()));
            assert_eq!(last_change(&TokenInfo { last_update, ..TokenInfo::default() }), None, "{text}");
        }
    }

    #[test]
    fn state_without_a_settled_date_is_not_kept() {
        let now = date::now();
        for moment in [None, Some(now), Some(now + 3600)] {
            assert!(state(&token_info(&[1; 8], moment)).validator.is_empty(), "{moment:?}");
        }
        let (earlier, later) = (token_info(&[1; 8], Some(now - 60)), token_info(&[1; 8], Some(now - 30)));
        assert_eq!(state(&earlier).validator, earlier);
        assert_eq!(state(&earlier).serial, state(&later).serial, "one card");
        assert_ne!(state(&earlier), state(&later), "in two states");
        assert_ne!(state(&earlier).serial, state(&token_info(&[2; 8], Some(now - 60))).serial);
        assert!(state(&[0x30]).validator.is_empty());
    }

    #[test]
    fn serial_number_of_zeros_tells_nothing() {
        for (serial, tells) in
            [(&[0, 0][..], false), (&[0; 8], false), (&[1, 2], false), (&[0, 0, 0, 1], true)]
        {
            let info = TokenInfo { serial: serial.to_vec(), ..TokenInfo::default() };
            assert_eq!(has_serial(Some(&info)), tells, "{serial:?}");
        }
        assert!(!has_serial(None));
    }

    #[test]
    fn short_identifier_is_that_of_a_file_in_the_application_folder() {
        assert_eq!(short_id(&[0x50, 0x15, 0x33, 0x21]), Some(0x01));
        assert_eq!(short_id(&[0x2F, 0x00]), None);
        assert_eq!(short_id(&[0x50, 0x15, 0x51, 0x01, 0x33, 0x00]), None);
    }
}

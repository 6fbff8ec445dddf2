//! What stands in the data objects of a PIV card (SP 800-73-5 part 1, 3 and appendix A): discovery object, key history,
//! CHUID, certificates. Parsed and built, not read or written.

use crate::card::CardError;
use crate::codec::{gzip, hex, tlv};

use super::references::{GLOBAL_PIN, MAX_RETIRED, PIV_PIN};

/// The PIN that the discovery object prefers: the global one where it is accepted and primary, else that of the
/// application (3.3.2).
pub(super) fn primary_pin(discovery: Option<&[u8]>) -> u8 {
    let policy = discovery.and_then(|discovery| tlv::find(discovery, TAG_PIN_POLICY));
    match policy {
        Some([accepted, primary, ..]) if accepted & GLOBAL_ACCEPTED != 0 && *primary == GLOBAL_PRIMARY => {
            GLOBAL_PIN
        }
        _ => PIV_PIN,
    }
}

/// Retired keys, as the key history object counts them (3.3.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct KeyHistory {
    /// Keys whose certificates are on the card, from 82 upwards.
    pub on_card: u8,
    /// Keys whose certificates are elsewhere, from 95 downwards.
    pub off_card: u8,
}

impl KeyHistory {
    /// Reads the object's value; a number beyond what a card can have is cut to that.
    pub fn parse(value: &[u8]) -> Self {
        let count = |tag: u32| match tlv::find(value, tag) {
            Some([count, ..]) => (*count).min(MAX_RETIRED),
            _ => 0,
        };
        let on_card = count(TAG_ON_CARD);
        Self { on_card, off_card: count(TAG_OFF_CARD).min(MAX_RETIRED - on_card) }
    }
}

/// The serial number of a card by its CHUID: the GUID, or the FASC-N where that is all zero (3.1.2).
pub(super) fn serial(chuid: &[u8]) -> Option<String> {
    let told = |tag: u32| tlv::find(chuid, tag).filter(|value| value.iter().any(|byte| *byte != 0));
    let value = told(TAG_GUID).or_else(|| told(TAG_FASC_N))?;
    Some(hex::encode(value.get(..value.len().min(MAX_SERIAL_LEN))?))
}

/// The certificate in the value of its data object (appendix A, table 15), decompressed where it is compressed.
/// Errors: `Malformed`, also for one that would not end.
pub(super) fn certificate(label: &str, value: &[u8]) -> Result<Vec<u8>, CardError> {
    let bad = |why: &str| CardError::Malformed { what: format!("{label:?}"), why: why.to_owned() };
    let stored =
        tlv::find(value, TAG_CERTIFICATE).ok_or_else(|| bad("its object has no certificate in it"))?;
    let info = tlv::find(value, TAG_CERTIFICATE_INFO).and_then(|info| info.first()).copied().unwrap_or(0);
    // Some tools compress without saying so.
    if info & COMPRESSED == 0 && !stored.starts_with(&gzip::MAGIC) {
        return Ok(stored.to_vec());
    }
    gzip::inflate(stored, MAX_CERTIFICATE_LEN).map_err(|error| bad(&error.to_string()))
}

/// The value of a certificate's data object, compressed where it is longer than `limit` bytes otherwise.
pub(super) fn certificate_object(der: &[u8], limit: usize) -> Vec<u8> {
    let wrapped = |stored: &[u8], info: u8| {
        let mut value = tlv::encode(TAG_CERTIFICATE, stored);
        tlv::write(&mut value, TAG_CERTIFICATE_INFO, &[info]);
        tlv::write(&mut value, TAG_ERROR_DETECTION, &[]);
        value
    };
    let plain = wrapped(der, 0);
    if plain.len() <= limit { plain } else { wrapped(&gzip::deflate(der), COMPRESSED) }
}

/// A CHUID for a card that no authority has issued: the FASC-N of nobody, a GUID (16 random bytes), an expiration date far
/// away, no signature. As other tools write it.
pub(super) fn new_chuid(guid: &[u8; 16]) -> Vec<u8> {
    let mut value = Vec::new();
    tlv::write(&mut value, TAG_FASC_N, &NON_FEDERAL_FASC_N);
    tlv::write(&mut value, TAG_GUID, guid);
    tlv::write(&mut value, TAG_EXPIRATION, EXPIRATION);
    tlv::write(&mut value, TAG_ISSUER_SIGNATURE, &[]);
    tlv::write(&mut value, TAG_ERROR_DETECTION, &[]);
    value
}

/// A card capability container with a card identifier of its own (14 random bytes): data model 10, the rest empty.
pub(super) fn new_capability_container(unique: &[u8; 14]) -> Vec<u8> {
    let identifier = [&GSC_CARD_IDENTIFIER[..], unique].concat();
    let mut value = tlv::encode(0xF0, &identifier);
    for (tag, content) in
        [(0xF1, &[0x21][..]), (0xF2, &[0x21]), (0xF3, &[]), (0xF4, &[0x00]), (0xF5, &[0x10])]
    {
        tlv::write(&mut value, tag, content);
    }
    for tag in [0xF6, 0xF7, 0xFA, 0xFB, 0xFC, 0xFD, TAG_ERROR_DETECTION] {
        tlv::write(&mut value, tag, &[]);
    }
    value
}

const TAG_PIN_POLICY: u32 = 0x5F2F;
/// First byte of the PIN usage policy: the global PIN satisfies the access rules too.
const GLOBAL_ACCEPTED: u8 = 0x20;
/// Second byte: the global PIN is the primary one.
const GLOBAL_PRIMARY: u8 = 0x20;
const TAG_ON_CARD: u32 = 0xC1;
const TAG_OFF_CARD: u32 = 0xC2;
const TAG_FASC_N: u32 = 0x30;
const TAG_GUID: u32 = 0x34;
const TAG_EXPIRATION: u32 = 0x35;
const TAG_ISSUER_SIGNATURE: u32 = 0x3E;
const TAG_ERROR_DETECTION: u32 = 0xFE;
const TAG_CERTIFICATE: u32 = 0x70;
const TAG_CERTIFICATE_INFO: u32 = 0x71;
/// Bit of CertInfo: gzip.
const COMPRESSED: u8 = 0x01;
/// No certificate of a person is longer.
const MAX_CERTIFICATE_LEN: usize = 64 * 1024;
const MAX_SERIAL_LEN: usize = 32;
const EXPIRATION: &[u8] = b"20991231";
/// Agency 9999, system 9999, credential 999999: issued by none (as yubico-piv-tool writes it).
const NON_FEDERAL_FASC_N: [u8; 25] = [
    0xD4, 0xE7, 0x39, 0xDA, 0x73, 0x9C, 0xED, 0x39, 0xCE, 0x73, 0x9D, 0x83, 0x68, 0x58, 0x21, 0x08, 0x42,
    0x10, 0x84, 0x21, 0xC8, 0x42, 0x10, 0xC3, 0xEB,
];
/// GSC-RID, manufacturer, card type JavaCard (GSC-IS 2.1, 6.3), before the part that is the card's own.
const GSC_CARD_IDENTIFIER: [u8; 7] = [0xA0, 0x00, 0x00, 0x01, 0x16, 0xFF, 0x02];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primary_pin_is_the_global_one_only_where_accepted_and_preferred() {
        let pin = |text: &str| primary_pin(Some(&hex::decode(text).unwrap()));
        let aid = "4F0BA000000308000010000100";
        assert_eq!(pin(&format!("{aid}5F2F024000")), PIV_PIN);
        assert_eq!(pin(&format!("{aid}5F2F026010")), PIV_PIN);
        assert_eq!(pin(&format!("{aid}5F2F026020")), GLOBAL_PIN);
        assert_eq!(pin(&format!("{aid}5F2F024020")), PIV_PIN, "preferred, but not accepted");
        assert_eq!(pin(&format!("{aid}5F2F0160")), PIV_PIN, "cut");
        assert_eq!(primary_pin(None), PIV_PIN);
    }

    #[test]
    fn key_history_never_counts_more_than_a_card_can_have() {
        let history = |text: &str| KeyHistory::parse(&hex::decode(text).unwrap());
        assert_eq!(history("C10103C20102FE00"), KeyHistory { on_card: 3, off_card: 2 });
        assert_eq!(history("C101FFC201FF"), KeyHistory { on_card: 20, off_card: 0 });
        assert_eq!(history("C100"), KeyHistory::default());
        assert_eq!(history(""), KeyHistory::default());
    }

    #[test]
    fn serial_is_the_guid_or_else_the_fasc_n() {
        let guid = [0x11; 16];
        assert_eq!(serial(&new_chuid(&guid)), Some("11".repeat(16)));
        assert_eq!(serial(&new_chuid(&[0; 16])), Some(hex::encode(&NON_FEDERAL_FASC_N)));
        assert_eq!(serial(&[]), None);
    }

    #[test]
    fn certificate_is_found_plain_and_compressed() {
        let der: Vec<u8> = (0..3000u32).map(|number| (number % 7) as u8).collect();
        for limit in [4000, 1000] {
            let value = certificate_object(&der, limit);
            assert!(value.len() <= limit, "{}", value.len());
            assert_eq!(certificate("c", &value).unwrap(), der);
        }
        // Compressed, and not said to be.
        let unsaid = tlv::encode(TAG_CERTIFICATE, &gzip::deflate(&der));
        assert_eq!(certificate("c", &unsaid).unwrap(), der);
    }

    #[test]
    fn certificate_that_is_none_or_would_not_end_is_an_error_with_its_name() {
        let bomb = gzip::deflate(&vec![0; MAX_CERTIFICATE_LEN + 1]);
        let mut value = tlv::encode(TAG_CERTIFICATE, &bomb);
        tlv::write(&mut value, TAG_CERTIFICATE_INFO, &[COMPRESSED]);
        let error = certificate("some certificate", &value).unwrap_err().to_string();
        assert!(error.contains("some certificate") && error.contains("65536"), "{error}");
        assert!(certificate("c", &[0x71, 0x01, 0x00]).is_err());
        let damaged = [tlv::encode(TAG_CERTIFICATE, &[1, 2, 3]), vec![0x71, 1, COMPRESSED]].concat();
        assert!(certificate("c", &damaged).is_err());
    }
}

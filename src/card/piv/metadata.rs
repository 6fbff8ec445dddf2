//! What YubiKeys tell of a key or PIN (GET METADATA, firmware 5.3): parsed, not asked for.

use crate::card::admin::{PinPolicy, TouchPolicy};
use crate::codec::tlv;

/// The parts of a metadata answer that have a meaning here; each may be missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Metadata {
    /// Number of the algorithm.
    pub algorithm: Option<u8>,
    /// When the PIN is asked for; `None` = the rule of the slot.
    pub pin_policy: Option<PinPolicy>,
    /// When a touch is asked for.
    pub touch_policy: Option<TouchPolicy>,
    /// Generated on the card, where it tells.
    pub generated: Option<bool>,
    /// Public key: the data objects of GENERATE ASYMMETRIC KEY PAIR.
    pub public: Option<Vec<u8>>,
    /// PIN or key as it left the factory.
    pub is_default: Option<bool>,
    /// Tries of a full counter, tries left.
    pub tries: Option<(u8, u8)>,
}

impl Metadata {
    /// Reads the answer. `None` when it holds nothing that is known.
    pub fn parse(data: &[u8]) -> Option<Self> {
        let mut metadata = Self::default();
        for object in tlv::Reader::new(data) {
            let Ok(object) = object else { break };
            match (object.tag, object.value) {
                (TAG_ALGORITHM, [algorithm, ..]) => metadata.algorithm = Some(*algorithm),
                (TAG_POLICY, [pin, rest @ ..]) => {
                    metadata.pin_policy = pin_policy(*pin);
                    metadata.touch_policy = rest.first().and_then(|touch| touch_policy(*touch));
                }
                (TAG_ORIGIN, [origin, ..]) => metadata.generated = Some(*origin == ORIGIN_GENERATED),
                (TAG_PUBLIC_KEY, value) => metadata.public = Some(value.to_vec()),
                (TAG_DEFAULT, [value, ..]) => metadata.is_default = Some(*value != 0),
                (TAG_TRIES, [max, left, ..]) => metadata.tries = Some((*max, (*left).min(*max))),
                _ => {}
            }
        }
        (metadata != Self::default()).then_some(metadata)
    }
}

fn pin_policy(byte: u8) -> Option<PinPolicy> {
    match byte {
        0x01 => Some(PinPolicy::Never),
        0x02 => Some(PinPolicy::Once),
        0x03 => Some(PinPolicy::Always),
        _ => None,
    }
}

/// The byte that asks for a PIN policy.
pub(super) fn pin_policy_byte(policy: PinPolicy) -> u8 {
    match policy {
        PinPolicy::Never => 0x01,
        PinPolicy::Once => 0x02,
        PinPolicy::Always => 0x03,
    }
}

fn touch_policy(byte: u8) -> Option<TouchPolicy> {
    match byte {
        0x01 => Some(TouchPolicy::Never),
        0x02 => Some(TouchPolicy::Always),
        0x03 => Some(TouchPolicy::Cached),
        _ => None,
    }
}

/// The byte that asks for a touch policy; `None` for one that these cards do not have.
pub(super) fn touch_policy_byte(policy: TouchPolicy) -> Option<u8> {
    match policy {
        TouchPolicy::Never => Some(0x01),
        TouchPolicy::Always => Some(0x02),
        TouchPolicy::Cached => Some(0x03),
        TouchPolicy::Fixed => None,
    }
}

const TAG_ALGORITHM: u32 = 0x01;
const TAG_POLICY: u32 = 0x02;
const TAG_ORIGIN: u32 = 0x03;
const TAG_PUBLIC_KEY: u32 = 0x04;
const TAG_DEFAULT: u32 = 0x05;
const TAG_TRIES: u32 = 0x06;
const ORIGIN_GENERATED: u8 = 0x01;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;

    fn parsed(text: &str) -> Option<Metadata> {
        Metadata::parse(&hex::decode(text).unwrap())
    }

    #[test]
    fn metadata_of_a_key_tells_algorithm_policies_and_public_key() {
        // The example of Yubico's documentation, the point shortened.
        let metadata = parsed("01 01 11 02 02 02 01 03 01 01 04 04 86 02 04 00").unwrap();
        assert_eq!(metadata.algorithm, Some(0x11));
        assert_eq!(metadata.pin_policy, Some(PinPolicy::Once));
        assert_eq!(metadata.touch_policy, Some(TouchPolicy::Never));
        assert_eq!(metadata.generated, Some(true));
        assert_eq!(metadata.public.as_deref(), Some(&[0x86, 0x02, 0x04, 0x00][..]));
    }

    #[test]
    fn metadata_of_a_pin_tells_tries_and_never_more_than_there_are() {
        let metadata = parsed("05 01 01 06 02 03 02").unwrap();
        assert_eq!((metadata.is_default, metadata.tries), (Some(true), Some((3, 2))));
        assert_eq!(parsed("06 02 03 09").unwrap().tries, Some((3, 3)));
    }

    #[test]
    fn metadata_cut_or_of_unknown_tags_is_as_much_as_there_is() {
        assert_eq!(parsed("01 01 11 04 7F 00").unwrap().algorithm, Some(0x11));
        assert_eq!(parsed("55 01 00"), None);
        assert_eq!(parsed("01 00"), None);
        assert_eq!(parsed(""), None);
    }
}

//! What a reader tells of itself (PC/SC part 10, revision 2.02.09): control codes of its features, and its properties.

use std::time::Duration;

use ::pcsc::Card;

use crate::transport::{Limits, PinPad};

/// The features of one reader: their tags and control codes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Features(Vec<(u8, u32)>);

impl Features {
    /// Asks the reader. One that knows no part 10 has no features.
    pub fn ask(card: &Card) -> Self {
        let mut buffer = [0u8; BUFFER_LEN];
        let code = ::pcsc::ctl_code(IOCTL_GET_FEATURE_REQUEST);
        match card.control(code, &[], &mut buffer) {
            Ok(answer) => Self::parse(answer),
            Err(_) => Self::default(),
        }
    }

    /// Reads tag, length 4, control code (big-endian), one after the other. What is damaged ends the list.
    fn parse(answer: &[u8]) -> Self {
        let features = answer.chunks_exact(6).map_while(|feature| match *feature {
            [tag, 4, a, b, c, d] => Some((tag, u32::from_be_bytes([a, b, c, d]))),
            _ => None,
        });
        Self(features.collect())
    }

    /// The control code of one feature.
    pub fn code(&self, tag: u8) -> Option<u32> {
        self.0.iter().find(|(known, _)| *known == tag).map(|(_, code)| *code)
    }

    /// What the reader's keys can be used for.
    pub fn pinpad(&self) -> PinPad {
        PinPad {
            verify: self.code(FEATURE_VERIFY_PIN_DIRECT).is_some(),
            modify: self.code(FEATURE_MODIFY_PIN_DIRECT).is_some(),
        }
    }

    /// The longest APDUs that the reader says it carries. A reader that does not say is taken for one that carries
    /// extended APDUs: whether they are used is up to the card's driver.
    pub fn limits(&self, card: &Card) -> Limits {
        let Some(code) = self.code(FEATURE_GET_TLV_PROPERTIES) else { return Limits::EXTENDED };
        let mut buffer = [0u8; BUFFER_LEN];
        match card.control(code.into(), &[], &mut buffer) {
            Ok(answer) => limits_from(answer),
            Err(_) => Limits::EXTENDED,
        }
    }
}

/// Reads the property `dwMaxAPDUDataSize` (little-endian; 0 = short APDUs only).
fn limits_from(properties: &[u8]) -> Limits {
    let mut rest = properties;
    while let [tag, len, tail @ ..] = rest {
        let Some((value, tail)) = tail.split_at_checked(usize::from(*len)) else { break };
        if *tag == PROPERTY_MAX_APDU_DATA_SIZE && value.len() <= 4 {
            let size = value.iter().rev().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
            if size <= 256 {
                return Limits::SHORT;
            }
            return Limits {
                command_len: (size + 9).min(Limits::EXTENDED.command_len),
                response_len: (size + 2).min(Limits::EXTENDED.response_len),
            };
        }
        rest = tail;
    }
    Limits::EXTENDED
}

/// Longest time that a reader in trouble is watched, to learn whether its card was pulled. Services look at
/// their readers every 0.4 s.
pub(super) const WATCH: Duration = Duration::from_millis(1000);

const IOCTL_GET_FEATURE_REQUEST: ::pcsc::ffi::DWORD = 3400;
pub(super) const FEATURE_VERIFY_PIN_DIRECT: u8 = 0x06;
pub(super) const FEATURE_MODIFY_PIN_DIRECT: u8 = 0x07;
const FEATURE_GET_TLV_PROPERTIES: u8 = 0x12;
const PROPERTY_MAX_APDU_DATA_SIZE: u8 = 0x0A;
const BUFFER_LEN: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_read_up_to_the_first_damaged_one() {
        let answer = [0x06, 4, 0x42, 0x33, 0, 6, 0x12, 4, 0x42, 0x33, 0, 18, 0x20, 3, 0, 0, 0, 0, 0x07];
        let features = Features::parse(&answer);
        assert_eq!(features.code(0x12), Some(0x4233_0012));
        assert_eq!(features.code(0x06), Some(0x4233_0006));
        assert_eq!((features.code(0x20), features.code(0x07)), (None, None));
    }

    #[test]
    fn limits_follow_the_property() {
        assert_eq!(limits_from(&[0x01, 2, 0, 0, 0x0A, 4, 0, 0, 0, 0]), Limits::SHORT);
        assert_eq!(limits_from(&[0x0A, 4, 0, 0, 1, 0]), Limits { command_len: 65_544, response_len: 65_538 });
        assert_eq!(limits_from(&[0x0A, 4, 0, 8, 0, 0]), Limits { command_len: 2057, response_len: 2050 });
    }

    #[test]
    fn limits_of_a_damaged_or_silent_answer_are_extended() {
        for answer in [&[][..], &[0x0A], &[0x0A, 4, 0, 0], &[0x01, 2, 0, 0]] {
            assert_eq!(limits_from(answer), Limits::EXTENDED);
        }
    }
}

//! `[[card_atr]]`: cards whose drivers are decided by the answer to reset, as OpenSC's `card_atr` blocks do.

use crate::codec::hex;

/// Which card families are tried for cards with one answer to reset, and no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardAtr {
    /// The answer to reset.
    pub atr: Vec<u8>,
    /// Which of its bits count, as long as it; `None` = all.
    pub mask: Option<Vec<u8>>,
    /// Names of card families. More than one where the card has several applications.
    pub drivers: Vec<String>,
}

/// Longest answer to reset (ISO 7816-3, 8.2.1).
const MAX_ATR_LEN: usize = 33;

impl CardAtr {
    /// Whether a card with this answer to reset is meant.
    pub fn fits(&self, atr: &[u8]) -> bool {
        let mask = |index: usize| match &self.mask {
            Some(mask) => mask.get(index).copied().unwrap_or_default(),
            None => 0xFF,
        };
        let alike = |(index, (own, other)): (usize, (&u8, &u8))| (own ^ other) & mask(index) == 0;
        self.atr.len() == atr.len() && self.atr.iter().zip(atr).enumerate().all(alike)
    }
}

/// The bytes of an answer to reset as people write it: `3B:F0:36`, `3B F0 36`, `3bf036`. `None` for what is none.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits: String =
        text.chars().filter(|character| !character.is_whitespace() && *character != ':').collect();
    hex::decode(&digits).ok().filter(|bytes| (1..=MAX_ATR_LEN).contains(&bytes.len()))
}

/// As [`bytes`] can read it.
pub(super) fn text(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(atr: &str, mask: Option<&str>) -> CardAtr {
        CardAtr { atr: bytes(atr).unwrap(), mask: mask.map(|mask| bytes(mask).unwrap()), drivers: Vec::new() }
    }

    #[test]
    fn atr_fits_where_every_bit_that_counts_is_the_same() {
        let masked = of("3b:f0:36:02", Some("ff:ff:00:0f"));
        for (own, atr, fits) in [
            (of("3B F0 36", None), "3bf036", true),
            (of("3B F0 36", None), "3bf037", false),
            (of("3B F0 36", None), "3bf03600", false),
            (masked.clone(), "3bf09932", true),
            (masked.clone(), "3bf13602", false),
            (masked, "3bf036", false),
        ] {
            assert_eq!(own.fits(&bytes(atr).unwrap()), fits, "{own:?} {atr}");
        }
    }

    #[test]
    fn bytes_that_are_no_answer_to_reset_are_none() {
        for text in ["", "3", "3B:F", "xy", &"3B".repeat(MAX_ATR_LEN + 1)] {
            assert_eq!(bytes(text), None, "{text:?}");
        }
        assert_eq!(text(&bytes("3b f0:36").unwrap()), "3B:F0:36");
    }
}

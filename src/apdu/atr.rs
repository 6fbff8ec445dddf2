//! What an answer to reset announces of long APDUs: the card capabilities in its historical bytes (ISO 7816-4, 12.1.1).

use super::channel::Lengthening;

impl Lengthening {
    /// What the card announces: extended length, chaining, or nothing, which is taken for chaining. A driver that knows
    /// its family better says so itself.
    pub fn announced(atr: &[u8]) -> Self {
        let capabilities = historical_bytes(atr).and_then(capabilities);
        match capabilities {
            Some([_, _, third]) if third & EXTENDED_LENGTH != 0 => Self::Extended,
            _ => Self::Chaining,
        }
    }
}

/// The historical bytes, behind the interface bytes that T0 and each TDi announce (ISO 7816-3, 8.2).
pub fn historical_bytes(atr: &[u8]) -> Option<&[u8]> {
    let (format, mut rest) = atr.get(1..)?.split_first()?;
    let len = usize::from(format & 0x0F);
    let mut announced = format >> 4;
    loop {
        let (interface, tail) = rest.split_at_checked(announced.count_ones() as usize)?;
        rest = tail;
        match interface.last() {
            Some(next) if announced & 0x8 != 0 => announced = next >> 4,
            _ => return rest.get(..len),
        }
    }
}

/// The three bytes of the compact data object 7X.
fn capabilities(historical: &[u8]) -> Option<[u8; 3]> {
    let mut rest = match historical.split_first()? {
        (0x80, objects) => objects,
        // The last three bytes are a status.
        (0x00, objects) => objects.get(..objects.len().checked_sub(3)?)?,
        _ => return None,
    };
    while let Some((head, tail)) = rest.split_first() {
        let (value, tail) = tail.split_at_checked(usize::from(head & 0x0F))?;
        if head >> 4 == TAG_CAPABILITIES {
            return value.try_into().ok();
        }
        rest = tail;
    }
    None
}

const TAG_CAPABILITIES: u8 = 0x7;
const EXTENDED_LENGTH: u8 = 0x40; // third byte, ISO 7816-4 table 119

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;

    #[test]
    fn announced_is_read_from_card_capabilities() {
        for (atr, lengthening, whose) in [
            ("3bfd1300008131fe158073c021c057597562694b657940", Lengthening::Extended, "YubiKey 5"),
            ("3bda18ff81b1fe751f030031f573c001600090001c", Lengthening::Extended, "OpenPGP card 3.4"),
            ("3bf5180002800180", Lengthening::Chaining, "no compact data objects"),
            ("3b80800101", Lengthening::Chaining, "a contactless card without historical bytes"),
        ] {
            assert_eq!(Lengthening::announced(&hex::decode(atr).unwrap()), lengthening, "{whose}");
        }
    }

    #[test]
    fn announced_of_a_cut_atr_is_chaining() {
        let atr = hex::decode("3bfd1300008131fe158073c021c057597562694b657940").unwrap();
        for end in 0..13 {
            assert_eq!(Lengthening::announced(&atr[..end]), Lengthening::Chaining, "cut at {end}");
        }
        assert_eq!(Lengthening::announced(&[0x3B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]), Lengthening::Chaining);
    }
}

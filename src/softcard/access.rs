//! Access rules of files: which PIN an operation needs (MyEID's tag 86, three bytes, six nibbles).
//! Knows how rules are written; who is verified is the session's matter.

/// Number of a PIN, 1 to 14.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PinNumber(u8);

impl PinNumber {
    /// Every PIN number.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=PIN_COUNT as u8).map(Self)
    }

    /// The PIN of a reference in P2 or a nibble; `None` outside 1 to 14.
    pub fn new(number: u8) -> Option<Self> {
        (1..=PIN_COUNT as u8).contains(&number).then_some(Self(number))
    }

    /// Its number, 1 to 14.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Its place in a table of [`PIN_COUNT`].
    pub fn index(self) -> usize {
        usize::from(self.0) - 1
    }
}

/// Who may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Everybody.
    Always,
    /// Whoever verified this PIN.
    Pin(PinNumber),
    /// Nobody, once the card is operational.
    Never,
}

impl Rule {
    fn from_nibble(nibble: u8) -> Self {
        match nibble & 0x0F {
            0 => Self::Always,
            0x0F => Self::Never,
            number => PinNumber::new(number).map_or(Self::Never, Self::Pin),
        }
    }
}

/// The access rules of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AccessRules(pub [u8; 3]);

impl AccessRules {
    /// Reading a transparent file; using the key of a key file.
    pub fn read(self) -> Rule {
        self.nibble(0)
    }

    /// Writing a transparent file; loading a key.
    pub fn update(self) -> Rule {
        self.nibble(1)
    }

    /// Creating an EF in this DF.
    pub fn create_ef(self) -> Rule {
        self.nibble(0)
    }

    /// Creating a DF in this DF.
    pub fn create_df(self) -> Rule {
        self.nibble(1)
    }

    /// Deleting the file; for the MF, formatting the card.
    pub fn delete(self) -> Rule {
        self.nibble(2)
    }

    /// Generating a key in a key file.
    pub fn generate(self) -> Rule {
        self.nibble(3)
    }

    fn nibble(self, index: usize) -> Rule {
        let byte = self.0[index / 2];
        Rule::from_nibble(if index.is_multiple_of(2) { byte >> 4 } else { byte })
    }
}

/// How many PINs a card has room for.
pub(super) const PIN_COUNT: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_nibble_by_nibble() {
        let rules = AccessRules([0x01, 0xF3, 0xFF]);
        assert_eq!(rules.read(), Rule::Always);
        assert_eq!(rules.update(), Rule::Pin(PinNumber(1)));
        assert_eq!(rules.delete(), Rule::Never);
        assert_eq!(rules.generate(), Rule::Pin(PinNumber(3)));
    }

    #[test]
    fn pin_number_outside_one_to_fourteen_is_none() {
        assert_eq!(PinNumber::new(0), None);
        assert_eq!(PinNumber::new(15), None);
        assert_eq!(PinNumber::all().count(), PIN_COUNT);
    }
}

//! The keys of a reader (PC/SC part 10, 2.5): PINs that go from the reader's keys to its card, past this computer.
//! Says what a reader is told of a PIN; does not know what the command around it means.

/// What of a reader's keys can be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PinPad {
    /// A PIN can be typed for a command that compares it.
    pub verify: bool,
    /// An old and a new PIN can be typed for a command that changes one.
    pub modify: bool,
}

/// A command that a reader completes with what is typed on its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinEntry<'a> {
    /// The command APDU: header, Lc, and as data the filled PIN blocks that the digits are put into. Where the blocks
    /// are as long as the PIN, header and an Lc of 0.
    pub command: &'a [u8],
    /// The blocks.
    pub block: PinBlock,
    /// Which PINs are typed.
    pub typed: Typed,
}

/// How a card takes a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinBlock {
    /// Length of the block in bytes; `None` = as long as the PIN.
    pub len: Option<u8>,
    /// What the rest of a block is filled with.
    pub filler: u8,
    /// Shortest PIN in characters.
    pub min_len: u8,
    /// Longest PIN in characters.
    pub max_len: u8,
    /// How digits become bytes.
    pub coding: DigitCoding,
}

/// How digits become bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigitCoding {
    /// One byte each, ASCII.
    Ascii,
    /// Two in a byte.
    Bcd,
}

/// Which PINs are typed for a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// One, to be compared.
    Pin,
    /// The old one, and the new one twice.
    OldAndNew,
}

impl PinBlock {
    /// `count` blocks without any digit in them.
    pub fn filled(&self, count: usize) -> Vec<u8> {
        vec![self.filler; usize::from(self.len.unwrap_or(0)) * count]
    }
}

impl PinEntry<'_> {
    /// What the reader is given: PIN_VERIFY or PIN_MODIFY (PC/SC part 10, 2.5.2 and 2.5.3), numbers little-endian.
    pub fn structure(&self) -> Vec<u8> {
        let block = &self.block;
        let coding = match block.coding {
            DigitCoding::Bcd => FORMAT_BCD,
            DigitCoding::Ascii => FORMAT_ASCII,
        };
        let mut structure = vec![
            DEFAULT_TIME,
            DEFAULT_TIME,
            FORMAT_UNIT_BYTES | coding,
            block.len.unwrap_or(0).min(LONGEST_BLOCK),
            NO_LENGTH_FIELD,
        ];
        if self.typed == Typed::OldAndNew {
            structure.extend([0, block.len.unwrap_or(0)]);
        }
        structure.extend([block.max_len, block.min_len]);
        match self.typed {
            Typed::Pin => structure.extend([KEY_PRESSED, ONE_MESSAGE, ENGLISH[0], ENGLISH[1], 0]),
            Typed::OldAndNew => {
                let confirm = CONFIRM_NEW | ASK_OLD;
                structure.extend([confirm, KEY_PRESSED, THREE_MESSAGES, ENGLISH[0], ENGLISH[1], 0, 1, 2]);
            }
        }
        structure.extend([0; PROLOGUE_LEN]);
        structure.extend((self.command.len() as u32).to_le_bytes());
        structure.extend_from_slice(self.command);
        structure
    }
}

/// The reader's own time for an entry.
const DEFAULT_TIME: u8 = 0;
const FORMAT_UNIT_BYTES: u8 = 0x80;
/// Left-justified, from the first byte of the block on.
const FORMAT_BCD: u8 = 0x01;
const FORMAT_ASCII: u8 = 0x02;
/// bmPINBlockString has four bits for it.
const LONGEST_BLOCK: u8 = 0x0F;
/// bmPINLengthFormat: the card wants no count of digits.
const NO_LENGTH_FIELD: u8 = 0;
/// bConfirmPIN.
const CONFIRM_NEW: u8 = 0x01;
const ASK_OLD: u8 = 0x02;
/// bEntryValidationCondition: the holder presses the key for it.
const KEY_PRESSED: u8 = 0x02;
const ONE_MESSAGE: u8 = 0x01;
const THREE_MESSAGES: u8 = 0x03;
/// wLangId: English (United States), which every reader has.
const ENGLISH: [u8; 2] = 0x0409_u16.to_le_bytes();
const PROLOGUE_LEN: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;

    const PADDED: PinBlock =
        PinBlock { len: Some(8), filler: 0xFF, min_len: 4, max_len: 8, coding: DigitCoding::Ascii };

    fn text(entry: &PinEntry<'_>) -> String {
        hex::encode(&entry.structure())
    }

    #[test]
    fn structure_of_a_padded_pin_is_that_of_part_10() {
        let mut command = vec![0x00, 0x20, 0x00, 0x01, 0x08];
        command.extend(PADDED.filled(1));
        let entry = PinEntry { command: &command, block: PADDED, typed: Typed::Pin };
        assert_eq!(
            text(&entry),
            "000082080008040201090400000000 0d000000 0020000108ffffffffffffffff".replace(' ', "")
        );
    }

    #[test]
    fn structure_of_a_pin_of_any_length_has_no_block() {
        let block = PinBlock { len: None, min_len: 6, max_len: 127, ..PADDED };
        let entry = PinEntry { command: &[0x00, 0x20, 0x00, 0x81, 0x00], block, typed: Typed::Pin };
        assert_eq!(text(&entry), "000082000 07f06020109040000000005000000 0020008100".replace(' ', ""));
    }

    #[test]
    fn structure_of_a_change_says_where_both_pins_go() {
        let mut command = vec![0x00, 0x24, 0x00, 0x01, 0x10];
        command.extend(PADDED.filled(2));
        let entry = PinEntry { command: &command, block: PADDED, typed: Typed::OldAndNew };
        let expected = "0000820800 0008 0804 03 02 03 0904 000102 000000 15000000 0024000110ffffffffffffffffffffffffffffffff";
        assert_eq!(text(&entry), expected.replace(' ', ""));
    }
}

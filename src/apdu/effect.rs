//! Whether a command may have changed the card that got it, as far as ISO 7816-4 says. Knows no card: a command that the
//! standard does not know to read counts as one that writes.

use std::ops::RangeInclusive;

/// Whether a card to which `command` was sent, and from which this `answer` came back (empty: none that is one), may be
/// another than before. PINs count: a refused one spends a try.
pub(super) fn may_change(command: &[u8], answer: &[u8]) -> bool {
    let [class, ins, ..] = *command else { return false };
    if READING.iter().any(|reading| reading.contains(&ins))
        || (ins == INS_VERIFY && command.len() <= HEADER_AND_LENGTH)
    {
        return false;
    }
    match answer {
        // Of a chain the last command counts: until then there is nothing that the card could carry out.
        [.., 0x90, 0x00] => class & CLA_CHAINED == 0 || class & CLA_PROPRIETARY != 0,
        [.., sw1, _] => !REFUSALS.contains(sw1),
        _ => true,
    }
}

/// Instructions that leave a card's contents alone (ISO 7816-4, 11 and 7816-8), in either form where there are two.
const READING: [RangeInclusive<u8>; 8] = [
    0x22..=0x22, // MANAGE SECURITY ENVIRONMENT
    0x84..=0x84, // GET CHALLENGE
    0xA4..=0xA5, // SELECT, SELECT DATA
    0xB0..=0xB1, // READ BINARY
    0xB2..=0xB3, // READ RECORD
    0xC0..=0xC0, // GET RESPONSE
    0xCA..=0xCB, // GET DATA
    0xCC..=0xCD, // GET NEXT DATA
];
/// VERIFY without a PIN is a question (ISO 7816-4, 11.6.6).
const INS_VERIFY: u8 = 0x20;
const HEADER_AND_LENGTH: usize = 5;
/// First status bytes with which a card refuses to carry out a command, all of whose errors leave it as it was (ISO 7816-4,
/// table 6): not 65 (changed), 66 (of security) and 6F (no precise diagnosis).
const REFUSALS: [u8; 9] = [0x64, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E];
const CLA_CHAINED: u8 = 0x10; // ISO 7816-4, 5.4.1
const CLA_PROPRIETARY: u8 = 0x80;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;

    #[test]
    fn commands_that_only_read_or_were_refused_change_nothing() {
        for (command, answer, changes) in [
            ("00A4040007A0000002471001", "9000", false),
            ("00B0000000", "", false),
            ("00CA006E00", "6982", false),
            ("00200081", "63C2", false),
            ("0020008100", "63C2", false),
            ("0020008106313233343536", "63C2", true),
            ("00D6000001FF", "9000", true),
            ("00D6000001FF", "6982", false),
            ("00D6000001FF", "6E00", false),
            ("00D6000001FF", "6282", true),
            ("00D6000001FF", "6581", true),
            ("00D6000001FF", "6F00", true),
            ("00D6000001FF", "", true),
            ("00D6000001FF", "90", true),
            ("00470000", "7F496182", true),
            ("10DB3FFF01FF", "9000", false),
            ("10DB3FFF01FF", "", true),
            ("00DB3FFF01FF", "6982", false),
            ("90D6000001FF", "9000", true),
            ("80F7000000", "9000", true),
        ] {
            let (sent, received) = (hex::decode(command).unwrap(), hex::decode(answer).unwrap());
            assert_eq!(may_change(&sent, &received), changes, "{command} {answer}");
        }
    }
}

//! A card on the bench: hexadecimal in, data and status word out. A part in parentheses stands behind its length
//! (one byte): `00A4000C (4401)` is `00A4000C 02 4401`.

use super::machine::Machine;
use super::state::{CardState, Profile};
use crate::codec::hex;
use crate::crypto::seal::PinKeyCost;

/// A powered card in memory.
pub(super) struct Bench {
    pub card: Machine,
}

impl Bench {
    /// A blank card in creation state.
    pub fn blank() -> Self {
        Self::blank_of(Profile::MyEid)
    }

    /// A blank card of either kind.
    pub fn blank_of(profile: Profile) -> Self {
        Self { card: Machine::new(CardState::blank(profile, PinKeyCost::MINIMAL).unwrap()) }
    }

    /// An operational card: PIN 1 11111111 (three tries), PIN 2 22222222, SO PIN 3 33333333; every PUK is 99999999
    /// (two tries). DF 5015 is selected.
    pub fn operational() -> Self {
        let mut bench = Self::blank();
        for number in ["31", "32", "33"] {
            let pin = number.repeat(8);
            bench.ok(&format!("00DA010{} ({pin} 3939393939393939 03 02 00)", &number[1..]));
        }
        bench.activate();
        bench.select_application();
        bench
    }

    /// Puts the access rules into force.
    pub fn activate(&mut self) {
        self.ok("00440400 (A000000063504B43532D3135)");
    }

    /// Selects DF 5015.
    pub fn select_application(&mut self) {
        self.ok("00A4040C (A000000063504B43532D3135)");
    }

    /// Verifies PIN 1, 2 or 3 as [`Self::operational`] has set it.
    pub fn verify(&mut self, number: u8) {
        let pin = format!("3{number}").repeat(8);
        self.ok(&format!("0020000{number} ({pin})"));
    }

    /// Creates an EF in the current DF: identifier, descriptor, size and the two meaningful access bytes in hex.
    pub fn create(&mut self, id: &str, descriptor: &str, size: u16, access: &str) {
        self.ok(&format!("00E00000 (62 (8002{size:04X} 8201{descriptor} 8302{id} 8603{access}FF))"));
    }

    /// Creates a key file and generates its key; answers what the card answers.
    pub fn generate(&mut self, id: &str, descriptor: &str, size: u16, access: &str) -> Vec<u8> {
        self.create(id, descriptor, size, access);
        self.all("0046000000")
    }

    /// Sends one command; data and status word.
    pub fn send(&mut self, command: &str) -> (Vec<u8>, u16) {
        let response = self.card.transact(&bytes(command), &mut |_| Ok(()));
        let (data, status) = response.split_last_chunk::<2>().unwrap();
        (data.to_vec(), u16::from_be_bytes(*status))
    }

    /// The status word of a command.
    pub fn status(&mut self, command: &str) -> u16 {
        self.send(command).1
    }

    /// The data of a command that has to succeed.
    pub fn ok(&mut self, command: &str) -> Vec<u8> {
        let (data, status) = self.send(command);
        assert_eq!(status, 0x9000, "{command} gives {status:04X}");
        data
    }

    /// As [`Self::ok`], with everything that GET RESPONSE gives.
    pub fn all(&mut self, command: &str) -> Vec<u8> {
        let (mut data, mut status) = self.send(command);
        while matches!(status >> 8, 0x61 | 0x6C) {
            let (more, next) = self.send(&format!("00C00000{:02X}", status as u8));
            data.extend(more);
            status = next;
        }
        assert_eq!(status, 0x9000, "{command} gives {status:04X}");
        data
    }

    /// Change counter of the applet information.
    pub fn change_counter(&mut self) -> u16 {
        let information = self.ok("00CA01A000");
        u16::from_be_bytes([information[18], information[19]])
    }
}

/// The bytes of a command text.
pub(super) fn bytes(text: &str) -> Vec<u8> {
    let mut open: Vec<Vec<u8>> = vec![Vec::new()];
    for part in text.split_inclusive(['(', ')']) {
        open.last_mut().unwrap().extend(hex::decode(part.trim_end_matches(['(', ')'])).unwrap());
        if part.ends_with('(') {
            open.push(Vec::new());
        } else if part.ends_with(')') {
            let inner = open.pop().unwrap();
            let outer = open.last_mut().unwrap();
            outer.push(u8::try_from(inner.len()).unwrap());
            outer.extend(inner);
        }
    }
    assert_eq!(open.len(), 1, "parentheses of {text}");
    open.remove(0)
}

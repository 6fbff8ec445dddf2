//! `opcard`: an OpenPGP card 3.4 by the makers of Nitrokeys. PW1 is 123456, PW3 is 12345678.
//! Generates RSA-2048 to 4096, P-256, P-384, P-521, Ed25519 and X25519; Brainpool and secp256k1 are advertised,
//! but its platform refuses them.

use heapless::VecView;
use iso7816::{Status, command::CommandView};

use crate::platform::{Application, Client, Desk, SoftwareCard};

/// An OpenPGP card as it leaves the factory, with this serial number.
pub fn card(serial: u32) -> SoftwareCard {
    SoftwareCard::start("opcard", &HISTORICAL_BYTES, move |client: Client<'_, '_>, desk: &Desk| {
        let mut options = opcard::Options::default();
        options.manufacturer = MANUFACTURER;
        options.serial = serial.to_be_bytes();
        desk.serve(&mut opcard::Card::new(client, options));
    })
}

impl<T: opcard::Client> Application for opcard::Card<T> {
    fn aid(&self) -> &'static [u8] {
        &AID
    }

    fn answer(&mut self, command: CommandView<'_>, reply: &mut VecView<u8>) -> Result<(), Status> {
        self.handle(command, reply)
    }

    fn reset(&mut self) {
        opcard::Card::reset(self);
    }
}

/// What the card says of itself in DO 5F52; a card has the same in its answer to reset.
const HISTORICAL_BYTES: [u8; 10] = [0x00, 0x31, 0xF5, 0x73, 0xC0, 0x01, 0x60, 0x00, 0x90, 0x00];
/// The application, without version, manufacturer and serial number.
pub const AID: [u8; 6] = [0xD2, 0x76, 0x00, 0x01, 0x24, 0x01];
/// The range of unmanaged serial numbers (OpenPGP card 3.4, 4.2.1).
const MANUFACTURER: [u8; 2] = [0xFF, 0xFE];

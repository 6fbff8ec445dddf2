//! Cards that say they are others, or do something as others do it.

use p11ctl::codec::tlv;
use p11ctl::transport::VirtualCard;

use crate::{Shared, openpgp};

/// An OpenPGP card that says that it has another version and another maker.
pub struct Named {
    /// The card.
    pub card: Shared,
    /// Version of the standard.
    pub version: [u8; 2],
    /// Number of the manufacturer.
    pub manufacturer: [u8; 2],
}

/// A card that is pulled when its KDF-DO was written: half of the answer to the first write is lost on its way.
pub struct PulledOnce {
    card: Shared,
    is_due: bool,
}

impl PulledOnce {
    /// The card, which will be.
    pub fn new(card: impl VirtualCard + 'static) -> Self {
        Self { card: Shared::new(card), is_due: true }
    }
}

impl VirtualCard for PulledOnce {
    fn atr(&self) -> Vec<u8> {
        VirtualCard::atr(&self.card)
    }

    fn reset(&mut self) {
        self.card.reset();
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        let answer = self.card.process(command);
        let is_write = matches!(command, [0, 0xDA, 0, 0xF9, ..]) && answer.ends_with(&[0x90, 0x00]);
        if is_write && std::mem::take(&mut self.is_due) { vec![0x90] } else { answer }
    }
}

/// An opcard that sets its PINs anew when its KDF-DO is written, as YubiKeys do.
pub struct SettingAnew {
    card: Shared,
    /// PW1 and PW3 as the card has them.
    pins: [Vec<u8>; 2],
}

impl SettingAnew {
    /// With the PINs of the factory.
    pub fn new() -> Self {
        Self { card: Shared::new(openpgp::card(1)), pins: FACTORY.map(<[u8]>::to_vec) }
    }

    fn change(&mut self, index: usize, reference: u8, new: &[u8]) {
        let Some(pin) = self.pins.get_mut(index) else { return };
        let data = [&std::mem::replace(pin, new.to_vec()), new].concat();
        let header = [0, 0x24, 0, reference, u8::try_from(data.len()).unwrap_or(u8::MAX)];
        assert_eq!(self.card.process(&[&header[..], &data].concat()), [0x90, 0x00]);
    }
}

impl Default for SettingAnew {
    fn default() -> Self {
        Self::new()
    }
}

impl VirtualCard for SettingAnew {
    fn atr(&self) -> Vec<u8> {
        VirtualCard::atr(&self.card)
    }

    fn reset(&mut self) {
        self.card.reset();
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        let answer = self.card.process(command);
        let is_done = answer.ends_with(&[0x90, 0x00]);
        let data = command.get(5..).unwrap_or_default();
        match command {
            [0, 0xDA, 0, 0xF9, ..] if is_done => {
                let values = [(0x87, 0x81), (0x88, 0x83)].into_iter().zip(FACTORY).enumerate();
                for (index, ((tag, reference), factory)) in values {
                    let new = tlv::find(data, tag).unwrap_or(factory).to_vec();
                    self.change(index, reference, &new);
                }
            }
            [0, 0x24, 0, reference @ (0x81 | 0x83), ..] if is_done => {
                if let Some(pin) = self.pins.get_mut(usize::from(*reference == 0x83)) {
                    *pin = data.get(pin.len()..).unwrap_or_default().to_vec();
                }
            }
            _ => {}
        }
        answer
    }
}

impl VirtualCard for Named {
    fn atr(&self) -> Vec<u8> {
        VirtualCard::atr(&self.card)
    }

    fn reset(&mut self) {
        self.card.reset();
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        let mut answer = self.card.process(command);
        let at = answer.windows(openpgp::AID.len()).position(|part| part == openpgp::AID);
        let said = at.and_then(|at| answer.get_mut(at + openpgp::AID.len()..)?.get_mut(..4));
        if let Some(said) = said {
            said.copy_from_slice(&[self.version, self.manufacturer].concat());
        }
        answer
    }
}

/// PW1 and PW3.
const FACTORY: [&[u8]; 2] = [b"123456", b"12345678"];

//! One card with several applications: SELECT by AID chooses who answers, as the dispatcher of Trussed devices does it.
//! Each application is a card by itself; they share reader and answer to reset, and nothing else.

use p11ctl::transport::VirtualCard;

use crate::{openpgp, piv};

/// What selecting another application does to the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    /// It forgets which PINs were verified, as on tokens with a USB plug.
    Forgets,
    /// It does not notice, as on some JavaCards.
    Remembers,
}

/// A card with several applications.
pub struct Several {
    atr: Vec<u8>,
    manners: Manners,
    applications: Vec<NamedCard>,
    selected: Option<usize>,
}

/// An application: as much of its AID as a SELECT has to name, and the card that answers for it.
pub type NamedCard = (&'static [u8], Box<dyn VirtualCard>);

/// A token with PIV and OpenPGP, with the answer to reset of a Nitrokey 3.
pub fn card(serial: u32, manners: Manners) -> Several {
    let piv = piv::card();
    let atr = piv.atr();
    let openpgp = openpgp::card(serial);
    Several::new(&atr, manners, vec![(&piv::AID, Box::new(piv)), (&openpgp::AID, Box::new(openpgp))])
}

impl Several {
    /// A card of these.
    pub fn new(atr: &[u8], manners: Manners, applications: Vec<NamedCard>) -> Self {
        Self { atr: atr.to_vec(), manners, applications, selected: None }
    }

    /// The same card with another answer to reset.
    pub fn with_atr(self, atr: &[u8]) -> Self {
        Self { atr: atr.to_vec(), ..self }
    }

    /// The application that a SELECT names, if it is one by name.
    fn named(&self, command: &[u8]) -> Option<Option<usize>> {
        let [_, INS_SELECT, BY_AID, _, len, rest @ ..] = command else { return None };
        let name = rest.get(..usize::from(*len)).filter(|name| !name.is_empty())?;
        let has_name = |(aid, _): &NamedCard| name.starts_with(aid) || aid.starts_with(name);
        Some(self.applications.iter().position(has_name))
    }
}

impl VirtualCard for Several {
    fn atr(&self) -> Vec<u8> {
        self.atr.clone()
    }

    fn reset(&mut self) {
        self.selected = None;
        self.applications.iter_mut().for_each(|(_, card)| card.reset());
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        if let Some(named) = self.named(command) {
            let left = self.selected.filter(|selected| Some(*selected) != named);
            if let (Some(left), Manners::Forgets) = (left, self.manners) {
                self.applications[left].1.reset();
            }
            self.selected = named;
            if named.is_none() {
                return vec![0x6A, 0x82];
            }
        }
        match self.selected.and_then(|selected| self.applications.get_mut(selected)) {
            Some((_, card)) => card.process(command),
            None => vec![0x6D, 0x00],
        }
    }
}

const INS_SELECT: u8 = 0xA4;
const BY_AID: u8 = 0x04;

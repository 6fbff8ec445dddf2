//! The applications of one connected card: their drivers, which of them is selected, and what its selection does to the
//! logins of the others. Knows no card family.
//!
//! A driver believes that its application is selected. Where this process has spoken to another one since, the SELECT
//! goes out before the driver's next command ([`Channel::precede`]), so that a driver that needs nothing of the card
//! selects nothing, and ends no login. Most cards take a verification back when another application is selected, some do
//! not: the first time that it matters the card is asked, for each application.

use super::logins::Logins;
use super::{CardDriver, CardError};
use crate::apdu::{ApduError, Channel, Command, Preceding};
use crate::token::{AuthId, Problem};

/// What was found on a card.
#[derive(Default)]
pub struct Found {
    /// A driver for each application, in the order in which their tokens are shown.
    pub drivers: Vec<Box<dyn CardDriver>>,
    /// The driver of the application that is selected; `None` when another one may be.
    pub selected: Option<usize>,
    /// Applications that are there and cannot be used.
    pub problems: Vec<Problem>,
}

impl From<Box<dyn CardDriver>> for Found {
    fn from(driver: Box<dyn CardDriver>) -> Self {
        Self { drivers: vec![driver], selected: Some(0), problems: Vec::new() }
    }
}

/// The applications of a connected card.
#[derive(Default)]
pub(super) struct Applications {
    found: Found,
    logins: Vec<Logins>,
}

impl Applications {
    pub fn is_empty(&self) -> bool {
        self.found.drivers.is_empty()
    }

    pub fn len(&self) -> usize {
        self.found.drivers.len()
    }

    pub fn take_in(&mut self, found: Found) {
        self.found = found;
    }

    pub fn problems(&self) -> &[Problem] {
        &self.found.problems
    }

    pub fn logins(&self, application: usize) -> Option<&Logins> {
        self.logins.get(application)
    }

    /// The logins to an application, found on the card or not yet.
    pub fn logins_mut(&mut self, application: usize) -> &mut Logins {
        if self.logins.len() <= application {
            self.logins.resize_with(application + 1, Logins::default);
        }
        &mut self.logins[application]
    }

    pub fn all_logins_mut(&mut self) -> impl Iterator<Item = &mut Logins> {
        self.logins.iter_mut()
    }

    /// Applications that may have PINs verified by our doing.
    pub fn owing(&self) -> Vec<usize> {
        let owing = self.logins.iter().enumerate().filter(|(_, logins)| !logins.owed.is_empty());
        owing.map(|(application, _)| application).collect()
    }

    /// A new transaction: another program may have used the card in between.
    pub fn forget_state(&mut self) {
        self.found.drivers.iter_mut().for_each(|driver| driver.forget_state());
    }

    /// The card was reset.
    pub fn reset(&mut self) {
        self.forget_state();
        self.logins.iter_mut().for_each(Logins::reset);
        if self.found.drivers.len() > 1 {
            self.found.selected = None;
        }
    }

    /// Whether asking an application for something takes logins back that this process has to others, so that their
    /// users would have to log in again.
    pub fn would_end_logins(&self, application: usize) -> bool {
        let ends = |logins: &Logins| {
            let comes_back =
                logins.verified.iter().all(|auth| logins.remembered.iter().any(|(known, _)| known == auth));
            logins.stay != Some(true) && logins.are_on_card() && !comes_back
        };
        let others = self.logins.iter().enumerate().filter(|(other, _)| *other != application);
        others.into_iter().any(|(_, logins)| ends(logins))
    }

    /// Makes an application the one that gets the next commands, with its logins as they are believed to be. What its
    /// selection does to the others is noted by [`Applications::note_selected`].
    /// Errors: `NoSuchObject` where there are not that many; those of the card.
    pub fn turn_to(&mut self, application: usize, channel: &mut Channel<'_>) -> Result<(), CardError> {
        if self.found.selected != Some(application) {
            self.ask_what_stays(application, channel)?;
            let driver = self.driver(application)?;
            if let Some(command) = selection(driver) {
                driver.be_selected();
                channel.precede(command);
            }
        }
        self.restore(application, channel)
    }

    /// After a driver's work: whether it reached the card.
    pub fn note_selected(&mut self, application: usize, channel: &Channel<'_>) {
        match channel.preceded() {
            Preceding::Nothing | Preceding::Waits => return,
            Preceding::Done => self.found.selected = Some(application),
            // The card may have left the one before.
            Preceding::Failed => self.found.selected = None,
        }
        let others = self.logins.iter_mut().enumerate().filter(|(other, _)| *other != application);
        others.for_each(|(_, logins)| logins.leave());
    }

    pub fn driver(&mut self, application: usize) -> Result<&mut dyn CardDriver, CardError> {
        match self.found.drivers.get_mut(application) {
            Some(driver) => Ok(driver.as_mut()),
            None => Err(CardError::NoSuchObject),
        }
    }

    /// Finds out what the selection of an application does to the logins of the others, where that was not found out yet.
    fn ask_what_stays(&mut self, application: usize, channel: &mut Channel<'_>) -> Result<(), CardError> {
        let is_open = |logins: &Logins| logins.are_on_card() && logins.stay.is_none();
        let held = self.logins.iter().enumerate().filter(|(other, it)| *other != application && is_open(it));
        let held: Vec<usize> = held.map(|(held, _)| held).collect();
        for held in held {
            let asked = self.ask(held, application, channel);
            let logins = self.logins_mut(held);
            match asked {
                Ok(told) => logins.note_left(&told),
                Err(error) => {
                    // The question may have selected something else.
                    logins.leave();
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Selects the other application and the one that holds a login again, and asks for its PINs.
    fn ask(
        &mut self,
        held: usize,
        other: usize,
        channel: &mut Channel<'_>,
    ) -> Result<Vec<(AuthId, Option<bool>)>, CardError> {
        let select = |this: &mut Self, application: usize, channel: &mut Channel<'_>| {
            let driver = this.driver(application)?;
            if let Some(command) = selection(driver) {
                channel.call(&command)?;
                driver.be_selected();
            }
            Ok::<(), CardError>(())
        };
        self.found.selected = None;
        select(self, other, channel)?;
        select(self, held, channel)?;
        self.found.selected = Some(held);
        let verified = self.logins_mut(held).verified.clone();
        let told = tell_verified(self.driver(held)?, verified, channel)?;
        tracing::debug!(?told, "logins after another application was selected");
        Ok(told)
    }

    /// The card wants a PIN that counts as verified, or its driver found another application selected: another program was
    /// there. The card says what is left of the logins. Returns what is to be told of the refusal.
    pub fn ask_what_is_left(
        &mut self,
        application: usize,
        refusal: CardError,
        channel: &mut Channel<'_>,
    ) -> CardError {
        let owed = match self.logins(application) {
            Some(logins) if logins.are_on_card() => logins.owed.clone(),
            _ => Vec::new(),
        };
        let asked = self.driver(application).and_then(|driver| tell_verified(driver, owed, channel));
        let logins = self.logins_mut(application);
        match asked {
            Ok(told) => logins.note_told(&told),
            Err(broken @ CardError::Apdu(ApduError::Transport(_))) => return broken,
            Err(error) => tracing::debug!(%error, "the card does not tell what is left of its logins"),
        }
        if logins.lost || logins.stale { CardError::LoginLost } else { refusal }
    }

    /// Verifies again what is remembered. What the card refuses now is forgotten, and not sent a second time.
    fn restore(&mut self, application: usize, channel: &mut Channel<'_>) -> Result<(), CardError> {
        let Some(logins) = self.logins.get_mut(application).filter(|logins| logins.stale) else {
            return Ok(());
        };
        logins.stale = false;
        for (auth, pin) in logins.remembered.clone() {
            let result = self.driver(application)?.verify(channel, &auth, &pin);
            let logins = self.logins_mut(application);
            let broken = matches!(result, Err(CardError::Apdu(ApduError::Transport(_))));
            if matches!(result, Err(CardError::PinIncorrect { .. } | CardError::PinBlocked { .. })) {
                logins.owed.retain(|known| *known != auth);
            } else if result.is_ok() || broken {
                logins.owe(&auth);
            }
            if let Err(error) = result {
                logins.note_not_verified(&auth);
                logins.lost = true;
                if broken {
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

/// Asks the card for each of these PINs whether it is verified.
fn tell_verified(
    driver: &mut dyn CardDriver,
    auths: Vec<AuthId>,
    channel: &mut Channel<'_>,
) -> Result<Vec<(AuthId, Option<bool>)>, CardError> {
    let ask = |auth: AuthId| {
        let told = driver.is_verified(channel, &auth)?;
        Ok((auth, told))
    };
    auths.into_iter().map(ask).collect()
}

/// SELECT by the name of a driver's application (ISO 7816-4, 11.2.2).
fn selection(driver: &dyn CardDriver) -> Option<Command> {
    let name = driver.application_name()?;
    Some(Command::new(0x00, INS_SELECT, BY_NAME, FIRST_AND_ONLY).data(name).expect(SHORT_LE))
}

const INS_SELECT: u8 = 0xA4;
const BY_NAME: u8 = 0x04;
const FIRST_AND_ONLY: u8 = 0x00;
const SHORT_LE: usize = 256;

//! The applications of one connected card: their drivers, which of them is selected, and what its selection does to the
//! logins of the others. Knows no card family.

use super::logins::Logins;
use super::turn::Turn;
use super::{CardDriver, CardError, Unfinished};
use crate::apdu::{Command, Preceding, iso};
use crate::token::Problem;

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

    pub fn unfinished(&self) -> Vec<(usize, Unfinished)> {
        let drivers = self.found.drivers.iter().enumerate();
        drivers.filter_map(|(application, driver)| Some((application, driver.unfinished()?))).collect()
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

    /// The turn of an application. What its selection does to the others is noted by [`Applications::note_selected`].
    /// Errors: `NoSuchObject` where there are not that many.
    pub fn turn_to(&mut self, application: usize) -> Result<Turn<'_>, CardError> {
        let last = self.found.drivers.len().saturating_sub(1);
        self.logins_mut(last);
        let is_selected = self.found.selected == Some(application);
        Turn::new(&mut self.found.drivers, &mut self.logins, application, is_selected)
    }

    /// After a driver's work: whether it reached the card.
    pub fn note_selected(&mut self, application: usize, reached: Preceding) {
        match reached {
            Preceding::Nothing | Preceding::Waits => return,
            Preceding::Done => self.found.selected = Some(application),
            // The card may have left the one before.
            Preceding::Failed => self.found.selected = None,
        }
        let others = self.logins.iter_mut().enumerate().filter(|(other, _)| *other != application);
        others.for_each(|(_, logins)| logins.leave());
    }
}

/// SELECT by the name of a driver's application (ISO 7816-4, 11.2.2).
pub(super) fn selection(driver: &dyn CardDriver) -> Option<Command> {
    driver.application_name().map(iso::select_application)
}

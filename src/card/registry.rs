//! The card families in the order in which their tokens are shown, each with the reason for its place, and how the
//! applications of a card are found.
//! A new family is one file and one row here.

use std::sync::atomic::Ordering::Relaxed;

use crate::apdu::{ApduError, Channel, Lengthening, StatusWord};
use crate::token::Problem;

use super::inventory::Inventory;
use super::{CardDriver, CardError, CardSettings, Found, Listing, generic, isoapplet, myeid, openpgp, piv};

/// One card family.
pub struct Row {
    /// Its name in `[drivers] only` and in `p11ctl readers`.
    pub name: &'static str,
    /// Why it stands where it stands.
    pub reason: &'static str,
    /// Whether the answer to reset is the family's own; such rows are tried first.
    pub knows_atr: fn(&[u8]) -> bool,
    /// Families whose applications such a card may have beside this one's; it is asked for no others.
    pub beside: &'static [&'static str],
    /// Whether its application is found by a name of its own, so that no other application of the card answers for it.
    pub has_own_name: bool,
    /// Whether its application answers to the name of PKCS#15 as well, with files that its own driver reads.
    pub answers_for_pkcs15: bool,
    /// Asks the card. `None` when it is of another family; errors are those of the transport.
    pub open: Open,
}

/// Asks a card whether it is of a family, and binds a driver to it.
pub type Open = fn(&mut Channel<'_>, &CardSettings) -> Result<Option<Box<dyn CardDriver>>, CardError>;

/// All families, in the order in which the tokens of their applications are shown.
pub static DRIVERS: &[Row] = &[
    Row {
        name: piv::NAME,
        reason: "first: most cards that have it are asked for it by their makers' own programs before anything else",
        knows_atr: piv::knows_atr,
        beside: &[openpgp::NAME],
        has_own_name: true,
        answers_for_pkcs15: false,
        open: piv::open,
    },
    Row {
        name: isoapplet::NAME,
        reason: "before MyEID, whose questions its files could answer",
        knows_atr: isoapplet::knows_atr,
        beside: &[],
        has_own_name: true,
        answers_for_pkcs15: true,
        open: isoapplet::open,
    },
    Row {
        name: myeid::NAME,
        reason: "before the generic PKCS#15 driver, which could only read these cards",
        knows_atr: myeid::knows_atr,
        beside: &[],
        has_own_name: false,
        answers_for_pkcs15: false,
        open: myeid::open,
    },
    Row {
        name: openpgp::NAME,
        reason: "before the generic PKCS#15 driver, which asks more questions of a card that has no PKCS#15",
        knows_atr: openpgp::knows_atr,
        beside: &[],
        has_own_name: true,
        answers_for_pkcs15: false,
        open: openpgp::open,
    },
    Row {
        name: generic::NAME,
        reason: "last: it takes every card with a PKCS#15 application, and can do less than a driver of its own",
        knows_atr: generic::knows_atr,
        beside: &[],
        has_own_name: false,
        answers_for_pkcs15: false,
        open: generic::open,
    },
];

/// Finds the applications of the card.
///
/// Families whose answer to reset it is come first, with what such cards have beside them. Where none of those is there,
/// the card is asked for every application with a name of its own, and beside one of them for PKCS#15 by its name, unless
/// one of them would answer to that. Only a card that has none of them is asked what other applications could answer as
/// well; there the first family that takes it has it. So a card of a known kind costs no question for nothing, and no card
/// more than two for each family.
///
/// Questions go in the reverse order: PIV, which most cards with several have, is asked for last and stays selected.
/// What such cards had lately is asked for before the rest, and a card that is one of them for nothing else.
/// Errors: `UnknownCard` when no family wants it; what the one application has that is there and cannot be used.
pub fn recognise(channel: &mut Channel<'_>, settings: &CardSettings) -> Result<Found, CardError> {
    let atr = channel.atr().to_vec();
    let bound = settings.bindings.iter().find(|binding| binding.fits(&atr)).map(|binding| &binding.drivers);
    let only = bound.or(settings.drivers.as_ref());
    let is_allowed =
        |row: &Row| only.is_none_or(|only| only.iter().any(|name| name.eq_ignore_ascii_case(row.name)));
    let is_known = |row: &Row| (row.knows_atr)(&atr);
    let companions: Vec<_> = DRIVERS.iter().filter(|row| is_known(row)).flat_map(|row| row.beside).collect();
    let is_first = |row: &Row| bound.is_none() && (is_known(row) || companions.contains(&&row.name));
    let rows = |wanted: &dyn Fn(&Row) -> bool| -> Vec<usize> {
        let rows = DRIVERS.iter().enumerate().filter(|(_, row)| is_allowed(row) && wanted(row));
        rows.map(|(index, _)| index).collect()
    };
    // Under a restriction not everything is asked for that the card may have.
    let store = settings.cache.as_ref().filter(|_| only.is_none());
    let mut search = Search {
        channel,
        settings,
        inventory: Inventory::open(store, &atr),
        found: Vec::new(),
        asked: Vec::new(),
        problems: Vec::new(),
        is_over: false,
        is_as_before: false,
        is_unsure: false,
    };
    search.ask_for_all(&rows(&is_first), None)?;
    if search.found.is_empty() {
        let pkcs15 = rows(&|row| row.name == generic::NAME).first().copied();
        search.ask_for_all(&rows(&|row| row.has_own_name && !is_first(row)), pkcs15)?;
        search.ask_for_one(&rows(&|row| !row.has_own_name && !is_first(row)))?;
    }
    search.remember()?;
    search.result(atr)
}

/// An application that is there.
struct Application {
    /// Its row in [`DRIVERS`].
    row: usize,
    driver: Box<dyn CardDriver>,
    /// What tells its card from others; `None` while it could not be read.
    identity: Option<Vec<u8>>,
}

/// The questions to one card.
struct Search<'s, 'c> {
    channel: &'s mut Channel<'c>,
    settings: &'s CardSettings,
    inventory: Inventory,
    found: Vec<Application>,
    /// Rows of [`DRIVERS`] that were asked for. The application of the last one is selected, if it is there.
    asked: Vec<usize>,
    /// What is there and cannot be used.
    problems: Vec<(&'static str, CardError)>,
    /// The card does not play by the rules: it is asked nothing more.
    is_over: bool,
    /// The card had these applications lately and no others: it is asked nothing more.
    is_as_before: bool,
    /// It refused to select an application without saying that there is none.
    is_unsure: bool,
}

impl Search<'_, '_> {
    /// Asks for the applications of these rows, and for that of `beside` by its name where there is another one: first for
    /// those that such cards had lately.
    fn ask_for_all(&mut self, rows: &[usize], beside: Option<usize>) -> Result<(), CardError> {
        let had: Vec<usize> = rows.iter().copied().filter(|row| self.had(*row)).collect();
        self.ask_for_each(&had)?;
        self.is_as_before = self.has_what_it_had(beside)?;
        self.ask_for_each(rows)?;
        match beside {
            Some(row) if !self.found.is_empty() && !self.pkcs15_is_found() => {
                self.ask(row, generic::open_by_name)
            }
            _ => Ok(()),
        }
    }

    fn ask_for_each(&mut self, rows: &[usize]) -> Result<(), CardError> {
        for row in rows.iter().rev() {
            if let Some(known) = DRIVERS.get(*row) {
                self.ask(*row, known.open)?;
            }
        }
        Ok(())
    }

    fn ask_for_one(&mut self, rows: &[usize]) -> Result<(), CardError> {
        for row in rows {
            if let Some(known) = DRIVERS.get(*row).filter(|_| self.found.is_empty()) {
                self.ask(*row, known.open)?;
            }
        }
        Ok(())
    }

    /// Whether what answers to the name of PKCS#15 is an application that is found already.
    fn pkcs15_is_found(&self) -> bool {
        self.found.iter().any(|it| DRIVERS.get(it.row).is_some_and(|row| row.answers_for_pkcs15))
    }

    /// Whether cards like this one had such an application lately, as far as that counts.
    fn had(&self, row: usize) -> bool {
        let had = |row: &Row| self.inventory.has(row.name);
        !self.settings.asks_all.load(Relaxed) && DRIVERS.get(row).is_some_and(had)
    }

    /// Whether what was found is all that the card had lately. PKCS#15 is asked for by its name where this very card had it:
    /// on another one an application could answer to that which was not asked for yet.
    fn has_what_it_had(&mut self, beside: Option<usize>) -> Result<bool, CardError> {
        let Some(identity) = self.identity()? else { return Ok(false) };
        let with_pkcs15 = [self.families(), vec![generic::NAME]].concat();
        if let Some(row) = beside.filter(|_| self.inventory.knows(&identity, &with_pkcs15)) {
            self.ask(row, generic::open_by_name)?;
        }
        Ok(self.identity()?.is_some_and(|identity| self.inventory.knows(&identity, &self.families())))
    }

    /// Keeps which applications the card has, where it was asked for all of them and is told from others.
    fn remember(&mut self) -> Result<(), CardError> {
        if self.is_as_before || self.is_unsure || !self.inventory.is_kept() {
            return Ok(());
        }
        match self.identity()? {
            Some(identity) => self.inventory.learn(&identity, &self.families()),
            // It could be one of those that are known.
            None => self.inventory.clear(),
        }
        Ok(())
    }

    /// What tells the card from others: by the application that is shown first. `None` where nothing does, where
    /// something on it cannot be used, and where an application is found without its name.
    fn identity(&mut self) -> Result<Option<Vec<u8>>, CardError> {
        if !self.problems.is_empty() || self.found.iter().any(|it| it.driver.application_name().is_none()) {
            return Ok(None);
        }
        self.read_selected()?;
        let is_read = self.found.iter().all(|it| it.identity.is_some());
        let first = self.found.iter().min_by_key(|it| it.row).and_then(|it| it.identity.clone());
        Ok(first.filter(|identity| is_read && !identity.is_empty()))
    }

    /// The families of what was found, in the order of [`DRIVERS`].
    fn families(&self) -> Vec<&'static str> {
        let is_found = |row: usize| self.found.iter().any(|it| it.row == row);
        DRIVERS.iter().enumerate().filter(|(row, _)| is_found(*row)).map(|(_, row)| row.name).collect()
    }

    /// Reads the directories of the application that is selected. What is wrong with them is told when they are asked for.
    fn read_selected(&mut self) -> Result<(), CardError> {
        let last = self.asked.last();
        let selected = self.found.iter_mut().find(|it| Some(&it.row) == last && it.identity.is_none());
        let Some(selected) = selected else { return Ok(()) };
        match selected.driver.read_token(self.channel, Listing::Layout) {
            Ok(token) => selected.identity = Some(selected.driver.identity(&token)),
            Err(CardError::Apdu(error @ ApduError::Transport(_))) => return Err(error.into()),
            Err(_) => {}
        }
        Ok(())
    }

    /// One question, once. A broken connection ends the search with an error.
    fn ask(&mut self, row: usize, open: Open) -> Result<(), CardError> {
        if self.is_over || self.is_as_before || self.asked.contains(&row) {
            return Ok(());
        }
        self.read_selected()?;
        self.asked.push(row);
        self.channel.prefer(Lengthening::default());
        match open(self.channel, self.settings) {
            Ok(Some(driver)) => self.found.push(Application { row, driver, identity: None }),
            Ok(None) => self.is_unsure |= !self.channel.last_status().is_some_and(is_settled),
            Err(CardError::Apdu(error @ ApduError::Transport(_))) => return Err(error.into()),
            Err(error) => {
                let name = DRIVERS.get(row).map_or("", |row| row.name);
                self.is_over = matches!(error, CardError::Apdu(ApduError::EndlessResponse { .. }));
                self.problems.push((name, error));
            }
        }
        Ok(())
    }

    fn result(mut self, atr: Vec<u8>) -> Result<Found, CardError> {
        if self.found.is_empty() {
            let first = self.problems.into_iter().next();
            return Err(first.map_or(CardError::UnknownCard { atr }, |(_, error)| error));
        }
        self.found.sort_by_key(|it| it.row);
        let selected = self.found.iter().position(|it| Some(&it.row) == self.asked.last());
        let problem = |(name, error): &(&str, CardError)| Problem {
            what: format!("the {name} application"),
            why: error.to_string(),
        };
        Ok(Found {
            selected,
            problems: self.problems.iter().map(problem).collect(),
            drivers: self.found.into_iter().map(|it| it.driver).collect(),
        })
    }
}

/// Whether this is how a card says that it has no such application, or another one under the name: any other refusal may
/// be of the moment.
fn is_settled(status: StatusWord) -> bool {
    use StatusWord as Status;
    matches!(
        status,
        Status::OK
            | Status::FILE_NOT_FOUND
            | Status::FUNCTION_NOT_SUPPORTED
            | Status::INS_NOT_SUPPORTED
            | Status::CLA_NOT_SUPPORTED
            | Status::APPLET_SELECT_FAILED
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_driver_comes_last_and_no_name_twice() {
        assert_eq!(DRIVERS.last().map(|row| row.name), Some(generic::NAME));
        for (index, row) in DRIVERS.iter().enumerate() {
            let same = |other: &&Row| other.name.eq_ignore_ascii_case(row.name);
            assert_eq!(DRIVERS.iter().filter(same).count(), 1, "{}", row.name);
            assert!(!row.reason.is_empty(), "row {index}");
        }
    }
}

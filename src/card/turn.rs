//! One application's turn on the card: its driver works, and what it needs before its first command goes out with that
//! command. Knows no card family.
//!
//! A driver believes that its application is selected. Where this process has spoken to another one since, the SELECT
//! goes out before the driver's first command ([`Channel::after`]), so that a driver that needs nothing of the card
//! selects nothing, and ends no login. Most cards take a verification back when another application is selected, some do
//! not: the first time that it matters the card is asked, for each application that holds a login.

use super::applications::selection;
use super::logins::Logins;
use super::{CardDriver, CardError};
use crate::apdu::{ApduError, Channel, Command, Preceding};
use crate::token::AuthId;

/// One application of a card, and what its selection may do to the logins of the others.
pub(super) struct Turn<'t> {
    driver: &'t mut dyn CardDriver,
    logins: &'t mut Logins,
    /// SELECT of the application, where another one may be selected.
    select: Option<Command>,
    /// Applications with a login of which nobody knows yet whether it stays.
    held: Vec<Held<'t>>,
}

/// An application that holds a login.
struct Held<'t> {
    driver: &'t mut dyn CardDriver,
    logins: &'t mut Logins,
}

impl<'t> Turn<'t> {
    /// The turn of one of these applications. Sends nothing.
    /// Errors: `NoSuchObject` where there are not that many.
    pub fn new(
        drivers: &'t mut [Box<dyn CardDriver>],
        logins: &'t mut [Logins],
        application: usize,
        is_selected: bool,
    ) -> Result<Self, CardError> {
        let (mut meant, mut held) = (None, Vec::new());
        for (index, (driver, logins)) in drivers.iter_mut().zip(logins).enumerate() {
            if index == application {
                meant = Some((driver, logins));
            } else if logins.are_on_card() && logins.stay.is_none() {
                held.push(Held { driver: driver.as_mut(), logins });
            }
        }
        let (driver, logins) = meant.ok_or(CardError::NoSuchObject)?;
        let select = if is_selected { None } else { selection(driver.as_ref()) };
        if select.is_some() {
            driver.be_selected();
        }
        Ok(Self { driver: driver.as_mut(), logins, select, held })
    }

    /// Lets the driver work, with the logins as they are believed to be. Answers besides whether it reached the card.
    pub fn run<T>(
        self,
        channel: &mut Channel<'_>,
        job: &mut dyn FnMut(&mut dyn CardDriver, &mut Channel<'_>) -> Result<T, CardError>,
    ) -> (Result<T, CardError>, Preceding) {
        let Self { driver, logins, select, mut held } = self;
        let mut go_over = |channel: &mut Channel<'_>| {
            let Some(select) = &select else { return Ok(()) };
            held.iter_mut().try_for_each(|held| held.ask_what_stays(select, channel))?;
            channel.select(select)
        };
        let mut channel = channel.after(if select.is_some() { Some(&mut go_over) } else { None });
        let mut result = restore(driver, logins, &mut channel).and_then(|()| job(driver, &mut channel));
        if let Err(refusal @ (CardError::NotAuthenticated | CardError::LoginLost)) = result {
            result = Err(ask_what_is_left(driver, logins, refusal, &mut channel));
        }
        (result, channel.preceded())
    }
}

impl Held<'_> {
    /// Finds out what the selection of another application does to the logins, where that was not found out yet: selects
    /// the other one and this one again, and asks for its PINs.
    fn ask_what_stays(&mut self, other: &Command, channel: &mut Channel<'_>) -> Result<(), ApduError> {
        if self.logins.stay.is_some() || !self.logins.are_on_card() {
            return Ok(());
        }
        let asked = self.ask(other, channel);
        match &asked {
            Ok(told) => {
                tracing::debug!(?told, "logins after another application was selected");
                self.logins.note_left(told);
            }
            // The question may have selected something else.
            Err(_) => self.logins.leave(),
        }
        asked.map(|_| ())
    }

    fn ask(&mut self, other: &Command, channel: &mut Channel<'_>) -> Result<Vec<Told>, ApduError> {
        channel.select(other)?;
        if let Some(select) = selection(self.driver) {
            channel.select(&select)?;
            self.driver.be_selected();
        }
        ask_verified(self.driver, &self.logins.verified, channel)
    }
}

/// Verifies again what is remembered. What the card refuses now is forgotten, and not sent a second time.
fn restore(
    driver: &mut dyn CardDriver,
    logins: &mut Logins,
    channel: &mut Channel<'_>,
) -> Result<(), CardError> {
    if !std::mem::take(&mut logins.stale) {
        return Ok(());
    }
    for (auth, pin) in logins.remembered.clone() {
        let result = driver.verify(channel, &auth, &pin);
        let broken = result.as_ref().is_err_and(is_broken);
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

/// The card wants a PIN that counts as verified, or its driver found another application selected: another program was
/// there. The card says what is left of the logins. Answers what is to be told of the refusal.
fn ask_what_is_left(
    driver: &mut dyn CardDriver,
    logins: &mut Logins,
    refusal: CardError,
    channel: &mut Channel<'_>,
) -> CardError {
    if logins.are_on_card() {
        match ask_verified(driver, &logins.owed, channel) {
            Ok(told) => logins.note_told(&told),
            Err(broken) => return broken.into(),
        }
    }
    if logins.lost || logins.stale { CardError::LoginLost } else { refusal }
}

/// A PIN, and whether the card says that it is verified.
type Told = (AuthId, Option<bool>);

/// Asks the card for each of these PINs whether it is verified. Errors: the connection is broken.
fn ask_verified(
    driver: &mut dyn CardDriver,
    auths: &[AuthId],
    channel: &mut Channel<'_>,
) -> Result<Vec<Told>, ApduError> {
    let ask = |auth: &AuthId| match driver.is_verified(channel, auth) {
        Err(CardError::Apdu(error @ ApduError::Transport(_))) => Err(error),
        told => Ok((auth.clone(), told.ok().flatten())),
    };
    auths.iter().map(ask).collect()
}

fn is_broken(error: &CardError) -> bool {
    matches!(error, CardError::Apdu(ApduError::Transport(_)))
}

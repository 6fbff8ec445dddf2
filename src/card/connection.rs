//! One reader's card, connected: transport, driver, counters, and which PINs this process has verified.
//! Knows no card family and no PKCS#11; whoever holds a [`Card`] holds the only lock that it needs.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::apdu::{ApduError, Channel, Stats};
use crate::codec::Secret;
use crate::config::{AfterLogin, CardAtr, Config};
use crate::token::{AuthId, ObjectId, Problem, Token};
use crate::transport::{Disposition, PinPad, Presence, Reader, Transport as _, TransportError};

use super::admin::Format;
use super::applications::Found;
use super::cache::CacheStore;
use super::inventory::Inventory;
use super::link::{Link, is_gone, is_reset};
use super::logins::Logins;
use super::sought::Sought;
use super::{Abilities, CardAdmin, CardCall, CardDriver, CardError, Listing, Tries, Unfinished, registry};

/// What the user's configuration says about connected cards.
#[derive(Debug, Clone, Default)]
pub struct CardSettings {
    /// What becomes of a login at the end.
    pub after_login: AfterLogin,
    /// `[drivers] only`: families that are tried; `None` = all.
    pub drivers: Option<Vec<String>>,
    /// `[[card_atr]]`: cards whose drivers the answer to reset decides.
    pub bindings: Vec<CardAtr>,
    /// Where public contents are kept between runs; `None` = nowhere.
    pub cache: Option<CacheStore>,
    /// Keep PINs that were verified, to verify them again after a reset by another program.
    pub pin_cache: bool,
    /// The key that the command is after, if it is after one alone.
    pub sought: Sought,
    /// Cards are asked for every application, also for those that they did not have lately; one for all copies.
    pub asks_all: Arc<AtomicBool>,
}

impl CardSettings {
    /// The part of a configuration that concerns cards.
    pub fn new(config: &Config) -> Self {
        Self {
            after_login: config.readers.after_login,
            drivers: config.drivers.only.clone(),
            bindings: config.card_atrs.clone(),
            cache: CacheStore::new(&config.cache),
            pin_cache: config.pkcs11.pin_cache,
            sought: Sought::default(),
            asks_all: Arc::default(),
        }
    }
}

/// The card in one reader. Connects at its first use, speaks to the card in exclusive transactions, and
/// remembers which PINs it verified, so that none of them stays verified when it is dropped.
///
/// A card may have several applications, each with a driver, a token and PINs of its own. What is asked of the card is
/// asked of the one that [`Card::turn_to`] named last, at first of the first one.
pub struct Card {
    reader: Box<dyn Reader>,
    pub(super) settings: CardSettings,
    stats: Stats,
    recognise: Recognise,
    pub(super) link: Option<Link>,
    insertion: u64,
    /// The application that is meant, by its place on the card.
    pub(super) application: usize,
}

/// Finds the applications of a newly connected card.
pub type Recognise = Arc<dyn Fn(&mut Channel<'_>, &CardSettings) -> Recognised + Send + Sync>;

/// The applications of a card, or why there is none.
pub type Recognised = Result<Found, CardError>;

impl Card {
    /// The card in `reader`, whenever there is one. Touches nothing yet.
    pub fn new(reader: Box<dyn Reader>, settings: CardSettings, stats: Stats) -> Self {
        Self::with_recognition(reader, settings, stats, Arc::new(registry::recognise))
    }

    /// As [`Card::new`], with another way to find the drivers than the registry.
    pub fn with_recognition(
        reader: Box<dyn Reader>,
        settings: CardSettings,
        stats: Stats,
        recognise: Recognise,
    ) -> Self {
        Self { reader, settings, stats, recognise, link: None, insertion: 0, application: 0 }
    }

    /// The reader's name.
    pub fn reader_name(&self) -> &str {
        self.reader.name()
    }

    /// What is in the reader now. Touches no card. Forgets the connection when its card is gone.
    pub fn presence(&mut self) -> Result<Presence, CardError> {
        let presence = self.reader.presence();
        let same = match (&presence, &self.link) {
            (Ok(Presence::Card { atr }), Some(link)) => {
                link.line.atr() == atr && link.changes == self.reader.changes()
            }
            (Ok(_), _) | (Err(TransportError::ReaderGone(_) | TransportError::NoService), _) => false,
            // What was not told says nothing of the card.
            (Err(_), _) => true,
        };
        if !same {
            self.link = None;
        }
        presence.map_err(|error| ApduError::from(error).into())
    }

    /// How often cards came and went, where the reader counts that: as of the last look.
    pub fn changes(&self) -> u32 {
        self.reader.changes()
    }

    /// Grows each time a card is connected anew: whatever was read under another number is of another
    /// insertion, and must be read again. Zero before the first connection.
    pub fn insertion(&self) -> u64 {
        self.insertion
    }

    /// Whether a card is connected, as far as is known without asking.
    pub fn is_connected(&self) -> bool {
        self.link.is_some()
    }

    /// Means this application from now on, by its place on the card. Sends nothing.
    pub fn turn_to(&mut self, application: usize) {
        self.application = application;
    }

    /// The application that is meant.
    pub fn application(&self) -> usize {
        self.application
    }

    /// How many applications the card has, recognising them where that was not done yet.
    pub fn applications(&mut self) -> Result<usize, CardError> {
        let known = self.link.as_ref().map_or(0, |link| link.applications.len());
        if known > 0 {
            return Ok(known);
        }
        self.with(|_, _| Ok(()))?;
        Ok(self.link.as_ref().map_or(0, |link| link.applications.len()))
    }

    /// Applications that were found and cannot be used, and why.
    pub fn unusable_applications(&self) -> &[Problem] {
        self.link.as_ref().map(|link| link.applications.problems()).unwrap_or_default()
    }

    /// What was begun and waits to be finished, with the application, as far as it is known without asking the card.
    pub fn unfinished(&self) -> Vec<(usize, Unfinished)> {
        self.link.as_ref().map(|link| link.applications.unfinished()).unwrap_or_default()
    }

    /// Asks the application for that; see [`CardDriver::look_for_unfinished`].
    pub fn look_for_unfinished(&mut self) -> Result<(), CardError> {
        self.with(|driver, channel| driver.look_for_unfinished(channel))
    }

    /// True while this process's verification of a PIN stands, as far as is known without asking the card.
    pub fn is_verified(&self, auth: &AuthId) -> bool {
        self.is_verified_for(self.application, auth)
    }

    /// As [`Card::is_verified`], for a PIN of another application.
    pub fn is_verified_for(&self, application: usize, auth: &AuthId) -> bool {
        let logins = self.link.as_ref().and_then(|link| link.applications.logins(application));
        logins.is_some_and(|logins| logins.verified.contains(auth))
    }

    /// Whether asking the application for something would end logins to another one, for good: nobody knows their PINs
    /// any more.
    pub fn would_end_logins(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.applications.would_end_logins(self.application))
    }

    /// Runs `job` in one exclusive transaction, connecting and recognising the card first where needed.
    ///
    /// A card that another program resets meanwhile is asked once more when no PIN had been verified by this
    /// process, or when it could be verified again (`[pkcs11] pin_cache`); otherwise the error is `LoginLost`. So it is
    /// where another program took a login back, or selected another application. `job` must therefore be fit to run twice, and must not send a PIN: that is for [`Card::verify`].
    /// Nor must it write: that is for [`Card::administer`].
    pub fn with<T>(
        &mut self,
        mut job: impl FnMut(&mut dyn CardDriver, &mut Channel<'_>) -> Result<T, CardError>,
    ) -> Result<T, CardError> {
        self.attempt_again(&Cell::new(false), &mut job)
    }

    /// Runs `job`, and once more where another program came between, if what it needs is there (again) and nothing
    /// `has_changed`.
    fn attempt_again<T>(
        &mut self,
        has_changed: &Cell<bool>,
        job: &mut dyn FnMut(&mut dyn CardDriver, &mut Channel<'_>) -> Result<T, CardError>,
    ) -> Result<T, CardError> {
        match self.attempt(job) {
            Err(error) if took_logins(&error) && self.take_login_lost() => Err(CardError::LoginLost),
            Err(error) if has_changed.get() => Err(error),
            Err(error) if is_reset(&error) => self.attempt(job),
            Err(CardError::LoginLost) if self.has_logins() => self.attempt(job),
            other => other,
        }
    }

    /// Whether the logins stand after all, or will be made again by what is remembered.
    fn has_logins(&self) -> bool {
        let logins = self.link.as_ref().and_then(|link| link.applications.logins(self.application));
        logins.is_some_and(|logins| !logins.verified.is_empty())
    }

    /// Keeps the transaction open between calls (a batch of signatures by one command) until
    /// [`Card::release`]. No other program reaches the card meanwhile: never while a person is typing.
    pub fn hold(&mut self) -> Result<(), CardError> {
        self.connect()?;
        if let Some(link) = &mut self.link {
            link.line.held = true;
        }
        Ok(())
    }

    /// True between [`Card::hold`] and [`Card::release`].
    pub fn is_held(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.line.held)
    }

    /// Ends what [`Card::hold`] began.
    pub fn release(&mut self) -> Result<(), CardError> {
        let Some(link) = &mut self.link else { return Ok(()) };
        link.line.held = false;
        let result = link.line.close(Disposition::Leave);
        self.settle(result.map_err(CardError::from))
    }

    /// The family's name: `MyEID`.
    pub fn driver_name(&mut self) -> Result<&'static str, CardError> {
        self.with(|driver, _| Ok(driver.name()))
    }

    /// What the card can compute.
    pub fn abilities(&mut self) -> Result<Abilities, CardError> {
        self.with(|driver, _| Ok(driver.abilities().clone()))
    }

    /// Reads the directories; see [`CardDriver::read_token`].
    pub fn read_token(&mut self) -> Result<Token, CardError> {
        self.list(Listing::Keys)
    }

    /// As [`Card::read_token`], with more or less.
    pub fn list(&mut self, listing: Listing) -> Result<Token, CardError> {
        self.with(|driver, channel| driver.read_token(channel, listing))
    }

    /// Reads one object's value; see [`CardDriver::read_object`].
    pub fn read_object(&mut self, object: ObjectId) -> Result<Vec<u8>, CardError> {
        self.with(|driver, channel| driver.read_object(channel, object))
    }

    /// Asks for a PIN's tries; see [`CardDriver::tries_left`].
    pub fn tries_left(&mut self, auth: &AuthId) -> Result<Option<u8>, CardError> {
        self.with(|driver, channel| driver.tries_left(channel, auth))
    }

    /// Asks for a PIN's tries and their maximum; see [`CardDriver::tries`].
    pub fn tries(&mut self, auth: &AuthId) -> Result<Tries, CardError> {
        self.with(|driver, channel| driver.tries(channel, auth))
    }

    /// Computes on the card; see [`CardDriver::perform`].
    pub fn perform(&mut self, call: &CardCall<'_>) -> Result<Secret, CardError> {
        self.with(|driver, channel| driver.perform(channel, call))
    }

    /// Changes the card's contents in one exclusive transaction. As [`Card::with`] a `job` begins once more where another
    /// program came between, but only if the card was asked and refused until then, so that nothing is written twice. Once
    /// a command may have changed the card it is left as it is then, also where the login comes back: what is half done may
    /// be something else than what `job` would begin with. `LoginLost`, or the error of the reset, says so.
    pub fn administer<T>(
        &mut self,
        mut job: impl FnMut(&mut dyn CardAdmin, &mut Channel<'_>) -> Result<T, CardError>,
    ) -> Result<T, CardError> {
        let has_changed = Cell::new(false);
        self.attempt_again(&has_changed, &mut |driver, channel| {
            let Some(admin) = driver.admin() else {
                return Err(CardError::NotSupported { what: "be written".to_owned() });
            };
            channel.note_changes();
            let result = job(admin, channel);
            has_changed.set(channel.may_have_changed());
            result
        })
    }

    /// An application is about to come or to go: what is kept of which ones there are is not true any more.
    pub fn forget_inventory(&self) {
        if let Some(link) = &self.link {
            Inventory::open(self.settings.cache.as_ref(), link.line.atr()).clear();
        }
    }

    /// Formats the card; see [`CardAdmin::format`]. No PIN is verified afterwards.
    pub fn format(&mut self, format: &Format<'_>) -> Result<(), CardError> {
        self.forget_inventory();
        self.administer(|admin, channel| admin.format(channel, format))?;
        self.forget_logins();
        Ok(())
    }

    /// Erases the card; see [`CardAdmin::erase`]. No PIN is verified afterwards.
    pub fn erase(&mut self) -> Result<(), CardError> {
        self.forget_inventory();
        self.administer(|admin, channel| admin.erase(channel))?;
        self.forget_logins();
        Ok(())
    }

    fn forget_logins(&mut self) {
        if let Some(link) = &mut self.link {
            *link.applications.logins_mut(self.application) = Logins::default();
        }
    }

    /// What the reader's own keys can be used for; known once the card was asked for anything.
    pub fn pinpad(&self) -> PinPad {
        self.link.as_ref().map(|link| link.line.pinpad()).unwrap_or_default()
    }

    /// Ends every login and forgets the connection; the next use connects again.
    pub fn disconnect(&mut self) -> Result<(), CardError> {
        let result = self.finish();
        self.link = None;
        result
    }

    /// Resets the card: nothing is verified afterwards.
    pub(super) fn reset(&mut self) -> Result<(), CardError> {
        let Some(link) = &mut self.link else { return Ok(()) };
        link.forget();
        link.line.held = false;
        let result = link.line.open().and_then(|_| link.line.close(Disposition::Reset));
        self.settle(result.map_err(CardError::from))
    }

    pub(super) fn connect(&mut self) -> Result<&mut Link, CardError> {
        if self.link.is_none() {
            let transport = self.reader.connect().map_err(ApduError::from)?;
            self.insertion += 1;
            self.link = Some(Link::new(transport, self.reader.changes()));
        }
        self.link.as_mut().ok_or_else(|| TransportError::NoCard(String::new()).into())
    }

    pub(super) fn attempt<T>(
        &mut self,
        job: &mut dyn FnMut(&mut dyn CardDriver, &mut Channel<'_>) -> Result<T, CardError>,
    ) -> Result<T, CardError> {
        let (settings, stats) = (self.settings.clone(), self.stats.clone());
        let recognise = Arc::clone(&self.recognise);
        let recognise = |channel: &mut Channel<'_>| recognise(channel, &settings);
        self.connect()?;
        let application = self.application;
        let result = self.connect().and_then(|link| link.run(application, &recognise, &stats, job));
        self.settle(result)
    }

    /// Draws the consequences of an error for what is believed of the card.
    fn settle<T>(&mut self, result: Result<T, CardError>) -> Result<T, CardError> {
        if let Err(error) = &result {
            if is_reset(error) {
                if let Some(link) = &mut self.link {
                    link.forget();
                }
            } else if is_gone(error) {
                self.link = None;
            }
        }
        result
    }

    fn take_login_lost(&mut self) -> bool {
        let Some(link) = &mut self.link else { return false };
        std::mem::take(&mut link.applications.logins_mut(self.application).lost)
    }
}

/// Whether another program did something to the card that may have ended its logins.
fn took_logins(error: &CardError) -> bool {
    matches!(error, CardError::LoginLost) || is_reset(error)
}

impl Drop for Card {
    fn drop(&mut self) {
        if let Err(error) = self.finish() {
            tracing::warn!(reader = self.reader.name(), %error, "the card may still be logged in");
        }
    }
}

impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Card")
            .field("reader", &self.reader.name())
            .field("insertion", &self.insertion)
            .finish()
    }
}

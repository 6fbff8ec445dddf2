//! PINs of a connected card: verified, changed, unblocked, and taken back. Each is sent once.

use crate::apdu::Channel;
use crate::codec::Secret;
use crate::config::AfterLogin;
use crate::token::AuthId;
use crate::transport::Begun;

use super::admin::Unblock;
use super::link::is_reset;
use super::logins::Logins;
use super::{Card, CardAdmin, CardDriver, CardError};

impl Card {
    /// Verifies a PIN, once: it is never sent again by itself, but for `[pkcs11] pin_cache`. Several PINs may be verified
    /// at a time.
    pub fn verify(&mut self, auth: &AuthId, pin: &Secret) -> Result<(), CardError> {
        let result = self.verify_by(auth, &mut |driver, channel| driver.verify(channel, auth, pin));
        let kept = result.is_ok() && self.settings.pin_cache;
        if let Some(logins) = self.logins().filter(|_| kept) {
            logins.remembered.push((auth.clone(), pin.clone()));
        }
        result
    }

    /// As [`Card::verify`], with a PIN that its holder types on the reader's keys. Waits for the holder.
    pub fn verify_on_reader(&mut self, auth: &AuthId) -> Result<(), CardError> {
        self.verify_by(auth, &mut |driver, channel| driver.verify_on_reader(channel, auth))
    }

    fn verify_by(
        &mut self,
        auth: &AuthId,
        job: &mut dyn FnMut(&mut dyn CardDriver, &mut Channel<'_>) -> Result<(), CardError>,
    ) -> Result<(), CardError> {
        let owed_before = self.owe(auth)?;
        let result = self.attempt(job);
        if let Some(logins) = self.logins() {
            match &result {
                Ok(()) => logins.note_verified(auth),
                // A wrong PIN takes an earlier verification back (ISO 7816-4, 11.6.6).
                Err(CardError::PinIncorrect { .. } | CardError::PinBlocked { .. }) => {
                    logins.note_not_verified(auth);
                    // Nothing was verified, so nothing has to be taken back.
                    if !owed_before {
                        logins.owed.retain(|known| known != auth);
                    }
                }
                Err(_) => {}
            }
        }
        result
    }

    /// Changes a PIN, once: neither value is ever sent again by itself. It is not verified afterwards.
    /// Errors: see [`CardAdmin::change_pin`].
    pub fn change_pin(&mut self, auth: &AuthId, old: &Secret, new: &Secret) -> Result<(), CardError> {
        self.set_pin(auth, &mut |admin, channel| admin.change_pin(channel, auth, old, new))
    }

    /// As [`Card::change_pin`], with both values typed on the reader's keys. Waits for the holder.
    pub fn change_pin_on_reader(&mut self, auth: &AuthId) -> Result<(), CardError> {
        self.set_pin(auth, &mut |admin, channel| admin.change_pin_on_reader(channel, auth))
    }

    /// Gives a PIN a new value by its PUK or the security officer, once, as [`Card::change_pin`].
    /// Errors: see [`CardAdmin::unblock_pin`].
    pub fn unblock_pin(&mut self, auth: &AuthId, by: Unblock<'_>, new: &Secret) -> Result<(), CardError> {
        self.set_pin(auth, &mut |admin, channel| admin.unblock_pin(channel, auth, by, new))
    }

    fn set_pin(
        &mut self,
        auth: &AuthId,
        job: &mut dyn FnMut(&mut dyn CardAdmin, &mut Channel<'_>) -> Result<(), CardError>,
    ) -> Result<(), CardError> {
        // Some cards take a PIN that was just set for verified.
        self.owe(auth)?;
        let result = self.attempt(&mut |driver, channel| match driver.admin() {
            Some(admin) => job(admin, channel),
            None => Err(CardError::NotSupported { what: "change PINs".to_owned() }),
        });
        let sent = !matches!(
            result,
            Err(CardError::PinLength { .. }
                | CardError::PinCharacters
                | CardError::PinEntry(_)
                | CardError::NotSupported { .. })
        );
        if let Some(logins) = self.logins().filter(|_| sent) {
            logins.note_not_verified(auth);
        }
        result
    }

    /// Takes the verification of one PIN back and leaves the others. Where the card can only be reset, or another
    /// application would lose its login, that happens when no other PIN verified by this process is left.
    pub fn log_out(&mut self, auth: &AuthId) -> Result<(), CardError> {
        let after_login = self.settings.after_login;
        let Some(logins) = self.logins() else { return Ok(()) };
        logins.note_not_verified(auth);
        if !logins.owed.contains(auth) || after_login == AfterLogin::Leave {
            return Ok(());
        }
        let last = self
            .link
            .as_mut()
            .is_none_or(|link| link.applications.all_logins_mut().all(|logins| !logins.are_on_card()));
        let done = after_login == AfterLogin::Deauthenticate
            && !self.would_end_logins()
            && self.attempt(&mut |driver, channel| driver.deauthenticate(channel, auth))?;
        if done {
            if let Some(logins) = self.logins() {
                logins.owed.retain(|known| known != auth);
            }
        } else if last {
            return self.reset();
        }
        Ok(())
    }

    /// Ends every login of this process as the configuration says, and closes the transaction. Dropping a
    /// card does the same, but cannot tell of errors.
    pub fn finish(&mut self) -> Result<(), CardError> {
        let Some(link) = &mut self.link else { return Ok(()) };
        for logins in link.applications.all_logins_mut() {
            logins.forget_verified();
        }
        let owing = link.applications.owing();
        if owing.is_empty() || self.settings.after_login == AfterLogin::Leave {
            link.applications.all_logins_mut().for_each(|logins| logins.owed.clear());
            return self.release();
        }
        if self.settings.after_login == AfterLogin::Reset {
            return self.reset();
        }
        let meant = self.application;
        let ended = owing.into_iter().try_fold(true, |all, application| {
            self.application = application;
            Ok(self.deauthenticate_all()? && all)
        });
        self.application = meant;
        match ended {
            Ok(true) => self.release(),
            Ok(false) => self.reset(),
            Err(error) if is_reset(&error) => self.release(),
            Err(_) => self.reset(),
        }
    }

    /// Takes back what is owed to the application. False where the card cannot.
    fn deauthenticate_all(&mut self) -> Result<bool, CardError> {
        let owed = self.logins().map(|logins| std::mem::take(&mut logins.owed)).unwrap_or_default();
        self.attempt(&mut |driver, channel| {
            if channel.begun() == Begun::Reset {
                return Ok(true);
            }
            owed.iter().try_fold(true, |all, auth| Ok(driver.deauthenticate(channel, auth)? && all))
        })
    }

    /// The logins to the application, while a card is connected.
    fn logins(&mut self) -> Option<&mut Logins> {
        let application = self.application;
        self.link.as_mut().map(|link| link.applications.logins_mut(application))
    }

    /// Notes, before it is sent, that a PIN may be verified from now on. Answers whether that was so before.
    fn owe(&mut self, auth: &AuthId) -> Result<bool, CardError> {
        self.connect()?;
        Ok(self.logins().is_some_and(|logins| logins.owe(auth)))
    }
}

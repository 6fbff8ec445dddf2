//! The factory state of an OpenPGP card (TERMINATE DF and ACTIVATE FILE, OpenPGP card 3.4, 7.2.16 and 7.2.17), and what a
//! card gets that starts from there: PINs of its owner, the resetting code, the cardholder's name.

use super::{not_supported, send};
use crate::apdu::{Channel, StatusWord};
use crate::card::CardError;
use crate::card::admin::{Factory, Format};
use crate::card::openpgp::kdf::Kdf;
use crate::card::openpgp::pin::{self, Pin};
use crate::card::openpgp::{NAME_TAG, OpenPgp, commands};
use crate::codec::Secret;

impl OpenPgp {
    /// Takes the card back to how it left the factory, also one that somebody terminated and did not activate again.
    pub(super) fn restore_factory_state(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        if !self.application.capabilities.reset {
            return Err(not_supported("go back to its factory state"));
        }
        if self.terminated {
            // Selected, although the answer to SELECT is a warning.
            channel.send(&commands::select())?;
        } else {
            self.enter(channel)?;
            self.cache.clear();
            match channel.send(&commands::terminate())?.status {
                StatusWord::OK => {}
                StatusWord::SECURITY_NOT_SATISFIED | StatusWord::CONDITIONS_NOT_SATISFIED => {
                    return Err(CardError::NotAuthenticated);
                }
                status => return Err(CardError::Refused { doing: "terminate its application", status }),
            }
        }
        self.kdf = None;
        self.current = false;
        send(channel, &commands::activate(), "activate its application again")?;
        self.terminated = false;
        self.select(channel)
    }

    /// The factory state, and then the values of the card's owner. What is refused for its length is refused before
    /// anything is lost.
    pub(super) fn start_anew(
        &mut self,
        channel: &mut Channel<'_>,
        format: &Format<'_>,
    ) -> Result<(), CardError> {
        let (officer, user) = (format.officer.pin, format.pins.first());
        let pins = self.application.pins;
        Pin::Admin.check(&pins, officer, true)?;
        if let Some(user) = user {
            Pin::User.check(&pins, user.pin, true)?;
            user.puk.map_or(Ok(()), |code| Pin::ResettingCode.check(&pins, code, true))?;
        }
        if format.label.len() > LONGEST_NAME {
            return Err(not_supported(&format!("keep a name of more than {LONGEST_NAME} bytes")));
        }
        self.restore_factory_state(channel)?;
        self.refresh(channel)?;
        let (user_pin, admin_pin) = (Secret::from(FACTORY_USER), Secret::from(FACTORY_ADMIN));
        pin::verify(channel, Pin::Admin, admin_pin.clone())?;
        if !format.label.is_empty() {
            let name = commands::put_data(NAME_TAG, format.label.as_bytes());
            send(channel, &name, "take the cardholder's name")?;
        }
        if let Some(user) = user {
            if user.puk.is_some() {
                self.put_resetting_code(channel, user.puk)?;
            }
            pin::change(channel, Pin::User, &user_pin, user.pin)?;
        }
        if *officer != admin_pin {
            pin::change(channel, Pin::Admin, &admin_pin, officer)?;
        }
        self.current = false;
        Ok(())
    }

    /// Writes the resetting code; without one nobody can reset PW1 but by PW3.
    pub(super) fn put_resetting_code(
        &mut self,
        channel: &mut Channel<'_>,
        code: Option<&Secret>,
    ) -> Result<(), CardError> {
        if let Some(code) = code {
            Pin::ResettingCode.check(&self.application.pins, code, true)?;
        }
        let kdf: Kdf = self.kdf(channel)?;
        self.current = false;
        let command = match code {
            Some(code) => {
                let code = kdf.apply(Pin::ResettingCode, code);
                commands::put_secret(commands::TAG_RESETTING_CODE, code)
            }
            None => commands::put_data(commands::TAG_RESETTING_CODE, &[]),
        };
        send(channel, &command, "take a resetting code")
    }
}

/// What a card has when it leaves the factory (4.2; there is no resetting code).
pub(super) fn factory(by_hashing: bool) -> Factory {
    let label = Some("cardholder's name");
    Factory { user: FACTORY_USER, user_puk: None, officer: FACTORY_ADMIN, label, by_hashing }
}

pub(super) const FACTORY_USER: &str = "123456";
pub(super) const FACTORY_ADMIN: &str = "12345678";
/// DO 5B (4.4.1).
const LONGEST_NAME: usize = 39;

//! Yubico's RESET and SET PIN RETRIES: the card as it left the factory, with values of its owner's, and counters of another
//! size.

use crate::apdu::{Channel, Command, StatusWord};
use crate::card::admin::{Factory, Format};
use crate::card::{CardError, Listing};
use crate::codec::Secret;
use crate::crypto::random;
use crate::token::AuthId;

use super::super::listing::Content;
use super::super::references::{PIV_PIN, PUK};
use super::super::{Piv, commands, pins};
use super::keys::not_supported;
use super::management::{self, authenticate, key_of};

impl Piv {
    /// Erases everything: the card does that only when PIN and PUK are blocked, so they are blocked first, by wrong values.
    /// A card that does not know RESET is found out before.
    pub(super) fn reset(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        if commands::version(channel)?.is_none() {
            return Err(not_supported("be erased as a whole; its keys and objects can be written over"));
        }
        (self.verified, self.officer) = (false, false);
        self.note_change();
        // A verified PIN is not counted down on every card until the verification ends.
        pins::forget(channel, PIV_PIN)?;
        block(channel, |channel, wrong| pins::verify(channel, PIV_PIN, wrong))?;
        block(channel, |channel, wrong| pins::unblock(channel, PIV_PIN, wrong, wrong))?;
        match channel.send(&Command::new(0x00, INS_RESET, 0x00, 0x00))?.status {
            StatusWord::OK => {
                self.content = Content::default();
                self.has_capability = false;
                Ok(())
            }
            status => Err(CardError::Refused { doing: "erase itself", status }),
        }
    }

    /// Erases everything, and gives PIN, PUK and management key the values of their owner. The card says then that it is
    /// one of its own (CHUID and capability container). What is refused for its length is refused before anything is lost.
    pub(super) fn start_anew(
        &mut self,
        channel: &mut Channel<'_>,
        format: &Format<'_>,
    ) -> Result<(), CardError> {
        let key = key_of(format.officer.pin)?;
        let user = format.pins.first();
        for value in user.into_iter().flat_map(|user| [Some(user.pin), user.puk]).flatten() {
            pins::padded(value)?;
        }
        self.select(channel)?;
        self.reset(channel)?;
        self.load(channel, Listing::Keys)?;
        let factory_key = key_of(&Secret::from(FACTORY_KEY))?;
        let cipher = authenticate(channel, &factory_key, self.asks_metadata())?;
        self.officer = true;
        self.identify(channel)?;
        if let Some(user) = user {
            if let Some(puk) = user.puk {
                pins::change(channel, PUK, &Secret::from(FACTORY_PUK), puk)?;
            }
            pins::change(channel, PIV_PIN, &Secret::from(FACTORY_PIN), user.pin)?;
            self.verified = true;
        }
        if key != factory_key {
            management::set(channel, cipher, &key)?;
        }
        self.note_change();
        Ok(())
    }

    /// SET PIN RETRIES, with PIN and management key given. Both PIN and PUK have the values of the factory afterwards.
    pub(super) fn set_counters(
        &mut self,
        channel: &mut Channel<'_>,
        tries: &[(AuthId, u8)],
    ) -> Result<Vec<String>, CardError> {
        let of =
            |reference: u8| tries.iter().find(|(auth, _)| auth.0 == [reference]).map(|(_, tries)| *tries);
        let (Some(pin), Some(puk)) = (of(PIV_PIN), of(PUK)) else {
            return Err(not_supported("set the tries of one alone: PIN and PUK get theirs together"));
        };
        match channel.send(&Command::new(0x00, INS_SET_RETRIES, pin, puk))?.status {
            StatusWord::OK => {
                self.verified = false;
                Ok(vec!["the PIN is 123456 again".to_owned(), "the PUK is 12345678 again".to_owned()])
            }
            StatusWord::SECURITY_NOT_SATISFIED => Err(CardError::NotAuthenticated),
            StatusWord::INS_NOT_SUPPORTED | StatusWord::FUNCTION_NOT_SUPPORTED => {
                Err(not_supported("set how many tries a PIN has"))
            }
            status => Err(CardError::Refused { doing: "set the tries", status }),
        }
    }
}

/// What a card has when it leaves the factory (Yubico's values, and everybody's who took them over).
pub(super) fn factory() -> Factory {
    Factory {
        user: FACTORY_PIN,
        user_puk: Some(FACTORY_PUK),
        officer: FACTORY_KEY,
        label: None,
        by_hashing: false,
    }
}

/// Sends wrong values until the card says that it takes no more. Errors: `Malformed` when it never does.
fn block(
    channel: &mut Channel<'_>,
    attempt: impl Fn(&mut Channel<'_>, &Secret) -> Result<(), CardError>,
) -> Result<(), CardError> {
    for _ in 0..=MAX_TRIES {
        match attempt(channel, &wrong_value()?) {
            Err(CardError::PinBlocked { .. } | CardError::PinIncorrect { tries_left: Some(0), .. }) => {
                return Ok(());
            }
            // The right one by chance: once more.
            Ok(()) | Err(CardError::PinIncorrect { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Err(CardError::Malformed {
        what: "the counter of a PIN".to_owned(),
        why: format!("it is not at its end after {MAX_TRIES} wrong values"),
    })
}

/// Eight random digits: cards refuse other characters without counting them.
fn wrong_value() -> Result<Secret, CardError> {
    let mut bytes = random::bytes(pins::MAX_LEN)?;
    bytes.iter_mut().for_each(|byte| *byte = b'0' + *byte % 10);
    Ok(Secret::new(bytes))
}

const FACTORY_PIN: &str = "123456";
const FACTORY_PUK: &str = "12345678";
const FACTORY_KEY: &str = "010203040506070801020304050607080102030405060708";
const INS_RESET: u8 = 0xFB; // Yubico
const INS_SET_RETRIES: u8 = 0xFA; // Yubico
const MAX_TRIES: u16 = 255;

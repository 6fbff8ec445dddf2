//! Whether the card gets PINs hashed (KDF-DO, OpenPGP card 3.4, 4.3.2): the DO is written, and the PINs become what the
//! host sends from then on.

use super::factory::{FACTORY_ADMIN, FACTORY_USER};
use super::{not_supported, send};
use crate::apdu::Channel;
use crate::card::CardError;
use crate::card::admin::{Extra, PinPair};
use crate::card::openpgp::kdf::{self, Kdf};
use crate::card::openpgp::pin::{self, Pin};
use crate::card::openpgp::{OpenPgp, commands};
use crate::codec::Secret;

impl OpenPgp {
    /// Both PINs keep their values for their holders. A card that was pulled in between says in its DO that each PIN may
    /// have either form; then this goes to the end, to whichever is wanted now.
    pub(super) fn hash_pins(
        &mut self,
        channel: &mut Channel<'_>,
        hashed: bool,
        pins: PinPair<'_>,
    ) -> Result<Vec<String>, CardError> {
        let status = self.application.pins;
        if !self.application.takes_kdf() {
            return Err(not_supported(Extra::HashPins.what()));
        }
        if hashed && status.max_lens.iter().any(|len| usize::from(*len) < HASH_LEN) {
            return Err(not_supported("take PINs hashed: they are longer then than it lets them be"));
        }
        let values = [(Pin::Admin, pins.officer), (Pin::User, pins.user)];
        values.iter().try_for_each(|(which, value)| which.check(&status, value, true))?;
        let before = self.kdf(channel)?;
        // PINs that were changed since are not those that the DO was written with; it has to be finished all the same.
        let may_be_bare =
            |(which, value): &(Pin, &Secret)| before.may_be_bare(*which, &before.apply(*which, value));
        let is_unfinished = before.is_unfinished() || values.iter().any(may_be_bare);
        if !is_unfinished && matches!(before, Kdf::Hashed(_)) == hashed {
            return Ok(Vec::new());
        }
        let mut cost = Vec::new();
        if Pin::ResettingCode.tries(&status).left.is_some_and(|left| left > 0) {
            self.put_resetting_code(channel, None)?;
            cost.push("the resetting code is gone: set it again".to_owned());
        }
        if self.application.sets_pins_anew() {
            self.set_anew(channel, hashed, pins)?;
        } else {
            self.convert(channel, hashed, pins, is_unfinished)?;
        }
        Ok(cost)
    }

    /// On cards that set their PINs anew when the DO is written: they take the initial values that it names. Everybody reads
    /// these, so they are the PINs of the factory, as they are without a DO. A card that is pulled meanwhile keeps them, and
    /// nothing on it tells: its DO is the same then as in the end, and none after `pin kdf off`.
    fn set_anew(
        &mut self,
        channel: &mut Channel<'_>,
        hashed: bool,
        pins: PinPair<'_>,
    ) -> Result<(), CardError> {
        let before = self.kdf(channel)?;
        let (user, admin) = (Secret::from(FACTORY_USER), Secret::from(FACTORY_ADMIN));
        let after = if hashed { Kdf::fresh()?.setting(&user, &admin) } else { Kdf::None };
        self.put_kdf(channel, &after)?;
        for (which, value, factory) in [(Pin::Admin, pins.officer, &admin), (Pin::User, pins.user, &user)] {
            let initial = after.apply(which, factory);
            let new = after.apply(which, value);
            change_either(channel, which, [&initial, &before.apply(which, value)], &new)?;
        }
        Ok(())
    }

    /// On cards that keep their PINs when the DO is written. First it says that each PIN may be hashed or bare, then they
    /// become what is wanted, then it says that. So at any moment what the card has follows from the DO and the PINs.
    fn convert(
        &mut self,
        channel: &mut Channel<'_>,
        hashed: bool,
        pins: PinPair<'_>,
        is_unfinished: bool,
    ) -> Result<(), CardError> {
        let before = self.kdf(channel)?;
        let salted = if before == Kdf::None { Kdf::fresh()? } else { before.clone() };
        let between = salted.unfinished(pins.user, pins.officer);
        // An unfinished one may be of a PIN that was changed since: then this one could not be found bare.
        if between != before {
            self.put_kdf(channel, &between)?;
        }
        let mut keeps = true;
        for (which, value) in [(Pin::Admin, pins.officer), (Pin::User, pins.user)] {
            let first = before.apply(which, value);
            // A card may set its PINs anew and nobody knew.
            let initial = || between.initial(which).map(Secret::from);
            let second = if is_unfinished { Some(value.clone()) } else { initial() };
            let second = second.unwrap_or_else(|| first.clone());
            let new = if hashed { between.apply(which, value) } else { value.clone() };
            keeps &= change_either(channel, which, [&first, &second], &new)? || is_unfinished;
        }
        let officer = if hashed { between.apply(Pin::Admin, pins.officer) } else { pins.officer.clone() };
        pin::verify(channel, Pin::Admin, officer)?;
        match (keeps, hashed) {
            (false, _) => self.set_anew(channel, hashed, pins),
            (true, true) => self.put_kdf(channel, &between.finished()?),
            (true, false) => self.put_kdf(channel, &Kdf::None),
        }
    }

    fn put_kdf(&mut self, channel: &mut Channel<'_>, kdf: &Kdf) -> Result<(), CardError> {
        self.kdf = None;
        let put = commands::put_secret(kdf::TAG_KDF_DO, kdf.encode());
        send(channel, &put, "be told how it takes PINs")?;
        self.kdf = Some(kdf.clone());
        Ok(())
    }
}

/// Changes a PIN that is one of two, the likelier first: the next one that is right gives the card back the try that a
/// wrong one costs. Answers whether it was the first.
fn change_either(
    channel: &mut Channel<'_>,
    which: Pin,
    [first, second]: [&Secret; 2],
    new: &Secret,
) -> Result<bool, CardError> {
    match pin::change(channel, which, first, new) {
        Err(CardError::PinIncorrect { .. }) if first != second => {
            pin::change(channel, which, second, new).map(|()| false)
        }
        other => other.map(|()| true),
    }
}

/// SHA-256.
const HASH_LEN: usize = 32;

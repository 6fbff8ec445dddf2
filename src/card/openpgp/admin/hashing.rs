//! Whether the card gets PINs hashed (KDF-DO, OpenPGP card 3.4, 4.3.2): the DO is written, and the PINs become what the
//! host sends from then on.

use super::factory::{FACTORY_ADMIN, FACTORY_USER};
use super::{not_supported, send};
use crate::apdu::Channel;
use crate::card::CardError;
use crate::card::admin::PinPair;
use crate::card::openpgp::kdf::{self, Kdf};
use crate::card::openpgp::pin::{self, Pin};
use crate::card::openpgp::{OpenPgp, commands};
use crate::codec::Secret;

impl OpenPgp {
    /// Both PINs keep their values for their holders.
    pub(super) fn hash_pins(
        &mut self,
        channel: &mut Channel<'_>,
        hashed: bool,
        pins: PinPair<'_>,
    ) -> Result<Vec<String>, CardError> {
        let status = self.application.pins;
        if !self.application.capabilities.kdf {
            return Err(not_supported("take PINs hashed: it has no KDF data object"));
        }
        if hashed && status.max_lens.iter().any(|len| usize::from(*len) < HASH_LEN) {
            return Err(not_supported("take PINs hashed: they are longer then than it lets them be"));
        }
        let values = [(Pin::Admin, pins.officer), (Pin::User, pins.user)];
        values.iter().try_for_each(|(which, value)| which.check(&status, value, true))?;
        let before = self.kdf(channel)?;
        let after = if hashed { Kdf::fresh()? } else { Kdf::None };
        let mut cost = Vec::new();
        if Pin::ResettingCode.tries(&status).left.is_some_and(|left| left > 0) {
            self.put_resetting_code(channel, None)?;
            cost.push("the resetting code is gone: set it again".to_owned());
        }
        let put = commands::put_secret(kdf::TAG_KDF_DO, after.encode(pins.user, pins.officer));
        send(channel, &put, "be told how it takes PINs")?;
        self.kdf = Some(after.clone());
        for (which, value) in values {
            self.convert(channel, which, value, [&before, &after])?;
        }
        Ok(cost)
    }

    /// Makes a PIN what the host sends from now on. Most cards keep what they have when the DO is written; some (Yubico's,
    /// Gnuk) take the initial values that it names, or go back to those of the factory. What it is now is tried with the
    /// likeliest first: the next one that is right gives the card back the try that a wrong one costs.
    fn convert(
        &mut self,
        channel: &mut Channel<'_>,
        which: Pin,
        value: &Secret,
        [before, after]: [&Kdf; 2],
    ) -> Result<(), CardError> {
        let new = after.apply(which, value);
        let kept = before.apply(which, value);
        let initial = match after {
            Kdf::Hashed(_) => new.clone(),
            Kdf::None if which == Pin::Admin => Secret::from(FACTORY_ADMIN),
            Kdf::None => Secret::from(FACTORY_USER),
        };
        let sets_anew = SETTING_ANEW.contains(&self.application.manufacturer());
        let [first, second] = if sets_anew { [initial, kept] } else { [kept, initial] };
        match pin::change(channel, which, &first, &new) {
            Err(CardError::PinIncorrect { .. }) if first != second => {
                pin::change(channel, which, &second, &new)
            }
            other => other,
        }
    }
}

/// SHA-256.
const HASH_LEN: usize = 32;
/// Yubico; FSIJ (Gnuk).
const SETTING_ANEW: [u16; 2] = [0x0006, 0xF517];

//! PINs and PUKs: tries, policy, and the sealing key that each PIN opens.
//! Knows secrets and counters; does not know files or commands.
//!
//! Each of the fourteen places has an X25519 key pair from the first moment on. Whatever a PIN protects is
//! sealed to the public half, so it can be stored while the PIN is not verified. The private half is wrapped
//! under a key derived (argon2id) from the PIN, once more under one from its PUK, and sealed to every PIN that
//! may reset this one (global unblocker, administrator). In creation state, where the card checks nothing, it
//! lies under the card key too; activation removes that.

use super::access::{PIN_COUNT, PinNumber};
use crate::apdu::StatusWord;
use crate::codec::Secret;
use crate::crypto::seal::{self, PinKeyCost, SealingKey, SealingPublicKey};
use crate::crypto::{CryptoError, random};

/// The place of one PIN.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PinSlot {
    pub public: SealingPublicKey,
    /// The private half under the card key: creation state only.
    pub escrow: Option<Vec<u8>>,
    /// The PIN, once it was initialised.
    pub record: Option<PinRecord>,
}

/// One initialised PIN with its PUK.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PinRecord {
    pub pin: Credential,
    pub puk: Credential,
    pub flags: PinFlags,
    /// Fewest characters of a PIN.
    pub pin_min_len: u8,
    /// Fewest characters of the PUK, told but never needed again: a PUK cannot be changed.
    pub puk_min_len: u8,
    pub delegations: Vec<Delegation>,
}

/// A PIN or PUK: a counter, and a sealing key wrapped under its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Credential {
    pub tries_left: u8,
    pub tries_max: u8,
    pub salt: [u8; SALT_LEN],
    pub wrapped: Vec<u8>,
}

/// The sealing key of one PIN, sealed to another PIN that may reset it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Delegation {
    pub to: PinNumber,
    pub sealed: Vec<u8>,
}

/// Flags of a PIN (MyEID's PUT DATA: INITIALISE PIN, byte 19).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PinFlags(pub u8);

impl PinFlags {
    /// The PIN is not accepted until it was changed.
    pub const LOCKED: u8 = 0x01;
    /// Resetting its counter locks it.
    pub const LOCKS_AFTER_RESET: u8 = 0x02;
    /// The global unblocker may reset it.
    pub const UNBLOCKABLE: u8 = 0x04;
    /// Verifying it makes a global unblocker.
    pub const IS_UNBLOCKER: u8 = 0x08;
    /// The administrator may change it.
    pub const CHANGEABLE: u8 = 0x10;
    /// Verifying it makes an administrator.
    pub const IS_ADMINISTRATOR: u8 = 0x20;

    /// True when all bits of `flag` are set.
    pub fn has(self, flag: u8) -> bool {
        self.0 & flag == flag
    }
}

/// What PUT DATA says of a new PIN.
pub(super) struct NewPin<'a> {
    pub pin: &'a [u8],
    pub puk: &'a [u8],
    pub pin_tries: u8,
    pub puk_tries: u8,
    pub flags: PinFlags,
    pub pin_min_len: u8,
    pub puk_min_len: u8,
}

impl PinSlot {
    /// Fourteen places without PINs, each with a new sealing key in escrow.
    pub fn blank_slots(card_key: &Secret) -> Result<Vec<Self>, CryptoError> {
        PinNumber::all()
            .map(|number| {
                let key = SealingKey::generate()?;
                let escrow = seal::seal(card_key, key.to_bytes().expose(), &context(ESCROW, number))?;
                Ok(Self { public: key.public(), escrow: Some(escrow), record: None })
            })
            .collect()
    }

    /// The sealing key from escrow. Errors: `Decryption` after activation, or when the image is damaged.
    pub fn escrowed_key(&self, card_key: &Secret, number: PinNumber) -> Result<SealingKey, CryptoError> {
        let escrow = self.escrow.as_deref().ok_or(CryptoError::Decryption)?;
        SealingKey::from_bytes(&seal::open(card_key, escrow, &context(ESCROW, number))?)
    }

    /// Sets the PIN; what was sealed for this place stays readable. Creation state only.
    /// Errors: 6A80 for values outside their limits, 6F00 when there are no random bytes.
    pub fn initialise(
        &mut self,
        number: PinNumber,
        new: &NewPin<'_>,
        card_key: &Secret,
        cost: PinKeyCost,
    ) -> Result<(), StatusWord> {
        let tries = 1..=MAX_TRIES;
        let lengths = 1..=PIN_LEN as u8;
        if !tries.contains(&new.pin_tries)
            || !tries.contains(&new.puk_tries)
            || !lengths.contains(&new.pin_min_len)
            || !lengths.contains(&new.puk_min_len)
            || trim(new.pin).len() < usize::from(new.pin_min_len)
            || trim(new.puk).len() < usize::from(new.puk_min_len)
        {
            return Err(StatusWord::WRONG_DATA);
        }
        let build = || {
            let key = self.escrowed_key(card_key, number)?.to_bytes();
            Ok::<_, CryptoError>(PinRecord {
                pin: Credential::new(new.pin, new.pin_tries, &key, &context(PIN, number), cost)?,
                puk: Credential::new(new.puk, new.puk_tries, &key, &context(PUK, number), cost)?,
                flags: new.flags,
                pin_min_len: new.pin_min_len,
                puk_min_len: new.puk_min_len,
                delegations: Vec::new(),
            })
        };
        self.record = Some(build().map_err(super::state::no_diagnosis)?);
        Ok(())
    }
}

/// Which secret of a PIN is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Pin,
    Puk,
}

/// A try that was spent: the right to one comparison.
#[derive(Debug)]
pub(super) struct SpentTry(Kind);

impl SpentTry {
    /// Of the PIN or the PUK.
    pub fn kind(&self) -> Kind {
        self.0
    }
}

impl PinRecord {
    /// Tries left of the PIN or the PUK.
    pub fn tries_left(&self, kind: Kind) -> u8 {
        match kind {
            Kind::Pin => self.pin.tries_left,
            Kind::Puk => self.puk.tries_left,
        }
    }

    /// Spends a try, if there is one: it has to be stored before [`Self::check`].
    pub fn spend_try(&mut self, kind: Kind) -> Option<SpentTry> {
        let credential = match kind {
            Kind::Pin => &mut self.pin,
            Kind::Puk => &mut self.puk,
        };
        credential.tries_left = credential.tries_left.checked_sub(1)?;
        Some(SpentTry(kind))
    }

    /// Checks a value and gives the sealing key. A right one gives all tries back; the caller must store the
    /// record before it answers. Errors: 63Cx, 6983 after the last try.
    pub fn check(
        &mut self,
        spent: SpentTry,
        number: PinNumber,
        value: &[u8],
        cost: PinKeyCost,
    ) -> Result<SealingKey, StatusWord> {
        let (credential, label) = match spent.kind() {
            Kind::Pin => (&mut self.pin, PIN),
            Kind::Puk => (&mut self.puk, PUK),
        };
        credential.check(value, &context(label, number), cost)
    }

    /// Sets a new PIN value with all tries for the sealing key `key`.
    /// Errors: 6A80 for a PIN that is too short, 6F00 when there are no random bytes.
    pub fn replace_pin(
        &mut self,
        number: PinNumber,
        value: &[u8],
        key: &SealingKey,
        cost: PinKeyCost,
    ) -> Result<(), StatusWord> {
        if trim(value).len() < usize::from(self.pin_min_len) || trim(value).len() > PIN_LEN {
            return Err(StatusWord::WRONG_DATA);
        }
        self.pin = Credential::new(value, self.pin.tries_max, &key.to_bytes(), &context(PIN, number), cost)
            .map_err(super::state::no_diagnosis)?;
        Ok(())
    }

    /// Opens this PIN's sealing key with that of `holder`, when it was delegated to it.
    pub fn delegated_key(&self, number: PinNumber, holder: (PinNumber, &SealingKey)) -> Option<SealingKey> {
        let delegation = self.delegations.iter().find(|delegation| delegation.to == holder.0)?;
        let key = holder.1.open_sealed(&delegation.sealed, &context(DELEGATION, number)).ok()?;
        SealingKey::from_bytes(&key).ok()
    }
}

impl Credential {
    fn new(
        value: &[u8],
        tries: u8,
        key: &Secret,
        context: &[u8],
        cost: PinKeyCost,
    ) -> Result<Self, CryptoError> {
        let mut salt = [0; SALT_LEN];
        random::fill(&mut salt)?;
        let wrapping = seal::derive_pin_key(&Secret::from(trim(value)), &salt, cost)?;
        let wrapped = seal::seal(&wrapping, key.expose(), context)?;
        Ok(Self { tries_left: tries, tries_max: tries, salt, wrapped })
    }

    /// Opens the wrapped key with a value for which a try was spent.
    fn check(&mut self, value: &[u8], context: &[u8], cost: PinKeyCost) -> Result<SealingKey, StatusWord> {
        let opened = seal::derive_pin_key(&Secret::from(trim(value)), &self.salt, cost)
            .and_then(|wrapping| seal::open(&wrapping, &self.wrapped, context));
        match opened {
            Ok(key) => {
                self.tries_left = self.tries_max;
                SealingKey::from_bytes(&key).map_err(super::state::no_diagnosis)
            }
            Err(CryptoError::Decryption) => Err(tries_status(self.tries_left)),
            Err(error) => {
                // Nothing was compared.
                self.tries_left += 1;
                Err(super::state::no_diagnosis(error))
            }
        }
    }
}

/// 63Cx, or 6983 when no try is left.
pub(super) fn tries_status(tries_left: u8) -> StatusWord {
    match tries_left {
        0 => StatusWord::AUTH_METHOD_BLOCKED,
        left => StatusWord(0x63C0 | u16::from(left & 0x0F)),
    }
}

/// Ends the creation state of all PINs: delegates what their flags say, then removes every escrow.
pub(super) fn close_escrow(slots: &mut [PinSlot], card_key: &Secret) -> Result<(), CryptoError> {
    let authorities: Vec<(PinNumber, SealingPublicKey, PinFlags)> = PinNumber::all()
        .zip(slots.iter())
        .filter_map(|(number, slot)| Some((number, slot.public, slot.record.as_ref()?.flags)))
        .collect();
    let mut delegated = Vec::with_capacity(slots.len());
    for (number, slot) in PinNumber::all().zip(slots.iter()) {
        let mut delegations = Vec::new();
        if let Some(record) = &slot.record {
            let key = slot.escrowed_key(card_key, number)?.to_bytes();
            for (to, public, flags) in &authorities {
                if *to != number && may_reset(*flags, record.flags) {
                    let sealed = seal::seal_to(public, key.expose(), &context(DELEGATION, number))?;
                    delegations.push(Delegation { to: *to, sealed });
                }
            }
        }
        delegated.push(delegations);
    }
    for (slot, delegations) in slots.iter_mut().zip(delegated) {
        slot.escrow = None;
        if let Some(record) = &mut slot.record {
            record.delegations = delegations;
        }
    }
    Ok(())
}

/// Whether a PIN with flags `authority` may ever reset one with flags `subject`.
fn may_reset(authority: PinFlags, subject: PinFlags) -> bool {
    authority.has(PinFlags::IS_UNBLOCKER) && subject.has(PinFlags::UNBLOCKABLE)
        || authority.has(PinFlags::IS_ADMINISTRATOR) && subject.has(PinFlags::CHANGEABLE)
}

/// A PIN without its padding: FF or 00 up to eight bytes (both are in use; they mean the same).
pub(super) fn trim(value: &[u8]) -> &[u8] {
    let len = value.iter().rposition(|byte| !matches!(byte, 0x00 | 0xFF)).map_or(0, |last| last + 1);
    value.get(..len).unwrap_or_default()
}

/// Binds wrapped bytes to their use and their PIN.
fn context(label: &[u8], number: PinNumber) -> Vec<u8> {
    [label, &[number.number()]].concat()
}

/// Characters of a PIN or PUK, padding included.
pub(super) const PIN_LEN: usize = 8;
/// Most tries that a counter can hold.
pub(super) const MAX_TRIES: u8 = 15;
/// Bytes of a salt.
pub(super) const SALT_LEN: usize = 16;

const _: () = assert!(PIN_COUNT < 15, "a nibble names a PIN, never 15");

const ESCROW: &[u8] = b"escrow";
const PIN: &[u8] = b"pin";
const PUK: &[u8] = b"puk";
const DELEGATION: &[u8] = b"delegation";

#[cfg(test)]
mod tests {
    use super::*;

    const COST: PinKeyCost = PinKeyCost::MINIMAL;

    fn new_pin(pin: &'static [u8], flags: u8) -> NewPin<'static> {
        NewPin {
            pin,
            puk: b"87654321",
            pin_tries: 3,
            puk_tries: 2,
            flags: PinFlags(flags),
            pin_min_len: 4,
            puk_min_len: 4,
        }
    }

    fn number(n: u8) -> PinNumber {
        PinNumber::new(n).unwrap()
    }

    fn slots(pins: &[(u8, &'static [u8], u8)]) -> (Vec<PinSlot>, Secret) {
        let card_key = random::secret(seal::KEY_LEN).unwrap();
        let mut slots = PinSlot::blank_slots(&card_key).unwrap();
        for (n, pin, flags) in pins {
            let number = number(*n);
            slots[number.index()].initialise(number, &new_pin(pin, *flags), &card_key, COST).unwrap();
        }
        (slots, card_key)
    }

    /// Spends a try and checks.
    fn check(
        record: &mut PinRecord,
        kind: Kind,
        number: PinNumber,
        value: &[u8],
    ) -> Result<SealingKey, StatusWord> {
        let spent = record.spend_try(kind).ok_or(StatusWord::AUTH_METHOD_BLOCKED)?;
        record.check(spent, number, value, COST)
    }

    #[test]
    fn check_right_value_gives_the_key_of_the_place() {
        let (mut slots, _) = slots(&[(1, b"1111\xFF\xFF\xFF\xFF", 0)]);
        let public = slots[0].public;
        let record = slots[0].record.as_mut().unwrap();
        for padded in [b"1111\xFF\xFF\xFF\xFF".as_slice(), b"1111\0\0\0\0", b"1111"] {
            assert_eq!(check(record, Kind::Pin, number(1), padded).unwrap().public(), public);
        }
        assert_eq!(check(record, Kind::Puk, number(1), b"87654321").unwrap().public(), public);
    }

    #[test]
    fn check_wrong_values_count_down_to_blocked_and_a_right_one_resets() {
        let (mut slots, _) = slots(&[(1, b"1111", 0)]);
        let record = slots[0].record.as_mut().unwrap();
        let mut try_pin = |value: &[u8]| check(record, Kind::Pin, number(1), value).err();
        assert_eq!(try_pin(b"2222"), Some(StatusWord(0x63C2)));
        assert_eq!(try_pin(b"1111"), None);
        assert_eq!(try_pin(b"2222"), Some(StatusWord(0x63C2)));
        assert_eq!(try_pin(b"2222"), Some(StatusWord(0x63C1)));
        assert_eq!(try_pin(b"2222"), Some(StatusWord(0x6983)));
        assert_eq!(try_pin(b"1111"), Some(StatusWord(0x6983)), "blocked, though right");
    }

    #[test]
    fn initialise_values_outside_limits_are_refused() {
        let (mut slots, card_key) = slots(&[]);
        for wrong in [
            NewPin { pin: b"123", ..new_pin(b"1111", 0) },
            NewPin { puk: b"\xFF\xFF\xFF\xFF", ..new_pin(b"1111", 0) },
            NewPin { pin_tries: 0, ..new_pin(b"1111", 0) },
            NewPin { puk_tries: 16, ..new_pin(b"1111", 0) },
            NewPin { pin_min_len: 9, ..new_pin(b"1111", 0) },
        ] {
            assert_eq!(slots[0].initialise(number(1), &wrong, &card_key, COST), Err(StatusWord::WRONG_DATA));
        }
        assert_eq!(slots[0].record, None);
    }

    #[test]
    fn replace_pin_keeps_the_sealing_key() {
        let (mut slots, _) = slots(&[(1, b"1111", 0)]);
        let record = slots[0].record.as_mut().unwrap();
        let key = check(record, Kind::Puk, number(1), b"87654321").unwrap();
        record.replace_pin(number(1), b"22222", &key, COST).unwrap();
        assert_eq!(check(record, Kind::Pin, number(1), b"1111").err(), Some(StatusWord(0x63C2)));
        assert_eq!(check(record, Kind::Pin, number(1), b"22222").unwrap().public(), key.public());
        assert_eq!(record.replace_pin(number(1), b"123", &key, COST), Err(StatusWord::WRONG_DATA));
    }

    #[test]
    fn close_escrow_delegates_by_flags_only() {
        let (mut slots, card_key) = slots(&[
            (1, b"1111", PinFlags::UNBLOCKABLE),
            (2, b"2222", 0),
            (3, b"3333", PinFlags::IS_UNBLOCKER),
        ]);
        close_escrow(&mut slots, &card_key).unwrap();
        assert!(slots.iter().all(|slot| slot.escrow.is_none()));
        let officer = check(slots[2].record.as_mut().unwrap(), Kind::Pin, number(3), b"3333").unwrap();
        let holder = (number(3), &officer);
        let first = slots[0].record.as_ref().unwrap().delegated_key(number(1), holder).unwrap();
        assert_eq!(first.public(), slots[0].public);
        assert!(slots[1].record.as_ref().unwrap().delegated_key(number(2), holder).is_none());
    }
}

//! PINs made, reset, changed, unblocked (PKCS#11 3.1, 5.5.8, 5.5.9).

use std::sync::Arc;

use super::cards::LoadedCard;
use super::error::Error;
use super::session::{Login, SessionHandle};
use super::uri::Uri;
use super::writing::{Writer, Writing};
use super::{Engine, Result, lock};
use crate::card::admin::{NewPin, Unblock, Write};
use crate::card::{Card, CardError};
use crate::codec::Secret;
use crate::layout::{PinSelection, SlotId};
use crate::token::{Auth, AuthId, AuthRole};

/// A user PIN to be put on an empty token, or to replace a forgotten one.
#[derive(Debug, Clone, Copy)]
pub struct NewUserPin<'a> {
    /// Its name; `None` = the first free `PIN n`. Only for a new one.
    pub label: Option<&'a str>,
    /// Its value.
    pub pin: &'a Secret,
    /// Its PUK; `None` lets the card have a random one. Only for a new one.
    pub puk: Option<&'a Secret>,
    /// Shortest PIN in characters; `None` = the card's own. Only for a new one.
    pub min_len: Option<u8>,
    /// Tries; `None` = the card's own. Only for a new one.
    pub tries: Option<u8>,
}

/// A user PIN that was made or reset.
#[derive(Debug, Clone)]
pub struct InitializedPin {
    /// Where its token is now: a new PIN comes before the left-overs.
    pub slot: SlotId,
    /// Its token.
    pub uri: Uri,
    /// Its name.
    pub label: String,
    /// True for a new one, false for one that was reset.
    pub created: bool,
    /// The PUK of a new PIN, for its holder alone.
    pub puk: Option<Secret>,
}

/// Who may give a locked PIN a new value.
#[derive(Debug, Clone, Copy)]
pub enum Unblocker<'a> {
    /// The holder of its PUK.
    Puk(&'a Secret),
    /// The security officer, by this PIN.
    Officer(&'a Secret),
}

impl Engine {
    /// Puts a PIN on the session's empty token, or gives the token's PIN a new value. The security officer is logged
    /// in to the session's token.
    ///
    /// A new PIN changes the layout: the sessions of the empty token follow it to the slot of the new PIN, those of
    /// the left-overs to theirs (see [`Engine::session_info`]); all other tokens stay where they are.
    /// Errors: `UserNotLoggedIn` unless it is the security officer, `SessionReadOnly`, `NotEmpty` for the left-overs,
    /// `PinLength`, `NotSupported` when the card has no room for one more; all before anything is sent.
    pub fn init_pin(&self, session: SessionHandle, pin: &NewUserPin<'_>) -> Result<InitializedPin> {
        let (label, created) = self.write(session, |writing| {
            if writing.writer()? != Writer::Officer {
                return Err(Error::UserNotLoggedIn);
            }
            let known = writing.view.auth.and_then(|index| writing.token().auths.get(index)).cloned();
            match known {
                Some(auth) => {
                    check_length(pin.pin, auth.min_len, auth.max_len)?;
                    writing.reset_pin(&auth.id, pin.pin)?;
                    Ok((auth.label, None))
                }
                None if !writing.view.empty => Err(Error::NotEmpty(writing.session.slot)),
                None => self.create_pin(writing, pin),
            }
        })?;
        let slot = self.session(session)?.slot;
        let uri = self.token_uri(slot)?;
        Ok(InitializedPin { slot, uri, label, created: created.is_some(), puk: created })
    }

    /// Changes the PIN of who is logged in, or the user's when nobody is. Who is logged in stays so; a wrong old PIN
    /// may take the login back, as it does on the card.
    /// Errors: `SessionReadOnly`, `PinIncorrect`, `PinLocked`, `PinLength`, `UserPinNotInitialized`.
    pub fn set_pin(&self, session: SessionHandle, old: &Secret, new: &Secret) -> Result<()> {
        self.change_pin(session, |writing, auth| {
            check_length(old, 1, auth.max_len)?;
            check_length(new, auth.min_len, auth.max_len)?;
            let was_verified = writing.card().is_verified(&auth.id);
            let changed = writing.card().change_pin(&auth.id, old, new);
            Ok((changed, was_verified.then_some(new)))
        })
    }

    /// As [`Engine::set_pin`], with both values typed on the reader's keys. Who was logged in is not any more on cards
    /// that take the login back.
    /// Errors: `Arguments` where the reader has no keys for it; `Card` with `PinEntry` when nothing reached the card.
    pub fn set_pin_on_reader(&self, session: SessionHandle) -> Result<()> {
        self.change_pin(session, |writing, auth| {
            if !writing.card().pinpad().modify {
                return Err(Error::Arguments("no PINs, and no PIN pad that changes them"));
            }
            let changed = writing.card().change_pin_on_reader(&auth.id);
            if changed.is_ok() && !writing.card().is_verified(&auth.id) {
                let session = &writing.session;
                let application = session.card.application;
                lock(&self.state).end_logins_with(session.reader, application, &auth.id);
            }
            Ok((changed, None))
        })
    }

    /// Changes a PIN by `change`, which says what the card answered and which PIN has to be verified again.
    fn change_pin<'a>(
        &self,
        session: SessionHandle,
        change: impl Fn(&mut Writing<'_>, &Auth) -> Result<(Result<(), CardError>, Option<&'a Secret>)>,
    ) -> Result<()> {
        self.write(session, |writing| {
            let session = Arc::clone(&writing.session);
            let login = lock(&self.state).login(session.slot);
            let who = if login == Login::SecurityOfficer { login } else { Login::User };
            let auth = self.auth(&session, who)?;
            let (changed, again) = change(writing, auth)?;
            note_tries(&session.card, &auth.id, &changed);
            if matches!(changed, Err(CardError::PinIncorrect { .. } | CardError::PinBlocked { .. })) {
                let application = session.card.application;
                lock(&self.state).end_logins_with(session.reader, application, &auth.id);
            }
            writing.told(changed)?;
            if let Some(new) = again {
                let verified = writing.card().verify(&auth.id, new);
                writing.told(verified)?;
            }
            Ok(())
        })
    }

    /// Gives the locked (or forgotten) PIN of a token a new value. Nobody is logged in by it.
    /// Errors: `UserPinNotInitialized`, `PinIncorrect` with the tries of PUK or security officer, `PinLocked`,
    /// `PinLength`, `NotSupported`.
    pub fn unblock_pin(&self, slot: SlotId, by: Unblocker<'_>, new: &Secret) -> Result<()> {
        let (reader, loaded) = self.card_of(slot)?;
        let auth = lock(&self.state).auth_for(slot, Login::User).cloned();
        let missing = Error::UserPinNotInitialized("user PIN");
        let auth = auth.and_then(|id| loaded.token.auth(&id)).ok_or(missing)?;
        check_length(new, auth.min_len, auth.max_len)?;
        let officer = loaded.so_auth();
        let users = || lock(&self.state).used_of(reader, loaded.application);
        match by {
            Unblocker::Puk(puk) => {
                check_length(puk, 1, usize::MAX)?;
                let result = self.with_card(reader, &loaded, |card| {
                    card.unblock_pin(&auth.id, Unblock::Puk(puk), new)?;
                    again(card, &auth.id, new, &users())
                });
                loaded.note_tries_left(&auth.id, None);
                result
            }
            Unblocker::Officer(pin) => {
                let officer = officer.ok_or(Error::UserPinNotInitialized("security officer's PIN"))?;
                check_length(pin, 1, officer.max_len)?;
                let result = self.with_card(reader, &loaded, |card| {
                    let was_held = card.is_held();
                    card.hold()?;
                    let verified = card.verify(&officer.id, pin);
                    note_tries(&loaded, &officer.id, &verified);
                    let result = verified
                        .and_then(|()| card.unblock_pin(&auth.id, Unblock::Officer, new))
                        .and_then(|()| again(card, &auth.id, new, &users()));
                    if card.is_connected() && !users().contains(&officer.id) {
                        card.log_out(&officer.id)?;
                    }
                    if !was_held {
                        card.release()?;
                    }
                    result
                });
                loaded.note_tries_left(&auth.id, None);
                result
            }
        }
    }

    /// Gives the PUK of a token's PIN another value, by who knows the old one.
    /// Errors: `NotSupported` for a card whose PUKs cannot be named, `PinIncorrect`, `PinLocked`, `PinLength`.
    pub fn change_puk(&self, slot: SlotId, old: &Secret, new: &Secret) -> Result<()> {
        let (reader, loaded) = self.card_of(slot)?;
        let user = lock(&self.state).auth_for(slot, Login::User).cloned();
        let puk = user.and_then(|id| loaded.token.auth(&id)).and_then(|auth| auth.unblocked_by.as_ref());
        let puk = puk.and_then(|id| loaded.token.auth(id)).filter(|auth| auth.role == AuthRole::Unblocking);
        let puk = puk.ok_or(Error::NotSupported("a card whose PUK has no name of its own"))?;
        check_length(old, 1, puk.max_len)?;
        check_length(new, puk.min_len, puk.max_len)?;
        let result = self.with_card(reader, &loaded, |card| card.change_pin(&puk.id, old, new));
        loaded.note_tries_left(&puk.id, None);
        result
    }

    /// Gives the PUK of a token's PIN a value, or takes the PUK away, as the security officer, who is logged in.
    /// Errors: `UserNotLoggedIn` unless it is the security officer, `PinLength`, `NotSupported`.
    pub fn set_puk(&self, session: SessionHandle, puk: Option<&Secret>) -> Result<()> {
        self.write(session, |writing| {
            if writing.writer()? != Writer::Officer {
                return Err(Error::UserNotLoggedIn);
            }
            let user = writing.view.auth.and_then(|index| writing.token().auths.get(index));
            let named = user.and_then(|auth| auth.unblocked_by.clone());
            let known = named.and_then(|id| writing.token().auth(&id)).cloned();
            let known = known.ok_or(Error::NotSupported("a PIN whose PUK has no name of its own"))?;
            if let Some(puk) = puk {
                check_length(puk, known.min_len, known.max_len)?;
            }
            let set = writing.admin(|admin, channel| admin.set_puk(channel, &known.id, puk));
            writing.session.card.note_tries_left(&known.id, None);
            set
        })
    }

    fn create_pin(
        &self,
        writing: &mut Writing<'_>,
        pin: &NewUserPin<'_>,
    ) -> Result<(String, Option<Secret>)> {
        let abilities = writing.abilities()?;
        check_length(pin.pin, *abilities.pin_lengths.start(), *abilities.pin_lengths.end())?;
        let later = abilities.later_pins;
        match (pin.puk, pin.tries, later.tries) {
            (Some(_), _, _) if !later.puk_settable => {
                return writing
                    .cannot("take a PUK for a PIN that is made after formatting: it has one of its own");
            }
            (_, Some(asked), Some(fixed)) if asked != fixed => {
                return writing
                    .cannot(&format!("give a PIN that is made after formatting other than {fixed} tries"));
            }
            (Some(puk), _, _) => {
                check_length(puk, *abilities.pin_lengths.start(), *abilities.pin_lengths.end())?;
            }
            _ => {}
        }
        let users: Vec<_> = writing.token().auths.iter().filter(|auth| auth.role == AuthRole::User).collect();
        let label = match pin.label {
            Some(label) => label.to_owned(),
            None => free_label(&users),
        };
        let (count, max) = (users.len(), abilities.max_pins);
        if count >= max {
            return writing.cannot(&format!("hold more than {max} PINs"));
        }
        self.check_gets_a_slot(&label, count)?;
        let min_len = pin.min_len.unwrap_or(u8::try_from(*abilities.pin_lengths.start()).unwrap_or(u8::MAX));
        check_length(pin.pin, min_len.into(), *abilities.pin_lengths.end())?;
        let tries = pin.tries.or(later.tries).unwrap_or(DEFAULT_TRIES);
        if !abilities.tries.contains(&tries) {
            let (low, high) = (abilities.tries.start(), abilities.tries.end());
            return writing.cannot(&format!("give a PIN other than {low} to {high} tries"));
        }
        writing.require(Write::Pin)?;
        let new = NewPin { label: &label, pin: pin.pin, puk: pin.puk, min_len, tries };
        let created = writing.admin(|admin, channel| admin.create_pin(channel, &new))?;
        writing.effects.pinned = Some((writing.session.slot, created.auth));
        Ok((label, Some(created.puk)))
    }

    /// A PIN that the settings leave without a slot would be made and never seen. Errors: `NotSupported`.
    fn check_gets_a_slot(&self, label: &str, position: usize) -> Result<()> {
        match &self.policy.create_slots_for_pins {
            PinSelection::All => Ok(()),
            PinSelection::Only(names) => {
                let number = format!("#{}", position + 1);
                let named = names.iter().any(|name| name == label || *name == number);
                let refused = Error::NotSupported("a PIN that create_slots_for_pins leaves without a slot");
                if named { Ok(()) } else { Err(refused) }
            }
        }
    }
}

impl Writing<'_> {
    /// A new value for a PIN, by the security officer, who is logged in.
    fn reset_pin(&mut self, auth: &AuthId, new: &Secret) -> Result<()> {
        let reset = self.card().unblock_pin(auth, Unblock::Officer, new);
        self.session.card.note_tries_left(auth, None);
        self.told(reset)
    }
}

/// Whoever is logged in with a PIN that got a new value stays so.
fn again(card: &mut Card, auth: &AuthId, new: &Secret, users: &[AuthId]) -> Result<(), CardError> {
    if users.contains(auth) { card.verify(auth, new) } else { Ok(()) }
}

/// What a card told of a PIN's counter by its answer.
pub(super) fn note_tries(card: &LoadedCard, auth: &AuthId, result: &Result<(), CardError>) {
    match result {
        Err(CardError::PinIncorrect { tries_left, .. }) => card.note_tries_left(auth, *tries_left),
        Err(CardError::PinBlocked { .. }) => card.note_tries_left(auth, Some(0)),
        Ok(()) | Err(_) => card.note_tries_left(auth, None),
    }
}

/// Refuses a PIN that may not be sent. Errors: `PinLength`.
pub(super) fn check_length(pin: &Secret, min: usize, max: usize) -> Result<()> {
    let min = min.max(1);
    if (min..=max).contains(&pin.len()) { Ok(()) } else { Err(Error::PinLength { min, max }) }
}

/// The first `PIN n` that no PIN of the card is called.
fn free_label(users: &[&Auth]) -> String {
    let label = |number: usize| format!("PIN {number}");
    let taken = |label: &String| users.iter().any(|auth| auth.label == *label);
    (users.len() + 1..).map(label).find(|label| !taken(label)).unwrap_or_default()
}

/// Tries of a PIN, where neither its maker nor the card says.
pub(super) const DEFAULT_TRIES: u8 = 3;

//! Cards as wholes: formatting, erasing, repairing, and PINs that an operation needs beside the login.

use super::error::{Error, from_card};
use super::login::checked_pin;
use super::pins::{DEFAULT_TRIES, check_length, note_tries};
use super::placement::KeyPlacement;
use super::session::SessionHandle;
use super::writing::{abilities_told, admin_of};
use super::{Engine, ObjectHandle, Result, lock};
use crate::apdu::Channel;
use crate::card::admin::{AdminAbilities, CardAdmin, Format, NewPin, RepairReport, Write};
use crate::card::{Card, CardError};
use crate::codec::Secret;
use crate::layout::SlotId;
use crate::token::{Auth, AuthRole, Token};

/// What a card is formatted to.
#[derive(Debug, Clone, Copy)]
pub struct InitToken<'a> {
    /// The card's label.
    pub label: &'a str,
    /// PUK of the security officer's PIN; `None` lets the card have a random one.
    pub puk: Option<&'a Secret>,
    /// Shortest security officer's PIN; `None` = the card's own.
    pub min_len: Option<u8>,
    /// Tries of the security officer's PIN; `None` = the card's own.
    pub tries: Option<u8>,
}

impl Engine {
    /// Formats the card behind a slot: everything on it is lost, in every slot of its reader, and its slots are
    /// empty tokens. A blank card takes `so_pin` as its new security officer's PIN; on one in use it has to be the
    /// right one, and stays.
    /// Errors: `SessionExists` while a session with any token of the card is open, `CardChanged` when another program
    /// has written since the card was read, `PinIncorrect`, `PinLength`, `NotSupported`.
    pub fn init_token(&self, slot: SlotId, so_pin: &Secret, init: &InitToken<'_>) -> Result<()> {
        self.start_over(slot, so_pin, |admin, channel, abilities| {
            let officer = NewPin {
                label: OFFICER_LABEL,
                pin: so_pin,
                puk: init.puk,
                min_len: init
                    .min_len
                    .unwrap_or(u8::try_from(*abilities.pin_lengths.start()).unwrap_or(u8::MAX)),
                tries: init.tries.unwrap_or(DEFAULT_TRIES),
            };
            admin.format(channel, &Format { label: init.label, officer, pins: &[] })
        })
    }

    /// Makes the card behind a slot blank again; what it holds is lost. Errors: as [`Engine::init_token`].
    pub fn erase_token(&self, slot: SlotId, so_pin: &Secret) -> Result<()> {
        self.start_over(slot, so_pin, |admin, channel, _| admin.erase(channel))
    }

    /// Whether formatting the card behind a slot would take nothing but what this slot shows: it is blank, or no
    /// other token of it has a PIN or objects. For callers who cannot ask anybody.
    pub fn is_alone_on_card(&self, slot: SlotId) -> Result<bool> {
        let view = self.virtual_token(slot)?;
        let mut pins = (0..).zip(&view.card.auths).filter(|(_, auth)| auth.role == AuthRole::User);
        let shown = view.view.keys.len() + view.view.certificates.len() + view.view.data.len();
        Ok(pins.all(|(index, _)| view.view.auth == Some(index)) && view.card.objects().count() == shown)
    }

    /// What can be put on the card behind a slot. Errors: `NotSupported` for a card that cannot be written.
    pub fn admin_abilities(&self, slot: SlotId) -> Result<AdminAbilities> {
        let (reader, loaded) = self.card_of(slot)?;
        let told = |card: &mut Card| card.with(abilities_told);
        self.with_card(reader, &loaded, told)
    }

    /// Reclaims what interrupted writes have left on the session's card. What needs a PIN that has not been given
    /// stays, and is said. Errors: `SessionReadOnly`, `UserNotLoggedIn`.
    pub fn repair(&self, session: SessionHandle) -> Result<RepairReport> {
        self.write(session, |writing| {
            writing.writer()?;
            writing.admin(|admin, channel| admin.repair(channel))
        })
    }

    /// The card's own certificate for a private key that it generated, DER.
    /// Errors: `KeyHandleInvalid`; `NotSupported` for a card that does not vouch for its keys.
    pub fn attest(&self, session: SessionHandle, key: ObjectHandle) -> Result<Vec<u8>> {
        self.with_session(session, |session| {
            let object = self.key_on_card(session, key)?.object;
            self.with_card(session.reader, &session.card, |card| {
                card.administer(|admin, channel| admin.attest(channel, object))
            })
        })
    }

    /// Moves a private key, and its certificate, to another place of its card. Errors: as for a new key there.
    pub fn move_key(&self, session: SessionHandle, key: ObjectHandle, to: &KeyPlacement) -> Result<()> {
        self.write(session, |writing| {
            writing.writer()?;
            let object = self.key_on_card(&writing.session, key)?.object;
            writing.require(Write::Change(object))?;
            let to = to.at(to.place.as_deref());
            let now = writing.admin(|admin, channel| admin.move_key(channel, object, to))?;
            writing.effects.renamed = vec![(object, now)];
            Ok(())
        })
    }

    /// Sets how many tries the token's PIN and its PUK have. Answers what that cost, in words.
    /// Errors: `NotSupported`, `NeedsPin`, `UserNotLoggedIn`.
    pub fn set_tries(&self, session: SessionHandle, pin: u8, puk: u8) -> Result<Vec<String>> {
        self.write(session, |writing| {
            writing.writer()?;
            let user = writing.view.auth.and_then(|index| writing.token().auths.get(index)).cloned();
            let user = user.ok_or(Error::UserPinNotInitialized("user PIN"))?;
            let unblocking = user.unblocked_by.clone().ok_or(Error::NotSupported("tries of a PUK"))?;
            writing.require(Write::Format)?;
            let tries = [(user.id.clone(), pin), (unblocking, puk)];
            let cost = writing.admin(|admin, channel| admin.set_tries(channel, &tries));
            writing.session.card.note_tries_left(&user.id, None);
            cost
        })
    }

    /// Verifies another PIN of the session's card, by its label (or its identifier in hex), for changes that need it
    /// beside the login: those that answer `NeedsPin`. It opens no other token, and ends with the login of
    /// this one, at the latest with its last session.
    /// Errors: `NoSuchPin`, `PinIncorrect`, `PinLocked`, `PinLength`.
    pub fn authorise(&self, session: SessionHandle, label: &str, pin: &Secret) -> Result<()> {
        self.with_session(session, |session| {
            let auth = named(&session.card.token, label)?;
            checked_pin(auth, Some(pin))?;
            self.with_card(session.reader, &session.card, |card| {
                if !lock(&self.state).is_current(session) {
                    return Ok(Err(Error::SessionHandleInvalid));
                }
                self.verify_pin(session, card, &auth.id, Some(pin))?;
                let mut state = lock(&self.state);
                let given = &mut state.token_mut(session.slot).authorised;
                if !given.contains(&auth.id) {
                    given.push(auth.id.clone());
                }
                Ok(Ok(()))
            })?
        })
    }

    /// A change after which nothing is as it was: the card is read anew when it is asked for.
    fn start_over(
        &self,
        slot: SlotId,
        so_pin: &Secret,
        job: impl Fn(&mut dyn CardAdmin, &mut Channel<'_>, &AdminAbilities) -> Result<(), CardError>,
    ) -> Result<()> {
        let (reader, loaded) = self.present_card_of(slot)?;
        if self.read_only {
            return Err(Error::WriteProtected);
        }
        let cell = self.cell(reader)?;
        let mut card = lock(&cell.card);
        self.check_insertion(reader, &card, &loaded)?;
        if lock(&self.state).sessions.values().any(|session| session.reader == reader) {
            return Err(Error::SessionExists);
        }
        let abilities = self.abilities_of(reader, &mut card)?;
        match loaded.so_auth() {
            Some(auth) => check_length(so_pin, 1, auth.max_len)?,
            None => check_length(so_pin, *abilities.pin_lengths.start(), *abilities.pin_lengths.end())?,
        }
        // What is lost is what the caller saw, or nothing is.
        let held = card.hold().and_then(|()| loaded.is_unchanged(&mut card));
        if let Ok(false) = held {
            card.release().map_err(|error| from_card(&cell.name, error))?;
            lock(&self.state).forget_card(reader, &self.policy);
            return Err(Error::CardChanged { reader: cell.name.clone() });
        }
        let changed = held.and_then(|_| {
            if let Some(auth) = loaded.so_auth() {
                let verified = card.verify(&auth.id, so_pin);
                note_tries(&loaded, &auth.id, &verified);
                verified?;
            }
            card.with(|driver, channel| job(admin_of(driver.admin())?, channel, &abilities))
        });
        let spared = matches!(
            changed,
            Err(CardError::PinIncorrect { .. }
                | CardError::PinBlocked { .. }
                | CardError::NotSupported { .. })
        );
        let finished = if card.is_connected() { card.finish() } else { Ok(()) };
        if !spared {
            lock(&self.state).forget_card(reader, &self.policy);
        }
        changed.and(finished).map_err(|error| from_card(&cell.name, error))
    }
}

/// The PIN that a caller names. Errors: `NoSuchPin`, also when there are several.
fn named<'a>(token: &'a Token, name: &str) -> Result<&'a Auth> {
    let pins = || token.auths.iter().filter(|auth| auth.role != AuthRole::Unblocking);
    let mut found = pins().filter(|auth| auth.label == name);
    match (found.next(), found.next()) {
        (Some(auth), None) => Some(auth),
        (Some(_), Some(_)) => None,
        (None, _) => pins().find(|auth| auth.id.to_string().eq_ignore_ascii_case(name)),
    }
    .ok_or_else(|| Error::NoSuchPin { label: name.to_owned() })
}

/// The security officer's PIN on a card of ours.
const OFFICER_LABEL: &str = "SO PIN";

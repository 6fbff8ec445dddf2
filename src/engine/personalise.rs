//! Cards as wholes: formatting, erasing, repairing, and PINs that an operation needs beside the login.

use super::cards::LoadedCard;
use super::error::{Error, from_card};
use super::login::checked_pin;
use super::pins::{DEFAULT_TRIES, check_length, note_tries};
use super::placement::KeyPlacement;
use super::session::SessionHandle;
use super::writing::{Writer, Writing, abilities_told};
use super::{Engine, ObjectHandle, Result, lock};
use crate::apdu::Channel;
use crate::card::admin::{
    AdminAbilities, CardAdmin, Format, NewPin, ObjectKind, PinPair, RepairReport, Write,
};
use crate::card::{Card, CardError};
use crate::codec::Secret;
use crate::layout::SlotId;
use crate::token::{Auth, AuthRole, KeyClass, ObjectId, Token};

/// What a card is formatted to.
#[derive(Debug, Clone, Copy, Default)]
pub struct InitToken<'a> {
    /// The card's label.
    pub label: &'a str,
    /// PUK of the security officer's PIN; `None` lets the card have a random one.
    pub puk: Option<&'a Secret>,
    /// Shortest security officer's PIN; `None` = the card's own.
    pub min_len: Option<u8>,
    /// Tries of the security officer's PIN; `None` = the card's own.
    pub tries: Option<u8>,
    /// The security officer's PIN is a new one if nobody can say the right one any more ([`Engine::is_locked_out`]).
    pub even_locked_out: bool,
    /// Another security officer's PIN than the one that allows it, on cards that have theirs from the factory.
    pub new_officer: Option<&'a Secret>,
    /// The user's PIN, on such cards; `None` leaves the one of the factory.
    pub user: Option<&'a Secret>,
    /// The PUK of the user's PIN.
    pub user_puk: Option<&'a Secret>,
}

impl Engine {
    /// Formats the card behind a slot: everything on it is lost, in every slot of its reader, and its slots are
    /// empty tokens. A blank card takes `so_pin` as its new security officer's PIN; on one in use it has to be the
    /// right one, and stays.
    /// Errors: `SessionExists` while a session with any token of the card is open, `CardChanged` when another program
    /// has written since the card was read, `PinIncorrect`, `PinLength`, `NotSupported`.
    pub fn init_token(&self, slot: SlotId, so_pin: &Secret, init: &InitToken<'_>) -> Result<()> {
        let personal = init.new_officer.or(init.user).or(init.user_puk);
        self.start_over(slot, so_pin, init.even_locked_out, |admin, channel, abilities| {
            if personal.is_some() && abilities.factory.is_none() {
                return Err(CardError::NotSupported {
                    what: "get a user PIN while it is formatted".to_owned(),
                });
            }
            let officer = NewPin {
                label: OFFICER_LABEL,
                pin: init.new_officer.unwrap_or(so_pin),
                puk: init.puk,
                min_len: init
                    .min_len
                    .unwrap_or(u8::try_from(*abilities.pin_lengths.start()).unwrap_or(u8::MAX)),
                tries: init.tries.unwrap_or(DEFAULT_TRIES),
            };
            let user = init.user.map(|pin| NewPin { label: "", pin, puk: init.user_puk, ..officer });
            admin.format(channel, &Format { label: init.label, officer, pins: user.as_slice() })
        })
    }

    /// Makes the card behind a slot blank again; what it holds is lost. A blank card, and one that nobody can open any
    /// more, takes an empty PIN. Errors: as [`Engine::init_token`].
    pub fn erase_token(&self, slot: SlotId, so_pin: &Secret) -> Result<()> {
        self.start_over(slot, so_pin, so_pin.is_empty(), |admin, channel, _| admin.erase(channel))
    }

    /// Whether the card behind a slot has its PINs from the factory and locked those that could allow to erase it: then
    /// it goes back to its factory state without them. Asks the card for its counters.
    pub fn is_locked_out(&self, slot: SlotId) -> Result<bool> {
        let (reader, loaded) = self.card_of(slot)?;
        let locked = |card: &mut Card| {
            let has_factory_state = card.with(abilities_told)?.factory.is_some();
            Ok(has_factory_state && is_locked_out(card, &loaded)?)
        };
        self.with_card(reader, &loaded, locked)
    }

    /// Whether formatting the card behind a slot would take nothing but what this slot shows: it is blank, or no
    /// other token of it has a PIN or objects. On a card of [`AdminAbilities::factory`] every token has a PIN always, and data
    /// are of the card itself: there keys and certificates decide. For callers who cannot ask anybody.
    pub fn is_alone_on_card(&self, slot: SlotId) -> Result<bool> {
        let view = self.virtual_token(slot)?;
        let (shown, card) = (&view.view, &view.card);
        if self.admin_abilities(slot).is_ok_and(|abilities| abilities.factory.is_some()) {
            return Ok(
                shown.keys.len() == card.keys.len() && shown.certificates.len() == card.certificates.len()
            );
        }
        let mut pins = (0..).zip(&card.auths).filter(|(_, auth)| auth.role == AuthRole::User);
        let count = shown.keys.len() + shown.certificates.len() + shown.data.len();
        Ok(pins.all(|(index, _)| shown.auth == Some(index)) && card.objects().count() == count)
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

    /// Moves a private key, and its certificate, to another place of its card: by its name on the card, because the security
    /// officer, who may do that, is shown no private key. Errors: as for a new key there.
    pub fn move_key(&self, session: SessionHandle, object: ObjectId, to: &KeyPlacement) -> Result<()> {
        self.write(session, |writing| {
            writing.writer()?;
            writing.private_key(object)?;
            writing.require(Write::Change(object))?;
            let to = to.at(to.place.as_deref());
            let now = writing.admin(|admin, channel| admin.move_key(channel, object, to))?;
            writing.effects.renamed = vec![(object, now)];
            Ok(())
        })
    }

    /// Changes how a private key that is there is guarded: when its PIN and a touch are asked for.
    /// Errors: `KeyHandleInvalid`, `NotSupported`, `NeedsPin`, `UserNotLoggedIn`.
    pub fn set_policies(
        &self,
        session: SessionHandle,
        object: ObjectId,
        policies: &KeyPlacement,
    ) -> Result<()> {
        self.write(session, |writing| {
            writing.writer()?;
            writing.private_key(object)?;
            writing.require(Write::Store(ObjectKind::KeyPair, None))?;
            let to = policies.at(None);
            writing.admin(|admin, channel| admin.set_policies(channel, object, to))
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

    /// From now on the session's card gets its PINs hashed by the host, or as they are. They keep their values, which have to be
    /// `pins`: the security officer is logged in, and the user's PIN authorised. Answers what that cost, in words.
    /// Errors: `UserNotLoggedIn`, `NeedsPin`, `PinLength` before anything is changed; `NotSupported`.
    pub fn set_pin_hashing(
        &self,
        session: SessionHandle,
        hashed: bool,
        pins: PinPair<'_>,
    ) -> Result<Vec<String>> {
        self.write(session, |writing| {
            if writing.writer()? != Writer::Officer {
                return Err(Error::UserNotLoggedIn);
            }
            let user = writing.view.auth.and_then(|index| writing.token().auths.get(index)).cloned();
            let user = user.ok_or(Error::UserPinNotInitialized("user PIN"))?;
            if !lock(&self.state).auths_in_use(writing.session.slot).contains(&user.id) {
                return Err(Error::NeedsPin { label: user.label, auth: user.id });
            }
            writing.admin(|admin, channel| admin.set_pin_hashing(channel, hashed, pins))
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
        even_locked_out: bool,
        job: impl Fn(&mut dyn CardAdmin, &mut Channel<'_>, &AdminAbilities) -> Result<(), CardError>,
    ) -> Result<()> {
        let (reader, loaded) = self.present_card_of(slot)?;
        if self.read_only {
            return Err(Error::WriteProtected);
        }
        let cell = self.cell(reader)?;
        let mut card = lock(&cell.card);
        self.turn_to(reader, &mut card, &loaded)?;
        if lock(&self.state).sessions.values().any(|session| session.reader == reader) {
            return Err(Error::SessionExists);
        }
        let abilities = self.abilities_of(reader, &mut card)?;
        let has_factory_state = abilities.factory.is_some();
        let locked_out = even_locked_out && has_factory_state && {
            let told = is_locked_out(&mut card, &loaded);
            told.map_err(|error| from_card(&cell.name, error))?
        };
        let authority = loaded.so_auth().filter(|_| !locked_out);
        match authority {
            Some(auth) => check_length(so_pin, 1, auth.max_len)?,
            None if so_pin.is_empty() || has_factory_state => {}
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
            if let Some(auth) = authority {
                let verified = card.verify(&auth.id, so_pin);
                note_tries(&loaded, &auth.id, &verified);
                verified?;
            }
            card.forget_inventory();
            card.administer(|admin, channel| job(admin, channel, &abilities))
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

impl Writing<'_> {
    /// Makes sure that a private key is one of the session's token. Errors: `KeyHandleInvalid`.
    fn private_key(&self, object: ObjectId) -> Result<()> {
        let mut keys = self.view.keys.iter().filter_map(|index| self.token().keys.get(*index));
        let found = keys.any(|key| key.object == object && key.class == KeyClass::Private);
        if found { Ok(()) } else { Err(Error::KeyHandleInvalid) }
    }
}

/// Whether nobody can open a card any more who could erase it: its officer's counter is at its end, or, where that one
/// has no counter, the user's.
fn is_locked_out(card: &mut Card, loaded: &LoadedCard) -> Result<bool, CardError> {
    let Some(officer) = loaded.so_auth() else { return Ok(false) };
    if let Some(left) = card.tries_left(&officer.id)? {
        return Ok(left == 0);
    }
    let user = loaded.token.auths.iter().find(|auth| auth.role == AuthRole::User);
    Ok(match user {
        Some(user) => card.tries_left(&user.id)? == Some(0),
        None => false,
    })
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

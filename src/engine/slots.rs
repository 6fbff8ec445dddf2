//! Readers, slots and tokens towards callers.

use std::sync::Arc;

use super::cards::LoadedCard;
use super::error::Error;
use super::mechanism::{self, MechanismId, MechanismInfo};
use super::slot::{
    ApplicationReport, KnownProblems, PinReport, PinState, PinStatus, ReaderReport, SlotInfo, TokenFlags,
    TokenInfo, TokenView,
};
use super::state::{CardState, ReaderState, State};
use super::uri::{Uri, library};
use super::{Engine, Result, lock, unfinished};
use crate::card::Tries;
use crate::codec::padded::truncate;
use crate::crypto::{CertificateDetails, PublicKey};
use crate::layout::{Layout, SlotId, Unplaced, VirtualSlot};
use crate::token::{Auth, Problem};
use crate::transport::{Presence, ReaderKind};

impl Engine {
    /// Every reader with its card, driver, slots and problem. Reads every card that has not been read.
    pub fn readers(&self) -> Vec<ReaderReport> {
        self.survey_all();
        let cells = self.cells();
        let state = lock(&self.state);
        let reports = cells.iter().zip(&state.readers).enumerate();
        reports
            .map(|(index, (cell, reader))| ReaderReport {
                name: cell.name.clone(),
                kind: cell.kind,
                presence: reader.presence.clone(),
                applications: applications_of(&state, index),
                slots: state.slots_of(index),
                error: match &reader.card {
                    CardState::Failed(error) => Some(Arc::clone(error)),
                    CardState::NotAsked | CardState::Absent | CardState::Read(_) => None,
                },
            })
            .collect()
    }

    /// Looks at every reader again, new ones included: sessions of cards that are gone end, new cards are read when
    /// asked for, and PIN counters are asked again. Sends nothing to any card.
    pub fn refresh(&self) {
        self.look_around();
        for (reader, cell) in self.cells().iter().enumerate() {
            cell.forget_busy();
            let mut state = lock(&self.state);
            let Some(known) = state.readers.get_mut(reader) else { continue };
            match &known.card {
                CardState::Read(read) => read.iter().for_each(|loaded| loaded.forget_counters()),
                // Held by another program, say: it may be free now. What is wrong with the card itself stays.
                CardState::Failed(error) if matches!(**error, Error::Reader { .. }) => {
                    known.card = CardState::NotAsked;
                }
                CardState::Failed(_) | CardState::NotAsked | CardState::Absent => {}
            }
        }
    }

    /// The readers by name, with the slots that each owns. Touches no reader and no card.
    pub fn reader_slots(&self) -> Vec<(String, Vec<SlotId>)> {
        let cells = self.cells();
        let state = lock(&self.state);
        cells.iter().enumerate().map(|(index, cell)| (cell.name.clone(), state.slots_of(index))).collect()
    }

    /// The whole layout. Reads every card that has not been read.
    pub fn layout(&self) -> Layout {
        self.survey_all();
        lock(&self.state).layout.clone()
    }

    /// Slot ids in order. With `with_token` only those that have a token, which reads every card; without,
    /// all of them, which touches no card.
    pub fn slots(&self, with_token: bool) -> Vec<SlotId> {
        if with_token {
            self.survey_all();
        }
        let state = lock(&self.state);
        let slots = state.layout.slots.iter().filter(|slot| !with_token || slot.token.is_some());
        slots.map(|slot| slot.id).collect()
    }

    /// Slots in which a token is to be expected, without asking a card: those with a token where the card has been read,
    /// else all of a reader with a card in it, because what the card does not use holds an empty token. Where empty
    /// tokens are hidden nothing is known before the card is read; then it is.
    pub fn expected_slots(&self) -> Vec<SlotId> {
        if self.policy.hide_empty_tokens {
            return self.slots(true);
        }
        let state = lock(&self.state);
        let expected = |slot: &&VirtualSlot| {
            let owner = state.reader_of(slot.id).ok().flatten().and_then(|reader| state.readers.get(reader));
            owner.is_some_and(|reader| match &reader.card {
                CardState::Read(_) => slot.token.is_some(),
                CardState::NotAsked => matches!(reader.presence, Some(Presence::Card { .. })),
                CardState::Absent | CardState::Failed(_) => false,
            })
        };
        state.layout.slots.iter().filter(expected).map(|slot| slot.id).collect()
    }

    /// One slot. Asks its reader for presence, and reads its card if that has not been read.
    pub fn slot_info(&self, slot: SlotId) -> Result<SlotInfo> {
        let reader = lock(&self.state).reader_of(slot)?;
        if let Some(reader) = reader {
            self.look(reader);
            self.survey(reader);
        }
        let state = lock(&self.state);
        let found = state.slot(slot)?;
        let description = state.layout.readers.get(found.reader).map(|reader| reader.name.clone());
        let kind = reader.and_then(|reader| self.cell(reader).ok()).map(|cell| cell.kind);
        Ok(SlotInfo {
            id: slot,
            description: description.unwrap_or_default(),
            manufacturer: library::SLOT_MANUFACTURER.to_owned(),
            token_present: found.token.is_some(),
            removable: true,
            hardware: kind == Some(ReaderKind::Pcsc),
        })
    }

    /// The token in one slot, with PIN counters as [`Engine::pin_status`] tells them.
    /// Errors: `SlotInvalid`, `TokenNotPresent`, `TokenNotRecognized`, `Reader`.
    pub fn token_info(&self, slot: SlotId) -> Result<TokenInfo> {
        let view = self.shown_token(slot)?;
        let pins = self.pin_status(slot)?;
        let (_, loaded) = self.card_of(slot)?;
        let (info, user) = (&view.card.info, pins.user.as_ref());
        let state_of = |pin: Option<&PinStatus>| {
            pin.map(|pin| PinState::of(pin.tries_left, pin.tries_max)).unwrap_or_default()
        };
        let flags = TokenFlags {
            rng: info.has_random,
            write_protected: info.read_only || self.read_only,
            login_required: user.is_some(),
            user_pin_initialized: user.is_some_and(|pin| pin.initialized),
            protected_authentication_path: user.is_some() && loaded.pinpad.verify,
            token_initialized: info.initialized,
            user_pin: state_of(user),
            so_pin: state_of(pins.so.as_ref()),
        };
        Ok(TokenInfo {
            label: truncate(&view.view.label, LABEL_LEN).to_owned(),
            manufacturer: truncate(&info.manufacturer, MANUFACTURER_LEN).to_owned(),
            model: truncate(&info.model, MODEL_LEN).to_owned(),
            serial: last_bytes(&info.serial, SERIAL_LEN).to_owned(),
            flags,
            pin_len: user.map_or((0, 0), |pin| (pin.min_len, pin.max_len)),
            sessions: lock(&self.state).session_counts(slot),
            hardware_version: info.hardware_version,
            firmware_version: info.firmware_version,
        })
    }

    /// The token in one slot and the card behind it, with chains.
    pub fn virtual_token(&self, slot: SlotId) -> Result<TokenView> {
        self.list_keys(slot)?;
        self.shown_token(slot)
    }

    /// As [`Engine::virtual_token`], with as many objects as are listed.
    fn shown_token(&self, slot: SlotId) -> Result<TokenView> {
        let (reader, loaded) = self.present_card_of(slot)?;
        let view = lock(&self.state).slot(slot)?.token.clone().ok_or(Error::TokenNotPresent(slot))?;
        Ok(TokenView {
            reader: self.cell(reader)?.name.clone(),
            driver: loaded.driver,
            card: Arc::clone(&loaded.token),
            view,
        })
    }

    /// The token's PIN and the card's SO PIN, with tries left. The card is asked for each counter once (which
    /// spends no try), and again after a login attempt of this process or [`Engine::refresh`].
    pub fn pin_status(&self, slot: SlotId) -> Result<PinReport> {
        let view = self.shown_token(slot)?;
        let (reader, loaded) = self.card_of(slot)?;
        let user = view.view.auth.and_then(|index| view.card.auths.get(index));
        Ok(PinReport {
            user: user.map(|auth| self.status(reader, &loaded, auth)).transpose()?,
            so: loaded.so_auth().map(|auth| self.status(reader, &loaded, auth)).transpose()?,
        })
    }

    /// The token's own PIN with its tries left, as [`Engine::pin_status`] tells it, without asking for the
    /// security officer's. `None` for left-overs and empty tokens.
    pub fn user_pin(&self, slot: SlotId) -> Result<Option<PinStatus>> {
        let view = self.shown_token(slot)?;
        let (reader, loaded) = self.card_of(slot)?;
        let user = view.view.auth.and_then(|index| view.card.auths.get(index));
        user.map(|auth| self.status(reader, &loaded, auth)).transpose()
    }

    /// Mechanisms of the token, without duplicates, in the order of their numbers.
    pub fn mechanisms(&self, slot: SlotId) -> Result<Vec<MechanismId>> {
        self.shown_token(slot)?;
        Ok(mechanism::available(&self.card_of(slot)?.1.abilities))
    }

    /// What the token can do with one mechanism. Errors: `MechanismInvalid` when it has it not.
    pub fn mechanism_info(&self, slot: SlotId, id: MechanismId) -> Result<MechanismInfo> {
        self.shown_token(slot)?;
        let abilities = &self.card_of(slot)?.1.abilities;
        mechanism::mechanism(id)?.info(abilities).ok_or(Error::MechanismInvalid(id))
    }

    /// What found no slot, with the setting that would show it. Reads every card that has not been read.
    pub fn unplaced(&self) -> Vec<Unplaced> {
        self.layout().unplaced
    }

    /// What could not be read on the card in this slot and was skipped.
    pub fn problems(&self, slot: SlotId) -> Result<Vec<Problem>> {
        Ok(self.card_of(slot)?.1.token.problems.clone())
    }

    /// What is amiss with the cards that were read so far. Reads no card.
    pub fn known_problems(&self) -> Vec<KnownProblems> {
        let cells = self.cells();
        // Cards are locked before the state.
        let unfinished: Vec<_> = cells.iter().map(|cell| unfinished::known(cell)).collect();
        let state = lock(&self.state);
        let readers = cells.iter().zip(&state.readers).zip(unfinished).enumerate();
        let known = readers.map(|(index, ((cell, reader), unfinished))| KnownProblems {
            reader: cell.name.clone(),
            error: match &reader.card {
                CardState::Failed(error) => Some(Arc::clone(error)),
                CardState::NotAsked | CardState::Absent | CardState::Read(_) => None,
            },
            skipped: reader.applications().iter().flat_map(|loaded| loaded.token.problems.clone()).collect(),
            unfinished: unfinished::placed(unfinished, &state, index),
        });
        known.filter(KnownProblems::is_any).collect()
    }

    /// The content of a certificate (index into the card's certificates), read now if it was not read before.
    pub fn certificate(&self, slot: SlotId, index: usize) -> Result<Arc<CertificateDetails>> {
        let (reader, loaded) = self.card_of(slot)?;
        let certificate = loaded.token.certificates.get(index).ok_or(Error::ObjectHandleInvalid)?;
        self.details(reader, &loaded, certificate)
    }

    /// The public half of a key (index into the card's keys), read now if it was not read before; `None` when
    /// the card has it nowhere.
    pub fn public_key(&self, slot: SlotId, index: usize) -> Result<Option<Arc<PublicKey>>> {
        let (reader, loaded) = self.card_of(slot)?;
        let key = loaded.token.keys.get(index).ok_or(Error::ObjectHandleInvalid)?;
        self.public_half(reader, &loaded, key)
    }

    /// The URI of a token (RFC 7512): token, manufacturer, model, serial; and the slot where these do not tell it from
    /// another token of its card, as the left-overs from an empty one, which have no PIN to be named by.
    pub fn token_uri(&self, slot: SlotId) -> Result<Uri> {
        let view = self.shown_token(slot)?;
        let namesakes = {
            let state = lock(&self.state);
            let reader = state.slot(slot)?.reader;
            let tokens = state.layout.slots.iter().filter(|other| other.reader == reader);
            let labels = tokens.filter_map(|other| Some(&other.token.as_ref()?.label));
            labels.filter(|label| **label == view.view.label).count()
        };
        let info = &view.card.info;
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Ok(Uri {
            token: given(truncate(&view.view.label, LABEL_LEN)),
            manufacturer: given(truncate(&info.manufacturer, MANUFACTURER_LEN)),
            model: given(truncate(&info.model, MODEL_LEN)),
            serial: given(last_bytes(&info.serial, SERIAL_LEN)),
            slot_id: (namesakes > 1).then_some(slot.0),
            ..Uri::default()
        })
    }

    /// As [`Engine::card_of`], after a look whether a card that was read before is still there.
    pub(super) fn present_card_of(&self, slot: SlotId) -> Result<(usize, Arc<LoadedCard>)> {
        let known = {
            let state = lock(&self.state);
            let reader = state.reader_of(slot)?;
            let is_read = |reader: &usize| {
                state.readers.get(*reader).is_some_and(|known| !known.applications().is_empty())
            };
            reader.filter(is_read)
        };
        if let Some(reader) = known {
            self.look(reader);
        }
        self.card_of(slot)
    }

    fn survey_all(&self) {
        for reader in 0..self.cells().len() {
            self.survey(reader);
        }
    }

    fn status(&self, reader: usize, loaded: &LoadedCard, auth: &Auth) -> Result<PinStatus> {
        let known = loaded.counter(&auth.id);
        let mut tries = known.tries;
        if !known.asked {
            // A counter is not worth a login to another application.
            let told = self.with_card(reader, loaded, |card| match card.would_end_logins() {
                true => Ok(None),
                false => card.tries(&auth.id).map(Some),
            })?;
            let before = if known.old && told.is_some() { None } else { known.tries.left };
            let now = told.unwrap_or(known.tries);
            tries = Tries { left: now.left.or(before).or(auth.tries_left), max: now.max.or(auth.tries_max) };
            if told.is_some() {
                loaded.note_counter(&auth.id, tries);
            }
        }
        Ok(PinStatus {
            id: auth.id.clone(),
            label: auth.label.clone(),
            initialized: auth.initialized,
            min_len: auth.min_len,
            max_len: auth.max_len,
            tries_left: tries.left,
            tries_max: tries.max,
        })
    }
}

/// The applications of the card in a reader, with the slots that show each.
fn applications_of(state: &State, reader: usize) -> Vec<ApplicationReport> {
    let applications = state.readers.get(reader).map(ReaderState::applications).unwrap_or_default();
    let shown = |slot: &SlotId| state.slot(*slot).is_ok_and(|slot| slot.token.is_some());
    let report = |loaded: &Arc<LoadedCard>| ApplicationReport {
        driver: loaded.driver,
        label: loaded.token.info.label.clone(),
        serial: loaded.token.info.serial.clone(),
        slots: state.slots_showing(reader, loaded.application).into_iter().filter(shown).collect(),
    };
    applications.iter().map(report).collect()
}

impl KnownProblems {
    fn is_any(&self) -> bool {
        self.error.is_some() || !self.skipped.is_empty() || !self.unfinished.is_empty()
    }
}

impl ReaderReport {
    /// The driver that understood the card: that of its first application.
    pub fn driver(&self) -> Option<&'static str> {
        self.applications.first().map(|application| application.driver)
    }

    /// True when a card is in the reader, whether it was understood or not.
    pub fn has_card(&self) -> bool {
        matches!(self.presence, Some(Presence::Card { .. } | Presence::Mute))
    }
}

/// The last `max_len` bytes of a text, at a character boundary: of a long serial number the end tells more.
fn last_bytes(text: &str, max_len: usize) -> &str {
    let start = (text.len().saturating_sub(max_len)..=text.len()).find(|start| text.is_char_boundary(*start));
    start.and_then(|start| text.get(start..)).unwrap_or_default()
}

/// Lengths of the fields of `CK_TOKEN_INFO` in bytes (PKCS#11 3.1, 3.2).
const LABEL_LEN: usize = 32;
const MANUFACTURER_LEN: usize = 32;
const MODEL_LEN: usize = 16;
const SERIAL_LEN: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_bytes_keeps_the_end_and_whole_characters() {
        assert_eq!(last_bytes("0123456789", 16), "0123456789");
        assert_eq!(last_bytes("XX0123456789ABCDEF", 16), "0123456789ABCDEF");
        assert_eq!(last_bytes("éé", 3), "é");
        assert_eq!(last_bytes("", 16), "");
    }
}

//! How much cards are asked, where their objects cost a question each: for the layout first, for one key alone, for
//! everything; and for every application.

use std::sync::atomic::Ordering::Relaxed;

use super::cards::LoadedCard;
use super::error::{Error, from_card};
use super::reading::read_again;
use super::renewal::Effects;
use super::{Engine, Result, lock};
use crate::card::Listing;
use crate::card::sought::SoughtKey;
use crate::layout::SlotId;

impl Engine {
    /// From now on cards that are read need not tell of other keys with a PIN than this one; with `None` they tell of
    /// everything again, and those read meanwhile are read anew when they are asked for: their sessions are over.
    /// Answers whether a key was looked for before. Not for callers who write, or who list objects.
    pub fn seek(&self, key: Option<SoughtKey>) -> bool {
        let ends = key.is_none();
        let was_seeking = self.settings.sought.replace(key).is_some();
        if was_seeking && ends {
            let mut state = lock(&self.state);
            for reader in 0..self.cells().len() {
                state.forget_card(reader, &self.policy);
            }
        }
        was_seeking
    }

    /// From now on cards that are connected are asked for every application, also for those that they did not have lately.
    pub fn ask_for_all_applications(&self) {
        self.settings.asks_all.store(true, Relaxed);
    }

    /// Makes sure that the token in a slot shows its keys and certificates. Sessions find them listed.
    pub(super) fn list_keys(&self, slot: SlotId) -> Result<()> {
        let (reader, loaded) = self.present_card_of(slot)?;
        self.list(reader, &loaded, Listing::Keys)
    }

    /// Asks an application for what it was not asked for yet. Sessions, logins and handles go on, also where that fails:
    /// then what is known stays.
    pub(super) fn list(&self, reader: usize, known: &LoadedCard, listing: Listing) -> Result<()> {
        if known.listing >= listing {
            return Ok(());
        }
        let cell = self.cell(reader)?;
        let mut card = lock(&cell.card);
        self.turn_to(reader, &mut card, known)?;
        // Another thread may have asked meanwhile.
        let now = lock(&self.state).application(reader, known.application).cloned();
        let now = now.ok_or_else(|| Error::DeviceRemoved { reader: cell.name.clone() })?;
        if now.listing >= listing {
            return Ok(());
        }
        cell.check_busy()?;
        let listed = read_again(&mut card, &now, listing).map_err(|error| from_card(&cell.name, error));
        cell.note_busy(listed.as_ref().err());
        let outcome = listed.and_then(|fresh| self.replace(reader, &mut card, fresh, &Effects::default()));
        match card.is_connected() {
            true => self.note_lost_logins(reader, &card),
            false => self.lose(reader, &now),
        }
        outcome
    }
}

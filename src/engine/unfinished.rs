//! What was begun on a card, interrupted, and waits to be finished.

use super::cards::Cell;
use super::state::State;
use super::{Engine, Result};
use crate::card::Unfinished;
use crate::layout::SlotId;

impl Engine {
    /// Asks the application behind a slot whether something waits to be finished on it, where it can tell that:
    /// [`Engine::known_problems`] knows it then. It knows it as well, and nothing is asked, where a PIN was sent. Spends no
    /// try, and ends no login to another application. Errors: `DeviceRemoved`, `Reader`.
    pub fn look_for_unfinished(&self, slot: SlotId) -> Result<()> {
        let (reader, loaded) = self.card_of(slot)?;
        self.with_card(reader, &loaded, |card| match card.would_end_logins() {
            true => Ok(()),
            false => card.look_for_unfinished(),
        })
    }
}

/// What is known of the card in a reader, with its application. Nothing of a card that is at work in another thread.
pub(super) fn known(cell: &Cell) -> Vec<(usize, Unfinished)> {
    cell.card.try_lock().map(|card| card.unfinished()).unwrap_or_default()
}

/// The same with the slots in which it is finished.
pub(super) fn placed(
    known: Vec<(usize, Unfinished)>,
    state: &State,
    reader: usize,
) -> Vec<(Unfinished, Option<SlotId>)> {
    let has_pin = |slot: &SlotId| {
        let token = state.slot(*slot).ok().and_then(|slot| slot.token.as_ref());
        token.is_some_and(|token| token.auth.is_some())
    };
    let place =
        |(application, what)| (what, state.slots_showing(reader, application).into_iter().find(has_pin));
    known.into_iter().map(place).collect()
}

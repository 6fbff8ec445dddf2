//! A card that stays in one transaction from its listing to the login: its application is selected once, because no
//! other program can select another one in between. Only for callers who ask nobody anything meanwhile.

use std::sync::atomic::Ordering::Relaxed;

use super::{Engine, lock};
use crate::card::Card;

impl Engine {
    /// From now on the card that is read last stays in its transaction, until this is ended. Never more than one card does, so
    /// that two programs do not wait for each other. Not while a person is asked for something.
    pub fn keep_at_hand(&self, on: bool) {
        self.keeps.store(on, Relaxed);
        if !on {
            self.let_go();
        }
    }

    /// Ends the transaction that was kept. A card that is at work in another thread is let be: nobody waits here, because
    /// whoever calls may have locked another one.
    fn let_go(&self) {
        let Some(reader) = lock(&self.kept).take() else { return };
        let Ok(cell) = self.cell(reader) else { return };
        let Ok(mut card) = cell.card.try_lock() else { return };
        if let Err(error) = card.release() {
            tracing::warn!(reader = cell.name, %error, "the card's transaction did not end");
        }
    }

    /// Holds a card that is about to be read, where that is asked for. What is wrong with it shows when it is read.
    pub(super) fn keep_card(&self, reader: usize, card: &mut Card) {
        if !self.keeps.load(Relaxed) {
            return;
        }
        self.let_go();
        if card.hold().is_ok() {
            *lock(&self.kept) = Some(reader);
        }
    }
}

//! How much cards are asked: for one key alone, where their keys cost a question each; for every application.

use std::sync::atomic::Ordering::Relaxed;

use super::{Engine, lock};
use crate::card::sought::SoughtKey;

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
}

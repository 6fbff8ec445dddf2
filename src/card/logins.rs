//! Which PINs of one application are verified, as far as is believed. Knows no card family and sends nothing.

use crate::codec::Secret;
use crate::token::AuthId;

/// The logins of this process to one application of a card.
#[derive(Default)]
pub(super) struct Logins {
    /// PINs whose verification stands, or comes back by itself before the application is asked for anything.
    pub verified: Vec<AuthId>,
    /// PINs that may be verified on the card by our doing: what the end has to take back.
    pub owed: Vec<AuthId>,
    /// A verification was lost, and nobody was told yet.
    pub lost: bool,
    /// PINs to verify again where the card lost them, if the configuration wants that.
    pub remembered: Vec<(AuthId, Secret)>,
    /// The card has none of the verifications any more: those that are remembered have to be made again.
    pub stale: bool,
}

impl Logins {
    /// True when PINs are verified on the card itself.
    pub fn are_on_card(&self) -> bool {
        !self.verified.is_empty() && !self.stale
    }

    /// The card has taken every verification back. What is remembered comes back, the rest is lost.
    pub fn lose(&mut self) {
        let before = self.verified.len();
        let remembered = &self.remembered;
        self.verified.retain(|auth| remembered.iter().any(|(known, _)| known == auth));
        self.lost |= self.verified.len() < before;
        self.stale = !self.verified.is_empty();
    }

    /// Another application was selected. What the card says of that: verifications stay, are gone, or nothing.
    pub fn leave(&mut self, stay: Option<bool>) {
        if stay == Some(true) || !self.are_on_card() {
            return;
        }
        if stay == Some(false) {
            self.owed.clear();
        }
        self.lose();
    }

    /// The card was reset.
    pub fn reset(&mut self) {
        self.owed.clear();
        self.lose();
    }

    /// A PIN was verified.
    pub fn note_verified(&mut self, auth: &AuthId) {
        self.lost = false;
        for list in [&mut self.owed, &mut self.verified] {
            if !list.contains(auth) {
                list.push(auth.clone());
            }
        }
        self.remembered.retain(|(known, _)| known != auth);
    }

    /// A PIN is not verified any more.
    pub fn note_not_verified(&mut self, auth: &AuthId) {
        self.verified.retain(|known| known != auth);
        self.remembered.retain(|(known, _)| known != auth);
        self.stale &= !self.verified.is_empty();
    }

    /// Nobody counts on a verification any more; what is owed stays owed.
    pub fn forget_verified(&mut self) {
        self.verified.clear();
        self.remembered.clear();
        self.stale = false;
    }
}

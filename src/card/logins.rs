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
    /// Whether verifications outlive the selection of another application, as far as the card has told.
    pub stay: Option<bool>,
}

impl Logins {
    /// True when PINs are verified on the card itself.
    pub fn are_on_card(&self) -> bool {
        !self.verified.is_empty() && !self.stale
    }

    /// The card has taken every verification back. What is remembered comes back, the rest is lost.
    pub fn lose(&mut self) {
        self.stale = false;
        self.lose_those(|_| true);
    }

    fn lose_those(&mut self, is_gone: impl Fn(&AuthId) -> bool) {
        let before = self.verified.len();
        let comes_back = |auth: &AuthId| self.remembered.iter().any(|(known, _)| known == auth);
        self.stale |= self.verified.iter().any(|auth| is_gone(auth) && comes_back(auth));
        self.verified.retain(|auth| !is_gone(auth) || comes_back(auth));
        self.lost |= self.verified.len() < before;
    }

    /// Another application was selected. What the card may have kept stays owed: that it keeps nothing is concluded from
    /// another time.
    pub fn leave(&mut self) {
        if self.stay != Some(true) && self.are_on_card() {
            self.lose();
        }
    }

    /// Another application was selected, and the card was asked for each PIN whether it is verified still.
    pub fn note_left(&mut self, told: &[(AuthId, Option<bool>)]) {
        let says = |what: bool| move |(_, told): &(AuthId, Option<bool>)| *told == Some(what);
        self.note_told(told);
        // One PIN may be gone for a reason of its own; one that is left shows what the card does.
        if told.iter().any(says(true)) {
            self.stay = Some(true);
            return;
        }
        self.stay = (!told.is_empty() && told.iter().all(says(false))).then_some(false);
        self.lose();
    }

    /// The card was asked for PINs whether they are verified. One that is not is lost, and there is nothing to be taken back.
    pub fn note_told(&mut self, told: &[(AuthId, Option<bool>)]) {
        let is_gone = |auth: &AuthId| told.contains(&(auth.clone(), Some(false)));
        self.owed.retain(|auth| !is_gone(auth));
        self.lose_those(is_gone);
    }

    /// The card was reset.
    pub fn reset(&mut self) {
        self.owed.clear();
        self.lose();
    }

    /// A PIN may be verified from now on. Answers whether that was so before.
    pub fn owe(&mut self, auth: &AuthId) -> bool {
        let before = self.owed.contains(auth);
        if !before {
            self.owed.push(auth.clone());
        }
        before
    }

    /// A PIN was verified.
    pub fn note_verified(&mut self, auth: &AuthId) {
        self.lost = false;
        self.owe(auth);
        if !self.verified.contains(auth) {
            self.verified.push(auth.clone());
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

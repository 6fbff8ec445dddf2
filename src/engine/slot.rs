//! What the engine says of readers, slots and tokens: plain values. Numbers are mapped by the C side.

use std::sync::Arc;

use super::error::Error;
use crate::card::Unfinished;
use crate::layout::{Chain, SlotId, VirtualToken};
use crate::token::{AuthId, Problem, Token};
use crate::transport::{Presence, ReaderKind};

/// One reader, its card, and the slots it owns.
#[derive(Debug, Clone)]
pub struct ReaderReport {
    /// The reader's name.
    pub name: String,
    /// PC/SC or software.
    pub kind: ReaderKind,
    /// What is in it; `None` when the reader does not even tell (see `error`).
    pub presence: Option<Presence>,
    /// The applications of the card, each with the driver that understood it; none where no driver did.
    pub applications: Vec<ApplicationReport>,
    /// The slots that the reader owns; empty when no slots are left for it.
    pub slots: Vec<SlotId>,
    /// What is wrong with reader or card.
    pub error: Option<Arc<Error>>,
}

/// One application of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationReport {
    /// The driver that understood it.
    pub driver: &'static str,
    /// Its own label.
    pub label: String,
    /// Its serial number.
    pub serial: String,
    /// The slots that show tokens of it.
    pub slots: Vec<SlotId>,
}

/// What is amiss with a card that was read, or that could not be.
#[derive(Debug, Clone)]
pub struct KnownProblems {
    /// The reader's name.
    pub reader: String,
    /// Why the whole card could not be read.
    pub error: Option<Arc<Error>>,
    /// Objects that could not be read and were skipped.
    pub skipped: Vec<Problem>,
    /// What was interrupted, and the slot in which it is finished, if one shows its PIN.
    pub unfinished: Vec<(Unfinished, Option<SlotId>)>,
}

/// One slot (`CK_SLOT_INFO`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotInfo {
    /// Its number.
    pub id: SlotId,
    /// The reader's name, the same for all slots of a reader.
    pub description: String,
    /// Who made the reader; empty when unknown.
    pub manufacturer: String,
    /// A token is in the slot.
    pub token_present: bool,
    /// The card can be taken out.
    pub removable: bool,
    /// A piece of hardware, no card image.
    pub hardware: bool,
}

/// One token (`CK_TOKEN_INFO`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    /// `<card label> (<PIN label>)`, at most 32 bytes.
    pub label: String,
    /// Manufacturer, at most 32 bytes.
    pub manufacturer: String,
    /// Model, at most 16 bytes.
    pub model: String,
    /// Serial number, at most 16 bytes.
    pub serial: String,
    /// Everything that is true of it.
    pub flags: TokenFlags,
    /// Shortest and longest PIN in characters; zero when the token has no PIN.
    pub pin_len: (usize, usize),
    /// Open sessions of this process, and how many of them are read/write.
    pub sessions: (usize, usize),
    /// Hardware version, major and minor.
    pub hardware_version: (u8, u8),
    /// Firmware version, major and minor.
    pub firmware_version: (u8, u8),
}

/// Flags of a token (`CKF_…` of `CK_TOKEN_INFO`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is that of the standard")]
pub struct TokenFlags {
    pub rng: bool,
    pub write_protected: bool,
    pub login_required: bool,
    pub user_pin_initialized: bool,
    pub protected_authentication_path: bool,
    pub token_initialized: bool,
    pub user_pin: PinState,
    pub so_pin: PinState,
}

impl TokenFlags {
    /// The names of the flags that are set, as in the standard without `CKF_`: `LOGIN_REQUIRED`.
    pub fn names(&self) -> Vec<&'static str> {
        let plain = [
            (self.rng, "RNG"),
            (self.write_protected, "WRITE_PROTECTED"),
            (self.login_required, "LOGIN_REQUIRED"),
            (self.user_pin_initialized, "USER_PIN_INITIALIZED"),
            (self.protected_authentication_path, "PROTECTED_AUTHENTICATION_PATH"),
            (self.token_initialized, "TOKEN_INITIALIZED"),
        ];
        let mut names: Vec<_> = plain.into_iter().filter_map(|(set, name)| set.then_some(name)).collect();
        names.extend(match self.user_pin {
            PinState::Fine => None,
            PinState::CountLow => Some("USER_PIN_COUNT_LOW"),
            PinState::FinalTry => Some("USER_PIN_FINAL_TRY"),
            PinState::Locked => Some("USER_PIN_LOCKED"),
        });
        names.extend(match self.so_pin {
            PinState::Fine => None,
            PinState::CountLow => Some("SO_PIN_COUNT_LOW"),
            PinState::FinalTry => Some("SO_PIN_FINAL_TRY"),
            PinState::Locked => Some("SO_PIN_LOCKED"),
        });
        names
    }
}

/// The counter of one PIN, as far as flags tell it: exactly one is true.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PinState {
    /// All tries left, or the card does not tell, or there is no such PIN.
    #[default]
    Fine,
    /// At least one wrong PIN since the last right one.
    CountLow,
    /// The next wrong PIN locks it.
    FinalTry,
    /// Locked.
    Locked,
}

impl PinState {
    /// Judges a counter. A PIN with one try in all is at its final try from the start.
    pub fn of(tries_left: Option<u8>, tries_max: Option<u8>) -> Self {
        match (tries_left, tries_max) {
            (None, _) => Self::Fine,
            (Some(0), _) => Self::Locked,
            (Some(1), _) => Self::FinalTry,
            (Some(left), Some(max)) if left < max => Self::CountLow,
            (Some(_), _) => Self::Fine,
        }
    }
}

/// One PIN as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinStatus {
    /// Its identifier on the card.
    pub id: AuthId,
    /// Its name: `PIN 1`.
    pub label: String,
    /// False when no PIN has been set yet.
    pub initialized: bool,
    /// Shortest PIN in characters.
    pub min_len: usize,
    /// Longest PIN in characters.
    pub max_len: usize,
    /// Tries left; `None` where the card does not tell.
    pub tries_left: Option<u8>,
    /// Tries after a reset of the counter; `None` where the card does not tell.
    pub tries_max: Option<u8>,
}

/// The PINs of one token: its user PIN, and the card's SO PIN.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PinReport {
    /// The token's user PIN; `None` for left-overs and empty tokens.
    pub user: Option<PinStatus>,
    /// The security officer's PIN of the card.
    pub so: Option<PinStatus>,
}

/// One token with the card behind it: what `slots --tree` draws. A snapshot; it does not change.
#[derive(Debug, Clone)]
pub struct TokenView {
    /// The reader's name.
    pub reader: String,
    /// The driver's name.
    pub driver: &'static str,
    /// The card; certificates that the layout did not need have no details here.
    pub card: Arc<Token>,
    /// What this slot shows of it: indices into `card`.
    pub view: VirtualToken,
}

impl TokenView {
    /// The chain of one private key (index into `card.keys`).
    pub fn chain(&self, key: usize) -> Option<&Chain> {
        self.view.chains.iter().find(|chain| chain.key == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // I.23
    #[test]
    fn pin_state_is_exclusive_and_truthful() {
        for (left, max, expected) in [
            (Some(3), Some(3), PinState::Fine),
            (Some(2), Some(3), PinState::CountLow),
            (Some(1), Some(3), PinState::FinalTry),
            (Some(1), Some(1), PinState::FinalTry),
            (Some(0), Some(3), PinState::Locked),
            (Some(0), Some(1), PinState::Locked),
            (Some(2), None, PinState::Fine),
            (None, Some(3), PinState::Fine),
        ] {
            assert_eq!(PinState::of(left, max), expected, "{left:?} of {max:?}");
        }
    }

    #[test]
    fn token_flags_names_are_those_of_the_standard() {
        let flags =
            TokenFlags { rng: true, login_required: true, so_pin: PinState::Locked, ..TokenFlags::default() };
        assert_eq!(flags.names(), ["RNG", "LOGIN_REQUIRED", "SO_PIN_LOCKED"]);
    }
}

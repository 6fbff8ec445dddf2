//! Slots, tokens and mechanisms as the module has them.

use std::sync::Arc;

use cryptoki_sys as ck;

use super::Module;
use super::fault::explain;
use super::raw::Fault;
use super::view::View;
use crate::engine::mechanism::Uses;
use crate::engine::uri::{LibraryInfo, Uri};
use crate::engine::{
    ApplicationReport, Error, KnownProblems, MechanismId, MechanismInfo, PinReport, PinState, PinStatus,
    ReaderReport, Result, TokenFlags, TokenInfo,
};
use crate::layout::SlotId;
use crate::token::{AuthId, Problem};
use crate::transport::{Presence, ReaderKind};

impl Module {
    /// One report for each slot description, in the order of the slots: modules with several slots on one reader give
    /// them all its name.
    pub(super) fn readers(&self) -> Vec<ReaderReport> {
        let slots = match self.slot_list() {
            Ok(slots) => slots,
            Err(error) => {
                let mut report = self.report(self.path.display().to_string());
                report.error = Some(Arc::new(error));
                return vec![report];
            }
        };
        let mut reports: Vec<ReaderReport> = Vec::new();
        for slot in slots {
            let (name, present, error) = match self.slot_info(slot) {
                Ok((name, present)) => (name, present, None),
                Err(error) => (format!("slot {slot}"), false, Some(Arc::new(error))),
            };
            let index = reports.iter().position(|report| report.name == name).unwrap_or_else(|| {
                reports.push(self.report(name));
                reports.len() - 1
            });
            let Some(report) = reports.get_mut(index) else { continue };
            report.slots.push(slot);
            if present {
                report.presence = Some(Presence::Card { atr: Vec::new() });
                report.applications.resize_with(1, application);
                report.applications.iter_mut().for_each(|application| application.slots.push(slot));
            } else if report.presence.is_none() {
                report.presence = Some(Presence::Empty);
            }
            report.error = report.error.take().or(error);
        }
        reports
    }

    fn report(&self, name: String) -> ReaderReport {
        let kind = ReaderKind::Module;
        ReaderReport { name, kind, presence: None, applications: Vec::new(), slots: Vec::new(), error: None }
    }

    /// Slots whose numbers are too large for the command line, and objects that could not be read.
    pub(super) fn known_problems(&self) -> Vec<KnownProblems> {
        let views: Vec<_> = self.state().views.values().cloned().collect();
        let of_view = |view: &Arc<View>| KnownProblems {
            reader: view.token.reader.clone(),
            error: None,
            skipped: view.token.card.problems.clone(),
            unfinished: Vec::new(),
        };
        let mut known: Vec<KnownProblems> = views.iter().map(of_view).collect();
        let beyond = self.library.slots().unwrap_or_default();
        let skipped: Vec<Problem> = beyond
            .into_iter()
            .filter(|slot| u32::try_from(*slot).is_err())
            .map(|slot| Problem {
                what: format!("slot {slot}"),
                why: "its number has more than 32 bits".to_owned(),
            })
            .collect();
        let reader = self.readers().into_iter().next().map(|reader| reader.name);
        let reader = reader.unwrap_or_else(|| self.path.display().to_string());
        known.push(KnownProblems { reader, error: None, skipped, unfinished: Vec::new() });
        known.retain(|problems| !problems.skipped.is_empty());
        known
    }

    /// What the module says of itself.
    pub(super) fn library_info(&self) -> Result<LibraryInfo> {
        let info = self.library.info().map_err(explain)?;
        Ok(LibraryInfo {
            manufacturer: text(&info.manufacturerID),
            description: text(&info.libraryDescription),
            version: (info.libraryVersion.major, info.libraryVersion.minor),
        })
    }

    fn slot_list(&self) -> Result<Vec<SlotId>> {
        let slots = self.library.slots().map_err(explain)?;
        Ok(slots.into_iter().filter_map(|slot| u32::try_from(slot).ok().map(SlotId)).collect())
    }

    /// The description of a slot (its number, where that is empty), and whether a token is in it.
    pub(super) fn slot_info(&self, slot: SlotId) -> Result<(String, bool)> {
        let info = self.library.slot_info(number(slot)).map_err(|fault| at(slot, fault))?;
        let name = text(&info.slotDescription);
        let name = if name.is_empty() { format!("slot {slot}") } else { name };
        Ok((name, info.flags & ck::CKF_TOKEN_PRESENT != 0))
    }

    pub(super) fn slot_manufacturer(&self, slot: SlotId) -> Result<String> {
        let info = self.library.slot_info(number(slot)).map_err(|fault| at(slot, fault))?;
        Ok(text(&info.manufacturerID))
    }

    pub(super) fn token_info(&self, slot: SlotId) -> Result<TokenInfo> {
        let info = self.raw_token_info(slot)?;
        let length = |value: ck::CK_ULONG| match value {
            ck::CK_UNAVAILABLE_INFORMATION | ck::CK_EFFECTIVELY_INFINITE => 0,
            value => usize::try_from(value).unwrap_or(usize::MAX),
        };
        Ok(TokenInfo {
            label: text(&info.label),
            manufacturer: text(&info.manufacturerID),
            model: text(&info.model),
            serial: text(&info.serialNumber),
            flags: flags(info.flags),
            pin_len: (length(info.ulMinPinLen), length(info.ulMaxPinLen)),
            sessions: (length(info.ulSessionCount), length(info.ulRwSessionCount)),
            hardware_version: (info.hardwareVersion.major, info.hardwareVersion.minor),
            firmware_version: (info.firmwareVersion.major, info.firmwareVersion.minor),
        })
    }

    /// Errors: `SlotInvalid`, `TokenNotPresent`, what else the module says.
    fn raw_token_info(&self, slot: SlotId) -> Result<ck::CK_TOKEN_INFO> {
        self.library.token_info(number(slot)).map_err(|fault| at(slot, fault))
    }

    /// User PIN and SO PIN. A module tells no numbers of tries, only that one is the last, or none is left.
    pub(super) fn pin_status(&self, slot: SlotId) -> Result<PinReport> {
        let info = self.token_info(slot)?;
        let status = |id: u8, label: &str, state: PinState| PinStatus {
            id: AuthId(vec![id]),
            label: label.to_owned(),
            initialized: true,
            min_len: info.pin_len.0,
            max_len: longest(info.pin_len.1),
            tries_left: match state {
                PinState::Fine | PinState::CountLow => None,
                PinState::FinalTry => Some(1),
                PinState::Locked => Some(0),
            },
            tries_max: None,
        };
        let user = info.flags.user_pin_initialized;
        let officer = info.flags.token_initialized;
        Ok(PinReport {
            user: user.then(|| status(USER_AUTH, USER_PIN, info.flags.user_pin)),
            so: officer.then(|| status(OFFICER_AUTH, OFFICER_PIN, info.flags.so_pin)),
        })
    }

    pub(super) fn token_uri(&self, slot: SlotId) -> Result<Uri> {
        let info = self.token_info(slot)?;
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        Ok(Uri {
            token: given(info.label),
            manufacturer: given(info.manufacturer),
            model: given(info.model),
            serial: given(info.serial),
            ..Uri::default()
        })
    }

    pub(super) fn mechanisms(&self, slot: SlotId) -> Result<Vec<MechanismId>> {
        let found = self.library.mechanisms(number(slot)).map_err(|fault| at(slot, fault))?;
        let mut ids: Vec<MechanismId> = found.into_iter().map(MechanismId).collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// Errors: `MechanismInvalid` for one that the token does not have.
    pub(super) fn mechanism_info(&self, slot: SlotId, id: MechanismId) -> Result<MechanismInfo> {
        let info = self.library.mechanism_info(number(slot), id.0).map_err(|fault| match fault {
            Fault::Refused { value: ck::CKR_MECHANISM_INVALID, .. } => Error::MechanismInvalid(id),
            other => at(slot, other),
        })?;
        let bits = |value: ck::CK_ULONG| u32::try_from(value).unwrap_or(u32::MAX);
        let has = |flag: ck::CK_FLAGS| info.flags & flag != 0;
        Ok(MechanismInfo {
            min_key_bits: bits(info.ulMinKeySize),
            max_key_bits: bits(info.ulMaxKeySize),
            hardware: has(ck::CKF_HW),
            uses: Uses {
                encrypt: has(ck::CKF_ENCRYPT),
                decrypt: has(ck::CKF_DECRYPT),
                digest: has(ck::CKF_DIGEST),
                sign: has(ck::CKF_SIGN),
                sign_recover: has(ck::CKF_SIGN_RECOVER),
                verify: has(ck::CKF_VERIFY),
                verify_recover: has(ck::CKF_VERIFY_RECOVER),
                generate: has(ck::CKF_GENERATE),
                generate_key_pair: has(ck::CKF_GENERATE_KEY_PAIR),
                wrap: has(ck::CKF_WRAP),
                unwrap: has(ck::CKF_UNWRAP),
                derive: has(ck::CKF_DERIVE),
                messages: has(ck::CKF_MESSAGE_ENCRYPT) || has(ck::CKF_MESSAGE_DECRYPT),
            },
        })
    }
}

/// The module's number of a slot.
pub(super) fn number(slot: SlotId) -> ck::CK_SLOT_ID {
    slot.0.into()
}

/// A fault of a call that concerns one slot.
pub(super) fn at(slot: SlotId, fault: Fault) -> Error {
    match fault {
        Fault::Refused { value: ck::CKR_SLOT_ID_INVALID, .. } => Error::SlotInvalid(slot),
        Fault::Refused { value: ck::CKR_TOKEN_NOT_PRESENT, .. } => Error::TokenNotPresent(slot),
        other => explain(other),
    }
}

/// The longest PIN that a token says; where it says none, the longest that the command line reads.
pub(super) fn longest(told: usize) -> usize {
    if told == 0 { LONGEST_PIN } else { told }
}

/// Text of a fixed length: padded with blanks, by some modules with zeros; whatever is no UTF-8 is replaced.
fn text(padded: &[u8]) -> String {
    let end = padded.iter().position(|byte| *byte == 0).unwrap_or(padded.len());
    let text = String::from_utf8_lossy(padded.get(..end).unwrap_or_default());
    text.trim_end_matches(' ').to_owned()
}

fn flags(raw: ck::CK_FLAGS) -> TokenFlags {
    let has = |flag: ck::CK_FLAGS| raw & flag != 0;
    let state = |low, last, locked| match (has(locked), has(last), has(low)) {
        (true, _, _) => PinState::Locked,
        (_, true, _) => PinState::FinalTry,
        (_, _, true) => PinState::CountLow,
        _ => PinState::Fine,
    };
    TokenFlags {
        rng: has(ck::CKF_RNG),
        write_protected: has(ck::CKF_WRITE_PROTECTED),
        login_required: has(ck::CKF_LOGIN_REQUIRED),
        user_pin_initialized: has(ck::CKF_USER_PIN_INITIALIZED),
        protected_authentication_path: has(ck::CKF_PROTECTED_AUTHENTICATION_PATH),
        token_initialized: has(ck::CKF_TOKEN_INITIALIZED),
        user_pin: state(ck::CKF_USER_PIN_COUNT_LOW, ck::CKF_USER_PIN_FINAL_TRY, ck::CKF_USER_PIN_LOCKED),
        so_pin: state(ck::CKF_SO_PIN_COUNT_LOW, ck::CKF_SO_PIN_FINAL_TRY, ck::CKF_SO_PIN_LOCKED),
    }
}

/// Characters of the longest PIN that anybody types.
const LONGEST_PIN: usize = 255;
/// What stands in place of a card's applications: nobody tells which there are.
fn application() -> ApplicationReport {
    ApplicationReport { driver: DRIVER, label: String::new(), serial: String::new(), slots: Vec::new() }
}

/// What stands in place of a card's driver.
pub(super) const DRIVER: &str = "module";
/// The identifiers and names that the two PINs of a token have here: a module gives them none.
pub(super) const USER_AUTH: u8 = 1;
pub(super) const OFFICER_AUTH: u8 = 2;
pub(super) const USER_PIN: &str = "User PIN";
pub(super) const OFFICER_PIN: &str = "SO PIN";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_made_utf8() {
        assert_eq!(text(b"SoftHSM slot   "), "SoftHSM slot");
        assert_eq!(text(b"a\0garbage"), "a");
        assert_eq!(text(b"\xFF\xFEx  "), "\u{FFFD}\u{FFFD}x");
        assert_eq!(text(b"      "), "");
    }

    #[test]
    fn flags_worst_state_of_a_pin_counts() {
        let both = ck::CKF_USER_PIN_LOCKED | ck::CKF_USER_PIN_FINAL_TRY | ck::CKF_SO_PIN_COUNT_LOW;
        assert_eq!((flags(both).user_pin, flags(both).so_pin), (PinState::Locked, PinState::CountLow));
    }
}

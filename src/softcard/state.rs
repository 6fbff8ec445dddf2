//! Everything that a card keeps without power: names, life cycle, PINs, files.
//! Knows no commands and no image format.

use super::access::{AccessRules, PinNumber, Rule};
use super::files::FileSystem;
use super::pins::PinSlot;
use crate::apdu::StatusWord;
use crate::codec::Secret;
use crate::crypto::seal::PinKeyCost;
use crate::crypto::{CryptoError, random};
use crate::transport::Protocol;

/// Which card of the family this is: the command set is one, names and protocol differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Profile {
    /// Answers to reset as a MyEID 4.5 card: T=1, short and extended APDUs.
    #[default]
    MyEid,
    /// Answers to reset as the open OsEID token: T=0.
    OsEid,
}

impl Profile {
    /// Answer to reset; the historical bytes are the name that drivers look for.
    pub(super) fn atr(self) -> &'static [u8] {
        match self {
            Self::MyEid => b"\x3B\xF5\x96\x00\x00\x81\x31\xFE\x45MyEID\x14",
            Self::OsEid => b"\x3B\xF5\x18\x00\x02\x10\x80OsEID",
        }
    }

    /// Name in the applet information.
    pub(super) fn name(self) -> &'static [u8; 5] {
        match self {
            Self::MyEid => b"MyEID",
            Self::OsEid => b"OsEID",
        }
    }

    /// Protocol that it speaks.
    pub(super) fn protocol(self) -> Protocol {
        match self {
            Self::MyEid => Protocol::T1,
            Self::OsEid => Protocol::T0,
        }
    }
}

/// Whether access rules are in force (ISO 7816-4, 7.4.10; MyEID knows these two states).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LifeCycle {
    /// Everything is allowed, and PINs can be initialised.
    Creation = 1,
    /// Access rules are in force.
    Operational = 7,
}

/// The persistent state of a card.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CardState {
    pub profile: Profile,
    pub life_cycle: LifeCycle,
    pub serial: [u8; SERIAL_LEN],
    /// Grows with every change of what the card shows without a PIN.
    pub change_counter: u16,
    /// Opens what no PIN protects, and the PINs' sealing keys while the card is in creation state.
    pub card_key: Secret,
    /// What deriving a key from a PIN costs on this card.
    pub pin_cost: PinKeyCost,
    /// [`super::access::PIN_COUNT`] places, filled or not.
    pub pins: Vec<PinSlot>,
    pub files: FileSystem,
}

impl CardState {
    /// A blank card in creation state. Errors: no random bytes.
    pub fn blank(profile: Profile, pin_cost: PinKeyCost) -> Result<Self, CryptoError> {
        let mut serial = [0; SERIAL_LEN];
        random::fill(&mut serial)?;
        let card_key = random::secret(crate::crypto::seal::KEY_LEN)?;
        Ok(Self {
            profile,
            life_cycle: LifeCycle::Creation,
            serial,
            change_counter: 0,
            pins: PinSlot::blank_slots(&card_key)?,
            card_key,
            pin_cost,
            files: FileSystem::format(DEFAULT_MF_ACCESS, DEFAULT_APPLICATION_ACCESS),
        })
    }

    /// Erases files and PINs and returns to creation state. Serial number and change counter stay.
    pub fn format(&mut self, access: Option<(AccessRules, AccessRules)>) -> Result<(), StatusWord> {
        let (mf, application) = access.unwrap_or((DEFAULT_MF_ACCESS, DEFAULT_APPLICATION_ACCESS));
        let card_key = random::secret(crate::crypto::seal::KEY_LEN).map_err(no_diagnosis)?;
        self.pins = PinSlot::blank_slots(&card_key).map_err(no_diagnosis)?;
        self.card_key = card_key;
        self.files = FileSystem::format(mf, application);
        self.life_cycle = LifeCycle::Creation;
        Ok(())
    }

    /// The place of a PIN.
    pub fn pin(&self, number: PinNumber) -> Option<&PinSlot> {
        self.pins.get(number.index())
    }

    /// The place of a PIN, to change.
    pub fn pin_mut(&mut self, number: PinNumber) -> Option<&mut PinSlot> {
        self.pins.get_mut(number.index())
    }

    /// True while access rules are not in force.
    pub fn is_in_creation(&self) -> bool {
        self.life_cycle == LifeCycle::Creation
    }

    /// Puts access rules into force: from now on a PIN's secrets open with that PIN alone.
    /// Errors: 6985 when formatting needs a PIN that does not exist (the card could never be formatted again).
    pub fn activate(&mut self) -> Result<(), StatusWord> {
        let formatting = self.files.get(super::files::FileUid::MF).map(|mf| mf.access.delete());
        if let Some(Rule::Pin(number)) = formatting
            && self.pin(number).is_none_or(|slot| slot.record.is_none())
        {
            return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        super::pins::close_escrow(&mut self.pins, &self.card_key).map_err(no_diagnosis)?;
        self.life_cycle = LifeCycle::Operational;
        Ok(())
    }
}

/// The status of a computation that failed for reasons outside the card.
pub(super) fn no_diagnosis(_: CryptoError) -> StatusWord {
    NO_DIAGNOSIS
}

/// Bytes of the serial number in the applet information.
pub(super) const SERIAL_LEN: usize = 10;

/// 6F00.
pub(super) const NO_DIAGNOSIS: StatusWord = StatusWord(0x6F00);

/// What MyEID cards come with after OpenSC formatted them: files by PIN 1, formatting by PIN 3.
const DEFAULT_MF_ACCESS: AccessRules = AccessRules([0x11, 0x3F, 0xFF]);
/// Files of the application DF by PIN 1.
const DEFAULT_APPLICATION_ACCESS: AccessRules = AccessRules([0x11, 0x1F, 0xFF]);

//! Changing PINs of a MyEID card, and setting new ones by PUK or by the security officer.

use crate::apdu::{Channel, StatusWord, iso};
use crate::card::CardError;
use crate::card::admin::Unblock;
use crate::card::pin_entry::from_reader;
use crate::card::pkcs15::write::refused;
use crate::card::pkcs15::{AuthPlace, PinFlags};
use crate::codec::Secret;
use crate::token::{Auth, AuthId};

use super::super::commands::{self, PIN_LEN};
use super::super::{MyEid, pins, write_commands};
use super::check_length;

impl MyEid {
    /// See [`CardAdmin::change_pin`](crate::card::CardAdmin::change_pin).
    pub(super) fn change_pin_value(
        &mut self,
        channel: &mut Channel<'_>,
        auth: &AuthId,
        old: &Secret,
        new: &Secret,
    ) -> Result<(), CardError> {
        let (policy, place) = self.pin(channel, auth)?;
        if !policy.can_change {
            return Err(CardError::NotSupported { what: format!("change {}", policy.label) });
        }
        check_length(new, policy.min_len)?;
        if !(1..=PIN_LEN).contains(&old.len()) {
            return Err(CardError::PinLength { min: policy.min_len.max(1), max: PIN_LEN });
        }
        let both = commands::padded(&[old, new], filler(&place));
        let status = channel.send(&write_commands::change_pin(place.reference(), both))?.status;
        new_pin_refused(status, &policy)?;
        pins::judge(status, "change the PIN")
    }

    /// See [`CardAdmin::change_pin_on_reader`](crate::card::CardAdmin::change_pin_on_reader).
    pub(super) fn change_pin_value_on_reader(
        &mut self,
        channel: &mut Channel<'_>,
        auth: &AuthId,
    ) -> Result<(), CardError> {
        let (policy, place) = self.pin(channel, auth)?;
        if !policy.can_change {
            return Err(CardError::NotSupported { what: format!("change {}", policy.label) });
        }
        let block = pins::block(&policy, &place);
        let status = from_reader(iso::change_on_reader(channel, place.reference(), block)?)?;
        new_pin_refused(status, &policy)?;
        pins::judge(status, "change the PIN")
    }

    /// See [`CardAdmin::unblock_pin`](crate::card::CardAdmin::unblock_pin).
    pub(super) fn reset_pin_value(
        &mut self,
        channel: &mut Channel<'_>,
        auth: &AuthId,
        by: Unblock<'_>,
        new: &Secret,
    ) -> Result<(), CardError> {
        let (policy, place) = self.pin(channel, auth)?;
        if !policy.can_unblock {
            return Err(CardError::NotSupported { what: format!("unblock {}", policy.label) });
        }
        check_length(new, policy.min_len)?;
        let reference = place.reference();
        match by {
            Unblock::Puk(puk) => {
                if !(1..=PIN_LEN).contains(&puk.len()) {
                    return Err(CardError::PinLength { min: 1, max: PIN_LEN });
                }
                let both = commands::padded(&[puk, new], filler(&place));
                let status = channel.send(&write_commands::unblock_by_puk(reference, both))?.status;
                new_pin_refused(status, &policy)?;
                pins::judge(status, "unblock the PIN")
            }
            Unblock::Officer => {
                if place.attributes.flags.contains(PinFlags::SO_PIN) {
                    return Err(CardError::NotSupported {
                        what: "let the security officer unblock its own PIN: that takes its PUK".to_owned(),
                    });
                }
                let pin = commands::padded(&[new], filler(&place));
                let status = channel.send(&write_commands::unblock_by_officer(reference, pin))?.status;
                new_pin_refused(status, &policy)?;
                match status {
                    StatusWord::OK => Ok(()),
                    StatusWord::CONDITIONS_NOT_SATISFIED => Err(CardError::NotSupported {
                        what: format!("let the security officer set {}: it was made without", policy.label),
                    }),
                    status => Err(refused("set the PIN", status)),
                }
            }
        }
    }

    /// What is known of a PIN.
    fn pin(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<(Auth, AuthPlace), CardError> {
        self.ask_for_changes(channel)?;
        self.load(channel)?;
        let content = self.content.as_ref().ok_or(CardError::NoSuchObject)?;
        let policy = content.token.auth(auth).ok_or(CardError::NoSuchObject)?.clone();
        let place = content.auths.get(auth).ok_or(CardError::NoSuchObject)?.clone();
        Ok((policy, place))
    }
}

fn filler(place: &AuthPlace) -> u8 {
    place.attributes.pad_char.unwrap_or(commands::PIN_FILLER)
}

/// The card's own least length may be more than the directory says; nothing was changed then.
fn new_pin_refused(status: StatusWord, policy: &Auth) -> Result<(), CardError> {
    match status {
        StatusWord::WRONG_DATA => Err(CardError::PinLength { min: policy.min_len.max(1), max: PIN_LEN }),
        _ => Ok(()),
    }
}

//! Formatting and erasing. The applet takes its PIN and PUK once, and then keeps a PIN for good: erasing deletes every
//! file and overwrites every key, and the next format takes the same PIN.

use crate::apdu::{Channel, StatusWord};
use crate::card::CardError;
use crate::card::admin::Format;
use crate::card::pkcs15::write::{Structure as _, refused, update};
use crate::card::pkcs15::{Application, PKCS15_AID, encode_dir, encode_odf};
use crate::codec::{Secret, date};
use crate::crypto::random;
use crate::token::LONGEST_TOKEN_LABEL;

use super::super::commands::{self, Access, PIN_LEN, Who};
use super::super::{APPLICATION, IsoApplet, cannot, pins, state};
use super::keys::used_references;
use super::structure::{self, APPLICATION_FOLDER};

impl IsoApplet {
    /// See [`CardAdmin::format`](crate::card::CardAdmin::format). The ODF gets its content last: a card that was
    /// interrupted before is a blank one.
    pub(super) fn format_card(
        &mut self,
        channel: &mut Channel<'_>,
        format: &Format<'_>,
    ) -> Result<(), CardError> {
        check(format)?;
        let has_pin = pins::is_set(channel)?;
        if has_pin && format.officer.puk.is_some() {
            return cannot("take another PUK: it has the one that it got with its PIN, or none");
        }
        let knows_puk = format.officer.puk.is_some() || self.known_puk(has_pin);
        if has_pin {
            pins::verify(channel, format.officer.pin)?;
        }
        let result = self.clear(channel).and_then(|()| self.build(channel, format, has_pin, knows_puk));
        self.start_over(channel)?;
        result
    }

    /// See [`CardAdmin::erase`](crate::card::CardAdmin::erase).
    pub(super) fn erase_card(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        self.load(channel)?;
        let result = self.clear(channel);
        self.start_over(channel)?;
        result
    }

    /// Whether the PIN that the card has has a PUK as well, as far as its directory says.
    fn known_puk(&mut self, has_pin: bool) -> bool {
        let said = self.content.as_ref().and_then(|content| content.token.auths.first());
        has_pin && said.is_none_or(|auth| auth.can_unblock)
    }

    /// Deletes the application, EF.DIR, and the keys that entries led to.
    fn clear(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        self.drop_cache();
        let keys = used_references(self.content.as_ref());
        for path in [&APPLICATION[..], &structure::EF_DIR.to_be_bytes()] {
            if !self.delete_file(channel, path)? {
                return Err(CardError::NotAuthenticated);
            }
        }
        self.content = None;
        for reference in keys {
            self.overwrite_key(channel, reference)?;
        }
        Ok(())
    }

    fn build(
        &mut self,
        channel: &mut Channel<'_>,
        format: &Format<'_>,
        has_pin: bool,
        knows_puk: bool,
    ) -> Result<(), CardError> {
        self.files.forget_selection();
        self.files.enter(channel, &[])?;
        let applications = [Application {
            aid: PKCS15_AID.to_vec(),
            label: Some(format.label.to_owned()),
            path: Some([&[0x3F, 0x00], &APPLICATION[..]].concat()),
            ..Application::default()
        }];
        self.fill(channel, structure::EF_DIR, structure::DIR_SIZE, &encode_dir(&applications))?;
        self.files.enter(channel, &[])?;
        // As OpenSC has it, which verifies no PIN to make a file: what a file is worth its directory entry says.
        let folder = Access { delete: Who::Holder, update: Who::Anybody, read: Who::Holder };
        call(channel, &commands::create_folder(APPLICATION_FOLDER, &PKCS15_AID, folder), "format the card")?;
        let serial = random::bytes(SERIAL_LEN)?;
        let info =
            structure::token_info(format.label, &serial, self.applet.has_random(), date::now()).encode();
        self.fill(channel, structure::EF_TOKEN_INFO, structure::TOKEN_INFO_SIZE, &info)?;
        let min_len = format.officer.min_len.max(pins::MIN_LEN as u8);
        let auth = structure::auth_object(min_len, knows_puk).encode();
        self.fill(channel, structure::EF_AODF, structure::AODF_SIZE, &auth)?;
        for (_, file, size) in structure::DIRECTORIES {
            self.fill(channel, file, size, &[])?;
        }
        self.fill(channel, structure::EF_ODF, structure::ODF_SIZE, &[])?;
        if !has_pin {
            set_pin(channel, format)?;
        }
        // The verification of the PIN, or the state without one, lasts until the applet is selected again.
        self.files.forget_selection();
        let path = [&APPLICATION[..], &structure::EF_ODF.to_be_bytes()].concat();
        self.files.select(channel, &path)?.ok_or(CardError::NoSuchObject)?;
        update(channel, 0, &encode_odf(&structure::odf_records()))
    }

    /// Makes a file that everybody may read in the current folder.
    fn fill(
        &mut self,
        channel: &mut Channel<'_>,
        file: u16,
        size: u16,
        content: &[u8],
    ) -> Result<(), CardError> {
        if !self.create(channel, file, size, Access::PUBLIC)? {
            return Err(CardError::Refused {
                doing: "format the card",
                status: StatusWord::REFERENCE_DATA_NOT_USABLE,
            });
        }
        if content.is_empty() { Ok(()) } else { update(channel, 0, content) }
    }

    /// The card is another one now: nobody is logged in, and what it holds is read again.
    fn start_over(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        self.content = None;
        self.reselect(channel)?;
        self.token_info = state::read_token_info(channel)?;
        self.current = true;
        Ok(())
    }
}

/// Gives a new applet its PUK and its PIN. Without a PUK it never has one.
fn set_pin(channel: &mut Channel<'_>, format: &Format<'_>) -> Result<(), CardError> {
    let mut unproven = None;
    if let Some(puk) = format.officer.puk {
        let command = commands::set_reference_data(commands::PUK, puk.clone());
        match channel.send(&command)?.status {
            StatusWord::OK => {}
            // An interrupted attempt has set one already.
            StatusWord::WRONG_P1_P2 => unproven = Some(puk),
            status => return Err(refused("set the PUK", status)),
        }
    }
    let pin = commands::padded(&[format.officer.pin]);
    call(channel, &commands::set_reference_data(commands::PIN, pin), "set the PIN")?;
    let Some(puk) = unproven else { return Ok(()) };
    let both = commands::padded(&[puk, format.officer.pin]);
    match channel.send(&commands::unblock(both))?.status {
        StatusWord::OK => Ok(()),
        _ => cannot("take another PUK: it has one from a format that was interrupted"),
    }
}

fn check(format: &Format<'_>) -> Result<(), CardError> {
    if format.label.len() > LONGEST_TOKEN_LABEL {
        return Err(CardError::NotSupported {
            what: format!("hold a label of more than {LONGEST_TOKEN_LABEL} bytes"),
        });
    }
    if !format.pins.is_empty() {
        return super::takes_no_pin();
    }
    pins::check_new(format.officer.pin, usize::from(format.officer.min_len))?;
    if usize::from(format.officer.min_len) > PIN_LEN {
        return Err(CardError::PinLength { min: pins::MIN_LEN, max: PIN_LEN });
    }
    let tries = format.officer.tries;
    if tries != pins::MAX_TRIES {
        return Err(CardError::NotSupported { what: format!("give its PIN {tries} tries") });
    }
    match format.officer.puk.map(Secret::len) {
        None | Some(PIN_LEN) => Ok(()),
        Some(_) => {
            Err(CardError::NotSupported { what: format!("take a PUK of other than {PIN_LEN} characters") })
        }
    }
}

fn call(
    channel: &mut Channel<'_>,
    command: &crate::apdu::Command,
    doing: &'static str,
) -> Result<(), CardError> {
    match channel.send(command)?.status {
        StatusWord::OK => Ok(()),
        status => Err(refused(doing, status)),
    }
}

const SERIAL_LEN: usize = 8;

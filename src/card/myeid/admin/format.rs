//! Formatting a MyEID card, and making PINs on it.
//!
//! The card makes PINs in its creation state only. So formatting makes all that it can have: those asked for, and
//! the rest as a reserve with random values, which the security officer later sets for a new user. Their PUKs are
//! kept in a file that the security officer alone reads, and are given to the user then.

use crate::apdu::{Channel, ReadBinary, StatusWord, Target, iso};
use crate::card::CardError;
use crate::card::admin::{CreatedPin, Format, NewPin};
use crate::card::pkcs15::write::{DirectoryWriting as _, Structure as _, refused, update};
use crate::card::pkcs15::{AuthObject, Directory, FileKind, Object, OdfRecord, encode_dir, encode_odf};
use crate::codec::Secret;
use crate::crypto::random;
use crate::token::{AuthId, AuthRole, LONGEST_TOKEN_LABEL};

use super::super::MyEid;
use super::super::commands::{self, PIN_LEN};
use super::super::pins;
use super::super::write_commands::{self, Access, FileType, KeyRules, PinPolicy, PinPower};
use super::structure::{self, APPLICATION, OFFICER, users};
use super::{check_length, folder_path};

impl MyEid {
    /// See [`CardAdmin::format`](crate::card::CardAdmin::format). The ODF gets its content last, when access
    /// conditions hold already: a card that was interrupted before is a blank one.
    pub(super) fn format_card(
        &mut self,
        channel: &mut Channel<'_>,
        format: &Format<'_>,
    ) -> Result<(), CardError> {
        check_pins(format)?;
        let puks = Puks::new(format)?;
        self.files.cache.clear();
        self.forget();
        let result = self.build(channel, format, &puks);
        self.forget();
        self.current = false;
        self.ask_for_changes(channel)?;
        result
    }

    /// See [`CardAdmin::erase`](crate::card::CardAdmin::erase).
    pub(super) fn erase_card(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        self.files.cache.clear();
        self.forget();
        let command = write_commands::initialise(BLANK_MASTER, BLANK_APPLICATION);
        let result = call(channel, &command, "erase the card");
        self.forget();
        self.current = false;
        self.ask_for_changes(channel)?;
        result
    }

    fn forget(&mut self) {
        self.content = None;
        self.environment = None;
        self.files.forget_selection();
    }

    fn build(
        &mut self,
        channel: &mut Channel<'_>,
        format: &Format<'_>,
        puks: &Puks,
    ) -> Result<(), CardError> {
        let access = Access::folder(OFFICER, OFFICER);
        call(channel, &write_commands::initialise(access, access), "format the card")?;
        initialise_pins(channel, format, puks)?;
        self.create_common_files(channel, format, puks)?;
        let users: Vec<u8> = users().take(format.pins.len()).collect();
        for reference in &users {
            self.create_pin_folder(channel, *reference)?;
        }
        call(channel, &write_commands::activate(), "activate the card")?;
        self.write_odf_as_officer(channel, format.officer.pin, &structure::odf_records(users))
    }

    fn create_common_files(
        &mut self,
        channel: &mut Channel<'_>,
        format: &Format<'_>,
        puks: &Puks,
    ) -> Result<(), CardError> {
        let public = Access::file(0, OFFICER, OFFICER);
        let applications = encode_dir(&structure::directory_of_applications(format.label));
        self.files.enter(channel, &[])?;
        self.create_with(channel, structure::EF_DIR, structure::DIR_SIZE, public, &applications)?;
        self.files.enter(channel, &folder_path(&[APPLICATION]))?;
        let has_aes = !self.abilities.aes_bits.is_empty();
        let info = structure::token_info(format.label, &self.info.serial, has_aes).encode();
        self.create_with(channel, structure::EF_TOKEN_INFO, structure::TOKEN_INFO_SIZE, public, &info)?;
        let auths: Vec<u8> = auth_objects(format).iter().flat_map(AuthObject::encode).collect();
        self.create_with(channel, structure::EF_AODF, structure::AODF_SIZE, public, &auths)?;
        for (_, file, size) in structure::COMMON_DIRECTORIES {
            self.create(channel, file, FileType::Transparent(size), public, KeyRules::default())?;
        }
        let private = Access::file(OFFICER, OFFICER, OFFICER);
        self.create(
            channel,
            structure::EF_PUKS,
            FileType::Transparent(PUKS_SIZE),
            private,
            KeyRules::default(),
        )?;
        puks.write(channel)?;
        self.create(
            channel,
            structure::EF_ODF,
            FileType::Transparent(structure::ODF_SIZE),
            public,
            KeyRules::default(),
        )?;
        Ok(())
    }

    fn create_with(
        &mut self,
        channel: &mut Channel<'_>,
        file: u16,
        size: u16,
        access: Access,
        content: &[u8],
    ) -> Result<(), CardError> {
        self.create(channel, file, FileType::Transparent(size), access, KeyRules::default())?;
        update(channel, 0, content)
    }

    /// Makes the folder of a user PIN with its directory files, as far as they are not there.
    fn create_pin_folder(&mut self, channel: &mut Channel<'_>, reference: u8) -> Result<(), CardError> {
        let folder = structure::pin_folder(reference);
        let path = folder_path(&[APPLICATION, folder]);
        if self.files.select(channel, &path)?.is_none() {
            self.files.enter(channel, &folder_path(&[APPLICATION]))?;
            self.create(
                channel,
                folder,
                FileType::Folder,
                Access::folder(reference, OFFICER),
                KeyRules::default(),
            )?;
        }
        let access = Access::file(0, reference, OFFICER);
        for (_, file, size) in structure::PIN_DIRECTORIES {
            if self.create(channel, file, FileType::Transparent(size), access, KeyRules::default())? {
                // Everybody may read it, and there is nothing in it.
                self.files.cache.insert(&[&path[..], &file.to_be_bytes()].concat(), &[0x00]);
            }
        }
        self.files.forget_selection();
        Ok(())
    }

    fn write_odf_as_officer(
        &mut self,
        channel: &mut Channel<'_>,
        pin: &Secret,
        records: &[OdfRecord],
    ) -> Result<(), CardError> {
        let padded = commands::padded(&[pin], commands::PIN_FILLER);
        call(channel, &iso::verify(OFFICER, padded), "verify the new SO PIN")?;
        let path = folder_path(&[APPLICATION, structure::EF_ODF]);
        let selected = self.files.select(channel, &path);
        let result = selected.and_then(|_| update(channel, 0, &encode_odf(records)));
        take_back(channel, OFFICER, AuthRole::SecurityOfficer)?;
        result
    }

    /// See [`CardAdmin::create_pin`](crate::card::CardAdmin::create_pin).
    pub(super) fn add_pin(
        &mut self,
        channel: &mut Channel<'_>,
        pin: &NewPin<'_>,
    ) -> Result<CreatedPin, CardError> {
        check_label(pin.label)?;
        check_length(pin.pin, usize::from(pin.min_len))?;
        if pin.puk.is_some() {
            return Err(CardError::NotSupported {
                what: "take a PUK of your choice after formatting".to_owned(),
            });
        }
        if pin.tries != RESERVE_TRIES {
            return Err(CardError::NotSupported {
                what: format!("give a PIN other than {RESERVE_TRIES} tries after formatting"),
            });
        }
        let reference = self.free_reference()?;
        let puk = self.reserved_puk(channel, reference)?;
        let (application, folder) = (folder_path(&[APPLICATION]), structure::pin_folder(reference));
        self.files.enter(channel, &application)?;
        self.create(
            channel,
            folder,
            FileType::Folder,
            Access::folder(reference, OFFICER),
            KeyRules::default(),
        )?;
        call(channel, &write_commands::set_pin(reference, pin.pin), "set the PIN")?;
        self.create_directories_as(channel, reference, pin.pin)?;
        self.name_pin_folder(channel, reference)?;
        let object = Object::Auth(structure::auth_object(reference, pin.label, pin.min_len));
        let directory = self.directory_in(&application, FileKind::Auth).ok_or(CardError::NoSuchObject)?;
        self.append_pin(channel, directory, object)?;
        self.forget_puk(channel, reference)?;
        Ok(CreatedPin { auth: AuthId(vec![reference]), puk })
    }

    /// Only the new PIN itself may make files in its folder.
    fn create_directories_as(
        &mut self,
        channel: &mut Channel<'_>,
        reference: u8,
        pin: &Secret,
    ) -> Result<(), CardError> {
        let padded = commands::padded(&[pin], commands::PIN_FILLER);
        call(channel, &iso::verify(reference, padded), "verify the new PIN")?;
        let result = self.create_pin_folder(channel, reference);
        take_back(channel, reference, AuthRole::User)?;
        result
    }

    /// The first reference that no PIN in the directory has.
    fn free_reference(&mut self) -> Result<u8, CardError> {
        self.known()?;
        if !self.is_ours() {
            return Err(takes_no_pin());
        }
        let content = self.known()?;
        let used: Vec<u8> = content.auths.values().map(|place| place.reference()).collect();
        users().find(|reference| !used.contains(reference)).ok_or_else(|| CardError::NotSupported {
            what: format!("hold more than {} user PINs", users().count()),
        })
    }

    fn reserved_puk(&mut self, channel: &mut Channel<'_>, reference: u8) -> Result<Secret, CardError> {
        let missing = || CardError::NotSupported { what: "tell the PUK of a reserved PIN".to_owned() };
        let path = folder_path(&[APPLICATION, structure::EF_PUKS]);
        self.files.select(channel, &path)?.ok_or_else(missing)?;
        let bytes = ReadBinary::new(Target::Current)
            .len(Some(usize::from(PUKS_SIZE)))
            .max_len(usize::from(PUKS_SIZE))
            .sensitive()
            .run(channel)
            .map(Secret::new)
            .map_err(|error| match super::status(&error) {
                Some(StatusWord::SECURITY_NOT_SATISFIED) => CardError::NotAuthenticated,
                _ => error.into(),
            })?;
        let start = usize::from(reference - 1) * PIN_LEN;
        let puk = bytes.expose().get(start..start + PIN_LEN).ok_or_else(missing)?;
        let len = puk.iter().take_while(|byte| **byte != commands::PIN_FILLER).count();
        puk.get(..len).filter(|puk| !puk.is_empty()).map(Secret::from).ok_or_else(missing)
    }

    /// From now on only its holder knows the PUK.
    fn forget_puk(&mut self, channel: &mut Channel<'_>, reference: u8) -> Result<(), CardError> {
        let path = folder_path(&[APPLICATION, structure::EF_PUKS]);
        self.files.select(channel, &path)?.ok_or(CardError::NoSuchObject)?;
        update(channel, usize::from(reference - 1) * PIN_LEN, &[commands::PIN_FILLER; PIN_LEN])
    }

    /// Adds the directory files of a PIN's folder to the ODF, unless an interrupted attempt did.
    fn name_pin_folder(&mut self, channel: &mut Channel<'_>, reference: u8) -> Result<(), CardError> {
        let content = self.known()?;
        let new: Vec<OdfRecord> = structure::pin_records(reference)
            .into_iter()
            .filter(|record| !content.directory.odf.contains(record))
            .collect();
        self.name_in_odf(channel, &new)?;
        let content = self.known()?;
        let mut directory: Directory = content.directory.clone();
        directory.files.extend(new.iter().filter_map(|record| match record {
            OdfRecord::File { kind, path } => {
                Some(crate::card::pkcs15::DirectoryFile::decode(*kind, path.clone(), &[]))
            }
            _ => None,
        }));
        self.take_over(directory);
        Ok(())
    }
}

/// Takes back a verification that nobody but the driver knows of: it must not stay.
fn take_back(channel: &mut Channel<'_>, reference: u8, role: AuthRole) -> Result<(), CardError> {
    if pins::deauthenticate(channel, reference, role)? {
        return Ok(());
    }
    Err(CardError::NotSupported { what: "take a login back: reset it before others use it".to_owned() })
}

/// The PUKs of the user PINs of a new card, by reference, and whether the card has to remember them: those that
/// were given are known to their holders.
struct Puks(Vec<(Secret, bool)>);

impl Puks {
    fn new(format: &Format<'_>) -> Result<Self, CardError> {
        let given = format.pins.iter().map(|pin| pin.puk.cloned()).chain(std::iter::repeat(None));
        let puks = given.take(users().count()).map(|puk| match puk {
            Some(puk) => Ok((puk, false)),
            None => random_digits().map(|puk| (puk, true)),
        });
        Ok(Self(puks.collect::<Result<_, CardError>>()?))
    }

    /// Writes them to the selected file, each filled up: a PIN's by its reference.
    fn write(&self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        let known = Secret::default();
        let all: Vec<&Secret> =
            self.0.iter().map(|(puk, remember)| if *remember { puk } else { &known }).collect();
        let content = commands::padded(&all, commands::PIN_FILLER);
        Ok(crate::apdu::update_binary(channel, Target::Current, 0, content.expose(), true)?)
    }
}

/// Labels of cards and PINs have a place of this size in their files; PKCS#11 shows no more.
fn check_label(label: &str) -> Result<(), CardError> {
    if label.len() <= LONGEST_TOKEN_LABEL {
        return Ok(());
    }
    Err(CardError::NotSupported { what: format!("hold a label of more than {LONGEST_TOKEN_LABEL} bytes") })
}

fn check_pins(format: &Format<'_>) -> Result<(), CardError> {
    check_label(format.label)?;
    if format.pins.len() > users().count() {
        return Err(CardError::NotSupported {
            what: format!("hold more than {} user PINs", users().count()),
        });
    }
    for pin in format.pins.iter().chain([&format.officer]) {
        check_label(pin.label)?;
        check_length(pin.pin, usize::from(pin.min_len))?;
        if let Some(puk) = pin.puk {
            check_length(puk, 0)?;
        }
        if !(1..=MAX_TRIES).contains(&pin.tries) {
            return Err(CardError::NotSupported { what: format!("give a PIN {} tries", pin.tries) });
        }
    }
    Ok(())
}

fn initialise_pins(channel: &mut Channel<'_>, format: &Format<'_>, puks: &Puks) -> Result<(), CardError> {
    let policy = |pin: &NewPin<'_>, power| PinPolicy {
        tries: pin.tries,
        puk_tries: PUK_TRIES,
        min_len: pin.min_len.max(MIN_LEN),
        power,
    };
    let officer = &format.officer;
    let officer_puk = officer.puk.cloned().map_or_else(random_digits, Ok)?;
    let command = write_commands::initialise_pin(
        OFFICER,
        officer.pin,
        &officer_puk,
        &policy(officer, PinPower::Officer),
    );
    call(channel, &command, "make the SO PIN")?;
    let wanted = format.pins.iter().map(Some).chain(std::iter::repeat(None));
    for ((reference, user), (puk, _)) in users().zip(wanted).zip(&puks.0) {
        let command = match user {
            Some(pin) => {
                write_commands::initialise_pin(reference, pin.pin, puk, &policy(pin, PinPower::User))
            }
            None => {
                let reserve = PinPolicy {
                    tries: RESERVE_TRIES,
                    puk_tries: PUK_TRIES,
                    min_len: MIN_LEN,
                    power: PinPower::User,
                };
                write_commands::initialise_pin(reference, &random_digits()?, puk, &reserve)
            }
        };
        call(channel, &command, "make a PIN")?;
    }
    Ok(())
}

/// Why a card that others formatted gets no further PIN: it makes them in its creation state only.
pub(super) fn takes_no_pin() -> CardError {
    CardError::NotSupported { what: "take another PIN: it was not formatted by p11ctl".to_owned() }
}

fn auth_objects(format: &Format<'_>) -> Vec<AuthObject> {
    let named = users().zip(format.pins);
    let officer = std::iter::once((OFFICER, &format.officer));
    named
        .chain(officer)
        .map(|(reference, pin)| structure::auth_object(reference, pin.label, pin.min_len.max(MIN_LEN)))
        .collect()
}

/// Eight random digits: a PIN or PUK that nobody chose.
fn random_digits() -> Result<Secret, CardError> {
    let mut digits = Vec::with_capacity(PIN_LEN);
    while digits.len() < PIN_LEN {
        let mut byte = [0];
        random::fill(&mut byte)?;
        // 250 is the largest multiple of ten in a byte: above it digits would not be equally likely.
        digits.extend(byte.iter().filter(|byte| **byte < 250).map(|byte| b'0' + byte % 10));
    }
    Ok(Secret::new(digits))
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

const PUK_TRIES: u8 = 10;
/// Tries of a PIN that is made after formatting.
pub(super) const RESERVE_TRIES: u8 = 3;
/// Most tries of a PIN.
pub(super) const MAX_TRIES: u8 = 15;
/// Access conditions of a blank card, as other tools leave it: they expect to find them so.
const BLANK_MASTER: Access = Access([1, 1, 3, 15]);
/// See [`BLANK_MASTER`].
const BLANK_APPLICATION: Access = Access([1, 1, 1, 15]);
const MIN_LEN: u8 = 4;
const PUKS_SIZE: u16 = 13 * PIN_LEN as u16;

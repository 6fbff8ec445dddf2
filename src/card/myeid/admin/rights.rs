//! Who may do what on a MyEID card: which PINs a change needs, told before anything is written.

use crate::apdu::Channel;
use crate::apdu::iso::{self, PinState};
use crate::card::CardError;
use crate::card::admin::Write;
use crate::card::pkcs15::write::{Structure as _, directories_of, own_value_file};
use crate::token::AuthId;

use super::super::MyEid;
use super::super::commands::NEVER;
use super::super::write_commands::Access;
use super::folder_path;
use super::structure::{self, APPLICATION};

/// Access conditions of a file that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    /// The four conditions.
    pub access: Access,
    /// The card was not activated yet: anybody may do anything.
    pub suspended: bool,
}

/// What is done to a file: the place of its condition among the four.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Files are made in a folder.
    CreateIn = 0,
    /// A file is written.
    Update = 1,
    /// A file is deleted.
    Delete = 2,
}

impl MyEid {
    /// The access conditions of a file; `None` when there is none, or it does not tell.
    pub(super) fn rules(
        &mut self,
        channel: &mut Channel<'_>,
        path: &[u8],
    ) -> Result<Option<Rules>, CardError> {
        let Some(info) = self.files.select(channel, path)? else { return Ok(None) };
        let access = info.find(TAG_ACCESS).and_then(Access::from_bytes);
        Ok(access.map(|access| Rules { access, suspended: info.life_cycle == Some(IN_CREATION) }))
    }

    /// See [`CardAdmin::plan_write`](crate::card::CardAdmin::plan_write).
    pub(super) fn pins_for(
        &mut self,
        channel: &mut Channel<'_>,
        write: Write<'_>,
    ) -> Result<Vec<AuthId>, CardError> {
        let mut deeds: Vec<(Vec<u8>, Deed)> = Vec::new();
        let mut needed = Vec::new();
        match write {
            Write::Store(kind, owner) => {
                let home = self.home(owner)?;
                needed.push(home.writer);
                if !self.owns_all(&home.folder, home.writer) {
                    deeds.push((home.folder.clone(), Deed::CreateIn));
                    for kind in directories_of(kind) {
                        match self.directory_in(&home.folder, *kind) {
                            Some(index) => deeds.push((self.directory_path(index)?, Deed::Update)),
                            None => deeds.push((self.odf_path()?, Deed::Update)),
                        }
                    }
                }
            }
            Write::Change(object) => deeds.push((self.directory_of(object)?, Deed::Update)),
            Write::Delete(object) => {
                deeds.push((self.directory_of(object)?, Deed::Update));
                if let Some(file) = own_value_file::<Self>(self.known()?, object) {
                    deeds.push((file, Deed::Delete));
                }
            }
            Write::Pin if !self.is_ours() => return Err(super::format::takes_no_pin()),
            Write::Pin => needed.extend(self.officer_reference()),
            Write::Format if self.content.is_none() => deeds.push((Vec::new(), Deed::Delete)),
            Write::Format => deeds.push((MASTER_FILE.to_vec(), Deed::Delete)),
        }
        let mut suspended = false;
        for (path, deed) in deeds {
            let Some(rules) = self.rules_or_owner(channel, &path)? else { continue };
            suspended |= rules.suspended;
            let who = rules.access.0.get(deed as usize).copied().unwrap_or(NEVER);
            if who == NEVER && !rules.suspended {
                return Err(CardError::NotSupported { what: "change this: nobody may do so".to_owned() });
            }
            needed.push(who);
        }
        if suspended {
            return Ok(Vec::new());
        }
        needed.retain(|reference| *reference != 0);
        self.named(needed)
    }

    /// Refuses a change for which a PIN is missing, before anything is written. A card whose every folder
    /// belongs to one PIN refuses by itself, with the first command.
    pub(super) fn require_pins(
        &mut self,
        channel: &mut Channel<'_>,
        write: Write<'_>,
    ) -> Result<(), CardError> {
        let needed = self.pins_for(channel, write)?;
        if needed.len() < 2 {
            return Ok(());
        }
        for auth in needed {
            let reference = self.reference(&auth)?;
            if iso::pin_state(channel, reference)? != PinState::Verified {
                return Err(CardError::NotAuthenticated);
            }
        }
        Ok(())
    }

    /// Whether this change of a file would be allowed now.
    pub(super) fn may(
        &mut self,
        channel: &mut Channel<'_>,
        path: &[u8],
        deed: Deed,
    ) -> Result<bool, CardError> {
        let Some(rules) = self.rules(channel, path)? else { return Ok(false) };
        let who = rules.access.0.get(deed as usize).copied().unwrap_or(NEVER);
        match who {
            _ if rules.suspended => Ok(true),
            0 => Ok(true),
            NEVER => Ok(false),
            reference => Ok(iso::pin_state(channel, reference)? == PinState::Verified),
        }
    }

    /// The conditions of a file; those in a PIN's own folder are known without asking.
    fn rules_or_owner(&mut self, channel: &mut Channel<'_>, path: &[u8]) -> Result<Option<Rules>, CardError> {
        match structure::owner_of(path) {
            Some(owner) if self.is_ours() => {
                Ok(Some(Rules { access: Access::file(0, owner, owner), suspended: false }))
            }
            _ => self.rules(channel, path),
        }
    }

    /// A folder of this structure in which one PIN does everything.
    fn owns_all(&self, folder: &[u8], writer: u8) -> bool {
        let own = folder_path(&[APPLICATION, structure::pin_folder(writer)]);
        self.is_ours() && folder == own
    }

    /// The PINs with these references, each once.
    fn named(&mut self, mut references: Vec<u8>) -> Result<Vec<AuthId>, CardError> {
        references.dedup();
        let auths = &self.known()?.auths;
        let mut named: Vec<AuthId> = Vec::new();
        for reference in references {
            let found = auths.iter().find(|(_, place)| place.reference() == reference);
            let (auth, _) = found.ok_or_else(|| CardError::NotSupported {
                what: format!(
                    "change this: it takes PIN reference {reference}, which the card does not name"
                ),
            })?;
            if !named.contains(auth) {
                named.push(auth.clone());
            }
        }
        Ok(named)
    }
}

/// Access conditions in the file control information.
const TAG_ACCESS: u32 = 0x86;
/// Life cycle status byte of a card whose access conditions do not hold yet.
const IN_CREATION: u8 = 0x01;
const MASTER_FILE: [u8; 2] = [0x3F, 0x00];

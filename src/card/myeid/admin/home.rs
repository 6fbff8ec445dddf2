//! Whose a MyEID card is: who its security officer is, and whether it was formatted here.

use crate::card::pkcs15::{FileKind, OdfRecord};

use super::super::MyEid;
use super::structure::{self, APPLICATION, OFFICER};

impl MyEid {
    /// The reference of the security officer's PIN.
    pub(super) fn officer_reference(&self) -> Option<u8> {
        let content = self.content.as_ref()?;
        let officer = |auth: &&crate::token::Auth| auth.role == crate::token::AuthRole::SecurityOfficer;
        let officer = content.token.auths.iter().find(officer)?;
        content.auths.get(&officer.id).map(|place| place.reference())
    }

    /// Whether the card was formatted here: a folder for each PIN, the security officer's PIN the last one.
    pub(super) fn is_ours(&self) -> bool {
        let aodf = structure::path(&[APPLICATION, structure::EF_AODF]);
        let has_reserve = |content: &super::Content| {
            let names = |kind, file: u16| {
                let path = structure::path(&[APPLICATION, file]);
                content.directory.odf.contains(&OdfRecord::File { kind, path })
            };
            content.directory.odf.contains(&OdfRecord::File { kind: FileKind::Auth, path: aodf.clone() })
                && structure::COMMON_DIRECTORIES.iter().any(|(kind, file, _)| names(*kind, *file))
        };
        self.officer_reference() == Some(OFFICER) && self.content.as_ref().is_some_and(has_reserve)
    }
}

//! Files that no directory entry names: what an interrupted change left behind. The applet lists no files, so those that
//! there can be are tried.

use crate::apdu::Channel;
use crate::card::CardError;
use crate::card::admin::RepairReport;
use crate::card::pkcs15::write::{Structure as _, is_named, unreadable_directory};

use super::super::{APPLICATION, IsoApplet};
use super::structure;

impl IsoApplet {
    /// See [`CardAdmin::repair`](crate::card::CardAdmin::repair).
    pub(super) fn reclaim_all(&mut self, channel: &mut Channel<'_>) -> Result<RepairReport, CardError> {
        let mut report = RepairReport::default();
        if let Some(why) = unreadable_directory(self.known()?) {
            report.not_judged.push((FOLDER.to_owned(), why));
            return Ok(report);
        }
        for first in FAMILIES {
            for file in first..first + FILES_OF_A_FAMILY {
                let path = [&APPLICATION[..], &file.to_be_bytes()].concat();
                if is_named::<Self>(self.known()?, &path) || self.files.select(channel, &path)?.is_none() {
                    continue;
                }
                let name = format!("EF {file:04X} in {FOLDER}");
                if self.delete_file(channel, &path)? {
                    report.reclaimed.push(name);
                } else {
                    let auth = self.known()?.auths.keys().next().cloned();
                    report.kept.push((name, auth));
                }
            }
        }
        Ok(report)
    }
}

const FOLDER: &str = "DF 5015";
/// First identifiers of the files that objects and moved directories get.
const FAMILIES: [u16; 5] = [
    structure::FIRST_PUBLIC_DATA,
    structure::FIRST_PUBLIC_KEY,
    structure::FIRST_CERTIFICATE,
    structure::FIRST_PRIVATE_DATA,
    structure::FIRST_MOVED_DIRECTORY,
];
/// More than a folder of the applet takes (30).
const FILES_OF_A_FAMILY: u16 = 32;

//! The file system (ISO 7816-4, 7.1 and 7.2): a tree of dedicated files, transparent files and key files.
//! Knows names, places and sizes; does not know who may do what, nor how secrets are sealed.

use super::access::AccessRules;
use super::keys::StoredKey;
use crate::apdu::StatusWord;

/// Identity of a file for as long as it exists; never used twice on one card. The default is the master file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FileUid(pub u32);

impl FileUid {
    /// The master file.
    pub const MF: Self = Self(0);
}

/// One file of any kind.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct File {
    pub uid: FileUid,
    /// The DF that it lies in; the master file lies in itself.
    pub parent: FileUid,
    /// File identifier.
    pub id: u16,
    /// File descriptor byte (ISO 7816-4, tag 82), as given when the file was created.
    pub descriptor: u8,
    /// Bytes of a transparent file, bits of a key; for a DF whatever its creator said.
    pub size: u16,
    pub access: AccessRules,
    /// Proprietary information (tag 85), as given when the file was created.
    pub properties: [u8; 2],
    pub body: Body,
}

/// What is in a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    /// A DF, with its name (AID), which may be empty.
    Dedicated { name: Vec<u8> },
    /// A transparent EF.
    Transparent(Content),
    /// A key EF; empty until a key is generated or loaded.
    Key(Option<StoredKey>),
}

/// The bytes of a transparent EF.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    /// Readable by everybody: as they are.
    Plain(Vec<u8>),
    /// Readable after a PIN: sealed patches, the oldest one whole (see [`super::vault`]).
    Sealed(Vec<Vec<u8>>),
}

impl File {
    /// True for a DF.
    pub fn is_dedicated(&self) -> bool {
        matches!(self.body, Body::Dedicated { .. })
    }

    /// True when the file goes with the next reset (second proprietary byte, bit 1).
    pub fn is_session_object(&self) -> bool {
        !self.is_dedicated() && self.properties[1] & PROPERTY_SESSION_OBJECT != 0
    }

    /// True when the key may leave the card wrapped (second proprietary byte, bit 4).
    pub fn is_extractable(&self) -> bool {
        self.properties[1] & PROPERTY_EXTRACTABLE != 0
    }

    /// True for a DF that cannot be deleted (second proprietary byte 02).
    pub fn is_permanent(&self) -> bool {
        self.is_dedicated() && self.properties == PERMANENT_DF
    }

    /// The PIN that one use of the key unverifies (first proprietary byte, high nibble; 0 = none).
    pub fn consent_pin(&self) -> u8 {
        self.properties[0] >> 4
    }
}

/// All files of a card. The master file is always there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FileSystem {
    files: Vec<File>,
    next_uid: u32,
}

impl FileSystem {
    /// Master file and the PKCS#15 application DF 5015, as an empty MyEID card has them.
    pub fn format(mf: AccessRules, application: AccessRules) -> Self {
        let dedicated = |uid, id, access, name: &[u8]| File {
            uid: FileUid(uid),
            parent: FileUid::MF,
            id,
            descriptor: DESCRIPTOR_DF,
            size: DF_SIZE,
            access,
            properties: PERMANENT_DF,
            body: Body::Dedicated { name: name.to_vec() },
        };
        Self {
            files: vec![
                dedicated(0, MF_ID, mf, &[]),
                dedicated(1, APPLICATION_DF_ID, application, &APPLICATION_AID),
            ],
            next_uid: 2,
        }
    }

    /// Puts files together again, as an image keeps them. `None` when they are no tree with the master file at
    /// its root (a parent comes before its children), or two files have one identity or one name in one DF.
    pub fn assemble(files: Vec<File>, next_uid: u32) -> Option<Self> {
        let mut system = Self { files: Vec::with_capacity(files.len()), next_uid };
        for file in files {
            let is_mf = file.uid == FileUid::MF && file.id == MF_ID && file.is_dedicated();
            let placed = match system.files.is_empty() {
                true => is_mf && file.parent == FileUid::MF,
                false => {
                    !is_mf
                        && system.get(file.uid).is_none()
                        && system.get(file.parent).is_some_and(File::is_dedicated)
                        && system.child(file.parent, file.id).is_none()
                }
            };
            if !placed || file.uid.0 >= next_uid {
                return None;
            }
            system.files.push(file);
        }
        (!system.files.is_empty()).then_some(system)
    }

    /// Every file, parents before their children.
    pub fn iter(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    /// The identity that the next file gets.
    pub fn next_uid(&self) -> u32 {
        self.next_uid
    }

    /// A file by identity.
    pub fn get(&self, uid: FileUid) -> Option<&File> {
        self.files.iter().find(|file| file.uid == uid)
    }

    /// A file by identity, to change.
    pub fn get_mut(&mut self, uid: FileUid) -> Option<&mut File> {
        self.files.iter_mut().find(|file| file.uid == uid)
    }

    /// The DF that `uid` is, or lies in.
    pub fn directory_of(&self, uid: FileUid) -> FileUid {
        match self.get(uid) {
            Some(file) if !file.is_dedicated() => file.parent,
            _ => uid,
        }
    }

    /// The files directly in a DF.
    pub fn children(&self, directory: FileUid) -> impl Iterator<Item = &File> {
        self.files.iter().filter(move |file| file.parent == directory && file.uid != FileUid::MF)
    }

    /// The file with this identifier directly in a DF.
    pub fn child(&self, directory: FileUid, id: u16) -> Option<&File> {
        self.children(directory).find(|file| file.id == id)
    }

    /// Selection by file identifier alone (ISO 7816-4, 7.1.1): the children of the current DF, its parent, then
    /// the parent's children (which the current DF is one of).
    pub fn find_near(&self, directory: FileUid, id: u16) -> Option<&File> {
        if id == MF_ID {
            return self.get(FileUid::MF);
        }
        let parent = self.get(self.get(directory)?.parent)?;
        self.child(directory, id)
            .or_else(|| (parent.id == id).then_some(parent))
            .or_else(|| self.child(parent.uid, id))
    }

    /// Selection by path: identifiers of two bytes each, from `start` downwards.
    pub fn find_path(&self, start: FileUid, path: &[u8]) -> Option<&File> {
        let (identifiers, []) = path.as_chunks::<2>() else { return None };
        identifiers
            .iter()
            .try_fold(self.get(start)?, |file, id| self.child(file.uid, u16::from_be_bytes(*id)))
    }

    /// The DF with exactly this name.
    pub fn find_name(&self, wanted: &[u8]) -> Option<&File> {
        self.files.iter().find(|file| matches!(&file.body, Body::Dedicated { name } if name == wanted))
    }

    /// Adds a file to `parent` and gives it its identity. Errors: 6A89 when the identifier is taken,
    /// 6A8A when the DF name is, 6A84 when the card is full.
    pub fn create(&mut self, parent: FileUid, mut file: File) -> Result<FileUid, StatusWord> {
        if self.child(parent, file.id).is_some() {
            return Err(StatusWord::FILE_EXISTS);
        }
        if let Body::Dedicated { name } = &file.body
            && !name.is_empty()
            && self.find_name(name).is_some()
        {
            return Err(DF_NAME_EXISTS);
        }
        let occupied: usize = self.files.iter().map(|file| usize::from(file.size)).sum();
        let full = self.files.len() >= MAX_FILES || occupied + usize::from(file.size) > MAX_CAPACITY;
        let next_uid = self.next_uid.checked_add(1).filter(|_| !full).ok_or(StatusWord::NOT_ENOUGH_MEMORY)?;
        let uid = FileUid(self.next_uid);
        self.next_uid = next_uid;
        file.uid = uid;
        file.parent = parent;
        self.files.push(file);
        Ok(uid)
    }

    /// Removes a file; a DF with everything in it. Returns what is gone.
    pub fn delete(&mut self, uid: FileUid) -> Vec<FileUid> {
        let mut gone = vec![uid];
        // Parents come before their children, so one pass finds the whole subtree.
        for file in &self.files {
            if file.uid != FileUid::MF && gone.contains(&file.parent) {
                gone.push(file.uid);
            }
        }
        self.files.retain(|file| !gone.contains(&file.uid));
        gone
    }

    /// Removes the files that do not survive a reset.
    pub fn drop_session_objects(&mut self) {
        self.files.retain(|file| !file.is_session_object());
    }
}

/// Identifier of the master file (ISO 7816-4).
pub(super) const MF_ID: u16 = 0x3F00;
/// Identifier of the PKCS#15 application DF.
pub(super) const APPLICATION_DF_ID: u16 = 0x5015;
/// `A0 00 00 00 63 PKCS-15`: the name of the application DF and of the applet itself.
pub(super) const APPLICATION_AID: [u8; 12] = *b"\xA0\x00\x00\x00\x63PKCS-15";

/// File descriptor bytes, without the shareable bit 40 (ISO 7816-4, table 12; the key files are MyEID's,
/// 23 is OsEID's, 24 is this card's own).
pub(super) const DESCRIPTOR_TRANSPARENT: u8 = 0x01;
pub(super) const DESCRIPTOR_RSA: u8 = 0x11;
pub(super) const DESCRIPTOR_EC_NIST: u8 = 0x22;
pub(super) const DESCRIPTOR_EC_SECP256K1: u8 = 0x23;
pub(super) const DESCRIPTOR_EC_BRAINPOOL: u8 = 0x24;
pub(super) const DESCRIPTOR_AES: u8 = 0x29;
pub(super) const DESCRIPTOR_DF: u8 = 0x38;

const PERMANENT_DF: [u8; 2] = [0x00, 0x02];
const PROPERTY_SESSION_OBJECT: u8 = 0x01;
const PROPERTY_EXTRACTABLE: u8 = 0x08;
/// What MyEID cards say of the size of a DF.
const DF_SIZE: u16 = 0x7FFF;
const MAX_FILES: usize = 2048;
/// Room for files, by their declared sizes; the two permanent DFs count 64 KiB.
const MAX_CAPACITY: usize = 8 * 1024 * 1024;
const DF_NAME_EXISTS: StatusWord = StatusWord(0x6A8A);

//! What is in force on the applet when a command comes, and so decides what the command does: the current folder, the
//! current file and the security environment. The PIN is not among it: VERIFY changes the card, so it comes where it was
//! recorded, and a SELECT of the applet, which takes it back, is answered only where there was one, too.

use p11ctl::codec::tlv;

/// What earlier commands have left in force. By default what it is after a reset: the applet is not even selected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InForce {
    /// The path of the current folder from the master file; `None` while the applet is not selected.
    folder: Option<Vec<u8>>,
    /// The current file. The applet has one file of an identifier on the whole card.
    file: Option<Vec<u8>>,
    /// P1, P2 and data of the last MANAGE SECURITY ENVIRONMENT.
    environment: Option<Vec<u8>>,
}

impl InForce {
    /// What of it decides what this command does.
    pub fn decisive_for(&self, command: &[u8]) -> Self {
        let Self { folder, file, environment } = self.clone();
        let applet = folder.as_ref().map(|_| Vec::new());
        match *command {
            [_, SELECT, BY_NAME, ..] => Self::default(),
            [_, READ_BINARY | UPDATE_BINARY, ..] => Self { folder: applet, file, environment: None },
            [_, CREATE_FILE, ..] => Self { folder, file: None, environment: None },
            [_, GENERATE_KEY_PAIR | PERFORM_SECURITY_OPERATION | PUT_DATA, ..] => {
                Self { folder: applet, file: None, environment }
            }
            // From the master file, by identifier, or without any file.
            _ => Self { folder: applet, file: None, environment: None },
        }
    }

    /// What a command leaves in force: nothing new where it was refused.
    ///
    /// # Panics
    ///
    /// At a SELECT of a kind that no recording has.
    pub fn follow(&mut self, command: &[u8], response: &[u8]) {
        let (Some(header), true) = (command.first_chunk(), response.ends_with(&OK)) else { return };
        let data = command.get(5..).unwrap_or_default();
        let data = &data[..data.len().min(command.get(4).copied().unwrap_or_default().into())];
        match *header {
            // What the applet had in force is gone.
            [_, SELECT, BY_NAME, _] => *self = Self { folder: Some(Vec::new()), ..Self::default() },
            [_, SELECT, FROM_MASTER_FILE, _] => {
                let [path @ .., first, last] = data else { panic!("SELECT without a path") };
                assert!(file_kind(response) != Some(FOLDER), "SELECT of a folder by its path");
                self.folder = Some(path.to_vec());
                self.file = Some(vec![*first, *last]);
            }
            // The applet keeps the current file then.
            [_, SELECT, BY_IDENTIFIER, _] if data == MASTER_FILE => self.folder = Some(Vec::new()),
            [_, SELECT, ..] => panic!("a SELECT that the player does not know: {command:02x?}"),
            [_, CREATE_FILE, ..] => {
                let name = field(data, 0x83).expect("CREATE FILE with an identifier");
                match (file_kind(data), &mut self.folder) {
                    (Some(FOLDER), Some(folder)) => folder.extend(name),
                    _ => self.file = Some(name.to_vec()),
                }
            }
            [_, DELETE_FILE, ..] => {
                self.file = None;
                let folder = self.folder.as_mut().expect("the applet");
                if let Some(depth) = folder.chunks(2).position(|part| part == data) {
                    folder.truncate(2 * depth);
                }
            }
            [_, MANAGE_SECURITY_ENVIRONMENT, p1, p2] => self.environment = Some([&[p1, p2], data].concat()),
            _ => {}
        }
    }
}

/// A field of file control parameters.
fn field(parameters: &[u8], tag: u32) -> Option<&[u8]> {
    tlv::find(tlv::find(parameters, 0x62)?, tag)
}

/// The file descriptor byte.
fn file_kind(parameters: &[u8]) -> Option<u8> {
    field(parameters, 0x82)?.first().copied()
}

/// Instructions and P1 of SELECT (ISO 7816-4, 7816-8 and 7816-9).
const SELECT: u8 = 0xA4;
const BY_IDENTIFIER: u8 = 0x00;
const BY_NAME: u8 = 0x04;
const FROM_MASTER_FILE: u8 = 0x08;
const READ_BINARY: u8 = 0xB0;
const UPDATE_BINARY: u8 = 0xD6;
const CREATE_FILE: u8 = 0xE0;
const DELETE_FILE: u8 = 0xE4;
const MANAGE_SECURITY_ENVIRONMENT: u8 = 0x22;
const PERFORM_SECURITY_OPERATION: u8 = 0x2A;
const GENERATE_KEY_PAIR: u8 = 0x46;
const PUT_DATA: u8 = 0xDB;
const FOLDER: u8 = 0x38;
const MASTER_FILE: [u8; 2] = [0x3F, 0x00];
const OK: [u8; 2] = [0x90, 0x00];

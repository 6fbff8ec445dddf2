//! The card without its image file: takes an APDU, gives an APDU, remembers whether anything has to be stored.
//! Knows chaining and response lengths; what each command does is in `commands/`.

use std::sync::Arc;

use super::access::Rule;
use super::apdu::{Answer, CommandApdu, Reply, shape, status_only};
use super::commands;
use super::files::{File, FileUid};
use super::keys::{KeyKind, PrivateKey, StoredKey};
use super::session::{Chain, Session};
use super::state::{CardState, no_diagnosis};
use super::vault;
use crate::apdu::StatusWord;
use crate::codec::Secret;
use crate::crypto::random;

/// A powered card.
#[derive(Debug)]
pub(super) struct Machine {
    pub state: CardState,
    pub session: Session,
    is_modified: bool,
    counter_moved: bool,
}

impl Machine {
    /// Powers a card that was in this state.
    pub fn new(state: CardState) -> Self {
        Self { state, session: Session::default(), is_modified: false, counter_moved: false }
    }

    /// Cold or warm reset.
    pub fn reset(&mut self) {
        self.session = Session::default();
        self.state.files.drop_session_objects();
    }

    /// Answers one command APDU.
    pub fn transact(&mut self, bytes: &[u8]) -> Vec<u8> {
        let protocol = self.state.profile.protocol();
        let command = match CommandApdu::parse(bytes, protocol) {
            Ok(command) => command,
            Err(status) => return status_only(status),
        };
        let reply = self.answer(&command).unwrap_or_else(Reply::from);
        let (response, later) = shape(&reply, &command, protocol);
        self.session.pending = later;
        response
    }

    /// Whether the state changed since the last call and has to be stored.
    pub fn take_modified(&mut self) -> bool {
        std::mem::take(&mut self.is_modified)
    }

    /// Notes a change that everybody can see: the change counter moves.
    pub fn note_public_change(&mut self) {
        self.is_modified = true;
        // A copy of an image that went another way must not arrive at the same count with other contents: the
        // first step of each session is of random length.
        let step = if self.counter_moved { 1 } else { random_step() };
        self.counter_moved = true;
        self.state.change_counter = self.state.change_counter.wrapping_add(step);
    }

    /// Notes a change that only a PIN's holder notices, such as tries left.
    pub fn note_private_change(&mut self) {
        self.is_modified = true;
    }

    /// Lets pass whoever satisfies `rule`; everybody in creation state. Errors: 6982.
    pub fn require(&self, rule: Rule) -> Result<(), StatusWord> {
        if self.state.is_in_creation() || self.session.satisfies(rule) {
            Ok(())
        } else {
            Err(StatusWord::SECURITY_NOT_SATISFIED)
        }
    }

    /// The selected file. Errors: 6986 when it was deleted meanwhile.
    pub fn selected(&self) -> Result<&File, StatusWord> {
        self.state.files.get(self.session.selected).ok_or(StatusWord::NO_CURRENT_EF)
    }

    /// The DF that is selected, or in which the selected EF lies.
    pub fn current_directory(&self) -> FileUid {
        self.state.files.directory_of(self.session.selected)
    }

    /// Forgets everything about files that are gone.
    pub fn forget_files(&mut self, gone: &[FileUid]) {
        let session = &mut self.session;
        session.keys.retain(|file, _| !gone.contains(file));
        session.upload = session.upload.take().filter(|upload| !gone.contains(&upload.file));
        session.environment = session.environment.take().filter(|environment| {
            !gone.contains(&environment.key) && environment.target.is_none_or(|file| !gone.contains(&file))
        });
    }

    /// Opens the key in a file for use. Errors: 6982, 6985 for an empty key file, 6981 for another file.
    pub fn private_key(&mut self, uid: FileUid) -> Result<Arc<PrivateKey>, StatusWord> {
        let file = self.state.files.get(uid).ok_or(StatusWord::REFERENCE_NOT_FOUND)?;
        let stored = StoredKey::of(file)?;
        self.require(file.access.read())?;
        if let Some(key) = self.session.keys.get(&uid) {
            return Ok(Arc::clone(key));
        }
        let context = vault::key_context(uid);
        let bytes = vault::open(&self.state, &self.session, file.access.read(), &stored.sealed, &context)?;
        let key = Arc::new(KeyKind::of(file)?.key_from_bytes(&bytes).map_err(no_diagnosis)?);
        self.session.keys.insert(uid, Arc::clone(&key));
        Ok(key)
    }

    /// Puts a key into its file, sealed for whoever may use it.
    pub fn store_key(&mut self, uid: FileUid, key: &PrivateKey, generated: bool) -> Result<(), StatusWord> {
        let file = self.state.files.get(uid).ok_or(StatusWord::FILE_NOT_FOUND)?;
        let bytes = key.to_bytes().map_err(no_diagnosis)?;
        let sealed = vault::seal(&self.state, file.access.read(), bytes.expose(), &vault::key_context(uid))?;
        let stored = StoredKey { public: key.public(), sealed, generated };
        self.session.keys.remove(&uid);
        if let Some(file) = self.state.files.get_mut(uid) {
            file.body = super::files::Body::Key(Some(stored));
        }
        self.note_public_change();
        Ok(())
    }

    fn answer(&mut self, command: &CommandApdu) -> Answer {
        let pending = std::mem::take(&mut self.session.pending);
        if command.ins == INS_GET_RESPONSE {
            return get_response(command, pending);
        }
        match self.assemble(command)? {
            Some(whole) => commands::execute(self, &whole),
            None => Ok(Reply::done()),
        }
    }

    /// Puts the APDUs of a chain together (ISO 7816-4, 5.1.1). `None` while more must come.
    /// Errors: 6883 for a command that breaks into a chain, 6700 for a chain that is too long.
    fn assemble(&mut self, command: &CommandApdu) -> Result<Option<CommandApdu>, StatusWord> {
        let chain = self.session.chain.take();
        let fits = |chain: &Chain| (chain.ins, chain.p1, chain.p2) == (command.ins, command.p1, command.p2);
        if chain.as_ref().is_some_and(|chain| !fits(chain)) {
            return Err(LAST_OF_CHAIN_EXPECTED);
        }
        let streams = chain.is_none() && commands::is_streaming(self, command);
        let earlier = chain.map(|chain| chain.data).unwrap_or_default();
        if earlier.len() + command.data().len() > MAX_CHAINED_DATA {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let data = [earlier.as_slice(), command.data()].concat();
        if command.is_chained() && !streams {
            if command.data().is_empty() {
                return Err(StatusWord::WRONG_LENGTH);
            }
            self.session.chain = Some(Chain { ins: command.ins, p1: command.p1, p2: command.p2, data });
            return Ok(None);
        }
        Ok(Some(CommandApdu { data: Secret::new(data), ..*command }))
    }
}

/// Gives the rest of an answer. Errors: 6A86, and 6985 when nothing is left.
fn get_response(command: &CommandApdu, pending: Secret) -> Answer {
    if command.p1_p2() != 0 || !command.data().is_empty() {
        return Err(StatusWord::WRONG_P1_P2);
    }
    if pending.is_empty() {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
    }
    Ok(Reply { data: pending, status: StatusWord::OK })
}

fn random_step() -> u16 {
    let mut bytes = [0; 2];
    // Without random bytes the card goes on counting one by one.
    if random::fill(&mut bytes).is_err() {
        return 1;
    }
    1 + u16::from_be_bytes(bytes) % MAX_STEP
}

const INS_GET_RESPONSE: u8 = 0xC0;
const LAST_OF_CHAIN_EXPECTED: StatusWord = StatusWord(0x6883);
/// More than any command of this card takes.
const MAX_CHAINED_DATA: usize = 70_000;
const MAX_STEP: u16 = 1024;

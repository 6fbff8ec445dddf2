//! The card without its image file: takes an APDU, gives an APDU, remembers whether anything has to be stored.
//! Knows chaining and response lengths; what each command does is in `commands/`.

use std::sync::Arc;

use super::access::{PinNumber, Rule};
use super::apdu::{Answer, CommandApdu, Reply, shape, status_only};
use super::commands;
use super::files::{File, FileUid};
use super::keys::{KeyKind, PrivateKey, StoredKey};
use super::pins::{Kind, SpentTry};
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
    /// The try that was spent and stored for the command at work.
    spent: Option<(PinNumber, SpentTry)>,
}

/// Stores the card's state before a command goes on. After an error the card has to be read from its store again.
pub(super) type Keep<'k> = dyn FnMut(&CardState) -> Result<(), StatusWord> + 'k;

impl Machine {
    /// Powers a card that was in this state.
    pub fn new(state: CardState) -> Self {
        Self { state, session: Session::default(), is_modified: false, counter_moved: false, spent: None }
    }

    /// Cold or warm reset.
    pub fn reset(&mut self) {
        self.session = Session::default();
        self.state.files.drop_session_objects();
    }

    /// Answers one command APDU. `keep` is called when it compares a PIN or PUK: the try is stored as spent before.
    pub fn transact(&mut self, bytes: &[u8], keep: &mut Keep<'_>) -> Vec<u8> {
        let protocol = self.state.profile.protocol();
        let command = match CommandApdu::parse(bytes, protocol) {
            Ok(command) => command,
            Err(status) => return status_only(status),
        };
        let reply = self.answer(&command, keep).unwrap_or_else(Reply::from);
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

    /// The try that was spent for the comparison of this PIN or PUK; `None` when there was none left.
    pub fn take_spent(&mut self, number: PinNumber, kind: Kind) -> Option<SpentTry> {
        self.spent.take().filter(|(of, spent)| *of == number && spent.kind() == kind).map(|(_, spent)| spent)
    }

    fn answer(&mut self, command: &CommandApdu, keep: &mut Keep<'_>) -> Answer {
        let pending = std::mem::take(&mut self.session.pending);
        if command.ins == INS_GET_RESPONSE {
            return get_response(command, pending);
        }
        match self.assemble(command)? {
            Some(whole) => {
                self.spend_try(&whole, keep)?;
                commands::execute(self, &whole)
            }
            None => Ok(Reply::done()),
        }
    }

    /// Spends the try of a comparison and stores that, so that no value can be tested that costs nothing: not when
    /// the power fails in between, and not when nothing can be stored.
    fn spend_try(&mut self, command: &CommandApdu, keep: &mut Keep<'_>) -> Result<(), StatusWord> {
        self.spent = None;
        let Some((number, kind)) = commands::compared(command) else { return Ok(()) };
        let record = self.state.pin_mut(number).and_then(|slot| slot.record.as_mut());
        let Some(spent) = record.and_then(|record| record.spend_try(kind)) else { return Ok(()) };
        keep(&self.state)?;
        self.spent = Some((number, spent));
        Ok(())
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
        let data = Secret::new([earlier.expose(), command.data()].concat());
        if command.is_chained() && !streams {
            if command.data().is_empty() {
                return Err(StatusWord::WRONG_LENGTH);
            }
            self.session.chain = Some(Chain { ins: command.ins, p1: command.p1, p2: command.p2, data });
            return Ok(None);
        }
        Ok(Some(CommandApdu { data, ..*command }))
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

#[cfg(test)]
mod tests {
    use crate::crypto::testing::Reproducible;
    use crate::softcard::state::Profile;
    use crate::softcard::testing::{Bench, bytes};

    #[test]
    fn unknown_classes_and_instructions_are_refused() {
        let mut bench = Bench::blank();
        assert_eq!(bench.status("80A40000"), 0x6E00);
        assert_eq!(bench.status("A0A40000"), 0x6E00);
        assert_eq!(bench.status("00100000"), 0x6D00);
        assert_eq!(bench.status("00A400"), 0x6700);
    }

    #[test]
    fn chain_is_put_together_and_broken_into_by_nothing() {
        let mut bench = Bench::blank();
        bench.create("4401", "01", 8, "0000");
        bench.ok("10D60000 (AABB)");
        bench.ok("10D60000 (CC)");
        bench.ok("00D60000 (DD)");
        assert_eq!(bench.ok("00B0000004"), [0xAA, 0xBB, 0xCC, 0xDD]);
        bench.ok("10D60000 (01)");
        assert_eq!(bench.status("00B0000004"), 0x6883);
        assert_eq!(bench.ok("00B0000004"), [0xAA, 0xBB, 0xCC, 0xDD], "the chain is gone");
        bench.ok("10D60000 (01)");
        assert_eq!(bench.status("00D60001 (02)"), 0x6883);
        assert_eq!(bench.status("10D60000"), 0x6700, "no data");
    }

    #[test]
    fn chain_without_end_is_refused() {
        let mut bench = Bench::blank();
        let part = format!("10D60000 ({})", "00".repeat(255));
        let refused = (0..400).find(|_| bench.status(&part) == 0x6700);
        assert!(refused.is_some_and(|count| count > 200), "{refused:?}");
    }

    #[test]
    fn get_response_gives_the_rest_once() {
        let mut bench = Bench::blank();
        assert_eq!(bench.send("00CA01A008").1, 0x610C);
        assert_eq!(bench.send("00C0000004").1, 0x6108);
        assert_eq!(bench.send("00C0000000").0.len(), 8);
        assert_eq!(bench.status("00C0000000"), 0x6985);
        bench.status("00CA01A008");
        bench.ok("00A4000C");
        assert_eq!(bench.status("00C0000000"), 0x6985, "another command came in between");
        assert_eq!(bench.status("00C0010000"), 0x6A86);
    }

    #[test]
    fn t0_card_answers_as_t0_wants_it() {
        let mut bench = Bench::blank_of(Profile::OsEid);
        assert_eq!(bench.send("00CA01A000"), (vec![], 0x6C14));
        assert_eq!(bench.ok("00CA01A014").len(), 20);
        assert_eq!(bench.send("00A40000 (3F00)"), (vec![], 0x6119));
        assert_eq!(bench.ok("00C0000019").len(), 0x19);
        assert_eq!(bench.send("00A4000C (3F00)"), (vec![], 0x9000));
        bench.ok("00E00000 (62 (80020200 820101 83024401 86030000FF))");
        assert_eq!(bench.ok("00B0000000").len(), 256);
        assert_eq!(bench.send("00B001F020"), (vec![], 0x6C10));
        assert_eq!(bench.status("00D60000 00 0001 55"), 0x6700, "no extended length");
        bench.ok("00E00000 (62 (81020100 820122 83024B01 86030000FF))");
        assert_eq!(bench.send("0046000000"), (vec![], 0x6143));
        assert_eq!(bench.send("00C0000000"), (vec![], 0x6C43));
        assert_eq!(bench.ok("00C0000043")[..2], [0x86, 65]);
    }

    /// Commands that lead somewhere, to be mixed and mutilated.
    const TEMPLATES: [&str; 34] = [
        "00A40400 (A000000063504B43532D3135)",
        "00A4000C (5015)",
        "00A40000 (4401)",
        "00A40800 (50154401) 00",
        "00A4030C",
        "00E00000 (62 (80020020 820101 83024401 860311FFFF))",
        "00E00000 (62 (80020020 820101 83024402 86030000FF))",
        "00E00000 (62 (81020000 820138 83026001 860300FFFF))",
        "00E00000 (62 (81020100 820122 83024B01 85021000 860311FFFF))",
        "00E00000 (62 (81020100 820129 83024D01 86030000FF))",
        "00E40000",
        "00B0000000",
        "00B00000000000",
        "00D60000 (0102030405060708)",
        "000E0004",
        "00DA0101 (3131313131313131 3939393939393939 0F 0F 3C)",
        "00DA0103 (3333333333333333 3939393939393939 0F 0F 28)",
        "00440400 (A000000063504B43532D3135)",
        "00DA01E0 (FFFF113FFF111FFF)",
        "00200001 (3131313131313131)",
        "00200003 (3333333333333333)",
        "00240001 (3131313131313131 3131313131313131)",
        "002C0001 (3939393939393939 3131313131313131)",
        "002C0201 (3131313131313131)",
        "002E0000",
        "00460000",
        "00DA01A0 (000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F)",
        "00DA0187 (0102030405060708010203040506070801020304050607080102030405060708)",
        "002241B6 (800104 81024B01 840100)",
        "002281B8 (800180 81024D01 830100 83024D01)",
        "002A9E9A (5A5A5A5A5A5A5A5A) 00",
        "102A8480 (000102030405060708090A0B0C0D0E0F) 00",
        "00CA01A100",
        "00C0000000",
    ];

    /// Random and mutilated commands: an answer of at least a status word, no panic, and a state that a new
    /// card can be read from. The seed of a failure is printed.
    #[test]
    fn random_commands_never_panic_and_leave_a_readable_card() {
        let mut random = Reproducible::new("random_commands");
        for round in 0..60 {
            let profile = if round % 2 == 0 { Profile::MyEid } else { Profile::OsEid };
            let mut card = Bench::blank_of(profile).card;
            for _ in 0..120 {
                let mut command = bytes(TEMPLATES[random.below(TEMPLATES.len())]);
                match random.below(6) {
                    0 => {
                        command = {
                            let len = random.below(300);
                            random.bytes(len)
                        }
                    }
                    1 => command.truncate(random.below(command.len() + 1)),
                    2 | 3 => {
                        let place = random.below(command.len());
                        command[place] = random.next() as u8;
                    }
                    _ => {}
                }
                // An RSA key takes long, and 1024 of them too long.
                let is_rsa =
                    command.windows(3).any(|part| part[..2] == [0x82, 0x01] && part[2] & 0xBF == 0x11);
                if is_rsa {
                    continue;
                }
                let response = card.transact(&command, &mut |_| Ok(()));
                assert!(response.len() >= 2, "{command:02X?} gives {response:02X?}");
                if random.below(40) == 0 {
                    card.reset();
                }
            }
            card.reset();
            let image = crate::softcard::image::encode(&card.state);
            assert_eq!(crate::softcard::image::decode(&image).as_ref(), Ok(&card.state));
        }
    }
}

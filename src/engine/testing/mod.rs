//! A puppet for the engine's tests: a card whose driver does what the test says (is held up, is pulled, is reset,
//! tells no tries) and remembers what it was asked. What a real card does is tested in `tests/engine`.

mod contents;
mod gate;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use contents::{auth, certify, info, test_rsa_key};
pub(super) use gate::Gate;

use super::cards::Cell;
use super::{Engine, lock};
use crate::apdu::{Channel, Stats, StatusWord};
use crate::card::{Abilities, Card, CardCall, CardDriver, CardError, CardSettings, Found, Listing, Tries};
use crate::codec::Secret;
use crate::crypto::{Curve, EcPrivateKey, PrivateKey};
use crate::layout::Policy;
use crate::token::{AuthId, AuthRole, KeyId, ObjectId, Token};
use crate::transport::{
    Begun, Disposition, Presence, Protocol, Reader, ReaderKind, Transport, TransportError,
};

/// A test's hand in a card.
#[derive(Clone)]
pub(super) struct Puppet(Arc<Mutex<Strings>>);

/// What the test pulls.
pub(super) struct Strings {
    pub name: &'static str,
    pub present: bool,
    /// How often cards came and went, as the reader counts it.
    pub changes: u32,
    /// Another program holds the card.
    pub busy: bool,
    /// The next transaction finds the card reset.
    pub reset: bool,
    /// Where each computation waits.
    pub gate: Option<Arc<Gate>>,
    /// The card tells tries without spending one.
    pub tells_tries: bool,
    /// The card can only be reset to end a login.
    pub cannot_deauthenticate: bool,
    pub abilities: Abilities,
    pub token: Token,
    pub pins: BTreeMap<AuthId, Pin>,
    pub verified: BTreeSet<AuthId>,
    pub keys: BTreeMap<ObjectId, PrivateKey>,
    pub contents: BTreeMap<ObjectId, Vec<u8>>,
    /// What the card was asked, in order.
    pub calls: Vec<String>,
    insertion: u64,
}

pub(super) struct Pin {
    pub value: &'static str,
    pub left: u8,
}

/// PINs of the founding document's example, as `card new --example` sets them.
pub(super) const PIN_1: &str = "11111111";
pub(super) const PIN_2: &str = "22222222";
pub(super) const SO_PIN: &str = "00000000";

impl Puppet {
    /// The founding document's card: two PINs, each with a key (RSA, EC) and a chain of three; three other roots;
    /// a private and a public data object.
    pub fn founding(name: &'static str) -> Self {
        let mut strings = Strings {
            name,
            present: true,
            changes: 0,
            busy: false,
            reset: false,
            gate: None,
            tells_tries: true,
            cannot_deauthenticate: false,
            abilities: Abilities {
                rsa_bits: vec![1024, 2048],
                rsa_raw: true,
                ecdsa: vec![Curve::P256],
                random: true,
                tells_tries: true,
                ..Abilities::default()
            },
            token: Token { info: info(name), ..Token::default() },
            pins: BTreeMap::new(),
            verified: BTreeSet::new(),
            keys: BTreeMap::new(),
            contents: BTreeMap::new(),
            calls: Vec::new(),
            insertion: 1,
        };
        for (id, label, role, value) in [
            (1, "PIN 1", AuthRole::User, PIN_1),
            (2, "PIN 2", AuthRole::User, PIN_2),
            (3, "SO PIN", AuthRole::SecurityOfficer, SO_PIN),
        ] {
            strings.token.auths.push(auth(id, label, role));
            strings.pins.insert(AuthId(vec![id]), Pin { value, left: 3 });
        }
        strings.add_key(1, PrivateKey::Rsa(test_rsa_key()));
        strings.add_key(2, PrivateKey::Ec(EcPrivateKey::generate(Curve::P256).unwrap()));
        for root in ["CN=Root A", "CN=Root B", "CN=Root C"] {
            let key = PrivateKey::Ec(EcPrivateKey::generate(Curve::P256).unwrap());
            let der = certify(root, &key.public(), None, &key, true);
            strings.add_certificate(root, KeyId::default(), der);
        }
        strings.add_data("public note", None, b"for all");
        strings.add_data("private note", Some(1), b"for PIN 1");
        Self(Arc::new(Mutex::new(strings)))
    }

    /// An empty reader.
    pub fn empty(name: &'static str) -> Self {
        let puppet = Self::founding(name);
        puppet.strings().present = false;
        puppet
    }

    /// What the test pulls.
    pub fn strings(&self) -> MutexGuard<'_, Strings> {
        lock(&self.0)
    }

    /// What the card was asked since the last question for that.
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.strings().calls)
    }

    /// Another card of the same kind is put in.
    pub fn exchange(&self) {
        let mut strings = self.strings();
        strings.insertion += 1;
        strings.verified.clear();
    }
}

/// An engine over puppets, with the founding document's four slots for each reader.
pub(super) fn engine(puppets: &[&Puppet]) -> Engine {
    engine_with(puppets, Policy { max_virtual_slots: 0, ..Policy::default() })
}

/// An engine over puppets.
pub(super) fn engine_with(puppets: &[&Puppet], policy: Policy) -> Engine {
    let cells = puppets.iter().map(|puppet| {
        let strings = Arc::clone(&puppet.0);
        let recognise = move |_: &mut Channel<'_>, _: &CardSettings| {
            let abilities = lock(&strings).abilities.clone();
            let driver: Box<dyn CardDriver> = Box::new(Driver { strings: Arc::clone(&strings), abilities });
            Ok(Found::from(driver))
        };
        let reader = Box::new(PuppetReader { name: puppet.strings().name, strings: Arc::clone(&puppet.0) });
        let card =
            Card::with_recognition(reader, CardSettings::default(), Stats::default(), Arc::new(recognise));
        Cell::new(card, puppet.strings().name.to_owned(), ReaderKind::Software)
    });
    Engine::over(cells.collect(), CardSettings::default(), policy)
}

struct PuppetReader {
    name: &'static str,
    strings: Arc<Mutex<Strings>>,
}

impl Reader for PuppetReader {
    fn name(&self) -> &str {
        self.name
    }

    fn presence(&mut self) -> Result<Presence, TransportError> {
        let present = lock(&self.strings).present;
        Ok(if present { Presence::Card { atr: ATR.to_vec() } } else { Presence::Empty })
    }

    fn changes(&self) -> u32 {
        lock(&self.strings).changes
    }

    fn connect(&mut self) -> Result<Box<dyn Transport>, TransportError> {
        let strings = lock(&self.strings);
        if !strings.present {
            return Err(TransportError::NoCard(self.name.to_owned()));
        }
        let insertion = strings.insertion;
        Ok(Box::new(Line { strings: Arc::clone(&self.strings), insertion }))
    }
}

struct Line {
    strings: Arc<Mutex<Strings>>,
    insertion: u64,
}

impl Transport for Line {
    fn atr(&self) -> &[u8] {
        &ATR
    }

    fn protocol(&self) -> Protocol {
        Protocol::T1
    }

    fn begin(&mut self) -> Result<Begun, TransportError> {
        let mut strings = lock(&self.strings);
        if !strings.present || strings.insertion != self.insertion {
            return Err(TransportError::CardRemoved(strings.name.to_owned()));
        }
        if strings.busy {
            strings.calls.push("wait".to_owned());
            let reader = strings.name.to_owned();
            return Err(TransportError::Busy { reader, waited: Duration::from_secs(5) });
        }
        if !std::mem::take(&mut strings.reset) {
            return Ok(Begun::Unchanged);
        }
        strings.verified.clear();
        Ok(Begun::Reset)
    }

    fn end(&mut self, disposition: Disposition) -> Result<(), TransportError> {
        if disposition == Disposition::Reset {
            let mut strings = lock(&self.strings);
            strings.calls.push("reset".to_owned());
            strings.verified.clear();
        }
        Ok(())
    }

    fn transmit(&mut self, _command: &[u8]) -> Result<Vec<u8>, TransportError> {
        Err(TransportError::BadResponse(0))
    }
}

struct Driver {
    strings: Arc<Mutex<Strings>>,
    abilities: Abilities,
}

impl Driver {
    fn strings(&self, call: String) -> MutexGuard<'_, Strings> {
        let mut strings = lock(&self.strings);
        strings.calls.push(call);
        strings
    }
}

impl CardDriver for Driver {
    fn name(&self) -> &'static str {
        "Puppet"
    }

    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn forget_state(&mut self) {}

    fn read_token(&mut self, _: &mut Channel<'_>, _: Listing) -> Result<Token, CardError> {
        Ok(self.strings("read token".to_owned()).token.clone())
    }

    fn read_object(&mut self, _: &mut Channel<'_>, object: ObjectId) -> Result<Vec<u8>, CardError> {
        let strings = self.strings(format!("read {}", object.0));
        let guarded = strings.token.data.iter().find(|data| data.object == object);
        if guarded.and_then(|data| data.auth.as_ref()).is_some_and(|auth| !strings.verified.contains(auth)) {
            return Err(CardError::NotAuthenticated);
        }
        strings.contents.get(&object).cloned().ok_or(CardError::NoSuchObject)
    }

    fn tries_left(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<Option<u8>, CardError> {
        Ok(self.tries(channel, auth)?.left)
    }

    fn tries(&mut self, _: &mut Channel<'_>, auth: &AuthId) -> Result<Tries, CardError> {
        let strings = self.strings(format!("tries {auth}"));
        let pin = strings.pins.get(auth).filter(|_| strings.tells_tries);
        Ok(Tries { left: pin.map(|pin| pin.left), max: pin.map(|_| 3) })
    }

    fn verify(&mut self, _: &mut Channel<'_>, auth: &AuthId, pin: &Secret) -> Result<(), CardError> {
        let mut strings = self.strings(format!("verify {auth}"));
        assert!(!pin.is_empty(), "an empty PIN reached the card");
        let known = strings.pins.get_mut(auth).ok_or(CardError::NoSuchObject)?;
        if known.left == 0 {
            return Err(CardError::PinBlocked { status: Some(StatusWord::AUTH_METHOD_BLOCKED) });
        }
        if known.value.as_bytes() == pin.expose() {
            known.left = 3;
            strings.verified.insert(auth.clone());
            return Ok(());
        }
        known.left -= 1;
        let left = known.left;
        strings.verified.remove(auth);
        if left == 0 {
            Err(CardError::PinBlocked { status: Some(StatusWord::AUTH_METHOD_BLOCKED) })
        } else {
            Err(CardError::PinIncorrect {
                tries_left: Some(left),
                status: Some(StatusWord(0x63C0 | u16::from(left))),
            })
        }
    }

    fn deauthenticate(&mut self, _: &mut Channel<'_>, auth: &AuthId) -> Result<bool, CardError> {
        let mut strings = self.strings(format!("deauthenticate {auth}"));
        if strings.cannot_deauthenticate {
            return Ok(false);
        }
        strings.verified.remove(auth);
        Ok(true)
    }

    fn perform(&mut self, _: &mut Channel<'_>, call: &CardCall<'_>) -> Result<Secret, CardError> {
        let (key, name) = match call {
            CardCall::RsaRaw { key, .. } => (*key, "rsa raw"),
            CardCall::RsaSignPkcs1 { key, .. } => (*key, "rsa pkcs1"),
            CardCall::EcdsaSign { key, .. } => (*key, "ecdsa"),
            CardCall::RsaDecryptPkcs1 { key, .. } => (*key, "rsa decrypt"),
            CardCall::Random { len } => {
                drop(self.strings(format!("random {len}")));
                return Ok(Secret::new(vec![0x5A; *len]));
            }
            _ => return Err(CardError::NotSupported { what: "do that".to_owned() }),
        };
        let (gate, private) = {
            let strings = self.strings(format!("{name} {}", key.0));
            let known = strings.token.keys.iter().find(|known| known.object == key);
            let auth = known.and_then(|known| known.auth.as_ref()).ok_or(CardError::NoSuchObject)?;
            if !strings.verified.contains(auth) {
                return Err(CardError::NotAuthenticated);
            }
            (strings.gate.clone(), strings.keys.get(&key).cloned().ok_or(CardError::NoSuchObject)?)
        };
        if let Some(gate) = gate {
            gate.pass();
        }
        match (call, private) {
            (CardCall::RsaRaw { block, .. }, PrivateKey::Rsa(private)) => Ok(private.raw(block)?),
            (CardCall::RsaSignPkcs1 { digest_info, .. }, PrivateKey::Rsa(private)) => {
                let block = crate::crypto::rsa::pkcs1_sign_encode(digest_info, private.modulus_len())?;
                Ok(private.raw(&block)?)
            }
            (CardCall::RsaDecryptPkcs1 { cryptogram, .. }, PrivateKey::Rsa(private)) => {
                Ok(crate::crypto::rsa::pkcs1_unpad(&private.raw(cryptogram)?)?.into_message()?)
            }
            (CardCall::EcdsaSign { digest, .. }, PrivateKey::Ec(private)) => {
                Ok(Secret::new(private.sign(digest)?))
            }
            _ => Err(CardError::NotSupported { what: "use this key so".to_owned() }),
        }
    }
}

const ATR: [u8; 2] = [0x3B, 0x00];

//! One card with both applications in a software reader, used through the engine.

use std::time::Duration;

use p11ctl::apdu::{Command, Stats};
use p11ctl::card::admin::{CreatedKey, KeyType, NewKey, Placement};
use p11ctl::card::{Card, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::config::Config;
use p11ctl::crypto::digest::digest;
use p11ctl::crypto::{Curve, DigestAlgorithm, PublicKey, ec};
use p11ctl::engine::{
    ANY_ROOM, Engine, Error, MechanismCall, MechanismId, ObjectClass, SessionHandle, SessionMode,
    SessionState, Template, UserKind,
};
use p11ctl::layout::SlotId;
use p11ctl::token::{AuthId, KeyId, KeyUsage};
use p11ctl::transport::Reader;
use p11ctl::transport::software::SoftwareReader;
use p11ctl_cards::Shared;
use p11ctl_cards::several::{self, Manners};

pub const PIN: &str = "123456";
pub const MANAGEMENT_KEY: &str = "010203040506070801020304050607080102030405060708";
pub const ADMIN_PIN: &str = "12345678";
/// The places of the applications on the card.
pub const PIV: usize = 0;
pub const OPENPGP: usize = 1;
/// The slots of their tokens.
pub const PIV_SLOT: u32 = 0;
pub const SIGNATURE_SLOT: u32 = 2;

pub struct Bench {
    pub shared: Shared,
    /// Public halves of the PIV key 9A and of the OpenPGP signature key.
    pub public: [PublicKey; 2],
}

impl Bench {
    /// A card with a key on P-256 in either application.
    pub fn new(manners: Manners) -> Self {
        let shared = Shared::new(several::card(0x1234, manners));
        let mut card = Card::new(reader(&shared), CardSettings::default(), Stats::default());
        let piv = generate(&mut card, PIV, MANAGEMENT_KEY, ("9a", AuthId(vec![0x80])));
        let openpgp = generate(&mut card, OPENPGP, ADMIN_PIN, ("sig", AuthId(vec![1])));
        drop(card);
        Self { shared, public: [piv, openpgp] }
    }

    /// An engine with the card in its only reader.
    pub fn engine(&self, pin_cache: bool) -> Engine {
        let mut config = Config::default();
        config.cache.enabled = false;
        config.pkcs11.pin_cache = pin_cache;
        Engine::new(vec![reader(&self.shared)], &config)
    }

    /// The card, connected anew.
    pub fn card(&self) -> Card {
        Card::new(reader(&self.shared), CardSettings::default(), Stats::default())
    }

    /// Signs with the one private key that the session sees, and checks it with the public half of an application.
    pub fn sign(&self, engine: &Engine, session: SessionHandle, application: usize) {
        let signature = sign(engine, session).unwrap();
        let hash = digest(DigestAlgorithm::Sha256, b"data");
        assert_eq!(ec::verify(&self.public[application], &hash, &signature), Ok(true));
    }
}

pub fn reader(shared: &Shared) -> Box<dyn Reader> {
    Box::new(SoftwareReader::new("both", Some(Box::new(shared.clone())), Duration::from_secs(5)))
}

/// Generates a key on P-256 in an application, by its officer.
fn generate(card: &mut Card, application: usize, officer: &str, (place, owner): (&str, AuthId)) -> PublicKey {
    card.turn_to(application);
    card.hold().unwrap();
    let token = card.read_token().unwrap();
    let role = p11ctl::token::AuthRole::SecurityOfficer;
    let auth = token.auths.iter().find(|auth| auth.role == role).unwrap().id.clone();
    card.verify(&auth, &Secret::from(officer)).unwrap();
    let key = NewKey {
        owner: &owner,
        label: "",
        id: &KeyId::default(),
        key_type: KeyType::Ec(Curve::P256),
        usage: KeyUsage::default(),
        extractable: false,
        always_authenticate: false,
        placement: Placement { place: Some(place), ..Placement::default() },
    };
    if application == OPENPGP {
        // The signature PIN is good for several signatures (OpenPGP card 3.4, 4.4.3.1).
        let several = Command::new(0x00, 0xDA, 0x00, 0xC4).data(&[0x01]);
        card.with(|_, channel| Ok(channel.call(&several)?)).unwrap();
    }
    let made: CreatedKey = card.administer(|admin, channel| admin.generate_key(channel, &key)).unwrap();
    card.finish().unwrap();
    made.public.unwrap().1
}

pub fn open(engine: &Engine, slot: u32) -> SessionHandle {
    engine.open_session(SlotId(slot), SessionMode::ReadWrite).unwrap()
}

pub fn log_in(engine: &Engine, session: SessionHandle) -> Result<(), Error> {
    engine.login(session, UserKind::User, Some(&Secret::from(PIN)))
}

pub fn is_user(engine: &Engine, session: SessionHandle) -> bool {
    engine.session_info(session).unwrap().state == SessionState::ReadWriteUser
}

pub fn sign(engine: &Engine, session: SessionHandle) -> Result<Vec<u8>, Error> {
    let keys = engine.find_all(session, &Template::new().class(ObjectClass::PrivateKey))?;
    let key = *keys.first().ok_or(Error::LoginLost)?;
    engine.sign_init(session, &MechanismCall::from(MechanismId::ECDSA_SHA256), key)?;
    engine.sign(session, b"data", ANY_ROOM)
}

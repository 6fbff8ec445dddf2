//! What a driver that can write is told and tells: what can be made on a card, new things, and what came of them.

use std::ops::RangeInclusive;

use crate::card::CardError;
use crate::codec::Secret;
use crate::crypto::{Curve, PrivateKey, PublicKey};
use crate::token::{AuthId, KeyId, KeyUsage, ObjectId};

/// What can be made on a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminAbilities {
    /// Moduli of RSA keys in bits that can be generated.
    pub rsa_generate: Vec<u32>,
    /// Moduli of RSA keys in bits that can be imported.
    pub rsa_import: Vec<u32>,
    /// Curves on which keys can be generated.
    pub curves_generate: Vec<Curve>,
    /// Curves of keys that can be imported.
    pub curves_import: Vec<Curve>,
    /// Ed25519 keys.
    pub ed25519: Ways,
    /// X25519 keys.
    pub x25519: Ways,
    /// AES keys in bits that can be generated.
    pub aes_generate: Vec<u32>,
    /// AES keys in bits that can be imported.
    pub aes_import: Vec<u32>,
    /// Keys can be made that may leave the card wrapped.
    pub extractable: bool,
    /// User PINs that the card can have.
    pub max_pins: usize,
    /// Characters of PINs and PUKs.
    pub pin_lengths: RangeInclusive<usize>,
    /// Tries that a PIN can have when it is made at formatting.
    pub tries: RangeInclusive<u8>,
    /// What a PIN that is made after formatting is bound to.
    pub later_pins: LaterPins,
    /// The places for keys, where the card has one for each purpose; their keys have identifiers and labels of their
    /// own. Empty where a key can be called anything.
    pub key_places: Vec<KeyPlace>,
    /// The security officer makes keys, certificates and data, those of user PINs too; a user PIN allows none of it.
    pub officer_writes: bool,
    /// Formatting takes the card back to how it left the factory, with PINs of known values, and gives those new ones.
    pub factory: Option<Factory>,
    /// What else can be done.
    pub extras: Vec<Extra>,
}

/// What few families let be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extra {
    /// [`CardAdmin::move_key`](super::CardAdmin::move_key).
    MoveKey,
    /// [`CardAdmin::set_tries`](super::CardAdmin::set_tries).
    SetTries,
    /// [`CardAdmin::set_puk`](super::CardAdmin::set_puk).
    SetPuk,
    /// [`CardAdmin::set_policies`](super::CardAdmin::set_policies).
    SetPolicies,
    /// [`CardAdmin::set_pin_hashing`](super::CardAdmin::set_pin_hashing).
    HashPins,
}

impl Extra {
    /// What a card does that can: behind "this card cannot".
    pub fn what(self) -> &'static str {
        match self {
            Self::MoveKey => "move a key",
            Self::SetTries => "set how many tries a PIN has",
            Self::SetPuk => "have its PUK set by the security officer",
            Self::SetPolicies => "change the policies of a key that is there",
            Self::HashPins => "take PINs hashed",
        }
    }

    /// The answer of a card that cannot.
    pub(super) fn missing<T>(self) -> Result<T, CardError> {
        Err(CardError::NotSupported { what: self.what().to_owned() })
    }
}

/// A card that has its PINs from the factory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factory {
    /// The user's PIN, as everybody knows it.
    pub user: &'static str,
    /// Its PUK; `None` where there is none.
    pub user_puk: Option<&'static str>,
    /// What the security officer has.
    pub officer: &'static str,
    /// What [`Format::label`] becomes: `cardholder's name`; `None` where the card keeps none.
    pub label: Option<&'static str>,
    /// [`CardAdmin::set_pin_hashing`](super::CardAdmin::set_pin_hashing) goes by these PINs: an interrupted one leaves them.
    pub by_hashing: bool,
}

/// A place for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPlace {
    /// Its name as users of the card know it: `9a`, `sig`.
    pub name: String,
    /// `CKA_ID` of the key in it.
    pub id: KeyId,
    /// `CKA_LABEL` of the key in it.
    pub label: String,
}

/// Where a card keeps a key, and how it guards its use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Placement<'a> {
    /// The name of one of [`AdminAbilities::key_places`]; `None` on cards that have none.
    pub place: Option<&'a str>,
    /// The key that is there is lost; otherwise a place that is taken is refused.
    pub replace: bool,
    /// When the PIN is asked for; `None` = as the card does by itself.
    pub pin_policy: Option<PinPolicy>,
    /// When a touch is asked for; `None` = as the card does by itself.
    pub touch_policy: Option<TouchPolicy>,
}

/// When a card asks for the PIN of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinPolicy {
    /// It never does: whoever has the card uses the key.
    Never,
    /// Once in a session with the card.
    Once,
    /// Before each use.
    Always,
}

/// When a card waits for a finger on its button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TouchPolicy {
    /// It never does.
    Never,
    /// Before each use.
    Always,
    /// Before a use, unless there was a touch in the last seconds.
    Cached,
    /// Before each use, and nobody can change that but by erasing the key.
    Fixed,
}

/// In which ways keys of a kind come onto a card.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ways {
    /// The card generates them.
    pub generate: bool,
    /// The card takes them from outside.
    pub import: bool,
}

/// What a PIN that is made after formatting is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaterPins {
    /// Its PUK can be chosen; otherwise the card has one and tells it.
    pub puk_settable: bool,
    /// Its tries, where they cannot be chosen.
    pub tries: Option<u8>,
}

/// What is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write<'a> {
    /// A new object of this kind for a PIN; `None` for one that belongs to no PIN.
    Store(ObjectKind, Option<&'a AuthId>),
    /// Another label or identifier for an object.
    Change(ObjectId),
    /// An object is deleted.
    Delete(ObjectId),
    /// A new PIN.
    Pin,
    /// Everything is erased.
    Format,
}

/// Kinds of objects that can be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// A private key with its public half.
    KeyPair,
    /// A secret key.
    SecretKey,
    /// A public key.
    PublicKey,
    /// A certificate.
    Certificate,
    /// A data object.
    Data,
}

/// What [`CardAdmin::repair`](super::CardAdmin::repair) did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepairReport {
    /// Files that were deleted: `EF 4B01 in DF 5101`.
    pub reclaimed: Vec<String>,
    /// Unused files that are still there, because a PIN is missing: the file and the PIN.
    pub kept: Vec<(String, Option<AuthId>)>,
    /// Folders that were not judged, and why.
    pub not_judged: Vec<(String, String)>,
}

/// By whose authority a PIN is set.
#[derive(Debug, Clone, Copy)]
pub enum Unblock<'a> {
    /// The PIN's own PUK.
    Puk(&'a Secret),
    /// The security officer, who is verified.
    Officer,
}

/// The values of both PINs of a card.
#[derive(Debug, Clone, Copy)]
pub struct PinPair<'a> {
    /// The user's PIN.
    pub user: &'a Secret,
    /// The security officer's.
    pub officer: &'a Secret,
}

/// What a card is formatted to.
#[derive(Debug, Clone)]
pub struct Format<'a> {
    /// The card's label.
    pub label: &'a str,
    /// The security officer's PIN and PUK.
    pub officer: NewPin<'a>,
    /// User PINs, in their order on the card.
    pub pins: &'a [NewPin<'a>],
}

/// A PIN to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewPin<'a> {
    /// Its name: `PIN 1`.
    pub label: &'a str,
    /// Its value.
    pub pin: &'a Secret,
    /// Its PUK. `None` lets the card have a random one; a PIN that is made after formatting takes no other.
    pub puk: Option<&'a Secret>,
    /// Shortest PIN.
    pub min_len: u8,
    /// Tries of the PIN.
    pub tries: u8,
}

/// A PIN that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedPin {
    /// Its identifier.
    pub auth: AuthId,
    /// Its PUK, for its holder alone.
    pub puk: Secret,
}

/// What kind of key to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// RSA with a modulus of so many bits.
    Rsa(u32),
    /// Elliptic curve.
    Ec(Curve),
    /// Ed25519.
    Ed25519,
    /// X25519.
    X25519,
    /// AES of so many bits.
    Aes(u32),
}

/// A key to be generated.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'a> {
    /// The PIN that owns it.
    pub owner: &'a AuthId,
    /// `CKA_LABEL` of both halves.
    pub label: &'a str,
    /// `CKA_ID` of both halves.
    pub id: &'a KeyId,
    /// Algorithm and size.
    pub key_type: KeyType,
    /// What the private half or the secret key may do.
    pub usage: KeyUsage,
    /// It may leave the card wrapped under another key. Its bytes are never given out in the clear.
    pub extractable: bool,
    /// Each use needs the PIN again.
    pub always_authenticate: bool,
    /// Where the card keeps it.
    pub placement: Placement<'a>,
}

/// A key from outside.
#[derive(Debug, Clone, Copy)]
pub enum KeyMaterial<'a> {
    /// A private key of any family.
    Private(&'a PrivateKey),
    /// An AES key: 16, 24 or 32 bytes.
    Aes(&'a Secret),
}

/// A key to be imported.
#[derive(Debug, Clone, Copy)]
pub struct ImportedKey<'a> {
    /// The PIN that owns it.
    pub owner: &'a AuthId,
    /// `CKA_LABEL` of both halves.
    pub label: &'a str,
    /// `CKA_ID` of both halves.
    pub id: &'a KeyId,
    /// The key.
    pub key: KeyMaterial<'a>,
    /// What the private half or the secret key may do.
    pub usage: KeyUsage,
    /// It may leave the card wrapped under another key. Its bytes are never given out in the clear.
    pub extractable: bool,
    /// Each use needs the PIN again.
    pub always_authenticate: bool,
    /// Where the card keeps it.
    pub placement: Placement<'a>,
}

/// A key that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedKey {
    /// The private or secret key.
    pub object: ObjectId,
    /// Its public half: name and value; `None` for a secret key.
    pub public: Option<(ObjectId, PublicKey)>,
}

/// A public key to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewPublicKey<'a> {
    /// The PIN that owns it; `None` for one that belongs to no PIN.
    pub owner: Option<&'a AuthId>,
    /// `CKA_LABEL`.
    pub label: &'a str,
    /// `CKA_ID`.
    pub id: &'a KeyId,
    /// The key.
    pub key: &'a PublicKey,
    /// What it may do.
    pub usage: KeyUsage,
}

/// A certificate to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewCertificate<'a> {
    /// The PIN that owns it; `None` for one that belongs to no PIN.
    pub owner: Option<&'a AuthId>,
    /// `CKA_LABEL`.
    pub label: &'a str,
    /// `CKA_ID`.
    pub id: &'a KeyId,
    /// The certificate, DER.
    pub der: &'a [u8],
}

/// A data object to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewData<'a> {
    /// The PIN that owns it; `None` for one that belongs to no PIN.
    pub owner: Option<&'a AuthId>,
    /// Readable only with its owner's PIN.
    pub private: bool,
    /// `CKA_LABEL`.
    pub label: &'a str,
    /// `CKA_APPLICATION`.
    pub application: &'a str,
    /// Object identifier, content bytes; empty for none.
    pub oid: &'a [u8],
    /// The data.
    pub value: &'a [u8],
}

//! What is on a PIV card: which keys and certificates there are, asked for with as few commands as the card allows.
//! Bodies are not read here.

use std::collections::{BTreeMap, BTreeSet};

use crate::apdu::{ApduError, Channel, StatusWord};
use crate::card::admin::PinPolicy;
use crate::card::sought::SoughtKey;
use crate::card::{CardError, Listing};
use crate::codec::tlv;
use crate::crypto::{CertificateDetails, PublicKey};
use crate::token::Problem;

use super::beginning;
use super::commands::{self, MetadataAnswer, Part};
use super::objects::{self, KeyHistory};
use super::references::{Algorithm, Container, DATA_OBJECTS, KeyReference};

/// Who made the card: decides what it understands beyond the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Brand {
    YubiKey,
    Nitrokey,
    Other,
}

impl Brand {
    /// Its cards are likely to have metadata.
    fn asks_first(self) -> bool {
        self == Self::YubiKey
    }

    /// By the answer to reset and the label in the application's property template.
    pub fn of(atr: &[u8], label: Option<&str>) -> Self {
        let lower = atr.to_ascii_lowercase();
        let has = |name: &[u8]| lower.windows(name.len()).any(|part| part == name);
        if has(YUBIKEY) {
            Self::YubiKey
        } else if has(NITROKEY) || label.is_some_and(|label| label.to_ascii_lowercase().contains("nitrokey"))
        {
            Self::Nitrokey
        } else {
            Self::Other
        }
    }
}

/// Whether the card answers GET METADATA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MetadataSupport {
    Yes,
    No,
    Untried,
}

impl MetadataSupport {
    pub fn of(brand: Brand) -> Self {
        match brand {
            Brand::YubiKey | Brand::Other => Self::Untried,
            Brand::Nitrokey => Self::No,
        }
    }
}

/// The label in the application property template (SP 800-73-5 part 2, table 3).
pub(super) fn application_label(template: &[u8]) -> Option<String> {
    let template = tlv::find(template, TAG_PROPERTY_TEMPLATE)?;
    let label = crate::codec::padded::unpad(tlv::find(template, TAG_LABEL)?);
    Some(label).filter(|label| !label.is_empty())
}

/// What is known of one key.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct KeyFacts {
    /// `None` until it was read, where only the certificate tells.
    pub algorithm: Option<Algorithm>,
    pub public: Option<PublicKey>,
    pub pin_policy: Option<PinPolicy>,
    /// Generated on the card, where it tells.
    pub generated: Option<bool>,
    pub has_certificate: bool,
}

/// What is on the card.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Content {
    /// How much of it is known; `None` = nothing.
    pub listed: Option<Listing>,
    /// Reference of the PIN: the application's or the global one.
    pub pin: u8,
    pub serial: Option<String>,
    pub has_chuid: bool,
    /// It has a key history, which is shown among the data objects when all of those are: it decides no slot before.
    pub has_history: bool,
    pub keys: BTreeMap<KeyReference, KeyFacts>,
    /// The objects of certificates that came whole.
    pub certificates: BTreeMap<KeyReference, Vec<u8>>,
    /// Indices into [`DATA_OBJECTS`].
    pub data: BTreeSet<usize>,
    pub problems: Vec<Problem>,
}

/// Asks the card, whose application is selected, for what the layout depends on; and of the keys that want the PIN, for the
/// one that is sought, with its certificate.
pub(super) fn read(
    channel: &mut Channel<'_>,
    brand: Brand,
    support: &mut MetadataSupport,
    sought: Option<&SoughtKey>,
) -> Result<Content, CardError> {
    let mut content = Content::default();
    let discovery = match brand {
        // They have no global PIN.
        Brand::YubiKey | Brand::Nitrokey => None,
        _ => content
            .tolerated(commands::get_data(channel, &Container::discovery()), "Discovery Object")?
            .flatten(),
    };
    content.pin = objects::primary_pin(discovery.as_deref());
    if discovery.is_some() {
        content.meet(&Container::discovery());
    }
    if brand == Brand::YubiKey {
        content.serial = commands::serial(channel)?.map(|number| number.to_string());
    }
    if content.serial.is_none() {
        let read = commands::get_data(channel, &Container::chuid());
        let chuid = content.tolerated(read, "Card Holder Unique Identifier")?.flatten();
        content.serial = chuid.as_deref().and_then(objects::serial);
        content.has_chuid = chuid.is_some();
        if content.has_chuid {
            content.meet(&Container::chuid());
        }
    }
    let is_sought = |key: &KeyReference| sought.is_some_and(|sought| sought.fits(&key.label(), &[key.id()]));
    // The key without a PIN decides whether there is a second token.
    for key in KeyReference::all().filter(|key| *key == KeyReference::CARD || is_sought(key)) {
        let question = Question { asks_first: brand.asks_first(), whole: is_sought(&key) };
        content.ask(channel, support, key, question)?;
    }
    content.listed = Some(Listing::Layout);
    Ok(content)
}

/// How a key is asked for.
#[derive(Debug, Clone, Copy, Default)]
struct Question {
    /// The card is likely to have metadata.
    asks_first: bool,
    /// All of the certificate is wanted.
    whole: bool,
}

impl Content {
    /// The certificate of a key, if all of it came along.
    pub fn certificate(&self, key: KeyReference) -> Option<Vec<u8>> {
        objects::certificate(&key.certificate_label(), self.certificates.get(&key)?).ok()
    }

    /// Asks for what was left out so far. The application is selected.
    pub fn read_rest(
        &mut self,
        channel: &mut Channel<'_>,
        brand: Brand,
        support: &mut MetadataSupport,
        listing: Listing,
    ) -> Result<(), CardError> {
        if listing >= Listing::Keys && self.listed < Some(Listing::Keys) {
            let question = Question { asks_first: brand.asks_first(), whole: false };
            for key in KeyReference::MAIN.into_iter().filter(|key| *key != KeyReference::CARD) {
                self.ask(channel, support, key, question)?;
            }
            self.retired(channel, support)?;
        }
        if listing == Listing::Everything {
            self.data_objects(channel)?;
        }
        self.listed = self.listed.max(Some(listing));
        Ok(())
    }

    /// Asks for one key: its metadata where the card has any, and whether there is a certificate.
    fn ask(
        &mut self,
        channel: &mut Channel<'_>,
        support: &mut MetadataSupport,
        key: KeyReference,
        question: Question,
    ) -> Result<(), CardError> {
        let asked_first =
            *support == MetadataSupport::Yes || (question.asks_first && *support == MetadataSupport::Untried);
        let mut facts = if asked_first { key_metadata(channel, support, key)? } else { None };
        let part = commands::part(channel, &key.certificate(), question.whole);
        let part = self.tolerated(part, &key.certificate_label())?.flatten();
        let has_certificate = part.is_some();
        if !has_certificate && !asked_first && *support != MetadataSupport::No {
            // A key without a certificate shows by its metadata alone.
            facts = key_metadata(channel, support, key)?;
        }
        if has_certificate || facts.is_some() {
            let facts = KeyFacts { has_certificate, ..facts.unwrap_or_default() };
            let facts = self.with_certificate(key, facts, part);
            self.keys.insert(key, facts);
        }
        Ok(())
    }

    /// What a certificate, or its beginning, adds to what is known of its key.
    fn with_certificate(&mut self, key: KeyReference, facts: KeyFacts, part: Option<Part>) -> KeyFacts {
        let Some(part) = part else { return facts };
        let mut facts =
            KeyFacts { algorithm: facts.algorithm.or_else(|| beginning::algorithm(&part.bytes)), ..facts };
        let value = tlv::find(&part.bytes, key.certificate().wrapper()).filter(|_| part.whole);
        if let Some(value) = value {
            self.certificates.insert(key, value.to_vec());
        }
        if facts.algorithm.is_none() {
            // Compressed, or with long names.
            let details = self.certificate(key).and_then(|der| CertificateDetails::parse(&der).ok());
            facts.public = facts.public.or(details.and_then(|details| details.public_key));
            facts.algorithm = facts.public.as_ref().map(Algorithm::of_public);
        }
        facts
    }

    /// Asks for retired keys: as many as the key history counts. Without one a card that has metadata is asked for the
    /// first of them, and for all when that is there.
    fn retired(&mut self, channel: &mut Channel<'_>, support: &mut MetadataSupport) -> Result<(), CardError> {
        let read = commands::get_data(channel, &Container::key_history());
        let value = self.tolerated(read, "Key History Object")?.flatten();
        let history = value.as_deref().map(KeyHistory::parse);
        self.has_history = history.is_some();
        let limit = match (history, *support) {
            (Some(history), _) => usize::from(history.on_card),
            (None, MetadataSupport::Yes) => usize::MAX,
            (None, _) => 0,
        };
        let mut left = limit;
        for (index, key) in KeyReference::retired().enumerate() {
            if left == 0 {
                break;
            }
            self.ask(channel, support, key, Question::default())?;
            match self.keys.contains_key(&key) {
                true => left -= 1,
                // Nobody counts them, and the first place is empty: so are the others.
                false if history.is_none() && index == 0 => break,
                false => {}
            }
        }
        for key in KeyReference::retired().rev().take(history.map_or(0, |history| history.off_card.into())) {
            if *support == MetadataSupport::Yes {
                self.ask(channel, support, key, Question::default())?;
            } else if !self.keys.contains_key(&key) {
                self.problems.push(Problem {
                    what: format!("key {:?}", key.label()),
                    why: "its certificate is not on the card".to_owned(),
                });
            }
        }
        Ok(())
    }

    /// A data object is there.
    fn meet(&mut self, container: &Container) {
        self.data.extend(DATA_OBJECTS.iter().position(|row| row.container() == *container));
    }

    /// Asks for every data object that was not met on the way.
    fn data_objects(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        if self.has_history {
            self.meet(&Container::key_history());
        }
        for (index, row) in DATA_OBJECTS.iter().enumerate() {
            if self.data.contains(&index) {
                continue;
            }
            let there = match commands::has_data(channel, &row.container()) {
                // It is there, for the holder of the PIN.
                Err(CardError::NotAuthenticated) => true,
                other => self.tolerated(other, row.name)?.unwrap_or(false),
            };
            if there {
                self.data.insert(index);
            }
        }
        Ok(())
    }

    /// What one object's error means for the rest: nothing, unless the connection is broken.
    fn tolerated<T>(&mut self, result: Result<T, CardError>, what: &str) -> Result<Option<T>, CardError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(CardError::Apdu(error @ ApduError::Transport(_))) => Err(error.into()),
            Err(error) => {
                self.problems.push(Problem { what: what.to_owned(), why: error.to_string() });
                Ok(None)
            }
        }
    }
}

/// What metadata tells of a key. `None` when there is no such key, or the card does not know the question.
fn key_metadata(
    channel: &mut Channel<'_>,
    support: &mut MetadataSupport,
    key: KeyReference,
) -> Result<Option<KeyFacts>, CardError> {
    let metadata = match commands::metadata(channel, key.byte())? {
        MetadataAnswer::Is(metadata) => metadata,
        MetadataAnswer::NoSuchKey => {
            *support = MetadataSupport::Yes;
            return Ok(None);
        }
        MetadataAnswer::Unknown => {
            if *support == MetadataSupport::Untried {
                *support = MetadataSupport::No;
            }
            return Ok(None);
        }
    };
    *support = MetadataSupport::Yes;
    let algorithm = metadata.algorithm.and_then(Algorithm::of_byte);
    let public = match (algorithm, &metadata.public) {
        // A public key that is none is found out when it is asked for.
        (Some(algorithm), Some(objects)) => commands::public_key(key, algorithm, objects).ok(),
        _ => None,
    };
    Ok(Some(KeyFacts {
        algorithm,
        public,
        pin_policy: metadata.pin_policy,
        generated: metadata.generated,
        has_certificate: false,
    }))
}

/// The status that a card gave as an error, if it gave one.
pub(super) fn status_of(error: &CardError) -> Option<StatusWord> {
    match error {
        CardError::Apdu(ApduError::UnexpectedStatus { status, .. }) | CardError::Refused { status, .. } => {
            Some(*status)
        }
        _ => None,
    }
}

const YUBIKEY: &[u8] = b"yubikey";
const NITROKEY: &[u8] = b"nitrokey";
const TAG_PROPERTY_TEMPLATE: u32 = 0x61;
const TAG_LABEL: u32 = 0x50;

//! What is on a PIV card: which keys and certificates there are, asked for with as few commands as the card allows.
//! Bodies are not read here.

use std::collections::BTreeMap;

use crate::apdu::{ApduError, Channel, StatusWord};
use crate::card::CardError;
use crate::card::admin::PinPolicy;
use crate::card::sought::SoughtKey;
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
    /// Reference of the PIN: the application's or the global one.
    pub pin: u8,
    pub serial: Option<String>,
    pub has_chuid: bool,
    pub keys: BTreeMap<KeyReference, KeyFacts>,
    /// The objects of certificates that came whole.
    pub certificates: BTreeMap<KeyReference, Vec<u8>>,
    /// Indices into [`DATA_OBJECTS`].
    pub data: Vec<usize>,
    pub problems: Vec<Problem>,
}

/// How much of a card is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent<'a> {
    /// Every data object too.
    pub whole: bool,
    /// Of the keys that want the PIN no other than this one, and with it its certificate.
    pub sought: Option<&'a SoughtKey>,
}

impl Extent<'_> {
    fn seeks(self, key: KeyReference) -> bool {
        self.sought.is_some_and(|sought| sought.fits(&key.label(), &[key.id()]))
    }
}

/// Asks the card, whose application is selected.
pub(super) fn read(
    channel: &mut Channel<'_>,
    brand: Brand,
    support: &mut MetadataSupport,
    extent: Extent<'_>,
) -> Result<Content, CardError> {
    let mut content = Content::default();
    let mut found: Vec<Container> = Vec::new();
    let discovery = match brand {
        // They have no global PIN.
        Brand::YubiKey | Brand::Nitrokey => None,
        _ => content
            .tolerated(commands::get_data(channel, &Container::discovery()), "Discovery Object")?
            .flatten(),
    };
    content.pin = objects::primary_pin(discovery.as_deref());
    found.extend(discovery.map(|_| Container::discovery()));
    if brand == Brand::YubiKey {
        content.serial = commands::serial(channel)?.map(|number| number.to_string());
    }
    if content.serial.is_none() {
        let read = commands::get_data(channel, &Container::chuid());
        let chuid = content.tolerated(read, "Card Holder Unique Identifier")?.flatten();
        content.serial = chuid.as_deref().and_then(objects::serial);
        content.has_chuid = chuid.is_some();
        found.extend(chuid.map(|_| Container::chuid()));
    }
    let asks_first = brand == Brand::YubiKey;
    if extent.sought.is_some() {
        // The key without a PIN decides whether there is a second token.
        for key in KeyReference::all().filter(|key| extent.seeks(*key) || *key == KeyReference::CARD) {
            content.ask(channel, support, key, Question { asks_first, whole: extent.seeks(key) })?;
        }
    } else {
        for key in KeyReference::MAIN {
            content.ask(channel, support, key, Question { asks_first, whole: false })?;
        }
        if content.retired(channel, support)? {
            found.push(Container::key_history());
        }
    }
    content.data_objects(channel, &found, extent.whole)?;
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
    /// first of them, and for all when that is there. Answers whether there is a history.
    fn retired(
        &mut self,
        channel: &mut Channel<'_>,
        support: &mut MetadataSupport,
    ) -> Result<bool, CardError> {
        let read = commands::get_data(channel, &Container::key_history());
        let value = self.tolerated(read, "Key History Object")?.flatten();
        let history = value.as_deref().map(KeyHistory::parse);
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
        Ok(history.is_some())
    }

    /// Data objects: those that were met on the way, or all that the card has.
    fn data_objects(
        &mut self,
        channel: &mut Channel<'_>,
        found: &[Container],
        whole: bool,
    ) -> Result<(), CardError> {
        for (index, row) in DATA_OBJECTS.iter().enumerate() {
            let container = row.container();
            let there = if found.contains(&container) {
                true
            } else if !whole {
                false
            } else {
                match commands::has_data(channel, &container) {
                    // It is there, for the holder of the PIN.
                    Err(CardError::NotAuthenticated) => true,
                    other => self.tolerated(other, row.name)?.unwrap_or(false),
                }
            };
            if there {
                self.data.push(index);
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

//! What a new key is to be: its type, usage and other options, as the command line writes them.

use clap::{Args, ValueEnum};

use crate::card::admin::{AdminAbilities, KeyPlace, PinPolicy, TouchPolicy};
use crate::cli::args::{HexBytes, parse_hex};
use crate::cli::error::CliError;
use crate::cli::keys::uses;
use crate::cli::suggest::nearest;
use crate::cli::text::{check_id, check_label};
use crate::crypto::Curve;
use crate::engine::{KeyPlacement, KeySpec, TokenView};
use crate::token::{KeyAlgorithm, KeyClass, KeyId, KeyUsage, LONGEST_LABEL};

/// Options of a new key, generated or imported.
#[derive(Debug, Clone, Default, Args)]
pub struct NewKeyArgs {
    /// Label of the key; without it the first free key N
    #[arg(long, value_name = "LABEL")]
    pub label: Option<String>,

    /// Id of the key, in hexadecimal; without it that of its certificate, or a free one
    #[arg(long, value_name = "HEX", value_parser = parse_hex)]
    pub id: Option<HexBytes>,

    /// What the key may do: sign, decrypt, derive, unwrap, non-repudiation, encrypt, wrap
    #[arg(long, value_name = "USES", value_delimiter = ',')]
    pub usage: Vec<String>,

    /// Ask for the PIN at each use of the key
    #[arg(long)]
    pub always_authenticate: bool,

    /// Place of the key, on cards with one for each purpose: 9a, 9c, 9d, 9e, 82 to 95 (PIV); sig, dec, aut (OpenPGP)
    #[arg(long, value_name = "NAME")]
    pub key_ref: Option<String>,

    /// Let the key that is in this place be lost
    #[arg(long)]
    pub replace: bool,

    /// When the card asks for the PIN, where it can be told
    #[arg(long, value_name = "WHEN")]
    pub pin_policy: Option<PinWhen>,

    /// When the card waits for a touch, where it can be told
    #[arg(long, value_name = "WHEN")]
    pub touch_policy: Option<TouchWhen>,
}

/// The values of `--pin-policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PinWhen {
    /// Never: whoever has the card uses the key
    Never,
    /// Once in a session
    Once,
    /// Before each use
    Always,
}

/// The values of `--touch-policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TouchWhen {
    /// Never
    Never,
    /// Before each use
    Always,
    /// Before a use, unless there was a touch in the last seconds
    Cached,
    /// Before each use, and only a new key ends that
    Fixed,
}

impl From<PinWhen> for PinPolicy {
    fn from(when: PinWhen) -> Self {
        match when {
            PinWhen::Never => Self::Never,
            PinWhen::Once => Self::Once,
            PinWhen::Always => Self::Always,
        }
    }
}

impl From<TouchWhen> for TouchPolicy {
    fn from(when: TouchWhen) -> Self {
        match when {
            TouchWhen::Never => Self::Never,
            TouchWhen::Always => Self::Always,
            TouchWhen::Cached => Self::Cached,
            TouchWhen::Fixed => Self::Fixed,
        }
    }
}

impl NewKeyArgs {
    /// The wish as the engine takes it. Errors: an unknown use, an empty id.
    pub fn spec(
        &self,
        algorithm: KeyAlgorithm,
        default_label: &str,
        extractable: bool,
    ) -> Result<KeySpec, CliError> {
        let mut spec = KeySpec::new(algorithm, self.label.as_deref().unwrap_or(default_label));
        if let Some(id) = &self.id {
            check_id("--id", &id.0)?;
            spec.id = Some(KeyId(id.0.clone()));
        }
        check_label("--label", &spec.label, LONGEST_LABEL)?;
        spec.usage = self.usage_for(algorithm)?;
        spec.always_authenticate = self.always_authenticate;
        spec.extractable = extractable;
        spec.placement = self.placement();
        Ok(spec)
    }

    fn placement(&self) -> KeyPlacement {
        KeyPlacement {
            place: self.key_ref.clone(),
            replace: self.replace,
            pin_policy: self.pin_policy.map(PinPolicy::from),
            touch_policy: self.touch_policy.map(TouchPolicy::from),
        }
    }

    /// Settles the place of a new key, on cards that have places: the one that is named, that of the id, or the first one
    /// that is free. What the card does not have is left to it to refuse.
    pub fn settle_place(
        &self,
        abilities: &AdminAbilities,
        view: &TokenView,
        spec: &mut KeySpec,
    ) -> Option<KeyId> {
        let is_free = |place: &&KeyPlace| {
            view.card.keys.iter().all(|key| key.class == KeyClass::Public || key.id != place.id)
        };
        let mut places = abilities.key_places.iter();
        let place = match (&spec.placement.place, &spec.id) {
            (Some(name), _) => places.find(|place| place.name.eq_ignore_ascii_case(name)),
            (None, Some(id)) => places.find(|place| place.id == *id),
            (None, None) => places.find(is_free),
        }?;
        spec.placement.place = Some(place.name.clone());
        Some(place.id.clone())
    }

    /// Refuses a label where the place of a key is its name. Asks the card nothing that it has not told.
    pub fn check_names(&self, abilities: &AdminAbilities) -> Result<(), CliError> {
        match (&self.label, abilities.key_places.as_slice()) {
            (Some(_), [first, ..]) => {
                Err(CliError::usage("keys of this card have names of their own, --label does not fit")
                    .hint(format!("choose a place instead, such as --key-ref {}", first.name)))
            }
            _ => Ok(()),
        }
    }

    /// The uses of a key of this kind, `None` where nothing is said. Errors: an unknown one, or one that such keys
    /// do not have.
    fn usage_for(&self, algorithm: KeyAlgorithm) -> Result<Option<KeyUsage>, CliError> {
        let usage = self.usage()?;
        let (family, possible) = possible_uses(algorithm);
        let wrong = usage.and_then(|usage| uses(&usage).into_iter().find(|word| !possible.contains(word)));
        match wrong {
            Some(word) => Err(CliError::usage(format!("{family} keys do not {word}"))
                .hint(format!("they can {}", possible.join(", ")))),
            None => Ok(usage),
        }
    }

    /// The uses, `None` where nothing is said. Errors: an unknown one.
    fn usage(&self) -> Result<Option<KeyUsage>, CliError> {
        let mut usage = KeyUsage::default();
        for word in &self.usage {
            match word.trim().to_ascii_lowercase().as_str() {
                "encrypt" => usage.encrypt = true,
                "decrypt" => usage.decrypt = true,
                "sign" => usage.sign = true,
                "sign-recover" => usage.sign_recover = true,
                "verify" => usage.verify = true,
                "verify-recover" => usage.verify_recover = true,
                "wrap" => usage.wrap = true,
                "unwrap" => usage.unwrap = true,
                "derive" => usage.derive = true,
                "non-repudiation" => usage.non_repudiation = true,
                _ => return Err(unknown_use(word)),
            }
        }
        Ok((!self.usage.is_empty()).then_some(usage))
    }
}

/// What private and secret keys of a family can do.
fn possible_uses(algorithm: KeyAlgorithm) -> (&'static str, &'static [&'static str]) {
    match algorithm {
        KeyAlgorithm::Rsa { .. } => {
            ("RSA", &["sign", "decrypt", "unwrap", "sign-recover", "non-repudiation"])
        }
        KeyAlgorithm::Ec { .. } => ("EC", &["sign", "derive", "non-repudiation"]),
        KeyAlgorithm::Ed25519 => ("Ed25519", &["sign", "non-repudiation"]),
        KeyAlgorithm::X25519 => ("X25519", &["derive"]),
        _ => ("AES", &["encrypt", "decrypt", "wrap", "unwrap", "derive"]),
    }
}

/// `key 3`: the first of its kind that no key of the card has.
pub fn free_label(view: &TokenView) -> String {
    let taken =
        |label: &str| view.card.keys.iter().any(|key| key.class != KeyClass::Public && key.label == label);
    (1..).map(|number| format!("key {number}")).find(|label| !taken(label)).unwrap_or_default()
}

/// A key type of the command line: `rsa:2048`, `ec:p256`, `ed25519`, `x25519`, `aes:256`. Without a size it is left to the token to say
/// which there are. Errors: an unknown family or curve, a size that is no number.
pub fn parse_key_type(text: &str) -> Result<KeyAlgorithm, CliError> {
    let (family, size) = match text.split_once(':') {
        Some((family, size)) => (family, Some(size)),
        None => (text, None),
    };
    let bits = |size: Option<&str>| match size {
        None => Ok(0),
        Some(size) => match size.parse::<u32>() {
            Ok(bits) if bits > 0 => Ok(bits),
            _ => Err(CliError::usage(format!("{size:?} is no size of a key")).hint(FORMS)),
        },
    };
    match family.to_ascii_lowercase().as_str() {
        "rsa" => Ok(KeyAlgorithm::Rsa { modulus_bits: bits(size)? }),
        "aes" => Ok(KeyAlgorithm::Aes { key_bits: bits(size)? }),
        "ed25519" if size.is_none() => Ok(KeyAlgorithm::Ed25519),
        "x25519" if size.is_none() => Ok(KeyAlgorithm::X25519),
        "ec" => match size {
            None => Ok(KeyAlgorithm::Ec { curve: None }),
            Some(name) => match Curve::from_name(&name.to_ascii_lowercase()) {
                Some(curve) => Ok(KeyAlgorithm::Ec { curve: Some(curve) }),
                None => Err(unknown_curve(name)),
            },
        },
        _ => Err(CliError::usage(format!("there is no key type {text:?}")).hint(FORMS)),
    }
}

fn unknown_curve(name: &str) -> CliError {
    let error = CliError::usage(format!("there is no curve {name:?}"));
    match nearest(name, Curve::ALL.iter().map(|curve| curve.name())) {
        Some(near) => error.hint(format!("did you mean ec:{near}?")),
        None => {
            let names: Vec<&str> = Curve::ALL.iter().map(|curve| curve.name()).collect();
            error.hint(format!("the curves are {}", names.join(", ")))
        }
    }
}

fn unknown_use(word: &str) -> CliError {
    let error = CliError::usage(format!("there is no use {word:?} of a key"));
    match nearest(word, USES) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint(format!("the uses are {}", USES.join(", "))),
    }
}

const FORMS: &str = "key types are written rsa:2048, ec:p256, ed25519, x25519, aes:256";

const USES: [&str; 10] = [
    "sign",
    "decrypt",
    "derive",
    "unwrap",
    "non-repudiation",
    "encrypt",
    "wrap",
    "verify",
    "sign-recover",
    "verify-recover",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_key_type_forms_are_read() {
        assert_eq!(parse_key_type("rsa:2048"), Ok(KeyAlgorithm::Rsa { modulus_bits: 2048 }));
        assert_eq!(parse_key_type("rsa"), Ok(KeyAlgorithm::Rsa { modulus_bits: 0 }));
        assert_eq!(parse_key_type("EC:P256"), Ok(KeyAlgorithm::Ec { curve: Some(Curve::P256) }));
        assert_eq!(parse_key_type("Ed25519"), Ok(KeyAlgorithm::Ed25519));
        assert_eq!(parse_key_type("x25519"), Ok(KeyAlgorithm::X25519));
        assert_eq!(parse_key_type("ec"), Ok(KeyAlgorithm::Ec { curve: None }));
        assert_eq!(parse_key_type("aes:256"), Ok(KeyAlgorithm::Aes { key_bits: 256 }));
    }

    #[test]
    fn parse_key_type_wrong_ones_are_answered_with_the_right_forms() {
        for text in ["dsa:1024", "rsa:0", "rsa:-1", "rsa:2k", "ec:p257", "ed25519:256", "", "aes:"] {
            let error = parse_key_type(text).unwrap_err();
            assert!(!error.hints.is_empty(), "{text}");
        }
    }

    #[test]
    fn usage_words_are_read_and_misspelt_ones_guessed() {
        let args = |words: &[&str]| NewKeyArgs {
            usage: words.iter().map(|word| (*word).to_owned()).collect(),
            ..NewKeyArgs::default()
        };
        let usage = args(&["sign", "Decrypt"]).usage().unwrap().unwrap();
        assert!(usage.sign && usage.decrypt && !usage.derive);
        assert_eq!(args(&[]).usage(), Ok(None));
        let for_key = |words: &[&str], kind| args(words).usage_for(parse_key_type(kind).unwrap());
        assert!(for_key(&["sign", "derive"], "ec:p256").is_ok());
        assert_eq!(for_key(&["decrypt"], "ec:p256").unwrap_err().message, "EC keys do not decrypt");
        assert_eq!(for_key(&["sign"], "aes:256").unwrap_err().message, "AES keys do not sign");
        assert_eq!(args(&["sing"]).usage().unwrap_err().hints, ["did you mean sign?"]);
    }
}

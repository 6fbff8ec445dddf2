//! Which key is meant: exactly one over all tokens that fit, or an error that lists the candidates.

use super::args::{KeyArgs, PinArgs, TokenArgs};
use super::context::Context;
use super::error::{CliError, ErrorKind};
use super::selector::{Selector, parse_uri, pin_source};
use super::suggest::nearest;
use super::text::quote;
use super::tokens::FoundToken;
use super::unlock;
use crate::card::sought::SoughtKey;
use crate::codec::hex;
use crate::crypto::PublicKey;
use crate::engine::uri::Uri;
use crate::engine::{AttributeType, ObjectClass, ObjectHandle, Provider, SessionHandle, Template, TokenView};
use crate::token::{Key, KeyAlgorithm, KeyClass, KeyUsage};

/// What is known of the wanted key, and of its token.
#[derive(Debug, Clone, Default)]
pub struct KeyChoice {
    /// The token.
    pub selector: Selector,
    /// `CKA_LABEL`, whole.
    pub label: Option<String>,
    /// `CKA_ID`.
    pub id: Option<Vec<u8>>,
    /// The class that a URI says.
    pub class: Option<ObjectClass>,
    /// Where a URI says that the PIN is.
    pub pin_source: Option<String>,
}

/// A private key and its token.
#[derive(Debug, Clone)]
pub struct ChosenKey {
    /// The token.
    pub token: FoundToken,
    /// The key as the card's directory describes it.
    pub key: Key,
}

impl KeyChoice {
    /// Joins the options of the command line. Errors: a bad URI, or options that contradict each other.
    pub fn new(tokens: &TokenArgs, keys: &KeyArgs) -> Result<Self, CliError> {
        let mut id = keys.id.as_ref().map(|id| id.0.clone());
        let Some(text) = keys.key.as_deref().filter(|text| Uri::is_uri(text)) else {
            let selector = Selector::new(tokens, None)?;
            return Ok(Self {
                selector,
                label: keys.key.clone(),
                id,
                class: None,
                pin_source: pin_source(tokens)?,
            });
        };
        let uri = parse_uri(text)?;
        if let (Some(first), Some(second)) = (&id, &uri.id)
            && first != second
        {
            return Err(CliError::usage("two different values for the id are given"));
        }
        id = id.or_else(|| uri.id.clone());
        let selector = Selector::new(tokens, Some(&uri))?;
        Ok(Self { selector, label: uri.object, id, class: uri.class, pin_source: uri.pin_source })
    }

    /// Lets cards tell of no other key than this one, where it is named: for commands that use it and nothing else of the
    /// token, before any card is read.
    pub fn seek(&self, context: &Context) -> Result<(), CliError> {
        if self.label.is_some() || self.id.is_some() {
            context.engine()?.seek(Some(SoughtKey { label: self.label.clone(), id: self.id.clone() }));
        }
        Ok(())
    }

    /// The one private key (or secret one, where that can do it) that fits and may do what is asked. `pin` is for tokens
    /// that show no private key before login: there the login comes first, and `unlock` finds it done.
    pub fn private_key(
        &self,
        context: &Context,
        purpose: Purpose,
        pin: &PinArgs,
    ) -> Result<ChosenKey, CliError> {
        let fits = |class: &ObjectClass| match class {
            ObjectClass::PrivateKey => true,
            ObjectClass::SecretKey => purpose.takes_secret_keys(),
            _ => false,
        };
        if let Some(class) = self.class.filter(|class| !fits(class)) {
            return Err(CliError::usage(format!(
                "the URI names a {class}, but a {} is needed",
                purpose.needed()
            )));
        }
        let tokens = unlock::reveal(context, self, pin)?;
        let keys: Vec<ChosenKey> = tokens.iter().flat_map(|token| keys_of(token, purpose)).collect();
        let named: Vec<&ChosenKey> = keys.iter().filter(|chosen| self.fits(&chosen.key)).collect();
        if named.is_empty() && context.engine()?.seek(None) {
            // What there is instead is told by cards that are asked for everything.
            return self.private_key(context, purpose, pin);
        }
        let usable: Vec<&ChosenKey> =
            named.iter().copied().filter(|chosen| purpose.allows(&chosen.key)).collect();
        match (usable.as_slice(), named.as_slice()) {
            ([one], _) => complete(context, one, purpose),
            ([], []) => Err(self.unmatched(&keys, purpose)),
            ([], [one]) => Err(purpose.refuse(one)),
            ([], _) => Err(CliError::new(ErrorKind::NotFound, format!("no key here may {}", purpose.verb()))
                .candidates(list(&named))),
            (several, _) => Err(self.ambiguous(several, purpose)),
        }
    }

    /// Every private or secret key that fits and that could open a message. Errors: none fits, or none may.
    pub fn opening_keys(&self, context: &Context, pin: &PinArgs) -> Result<Vec<ChosenKey>, CliError> {
        let (keys, named) = self.named_keys(context, Purpose::Open, pin)?;
        let usable: Vec<ChosenKey> =
            named.iter().filter(|chosen| Purpose::Open.allows(&chosen.key)).cloned().collect();
        match (usable.is_empty(), named.as_slice()) {
            (false, _) => Ok(usable),
            (true, []) => Err(self.unmatched(&keys, Purpose::Open)),
            (true, [one, ..]) => Err(Purpose::Open.refuse(one)),
        }
    }

    /// Every key that fits and may do what is asked: perhaps none.
    pub fn usable_keys(
        &self,
        context: &Context,
        purpose: Purpose,
        pin: &PinArgs,
    ) -> Result<Vec<ChosenKey>, CliError> {
        let (_, named) = self.named_keys(context, purpose, pin)?;
        Ok(named.into_iter().filter(|chosen| purpose.allows(&chosen.key)).collect())
    }

    /// The keys of a kind, and those of them that fit.
    fn named_keys(
        &self,
        context: &Context,
        purpose: Purpose,
        pin: &PinArgs,
    ) -> Result<(Vec<ChosenKey>, Vec<ChosenKey>), CliError> {
        let tokens = unlock::reveal(context, self, pin)?;
        let keys: Vec<ChosenKey> = tokens.iter().flat_map(|token| keys_of(token, purpose)).collect();
        let named = keys.iter().filter(|chosen| self.fits(&chosen.key)).cloned().collect();
        Ok((keys, named))
    }

    /// True for a token that shows a key or certificate with the label and identifier asked for.
    pub fn is_hinted_by(&self, view: &TokenView) -> bool {
        let fits = |label: &str, id: &[u8]| {
            self.label.as_deref().is_none_or(|wanted| wanted == label)
                && self.id.as_deref().is_none_or(|wanted| wanted == id)
        };
        let mut keys = view.view.keys.iter().filter_map(|index| view.card.keys.get(*index));
        let mut certificates =
            view.view.certificates.iter().filter_map(|index| view.card.certificates.get(*index));
        keys.any(|key| fits(&key.label, &key.id.0))
            || certificates.any(|found| fits(&found.label, &found.id.0))
    }

    fn fits(&self, key: &Key) -> bool {
        self.label.as_deref().is_none_or(|label| label == key.label)
            && self.id.as_deref().is_none_or(|id| id == key.id.0)
    }

    fn unmatched(&self, keys: &[ChosenKey], purpose: Purpose) -> CliError {
        let needed = purpose.needed();
        let message = match (&self.label, &self.id) {
            (None, None) => format!("there is no {needed} on the token"),
            (Some(label), None) => format!("there is no {needed} {}", quote(label)),
            (None, Some(id)) => format!("there is no {needed} with id {}", hex::encode(id)),
            (Some(label), Some(id)) => {
                format!("there is no {needed} {} with id {}", quote(label), hex::encode(id))
            }
        };
        let all: Vec<&ChosenKey> = keys.iter().collect();
        let mut error = CliError::new(ErrorKind::NotFound, message).candidates(list(&all));
        if let Some(label) = &self.label
            && let Some(near) = nearest(label, keys.iter().map(|chosen| chosen.key.label.as_str()))
        {
            error = error.hint(format!("did you mean --key {}?", quote(near)));
        }
        error
    }

    fn ambiguous(&self, keys: &[&ChosenKey], purpose: Purpose) -> CliError {
        let message = format!("{} {}s fit: which one?", keys.len(), purpose.needed());
        CliError::new(ErrorKind::NotFound, message)
            .candidates(list(keys))
            .hint("choose by --slot, --key, --id or a pkcs11: URI")
    }
}

/// Finds a chosen private (or secret) key again in a session that is logged in.
pub fn find_again(
    engine: &dyn Provider,
    session: SessionHandle,
    key: &Key,
) -> Result<ObjectHandle, CliError> {
    let class = if key.class == KeyClass::Secret { ObjectClass::SecretKey } else { ObjectClass::PrivateKey };
    let template = Template::new().class(class).label(&key.label).id(&key.id.0);
    let handles = engine.find_all(session, &template)?;
    match handles.as_slice() {
        [handle] => Ok(*handle),
        [] => {
            Err(CliError::new(ErrorKind::NotFound, format!("key {} is gone after login", quote(&key.label))))
        }
        several => {
            let (number, label) = (several.len(), quote(&key.label));
            Err(CliError::new(
                ErrorKind::NotFound,
                format!("{number} keys have label {label} and id {}", key.id),
            ))
        }
    }
}

/// The public half: of the private key itself, else of the public key object, else of its certificate.
pub fn public_half(
    engine: &dyn Provider,
    session: SessionHandle,
    key: &Key,
    handle: ObjectHandle,
) -> Result<PublicKey, CliError> {
    let mut handles = vec![handle];
    for class in [ObjectClass::PublicKey, ObjectClass::Certificate] {
        handles.extend(engine.find_all(session, &Template::new().class(class).id(&key.id.0))?);
    }
    let mut infos = handles.into_iter().filter_map(|handle| {
        let info = engine.attribute(session, handle, AttributeType::PUBLIC_KEY_INFO).ok()?;
        PublicKey::from_spki_der(info.as_bytes()?).ok()
    });
    infos.next().ok_or_else(|| {
        let key = quote(&key.label);
        CliError::new(ErrorKind::Refused, format!("the public half of key {key} is not on the card"))
    })
}

/// What the key is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Signing.
    Sign,
    /// Decrypting.
    Decrypt,
    /// Opening a message: by decryption, by agreement, or with a secret key that both sides have.
    Open,
    /// Agreeing on a secret.
    Derive,
    /// Encrypting or decrypting data, with a secret key.
    Cipher,
    /// Wrapping other keys, with a secret key.
    Wrap,
    /// Unwrapping other keys.
    Unwrap,
    /// Deleting: secret keys as well.
    Delete,
}

impl Purpose {
    fn allows(self, key: &Key) -> bool {
        match self {
            Self::Sign => key.usage.sign || key.usage.non_repudiation,
            Self::Decrypt => {
                let decrypts = matches!(key.algorithm, KeyAlgorithm::Rsa { .. } | KeyAlgorithm::Untold);
                key.usage.decrypt && decrypts
            }
            Self::Open => match key.algorithm {
                KeyAlgorithm::Rsa { .. } => key.usage.decrypt,
                KeyAlgorithm::Ec { .. } | KeyAlgorithm::X25519 => key.usage.derive,
                KeyAlgorithm::Aes { .. } => key.usage.unwrap,
                KeyAlgorithm::Untold => key.usage.decrypt || key.usage.derive,
                _ => false,
            },
            Self::Derive => match key.algorithm {
                KeyAlgorithm::Ec { .. } | KeyAlgorithm::X25519 | KeyAlgorithm::Untold => key.usage.derive,
                _ => false,
            },
            Self::Cipher => {
                matches!(key.algorithm, KeyAlgorithm::Aes { .. }) && (key.usage.encrypt || key.usage.decrypt)
            }
            Self::Wrap => matches!(key.algorithm, KeyAlgorithm::Aes { .. }) && key.usage.wrap,
            Self::Unwrap => match key.algorithm {
                KeyAlgorithm::Aes { .. } | KeyAlgorithm::Rsa { .. } | KeyAlgorithm::Untold => {
                    key.usage.unwrap
                }
                _ => false,
            },
            Self::Delete => true,
        }
    }

    /// Whether secret keys can do it.
    fn takes_secret_keys(self) -> bool {
        matches!(self, Self::Open | Self::Cipher | Self::Wrap | Self::Unwrap | Self::Delete)
    }

    /// The kind of key that does it.
    fn needed(self) -> &'static str {
        match self {
            Self::Cipher | Self::Wrap => "secret key",
            Self::Open | Self::Delete => "private key",
            _ if self.takes_secret_keys() => "private or secret key",
            _ => "private key",
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Decrypt | Self::Open => "decrypt",
            Self::Derive => "derive",
            Self::Cipher => "encrypt and decrypt",
            Self::Wrap => "wrap",
            Self::Unwrap => "unwrap",
            Self::Delete => "be deleted",
        }
    }

    fn refuse(self, chosen: &ChosenKey) -> CliError {
        let message = format!("key {} may not {}", quote(&chosen.key.label), self.verb());
        let mut error = CliError::new(ErrorKind::Refused, message).candidates(list(&[chosen]));
        error.codes.return_value = Some("CKR_KEY_FUNCTION_NOT_PERMITTED".to_owned());
        error
    }
}

/// `rsa:2048`, `ec:p256`, `aes:256`: the key types of the command line.
pub fn algorithm_name(algorithm: &KeyAlgorithm) -> String {
    match algorithm {
        KeyAlgorithm::Rsa { modulus_bits: 0 } => "rsa".to_owned(),
        KeyAlgorithm::Rsa { modulus_bits } => format!("rsa:{modulus_bits}"),
        KeyAlgorithm::Ec { curve: None } => "ec".to_owned(),
        KeyAlgorithm::Ec { curve: Some(curve) } => format!("ec:{curve}"),
        KeyAlgorithm::Ed25519 => "ed25519".to_owned(),
        KeyAlgorithm::X25519 => "x25519".to_owned(),
        KeyAlgorithm::Aes { key_bits } => format!("aes:{key_bits}"),
        KeyAlgorithm::Des { key_bits } => format!("des:{key_bits}"),
        KeyAlgorithm::Generic { key_bits } => format!("generic:{key_bits}"),
        KeyAlgorithm::Untold => "type in its certificate".to_owned(),
    }
}

/// What a key may do, in words: `sign`, `decrypt`.
pub fn uses(usage: &KeyUsage) -> Vec<&'static str> {
    [
        (usage.encrypt, "encrypt"),
        (usage.decrypt, "decrypt"),
        (usage.sign, "sign"),
        (usage.sign_recover, "sign-recover"),
        (usage.verify, "verify"),
        (usage.verify_recover, "verify-recover"),
        (usage.wrap, "wrap"),
        (usage.unwrap, "unwrap"),
        (usage.derive, "derive"),
        (usage.non_repudiation, "non-repudiation"),
    ]
    .into_iter()
    .filter_map(|(may, word)| may.then_some(word))
    .collect()
}

/// A key with its algorithm, read now where the card's directory does not tell it.
fn complete(context: &Context, chosen: &ChosenKey, purpose: Purpose) -> Result<ChosenKey, CliError> {
    let mut chosen = chosen.clone();
    if chosen.key.algorithm == KeyAlgorithm::Untold && purpose != Purpose::Delete {
        chosen.key.algorithm = context.engine()?.key_algorithm(chosen.token.slot, chosen.key.object)?;
    }
    if purpose.allows(&chosen.key) { Ok(chosen) } else { Err(purpose.refuse(&chosen)) }
}

fn keys_of(token: &FoundToken, purpose: Purpose) -> Vec<ChosenKey> {
    let card = &token.view.card;
    let wanted = |key: &&Key| match key.class {
        KeyClass::Private => !matches!(purpose, Purpose::Cipher | Purpose::Wrap),
        KeyClass::Secret => purpose.takes_secret_keys(),
        KeyClass::Public => false,
    };
    let keys = token.view.view.keys.iter().filter_map(|index| card.keys.get(*index)).filter(wanted);
    keys.map(|key| ChosenKey { token: token.clone(), key: key.clone() }).collect()
}

fn list(keys: &[&ChosenKey]) -> Vec<String> {
    keys.iter()
        .map(|chosen| {
            let Key { label, id, algorithm, .. } = &chosen.key;
            format!(
                "slot {}: key {}, id {id}, {}, token {}",
                chosen.token.slot,
                quote(label),
                algorithm_name(algorithm),
                quote(&chosen.token.candidate.label)
            )
        })
        .collect()
}

//! Which token is meant: exactly one, or an error that lists what there is. Never "the first one".

use super::args::TokenArgs;
use super::error::{CliError, ErrorKind};
use super::suggest::nearest;
use super::text::quote;
use crate::engine::uri::{LibraryInfo, Uri, UriError};

/// What a selector asks for: every given part must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// Slot number.
    pub slot: Option<u32>,
    /// Label of the token, whole.
    pub label: Option<String>,
    /// Serial number of the token.
    pub serial: Option<String>,
    /// Manufacturer of the token.
    pub manufacturer: Option<String>,
    /// Model of the token.
    pub model: Option<String>,
    /// Reader: its name, or a part that no other has.
    pub reader: Option<String>,
    /// Who made the library, as a URI may say.
    pub library_manufacturer: Option<String>,
    /// What the library calls itself.
    pub library_description: Option<String>,
    /// Its version.
    pub library_version: Option<String>,
    /// Who made the slot, as a URI may say.
    pub slot_manufacturer: Option<String>,
}

/// A token that could be meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Slot number.
    pub slot: u32,
    /// The reader's name.
    pub reader: String,
    /// The token's label.
    pub label: String,
    /// Serial number.
    pub serial: String,
    /// Manufacturer.
    pub manufacturer: String,
    /// Model.
    pub model: String,
}

impl Candidate {
    /// True for slots of one application of one card: they are formatted and erased together, and have one officer.
    pub fn is_on_one_card_with(&self, other: &Self) -> bool {
        (&self.reader, &self.serial, &self.model) == (&other.reader, &other.serial, &other.model)
    }
}

impl Selector {
    /// Joins the options and a URI (of a token or an object). Errors: they contradict each other, a bad
    /// URI, a literal PIN in the URI.
    pub fn new(args: &TokenArgs, object_uri: Option<&Uri>) -> Result<Self, CliError> {
        let mut selector = Self {
            slot: args.slot,
            serial: args.serial.clone(),
            reader: args.reader.clone(),
            ..Self::default()
        };
        match &args.token {
            Some(text) if Uri::is_uri(text) => selector.narrow(&parse_token_uri(text)?)?,
            Some(label) => selector.label = Some(label.clone()),
            None => {}
        }
        if let Some(uri) = object_uri {
            selector.narrow(uri)?;
        }
        Ok(selector)
    }

    /// True when nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// True when the token itself is described, not only where it is.
    pub fn describes_token(&self) -> bool {
        let parts = [&self.label, &self.serial, &self.manufacturer, &self.model];
        parts.iter().any(|part| part.is_some())
    }

    /// True when the slot and reader could be meant; asks for nothing that needs the card.
    pub fn fits_slot(&self, slot: u32, reader: &str, readers: &[&str]) -> bool {
        self.slot.is_none_or(|wanted| wanted == slot)
            && self.reader.as_deref().is_none_or(|wanted| reader_fits(wanted, reader, readers))
    }

    /// True when the maker of the slot could be meant (`CK_SLOT_INFO`). `maker` is asked only where something is said of it.
    pub fn fits_maker<E>(&self, maker: impl FnOnce() -> Result<String, E>) -> Result<bool, E> {
        self.slot_manufacturer.as_deref().map_or(Ok(true), |wanted| Ok(maker()? == wanted))
    }

    /// True when the token could be meant, as far as the token itself tells.
    pub fn fits_token(&self, candidate: &Candidate) -> bool {
        let same = |wanted: &Option<String>, has: &str| wanted.as_deref().is_none_or(|wanted| wanted == has);
        same(&self.label, &candidate.label)
            && same(&self.serial, &candidate.serial)
            && same(&self.manufacturer, &candidate.manufacturer)
            && same(&self.model, &candidate.model)
    }

    /// True when this library could be meant (RFC 7512, 2.5). `library` is asked only where something is said of it.
    pub fn fits_library<E>(&self, library: impl FnOnce() -> Result<LibraryInfo, E>) -> Result<bool, E> {
        let said = [&self.library_manufacturer, &self.library_description, &self.library_version];
        if said.iter().all(|said| said.is_none()) {
            return Ok(true);
        }
        let library = library()?;
        let same = |wanted: &Option<String>, has: &str| wanted.as_deref().is_none_or(|wanted| wanted == has);
        Ok(same(&self.library_manufacturer, &library.manufacturer)
            && same(&self.library_description, &library.description)
            && self.library_version.as_deref().is_none_or(|wanted| library.is_version(wanted)))
    }

    /// The sentence for a selector that nothing fits.
    pub fn unmatched(&self, all: &[Candidate]) -> CliError {
        let message = if self.is_empty() {
            "there is no token".to_owned()
        } else {
            format!("there is no token with {}", self.describe())
        };
        let mut error = CliError::new(ErrorKind::NotFound, message).candidates(list(all));
        let guess = self.label.as_deref().and_then(|label| {
            // Spelt right: then another option does not fit it.
            if all.iter().any(|candidate| candidate.label == label) {
                return Some(format!("another option does not fit the token {}", quote(label)));
            }
            let labels = all.iter().map(|candidate| candidate.label.as_str());
            nearest(label, labels).map(|near| format!("did you mean --token {}?", quote(near)))
        });
        let guess = guess.or_else(|| {
            let wanted = self.reader.as_deref()?;
            let readers = all.iter().map(|candidate| candidate.reader.as_str());
            nearest(wanted, readers.filter(|reader| *reader != wanted))
                .map(|near| format!("did you mean --reader {}?", quote(near)))
        });
        error.hints.extend(guess);
        if all.is_empty() {
            error = error.hint("run p11ctl readers to see which readers and cards there are");
        }
        error
    }

    /// The sentence for a selector that fits more than one token.
    pub fn ambiguous(&self, fitting: &[Candidate]) -> CliError {
        let message = if self.is_empty() {
            format!("there are {} tokens: which one?", fitting.len())
        } else {
            format!("there are {} tokens with {}: which one?", fitting.len(), self.describe())
        };
        CliError::new(ErrorKind::NotFound, message)
            .candidates(list(fitting))
            .hint("choose by --slot, --token, --serial or --reader")
    }

    fn describe(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.slot.map(|slot| format!("slot {slot}")));
        for (name, value) in [
            ("label", &self.label),
            ("serial number", &self.serial),
            ("manufacturer", &self.manufacturer),
            ("model", &self.model),
            ("reader", &self.reader),
            ("slot manufacturer", &self.slot_manufacturer),
            ("library manufacturer", &self.library_manufacturer),
            ("library description", &self.library_description),
            ("library version", &self.library_version),
        ] {
            parts.extend(value.as_deref().map(|value| format!("{name} {}", quote(value))));
        }
        parts.join(" and ")
    }

    fn narrow(&mut self, uri: &Uri) -> Result<(), CliError> {
        merge("slot", &mut self.slot, uri.slot_id)?;
        merge("token label", &mut self.label, uri.token.clone())?;
        merge("serial number", &mut self.serial, uri.serial.clone())?;
        merge("manufacturer", &mut self.manufacturer, uri.manufacturer.clone())?;
        merge("model", &mut self.model, uri.model.clone())?;
        merge("reader", &mut self.reader, uri.slot_description.clone())?;
        merge("library manufacturer", &mut self.library_manufacturer, uri.library_manufacturer.clone())?;
        merge("library description", &mut self.library_description, uri.library_description.clone())?;
        merge("library version", &mut self.library_version, uri.library_version.clone())?;
        merge("slot manufacturer", &mut self.slot_manufacturer, uri.slot_manufacturer.clone())
    }
}

/// Parses a URI of the command line. Errors: it is none, or it carries a PIN.
pub fn parse_uri(text: &str) -> Result<Uri, CliError> {
    text.parse::<Uri>().map_err(|source| {
        let error = CliError::usage(source.to_string());
        match source {
            UriError::PinValue => {
                error.hint("leave pin-value out and give --pin prompt, env:NAME, file:PATH, fd:N or stdin")
            }
            _ => error,
        }
    })
}

/// Parses the URI of a token. Errors: as [`parse_uri`], or it names an object.
fn parse_token_uri(text: &str) -> Result<Uri, CliError> {
    let uri = parse_uri(text)?;
    if uri.names_object() {
        return Err(CliError::usage("--token names a token, but the URI names an object")
            .hint("leave object, id and type out of the URI"));
    }
    Ok(uri)
}

/// The `pin-source` of a URI given by `--token`.
pub fn pin_source(args: &TokenArgs) -> Result<Option<String>, CliError> {
    match args.token.as_deref().filter(|text| Uri::is_uri(text)) {
        Some(text) => Ok(parse_uri(text)?.pin_source),
        None => Ok(None),
    }
}

fn merge<T: PartialEq>(name: &str, ours: &mut Option<T>, theirs: Option<T>) -> Result<(), CliError> {
    match (&*ours, theirs) {
        (Some(first), Some(second)) if *first != second => {
            Err(CliError::usage(format!("two different values for the {name} are given")))
        }
        (None, Some(value)) => {
            *ours = Some(value);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A whole name fits alone; else every reader fits whose name contains the text, in either case.
fn reader_fits(wanted: &str, reader: &str, readers: &[&str]) -> bool {
    if readers.contains(&wanted) {
        return reader == wanted;
    }
    reader.to_lowercase().contains(&wanted.to_lowercase())
}

/// One line for each candidate, with the options that would choose it.
fn list(candidates: &[Candidate]) -> Vec<String> {
    candidates
        .iter()
        .map(|candidate| {
            let Candidate { slot, reader, label, serial, .. } = candidate;
            let serial = if serial.is_empty() { String::new() } else { format!(", serial {serial}") };
            format!("slot {slot}: {}{serial}, reader {}", quote(label), quote(reader))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates() -> Vec<Candidate> {
        [
            (0, "Reader A 00", "Card (PIN 1)", "01"),
            (1, "Reader A 00", "Card (PIN 2)", "01"),
            (4, "Reader B", "", "02"),
        ]
        .into_iter()
        .map(|(slot, reader, label, serial)| Candidate {
            slot,
            reader: reader.to_owned(),
            label: label.to_owned(),
            serial: serial.to_owned(),
            ..Candidate::default()
        })
        .collect()
    }

    fn chosen(selector: &Selector) -> Vec<u32> {
        let all = candidates();
        let readers: Vec<&str> = all.iter().map(|candidate| candidate.reader.as_str()).collect();
        all.iter()
            .filter(|c| selector.fits_slot(c.slot, &c.reader, &readers) && selector.fits_token(c))
            .map(|c| c.slot)
            .collect()
    }

    fn selector(args: TokenArgs) -> Selector {
        Selector::new(&args, None).unwrap()
    }

    #[test]
    fn fits_each_option_narrows() {
        assert_eq!(chosen(&Selector::default()), [0, 1, 4]);
        assert_eq!(chosen(&selector(TokenArgs { slot: Some(1), ..Default::default() })), [1]);
        assert_eq!(chosen(&selector(TokenArgs { serial: Some("01".into()), ..Default::default() })), [0, 1]);
        assert_eq!(
            chosen(&selector(TokenArgs { token: Some("Card (PIN 2)".into()), ..Default::default() })),
            [1]
        );
        assert_eq!(chosen(&selector(TokenArgs { token: Some("Card".into()), ..Default::default() })), [0; 0]);
    }

    #[test]
    fn fits_reader_by_whole_name_or_part() {
        assert_eq!(
            chosen(&selector(TokenArgs { reader: Some("reader".into()), ..Default::default() })),
            [0, 1, 4]
        );
        assert_eq!(
            chosen(&selector(TokenArgs { reader: Some("Reader B".into()), ..Default::default() })),
            [4]
        );
        assert_eq!(
            chosen(&selector(TokenArgs { reader: Some("a 00".into()), ..Default::default() })),
            [0, 1]
        );
    }

    #[test]
    fn new_uri_names_token_and_reader() {
        let token = Some("pkcs11:token=Card%20%28PIN%201%29;serial=01".to_owned());
        assert_eq!(chosen(&selector(TokenArgs { token, ..Default::default() })), [0]);
    }

    #[test]
    fn fits_library_what_a_uri_says_of_it_is_compared() {
        let library = || {
            let (manufacturer, description) = ("Snake Oil".to_owned(), "A module".to_owned());
            Ok::<_, ()>(LibraryInfo { manufacturer, description, version: (3, 0) })
        };
        for (uri, fits) in [
            ("pkcs11:token=a", true),
            ("pkcs11:library-manufacturer=Snake%20Oil", true),
            ("pkcs11:library-manufacturer=Snake", false),
            ("pkcs11:library-description=A%20module;library-version=3", true),
            ("pkcs11:library-version=3.0", true),
            ("pkcs11:library-version=3.1", false),
            ("pkcs11:library-version=0.3", false),
            ("pkcs11:library-version=three", false),
        ] {
            let token = Some(uri.to_owned());
            let selector = selector(TokenArgs { token, ..Default::default() });
            assert_eq!(selector.fits_library(library), Ok(fits), "{uri}");
        }
        let never = || Err::<LibraryInfo, _>("asked");
        assert_eq!(Selector::default().fits_library(never), Ok(true));
    }

    #[test]
    fn new_contradiction_is_refused() {
        let args = TokenArgs {
            token: Some("pkcs11:serial=02".into()),
            serial: Some("01".into()),
            ..Default::default()
        };
        assert_eq!(Selector::new(&args, None).unwrap_err().kind, ErrorKind::Usage);
    }

    #[test]
    fn new_uri_with_a_pin_is_refused_without_repeating_it() {
        let args = TokenArgs { token: Some("pkcs11:token=a?pin-value=7531".into()), ..Default::default() };
        let error = Selector::new(&args, None).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Usage);
        assert!(!format!("{error:?}").contains("7531"));
    }

    #[test]
    fn unmatched_lists_what_there_is_and_guesses() {
        let error = selector(TokenArgs { token: Some("Card (PIN 3)".into()), ..Default::default() })
            .unmatched(&candidates());
        assert_eq!(error.kind, ErrorKind::NotFound);
        assert_eq!(error.message, "there is no token with label \"Card (PIN 3)\"");
        assert_eq!(error.candidates.len(), 3);
        assert!(error.hints[0].starts_with("did you mean --token \"Card (PIN "));
    }

    #[test]
    fn ambiguous_lists_only_what_fits() {
        let selector = selector(TokenArgs { serial: Some("01".into()), ..Default::default() });
        let error = selector.ambiguous(&candidates()[..2]);
        assert_eq!(error.message, "there are 2 tokens with serial number \"01\": which one?");
        assert_eq!(error.candidates[0], "slot 0: \"Card (PIN 1)\", serial 01, reader \"Reader A 00\"");
    }
}

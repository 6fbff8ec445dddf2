//! From a selector to tokens: which slots are looked at, and what is said when none or too many fit.

use super::context::Context;
use super::error::{CliError, ErrorKind};
use super::explain::first_steps;
use super::selector::{Candidate, Selector};
use super::text::quote;
use crate::engine::{Error, Provider, ReaderReport, TokenView};
use crate::layout::SlotId;
use crate::transport::TransportError;

/// A token that a selector fits.
#[derive(Debug, Clone)]
pub struct FoundToken {
    /// Its slot.
    pub slot: SlotId,
    /// The card behind it, and what of the card it shows.
    pub view: TokenView,
    /// What it can be chosen by.
    pub candidate: Candidate,
}

/// Every token that `selector` fits, empty tokens included. Errors: none does.
pub fn matching(context: &Context, selector: &Selector) -> Result<Vec<FoundToken>, CliError> {
    let engine = context.engine()?;
    if !selector.fits_library(|| engine.library())? {
        return Err(nothing_fits(context, engine, selector));
    }
    if let Some(slot) = selector.slot {
        let fits_maker = selector.fits_maker(|| engine.slot_manufacturer(SlotId(slot)));
        let token =
            read(engine, SlotId(slot)).map_err(|error| no_token(context, engine, selector, &error))?;
        let readers = [token.view.reader.as_str()];
        let fits = fits_maker?
            && selector.fits_slot(slot, &token.view.reader, &readers)
            && selector.fits_token(&token.candidate);
        return if fits { Ok(vec![token]) } else { Err(nothing_fits(context, engine, selector)) };
    }
    let fitting = all(context, engine, selector);
    if fitting.is_empty() { Err(nothing_fits(context, engine, selector)) } else { Ok(fitting) }
}

/// The one token that `selector` and the command itself (`fits`: it has a PIN, it has a private key) allow.
/// A token that is named beyond doubt by the selector is taken even if it does not fit the command.
pub fn exactly_one(
    context: &Context,
    selector: &Selector,
    fits: impl Fn(&TokenView) -> bool,
) -> Result<FoundToken, CliError> {
    let mut matching = matching(context, selector)?;
    if matching.len() > 1 {
        let fitting: Vec<FoundToken> = matching.iter().filter(|token| fits(&token.view)).cloned().collect();
        if !fitting.is_empty() {
            matching = fitting;
        }
    }
    match <[FoundToken; 1]>::try_from(matching) {
        Ok([token]) => Ok(token),
        Err(several) => {
            let candidates: Vec<Candidate> = several.into_iter().map(|token| token.candidate).collect();
            Err(selector.ambiguous(&candidates))
        }
    }
}

/// A token of the one card that `selector` means: any of its slots stands for the whole card, or for the one of its
/// applications that they belong to.
/// Errors: none fits, or tokens of several cards or applications do.
pub fn on_one_card(context: &Context, selector: &Selector) -> Result<FoundToken, CliError> {
    let mut matching = matching(context, selector)?;
    let several = matching.windows(2).any(|pair| match pair {
        [first, second] => !first.candidate.is_on_one_card_with(&second.candidate),
        _ => false,
    });
    if several {
        let candidates: Vec<Candidate> = matching.into_iter().map(|token| token.candidate).collect();
        return Err(selector.ambiguous(&candidates));
    }
    // Never empty: then there was an error.
    if matching.is_empty() { Err(selector.unmatched(&[])) } else { Ok(matching.swap_remove(0)) }
}

/// What [`on_one_card`] stands for, in a sentence: the card in its reader, or one application of it where it has several.
pub fn whole(context: &Context, token: &FoundToken) -> Result<String, CliError> {
    let card = format!("the card in reader {}", quote(&token.candidate.reader));
    let readers = context.engine()?.readers();
    let applications = readers.iter().map(|reader| &reader.applications);
    let mut own = applications.filter(|applications| applications.len() > 1).flatten();
    let own = own.find(|application| application.slots.contains(&token.slot));
    Ok(own.map_or(card.clone(), |application| format!("application {} of {card}", application.driver)))
}

/// True for a token that holds something: it has a PIN or objects.
pub fn is_in_use(view: &TokenView) -> bool {
    !view.view.empty
}

/// True for a token with a PIN of its own.
pub fn has_pin(view: &TokenView) -> bool {
    view.view.auth.is_some()
}

fn all(context: &Context, engine: &dyn Provider, selector: &Selector) -> Vec<FoundToken> {
    // A card in a reader that is not meant is not touched.
    let readers = engine.reader_slots();
    let names: Vec<&str> = readers.iter().map(|(name, _)| name.as_str()).collect();
    readers
        .iter()
        .flat_map(|(name, slots)| slots.iter().map(move |slot| (name, *slot)))
        .filter(|(name, slot)| selector.fits_slot(slot.0, name, &names))
        .filter(|(_, slot)| selector.fits_maker(|| engine.slot_manufacturer(*slot)).unwrap_or(false))
        .filter_map(|(name, slot)| {
            read(engine, slot).inspect_err(|error| context.note_failure(name, error)).ok()
        })
        .filter(|token| selector.fits_token(&token.candidate))
        .collect()
}

/// A token again, with what a login made visible.
pub fn read_again(context: &Context, token: &FoundToken) -> Result<FoundToken, CliError> {
    Ok(read(context.engine()?, token.slot)?)
}

fn read(engine: &dyn Provider, slot: SlotId) -> Result<FoundToken, Error> {
    let view = engine.virtual_token(slot)?;
    let uri = engine.token_uri(slot)?;
    let candidate = Candidate {
        slot: slot.0,
        reader: view.reader.clone(),
        label: view.view.label.clone(),
        serial: uri.serial.unwrap_or_default(),
        manufacturer: uri.manufacturer.unwrap_or_default(),
        model: uri.model.unwrap_or_default(),
    };
    Ok(FoundToken { slot, view, candidate })
}

/// A slot was named and gives no token: its own reason where the card is to blame, else what there is instead.
fn no_token(context: &Context, engine: &dyn Provider, selector: &Selector, error: &Error) -> CliError {
    match error {
        Error::SlotInvalid(_) | Error::TokenNotPresent(_) => {
            let mut listed = nothing_fits(context, engine, selector);
            if listed.kind == ErrorKind::NotFound && !listed.candidates.is_empty() {
                listed.message = error.to_string();
                let hides = context.load_config().is_ok_and(|config| config.pkcs11.hide_empty_tokens);
                if hides && matches!(error, Error::TokenNotPresent(_)) {
                    listed = listed.hint(SHOW_HIDDEN);
                }
            }
            listed
        }
        other => other.into(),
    }
}

fn nothing_fits(context: &Context, engine: &dyn Provider, selector: &Selector) -> CliError {
    let candidates: Vec<Candidate> =
        all(context, engine, &Selector::default()).into_iter().map(|token| token.candidate).collect();
    if !candidates.is_empty() {
        return selector.unmatched(&candidates);
    }
    no_tokens_at_all(context, engine)
}

/// No reader holds a token: the most telling reason.
fn no_tokens_at_all(context: &Context, engine: &dyn Provider) -> CliError {
    let readers = engine.readers();
    if let Some(error) = readers.iter().find_map(|reader| reader.error.as_deref()) {
        return error.into();
    }
    if readers.is_empty() {
        return no_slots(context, engine);
    }
    if let Some(reader) = reader_with_hidden_tokens(&readers) {
        let message = format!("the tokens in reader {} are empty, and hidden", quote(&reader.name));
        return CliError::new(ErrorKind::NotFound, message).hint(SHOW_HIDDEN);
    }
    CliError::new(ErrorKind::NotFound, "there is no card in any reader")
        .candidates(readers.iter().map(|reader| format!("reader {:?} is empty", reader.name)).collect())
        .hint("insert one")
}

/// A reader with a card that was read, where no reader shows a token: they are hidden.
pub fn reader_with_hidden_tokens(readers: &[ReaderReport]) -> Option<&ReaderReport> {
    readers.iter().find(|reader| reader.driver().is_some() && !reader.slots.is_empty())
}

/// How empty tokens come to light.
pub const SHOW_HIDDEN: &str =
    "set hide_empty_tokens = false to see the empty tokens, and to put a PIN on one";

/// The answer to a module without slots, or a machine without readers.
pub fn no_slots(context: &Context, engine: &dyn Provider) -> CliError {
    match engine.module() {
        Some(path) => {
            CliError::new(ErrorKind::NotFound, format!("the module {} has no slots", path.display()))
        }
        None => no_readers(context.pcsc_problem()),
    }
}

/// The answer to a machine without readers: why, and how to go on without one.
pub fn no_readers(problem: Option<&TransportError>) -> CliError {
    let mut error = match problem {
        Some(problem) => problem.into(),
        None => CliError::new(ErrorKind::NotFound, "there is no reader").hint("plug in a reader"),
    };
    error.hints.extend(first_steps());
    error
}

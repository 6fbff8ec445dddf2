//! Reading a card: its applications, and of each what the layout depends on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use super::cards::{Content, Counter, LoadedCard};
use super::error::{Error, from_card};
use crate::apdu::{ApduError, Channel};
use crate::card::{Card, CardDriver, CardError, Listing};
use crate::crypto::CertificateDetails;
use crate::layout;
use crate::token::{AuthId, CertificateHints, ObjectId, Problem, Token};
use crate::transport::PinPad;

/// Reads every application of a card, in one transaction. One that cannot be read is a problem, as long as another
/// one can. With `layout_first` its keys may be left for later.
pub(super) fn read_applications(
    card: &mut Card,
    layout_first: bool,
) -> Result<Vec<Arc<LoadedCard>>, CardError> {
    let was_held = card.is_held();
    card.hold()?;
    let read = read_each(card, layout_first);
    let released = if was_held { Ok(()) } else { card.release() };
    read.and_then(|read| released.map(|()| read))
}

fn read_each(card: &mut Card, layout_first: bool) -> Result<Vec<Arc<LoadedCard>>, CardError> {
    card.turn_to(0);
    let count = card.applications()?;
    // Of several, each would have to be selected later, and that can end a login to another one.
    let listing = if layout_first && count == 1 { Listing::Layout } else { Listing::Keys };
    let (mut read, mut failed, mut problems) = (Vec::new(), None, card.unusable_applications().to_vec());
    for application in 0..count {
        card.turn_to(application);
        match read_application(card, listing, Vec::new()) {
            Ok(loaded) => read.push(loaded),
            Err(error @ CardError::Apdu(ApduError::Transport(_))) => return Err(error),
            Err(error) => {
                let what = format!("the {} application", card.driver_name()?);
                problems.push(Problem { what, why: error.to_string() });
                failed = failed.or(Some(error));
            }
        }
    }
    match (read.first_mut(), failed) {
        (None, Some(error)) => return Err(error),
        (Some(first), _) => first.have_beside(problems),
        (None, None) => {}
    }
    Ok(read.into_iter().map(Arc::new).collect())
}

/// The application that the card is turned to, read again after a change, or because more of it is wanted.
pub(super) fn read_again(
    card: &mut Card,
    before: &LoadedCard,
    listing: Listing,
) -> Result<Arc<LoadedCard>, CardError> {
    Ok(Arc::new(read_application(card, listing, before.beside.clone())?))
}

fn read_application(
    card: &mut Card,
    listing: Listing,
    beside: Vec<Problem>,
) -> Result<LoadedCard, CardError> {
    let (insertion, application) = (card.insertion(), card.application());
    let mut loaded = card.with(|driver, channel| {
        let directories = driver.read_token(channel, listing)?;
        let mut token = directories.clone();
        read_needed_certificates(driver, channel, &mut token)?;
        Ok(LoadedCard {
            insertion,
            application,
            beside: Vec::new(),
            driver: driver.name(),
            abilities: driver.abilities().clone(),
            pinpad: if driver.takes_pins_from_reader() { channel.pinpad() } else { PinPad::default() },
            listing: listing.max(driver.listed()),
            contents: Mutex::new(kept_certificates(driver, &token)),
            counters: Mutex::new(told_counters(driver, &token)),
            token: Arc::new(token),
            directories,
            chain_users: OnceLock::new(),
        })
    })?;
    loaded.have_beside(beside);
    Ok(loaded)
}

/// Counters of PINs that the card told along with its directories.
fn told_counters(driver: &dyn CardDriver, token: &Token) -> HashMap<AuthId, Counter> {
    let counter = |auth: &AuthId| Some(Counter { asked: true, tries: driver.told_tries(auth)?, old: false });
    token.auths.iter().filter_map(|auth| Some((auth.id.clone(), counter(&auth.id)?))).collect()
}

/// Certificates that cost no command: the layout does not depend on them, whoever asks for them later has them.
fn kept_certificates(driver: &dyn CardDriver, token: &Token) -> HashMap<ObjectId, Content> {
    let unread = token.certificates.iter().filter(|certificate| certificate.details.is_none());
    let kept = unread.filter_map(|certificate| {
        let details = CertificateDetails::parse(&driver.kept_certificate(certificate.object)?).ok()?;
        Some((certificate.object, Content::Certificate(Arc::new(details))))
    });
    kept.collect()
}

/// Reads the certificates that the layout depends on, and no others: their names where those suffice, else their
/// bodies. A body that cannot be read is a problem of the token; a card that is gone is an error.
fn read_needed_certificates(
    driver: &mut dyn CardDriver,
    channel: &mut Channel<'_>,
    token: &mut Token,
) -> Result<(), CardError> {
    for object in layout::certificates_needed(token) {
        let unnamed = token.certificates.iter_mut().find(|known| {
            known.object == object && (known.hints.subject.is_none() || known.hints.issuer.is_none())
        });
        let Some(certificate) = unnamed else { continue };
        match driver.certificate_names(channel, object) {
            Ok(Some(names)) => {
                let subject_key_id = names.subject_key_id.or_else(|| certificate.hints.subject_key_id.take());
                certificate.hints = CertificateHints { subject_key_id, ..names };
            }
            Err(CardError::Apdu(error @ ApduError::Transport(_))) => return Err(error.into()),
            // What is wrong with it is told when its body is read.
            Ok(None) | Err(_) => {}
        }
    }
    for object in layout::certificates_needed(token) {
        let read = match driver.read_object(channel, object) {
            Ok(der) => CertificateDetails::parse(&der).map_err(|error| error.to_string()),
            Err(CardError::Apdu(error @ ApduError::Transport(_))) => return Err(error.into()),
            Err(error) => Err(error.to_string()),
        };
        let Some(certificate) = token.certificates.iter_mut().find(|known| known.object == object) else {
            continue;
        };
        match read {
            Ok(details) => certificate.details = Some(details),
            Err(why) => {
                let what = format!("certificate {:?}", certificate.label);
                token.problems.push(Problem { what, why });
            }
        }
    }
    Ok(())
}

/// What a card that could not be read is called: the reader's fault or the card's.
pub(super) fn recognition_error(reader: &str, error: CardError) -> Error {
    match from_card(reader, error) {
        Error::Card { reader, source } => Error::TokenNotRecognized { reader, source },
        other => other,
    }
}

//! `cert verify`: the certificate chain of a key as it is on the card: signatures, dates, authorities.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::args::{KeyArgs, PinArgs, TokenArgs};
use crate::cli::certificates::{self, Validity};
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::keys::{ChosenKey, KeyChoice, Purpose};
use crate::cli::outcome::Outcome;
use crate::cli::text::{escape, quote};
use crate::codec::date;
use crate::crypto::CertificateDetails;
use crate::layout;
use crate::token::Key;

/// Arguments of `cert verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Looks at what is on the card and trusts its root; no PIN is needed. A key with
several certificates has several chains: all of them are verified, and one
that is good is enough.

Examples:
  p11ctl cert verify --slot 4
  p11ctl cert verify --slot 4 --key 'key 3' --json")]
pub struct VerifyArgs {
    /// Which key.
    #[command(flatten)]
    key: KeyArgs,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,
}

/// One certificate of a chain, with what is wrong with it.
struct Link {
    label: String,
    details: Option<CertificateDetails>,
    problems: Vec<String>,
}

/// Runs `cert verify`.
pub fn run(context: &Context, args: &VerifyArgs) -> Result<Outcome, CliError> {
    let choice = KeyChoice::new(&args.token, &args.key)?;
    let chosen = choice.private_key(context, Purpose::Delete, &PinArgs::default())?;
    let chains = chains(context, &chosen)?;
    if chains.is_empty() {
        let key = quote(&chosen.key.label);
        return Err(CliError::new(ErrorKind::NotFound, format!("key {key} has no certificate on the card"))
            .hint("make one with p11ctl cert self-sign, or write one with p11ctl object write certificate"));
    }
    let good = chains.iter().any(|chain| is_good(chain));
    let mut text = String::new();
    for chain in &chains {
        for link in chain {
            text.push_str(&link.text());
        }
    }
    let document = json!({
        "slot": chosen.token.slot.0,
        "token": chosen.token.candidate.label,
        "key": chosen.key.label,
        "good": good,
        "chains": chains.iter().map(|chain| chain.iter().map(Link::to_json).collect::<Vec<_>>()).collect::<Vec<_>>(),
    });
    let verdict = if good { "good" } else { "not good" };
    let note = format!("the chain of key {} is {verdict}", quote(&chosen.key.label));
    Ok(Outcome::new(document, text).note(note).verdict((!good).then_some(ErrorKind::Refused)))
}

/// Every chain of the key, each certificate judged. Where none of them is good, but one through another certificate
/// with an issuer's name is, that one comes first.
fn chains(context: &Context, chosen: &ChosenKey) -> Result<Vec<Vec<Link>>, CliError> {
    let view = &chosen.token.view;
    let is_it = |key: Option<&Key>| key.is_some_and(|key| key.object == chosen.key.object);
    let mine = view.view.chains.iter().filter(|chain| is_it(view.card.keys.get(chain.key)));
    let mine: Vec<_> = mine.filter(|chain| !chain.certificates.is_empty()).collect();
    let mut chains = Vec::new();
    for chain in &mine {
        chains.push(links(context, chosen, &chain.certificates)?);
    }
    if chains.iter().any(|chain| is_good(chain)) {
        return Ok(chains);
    }
    let others = mine.first().map(|chain| layout::possible_chains(&view.card, chain.key, MAX_CHAINS));
    for certificates in others.unwrap_or_default() {
        let other = links(context, chosen, &certificates)?;
        if is_good(&other) {
            chains.insert(0, other);
            break;
        }
    }
    Ok(chains)
}

/// The certificates of one chain, leaf first, each judged.
fn links(context: &Context, chosen: &ChosenKey, certificates: &[usize]) -> Result<Vec<Link>, CliError> {
    let engine = context.engine()?;
    let mut links: Vec<Link> = Vec::new();
    for index in certificates {
        let label = chosen.token.view.card.certificates.get(*index).map(|found| found.label.clone());
        let (details, problems) = match engine.certificate(chosen.token.slot, *index) {
            Ok(details) => (Some((*details).clone()), Vec::new()),
            Err(error) => (None, vec![format!("it cannot be read: {error}")]),
        };
        links.push(Link { label: label.unwrap_or_default(), details, problems });
    }
    judge(&mut links, date::now());
    Ok(links)
}

fn is_good(chain: &[Link]) -> bool {
    chain.iter().all(|link| link.problems.is_empty())
}

/// Notes what is wrong with each certificate: leaf first, as the chain is.
fn judge(links: &mut [Link], now: i64) {
    let details: Vec<Option<CertificateDetails>> = links.iter().map(|link| link.details.clone()).collect();
    for (index, link) in links.iter_mut().enumerate() {
        let Some(Some(own)) = details.get(index) else { continue };
        if now > own.not_after {
            link.problems.push(format!("expired {}", date::day(own.not_after)));
        }
        if now < own.not_before {
            link.problems.push(format!("not valid before {}", date::day(own.not_before)));
        }
        if index > 0 {
            link.problems.extend(authority_problems(own));
        }
        let issuer = match details.get(index + 1) {
            Some(issuer) => issuer.as_ref(),
            None if own.is_self_issued() => Some(own),
            None => {
                link.problems.push(format!("its issuer {} is not on the card", quote(&own.issuer_text())));
                None
            }
        };
        link.problems.extend(issuer.and_then(|issuer| signature_problem(own, issuer)));
    }
}

fn authority_problems(details: &CertificateDetails) -> Vec<String> {
    let mut problems = Vec::new();
    if !details.is_authority {
        problems.push("it is no authority, and yet an issuer".to_owned());
    }
    if details.key_usage().is_some_and(|usage| !usage.contains(&"keyCertSign")) {
        problems.push("its key usage does not let it sign certificates".to_owned());
    }
    problems
}

fn signature_problem(details: &CertificateDetails, issuer: &CertificateDetails) -> Option<String> {
    let name = quote(&issuer.subject_text());
    let Some(key) = &issuer.public_key else {
        return Some(format!("the key of its issuer {name} is of a kind that is not known"));
    };
    match details.verify_signed_by(key) {
        Ok(true) => None,
        Ok(false) => Some(format!("it is not signed by the key of {name}")),
        Err(error) => Some(format!("its signature cannot be verified: {error}")),
    }
}

impl Link {
    fn text(&self) -> String {
        let mark = if self.problems.is_empty() { "good" } else { "BAD " };
        let subject = self.details.as_ref().map_or_else(String::new, |details| {
            format!(", {}, {}", escape(&details.subject_text()), Validity::of(details).text())
        });
        let mut text = format!("{mark}  {}{subject}\n", quote(&self.label));
        for problem in &self.problems {
            text.push_str(&format!("      {}\n", escape(problem)));
        }
        text
    }

    fn to_json(&self) -> Value {
        json!({
            "label": self.label,
            "good": self.problems.is_empty(),
            "problems": self.problems,
            "certificate": self.details.as_ref().map_or(Value::Null, certificates::to_json),
        })
    }
}

/// Most chains of one certificate that are tried.
const MAX_CHAINS: usize = 16;

//! `object show`: every attribute of one object, as the token answers it.

use clap::Args;
use serde_json::{Map, Value as Json, json};

use crate::cli::args::{PIN_HEADING, PinArgs, TokenArgs};
use crate::cli::certificates;
use crate::cli::commands::find::{ObjectArgs, Wanted};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::json;
use crate::cli::objects::{Attributes, Details, Object, fingerprint};
use crate::cli::outcome::Outcome;
use crate::cli::table;
use crate::codec::date;
use crate::codec::hex;
use crate::crypto::CertificateDetails;
use crate::engine::{AttributeType, Error, MechanismId, ObjectClass, Value};

/// Arguments of `object show`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  p11ctl object show 'Leaf 1'
  p11ctl object show --class public-key --id 45 --slot 4
  p11ctl object show 'pkcs11:object=Leaf%201;type=cert' --json")]
pub struct ShowArgs {
    /// Which object.
    #[command(flatten)]
    object: ObjectArgs,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Log in first, to see private objects as well
    #[arg(long, help_heading = PIN_HEADING)]
    login: bool,

    /// Which PIN.
    #[command(flatten)]
    pin: PinArgs,
}

/// Runs `object show`.
pub fn run(context: &Context, args: &ShowArgs) -> Result<Outcome, CliError> {
    args.pin.check(false)?;
    let wanted = Wanted::new(&args.object, &args.token)?;
    let login = (args.login || args.pin.pin.is_some()).then_some(&args.pin);
    let opened = super::open(context, &wanted, login, |_| true)?;
    let kinds: Vec<AttributeType> = AttributeType::known().collect();
    let attributes = Attributes::read(context.engine()?, opened.session, opened.handle, &kinds)?;
    let mut document = opened.object.to_json();
    if let Json::Object(fields) = &mut document {
        fields.insert("attributes".to_owned(), attributes_json(&attributes));
    }
    let mut lines = head(&opened.object);
    lines.extend(attributes.iter().filter_map(|(kind, answer)| {
        let name = kind.name()?.trim_start_matches("CKA_");
        Some((name, words(kind, answer).or_else(|| text(answer))?))
    }));
    let lines: Vec<(&str, String)> = lines.iter().map(|(name, value)| (*name, value.clone())).collect();
    Ok(Outcome::new(document, table::fields(&context.terminal, &lines)))
}

/// What people look for first, before the attributes by name.
fn head(object: &Object) -> Vec<(&'static str, String)> {
    let mut lines = vec![("Slot", object.slot.to_string()), ("Class", object.class.name().to_owned())];
    match &object.details {
        Details::Key { algorithm, uses, public, .. } => {
            lines.push(("Algorithm", algorithm.clone()));
            lines.push(("For", uses.join(", ")));
            if let Some(public) = public {
                lines.push(("SHA-256", fingerprint(&public.to_spki_der())));
            }
        }
        Details::Certificate(Some(details)) => lines.extend(certificate_lines(details)),
        Details::Certificate(None) | Details::Data { .. } => {}
    }
    lines.extend(object.problem.clone().map(|problem| ("Problem", problem)));
    lines.push(("URI", object.uri.clone()));
    lines
}

fn certificate_lines(details: &CertificateDetails) -> Vec<(&'static str, String)> {
    let mut lines = vec![
        ("Subject", details.subject_text()),
        ("Issuer", details.issuer_text()),
        ("Serial number", hex::encode(certificates::serial_number(details))),
        ("Valid from", date::moment(details.not_before)),
        ("Valid until", date::moment(details.not_after)),
        ("Authority", if details.is_authority { "yes" } else { "no" }.to_owned()),
    ];
    lines.extend(details.key_usage().map(|usage| ("Key usage", usage.join(", "))));
    lines.extend(details.extended_key_usage().map(|usage| ("Extended usage", usage.join(", "))));
    lines.extend(details.public_key.as_ref().map(|key| ("Public key", key.algorithm_name())));
    lines.push(("SHA-256", fingerprint(&details.der)));
    lines
}

fn attributes_json(attributes: &Attributes) -> Json {
    let mut fields = Map::new();
    for (kind, answer) in attributes.iter() {
        let Some(name) = kind.name() else { continue };
        let value = match answer {
            Ok(value) => value_json(value),
            Err(Error::AttributeTypeInvalid(_)) => continue,
            Err(_) => Json::Null,
        };
        fields.insert(name.to_owned(), value);
    }
    Json::Object(fields)
}

fn value_json(value: &Value) -> Json {
    match value {
        Value::Bool(value) => json!(value),
        Value::Number(value) => json!(value),
        Value::Bytes(value) => json::bytes(value),
        Value::Text(value) => json!(value),
        Value::Date(value) => json!(value.map(|date| date.to_string())),
        Value::Numbers(value) => json!(value),
    }
}

/// The value in words, for numbers that have a name.
fn words(kind: AttributeType, answer: &Result<Value, Error>) -> Option<String> {
    let value = answer.as_ref().ok()?;
    if let (AttributeType::ALLOWED_MECHANISMS, Value::Numbers(numbers)) = (kind, value) {
        let names = numbers.iter().map(|number| mechanism_name(*number));
        return Some(names.collect::<Vec<_>>().join(" "));
    }
    let number = value.as_number()?;
    match kind {
        AttributeType::CLASS => ObjectClass::from_number(number).map(|class| class.name().to_owned()),
        AttributeType::KEY_GEN_MECHANISM if number == UNAVAILABLE => Some("unknown".to_owned()),
        AttributeType::KEY_GEN_MECHANISM => Some(mechanism_name(number)),
        AttributeType::CERTIFICATE_TYPE if number == 0 => Some("X.509".to_owned()),
        AttributeType::CERTIFICATE_CATEGORY => {
            let names = ["unspecified", "token user", "authority", "other entity"];
            usize::try_from(number).ok().and_then(|index| names.get(index)).map(|name| (*name).to_owned())
        }
        AttributeType::KEY_TYPE => crate::cli::objects::key_type_name(number).map(str::to_owned),
        _ => None,
    }
}

fn mechanism_name(number: u64) -> String {
    MechanismId(number).to_string().trim_start_matches("CKM_").to_owned()
}

/// `None` for what the object does not have: most classes have few of all attributes.
fn text(answer: &Result<Value, Error>) -> Option<String> {
    match answer {
        Ok(Value::Bool(value)) => Some(value.to_string()),
        Ok(Value::Number(value)) => Some(value.to_string()),
        Ok(Value::Bytes(value)) => Some(shortened(&hex::encode(value))),
        Ok(Value::Text(value)) => Some(value.clone()),
        Ok(Value::Date(value)) => Some(value.map_or_else(String::new, |date| date.to_string())),
        Ok(Value::Numbers(values)) => Some(values.iter().map(u64::to_string).collect::<Vec<_>>().join(" ")),
        Err(Error::AttributeTypeInvalid(_)) => None,
        Err(Error::AttributeSensitive(_)) => Some("(sensitive)".to_owned()),
        Err(error) => Some(format!("({error})")),
    }
}

/// Long values are for `object export` and `--json`.
fn shortened(hex: &str) -> String {
    match hex.get(..LONGEST_HEX) {
        Some(start) if hex.len() > LONGEST_HEX => format!("{start}… ({} bytes)", hex.len() / 2),
        _ => hex.to_owned(),
    }
}

const LONGEST_HEX: usize = 64;
/// `CK_UNAVAILABLE_INFORMATION` (PKCS#11 3.1, 3.1).
const UNAVAILABLE: u64 = u64::MAX;

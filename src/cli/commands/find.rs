//! `find` (`objects`): objects of every token that fits, as a table or JSON.

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::args::{HexBytes, OBJECT_HEADING, PIN_HEADING, PinArgs, TokenArgs, parse_hex};
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::objects::{self, Object};
use crate::cli::outcome::Outcome;
use crate::cli::selector::{Selector, parse_uri, pin_source};
use crate::cli::table::Table;
use crate::cli::tokens::{self, FoundToken};
use crate::cli::unlock;
use crate::engine::uri::Uri;
use crate::engine::{ObjectClass, SessionMode, Template, TokenView};
use crate::token::KeyClass;

/// Arguments of `find`.
#[derive(Debug, Args)]
#[command(after_help = "\
Without --login only what needs no PIN is found.

Examples:
  p11ctl find
  p11ctl find --class certificate --slot 4
  p11ctl find --login --slot 4 --pin env:PIN
  p11ctl find 'pkcs11:object=key%201;type=private' --json")]
pub struct FindArgs {
    /// Which objects.
    #[command(flatten)]
    object: ObjectArgs,

    /// Which tokens; without a choice every one.
    #[command(flatten)]
    token: TokenArgs,

    /// Log in first, to find private objects as well
    #[arg(long, help_heading = PIN_HEADING)]
    login: bool,

    /// Which PIN.
    #[command(flatten)]
    pin: PinArgs,
}

/// Which objects: options shared by `find` and `object`.
#[derive(Debug, Clone, Default, Args)]
pub struct ObjectArgs {
    /// Label of the object, or a pkcs11: URI
    #[arg(value_name = "OBJECT")]
    pub object: Option<String>,

    /// Objects of this class
    #[arg(long, value_enum, value_name = "CLASS", help_heading = OBJECT_HEADING)]
    pub class: Option<Class>,

    /// Objects with this label
    #[arg(long, value_name = "LABEL", help_heading = OBJECT_HEADING, conflicts_with = "object")]
    pub label: Option<String>,

    /// Objects with this id, in hexadecimal
    #[arg(long, value_name = "HEX", value_parser = parse_hex, help_heading = OBJECT_HEADING)]
    pub id: Option<HexBytes>,
}

/// Classes of objects by their names on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Class {
    PrivateKey,
    PublicKey,
    Certificate,
    Data,
    SecretKey,
}

impl From<Class> for ObjectClass {
    fn from(class: Class) -> Self {
        match class {
            Class::PrivateKey => Self::PrivateKey,
            Class::PublicKey => Self::PublicKey,
            Class::Certificate => Self::Certificate,
            Class::Data => Self::Data,
            Class::SecretKey => Self::SecretKey,
        }
    }
}

/// What is wanted: token and object, options and URI together.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The tokens.
    pub selector: Selector,
    /// The objects.
    pub template: Template,
    /// Whether anything is said of the object.
    pub narrowed: bool,
    /// Where the URI says that the PIN is.
    pub pin_source: Option<String>,
    label: Option<String>,
    id: Option<Vec<u8>>,
    class: Option<ObjectClass>,
}

impl Wanted {
    /// Joins options and URI. Errors: a bad URI, or contradictions.
    pub fn new(object: &ObjectArgs, token: &TokenArgs) -> Result<Self, CliError> {
        let uri = match object.object.as_deref().filter(|text| Uri::is_uri(text)) {
            Some(text) => parse_uri(text)?,
            None => Uri { object: object.object.clone(), ..Uri::default() },
        };
        let selector = Selector::new(token, Some(&uri))?;
        let label = one("label", object.label.clone(), uri.object)?;
        let id = one("id", object.id.as_ref().map(|id| id.0.clone()), uri.id)?;
        let class = one("class", object.class.map(ObjectClass::from), uri.class)?;
        let mut template = Template::new();
        let narrowed = label.is_some() || id.is_some() || class.is_some();
        if let Some(class) = class {
            template = template.class(class);
        }
        if let Some(label) = &label {
            template = template.label(label);
        }
        if let Some(id) = &id {
            template = template.id(id);
        }
        let pin_source = uri.pin_source.or(pin_source(token)?);
        Ok(Self { selector, template, narrowed, pin_source, label, id, class })
    }

    /// True for a token with a PIN that shows such an object, as far as its directory tells before login.
    pub fn is_behind(&self, token: &TokenView) -> bool {
        tokens::has_pin(token) && self.shows(token)
    }

    /// True for a token that shows such an object, as far as its directory tells before login.
    pub fn shows(&self, token: &TokenView) -> bool {
        let (card, view) = (&token.card, &token.view);
        let fits = |class: ObjectClass, label: &str, id: &[u8]| {
            self.class.is_none_or(|wanted| wanted == class)
                && self.label.as_deref().is_none_or(|wanted| wanted == label)
                && self.id.as_deref().is_none_or(|wanted| wanted == id)
        };
        let mut keys = view.keys.iter().filter_map(|index| card.keys.get(*index));
        let mut certificates = view.certificates.iter().filter_map(|index| card.certificates.get(*index));
        let mut data = view.data.iter().filter_map(|index| card.data.get(*index));
        keys.any(|key| fits(key_class(key.class), &key.label, &key.id.0))
            || certificates.any(|found| fits(ObjectClass::Certificate, &found.label, &found.id.0))
            || data.any(|found| fits(ObjectClass::Data, &found.label, &[]))
    }
}

/// Runs `find`.
pub fn run(context: &Context, args: &FindArgs) -> Result<Outcome, CliError> {
    args.pin.check(false)?;
    let wanted = Wanted::new(&args.object, &args.token)?;
    let found = if args.login || args.pin.pin.is_some() {
        let token = tokens::exactly_one(context, &wanted.selector, |token| wanted.is_behind(token))?;
        let unlocked = unlock::unlock(context, &token, &args.pin, wanted.pin_source.as_deref())?;
        let objects = objects::read_all(context.engine()?, token.slot, unlocked.session, &wanted.template)?;
        objects.into_iter().map(|(_, object)| object).collect()
    } else {
        public_objects(context, &tokens::matching(context, &wanted.selector)?, &wanted.template)?
    };
    if found.is_empty() && wanted.narrowed {
        let error = CliError::new(ErrorKind::NotFound, "there is no such object");
        return Err(if args.login { error } else { error.hint("private objects are found with --login") });
    }
    let document = json!({ "objects": found.iter().map(Object::to_json).collect::<Vec<_>>() });
    let outcome = Outcome::new(document, object_table(context, &found));
    Ok(if found.is_empty() { outcome.note("there are no objects") } else { outcome })
}

/// Every matching object of these tokens that can be seen without login.
pub fn public_objects(
    context: &Context,
    tokens: &[FoundToken],
    template: &Template,
) -> Result<Vec<Object>, CliError> {
    let engine = context.engine()?;
    let mut found = Vec::new();
    for token in tokens.iter().filter(|token| tokens::is_in_use(&token.view)) {
        let session = engine.open_session(token.slot, SessionMode::ReadOnly)?;
        let objects = objects::read_all(engine, token.slot, session, template)?;
        found.extend(objects.into_iter().map(|(_, object)| object));
        engine.close_session(session)?;
    }
    Ok(found)
}

/// The table of `find` and `login`.
pub fn object_table(context: &Context, objects: &[Object]) -> String {
    let mut table = Table::new(&["SLOT", "CLASS", "LABEL", "ID", "DETAILS"]);
    for object in objects {
        table.row([
            object.slot.to_string(),
            object.class.name().to_owned(),
            object.label.clone(),
            object.id_text(),
            object.summary(),
        ]);
    }
    table.render(&context.terminal)
}

fn key_class(class: KeyClass) -> ObjectClass {
    match class {
        KeyClass::Private => ObjectClass::PrivateKey,
        KeyClass::Public => ObjectClass::PublicKey,
        KeyClass::Secret => ObjectClass::SecretKey,
    }
}

fn one<T: PartialEq>(name: &str, first: Option<T>, second: Option<T>) -> Result<Option<T>, CliError> {
    match (first, second) {
        (Some(first), Some(second)) if first != second => {
            Err(CliError::usage(format!("two different values for the {name} are given")))
        }
        (first, second) => Ok(first.or(second)),
    }
}

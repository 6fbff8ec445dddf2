//! `object show|export|write|set|delete`: one object in full, its value in a file, new ones, changed ones, none.

pub mod delete;
mod export;
pub mod put;
mod set;
mod show;
pub mod write;

use clap::Subcommand;

use super::find::{Wanted, public_objects};
use crate::cli::args::PinArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::objects::{self, Object, distinct};
use crate::cli::outcome::Outcome;
use crate::cli::writing::{self, WriteArgs};
use crate::cli::{tokens, unlock};
use crate::engine::{ObjectHandle, SessionHandle, SessionMode, Template};

/// What to do with an object.
#[derive(Debug, Subcommand)]
pub enum ObjectCommand {
    /// Show every attribute of one object
    Show(show::ShowArgs),
    /// Export a certificate, public key or data object
    Export(export::ExportArgs),
    /// Write a certificate, a public key or data to a token
    Write(write::WriteObjectArgs),
    /// Give an object another label or id
    Set(set::SetArgs),
    /// Delete an object from the card
    Delete(delete::DeleteArgs),
}

/// Runs `object`.
pub fn run(context: &Context, command: &ObjectCommand) -> Result<Outcome, CliError> {
    match command {
        ObjectCommand::Show(args) => show::run(context, args),
        ObjectCommand::Export(args) => export::run(context, args),
        ObjectCommand::Write(args) => write::run(context, args),
        ObjectCommand::Set(args) => set::run(context, args),
        ObjectCommand::Delete(args) => delete::run(context, args),
    }
}

/// An object with the session that it was found in.
struct Opened {
    session: SessionHandle,
    handle: ObjectHandle,
    object: Object,
}

/// The one object that is wanted, among those that `fits` lets through. An object that several tokens show
/// is one object.
fn open(
    context: &Context,
    wanted: &Wanted,
    login: Option<&PinArgs>,
    fits: impl Fn(&Object) -> bool,
) -> Result<Opened, CliError> {
    let engine = context.engine()?;
    let (token, session) = match login {
        Some(pin) => {
            let token = tokens::exactly_one(context, &wanted.selector, |token| wanted.is_behind(token))?;
            let unlocked = unlock::unlock(context, &token, pin, wanted.pin_source.as_deref())?;
            (token, unlocked.session)
        }
        None => {
            let tokens = tokens::matching(context, &wanted.selector)?;
            let found = public_objects(context, &tokens, &wanted.template)?;
            let slot = choose(found, &fits, false)?.slot;
            let token = tokens.into_iter().find(|token| token.slot == slot).ok_or_else(|| none(false))?;
            let session = engine.open_session(slot, SessionMode::ReadOnly)?;
            (token, session)
        }
    };
    let found = objects::read_all(engine, token.slot, session, &wanted.template)?;
    let chosen = choose(found.iter().map(|(_, object)| object.clone()).collect(), &fits, login.is_some())?;
    found
        .into_iter()
        .find(|(_, object)| object.uri == chosen.uri && object.unique_id == chosen.unique_id)
        .map(|(handle, object)| Opened { session, handle, object })
        .ok_or_else(|| none(login.is_some()))
}

/// The one object that is wanted, in a session that may change it. Of a card that shows it in several tokens, the
/// token has to be chosen: its PIN is asked for.
fn open_to_write(context: &Context, wanted: &Wanted, write: &WriteArgs) -> Result<Opened, CliError> {
    let engine = context.engine()?;
    let token = tokens::exactly_one(context, &wanted.selector, |token| wanted.shows(token))?;
    let session = writing::open(context, &token, write, wanted.pin_source.as_deref())?;
    let found = objects::read_all(engine, token.slot, session, &wanted.template)?;
    let chosen = choose(found.iter().map(|(_, object)| object.clone()).collect(), &|_| true, true)?;
    found
        .into_iter()
        .find(|(_, object)| object.uri == chosen.uri && object.unique_id == chosen.unique_id)
        .map(|(handle, object)| Opened { session, handle, object })
        .ok_or_else(|| none(true))
}

fn choose(found: Vec<Object>, fits: &impl Fn(&Object) -> bool, logged_in: bool) -> Result<Object, CliError> {
    let mut fitting: Vec<Object> = found.iter().filter(|object| fits(object)).cloned().collect();
    if fitting.is_empty() {
        fitting = found;
    }
    let mut fitting = distinct(fitting);
    match fitting.len() {
        0 => Err(none(logged_in)),
        1 => Ok(fitting.remove(0)),
        number => Err(CliError::new(ErrorKind::NotFound, format!("{number} objects fit: which one?"))
            .candidates(fitting.iter().map(Object::candidate).collect())
            .hint("choose by --class, --id, --label, --slot or a pkcs11: URI")),
    }
}

fn none(logged_in: bool) -> CliError {
    let error = CliError::new(ErrorKind::NotFound, "there is no such object")
        .hint("run p11ctl find to see the objects there are");
    if logged_in { error } else { error.hint("private objects are found with --login") }
}

/// A template that matches everything is no choice.
fn is_any(template: &Template) -> bool {
    template.attributes().is_empty()
}

//! Sessions that change a card: the arguments of every command that writes, and the logins that it needs.

use std::convert::Infallible;
use std::str::FromStr;

use clap::Args;

use super::args::{PIN_HEADING, PinArg, PinArgs, TokenArgs};
use super::context::{Context, LoginError};
use super::error::{CliError, ErrorKind};
use super::pin::{Kind, Pin, PinRequest};
use super::selector::{Selector, pin_source};
use super::text::quote;
use super::tokens::{self, FoundToken};
use super::unlock::{self, explain, request};
use crate::card::admin::Extra;
use crate::codec::Secret;
use crate::engine::{Batch, PinStatus, SessionHandle, SessionMode, TokenView, UserKind};

/// Whose PIN allows a change.
#[derive(Debug, Clone, Default, Args)]
pub struct WriteArgs {
    /// Which PIN.
    #[command(flatten)]
    pub pin: PinArgs,

    /// Log in as the security officer instead; the PIN comes from prompt, env:NAME, file:PATH, fd:N, stdin
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING, conflicts_with = "pin")]
    pub so_pin: Option<PinArg>,

    /// Verify another PIN of the card as well, where the card asks for it (repeatable)
    #[arg(long, value_name = "LABEL=SOURCE", help_heading = PIN_HEADING)]
    pub auth_pin: Vec<AuthPin>,
}

/// The value of `--auth-pin`. Parsing never fails, so that no error of the parser repeats a PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthPin {
    /// The PIN's name on the card; empty when the text has no `=`.
    pub label: String,
    /// Where it is.
    pub source: PinArg,
}

impl FromStr for AuthPin {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let (label, source) = text.split_once('=').unwrap_or_default();
        let Ok(source) = source.parse();
        Ok(Self { label: label.to_owned(), source })
    }
}

impl WriteArgs {
    /// Refuses what can never work, before any card is touched. `reads_stdin` says that the command takes its
    /// data from standard input.
    pub fn check(&self, reads_stdin: bool) -> Result<(), CliError> {
        self.pin.check(reads_stdin)?;
        Kind::OfficerPin.check(self.so_pin.as_ref())?;
        for auth in &self.auth_pin {
            Kind::OtherPin.check(Some(&auth.source))?;
            if auth.label.is_empty() {
                return Err(CliError::usage("--auth-pin takes LABEL=SOURCE")
                    .hint("the labels are those of p11ctl pin status"));
            }
        }
        let from_stdin = self.so_pin == Some(PinArg::Stdin)
            || self.auth_pin.iter().any(|auth| auth.source == PinArg::Stdin);
        if reads_stdin && from_stdin {
            return Err(CliError::usage("standard input cannot hold both the data and the PIN")
                .hint("give the PIN by env:NAME, file:PATH or fd:N"));
        }
        Ok(())
    }
}

/// The one token that a writing command means: with `fits` choosing where the options leave it open.
pub fn choose(
    context: &Context,
    args: &TokenArgs,
    write: &WriteArgs,
    fits: impl Fn(&TokenView) -> bool,
) -> Result<(FoundToken, Option<String>), CliError> {
    let selector = Selector::new(args, None)?;
    let officer = write.so_pin.is_some();
    let token = tokens::exactly_one(context, &selector, |view| {
        let found = tokens::has_pin(view) || (officer && tokens::is_in_use(view));
        found && fits(view)
    })?;
    Ok((token, pin_source(args)?))
}

/// Refuses what a card cannot do, before anybody is asked for a PIN.
pub fn require(context: &Context, token: &FoundToken, extra: Extra) -> Result<(), CliError> {
    if context.engine()?.admin_abilities(token.slot)?.extras.contains(&extra) {
        return Ok(());
    }
    let reader = quote(&token.candidate.reader);
    let message = format!("the card in reader {reader} cannot {}", extra.what());
    Err(CliError::new(ErrorKind::Refused, message))
}

/// A session that may write.
pub struct Open<'a> {
    /// The session.
    pub session: SessionHandle,
    /// Keeps other programs away from the card, where nobody is asked anything any more.
    _hold: Option<Batch<'a>>,
}

/// Opens a session that may write, logged in as its arguments say: the holder of the token's PIN, or the security
/// officer with `--so-pin` and on a token without a PIN. Then verifies the other PINs that were given.
pub fn open(
    context: &Context,
    token: &FoundToken,
    write: &WriteArgs,
    pin_source: Option<&str>,
) -> Result<SessionHandle, CliError> {
    Ok(open_as(context, token, write, pin_source, false)?.session)
}

/// As [`open`], with the card held from before the login until the answer is dropped: what is decided in between is
/// decided by what is on the card then, and no other program comes in between. Not for commands that ask anything
/// afterwards.
pub fn open_exclusive<'a>(
    context: &'a Context,
    token: &FoundToken,
    write: &WriteArgs,
    pin_source: Option<&str>,
) -> Result<Open<'a>, CliError> {
    open_as(context, token, write, pin_source, true)
}

fn open_as<'a>(
    context: &'a Context,
    token: &FoundToken,
    write: &WriteArgs,
    pin_source: Option<&str>,
    exclusive: bool,
) -> Result<Open<'a>, CliError> {
    let engine = context.engine()?;
    let hold = |session| if exclusive { engine.exclusive(session) } else { Ok(None) };
    if write.so_pin.is_some() || token.view.view.auth.is_none() {
        let officer = ask_officer(context, token, write.so_pin.as_ref(), write.pin.final_try)?;
        let others = ask_others(context, token, write)?;
        let hold = hold(officer.session)?;
        officer.log_in(context)?;
        authorise(context, officer.session, &others)?;
        return Ok(Open { session: officer.session, _hold: hold });
    }
    let user = unlock::ask(context, token, &write.pin, pin_source, SessionMode::ReadWrite)?;
    let others = ask_others(context, token, write)?;
    let hold = hold(user.session)?;
    let session = user.log_in(context)?.session;
    authorise(context, session, &others)?;
    Ok(Open { session, _hold: hold })
}

/// A session that may write, and the security officer's PIN that is to open it: asked for, and not yet sent.
struct Officer {
    session: SessionHandle,
    pin: Secret,
    request: PinRequest,
}

/// Opens a session that may write and asks for the security officer's PIN.
fn ask_officer(
    context: &Context,
    token: &FoundToken,
    source: Option<&PinArg>,
    final_try: bool,
) -> Result<Officer, CliError> {
    let status = officer_status(context, token)?;
    let request = request(token, &status, Kind::OfficerPin);
    let pin = read(source, final_try, &request)?;
    let session = context.engine()?.open_session(token.slot, SessionMode::ReadWrite)?;
    Ok(Officer { session, pin, request })
}

impl Officer {
    /// Sends the PIN.
    fn log_in(&self, context: &Context) -> Result<(), CliError> {
        context
            .login(self.session, UserKind::SecurityOfficer, Some(&self.pin))
            .map_err(|error| explain(error, &self.request))
    }
}

/// The security officer's PIN of a card. Errors: it has none.
pub fn officer_status(context: &Context, token: &FoundToken) -> Result<PinStatus, CliError> {
    let status = context.engine()?.pin_status(token.slot)?.so.filter(|status| status.initialized);
    status.ok_or_else(|| {
        let reader = quote(&token.candidate.reader);
        let mut error = CliError::new(
            ErrorKind::Pin,
            format!("the card in reader {reader} has no security officer's PIN"),
        );
        error.codes.return_value = Some("CKR_USER_PIN_NOT_INITIALIZED".to_owned());
        if token.view.card.info.initialized {
            error
        } else {
            error.hint(format!("it is blank: format it with p11ctl token init --slot {}", token.slot))
        }
    })
}

/// Gets a PIN that exists, from its source or the terminal. Errors: as [`PinArgs::read`].
pub fn read(source: Option<&PinArg>, final_try: bool, request: &PinRequest) -> Result<Secret, CliError> {
    let args = PinArgs { pin: source.cloned(), final_try };
    match args.read(request, None)? {
        Pin::Typed(pin) => Ok(pin),
        Pin::OnReader => Err(super::pin::empty(request)),
    }
}

/// Refuses a new PIN of a length that the card does not take, before anything is sent.
pub fn check_length((min, max): (usize, usize), new: &Secret, request: &PinRequest) -> Result<(), CliError> {
    if (min..=max).contains(&new.len()) {
        return Ok(());
    }
    let error = crate::engine::Error::PinLength { min, max };
    Err(explain(LoginError::Engine(error), request))
}

/// Tries left of a PIN of the card, by its label; `None` where the card does not tell.
fn tries_of(context: &Context, token: &FoundToken, label: &str) -> Result<Option<u8>, CliError> {
    let engine = context.engine()?;
    let readers = engine.reader_slots();
    let slots = readers.into_iter().find(|(_, slots)| slots.contains(&token.slot));
    for slot in slots.map(|(_, slots)| slots).unwrap_or_default() {
        // A slot without a token has no PIN either.
        let Ok(pins) = engine.pin_status(slot) else { continue };
        let found = [pins.user, pins.so].into_iter().flatten().find(|pin| pin.label == label);
        if let Some(pin) = found {
            return Ok(pin.tries_left);
        }
    }
    Ok(None)
}

/// A PIN of `--auth-pin`: asked for, and not yet sent.
struct OtherPin {
    label: String,
    pin: Secret,
    request: PinRequest,
}

/// Asks for the PINs of `--auth-pin`.
fn ask_others(context: &Context, token: &FoundToken, write: &WriteArgs) -> Result<Vec<OtherPin>, CliError> {
    let ask = |auth: &AuthPin| {
        let known = token.view.card.auths.iter().find(|known| known.label == auth.label);
        let request = PinRequest {
            reader: token.candidate.reader.clone(),
            slot: token.slot.0,
            token: token.view.card.info.label.clone(),
            pin: auth.label.clone(),
            tries_left: tries_of(context, token, &auth.label)?,
            has_pinpad: false,
            kind: Kind::OtherPin,
        };
        if known.is_none() {
            let labels = token.view.card.auths.iter().map(|known| quote(&known.label)).collect();
            let message = format!("the card has no PIN {}", quote(&auth.label));
            return Err(CliError::new(ErrorKind::NotFound, message).candidates(labels));
        }
        let pin = read(Some(&auth.source), write.pin.final_try, &request)?;
        Ok(OtherPin { label: auth.label.clone(), pin, request })
    };
    write.auth_pin.iter().map(ask).collect()
}

/// Verifies the PINs of `--auth-pin`.
fn authorise(context: &Context, session: SessionHandle, others: &[OtherPin]) -> Result<(), CliError> {
    for other in others {
        context
            .with_pin(|engine| engine.authorise(session, &other.label, &other.pin))
            .map_err(|error| explain(error, &other.request))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> AuthPin {
        let Ok(auth) = text.parse();
        auth
    }

    #[test]
    fn auth_pin_names_label_and_source() {
        let auth = parse("PIN 1=env:PIN");
        assert_eq!((auth.label.as_str(), auth.source), ("PIN 1", PinArg::Environment("PIN".to_owned())));
    }

    #[test]
    fn check_literal_other_pin_is_refused_and_not_kept() {
        for text in ["PIN 1=7531", "7531", "=env:X"] {
            let auth = parse(text);
            assert!(!format!("{auth:?}").contains("7531"), "{auth:?}");
            let args = WriteArgs { auth_pin: vec![auth], ..WriteArgs::default() };
            assert_eq!(args.check(false).unwrap_err().kind, ErrorKind::Usage, "{text}");
        }
    }
}

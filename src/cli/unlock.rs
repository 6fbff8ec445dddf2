//! A session on one token, with its PIN verified: told before, counted after.

use super::args::{PinArg, PinArgs};
use super::context::{Context, LoginError};
use super::error::CliError;
use super::keys::KeyChoice;
use super::pin::{Kind, Pin, PinRequest, describe};
use super::text::{count, quote};
use super::tokens::{self, FoundToken};
use crate::codec::Secret;
use crate::engine::{Error, PinStatus, SessionHandle, SessionMode, TokenView, UserKind};

/// An open session and what opened it.
#[derive(Debug)]
pub struct Unlocked {
    /// The session.
    pub session: SessionHandle,
    /// The PIN as it stood before the login; `None` for a token without one.
    pub status: Option<PinStatus>,
    pin: Option<Secret>,
}

/// Opens a session on the token and logs in, if the token has a PIN.
pub fn unlock(
    context: &Context,
    token: &FoundToken,
    args: &PinArgs,
    pin_source: Option<&str>,
) -> Result<Unlocked, CliError> {
    unlock_as(context, token, args, pin_source, SessionMode::ReadOnly)
}

/// As [`unlock`], with a session that may write where asked for.
pub fn unlock_as(
    context: &Context,
    token: &FoundToken,
    args: &PinArgs,
    pin_source: Option<&str>,
    mode: SessionMode,
) -> Result<Unlocked, CliError> {
    ask(context, token, args, pin_source, mode)?.log_in(context)
}

/// The tokens among which a private key is chosen. Where tokens show private keys only after login, that is the one token
/// that the options mean, and the user is logged in to it.
pub fn reveal(context: &Context, choice: &KeyChoice, pin: &PinArgs) -> Result<Vec<FoundToken>, CliError> {
    if !context.engine()?.hides_private_keys() {
        return tokens::matching(context, &choice.selector);
    }
    // The public half or the certificate of the key, which shows before login, may tell which of several tokens it is.
    let shows_it = |view: &TokenView| tokens::has_pin(view) && choice.is_hinted_by(view);
    let is_shown = tokens::matching(context, &choice.selector)?.iter().any(|token| shows_it(&token.view));
    let token = tokens::exactly_one(context, &choice.selector, |view| {
        if is_shown { shows_it(view) } else { tokens::has_pin(view) }
    })?;
    let done = unlock(context, &token, pin, choice.pin_source.as_deref())?;
    context.keep_login(token.slot, done);
    Ok(vec![tokens::read_again(context, &token)?])
}

/// A session on a token, and the PIN that is to open it: asked for, and not yet sent.
pub struct Asked {
    /// The session.
    pub session: SessionHandle,
    login: AskedLogin,
}

/// What opens a session.
enum AskedLogin {
    /// Nothing: the token has no PIN.
    Unneeded,
    /// A PIN that is still to be sent.
    Pending(PinStatus, PinRequest, Pin),
    /// A login from before.
    Done(Unlocked),
}

/// Opens a session on the token and asks for its PIN, if it has one. Where a person may have to answer, no card is kept.
pub fn ask(
    context: &Context,
    token: &FoundToken,
    args: &PinArgs,
    pin_source: Option<&str>,
    mode: SessionMode,
) -> Result<Asked, CliError> {
    let engine = context.engine()?;
    let session = engine.open_session(token.slot, mode)?;
    if token.view.view.auth.is_none() {
        return Ok(Asked { session, login: AskedLogin::Unneeded });
    }
    if let Some(done) = context.take_login(token.slot) {
        return Ok(Asked { session, login: AskedLogin::Done(done) });
    }
    let Some(status) = engine.user_pin(token.slot)? else {
        return Ok(Asked { session, login: AskedLogin::Unneeded });
    };
    if !args.is_at_hand() || status.tries_left.is_none_or(|left| left < 2) {
        engine.keep_at_hand(false);
    }
    // Asked only where it matters: it costs an APDU.
    let has_pinpad = args.pin == Some(PinArg::PinPad)
        && engine.token_info(token.slot)?.flags.protected_authentication_path;
    let request = PinRequest { has_pinpad, ..request(token, &status, Kind::Pin) };
    let pin = args.read(&request, pin_source)?;
    Ok(Asked { session, login: AskedLogin::Pending(status, request, pin) })
}

impl Asked {
    /// Sends the PIN. A card that was kept for it is free again.
    pub fn log_in(self, context: &Context) -> Result<Unlocked, CliError> {
        let unlocked = self.verify(context);
        context.engine()?.keep_at_hand(false);
        unlocked
    }

    fn verify(self, context: &Context) -> Result<Unlocked, CliError> {
        let session = self.session;
        let (status, request, pin) = match self.login {
            AskedLogin::Unneeded => return Ok(Unlocked { session, status: None, pin: None }),
            AskedLogin::Done(done) => return Ok(Unlocked { session, ..done }),
            AskedLogin::Pending(status, request, pin) => (status, request, pin),
        };
        let pin = match pin {
            Pin::Typed(pin) => Some(pin),
            Pin::OnReader => {
                context.say(&on_reader(&request));
                None
            }
        };
        context.login(session, UserKind::User, pin.as_ref()).map_err(|error| explain(error, &request))?;
        Ok(Unlocked { session, status: Some(status), pin })
    }
}

impl Unlocked {
    /// Logs in anew: where a key asks for the PIN each time, its use uses up the login too.
    pub fn log_in_again(&self, context: &Context, token: &FoundToken) -> Result<(), CliError> {
        context.engine()?.logout(self.session)?;
        let Some(status) = &self.status else { return Ok(()) };
        let request = request(token, status, Kind::Pin);
        if self.pin.is_none() {
            context.say(&on_reader(&request));
        }
        context
            .login(self.session, UserKind::User, self.pin.as_ref())
            .map_err(|error| explain(error, &request))
    }

    /// Verifies the PIN again for one use of a key that asks for it each time.
    pub fn authenticate_again(&self, context: &Context, token: &FoundToken) -> Result<(), CliError> {
        if let (None, Some(status)) = (&self.pin, &self.status) {
            context.say(&on_reader(&request(token, status, Kind::Pin)));
        }
        context.login(self.session, UserKind::ContextSpecific, self.pin.as_ref()).map_err(|error| match error
        {
            LoginError::Cli(error) => error,
            LoginError::Engine(error) => CliError::from(error).cause(format!(
                "the key asks for the PIN at each use, token {}",
                quote(&token.candidate.label)
            )),
        })
    }
}

/// What the holder does now: `type PIN 1 …`.
pub fn on_reader(request: &PinRequest) -> String {
    let tries =
        request.tries_left.map(|left| format!(" ({} left)", count(usize::from(left), "try", "tries")));
    format!("type the PIN on the reader: {}{}", describe(request), tries.unwrap_or_default())
}

/// What is asked for when the PIN of a token is wanted.
pub fn request(token: &FoundToken, status: &PinStatus, kind: Kind) -> PinRequest {
    PinRequest {
        reader: token.candidate.reader.clone(),
        slot: token.slot.0,
        token: token.candidate.label.clone(),
        pin: status.label.clone(),
        tries_left: status.tries_left,
        has_pinpad: false,
        kind,
    }
}

/// `PIN incorrect for "PIN 1" in slot 4, 2 tries left`, with what to do next.
pub fn explain(error: LoginError, request: &PinRequest) -> CliError {
    let error = match error {
        LoginError::Cli(error) => return error,
        LoginError::Engine(error) => error,
    };
    let mut explained = CliError::from(&error);
    let word = request.kind.word();
    let place = format!("for {} in slot {}", quote(&request.pin), request.slot);
    let status = format!("run p11ctl pin status --slot {}", request.slot);
    match error {
        Error::PinIncorrect { tries_left, .. } => {
            let left = match tries_left {
                Some(0) => ", it is locked now".to_owned(),
                Some(left) => format!(", {} left", count(usize::from(left), "try", "tries")),
                None => String::new(),
            };
            explained.message = format!("{word} incorrect {place}{left}");
            explained.hints.push(status);
        }
        Error::PinLocked { .. } if request.tries_left == Some(1) => {
            explained.message = format!("{word} incorrect {place}, it is locked now");
            explained.hints.push(status);
        }
        Error::PinLocked { .. } => {
            explained.message = format!("{word} locked: {}", describe(request));
            explained.hints.push(status);
        }
        Error::PinLength { min, max } => {
            explained.message = format!("the {word} {place} has {min} to {max} characters; nothing was sent");
            explained.codes.tries_left = request.tries_left;
        }
        Error::PinCharacters => {
            explained.message = format!("the {word} {place} consists of digits; nothing was sent");
            explained.codes.tries_left = request.tries_left;
        }
        _ => {}
    }
    explained
}

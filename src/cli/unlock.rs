//! A session on one token, with its PIN verified: told before, counted after.

use super::args::{PinArg, PinArgs};
use super::context::{Context, LoginError};
use super::error::CliError;
use super::pin::{Pin, PinRequest, describe};
use super::text::{count, quote};
use super::tokens::FoundToken;
use crate::codec::Secret;
use crate::engine::{Error, PinStatus, SessionHandle, SessionMode, UserKind};

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
    let engine = context.engine()?;
    let session = engine.open_session(token.slot, SessionMode::ReadOnly)?;
    if token.view.view.auth.is_none() {
        return Ok(Unlocked { session, status: None, pin: None });
    }
    let Some(status) = engine.user_pin(token.slot)? else {
        return Ok(Unlocked { session, status: None, pin: None });
    };
    // Asked only where it matters: it costs an APDU.
    let has_pinpad = args.pin == Some(PinArg::PinPad)
        && engine.token_info(token.slot)?.flags.protected_authentication_path;
    let request = request(token, &status, has_pinpad);
    let pin = match args.read(&request, pin_source)? {
        Pin::Typed(pin) => Some(pin),
        Pin::OnReader => None,
    };
    context
        .login(session, UserKind::User, pin.as_ref())
        .map_err(|error| explain(error, &request, &status))?;
    Ok(Unlocked { session, status: Some(status), pin })
}

impl Unlocked {
    /// Verifies the PIN again for one use of a key that asks for it each time.
    pub fn authenticate_again(&self, context: &Context, token: &FoundToken) -> Result<(), CliError> {
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

fn request(token: &FoundToken, status: &PinStatus, has_pinpad: bool) -> PinRequest {
    PinRequest {
        reader: token.candidate.reader.clone(),
        slot: token.slot.0,
        token: token.candidate.label.clone(),
        pin: status.label.clone(),
        tries_left: status.tries_left,
        has_pinpad,
    }
}

/// `PIN incorrect for "PIN 1" in slot 4, 2 tries left`, with what to do next.
fn explain(error: LoginError, request: &PinRequest, status: &PinStatus) -> CliError {
    let error = match error {
        LoginError::Cli(error) => return error,
        LoginError::Engine(error) => error,
    };
    let mut explained = CliError::from(&error);
    let place = format!("for {} in slot {}", quote(&request.pin), request.slot);
    match error {
        Error::PinIncorrect { tries_left } => {
            let left = match tries_left {
                Some(0) => ", it is locked now".to_owned(),
                Some(left) => format!(", {} left", count(usize::from(left), "try", "tries")),
                None => String::new(),
            };
            explained.message = format!("PIN incorrect {place}{left}");
            explained.hints.push(format!("run p11ctl pin status --slot {}", request.slot));
        }
        Error::PinLocked if status.tries_left == Some(1) => {
            explained.message = format!("PIN incorrect {place}, it is locked now");
            explained.hints.push(format!("run p11ctl pin status --slot {}", request.slot));
        }
        Error::PinLocked => {
            explained.message = format!("PIN locked: {}", describe(request));
            explained.hints.push(format!("run p11ctl pin status --slot {}", request.slot));
        }
        Error::PinLength { min, max } => {
            explained.message = format!("the PIN {place} has {min} to {max} characters; nothing was sent");
            explained.codes.tries_left = status.tries_left;
        }
        Error::PinCharacters => {
            explained.message = format!("the PIN {place} consists of digits; nothing was sent");
            explained.codes.tries_left = status.tries_left;
        }
        _ => {}
    }
    explained
}

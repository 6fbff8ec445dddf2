//! The PC/SC service: whether it is there, runs, and serves this user.

use std::path::{Path, PathBuf};

use super::{Check, State};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::explain::transport_hint;
use crate::transport::TransportError;

/// Looks at the service, unless it is not wanted.
pub fn check(context: &Context) -> Result<Check, CliError> {
    if !context.global.cards.is_empty() {
        return Ok(Check::new(SUBJECT, State::Off, "not used: exactly the cards of --card are"));
    }
    if context.global.module.is_some() {
        return Ok(Check::new(
            SUBJECT,
            State::Off,
            "not asked: the module of --module has readers of its own",
        ));
    }
    if !context.load_config()?.readers.pcsc {
        return Ok(Check::new(SUBJECT, State::Off, "switched off ([readers] pcsc = false)"));
    }
    // The engine's readers are asked for first: that is what tells.
    context.engine()?;
    let socket = socket();
    let place = socket.display();
    let Some(problem) = context.pcsc_problem() else {
        return Ok(Check::new(SUBJECT, State::Fine, format!("runs and serves this user ({place})")));
    };
    let check = match problem {
        TransportError::NoService if daemon().is_none() => {
            Check::new(SUBJECT, State::Missing, "pcscd is not installed")
                .next("install it; on Debian: apt install pcscd")
        }
        TransportError::NoService if socket.exists() => {
            Check::new(SUBJECT, State::Missing, format!("pcscd does not run, although {place} is there"))
                .next("start it: systemctl restart pcscd.socket pcscd.service")
        }
        TransportError::NoService => {
            Check::new(SUBJECT, State::Missing, format!("pcscd does not run: there is no {place}"))
                .next("start it: systemctl enable --now pcscd.socket")
        }
        TransportError::AccessDenied => denied(&socket),
        problem => {
            let check = Check::new(SUBJECT, State::Missing, problem.to_string());
            return Ok(match transport_hint(problem) {
                Some(hint) => check.next(hint),
                None => check,
            });
        }
    };
    Ok(check)
}

/// The socket of another user, or polkit's word.
fn denied(socket: &Path) -> Check {
    use rustix::fs::{Access, access};
    let place = socket.display();
    if access(socket, Access::WRITE_OK).is_err() {
        return Check::new(SUBJECT, State::Missing, format!("this user may not write to {place}"))
            .next(format!("see ls -l {place}: usually everybody may, and polkit decides"));
    }
    Check::new(SUBJECT, State::Missing, "runs, but polkit does not let this user in").next(
        "allow org.debian.pcsc-lite.access_pcsc and org.debian.pcsc-lite.access_card for this user in a rule below /etc/polkit-1/rules.d",
    )
}

/// Where pcscd listens.
fn socket() -> PathBuf {
    std::env::var_os("PCSCLITE_CSOCK_NAME").map_or_else(|| PathBuf::from(SOCKET), PathBuf::from)
}

/// Where the service's program lies.
fn daemon() -> Option<PathBuf> {
    let folders = ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin", "/sbin"];
    folders.iter().map(|folder| Path::new(folder).join("pcscd")).find(|path| path.exists())
}

const SUBJECT: &str = "PC/SC service";
const SOCKET: &str = "/run/pcscd/pcscd.comm";

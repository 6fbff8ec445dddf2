//! `ssh-keygen`: what git calls as `gpg.ssh.program`. It signs with the token that has the key; everything else, such as
//! verifying, is left to the real ssh-keygen.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use super::find::public_objects;
use super::sign::{self, SignArgs};
use crate::cli::args::{PinArgs, TokenArgs};
use crate::cli::atomic_file;
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::outcome::Outcome;
use crate::cli::selector::Selector;
use crate::cli::tokens;
use crate::crypto::PublicKey;
use crate::engine::Template;

/// Arguments of `ssh-keygen`.
#[derive(Debug, Args)]
#[command(after_help = "\
With -Y sign the key of FILE.pub is looked for on the tokens, its PIN is asked
for on the terminal, and FILE.sig is written. All other calls go on to
ssh-keygen itself. Called by the name p11ctl-ssh-keygen (a link), the program
is this command, so that git can call it:

  p11ctl object export 'key 1' --class public-key --format ssh \\
      -o ~/.ssh/token.pub
  git config --global gpg.format ssh
  git config --global gpg.ssh.program p11ctl-ssh-keygen
  git config --global user.signingKey ~/.ssh/token.pub
  git commit -S

A script of two lines gives options of its own, for example a PIN:

  #!/bin/sh
  exec p11ctl ssh-keygen --pin file:/run/secrets/pin \"$@\"

Examples:
  p11ctl ssh-keygen -Y sign -n file -f token.pub report.pdf
  p11ctl ssh-keygen --slot 4 -Y sign -n git -f token.pub < commit")]
pub struct SshKeygenArgs {
    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Which PIN.
    #[command(flatten)]
    pin: PinArgs,

    /// Arguments of ssh-keygen: -Y sign -n NAMESPACE -f FILE.pub [-O hashalg=HASH] FILE
    #[arg(value_name = "ARGUMENT", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// The name under which the program is this command.
pub const LINK_NAME: &str = "p11ctl-ssh-keygen";

/// What `-Y sign` asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Request {
    action: Option<OsString>,
    namespace: Option<OsString>,
    key: Option<PathBuf>,
    options: Vec<OsString>,
    files: Vec<PathBuf>,
}

/// Runs `ssh-keygen`.
pub fn run(context: &Context, args: &SshKeygenArgs) -> Result<Outcome, CliError> {
    let request = Request::parse(&args.arguments);
    if request.action.as_deref() != Some(OsStr::new("sign")) {
        // Comes back only when there is no such program.
        let source = Command::new("ssh-keygen").args(&args.arguments).exec();
        return Err(CliError::usage("ssh-keygen cannot be run").cause(source).hint("install OpenSSH"));
    }
    let namespace = request.text(request.namespace.as_deref(), "-n: the namespace")?;
    let key = request.key.as_ref().ok_or_else(|| CliError::usage("-f: the public key is missing"))?;
    let hash = request.hash()?;
    let public = public_key(key)?;
    let (slot, id) = place_of(context, args, &public)?;
    let files = if request.files.is_empty() { vec![PathBuf::from("-")] } else { request.files };
    let token = TokenArgs { slot: Some(slot), ..TokenArgs::default() };
    sign::run(context, &SignArgs::ssh(files, namespace, hash, (token, id), args.pin.clone()))
}

impl Request {
    /// Reads arguments as getopt does: the value of an option may stand behind it or in it.
    fn parse(arguments: &[OsString]) -> Self {
        let mut request = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let [b'-', letter, value @ ..] = argument.as_bytes() else {
                request.files.push(argument.into());
                continue;
            };
            if *letter == b'-' && value.is_empty() {
                request.files.extend(rest.by_ref().map(PathBuf::from));
                break;
            }
            if !WITH_VALUE.contains(letter) {
                continue;
            }
            let value = match value {
                [] => rest.next().cloned().unwrap_or_default(),
                value => OsString::from_vec(value.to_vec()),
            };
            match letter {
                b'Y' => request.action = Some(value),
                b'n' => request.namespace = Some(value),
                b'f' => request.key = Some(value.into()),
                b'O' => request.options.push(value),
                _ => {}
            }
        }
        request
    }

    /// The digest of `-O hashalg=…`. Errors: another option.
    fn hash(&self) -> Result<Option<String>, CliError> {
        let mut hash = None;
        for option in &self.options {
            let option = self.text(Some(option), "-O")?;
            match option.split_once('=') {
                Some(("hashalg", name)) => hash = Some(name.to_owned()),
                _ => return Err(CliError::usage(format!("-O {option} is not known for -Y sign"))),
            }
        }
        Ok(hash)
    }

    fn text(&self, value: Option<&OsStr>, what: &str) -> Result<String, CliError> {
        let value = value.ok_or_else(|| CliError::usage(format!("{what} is missing")))?;
        value.to_str().map(str::to_owned).ok_or_else(|| CliError::usage(format!("{what} is no UTF-8")))
    }
}

/// The public key of a file, or of the `.pub` file beside a private one.
fn public_key(path: &Path) -> Result<PublicKey, CliError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".pub");
    let mut last = None;
    for path in [path, Path::new(&beside)] {
        let text = match atomic_file::read(path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => {
                last.get_or_insert(error);
                continue;
            }
        };
        match PublicKey::from_openssh(&text) {
            Ok(key) => return Ok(key),
            Err(error) => {
                let what = format!("{} holds no public key of OpenSSH", path.display());
                last = Some(CliError::usage(what).source(&error));
            }
        }
    }
    Err(last.unwrap_or_else(|| CliError::usage("there is no public key")))
}

/// Slot and id of a key on the tokens. Errors: no token has it.
fn place_of(context: &Context, args: &SshKeygenArgs, public: &PublicKey) -> Result<(u32, Vec<u8>), CliError> {
    let selector = Selector::new(&args.token, None)?;
    let tokens = tokens::matching(context, &selector)?;
    let hides_keys = context.engine()?.hides_private_keys();
    let known = |slot: u32, id: &[u8]| {
        let token = tokens.iter().find(|token| token.slot.0 == slot);
        token.is_some_and(|token| {
            let keys = token.view.view.keys.iter().filter_map(|index| token.view.card.keys.get(*index));
            hides_keys || keys.into_iter().any(|key| key.id.0 == id)
        })
    };
    let objects = public_objects(context, &tokens, &Template::new())?;
    let found = objects.into_iter().filter(|object| object.public_key() == Some(public));
    let place = found.map(|object| (object.slot.0, object.id)).find(|(slot, id)| known(*slot, id));
    place.ok_or_else(|| {
        let name = public.openssh_fingerprint().unwrap_or_default();
        CliError::new(ErrorKind::NotFound, format!("no token has the key {name}"))
            .hint("run p11ctl find to see the keys there are")
    })
}

/// Options of ssh-keygen -Y that take a value.
const WITH_VALUE: &[u8] = b"YnfOsIr";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Request {
        Request::parse(&line.split(' ').map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn parse_reads_what_git_calls() {
        let request = parse("-Y sign -n git -f key.pub -U buffer");
        assert_eq!(request.action.as_deref(), Some(OsStr::new("sign")));
        assert_eq!(request.namespace.as_deref(), Some(OsStr::new("git")));
        assert_eq!(request.key.as_deref(), Some(Path::new("key.pub")));
        assert_eq!(request.files, [PathBuf::from("buffer")]);
        assert_eq!(parse("-Ysign -ngit -fkey.pub -U buffer"), request);
        assert_eq!(parse("-Y sign -n git -f key.pub -- -x").files, [PathBuf::from("-x")]);
    }

    #[test]
    fn hash_is_that_of_the_option() {
        assert_eq!(parse("-Y sign").hash(), Ok(None));
        assert_eq!(parse("-Y sign -O hashalg=sha256").hash(), Ok(Some("sha256".to_owned())));
        assert!(parse("-Y sign -O verify-time=1").hash().is_err());
    }
}

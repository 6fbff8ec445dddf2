//! One file through one key: digested in constant memory, signed by the card.

use std::path::Path;

use crate::cli::atomic_file;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::keys::ChosenKey;
use crate::cli::parts::Parts;
use crate::cli::predigested::Predigested;
use crate::cli::text::quote;
use crate::cli::unlock::Unlocked;
use crate::engine::mechanism::mechanism;
use crate::engine::{ANY_ROOM, MechanismCall, ObjectHandle, Provider};

/// What the files are.
#[derive(Debug)]
pub enum Input {
    /// The data.
    Files,
    /// Digests of data that is elsewhere.
    Digests(Predigested),
}

/// A key in a session that is logged in.
pub struct Signer<'a> {
    /// Surroundings.
    pub context: &'a Context,
    /// The key and its token.
    pub chosen: &'a ChosenKey,
    /// The session.
    pub unlocked: &'a Unlocked,
    /// The key in this session.
    pub key: ObjectHandle,
    /// How it signs.
    pub call: &'a MechanismCall,
    /// What it is given.
    pub input: Input,
}

impl Signer<'_> {
    /// The engine that it works with.
    pub fn engine(&self) -> Result<&dyn Provider, CliError> {
        self.context.engine()
    }

    /// Signs one file: PKCS#11's form of the signature. `progress` hears of every part that was read.
    pub fn sign(&self, input: &Path, progress: &dyn Fn(u64)) -> Result<Vec<u8>, CliError> {
        let signature = match &self.input {
            Input::Files if mechanism(self.call.id)?.digest().is_none() => {
                self.sign_block(self.call, &atomic_file::read(input)?)
            }
            Input::Files => self.sign_file(input, progress),
            Input::Digests(how) => self.sign_block(&how.call, &how.block(input)?),
        };
        signature.map_err(|error| self.explain(error, input))
    }

    fn sign_block(&self, call: &MechanismCall, block: &[u8]) -> Result<Vec<u8>, Failure> {
        self.begin(call)?;
        Ok(self.engine()?.sign(self.unlocked.session, block, ANY_ROOM)?)
    }

    fn sign_file(&self, input: &Path, progress: &dyn Fn(u64)) -> Result<Vec<u8>, Failure> {
        let (engine, session) = (self.engine()?, self.unlocked.session);
        let mut data = Parts::open(input)?;
        let Some(first) = data.next_part()? else { return self.sign_block(self.call, &[]) };
        progress(first.len() as u64);
        self.begin(self.call)?;
        engine.sign_update(session, first)?;
        loop {
            match data.next_part() {
                Ok(Some(part)) => {
                    progress(part.len() as u64);
                    engine.sign_update(session, part)?;
                }
                Ok(None) => return Ok(engine.sign_final(session, ANY_ROOM)?),
                Err(error) => {
                    engine.sign_cancel(session)?;
                    return Err(error.into());
                }
            }
        }
    }

    fn begin(&self, call: &MechanismCall) -> Result<(), Failure> {
        self.engine()?.sign_init(self.unlocked.session, call, self.key)?;
        if self.chosen.key.always_authenticate {
            self.unlocked.authenticate_again(self.context, &self.chosen.token)?;
        }
        Ok(())
    }

    fn explain(&self, failure: Failure, input: &Path) -> CliError {
        let error = match failure {
            Failure::Cli(error) => return error,
            Failure::Engine(error) => error,
        };
        let mut explained = CliError::from(error);
        explained.causes.insert(0, explained.message.clone());
        explained.message = format!(
            "{} is not signed with key {} in slot {}",
            atomic_file::describe(input),
            quote(&self.chosen.key.label),
            self.chosen.token.slot
        );
        explained
    }
}

/// Why a file was not signed.
#[derive(Debug)]
enum Failure {
    /// Told already.
    Cli(CliError),
    /// The engine's part.
    Engine(crate::engine::Error),
}

impl From<CliError> for Failure {
    fn from(error: CliError) -> Self {
        Self::Cli(error)
    }
}

impl From<crate::engine::Error> for Failure {
    fn from(error: crate::engine::Error) -> Self {
        Self::Engine(error)
    }
}

//! One file through one key: digested in constant memory, signed by the card.

use std::path::Path;

use crate::cli::ahead::Ahead;
use crate::cli::atomic_file;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::keys::ChosenKey;
use crate::cli::parts::{Parts, digest_parts};
use crate::cli::predigested::Predigested;
use crate::cli::text::quote;
use crate::cli::unlock::Unlocked;
use crate::crypto::DigestAlgorithm;
use crate::crypto::digest::digest;
use crate::crypto::jws::PayloadEncoder;
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
    /// Files that are opened before their turn.
    pub ahead: Option<Ahead>,
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
                self.sign_block(self.call, &self.open(input)?.whole()?)
            }
            Input::Files => self.sign_file(input, progress),
            Input::Digests(how) => self.sign_block(&how.call, &how.block(input)?),
        };
        signature.map_err(|error| self.explain(error, input))
    }

    /// The digest of a file, or of its content where that was read already, or as the file tells it.
    pub fn digest(
        &self,
        input: &Path,
        content: Option<&[u8]>,
        algorithm: DigestAlgorithm,
        progress: &dyn Fn(u64),
    ) -> Result<Vec<u8>, CliError> {
        match (&self.input, content) {
            (Input::Digests(how), _) => how.digest(input),
            (Input::Files, Some(content)) => {
                progress(content.len() as u64);
                Ok(digest(algorithm, content))
            }
            (Input::Files, None) => digest_parts(self.open(input)?, algorithm, progress),
        }
    }

    /// Signs bytes that stand for a file.
    pub fn sign_bytes(&self, input: &Path, bytes: &[u8]) -> Result<Vec<u8>, CliError> {
        self.sign_block(self.call, bytes).map_err(|error| self.explain(error, input))
    }

    /// Signs a prefix and the encoded content of a file.
    pub fn sign_payload(
        &self,
        input: &Path,
        content: Option<&[u8]>,
        prefix: &[u8],
        mut encoder: PayloadEncoder,
        progress: &dyn Fn(u64),
    ) -> Result<Vec<u8>, CliError> {
        let is_streamed = mechanism(self.call.id)?.digest().is_some() && content.is_none();
        if is_streamed {
            return self
                .sign_parts(self.open(input)?, prefix, encoder, progress)
                .map_err(|error| self.explain(error, input));
        }
        // Ed25519 signs the whole; and what goes along is in memory anyway.
        let read;
        let content = match content {
            Some(content) => content,
            None => {
                read = self.open(input)?.whole()?;
                &read
            }
        };
        progress(content.len() as u64);
        let whole = [prefix, &encoder.push(content), &encoder.finish()].concat();
        self.sign_bytes(input, &whole)
    }

    fn sign_block(&self, call: &MechanismCall, block: &[u8]) -> Result<Vec<u8>, Failure> {
        self.begin(call)?;
        Ok(self.engine()?.sign(self.unlocked.session, block, ANY_ROOM)?)
    }

    fn sign_file(&self, input: &Path, progress: &dyn Fn(u64)) -> Result<Vec<u8>, Failure> {
        self.sign_parts(self.open(input)?, &[], PayloadEncoder::new(false), progress)
    }

    fn sign_parts(
        &self,
        mut data: Parts,
        prefix: &[u8],
        mut encoder: PayloadEncoder,
        progress: &dyn Fn(u64),
    ) -> Result<Vec<u8>, Failure> {
        let (engine, session) = (self.engine()?, self.unlocked.session);
        let Some(first) = data.next_part()? else { return self.sign_block(self.call, prefix) };
        progress(first.len() as u64);
        self.begin(self.call)?;
        engine.sign_update(session, prefix)?;
        engine.sign_update(session, &encoder.push(first))?;
        loop {
            match data.next_part() {
                Ok(Some(part)) => {
                    progress(part.len() as u64);
                    engine.sign_update(session, &encoder.push(part))?;
                }
                Ok(None) => {
                    engine.sign_update(session, &encoder.finish())?;
                    return Ok(engine.sign_final(session, ANY_ROOM)?);
                }
                Err(error) => {
                    engine.sign_cancel(session)?;
                    return Err(error.into());
                }
            }
        }
    }

    /// Opens one file, if its turn has come.
    pub fn open(&self, input: &Path) -> Result<Parts, CliError> {
        self.ahead.as_ref().map_or_else(|| Parts::open(input), |ahead| ahead.open(input))
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

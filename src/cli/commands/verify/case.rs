//! Which file is checked against which signature: named with `--signature`, or where `sign` puts it, beside the file or
//! in the folder of its `--output-dir`.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use super::VerifyArgs;
use super::signer::{self, Signer};
use super::trust::Roots;
use crate::cli::atomic_file::{describe, is_standard_stream};
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::progress::Bar;
use crate::cli::signature::SignatureFormat;

/// What all files of one run are checked with.
pub struct Check<'a> {
    /// Surroundings.
    pub context: &'a Context,
    /// What the user said.
    pub args: &'a VerifyArgs,
    /// Whom to trust.
    pub roots: Roots,
    /// Hears of what was read.
    pub bar: Bar,
    named: OnceCell<Signer>,
}

impl<'a> Check<'a> {
    /// Reads the roots. Errors name their file.
    pub fn new(context: &'a Context, args: &'a VerifyArgs) -> Result<Self, CliError> {
        let files: Vec<&Path> = args.files.iter().map(PathBuf::as_path).collect();
        let bar = Bar::start(context, &files);
        Ok(Self { context, args, roots: Roots::read(args)?, bar, named: OnceCell::new() })
    }

    /// The signer that the user named by a file or on a token, looked for once; a token is looked at also where
    /// nothing is named.
    pub fn named_signer(&self) -> Result<&Signer, CliError> {
        if self.named.get().is_none() {
            let signer = signer::named_signer(self.context, self.args)?;
            return Ok(self.named.get_or_init(|| signer));
        }
        self.named.get().ok_or_else(|| CliError::usage("no signer is named"))
    }

    /// As [`Check::named_signer`], where the signature can tell its signer; `None` when nothing is named.
    pub fn signer_if_named(&self) -> Result<Option<&Signer>, CliError> {
        if signer::is_named(self.args) { self.named_signer().map(Some) } else { Ok(None) }
    }
}

/// One file and its signature.
pub struct Case<'a> {
    /// What is the same for every file.
    pub check: &'a Check<'a>,
    /// The file that was signed; `None` where the signature holds the content.
    pub file: Option<&'a Path>,
    /// The signature.
    pub signature: PathBuf,
}

impl<'a> Case<'a> {
    /// The case that the user named. Errors: there is no signature where it would be, or standard input is both.
    pub fn named(check: &'a Check<'a>, file: Option<&'a Path>) -> Result<Self, CliError> {
        let signature = match (&check.args.signature, file) {
            (Some(signature), _) => signature.clone(),
            (None, Some(file)) => signature_of(check.args, file)?,
            (None, None) => {
                return Err(CliError::usage("there is nothing to verify").hint(
                    "name the file that was signed, or with --signature a signature that holds its content",
                ));
            }
        };
        if file.is_some_and(is_standard_stream) && is_standard_stream(&signature) {
            return Err(CliError::usage("standard input cannot hold both the data and the signature"));
        }
        Ok(Self { check, file, signature })
    }

    /// The signed file. Errors: none is named.
    pub fn file(&self) -> Result<&Path, CliError> {
        self.file.ok_or_else(|| {
            CliError::usage("the signature does not hold the content: name the file that was signed")
        })
    }

    /// What is verified, in a sentence.
    pub fn subject(&self) -> String {
        match self.file {
            Some(file) => describe(file),
            None => format!("the content in {}", describe(&self.signature)),
        }
    }
}

/// The one signature that `sign` would have written for a file. Errors: none is there, or several.
fn signature_of(args: &VerifyArgs, file: &Path) -> Result<PathBuf, CliError> {
    if is_standard_stream(file) {
        return Err(CliError::usage("standard input has no signature beside it: name it with --signature"));
    }
    let folder = match &args.signature_dir {
        Some(folder) => folder.as_path(),
        None => file.parent().unwrap_or(Path::new("")),
    };
    let name = file.file_name().unwrap_or_default();
    let place = |suffix: &str| {
        let mut name = name.to_owned();
        name.push(suffix);
        folder.join(name)
    };
    let suffixes = SignatureFormat::suffixes(args.format);
    let found: Vec<PathBuf> =
        suffixes.iter().map(|suffix| place(suffix)).filter(|path| path.exists()).collect();
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(CliError::new(ErrorKind::NotFound, format!("there is no signature of {}", file.display()))
            .cause(format!("looked for {} with {}", place("").display(), suffixes.join(", ")))
            .hint("name it with --signature, or its folder with --signature-dir")),
        several => {
            let names: Vec<String> = several.iter().map(|path| path.display().to_string()).collect();
            Err(CliError::usage(format!("{} has several signatures: {}", file.display(), names.join(", ")))
                .hint("choose by --signature or --format"))
        }
    }
}

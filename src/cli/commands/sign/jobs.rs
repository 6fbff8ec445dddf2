//! Which file is signed into which: beside it, in a folder, or where `-o` says. No card here.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::SignArgs;
use crate::cli::apart::{Apart, Clash};
use crate::cli::atomic_file::{describe, is_standard_stream};
use crate::cli::context::Context;
use crate::cli::error::CliError;

/// One file and where its signature goes; `None` is standard output.
#[derive(Debug)]
pub struct Job<'a> {
    /// What is signed.
    pub input: &'a Path,
    /// What is written.
    pub output: Option<PathBuf>,
}

/// Pairs inputs and outputs. Errors: one output for several files, standard input twice, binary to a terminal,
/// a signature that would replace another one or a file to sign.
pub fn jobs<'a>(context: &Context, args: &'a SignArgs) -> Result<Vec<Job<'a>>, CliError> {
    let stdins = args.files.iter().filter(|file| is_standard_stream(file)).count();
    if stdins > 1 {
        return Err(CliError::usage("standard input is named twice"));
    }
    if args.output.is_some() && args.files.len() > 1 {
        return Err(CliError::usage("-o names one file, but there are several to sign")
            .hint("leave -o out: each signature is written beside its file, or in --output-dir"));
    }
    let jobs = args.files.iter().map(|input| Ok(Job { input, output: output_of(args, input)? }));
    let jobs: Vec<Job<'_>> = jobs.collect::<Result<_, CliError>>()?;
    let to_stdout = args.output.is_none() && jobs.iter().any(|job| job.output.is_none());
    if to_stdout && jobs.len() > 1 {
        return Err(CliError::usage("standard input is signed alone: its signature goes to standard output"));
    }
    if to_stdout && !args.format.is_text() && context.terminal.stdout && !context.global.json {
        return Err(CliError::usage("the signature is no text and standard output is a terminal")
            .hint("write it to a file with -o FILE, or give --format hex, base64, pem, ssh or jws"));
    }
    check_apart(&jobs)?;
    Ok(jobs)
}

/// Makes the folder of `--output-dir`, if it is missing. Errors name it.
pub fn make_output_folder(args: &SignArgs) -> Result<(), CliError> {
    let Some(folder) = &args.output_dir else { return Ok(()) };
    fs::create_dir_all(folder)
        .map_err(|source| CliError::usage(format!("cannot make {}", folder.display())).cause(source))
}

fn output_of(args: &SignArgs, input: &Path) -> Result<Option<PathBuf>, CliError> {
    if let Some(path) = &args.output {
        return Ok(Some(path.clone()).filter(|path| !is_standard_stream(path)));
    }
    if is_standard_stream(input) {
        return match args.output_dir {
            None => Ok(None),
            Some(_) => Err(CliError::usage("standard input has no name for a file in --output-dir")
                .hint("name the signature with -o FILE")),
        };
    }
    let suffix = args.format.suffix(args.attach);
    let Some(folder) = &args.output_dir else {
        return Ok(Some(with_suffix(input.as_os_str().to_owned(), suffix)));
    };
    let name = input
        .file_name()
        .ok_or_else(|| CliError::usage(format!("{} is no file that can be signed", input.display())))?;
    Ok(Some(folder.join(with_suffix(name.to_owned(), suffix))))
}

/// Errors: two signatures in one file, or a signature in a file that is itself to be signed.
fn check_apart(jobs: &[Job<'_>]) -> Result<(), CliError> {
    let mut apart = Apart::new(jobs.iter().map(|job| job.input));
    for job in jobs {
        let Some(output) = &job.output else { continue };
        apart.write(output).map_err(|clash| match clash {
            Clash::Input => CliError::usage(format!(
                "the signature of {} would replace {}, which is to be signed as well",
                describe(job.input),
                output.display()
            ))
            .hint("leave one of them out, or write elsewhere with -o or --output-dir"),
            Clash::Output => {
                CliError::usage(format!("two signatures would be written to {}", output.display()))
                    .hint("sign files of one name in separate runs")
            }
        })?;
    }
    Ok(())
}

/// `document.txt.sig`.
fn with_suffix(mut name: OsString, suffix: &str) -> PathBuf {
    name.push(suffix);
    name.into()
}

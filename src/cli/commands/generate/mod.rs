//! `generate completions|man`: files that follow from the command definition.

mod man;

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory, Subcommand};
use clap_complete::Shell;
use serde_json::json;

use crate::cli::args::Cli;
use crate::cli::atomic_file;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::outcome::Outcome;

/// What to generate.
#[derive(Debug, Subcommand)]
pub enum GenerateCommand {
    /// Write completion scripts for bash, zsh, fish, elvish and PowerShell
    #[command(after_help = "\
The name of a shell in place of a folder (bash, zsh, fish, elvish, powershell)
prints its script.

Examples:
  p11ctl generate completions completions
  p11ctl generate completions bash > p11ctl.bash")]
    Completions(GenerateArgs),
    /// Write the manual pages, one for each command
    Man(GenerateArgs),
}

/// Where to.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// Folder for the files; made if it is missing
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    folder: PathBuf,
}

/// Runs `generate`.
pub fn run(_context: &Context, command: &GenerateCommand) -> Result<Outcome, CliError> {
    let (folder, files) = match command {
        GenerateCommand::Completions(args) => match shell_of(&args.folder) {
            Some(shell) => return Ok(print_script(shell)),
            None => (&args.folder, completions()),
        },
        GenerateCommand::Man(args) => {
            let mut root = Cli::command();
            root.build();
            let pages = man::pages(&root)
                .map_err(|source| CliError::usage("a manual page could not be made").cause(source))?;
            (&args.folder, pages)
        }
    };
    write_all(folder, &files)
}

/// The shell that is named where other programs take one; a folder of that name is a folder.
fn shell_of(folder: &Path) -> Option<Shell> {
    let name = folder.to_str().filter(|_| !folder.is_dir())?;
    SHELLS.into_iter().find(|shell| shell.to_string() == name)
}

fn print_script(shell: Shell) -> Outcome {
    let script = script(shell);
    let text = String::from_utf8_lossy(&script);
    Outcome::new(json!({ "shell": shell.to_string(), "script": text }), script.clone())
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), NAME, &mut script);
    script
}

/// File name and contents of each completion script.
fn completions() -> Vec<(String, Vec<u8>)> {
    SHELLS
        .into_iter()
        .map(|shell| {
            let name = match shell {
                Shell::Zsh => format!("_{NAME}"),
                Shell::Fish => format!("{NAME}.fish"),
                Shell::Elvish => format!("{NAME}.elv"),
                Shell::PowerShell => format!("_{NAME}.ps1"),
                _ => format!("{NAME}.bash"),
            };
            (name, script(shell))
        })
        .collect()
}

fn write_all(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<Outcome, CliError> {
    std::fs::create_dir_all(folder).map_err(|source| {
        CliError::usage(format!("cannot make the folder {}", folder.display())).cause(source)
    })?;
    let mut paths = Vec::new();
    for (name, contents) in files {
        let path = folder.join(name);
        atomic_file::write(&path, contents)?;
        paths.push(path.display().to_string());
    }
    let text = paths.iter().map(|path| format!("{path}\n")).collect::<String>();
    Ok(Outcome::new(json!({ "files": paths }), text))
}

const SHELLS: [Shell; 5] = [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::PowerShell];
const NAME: &str = "p11ctl";

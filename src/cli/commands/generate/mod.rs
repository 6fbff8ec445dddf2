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
        GenerateCommand::Completions(args) => (&args.folder, completions()),
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

/// File name and contents of each completion script.
fn completions() -> Vec<(String, Vec<u8>)> {
    [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::PowerShell]
        .into_iter()
        .map(|shell| {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), NAME, &mut script);
            let name = match shell {
                Shell::Zsh => format!("_{NAME}"),
                Shell::Fish => format!("{NAME}.fish"),
                Shell::Elvish => format!("{NAME}.elv"),
                Shell::PowerShell => format!("_{NAME}.ps1"),
                _ => format!("{NAME}.bash"),
            };
            (name, script)
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

const NAME: &str = "p11ctl";

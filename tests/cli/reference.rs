//! The help of every command as one file, so that a change of the command line shows in review; and the
//! completions and manual pages that follow from the same definition.

use std::fs;
use std::path::Path;

use clap::CommandFactory;
use p11ctl::cli::args::Cli;

use crate::bench::Bench;

#[test]
fn help_of_every_command_is_as_recorded() {
    let mut reference = String::new();
    let mut root = Cli::command().term_width(100).color(clap::ColorChoice::Never);
    root.build();
    describe(&mut root, &mut reference);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cli-reference.txt");
    if std::env::var_os("P11CTL_BLESS").is_some() {
        fs::write(&path, &reference).unwrap();
    }
    let recorded = fs::read_to_string(&path).unwrap_or_default();
    let differs = reference.lines().zip(recorded.lines()).find(|(new, old)| new != old);
    assert!(
        reference == recorded,
        "the help changed, first here: {differs:?}\nread the difference, then record it: P11CTL_BLESS=1 cargo test --test cli reference"
    );
}

#[test]
fn help_sentences_are_imperative_without_full_stop() {
    let mut root = Cli::command();
    root.build();
    let mut bad = Vec::new();
    check_sentences(&root, &mut bad);
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn completions_and_manual_pages_are_fresh() {
    let bench = Bench::empty();
    for (kind, folder) in [("completions", "completions"), ("man", "man")] {
        bench.run(["generate", kind, "made"]).expect(0);
        let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let (made, stored) = (files(&bench.path("made")), files(&stored));
        let stale = made.iter().filter(|file| !stored.contains(file));
        let gone = stored.iter().filter(|(name, _)| !made.iter().any(|(made, _)| made == name));
        let names: Vec<&str> = stale.chain(gone).map(|(name, _)| name.as_str()).collect();
        assert!(names.is_empty(), "run make generate: {names:?}");
        fs::remove_dir_all(bench.path("made")).unwrap();
    }
}

#[test]
fn completions_in_bash_complete() {
    let bench = Bench::empty();
    bench.run(["generate", "completions", "made"]).expect(0);
    bench.tool("bash", &["-n", "made/p11ctl.bash"]);
    let script = "source made/p11ctl.bash; COMP_WORDS=(p11ctl slots --t); COMP_CWORD=2; COMP_LINE='p11ctl slots --t'; \
                  _p11ctl p11ctl --t slots; echo \"${COMPREPLY[@]}\"";
    assert_eq!(bench.tool("bash", &["-c", script]).text().trim(), "--tree");
}

fn describe(command: &mut clap::Command, reference: &mut String) {
    let help = command.render_long_help().to_string();
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    reference.push_str(&format!("===== {name} =====\n{}\n\n", help.trim_end()));
    for subcommand in command.get_subcommands_mut().filter(|subcommand| subcommand.get_name() != "help") {
        describe(subcommand, reference);
    }
}

fn check_sentences(command: &clap::Command, bad: &mut Vec<String>) {
    let name = command.get_name();
    let about = command.get_about().map(ToString::to_string);
    let helps = command.get_arguments().map(|argument| (argument.get_id().to_string(), argument.get_help()));
    let helps = helps.map(|(id, help)| (format!("{name} {id}"), help.map(ToString::to_string)));
    for (what, sentence) in std::iter::once((name.to_owned(), about)).chain(helps) {
        match sentence {
            None => bad.push(format!("{what}: no help")),
            Some(text) if text.ends_with('.') => bad.push(format!("{what}: ends with a full stop: {text}")),
            Some(text) if !text.starts_with(char::is_uppercase) => {
                bad.push(format!("{what}: no capital: {text}"))
            }
            Some(_) => {}
        }
    }
    let after = [command.get_after_help(), command.get_after_long_help()];
    for line in after
        .iter()
        .flatten()
        .flat_map(|text| text.to_string().lines().map(str::to_owned).collect::<Vec<_>>())
    {
        if line.len() > 79 {
            bad.push(format!("{name}: does not fit into 80 columns: {line}"));
        }
    }
    command.get_subcommands().for_each(|subcommand| check_sentences(subcommand, bad));
}

/// Name and contents of each file of a folder, by name.
fn files(folder: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<(String, String)> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

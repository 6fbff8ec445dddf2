//! Manual pages: options and descriptions by clap_mangen, synopsis and the text after the help in man's own form.

use std::fmt::Write as _;
use std::io;

use clap::Command;
use clap_mangen::Man;

/// File name and contents of the page of `command` and of each of its subcommands.
pub fn pages(command: &Command) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut pages = vec![page(command)?];
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        pages.extend(self::pages(subcommand)?);
    }
    Ok(pages)
}

fn page(command: &Command) -> io::Result<(String, Vec<u8>)> {
    let source = concat!("p11ctl ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).source(source).manual("p11ctl");
    let name = man.get_filename();
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    page.extend_from_slice(synopsis(command).as_bytes());
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let after = command.get_after_long_help().or_else(|| command.get_after_help());
    page.extend_from_slice(after.map(|text| sections(&text.to_string())).unwrap_or_default().as_bytes());
    Ok((name, page))
}

/// The usage line of the help.
fn synopsis(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").trim();
    format!(".SH SYNOPSIS\n\\fB{}\\fR\n", escape(usage))
}

/// The text after the help: a block that begins with `Examples:`, `Exit codes:` or `Environment:` is a section whose lines stay
/// as they are; anything else is a paragraph of notes.
fn sections(text: &str) -> String {
    let mut page = String::new();
    for block in text.split("\n\n") {
        let (heading, body) = match block.split_once('\n') {
            Some(("Examples:", body)) => ("EXAMPLES", body),
            Some(("Exit codes:", body)) => ("EXIT STATUS", body),
            Some(("Environment:", body)) => ("ENVIRONMENT", body),
            _ => ("NOTES", block),
        };
        let lines: String = body.lines().map(|line| format!("{}\n", escape(line))).collect();
        // Writing to a String does not fail.
        let _ = match heading {
            "NOTES" if !lines.contains("\n  ") => write!(page, ".SH NOTES\n{lines}"),
            heading => write!(page, ".SH \"{heading}\"\n.nf\n{lines}.fi\n"),
        };
    }
    page
}

/// Makes a line plain for roff: backslashes, hyphens, quotes, and a control character at its start.
fn escape(line: &str) -> String {
    let escaped = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    if escaped.starts_with('.') { format!("\\&{escaped}") } else { escaped }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_examples_keep_their_lines() {
        let page = sections("A note.\n\nExamples:\n  p11ctl slots --tree\n  p11ctl 'x'");
        assert_eq!(
            page,
            ".SH NOTES\nA note.\n.SH \"EXAMPLES\"\n.nf\n  p11ctl slots \\-\\-tree\n  p11ctl \\(aqx\\(aq\n.fi\n"
        );
    }

    #[test]
    fn escape_line_that_looks_like_a_request_is_text() {
        assert_eq!(escape(".SH x"), "\\&.SH x");
    }
}

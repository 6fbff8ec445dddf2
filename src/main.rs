//! The binary `p11ctl`: hands over to the command line.

use std::process::ExitCode;

/// A bug, or a system that does not let the program work (BSD sysexits EX_SOFTWARE).
const EXIT_SOFTWARE: u8 = 70;

fn main() -> ExitCode {
    p11ctl::cli::main().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(EXIT_SOFTWARE)
    })
}

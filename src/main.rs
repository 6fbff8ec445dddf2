//! The binary `p11ctl`: hands over to the command line.

fn main() -> std::process::ExitCode {
    p11ctl::cli::main()
}

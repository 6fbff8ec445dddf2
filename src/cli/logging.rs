//! Logs on standard error: quiet unless `-v`; the levels are those of style: info, debug, trace.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;

/// Switches logs on. `-v` shows steps, `-vv` calls with handles, `-vvv` APDUs without secrets.
pub fn start(verbose: u8, color: bool) {
    let level = match verbose {
        0 => return,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let subscriber = fmt::Subscriber::builder()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(color)
        .with_target(verbose > 1)
        .without_time()
        .finish();
    // Fails only where a subscriber is set already: in tests, which then see their own.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

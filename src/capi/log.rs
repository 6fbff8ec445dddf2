//! The log of the module: off, unless the configuration or `OPENSC_DEBUG` asks for it. What may not be seen is left out where
//! it is told (`apdu/trace.rs`), not here.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Once};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;

use crate::config::{LogConfig, LogLevel};

/// Switches the log on, if it is asked for: once in a process, whatever is configured later.
pub(super) fn start(config: &LogConfig) {
    static STARTED: Once = Once::new();
    let level = match asked_level(config, std::env::var("OPENSC_DEBUG").ok().as_deref()) {
        LogLevel::Off => return,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    STARTED.call_once(|| match open(config.file.as_deref()) {
        Ok(file) => {
            // A file has no lock that a fork could copy while another thread holds it, as standard error has.
            let subscriber = fmt::Subscriber::builder()
                .with_max_level(level)
                .with_writer(Arc::new(file))
                .with_ansi(false)
                .with_thread_ids(true)
                .finish();
            // Fails only where a subscriber is set already: in tests, which then see their own.
            let _ = tracing::subscriber::set_global_default(subscriber);
            let (program, process) = (std::env::current_exe().unwrap_or_default(), std::process::id());
            let version = env!("CARGO_PKG_VERSION");
            tracing::info!(target: "p11ctl::capi", process, program = %program.display(), "p11ctl {version} begins");
        }
        // Nobody would see it in the log.
        Err(error) => {
            let place = config.file.as_deref().unwrap_or(Path::new("standard error")).display();
            eprintln!("p11ctl: {place}: no log can be written: {error}");
        }
    });
}

/// What the environment says goes before, if it is a number.
fn asked_level(config: &LogConfig, environment: Option<&str>) -> LogLevel {
    let number = environment.and_then(|text| text.trim().parse().ok());
    number.map_or(config.level, LogLevel::from_number)
}

#[cfg(unix)]
fn open(path: Option<&Path>) -> io::Result<File> {
    use std::os::fd::AsFd;
    use std::os::unix::fs::OpenOptionsExt;

    match path {
        // Not where a link of somebody else leads.
        Some(path) => {
            File::options().append(true).create(true).mode(0o600).custom_flags(libc::O_NOFOLLOW).open(path)
        }
        None => io::stderr().as_fd().try_clone_to_owned().map(File::from),
    }
}

#[cfg(not(unix))]
fn open(path: Option<&Path>) -> io::Result<File> {
    match path {
        Some(path) => File::options().append(true).create(true).open(path),
        None => Err(io::Error::from(io::ErrorKind::Unsupported)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asked_level_environment_goes_before_the_file_if_it_is_a_number() {
        let config = LogConfig { level: LogLevel::Debug, file: None };
        for (environment, level) in [
            (None, LogLevel::Debug),
            (Some("0"), LogLevel::Off),
            (Some("1"), LogLevel::Info),
            (Some(" 3 "), LogLevel::Trace),
            (Some("9"), LogLevel::Trace),
            (Some("yes"), LogLevel::Debug),
            (Some(""), LogLevel::Debug),
        ] {
            assert_eq!(asked_level(&config, environment), level, "{environment:?}");
        }
    }
}

//! Which file is the configuration, and which grammar it is in.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::error::{ConfigError, Problem};
use super::{Config, opensc, toml_file};

/// A configuration, and what its file says that has no effect or another one than where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// For `config check`, by line.
    pub notices: Vec<Notice>,
}

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Probably not what the author meant.
    Warning,
    /// Understood, and without effect here or with another one than in OpenSC.
    Remark,
}

/// Something in a configuration file that its author should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Which line, from 1; `None` for what the file does not say.
    pub line: Option<usize>,
    /// The setting or block.
    pub name: String,
    /// What becomes of it, in one sentence without a full stop.
    pub why: String,
    /// How much it matters.
    pub severity: Severity,
}

/// What of the process's surroundings decides where the configuration is.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// `OPENSC_CONF`.
    pub opensc_conf: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`.
    pub config_home: Option<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// The machine's configuration files, the first that is there counts.
    pub system: Vec<PathBuf>,
}

/// Most bytes of a configuration file. OpenSC's example has 50 KB.
const MAX_LEN: u64 = 1 << 20;

/// Where a machine's configuration is.
const SYSTEM: [&str; 2] = ["/etc/p11ctl/opensc.conf", "/etc/opensc/opensc.conf"];

/// Loads the configuration of this process: `explicit`, `OPENSC_CONF`, `p11ctl/opensc.conf` in the user's configuration
/// folder, `/etc/p11ctl/opensc.conf`, `/etc/opensc/opensc.conf`, else the built-in defaults. The first two must be there.
pub fn load(explicit: Option<&Path>) -> Result<Loaded, ConfigError> {
    load_in(explicit, &Surroundings::of_process())
}

/// The same in given surroundings.
pub fn load_in(explicit: Option<&Path>, surroundings: &Surroundings) -> Result<Loaded, ConfigError> {
    if let Some(path) = explicit.or(surroundings.opensc_conf.as_deref()) {
        return read_file(path, surroundings);
    }
    for path in surroundings.candidates() {
        match read_file(&path, surroundings) {
            Err(ConfigError::Unreadable { source, .. }) if is_absence(&source) => {}
            result => return result,
        }
    }
    Ok(Loaded::default())
}

/// Parses the text of a configuration file, in either grammar.
pub fn parse(text: &str, path: &Path, home: Option<&Path>) -> Result<Loaded, ConfigError> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let located = Located { path, home };
    let result = match opensc::is_opensc(text) {
        true => opensc::read(text, &located),
        false => toml_file::read(text, &located).map(|config| Loaded { config, notices: Vec::new() }),
    };
    let mut loaded = result.map_err(|(line, problem)| ConfigError::Line {
        path: path.to_owned(),
        line,
        problem: *problem,
    })?;
    loaded.config.origin = Some(path.to_owned());
    Ok(loaded)
}

impl Surroundings {
    /// Those of this process. Empty variables count as absent.
    pub fn of_process() -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            opensc_conf: variable("OPENSC_CONF"),
            // The XDG base directory specification has relative paths ignored.
            config_home: variable("XDG_CONFIG_HOME").filter(|path| path.is_absolute()),
            home: variable("HOME"),
            system: SYSTEM.map(PathBuf::from).to_vec(),
        }
    }

    /// The files that count when none is named, in their order.
    pub fn candidates(&self) -> Vec<PathBuf> {
        let folder = self.config_home.clone().or_else(|| Some(self.home.as_ref()?.join(".config")));
        let own = folder.map(|folder| folder.join("p11ctl").join("opensc.conf"));
        own.into_iter().chain(self.system.iter().cloned()).collect()
    }
}

/// A problem and its line.
pub(super) type Fault = (usize, Box<Problem>);

/// Where a file is: what relative paths in it mean.
pub(super) struct Located<'a> {
    path: &'a Path,
    home: Option<&'a Path>,
}

impl Located<'_> {
    /// Resolves a path written in the file: `~` is the home folder, what is relative is beside the file.
    pub(super) fn resolve(&self, written: &str) -> Result<PathBuf, Problem> {
        if let Some(rest) = written.strip_prefix('~') {
            let home = self.home.filter(|_| rest.is_empty() || rest.starts_with('/'));
            let home = home.ok_or_else(|| Problem::Home(written.to_owned()))?;
            return Ok(home.join(rest.trim_start_matches('/')));
        }
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let joined = folder.join(written);
        Ok(std::path::absolute(&joined).unwrap_or(joined))
    }
}

fn read_file(path: &Path, surroundings: &Surroundings) -> Result<Loaded, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_LEN + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_LEN {
        return Err(ConfigError::TooLarge { path: path.to_owned(), limit: MAX_LEN });
    }
    let home = surroundings.home.as_deref();
    let error = match String::from_utf8(bytes) {
        Ok(text) => return parse(&text, path, home),
        Err(error) => error,
    };
    let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let text = String::from_utf8_lossy(error.as_bytes());
    if !opensc::is_opensc(&text) {
        return Err(ConfigError::Line { path: path.to_owned(), line, problem: Problem::NotText });
    }
    // OpenSC does not care, and names in Latin-1 stand in files of its users.
    let mut loaded = parse(&text, path, home)?;
    let why = "what is no UTF-8 was replaced".to_owned();
    loaded.notices.push(Notice {
        line: Some(line),
        name: "text".to_owned(),
        why,
        severity: Severity::Remark,
    });
    Ok(loaded)
}

/// True when there is no such file: also when a part of its path is no folder.
fn is_absence(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

//! The module: where libp11ctl.so lies, whether it loads, whether p11-kit knows it.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Check, State};
use crate::foreign::{self, LoadError};

/// The module file and its registration; of another module (`--module`) only whether it loads.
pub fn check(foreign: Option<&Path>) -> Vec<Check> {
    if let Some(path) = foreign {
        return vec![loads(path)];
    }
    let registered = registrations(&registration_folders());
    let mut checks = Vec::new();
    let beside = installed();
    let mut modules: Vec<PathBuf> = registered.iter().filter_map(|(_, module)| resolve(module)).collect();
    modules.extend(beside.clone());
    modules.dedup();
    if modules.is_empty() && registered.is_empty() {
        checks.push(
            Check::new(MODULE, State::Missing, format!("{LIBRARY} is nowhere to be found"))
                .next("install it: make install, in the folder of the sources"),
        );
    }
    checks.extend(modules.iter().map(|path| loads(path)));
    for (file, module) in &registered {
        let file = file.display();
        checks.push(match resolve(module) {
            Some(_) => Check::new(REGISTRATION, State::Fine, format!("{file} names {module}")),
            None => {
                Check::new(REGISTRATION, State::Missing, format!("{file} names {module}, which is not there"))
                    .next("correct the path, or run make install")
            }
        });
    }
    if registered.is_empty() {
        let path = beside.map_or_else(|| LIBRARY.to_owned(), |path| path.display().to_string());
        checks.push(
            Check::new(REGISTRATION, State::Missing, format!("no module file of p11-kit names {LIBRARY}"))
                .next(format!("write the line \"module: {path}\" to {}/p11ctl.module", ADMIN_FOLDER))
                .next("programs without p11-kit: see the README on Firefox, ssh, OpenSSL, Java"),
        );
    }
    checks
}

fn loads(path: &Path) -> Check {
    let place = path.display();
    match foreign::inspect(path) {
        Ok(inspection) if inspection.missing.is_empty() => {
            let (major, minor) = inspection.version;
            Check::new(MODULE, State::Fine, format!("{place} loads, functions of PKCS#11 {major}.{minor}"))
        }
        Ok(inspection) => {
            Check::new(MODULE, State::Missing, format!("{place} has no {}", inspection.missing.join(", ")))
                .next("it is damaged or another program's: run make install")
        }
        Err(error) => {
            let cause = match &error {
                LoadError::Open { source, .. } => format!(": {source}"),
                _ => String::new(),
            };
            Check::new(MODULE, State::Missing, format!("{error}{cause}")).next("run make install")
        }
    }
}

/// The module that belongs to this program: in its own folder, or where `make install` puts it.
fn installed() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let folder = program.parent()?;
    let beside = [folder.join(LIBRARY), folder.join("../lib/pkcs11").join(LIBRARY)];
    let found = beside.into_iter().find(|path| path.exists());
    let found =
        found.or_else(|| library_folders().iter().map(|at| at.join(LIBRARY)).find(|path| path.exists()))?;
    found.canonicalize().ok()
}

/// The file that a `module:` line means: an absolute path, or a name in p11-kit's own folder.
fn resolve(module: &str) -> Option<PathBuf> {
    let path = Path::new(module);
    if path.is_absolute() {
        return path.canonicalize().ok();
    }
    library_folders().iter().find_map(|folder| folder.join(path).canonicalize().ok())
}

/// Module files of p11-kit that name our library: the file, and what stands behind `module:`.
fn registrations(folders: &[PathBuf]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in folders {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let is_module_file = path.extension().is_some_and(|extension| extension == "module");
            let module =
                fs::read_to_string(&path).ok().filter(|_| is_module_file).and_then(|text| module_line(&text));
            found.extend(module.filter(|module| module.ends_with(LIBRARY)).map(|module| (path, module)));
        }
    }
    found.sort();
    found
}

/// The value of the line `module: …` (pkcs11.conf(5)).
fn module_line(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).filter(|line| !line.starts_with('#')).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == "module").then(|| value.trim().to_owned())
    });
    line.filter(|module| !module.is_empty())
}

/// Where p11-kit looks for module files. It passes over the user's own folder when it runs as root.
fn registration_folders() -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from(ADMIN_FOLDER), PathBuf::from("/usr/share/p11-kit/modules")];
    if !rustix::process::geteuid().is_root() {
        let base = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let base = base.or_else(|| std::env::home_dir().map(|home| home.join(".config")));
        folders.extend(base.map(|base| base.join("pkcs11/modules")));
    }
    folders
}

/// Where modules lie: p11-kit's folder of this machine's kind, and the usual others.
fn library_folders() -> Vec<PathBuf> {
    let triplet = format!("{}-linux-gnu", std::env::consts::ARCH);
    [
        format!("/usr/lib/{triplet}/pkcs11"),
        "/usr/lib/pkcs11".into(),
        "/usr/lib64/pkcs11".into(),
        "/usr/local/lib/pkcs11".into(),
    ]
    .map(PathBuf::from)
    .to_vec()
}

const MODULE: &str = "module";
const REGISTRATION: &str = "registration";
const LIBRARY: &str = "libp11ctl.so";
const ADMIN_FOLDER: &str = "/etc/pkcs11/modules";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_line_is_found_among_others() {
        for (text, expected) in [
            ("module: /usr/lib/pkcs11/libp11ctl.so\n", Some("/usr/lib/pkcs11/libp11ctl.so")),
            ("# module: old.so\n\nmodule:libp11ctl.so\ntrust-policy: no\n", Some("libp11ctl.so")),
            ("module:\n", None),
            ("priority: 1\n", None),
        ] {
            assert_eq!(module_line(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn registrations_are_those_of_our_library_in_files_that_p11_kit_reads() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("p11ctl.module", "module: /opt/libp11ctl.so\n");
        write("opensc.module", "module: opensc-pkcs11.so\n");
        write("p11ctl.module.bak", "module: /old/libp11ctl.so\n");
        let found = registrations(&[folder.path().to_owned(), "/nonexistent".into()]);
        assert_eq!(found, [(folder.path().join("p11ctl.module"), "/opt/libp11ctl.so".to_owned())]);
    }

    #[test]
    fn loads_something_else_is_missing_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("libp11ctl.so");
        std::fs::write(&path, "no library").unwrap();
        let check = loads(&path);
        assert_eq!(check.state, State::Missing);
        assert!(check.found.contains("no library that can be loaded"), "{}", check.found);
    }
}

//! `--kdf`: what is made of a shared secret. Pure.

use clap::Args;

use crate::cli::args::{HexBytes, parse_hex};
use crate::cli::error::CliError;
use crate::codec::Secret;
use crate::crypto::{DigestAlgorithm, kdf};

/// What is made of a shared secret.
#[derive(Debug, Clone, Default, Args)]
pub struct KdfArgs {
    /// What is made of the shared secret: none, hkdf-HASH, x963-HASH, such as hkdf-sha256
    #[arg(long, value_name = "NAME")]
    kdf: Option<String>,

    /// What the result is bound to, in hexadecimal: the info of HKDF, the shared information of X9.63
    #[arg(long, value_name = "HEX", value_parser = parse_hex)]
    info: Option<HexBytes>,

    /// Salt of HKDF, in hexadecimal
    #[arg(long, value_name = "HEX", value_parser = parse_hex)]
    salt: Option<HexBytes>,

    /// Bytes of the result; 32 if nothing is said, and the whole secret without --kdf
    #[arg(long, value_name = "BYTES")]
    length: Option<usize>,
}

/// A derivation as it was wished for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derivation {
    function: Function,
    info: Vec<u8>,
    salt: Vec<u8>,
    length: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    None,
    Hkdf(DigestAlgorithm),
    X963(DigestAlgorithm),
}

impl KdfArgs {
    /// The derivation; for a key on a token one has to be named. Errors: unknown names, options that do not go together.
    pub fn derivation(&self, to_token: bool) -> Result<Derivation, CliError> {
        let function = match self.kdf.as_deref().map(str::to_ascii_lowercase).as_deref() {
            None if to_token => {
                return Err(CliError::usage("the shared secret itself is no key yet").hint(
                    "say what makes one of it: --kdf hkdf-sha256, as the other side does (or --kdf none)",
                ));
            }
            None | Some("none") => Function::None,
            Some(name) => named(name)?,
        };
        let wrong = [
            (function == Function::None && self.info.is_some(), "--info"),
            (!matches!(function, Function::Hkdf(_)) && self.salt.is_some(), "--salt"),
        ];
        if let Some((_, option)) = wrong.into_iter().find(|(is_wrong, _)| *is_wrong) {
            return Err(CliError::usage(format!("{option} is for a derivation that takes it"))
                .hint("choose --kdf hkdf-sha256"));
        }
        if self.length == Some(0) {
            return Err(CliError::usage("--length is at least 1"));
        }
        let bytes =
            |option: &Option<HexBytes>| option.as_ref().map(|bytes| bytes.0.clone()).unwrap_or_default();
        let (info, salt) = (bytes(&self.info), bytes(&self.salt));
        // On a token the length is that of a key, whatever there is of the secret.
        let length = if to_token { self.length.or(Some(USUAL_LEN)) } else { self.length };
        Ok(Derivation { function, info, salt, length })
    }
}

impl Derivation {
    /// True where nothing is made of the secret.
    pub fn is_bare(&self) -> bool {
        self.function == Function::None
    }

    /// `hkdf-sha256`.
    pub fn name(&self) -> String {
        let hash = |hash: DigestAlgorithm| hash.name().to_ascii_lowercase().replace("sha-", "sha");
        match self.function {
            Function::None => "none".to_owned(),
            Function::Hkdf(algorithm) => format!("hkdf-{}", hash(algorithm)),
            Function::X963(algorithm) => format!("x963-{}", hash(algorithm)),
        }
    }

    /// Bytes of a key on a token.
    pub fn len_on_token(&self) -> usize {
        self.length.unwrap_or(USUAL_LEN)
    }

    /// The result. Without a function bytes are taken off at the beginning, as PKCS#11 has it (3.1, 6.3.20).
    /// Errors: more bytes than the function or the secret gives.
    pub fn derive(&self, shared: &Secret) -> Result<Secret, CliError> {
        let length = self.length.unwrap_or(USUAL_LEN);
        let derived = match self.function {
            Function::None => {
                let length = self.length.unwrap_or(shared.len());
                let start = shared.len().checked_sub(length);
                let kept = start.and_then(|start| shared.expose().get(start..)).map(Secret::from);
                return kept.ok_or_else(|| too_long(length).hint("--kdf hkdf-sha256 gives more"));
            }
            Function::Hkdf(hash) => kdf::hkdf_extract(hash, &self.salt, shared)
                .and_then(|key| kdf::hkdf_expand(hash, &key, &self.info, length)),
            Function::X963(hash) => kdf::x963(hash, shared, &self.info, length),
        };
        derived.map_err(|source| too_long(length).source(&source))
    }
}

fn named(name: &str) -> Result<Function, CliError> {
    let unknown = || {
        CliError::usage(format!("there is no derivation {name:?}")).hint(
            "they are none, hkdf-sha256 and x963-sha256, or with another hash: sha1, sha384, sha3-256 …",
        )
    };
    let (family, hash) = name.split_once('-').ok_or_else(unknown)?;
    let hash = DigestAlgorithm::from_name(hash).ok_or_else(unknown)?;
    match family {
        "hkdf" => Ok(Function::Hkdf(hash)),
        "x963" => Ok(Function::X963(hash)),
        _ => Err(unknown()),
    }
}

fn too_long(length: usize) -> CliError {
    CliError::usage(format!("there are no {length} bytes to derive"))
}

/// Bytes of a result when nothing is said: an AES-256 key.
const USUAL_LEN: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn args(kdf: Option<&str>) -> KdfArgs {
        KdfArgs { kdf: kdf.map(str::to_owned), ..KdfArgs::default() }
    }

    #[test]
    fn derivation_names_are_read_and_told_again() {
        for name in ["none", "hkdf-sha256", "x963-sha512", "hkdf-sha3-256"] {
            assert_eq!(args(Some(name)).derivation(true).unwrap().name(), name);
        }
        assert_eq!(args(None).derivation(false).unwrap().name(), "none");
        assert!(args(None).derivation(true).is_err(), "a key needs a function");
        for name in ["hkdf", "hkdf-md5", "pbkdf2-sha256", "sha256"] {
            assert!(args(Some(name)).derivation(false).is_err(), "{name}");
        }
    }

    #[test]
    fn derivation_options_that_nothing_takes_are_refused() {
        let bytes = || Some(HexBytes(vec![1]));
        for wrong in [
            KdfArgs { info: bytes(), ..args(None) },
            KdfArgs { salt: bytes(), ..args(Some("x963-sha256")) },
            KdfArgs { length: Some(0), ..args(Some("hkdf-sha256")) },
        ] {
            assert!(wrong.derivation(false).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn derive_bare_secret_is_cut_at_its_beginning_and_never_filled() {
        let shared = Secret::new((0..32).collect());
        let derive = |length| KdfArgs { length, ..args(None) }.derivation(false).unwrap().derive(&shared);
        assert_eq!(derive(None), Ok(shared.clone()));
        assert_eq!(derive(Some(2)), Ok(Secret::new(vec![30, 31])));
        assert!(derive(Some(33)).is_err());
        let most = KdfArgs { length: Some(255 * 32 + 1), ..args(Some("hkdf-sha256")) };
        assert!(most.derivation(false).unwrap().derive(&shared).is_err());
    }
}

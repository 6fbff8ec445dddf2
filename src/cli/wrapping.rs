//! Which mechanism wraps or unwraps a key: from the keys, or by name.

use clap::Args;

use super::error::CliError;
use super::mechanism::{OaepArgs, name_of, with_oaep};
use crate::crypto::cms::enveloped::RsaPadding;
use crate::engine::{MechanismCall, MechanismId, Parameters};
use crate::token::KeyAlgorithm;

/// How a key is wrapped.
#[derive(Debug, Clone, Default, Args)]
pub struct WrappingArgs {
    /// Mechanism: AES-KEY-WRAP, AES-KEY-WRAP-PAD, RSA-PKCS-OAEP, RSA-PKCS; it follows from the keys if nothing is said
    #[arg(long, value_name = "NAME")]
    mechanism: Option<String>,

    /// How OAEP is made.
    #[command(flatten)]
    oaep: OaepArgs,
}

/// What travels in a wrapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cargo {
    /// The bytes of a secret key.
    Secret,
    /// A private key in PKCS#8.
    Private,
}

/// The mechanism under a wrapping key, with the wishes of the command line. Under AES that is key wrap, for private keys
/// (which are of any length) with padding; under RSA it is OAEP. Errors: unknown names, wishes that do not go together.
pub fn for_wrapping(
    wrapping: KeyAlgorithm,
    cargo: Cargo,
    wishes: &WrappingArgs,
) -> Result<MechanismCall, CliError> {
    let (family, fitting, usual): (_, &[MechanismId], _) = match wrapping {
        KeyAlgorithm::Aes { .. } if cargo == Cargo::Private => ("AES", &UNDER_AES, "AES-KEY-WRAP-PAD"),
        KeyAlgorithm::Aes { .. } => ("AES", &UNDER_AES, "AES-KEY-WRAP"),
        KeyAlgorithm::Rsa { .. } => ("RSA", &UNDER_RSA, "RSA-PKCS-OAEP"),
        _ => return Err(CliError::usage("keys are wrapped under AES and RSA keys")),
    };
    let name = match wishes.mechanism.as_deref() {
        Some(name) if name.eq_ignore_ascii_case("RSA-OAEP") => "RSA-PKCS-OAEP",
        Some(name) => name,
        None => usual,
    };
    let call = with_oaep(Some(name), &wishes.oaep, fitting)?;
    if !fitting.contains(&call.id) {
        let names: Vec<String> = fitting.iter().copied().map(name_of).collect();
        return Err(CliError::usage(format!(
            "{} does not wrap under this key, which is for {family}",
            name_of(call.id)
        ))
        .hint(format!("choose --mechanism {}", names.join(", "))));
    }
    if cargo == Cargo::Private && family == "RSA" {
        return Err(CliError::usage("a block of RSA is too short for a private key")
            .hint("wrap it under an AES key, and that one under the RSA key"));
    }
    Ok(call)
}

/// The padding of RSA that a mechanism is.
pub fn padding_of(call: &MechanismCall) -> Option<RsaPadding> {
    match &call.parameters {
        Parameters::Oaep { hash, mgf, label } => {
            Some(RsaPadding::Oaep { hash: *hash, mgf: *mgf, label: label.clone() })
        }
        _ => (call.id == MechanismId::RSA_PKCS).then_some(RsaPadding::Pkcs1),
    }
}

const UNDER_AES: [MechanismId; 3] =
    [MechanismId::AES_KEY_WRAP, MechanismId::AES_KEY_WRAP_PAD, MechanismId::AES_KEY_WRAP_KWP];
const UNDER_RSA: [MechanismId; 2] = [MechanismId::RSA_PKCS_OAEP, MechanismId::RSA_PKCS];

#[cfg(test)]
mod tests {
    use super::*;

    const AES: KeyAlgorithm = KeyAlgorithm::Aes { key_bits: 256 };
    const RSA: KeyAlgorithm = KeyAlgorithm::Rsa { modulus_bits: 2048 };

    #[test]
    fn for_wrapping_follows_the_keys_unless_told() {
        let id = |wrapping, cargo, name: Option<&str>| {
            let wishes = WrappingArgs { mechanism: name.map(str::to_owned), ..WrappingArgs::default() };
            for_wrapping(wrapping, cargo, &wishes).map(|call| call.id).map_err(|error| error.message)
        };
        assert_eq!(id(AES, Cargo::Secret, None), Ok(MechanismId::AES_KEY_WRAP));
        assert_eq!(id(AES, Cargo::Private, None), Ok(MechanismId::AES_KEY_WRAP_PAD));
        assert_eq!(id(RSA, Cargo::Secret, None), Ok(MechanismId::RSA_PKCS_OAEP));
        assert_eq!(id(RSA, Cargo::Secret, Some("rsa-oaep")), Ok(MechanismId::RSA_PKCS_OAEP));
        assert_eq!(id(RSA, Cargo::Secret, Some("rsa-pkcs")), Ok(MechanismId::RSA_PKCS));
        assert_eq!(id(AES, Cargo::Secret, Some("aes-key-wrap-kwp")), Ok(MechanismId::AES_KEY_WRAP_KWP));
        assert!(id(AES, Cargo::Secret, Some("RSA-PKCS")).is_err());
        assert!(id(RSA, Cargo::Secret, Some("AES-KEY-WRAP")).is_err());
        assert!(id(RSA, Cargo::Private, None).is_err());
        assert!(id(KeyAlgorithm::Ed25519, Cargo::Secret, None).is_err());
        let hash = OaepArgs { hash: Some("sha1".to_owned()), ..OaepArgs::default() };
        let wishes = WrappingArgs { oaep: hash, ..WrappingArgs::default() };
        assert!(for_wrapping(AES, Cargo::Secret, &wishes).is_err());
    }
}

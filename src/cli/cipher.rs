//! Files under a secret key without a message around them: mode and initial vector.

use super::error::CliError;
use crate::engine::{MechanismCall, MechanismId, Parameters};

/// The mode that is named; `None` for a mechanism that is none, such as those of RSA.
pub fn mode_named(name: &str) -> Option<MechanismId> {
    MechanismId::from_name(name).filter(|id| MODES.contains(id))
}

/// The initial vector that is given. Errors: it has not the length of a block.
pub fn given_iv(bytes: &[u8]) -> Result<Iv, CliError> {
    Iv::try_from(bytes).map_err(|_| {
        CliError::usage(format!("--iv has {} bytes, but a block of AES has {IV_LEN}", bytes.len()))
    })
}

/// The mode with its initial vector.
pub fn call(mode: MechanismId, iv: Iv) -> MechanismCall {
    MechanismCall { id: mode, parameters: Parameters::Iv(iv) }
}

/// An initial vector.
pub type Iv = [u8; IV_LEN];

/// Bytes of it.
pub const IV_LEN: usize = 16;
/// What is used when nothing is said.
pub const USUAL_MODE: MechanismId = MechanismId::AES_CBC_PAD;
/// Every mode. Others need what cards do not do, or hide nothing.
const MODES: [MechanismId; 2] = [MechanismId::AES_CBC_PAD, MechanismId::AES_CBC];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mode_named_is_one_that_hides_and_that_cards_have() {
        assert_eq!(mode_named("aes-cbc-pad"), Some(USUAL_MODE));
        assert_eq!(mode_named("AES-CBC"), Some(MechanismId::AES_CBC));
        assert_eq!((mode_named("AES-ECB"), mode_named("RSA-PKCS"), mode_named("x")), (None, None, None));
        assert!(given_iv(&[0; 15]).is_err() && given_iv(&[0; 16]).is_ok());
    }
}

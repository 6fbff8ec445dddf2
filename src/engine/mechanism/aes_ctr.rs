//! AES in counter mode (PKCS#11 3.1, 6.13.8): on the host.

use super::plan::{CipherMode, Encoding, KeyFacts, Plan, Primitive, Purpose};
use super::{Mechanism, MechanismId, MechanismInfo, ParameterKind, Parameters, Uses, aes_key, aes_on_host};
use crate::engine::error::Error;
use crate::token::KeyAlgorithm;

/// Counter mode.
pub(super) struct AesCtr;

impl Mechanism for AesCtr {
    fn id(&self) -> MechanismId {
        MechanismId::AES_CTR
    }

    fn host_info(&self) -> Option<MechanismInfo> {
        aes_on_host(Uses { encrypt: true, decrypt: true, ..Uses::default() })
    }

    fn suits(&self, algorithm: KeyAlgorithm) -> bool {
        matches!(algorithm, KeyAlgorithm::Aes { .. })
    }

    fn parameter_kind(&self) -> ParameterKind {
        ParameterKind::Counter
    }

    fn plan(
        &self,
        purpose: Purpose,
        parameters: &Parameters,
        key: Option<&KeyFacts<'_>>,
    ) -> Result<Plan, Error> {
        let bad = |why| Error::MechanismParameters { mechanism: self.id(), why };
        let Parameters::Counter { block, bits } = *parameters else {
            return Err(bad("it needs a counter block and how many of its bits count"));
        };
        if !(1..=128).contains(&bits) {
            return Err(bad("a counter has 1 to 128 bits"));
        }
        aes_key(self.id(), key)?;
        if key.is_some_and(|key| key.card.is_some())
            || !matches!(purpose, Purpose::Encrypt | Purpose::Decrypt)
        {
            return Err(Error::MechanismInvalid(self.id()));
        }
        let encoding = Encoding::Cipher(CipherMode::Ctr { block, bits });
        Ok(Plan { digest: None, encoding, primitive: Primitive::Aes, output_len: 0 })
    }
}

//! AES chained, with whole blocks or padded (PKCS#11 3.1, 6.13.6 and 6.13.7): on the card where its keys are there.

use super::plan::{CipherMode, Encoding, KeyFacts, Plan, Primitive, Purpose};
use super::{
    Mechanism, MechanismId, MechanismInfo, ParameterKind, Parameters, Uses, aes_key, aes_on_card, aes_on_host,
};
use crate::card::Abilities;
use crate::engine::error::Error;
use crate::token::KeyAlgorithm;

/// Cipher block chaining.
pub(super) struct AesCbc {
    pub id: MechanismId,
}

fn uses() -> Uses {
    Uses { encrypt: true, decrypt: true, wrap: true, unwrap: true, ..Uses::default() }
}

impl Mechanism for AesCbc {
    fn id(&self) -> MechanismId {
        self.id
    }

    fn card_info(&self, abilities: &Abilities) -> Option<MechanismInfo> {
        aes_on_card(abilities, uses())
    }

    fn host_info(&self) -> Option<MechanismInfo> {
        aes_on_host(uses())
    }

    fn suits(&self, algorithm: KeyAlgorithm) -> bool {
        matches!(algorithm, KeyAlgorithm::Aes { .. })
    }

    fn parameter_kind(&self) -> ParameterKind {
        ParameterKind::Iv
    }

    fn plan(
        &self,
        purpose: Purpose,
        parameters: &Parameters,
        key: Option<&KeyFacts<'_>>,
    ) -> Result<Plan, Error> {
        let Parameters::Iv(iv) = *parameters else {
            let why = "it needs an initial vector of 16 bytes";
            return Err(Error::MechanismParameters { mechanism: self.id, why });
        };
        aes_key(self.id, key)?;
        if !purpose.is_encryption() && !purpose.is_decryption() {
            return Err(Error::MechanismInvalid(self.id));
        }
        let encoding = Encoding::Cipher(CipherMode::Cbc { iv, padded: self.id == MechanismId::AES_CBC_PAD });
        Ok(Plan { digest: None, encoding, primitive: Primitive::Aes, output_len: 0 })
    }
}

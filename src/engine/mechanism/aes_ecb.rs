//! AES block by block (PKCS#11 3.1, 6.13.5): on the card where its keys are there.

use super::plan::{CipherMode, Encoding, KeyFacts, Plan, Primitive, Purpose};
use super::{
    Mechanism, MechanismId, MechanismInfo, Parameters, Uses, aes_key, aes_on_card, aes_on_host, no_parameters,
};
use crate::card::Abilities;
use crate::engine::error::Error;
use crate::token::KeyAlgorithm;

/// Electronic code book.
pub(super) struct AesEcb;

impl Mechanism for AesEcb {
    fn id(&self) -> MechanismId {
        MechanismId::AES_ECB
    }

    fn card_info(&self, abilities: &Abilities) -> Option<MechanismInfo> {
        aes_on_card(abilities, Uses { encrypt: true, decrypt: true, ..Uses::default() })
    }

    fn host_info(&self) -> Option<MechanismInfo> {
        aes_on_host(Uses { encrypt: true, decrypt: true, ..Uses::default() })
    }

    fn suits(&self, algorithm: KeyAlgorithm) -> bool {
        matches!(algorithm, KeyAlgorithm::Aes { .. })
    }

    fn plan(
        &self,
        purpose: Purpose,
        parameters: &Parameters,
        key: Option<&KeyFacts<'_>>,
    ) -> Result<Plan, Error> {
        no_parameters(self.id(), parameters)?;
        aes_key(self.id(), key)?;
        match purpose {
            Purpose::Encrypt | Purpose::Decrypt => Ok(Plan {
                digest: None,
                encoding: Encoding::Cipher(CipherMode::Ecb),
                primitive: Primitive::Aes,
                output_len: 0,
            }),
            _ => Err(Error::MechanismInvalid(self.id())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // I.63
    #[test]
    fn plan_card_that_only_keeps_aes_keys_is_refused() {
        let keeps = Abilities { aes_bits: vec![128], ..Abilities::default() };
        let computes = Abilities { aes_cipher: true, ..keeps.clone() };
        let plan = |card, key_bits| {
            let facts = KeyFacts { algorithm: KeyAlgorithm::Aes { key_bits }, card };
            AesEcb.plan(Purpose::Encrypt, &Parameters::None, Some(&facts)).map_err(|error| error.code())
        };
        assert_eq!(plan(Some(&keeps), 128), Err("CKR_MECHANISM_INVALID"));
        assert_eq!(plan(Some(&computes), 256), Err("CKR_KEY_SIZE_RANGE"));
        assert!(plan(Some(&computes), 128).is_ok() && plan(None, 256).is_ok());
        assert_eq!(AesEcb.card_info(&keeps), None);
        let info = AesEcb.card_info(&computes).unwrap();
        assert_eq!((info.min_key_bits, info.max_key_bits, info.hardware), (16, 16, true));
    }
}

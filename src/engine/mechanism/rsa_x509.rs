//! Raw RSA (PKCS#11 3.1, 6.1.11): one block, no padding but zeros in front.

use super::plan::{Encoding, KeyFacts, Plan, Primitive, Purpose};
use super::{
    Mechanism, MechanismId, MechanismInfo, Parameters, Uses, no_parameters, rsa_info, rsa_key, rsa_on_host,
};
use crate::card::Abilities;
use crate::engine::error::Error;
use crate::token::KeyAlgorithm;

/// The bare RSA operation.
pub(super) struct RsaX509;

impl Mechanism for RsaX509 {
    fn id(&self) -> MechanismId {
        MechanismId::RSA_X_509
    }

    fn card_info(&self, abilities: &Abilities) -> Option<MechanismInfo> {
        let uses = Uses { sign: true, sign_recover: true, decrypt: true, ..Uses::default() };
        if abilities.rsa_raw { rsa_info(abilities, uses) } else { None }
    }

    fn host_info(&self) -> Option<MechanismInfo> {
        rsa_on_host(Uses {
            encrypt: true,
            decrypt: true,
            sign: true,
            sign_recover: true,
            verify: true,
            verify_recover: true,
            ..Uses::default()
        })
    }

    fn suits(&self, algorithm: KeyAlgorithm) -> bool {
        matches!(algorithm, KeyAlgorithm::Rsa { .. })
    }

    fn plan(
        &self,
        purpose: Purpose,
        parameters: &Parameters,
        key: Option<&KeyFacts<'_>>,
    ) -> Result<Plan, Error> {
        no_parameters(self.id(), parameters)?;
        let (modulus_len, card) = rsa_key(self.id(), key)?;
        let plan = |encoding, primitive| Plan { digest: None, encoding, primitive, output_len: modulus_len };
        let raw = card.is_none_or(|card| card.rsa_raw);
        match purpose {
            Purpose::Sign | Purpose::SignRecover if raw => {
                Ok(plan(Encoding::ZeroPadded { modulus_len }, Primitive::RsaRaw))
            }
            Purpose::Decrypt if raw => Ok(plan(Encoding::Exactly { len: modulus_len }, Primitive::RsaRaw)),
            Purpose::Verify => Ok(plan(Encoding::ZeroPadded { modulus_len }, Primitive::VerifyRsaRaw)),
            Purpose::VerifyRecover => Ok(plan(Encoding::Plain, Primitive::RecoverRsaRaw)),
            Purpose::Encrypt => Ok(plan(Encoding::ZeroPadded { modulus_len }, Primitive::RsaPublic)),
            _ => Err(Error::MechanismInvalid(self.id())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_short_data_gets_zeros_in_front() {
        let card = Abilities { rsa_bits: vec![1024], rsa_raw: true, ..Abilities::default() };
        let facts = KeyFacts { algorithm: KeyAlgorithm::Rsa { modulus_bits: 1024 }, card: Some(&card) };
        let plan = RsaX509.plan(Purpose::Sign, &Parameters::None, Some(&facts)).unwrap();
        let block = plan.encode(&[0xAA, 0xBB]).unwrap();
        assert_eq!(block.len(), 128);
        assert!(block.ends_with(&[0x00, 0xAA, 0xBB]));
        assert!(matches!(plan.encode(&[1; 129]), Err(Error::DataLength { limit: 128, .. })));
    }

    #[test]
    fn plan_card_without_raw_rsa_has_no_raw_mechanism() {
        let card = Abilities { rsa_bits: vec![1024], rsa_pkcs1: true, ..Abilities::default() };
        assert_eq!(RsaX509.card_info(&card), None);
    }
}

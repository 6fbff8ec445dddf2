//! RSA-PSS, plain and with a digest (PKCS#11 3.1, 6.1.9, 6.1.10 and 6.1.14; RFC 8017, 8.1): the host encodes, the key's
//! holder computes raw.

use super::plan::{Encoding, KeyFacts, Plan, Primitive, Purpose};
use super::{
    Mechanism, MechanismId, MechanismInfo, ParameterKind, Parameters, Uses, rsa_info, rsa_key, rsa_on_host,
};
use crate::card::Abilities;
use crate::crypto::DigestAlgorithm;
use crate::crypto::rsa::PssParameters;
use crate::engine::error::Error;
use crate::token::KeyAlgorithm;

/// Signatures over a digest that the host makes, or over one that the caller gives.
pub(super) struct RsaPss {
    pub id: MechanismId,
    pub digest: Option<DigestAlgorithm>,
}

impl Mechanism for RsaPss {
    fn id(&self) -> MechanismId {
        self.id
    }

    fn card_info(&self, abilities: &Abilities) -> Option<MechanismInfo> {
        let uses = Uses { sign: true, ..Uses::default() };
        if abilities.rsa_raw { rsa_info(abilities, uses) } else { None }
    }

    fn host_info(&self) -> Option<MechanismInfo> {
        rsa_on_host(Uses { sign: true, verify: true, ..Uses::default() })
    }

    fn suits(&self, algorithm: KeyAlgorithm) -> bool {
        matches!(algorithm, KeyAlgorithm::Rsa { .. })
    }

    fn parameter_kind(&self) -> ParameterKind {
        ParameterKind::Pss
    }

    fn digest(&self) -> Option<DigestAlgorithm> {
        self.digest
    }

    fn plan(
        &self,
        purpose: Purpose,
        parameters: &Parameters,
        key: Option<&KeyFacts<'_>>,
    ) -> Result<Plan, Error> {
        let (modulus_len, card) = rsa_key(self.id, key)?;
        let Some(KeyFacts { algorithm: KeyAlgorithm::Rsa { modulus_bits }, .. }) = key else {
            return Err(Error::KeyTypeInconsistent { mechanism: self.id, needed: "an RSA key" });
        };
        let parameters = self.check(parameters, *modulus_bits)?;
        let plan =
            |encoding, primitive| Plan { digest: self.digest, encoding, primitive, output_len: modulus_len };
        match purpose {
            Purpose::Sign if card.is_none_or(|card| card.rsa_raw) => {
                let modulus_bits = *modulus_bits;
                Ok(plan(Encoding::Pss { parameters, modulus_bits }, Primitive::RsaRaw))
            }
            Purpose::Verify => {
                Ok(plan(Encoding::DigestOf(parameters.hash), Primitive::VerifyRsaPss(parameters)))
            }
            _ => Err(Error::MechanismInvalid(self.id)),
        }
    }
}

impl RsaPss {
    /// The parameters, if they are of the right kind, name the mechanism's digest and fit the key.
    fn check(&self, parameters: &Parameters, modulus_bits: u32) -> Result<PssParameters, Error> {
        let bad = |why| Error::MechanismParameters { mechanism: self.id, why };
        let Parameters::Pss(parameters) = parameters else {
            return Err(bad("it needs those of PSS: hash, mask generation function, salt length"));
        };
        if self.digest.is_some_and(|digest| digest != parameters.hash) {
            return Err(bad("the hash is not that of the mechanism"));
        }
        let longest = PssParameters::longest_salt(parameters.hash, modulus_bits)
            .ok_or(Error::KeySizeRange { mechanism: self.id, bits: modulus_bits })?;
        if parameters.salt_len > longest {
            return Err(bad("the salt is too long for the key"));
        }
        Ok(*parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: DigestAlgorithm = DigestAlgorithm::Sha256;

    fn plan(
        digest: Option<DigestAlgorithm>,
        purpose: Purpose,
        parameters: &Parameters,
        modulus_bits: u32,
    ) -> Result<Plan, Error> {
        let card = Abilities { rsa_bits: vec![512, 1024, 2048], rsa_raw: true, ..Abilities::default() };
        let facts = KeyFacts { algorithm: KeyAlgorithm::Rsa { modulus_bits }, card: Some(&card) };
        RsaPss { id: MechanismId::RSA_PKCS_PSS, digest }.plan(purpose, parameters, Some(&facts))
    }

    fn pss(hash: DigestAlgorithm, salt_len: usize) -> Parameters {
        Parameters::Pss(PssParameters { salt_len, ..PssParameters::usual(hash) })
    }

    #[test]
    fn plan_host_encodes_a_whole_block_for_the_raw_card() {
        let plan = plan(Some(SHA256), Purpose::Sign, &pss(SHA256, 32), 2048).unwrap();
        assert_eq!((plan.primitive, plan.output_len, plan.input_limit()), (Primitive::RsaRaw, 256, None));
        let block = plan.encode(&[1; 32]).unwrap();
        assert_eq!((block.len(), block[0] & 0x80, block[255]), (256, 0, 0xBC));
        assert_ne!(plan.encode(&[1; 32]).unwrap(), block);
    }

    #[test]
    fn plan_digest_of_the_caller_has_the_length_of_the_hash() {
        for purpose in [Purpose::Sign, Purpose::Verify] {
            let plan = plan(None, purpose, &pss(SHA256, 20), 2048).unwrap();
            assert_eq!(plan.input_limit(), Some(32));
            assert!(plan.encode(&[1; 32]).is_ok());
            for len in [0, 31, 33] {
                let error = plan.encode(&vec![1; len]).unwrap_err();
                assert_eq!(error.code(), "CKR_DATA_LEN_RANGE", "{purpose:?} {len}");
            }
        }
    }

    // I.63
    #[test]
    fn plan_parameters_that_do_not_fit_are_refused() {
        let oaep = Parameters::Oaep { hash: SHA256, mgf: SHA256, label: Vec::new() };
        for purpose in [Purpose::Sign, Purpose::Verify] {
            for (digest, parameters, bits) in [
                (Some(SHA256), Parameters::None, 2048),
                (Some(SHA256), oaep.clone(), 2048),
                (Some(SHA256), pss(DigestAlgorithm::Sha384, 32), 2048),
                (None, Parameters::None, 2048),
                (None, pss(SHA256, 223), 2048),
                (None, pss(SHA256, usize::MAX), 2048),
                (None, pss(DigestAlgorithm::Sha512, 63), 1024),
            ] {
                let error = plan(digest, purpose, &parameters, bits).unwrap_err();
                assert_eq!(error.code(), "CKR_MECHANISM_PARAM_INVALID", "{parameters:?}");
            }
            assert!(plan(None, purpose, &pss(SHA256, 222), 2048).is_ok());
            assert!(plan(None, purpose, &pss(DigestAlgorithm::Sha512, 62), 1024).is_ok());
            let small = plan(None, purpose, &pss(DigestAlgorithm::Sha512, 0), 512).unwrap_err();
            assert_eq!(small.code(), "CKR_KEY_SIZE_RANGE");
        }
    }

    #[test]
    fn plan_other_purposes_keys_and_cards_are_refused() {
        let parameters = pss(SHA256, 32);
        let decrypt = plan(None, Purpose::Decrypt, &parameters, 2048).unwrap_err();
        assert_eq!(decrypt.code(), "CKR_MECHANISM_INVALID");
        let facts = KeyFacts { algorithm: KeyAlgorithm::Ec { curve: None }, card: None };
        let mechanism = RsaPss { id: MechanismId::RSA_PKCS_PSS, digest: None };
        let ec = mechanism.plan(Purpose::Verify, &parameters, Some(&facts)).unwrap_err();
        assert_eq!(ec.code(), "CKR_KEY_TYPE_INCONSISTENT");
        let pads_itself = Abilities { rsa_bits: vec![2048], rsa_pkcs1: true, ..Abilities::default() };
        assert_eq!(mechanism.card_info(&pads_itself), None);
    }
}

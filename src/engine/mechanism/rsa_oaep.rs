//! RSA-OAEP (PKCS#11 3.1, 6.1.8; RFC 8017, 7.1): the key's holder computes raw, the host takes the padding off.

use super::plan::{Encoding, KeyFacts, Plan, Primitive, Purpose};
use super::{
    Mechanism, MechanismId, MechanismInfo, ParameterKind, Parameters, Uses, rsa_info, rsa_key, rsa_on_host,
};
use crate::card::Abilities;
use crate::crypto::rsa::OaepParameters;
use crate::engine::error::Error;
use crate::token::KeyAlgorithm;

/// Encryption with OAEP padding.
pub(super) struct RsaOaep;

impl Mechanism for RsaOaep {
    fn id(&self) -> MechanismId {
        MechanismId::RSA_PKCS_OAEP
    }

    fn card_info(&self, abilities: &Abilities) -> Option<MechanismInfo> {
        let uses = Uses { decrypt: true, unwrap: true, ..Uses::default() };
        if abilities.rsa_raw { rsa_info(abilities, uses) } else { None }
    }

    fn host_info(&self) -> Option<MechanismInfo> {
        rsa_on_host(Uses { encrypt: true, decrypt: true, wrap: true, unwrap: true, ..Uses::default() })
    }

    fn suits(&self, algorithm: KeyAlgorithm) -> bool {
        matches!(algorithm, KeyAlgorithm::Rsa { .. })
    }

    fn parameter_kind(&self) -> ParameterKind {
        ParameterKind::Oaep
    }

    fn plan(
        &self,
        purpose: Purpose,
        parameters: &Parameters,
        key: Option<&KeyFacts<'_>>,
    ) -> Result<Plan, Error> {
        let (modulus_len, card) = rsa_key(self.id(), key)?;
        let Parameters::Oaep { hash, mgf, label } = parameters else {
            let why = "it needs those of OAEP: hash, mask generation function, label";
            return Err(Error::MechanismParameters { mechanism: self.id(), why });
        };
        let possible = match purpose {
            Purpose::Decrypt | Purpose::Unwrap => card.is_none_or(|card| card.rsa_raw),
            Purpose::Encrypt | Purpose::Wrap => true,
            _ => false,
        };
        if !possible {
            return Err(Error::MechanismInvalid(self.id()));
        }
        let parameters = OaepParameters::new(*hash, *mgf, label);
        let bits = u32::try_from(modulus_len * 8).unwrap_or(u32::MAX);
        let longest = parameters
            .longest_message(modulus_len)
            .ok_or(Error::KeySizeRange { mechanism: self.id(), bits })?;
        if purpose.is_encryption() {
            let encoding = Encoding::OaepPad { parameters, longest };
            return Ok(Plan {
                digest: None,
                encoding,
                primitive: Primitive::RsaPublic,
                output_len: modulus_len,
            });
        }
        let encoding = Encoding::OaepUnpad { parameters, modulus_len };
        Ok(Plan { digest: None, encoding, primitive: Primitive::RsaRaw, output_len: longest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::DigestAlgorithm;
    use crate::crypto::rsa::PssParameters;

    fn plan(purpose: Purpose, parameters: &Parameters, modulus_bits: u32) -> Result<Plan, Error> {
        let card = Abilities { rsa_bits: vec![1024, 2048], rsa_raw: true, ..Abilities::default() };
        let facts = KeyFacts { algorithm: KeyAlgorithm::Rsa { modulus_bits }, card: Some(&card) };
        RsaOaep.plan(purpose, parameters, Some(&facts))
    }

    fn oaep(hash: DigestAlgorithm) -> Parameters {
        Parameters::Oaep { hash, mgf: DigestAlgorithm::Sha1, label: b"label".to_vec() }
    }

    #[test]
    fn plan_card_gets_the_block_as_it_is_and_room_is_known_before() {
        for (hash, bits, output_len) in [
            (DigestAlgorithm::Sha1, 2048, 214),
            (DigestAlgorithm::Sha256, 2048, 190),
            (DigestAlgorithm::Sha3_512, 2048, 126),
            (DigestAlgorithm::Sha256, 1024, 62),
        ] {
            let plan = plan(Purpose::Decrypt, &oaep(hash), bits).unwrap();
            assert_eq!((plan.primitive, plan.output_len), (Primitive::RsaRaw, output_len));
            let len = bits as usize / 8;
            assert_eq!(plan.encode(&vec![7; len]).unwrap(), vec![7; len]);
            for wrong in [0, len - 1, len + 1] {
                let error = plan.encode(&vec![7; wrong]).unwrap_err();
                assert_eq!(error.code(), "CKR_ENCRYPTED_DATA_LEN_RANGE");
            }
        }
    }

    // I.63
    #[test]
    fn plan_wrong_parameters_purposes_and_sizes_are_refused() {
        let pss = Parameters::Pss(PssParameters::usual(DigestAlgorithm::Sha256));
        for parameters in [Parameters::None, pss] {
            let error = plan(Purpose::Decrypt, &parameters, 2048).unwrap_err();
            assert_eq!(error.code(), "CKR_MECHANISM_PARAM_INVALID");
        }
        let good = oaep(DigestAlgorithm::Sha512);
        assert_eq!(plan(Purpose::Decrypt, &good, 1024).unwrap_err().code(), "CKR_KEY_SIZE_RANGE");
        for purpose in [Purpose::Sign, Purpose::Verify, Purpose::Digest] {
            assert_eq!(plan(purpose, &good, 2048).unwrap_err().code(), "CKR_MECHANISM_INVALID");
        }
        let unpads = Abilities { rsa_bits: vec![2048], rsa_pkcs1_decrypt: true, ..Abilities::default() };
        assert_eq!(RsaOaep.card_info(&unpads), None);
    }
}

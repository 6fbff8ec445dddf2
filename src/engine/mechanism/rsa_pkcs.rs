//! RSA PKCS#1 v1.5, plain and with a digest (PKCS#11 3.1, 6.1.6 and 6.1.12; RFC 8017, 7.2 and 8.2).

use super::plan::{Encoding, KeyFacts, PKCS1_OVERHEAD, Plan, Primitive, Purpose};
use super::{
    Mechanism, MechanismId, MechanismInfo, Parameters, Uses, no_parameters, rsa_info, rsa_key, rsa_on_host,
};
use crate::card::Abilities;
use crate::crypto::DigestAlgorithm;
use crate::engine::error::Error;
use crate::token::KeyAlgorithm;

/// Signatures over DigestInfo, which the host makes or the caller gives; without digest also encryption.
pub(super) struct RsaPkcs {
    pub id: MechanismId,
    pub digest: Option<DigestAlgorithm>,
}

impl Mechanism for RsaPkcs {
    fn id(&self) -> MechanismId {
        self.id
    }

    fn card_info(&self, abilities: &Abilities) -> Option<MechanismInfo> {
        let plain = self.digest.is_none();
        let decrypt = plain && (abilities.rsa_raw || abilities.rsa_pkcs1_decrypt);
        let sign = abilities.rsa_raw || abilities.rsa_pkcs1;
        let sign_recover = sign && plain;
        let uses = Uses { sign, sign_recover, decrypt, unwrap: decrypt, ..Uses::default() };
        if sign || decrypt { rsa_info(abilities, uses) } else { None }
    }

    fn host_info(&self) -> Option<MechanismInfo> {
        let plain = self.digest.is_none();
        rsa_on_host(Uses {
            sign: true,
            verify: true,
            encrypt: plain,
            decrypt: plain,
            sign_recover: plain,
            verify_recover: plain,
            wrap: plain,
            unwrap: plain,
            ..Uses::default()
        })
    }

    fn suits(&self, algorithm: KeyAlgorithm) -> bool {
        matches!(algorithm, KeyAlgorithm::Rsa { .. })
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
        no_parameters(self.id, parameters)?;
        let (modulus_len, card) = rsa_key(self.id, key)?;
        let plan =
            |encoding, primitive| Plan { digest: self.digest, encoding, primitive, output_len: modulus_len };
        let longest = modulus_len.saturating_sub(PKCS1_OVERHEAD);
        let content = match self.digest {
            Some(digest) => Encoding::DigestInfo(digest),
            None => Encoding::Limited { max: longest },
        };
        let unpadded = |encoding, primitive| Plan { digest: None, encoding, primitive, output_len: longest };
        let plain = self.digest.is_none();
        match (purpose, card) {
            // The card pads where it can: fewer bytes go over the wire.
            (Purpose::Sign, Some(card)) if card.rsa_pkcs1 => Ok(plan(content, Primitive::RsaSignPkcs1)),
            (Purpose::SignRecover, Some(card)) if card.rsa_pkcs1 && plain => {
                Ok(plan(content, Primitive::RsaSignPkcs1))
            }
            (Purpose::Sign | Purpose::SignRecover, card)
                if card.is_none_or(|card| card.rsa_raw) && (plain || purpose == Purpose::Sign) =>
            {
                let block = Encoding::Pkcs1Block { digest_info: self.digest, modulus_len };
                Ok(plan(block, Primitive::RsaRaw))
            }
            (Purpose::Verify, _) => Ok(plan(content, Primitive::VerifyRsaPkcs1)),
            (Purpose::VerifyRecover, _) if plain => Ok(unpadded(Encoding::Plain, Primitive::RecoverRsaPkcs1)),
            (Purpose::Encrypt | Purpose::Wrap, _) if plain => {
                Ok(plan(Encoding::Pkcs1Pad { longest }, Primitive::RsaPublic))
            }
            (Purpose::Decrypt | Purpose::Unwrap, card) if card.is_none_or(|card| card.rsa_raw) && plain => {
                Ok(unpadded(Encoding::Pkcs1Unpad { modulus_len }, Primitive::RsaRaw))
            }
            (Purpose::Decrypt | Purpose::Unwrap, Some(card)) if card.rsa_pkcs1_decrypt && plain => {
                Ok(unpadded(Encoding::Exactly { len: modulus_len }, Primitive::RsaDecryptPkcs1))
            }
            _ => Err(Error::MechanismInvalid(self.id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::rsa::PssParameters;

    fn plan(purpose: Purpose, digest: Option<DigestAlgorithm>, card: &Abilities) -> Result<Plan, Error> {
        let facts = KeyFacts { algorithm: KeyAlgorithm::Rsa { modulus_bits: 2048 }, card: Some(card) };
        RsaPkcs { id: MechanismId::RSA_PKCS, digest }.plan(purpose, &Parameters::None, Some(&facts))
    }

    fn card(rsa_raw: bool, rsa_pkcs1: bool) -> Abilities {
        Abilities { rsa_bits: vec![1024, 2048], rsa_raw, rsa_pkcs1, ..Abilities::default() }
    }

    // I.59
    #[test]
    fn plan_signature_has_the_length_of_the_modulus() {
        for card in [card(true, false), card(false, true), card(true, true)] {
            assert_eq!(plan(Purpose::Sign, None, &card).unwrap().output_len, 256);
        }
    }

    #[test]
    fn plan_card_that_pads_gets_digest_info_only() {
        let plan = plan(Purpose::Sign, Some(DigestAlgorithm::Sha256), &card(true, true)).unwrap();
        assert_eq!(plan.primitive, Primitive::RsaSignPkcs1);
        assert_eq!(plan.encode(&[1; 32]).unwrap().len(), 19 + 32);
    }

    #[test]
    fn plan_raw_card_gets_a_whole_block() {
        let plan = plan(Purpose::Sign, Some(DigestAlgorithm::Sha256), &card(true, false)).unwrap();
        let block = plan.encode(&[1; 32]).unwrap();
        assert_eq!((plan.primitive, block.len()), (Primitive::RsaRaw, 256));
        assert!(block.starts_with(&[0x00, 0x01, 0xFF]));
    }

    #[test]
    fn plan_decryption_needs_a_raw_card() {
        let raw = plan(Purpose::Decrypt, None, &card(true, false)).unwrap();
        assert_eq!(raw.output_len, 245);
        assert!(plan(Purpose::Decrypt, None, &card(false, true)).is_err());
        assert!(plan(Purpose::Decrypt, Some(DigestAlgorithm::Sha256), &card(true, true)).is_err());
    }

    // I.63
    #[test]
    fn plan_parameters_are_refused() {
        let card = card(true, true);
        let facts = KeyFacts { algorithm: KeyAlgorithm::Rsa { modulus_bits: 2048 }, card: Some(&card) };
        let parameters = Parameters::Pss(PssParameters::usual(DigestAlgorithm::Sha1));
        let error = RsaPkcs { id: MechanismId::RSA_PKCS, digest: None }
            .plan(Purpose::Sign, &parameters, Some(&facts))
            .unwrap_err();
        assert_eq!(error.code(), "CKR_MECHANISM_PARAM_INVALID");
    }

    #[test]
    fn plan_key_of_unknown_or_foreign_size_is_refused() {
        let card = card(true, true);
        for modulus_bits in [0, 3072] {
            let facts = KeyFacts { algorithm: KeyAlgorithm::Rsa { modulus_bits }, card: Some(&card) };
            let error = RsaPkcs { id: MechanismId::RSA_PKCS, digest: None }
                .plan(Purpose::Sign, &Parameters::None, Some(&facts))
                .unwrap_err();
            assert_eq!(error.code(), "CKR_KEY_SIZE_RANGE", "{modulus_bits}");
        }
    }

    #[test]
    fn decryption_by_a_card_that_takes_the_padding_off_sends_the_cryptogram_as_it_is() {
        let card = Abilities { rsa_pkcs1_decrypt: true, ..card(false, true) };
        let plan = plan(Purpose::Decrypt, None, &card).unwrap();
        assert_eq!((plan.primitive, plan.output_len), (Primitive::RsaDecryptPkcs1, 245));
        assert_eq!(plan.encode(&[7; 256]).unwrap(), [7; 256]);
        assert!(plan.encode(&[7; 255]).is_err());
    }
}

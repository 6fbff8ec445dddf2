//! ECDSA, plain and with a digest (PKCS#11 3.1, 6.3.12). Signatures are r‖s, each as long as the field.

use super::plan::{Encoding, KeyFacts, Plan, Primitive, Purpose, ecdsa_len};
use super::{Mechanism, MechanismId, MechanismInfo, Parameters, Uses, ec_on_host, no_parameters};
use crate::card::Abilities;
use crate::crypto::DigestAlgorithm;
use crate::engine::error::Error;
use crate::token::KeyAlgorithm;

/// ECDSA over a digest that the host makes, or over one that the caller gives.
pub(super) struct Ecdsa {
    pub id: MechanismId,
    pub digest: Option<DigestAlgorithm>,
}

impl Mechanism for Ecdsa {
    fn id(&self) -> MechanismId {
        self.id
    }

    fn card_info(&self, abilities: &Abilities) -> Option<MechanismInfo> {
        let bits = abilities.ecdsa.iter().map(|curve| curve.bits());
        Some(MechanismInfo {
            min_key_bits: bits.clone().min()?,
            max_key_bits: bits.max()?,
            hardware: true,
            uses: Uses { sign: true, ..Uses::default() },
        })
    }

    fn host_info(&self) -> Option<MechanismInfo> {
        ec_on_host(Uses { sign: true, verify: true, ..Uses::default() })
    }

    fn suits(&self, algorithm: KeyAlgorithm) -> bool {
        matches!(algorithm, KeyAlgorithm::Ec { .. })
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
        let Some(KeyFacts { algorithm: KeyAlgorithm::Ec { curve }, card }) = key else {
            return Err(Error::KeyTypeInconsistent { mechanism: self.id, needed: "an elliptic-curve key" });
        };
        let curve = curve.ok_or(Error::KeySizeRange { mechanism: self.id, bits: 0 })?;
        if card.is_some_and(|abilities| !abilities.ecdsa.contains(&curve)) {
            return Err(Error::KeySizeRange { mechanism: self.id, bits: curve.bits() });
        }
        let primitive = match purpose {
            Purpose::Sign => Primitive::Ecdsa,
            Purpose::Verify => Primitive::VerifyEcdsa,
            _ => return Err(Error::MechanismInvalid(self.id)),
        };
        Ok(Plan {
            digest: self.digest,
            encoding: Encoding::LeftmostBits { bits: curve.bits() },
            primitive,
            output_len: ecdsa_len(curve),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Curve;

    fn plan(digest: Option<DigestAlgorithm>, curve: Option<Curve>, purpose: Purpose) -> Result<Plan, Error> {
        let card = Abilities { ecdsa: vec![Curve::P256, Curve::P521], ..Abilities::default() };
        let facts = KeyFacts { algorithm: KeyAlgorithm::Ec { curve }, card: Some(&card) };
        Ecdsa { id: MechanismId::ECDSA, digest }.plan(purpose, &Parameters::None, Some(&facts))
    }

    // I.60
    #[test]
    fn plan_output_is_two_field_elements() {
        for (curve, len) in [(Curve::P256, 64), (Curve::P521, 132)] {
            let plan = plan(None, Some(curve), Purpose::Sign).unwrap();
            assert_eq!((plan.output_len, plan.primitive), (len, Primitive::Ecdsa));
        }
    }

    #[test]
    fn plan_digest_longer_than_the_curve_is_cut_on_the_host() {
        let plan = plan(Some(DigestAlgorithm::Sha512), Some(Curve::P256), Purpose::Sign).unwrap();
        assert_eq!(plan.encode(&[7; 64]).unwrap(), [7; 32]);
    }

    #[test]
    fn plan_curve_that_the_card_lacks_is_refused() {
        let error = plan(None, Some(Curve::P384), Purpose::Sign).unwrap_err();
        assert!(matches!(error, Error::KeySizeRange { bits: 384, .. }));
        assert!(plan(None, None, Purpose::Sign).is_err());
    }

    #[test]
    fn plan_empty_digest_is_refused() {
        let plan = plan(None, Some(Curve::P256), Purpose::Sign).unwrap();
        assert!(matches!(plan.encode(&[]), Err(Error::DataLength { .. })));
    }

    // I.63
    #[test]
    fn plan_wrong_key_type_or_purpose_is_refused() {
        assert_eq!(
            plan(None, Some(Curve::P256), Purpose::Decrypt).unwrap_err().code(),
            "CKR_MECHANISM_INVALID"
        );
        let facts = KeyFacts { algorithm: KeyAlgorithm::Rsa { modulus_bits: 2048 }, card: None };
        let error = Ecdsa { id: MechanismId::ECDSA, digest: None }
            .plan(Purpose::Sign, &Parameters::None, Some(&facts))
            .unwrap_err();
        assert_eq!(error.code(), "CKR_KEY_TYPE_INCONSISTENT");
    }
}

//! ECDH with and without cofactor (PKCS#11 3.1, 6.3.20 and 6.3.21), and X25519, which PKCS#11 has under the same
//! mechanism: the key's holder agrees, the host derives. Every curve here has the cofactor 1, so both are the same.

use super::plan::{Encoding, KeyFacts, Plan, Primitive, Purpose};
use super::{Mechanism, MechanismId, MechanismInfo, ParameterKind, Parameters, Uses, ec_on_host};
use crate::card::Abilities;
use crate::crypto::x25519;
use crate::engine::error::Error;
use crate::token::KeyAlgorithm;

/// ECDH.
pub(super) struct Ecdh {
    pub id: MechanismId,
}

impl Mechanism for Ecdh {
    fn id(&self) -> MechanismId {
        self.id
    }

    fn card_info(&self, abilities: &Abilities) -> Option<MechanismInfo> {
        let bits = abilities.ecdh.iter().map(|curve| curve.bits());
        let bits = bits.chain(abilities.x25519.then_some(BITS_25519));
        let uses = Uses { derive: true, ..Uses::default() };
        let on_host = MechanismInfo::on_host(bits.clone().min()?, bits.max()?, uses);
        Some(MechanismInfo { hardware: true, ..on_host })
    }

    fn host_info(&self) -> Option<MechanismInfo> {
        let info = ec_on_host(Uses { derive: true, ..Uses::default() })?;
        Some(MechanismInfo { min_key_bits: BITS_25519.min(info.min_key_bits), ..info })
    }

    fn suits(&self, algorithm: KeyAlgorithm) -> bool {
        matches!(algorithm, KeyAlgorithm::Ec { .. } | KeyAlgorithm::X25519)
    }

    fn parameter_kind(&self) -> ParameterKind {
        ParameterKind::Ecdh
    }

    fn plan(
        &self,
        purpose: Purpose,
        parameters: &Parameters,
        key: Option<&KeyFacts<'_>>,
    ) -> Result<Plan, Error> {
        if !matches!(parameters, Parameters::Ecdh { .. }) {
            let why = "it needs those of ECDH: key derivation function, public key";
            return Err(Error::MechanismParameters { mechanism: self.id, why });
        }
        if purpose != Purpose::Derive {
            return Err(Error::MechanismInvalid(self.id));
        }
        let plan = |primitive, output_len| {
            Ok(Plan { digest: None, encoding: Encoding::Plain, primitive, output_len })
        };
        match key {
            Some(KeyFacts { algorithm: KeyAlgorithm::Ec { curve }, card }) => {
                let curve = curve.ok_or(Error::KeySizeRange { mechanism: self.id, bits: 0 })?;
                if card.is_some_and(|card| !card.ecdh.contains(&curve)) {
                    return Err(Error::KeySizeRange { mechanism: self.id, bits: curve.bits() });
                }
                plan(Primitive::Ecdh, curve.field_len())
            }
            Some(KeyFacts { algorithm: KeyAlgorithm::X25519, card }) => {
                if card.is_some_and(|card| !card.x25519) {
                    return Err(Error::MechanismInvalid(self.id));
                }
                plan(Primitive::X25519, x25519::KEY_LEN)
            }
            _ => Err(Error::KeyTypeInconsistent { mechanism: self.id, needed: "an elliptic-curve key" }),
        }
    }
}

const BITS_25519: u32 = 255;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Curve;
    use crate::engine::mechanism::Kdf;

    // I.63
    #[test]
    fn plan_curve_and_kind_decide_and_cards_do_what_they_can() {
        let card = Abilities { ecdh: vec![Curve::P256], ..Abilities::default() };
        let parameters = Parameters::Ecdh { kdf: Kdf::Null, shared_info: vec![], peer: vec![] };
        let plan = |algorithm, card, purpose| {
            let plan = Ecdh { id: MechanismId::ECDH1_DERIVE }.plan(
                purpose,
                &parameters,
                Some(&KeyFacts { algorithm, card }),
            );
            plan.map(|plan| (plan.primitive, plan.output_len)).map_err(|error| error.code())
        };
        let ec = |curve| KeyAlgorithm::Ec { curve: Some(curve) };
        let derive = Purpose::Derive;
        assert_eq!(plan(ec(Curve::P256), Some(&card), derive), Ok((Primitive::Ecdh, 32)));
        assert_eq!(plan(ec(Curve::P384), Some(&card), derive), Err("CKR_KEY_SIZE_RANGE"));
        assert_eq!(plan(ec(Curve::P521), None, derive), Ok((Primitive::Ecdh, 66)));
        assert_eq!(plan(KeyAlgorithm::X25519, None, derive), Ok((Primitive::X25519, 32)));
        assert_eq!(plan(KeyAlgorithm::X25519, Some(&card), derive), Err("CKR_MECHANISM_INVALID"));
        assert_eq!(plan(KeyAlgorithm::Ed25519, None, derive), Err("CKR_KEY_TYPE_INCONSISTENT"));
        assert_eq!(plan(ec(Curve::P256), None, Purpose::Sign), Err("CKR_MECHANISM_INVALID"));
    }
}

//! Key generation on the card (PKCS#11 3.1, 6.1.4, 6.3.5, 6.13.2): sizes and curves. No operation takes these
//! mechanisms: `Engine::generate_key_pair` and `Engine::generate_key` do.

use super::plan::{KeyFacts, Plan, Purpose};
use super::{Mechanism, MechanismId, MechanismInfo, Parameters, Uses, rsa_info};
use crate::card::Abilities;
use crate::engine::error::Error;
use crate::token::KeyAlgorithm;

/// One way to make keys.
pub(super) struct Generation {
    pub id: MechanismId,
}

impl Mechanism for Generation {
    fn id(&self) -> MechanismId {
        self.id
    }

    fn info(&self, abilities: &Abilities) -> Option<MechanismInfo> {
        if !abilities.generates_keys {
            return None;
        }
        let pair = Uses { generate_key_pair: true, ..Uses::default() };
        match self.id {
            MechanismId::RSA_PKCS_KEY_PAIR_GEN => rsa_info(abilities, pair),
            MechanismId::EC_KEY_PAIR_GEN => sizes(abilities.ecdsa.iter().map(|curve| curve.bits()), pair),
            MechanismId::EC_EDWARDS_KEY_PAIR_GEN => sizes(abilities.ed25519.then_some(255).into_iter(), pair),
            MechanismId::EC_MONTGOMERY_KEY_PAIR_GEN => {
                sizes(abilities.x25519.then_some(255).into_iter(), pair)
            }
            _ => {
                // AES keys are counted in bytes (PKCS#11 3.1, 6.13.2).
                let bytes = abilities.aes_bits.iter().map(|bits| bits / 8);
                sizes(bytes, Uses { generate: true, ..Uses::default() })
            }
        }
    }

    fn suits(&self, _algorithm: KeyAlgorithm) -> bool {
        false
    }

    fn plan(&self, _: Purpose, _: &Parameters, _: Option<&KeyFacts<'_>>) -> Result<Plan, Error> {
        Err(Error::MechanismInvalid(self.id))
    }
}

fn sizes(sizes: impl Iterator<Item = u32> + Clone, uses: Uses) -> Option<MechanismInfo> {
    let (min_key_bits, max_key_bits) = (sizes.clone().min()?, sizes.max()?);
    Some(MechanismInfo { min_key_bits, max_key_bits, hardware: true, uses })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Curve;

    #[test]
    fn info_is_that_of_the_card_and_none_where_it_makes_no_keys() {
        let card = Abilities {
            rsa_bits: vec![2048, 4096],
            ecdsa: vec![Curve::P256, Curve::P521],
            aes_bits: vec![128, 256],
            generates_keys: true,
            ..Abilities::default()
        };
        for (id, min, max) in [
            (MechanismId::RSA_PKCS_KEY_PAIR_GEN, 2048, 4096),
            (MechanismId::EC_KEY_PAIR_GEN, 256, 521),
            (MechanismId::AES_KEY_GEN, 16, 32),
        ] {
            let info = Generation { id }.info(&card).unwrap();
            assert_eq!((info.min_key_bits, info.max_key_bits), (min, max), "{id}");
            let without = Abilities { generates_keys: false, ..card.clone() };
            assert_eq!(Generation { id }.info(&without), None);
        }
    }
}

//! Key generation (PKCS#11 3.1, 6.1.4, 6.3.5, 6.8.3, 6.13.2): sizes and curves. No operation takes these mechanisms:
//! `Engine::generate_key_pair_from` and `Engine::generate_key_from` do.

use super::plan::{KeyFacts, Plan, Purpose};
use super::{
    Mechanism, MechanismId, MechanismInfo, Parameters, Uses, aes_on_host, ec_on_host, rsa_info, rsa_on_host,
};
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

    fn card_info(&self, abilities: &Abilities) -> Option<MechanismInfo> {
        if !abilities.generates_keys {
            return None;
        }
        let on_25519 = |has: bool| sizes(has.then_some(BITS_25519).into_iter(), PAIR);
        match self.id {
            MechanismId::RSA_PKCS_KEY_PAIR_GEN => rsa_info(abilities, PAIR),
            MechanismId::EC_KEY_PAIR_GEN => sizes(abilities.ecdsa.iter().map(|curve| curve.bits()), PAIR),
            MechanismId::EC_EDWARDS_KEY_PAIR_GEN => on_25519(abilities.ed25519),
            MechanismId::EC_MONTGOMERY_KEY_PAIR_GEN => on_25519(abilities.x25519),
            MechanismId::AES_KEY_GEN => {
                // AES keys are counted in bytes (PKCS#11 3.1, 6.13.2).
                sizes(abilities.aes_bits.iter().map(|bits| bits / 8), SECRET)
            }
            _ => None,
        }
    }

    fn host_info(&self) -> Option<MechanismInfo> {
        match self.id {
            MechanismId::RSA_PKCS_KEY_PAIR_GEN => rsa_on_host(PAIR),
            MechanismId::EC_KEY_PAIR_GEN => ec_on_host(PAIR),
            MechanismId::EC_EDWARDS_KEY_PAIR_GEN | MechanismId::EC_MONTGOMERY_KEY_PAIR_GEN => {
                Some(MechanismInfo::on_host(BITS_25519, BITS_25519, PAIR))
            }
            MechanismId::AES_KEY_GEN => aes_on_host(SECRET),
            // Generic secrets are counted in bits (PKCS#11 3.1, 6.8.3).
            _ => Some(MechanismInfo::on_host(8, LONGEST_SECRET * 8, SECRET)),
        }
    }

    fn suits(&self, _algorithm: KeyAlgorithm) -> bool {
        false
    }

    fn plan(&self, _: Purpose, _: &Parameters, _: Option<&KeyFacts<'_>>) -> Result<Plan, Error> {
        Err(Error::MechanismInvalid(self.id))
    }
}

const NOTHING: Uses = Uses {
    messages: false,
    encrypt: false,
    decrypt: false,
    digest: false,
    sign: false,
    sign_recover: false,
    verify: false,
    verify_recover: false,
    generate: false,
    generate_key_pair: false,
    wrap: false,
    unwrap: false,
    derive: false,
};
const PAIR: Uses = Uses { generate_key_pair: true, ..NOTHING };
const SECRET: Uses = Uses { generate: true, ..NOTHING };
/// Bits of the field of Ed25519 and X25519.
const BITS_25519: u32 = 255;
/// Most bytes of a generic secret.
pub(in crate::engine) const LONGEST_SECRET: u32 = 1 << 16;

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
            let info = Generation { id }.card_info(&card).unwrap();
            assert_eq!((info.min_key_bits, info.max_key_bits), (min, max), "{id}");
            let without = Abilities { generates_keys: false, ..card.clone() };
            assert_eq!(Generation { id }.card_info(&without), None);
        }
    }
}

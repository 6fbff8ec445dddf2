//! AES key wrap (PKCS#11 3.1, 6.13.13 and 6.13.14; RFC 3394, RFC 5649): on the host, which lets a card that has the key
//! compute block by block.

use super::plan::{Encoding, KeyFacts, Plan, Primitive, Purpose};
use super::{
    Mechanism, MechanismId, MechanismInfo, Parameters, Uses, aes_key, aes_on_card, aes_on_host, no_parameters,
};
use crate::card::Abilities;
use crate::engine::error::Error;
use crate::token::KeyAlgorithm;

/// Key wrap, with or without padding. `CKM_AES_KEY_WRAP_PAD`, whose padding older versions of the standard left open,
/// is here what its successor is.
pub(super) struct AesKeyWrap {
    pub id: MechanismId,
}

fn uses() -> Uses {
    Uses { wrap: true, unwrap: true, ..Uses::default() }
}

impl Mechanism for AesKeyWrap {
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

    fn plan(
        &self,
        purpose: Purpose,
        parameters: &Parameters,
        key: Option<&KeyFacts<'_>>,
    ) -> Result<Plan, Error> {
        no_parameters(self.id, parameters)?;
        aes_key(self.id, key)?;
        let padded = self.id != MechanismId::AES_KEY_WRAP;
        match purpose {
            Purpose::Wrap | Purpose::Unwrap => Ok(Plan {
                digest: None,
                encoding: Encoding::Plain,
                primitive: Primitive::AesKeyWrap { padded },
                output_len: 0,
            }),
            _ => Err(Error::MechanismInvalid(self.id)),
        }
    }
}

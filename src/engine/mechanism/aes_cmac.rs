//! CMAC with AES, whole or cut (PKCS#11 3.1, 6.13.11 and 6.13.12): on the host.

use super::plan::{Encoding, KeyFacts, MacKind, Plan, Primitive, Purpose};
use super::{
    Mechanism, MechanismId, MechanismInfo, ParameterKind, Parameters, Uses, aes_key, aes_on_host, mac_len,
};
use crate::engine::error::Error;
use crate::token::KeyAlgorithm;

/// CMAC.
pub(super) struct AesCmac {
    pub id: MechanismId,
}

impl Mechanism for AesCmac {
    fn id(&self) -> MechanismId {
        self.id
    }

    fn host_info(&self) -> Option<MechanismInfo> {
        aes_on_host(Uses { sign: true, verify: true, ..Uses::default() })
    }

    fn suits(&self, algorithm: KeyAlgorithm) -> bool {
        matches!(algorithm, KeyAlgorithm::Aes { .. })
    }

    fn parameter_kind(&self) -> ParameterKind {
        if self.id == MechanismId::AES_CMAC { ParameterKind::None } else { ParameterKind::MacLen }
    }

    fn plan(
        &self,
        purpose: Purpose,
        parameters: &Parameters,
        key: Option<&KeyFacts<'_>>,
    ) -> Result<Plan, Error> {
        let output_len = mac_len(self, parameters, 16)?;
        aes_key(self.id, key)?;
        match (purpose, key.and_then(|key| key.card)) {
            (Purpose::Sign | Purpose::Verify, None) => Ok(Plan {
                digest: None,
                encoding: Encoding::Plain,
                primitive: Primitive::Mac(MacKind::Cmac),
                output_len,
            }),
            _ => Err(Error::MechanismInvalid(self.id)),
        }
    }
}

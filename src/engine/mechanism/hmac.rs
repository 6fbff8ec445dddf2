//! HMAC over every digest, whole or cut (PKCS#11 3.1, 6.20.3 and its kin): on the host.

use super::plan::{Encoding, KeyFacts, MacKind, Plan, Primitive, Purpose};
use super::{Mechanism, MechanismId, MechanismInfo, ParameterKind, Parameters, Uses, mac_len};
use crate::crypto::DigestAlgorithm;
use crate::engine::error::Error;
use crate::token::KeyAlgorithm;

/// HMAC over one digest.
pub(super) struct Hmac {
    pub id: MechanismId,
    pub digest: DigestAlgorithm,
    /// The caller says how long the code is.
    pub general: bool,
}

impl Mechanism for Hmac {
    fn id(&self) -> MechanismId {
        self.id
    }

    fn host_info(&self) -> Option<MechanismInfo> {
        let uses = Uses { sign: true, verify: true, ..Uses::default() };
        Some(MechanismInfo::on_host(8, super::generation::LONGEST_SECRET * 8, uses))
    }

    fn suits(&self, algorithm: KeyAlgorithm) -> bool {
        matches!(algorithm, KeyAlgorithm::Generic { .. })
    }

    fn parameter_kind(&self) -> ParameterKind {
        if self.general { ParameterKind::MacLen } else { ParameterKind::None }
    }

    fn plan(
        &self,
        purpose: Purpose,
        parameters: &Parameters,
        key: Option<&KeyFacts<'_>>,
    ) -> Result<Plan, Error> {
        let output_len = mac_len(self, parameters, self.digest.output_len())?;
        let Some(KeyFacts { algorithm: KeyAlgorithm::Generic { .. }, card }) = key else {
            return Err(Error::KeyTypeInconsistent { mechanism: self.id, needed: "a generic secret" });
        };
        match (purpose, card) {
            (Purpose::Sign | Purpose::Verify, None) => Ok(Plan {
                digest: None,
                encoding: Encoding::Plain,
                primitive: Primitive::Mac(MacKind::Hmac(self.digest)),
                output_len,
            }),
            _ => Err(Error::MechanismInvalid(self.id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_cut_code_has_the_length_asked_for_and_no_other_is_taken() {
        let facts = KeyFacts { algorithm: KeyAlgorithm::Generic { key_bits: 256 }, card: None };
        let plan = |general, parameters| {
            let hmac = Hmac { id: MechanismId::SHA256_HMAC, digest: DigestAlgorithm::Sha256, general };
            let plan = hmac.plan(Purpose::Sign, &parameters, Some(&facts));
            plan.map(|plan| plan.output_len).map_err(|error| error.code())
        };
        assert_eq!(plan(false, Parameters::None), Ok(32));
        assert_eq!(plan(true, Parameters::MacLen(16)), Ok(16));
        for (general, wrong) in [
            (true, Parameters::None),
            (true, Parameters::MacLen(0)),
            (true, Parameters::MacLen(33)),
            (false, Parameters::MacLen(32)),
        ] {
            assert_eq!(plan(general, wrong), Err("CKR_MECHANISM_PARAM_INVALID"));
        }
    }
}

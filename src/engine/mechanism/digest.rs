//! Digest mechanisms (PKCS#11 3.1, 6.20 to 6.26): the host computes.

use super::plan::{Encoding, KeyFacts, Plan, Primitive, Purpose};
use super::{Mechanism, MechanismId, MechanismInfo, Parameters, Uses, no_parameters};
use crate::crypto::DigestAlgorithm;
use crate::engine::error::Error;
use crate::token::KeyAlgorithm;

/// One digest.
pub(super) struct Digest {
    pub id: MechanismId,
    pub algorithm: DigestAlgorithm,
}

impl Mechanism for Digest {
    fn id(&self) -> MechanismId {
        self.id
    }

    fn host_info(&self) -> Option<MechanismInfo> {
        let uses = Uses { digest: true, ..Uses::default() };
        Some(MechanismInfo { uses, ..MechanismInfo::default() })
    }

    fn suits(&self, _algorithm: KeyAlgorithm) -> bool {
        false
    }

    fn digest(&self) -> Option<DigestAlgorithm> {
        Some(self.algorithm)
    }

    fn plan(
        &self,
        purpose: Purpose,
        parameters: &Parameters,
        key: Option<&KeyFacts<'_>>,
    ) -> Result<Plan, Error> {
        no_parameters(self.id, parameters)?;
        if purpose != Purpose::Digest || key.is_some() {
            return Err(Error::MechanismInvalid(self.id));
        }
        Ok(Plan {
            digest: Some(self.algorithm),
            encoding: Encoding::Plain,
            primitive: Primitive::Digest,
            output_len: self.algorithm.output_len(),
        })
    }
}

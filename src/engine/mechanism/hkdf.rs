//! HKDF (PKCS#11 3.1, 6.62; RFC 5869): on the host, from a secret of a session.

use super::plan::{Encoding, KeyFacts, Plan, Primitive, Purpose};
use super::{Mechanism, MechanismId, MechanismInfo, ParameterKind, Parameters, Uses};
use crate::engine::error::Error;
use crate::token::KeyAlgorithm;

/// HKDF.
pub(super) struct Hkdf;

impl Mechanism for Hkdf {
    fn id(&self) -> MechanismId {
        MechanismId::HKDF_DERIVE
    }

    fn host_info(&self) -> Option<MechanismInfo> {
        let uses = Uses { derive: true, ..Uses::default() };
        Some(MechanismInfo::on_host(8, super::generation::LONGEST_SECRET * 8, uses))
    }

    fn suits(&self, algorithm: KeyAlgorithm) -> bool {
        matches!(algorithm, KeyAlgorithm::Generic { .. })
    }

    fn parameter_kind(&self) -> ParameterKind {
        ParameterKind::Hkdf
    }

    fn plan(
        &self,
        purpose: Purpose,
        parameters: &Parameters,
        key: Option<&KeyFacts<'_>>,
    ) -> Result<Plan, Error> {
        let bad = |why| Error::MechanismParameters { mechanism: self.id(), why };
        let Parameters::Hkdf { hash, extract, expand, .. } = parameters else {
            return Err(bad("it needs those of HKDF: hash, salt, info"));
        };
        if !extract && !expand {
            return Err(bad("it extracts, expands, or both"));
        }
        let Some(KeyFacts { algorithm: KeyAlgorithm::Generic { .. }, card }) = key else {
            return Err(Error::KeyTypeInconsistent { mechanism: self.id(), needed: "a generic secret" });
        };
        if purpose != Purpose::Derive || card.is_some() {
            return Err(Error::MechanismInvalid(self.id()));
        }
        let output_len = hash.output_len();
        Ok(Plan { digest: None, encoding: Encoding::Plain, primitive: Primitive::Hkdf, output_len })
    }
}

//! EdDSA (PKCS#11 3.1, 6.3.13) with Ed25519: over the message itself, so it is given whole. The variants with a
//! context or a digest first (Ed25519ctx, Ed25519ph) are other algorithms, which cards do not have: the host's keys do.

use super::plan::{Encoding, KeyFacts, Plan, Primitive, Purpose};
use super::{Mechanism, MechanismId, MechanismInfo, ParameterKind, Parameters, Uses};
use crate::card::Abilities;
use crate::crypto::DigestAlgorithm;
use crate::crypto::ed25519::SIGNATURE_LEN;
use crate::crypto::ed25519::domain::Domain;
use crate::engine::error::Error;
use crate::token::KeyAlgorithm;

/// Ed25519.
pub(super) struct Eddsa;

impl Mechanism for Eddsa {
    fn id(&self) -> MechanismId {
        MechanismId::EDDSA
    }

    fn card_info(&self, abilities: &Abilities) -> Option<MechanismInfo> {
        let uses = Uses { sign: true, ..Uses::default() };
        let on_host = MechanismInfo::on_host(KEY_BITS, KEY_BITS, uses);
        abilities.ed25519.then_some(MechanismInfo { hardware: true, ..on_host })
    }

    fn host_info(&self) -> Option<MechanismInfo> {
        let uses = Uses { sign: true, verify: true, ..Uses::default() };
        Some(MechanismInfo::on_host(KEY_BITS, KEY_BITS, uses))
    }

    fn suits(&self, algorithm: KeyAlgorithm) -> bool {
        algorithm == KeyAlgorithm::Ed25519
    }

    fn plan(
        &self,
        purpose: Purpose,
        parameters: &Parameters,
        key: Option<&KeyFacts<'_>>,
    ) -> Result<Plan, Error> {
        let domain = domain(self.id(), parameters)?;
        let Some(KeyFacts { algorithm: KeyAlgorithm::Ed25519, card }) = key else {
            return Err(Error::KeyTypeInconsistent { mechanism: self.id(), needed: "an Ed25519 key" });
        };
        let primitive = match purpose {
            Purpose::Sign if card.is_none_or(|abilities| abilities.ed25519) => Primitive::Ed25519,
            Purpose::Verify => Primitive::VerifyEd25519,
            _ => return Err(Error::MechanismInvalid(self.id())),
        };
        let output_len = SIGNATURE_LEN;
        let Some((domain, digest)) = domain else {
            return Ok(Plan { digest: None, encoding: Encoding::Plain, primitive, output_len });
        };
        if card.is_some() {
            let why = "keys on cards sign without a context and the message itself";
            return Err(Error::MechanismParameters { mechanism: self.id(), why });
        }
        Ok(Plan { digest, encoding: Encoding::EdwardsDomain(domain), primitive, output_len })
    }

    fn parameter_kind(&self) -> ParameterKind {
        ParameterKind::Eddsa
    }
}

/// The domain that parameters name, and the digest that is signed in it; `None` for the plain signature.
/// Errors: `MechanismParameters`.
fn domain(
    mechanism: MechanismId,
    parameters: &Parameters,
) -> Result<Option<(Domain, Option<DigestAlgorithm>)>, Error> {
    match parameters {
        Parameters::None => Ok(None),
        // As RFC 8032 has it, no context and no digest is the plain one.
        Parameters::Eddsa { prehash: false, context } if context.is_empty() => Ok(None),
        Parameters::Eddsa { prehash, context } => {
            let domain = Domain::new(*prehash, context).map_err(|_| Error::MechanismParameters {
                mechanism,
                why: "a context has at most 255 bytes",
            })?;
            Ok(Some((domain, prehash.then_some(DigestAlgorithm::Sha512))))
        }
        _ => Err(Error::MechanismParameters {
            mechanism,
            why: "it takes a context and whether to digest, or none",
        }),
    }
}

/// Bits of the curve's field, as the key sizes of other curves count.
const KEY_BITS: u32 = 255;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{Ed25519PrivateKey, PublicKey};

    fn plan(algorithm: KeyAlgorithm, card: Option<&Abilities>, purpose: Purpose) -> Result<Plan, Error> {
        Eddsa.plan(purpose, &Parameters::None, Some(&KeyFacts { algorithm, card }))
    }

    #[test]
    fn plan_message_goes_whole_to_the_key() {
        let card = Abilities { ed25519: true, ..Abilities::default() };
        let plan = plan(KeyAlgorithm::Ed25519, Some(&card), Purpose::Sign).unwrap();
        assert_eq!((plan.primitive, plan.output_len), (Primitive::Ed25519, 64));
        assert_eq!(plan.encode(&[7; 5000]).unwrap(), [7; 5000]);
        assert!(plan.encode(&[]).unwrap().is_empty());
        assert_eq!((plan.digest, plan.input_limit()), (None, None));
    }

    // I.63
    #[test]
    fn plan_card_without_it_wrong_key_and_purpose_are_refused() {
        let card = Abilities::default();
        let refused = |algorithm, card, purpose| plan(algorithm, card, purpose).unwrap_err().code();
        let key = KeyAlgorithm::Ed25519;
        assert_eq!(refused(key, Some(&card), Purpose::Sign), "CKR_MECHANISM_INVALID");
        assert_eq!(refused(key, None, Purpose::Decrypt), "CKR_MECHANISM_INVALID");
        assert_eq!(refused(KeyAlgorithm::X25519, None, Purpose::Sign), "CKR_KEY_TYPE_INCONSISTENT");
        assert_eq!(Eddsa.card_info(&card), None);
    }

    #[test]
    fn verify_takes_the_signature_of_the_message_alone() {
        let key = Ed25519PrivateKey::generate().unwrap();
        let public = PublicKey::Ed25519(key.public());
        let plan = plan(KeyAlgorithm::Ed25519, None, Purpose::Verify).unwrap();
        let signature = key.sign(b"message");
        assert!(plan.verify(&public, b"message", &signature).is_ok());
        assert!(matches!(plan.verify(&public, b"massage", &signature), Err(Error::SignatureInvalid)));
        assert!(matches!(
            plan.verify(&public, b"message", &signature[..63]),
            Err(Error::SignatureLength { .. })
        ));
    }
}

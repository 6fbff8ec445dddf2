//! ECDH with a private key on the card, for callers that want the shared secret itself: the key of a CMS message.

use super::compute::CardKey;
use crate::card::CardCall;
use crate::codec::Secret;
use crate::engine::error::Error;
use crate::engine::mechanism::MechanismId;
use crate::engine::session::SessionHandle;
use crate::engine::{Engine, ObjectHandle, Result};
use crate::token::{KeyAlgorithm, KeyClass};

impl Engine {
    /// Agrees with a peer's uncompressed point. Returns the x coordinate, as long as the curve's field.
    /// Errors: `KeyHandleInvalid`, `KeyTypeInconsistent`, `KeyFunctionNotPermitted`, `MechanismInvalid` where the
    /// card has no ECDH on that curve, `Crypto` for a point that is not on it.
    pub fn agree(&self, session: SessionHandle, key: ObjectHandle, peer: &[u8]) -> Result<Secret> {
        let session = self.session(session)?;
        let known = self.key(&session, key)?;
        let wrong = Error::KeyTypeInconsistent {
            mechanism: MechanismId::ECDH1_DERIVE,
            needed: "a private key on an elliptic curve",
        };
        if known.class != KeyClass::Private {
            return Err(wrong);
        }
        let KeyAlgorithm::Ec { curve: Some(curve) } = self.complete_algorithm(&session, known)? else {
            return Err(wrong);
        };
        if !known.usage.derive {
            return Err(Error::KeyFunctionNotPermitted("derive"));
        }
        if !session.card.abilities.ecdh.contains(&curve) {
            return Err(Error::MechanismInvalid(MechanismId::ECDH1_DERIVE));
        }
        // A point beside the curve would betray the key to whoever chose it (invalid curve attack).
        let peer = crate::crypto::ec::uncompressed_point(curve, peer).map_err(Error::Crypto)?;
        let key = CardKey::new(&session, key, known);
        self.check_consent(&key)?;
        let call = CardCall::EcdhAgree { key: key.object, peer: &peer };
        self.with_card(key.reader, &key.card, |card| card.perform(&call))
    }
}

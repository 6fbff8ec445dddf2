//! Which of several possible issuers signed a certificate. Asked only where there are several, answered only as far as
//! bodies and algorithms are known: names and key identifiers can be copied by whoever may write on the card, a
//! signature cannot.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::crypto::CertificateDetails;
use crate::token::{AuthId, Certificate};

/// Most signatures that are verified for one token. Real cards have a few namesakes; without a limit a hostile card
/// costs as much time as it has pairs of certificates.
const MAX_VERIFIED: usize = 256;

/// What is known of the signatures of one token's certificates.
pub(super) struct Signatures<'t> {
    certificates: &'t [Certificate],
    /// How many may still be verified.
    left: Cell<usize>,
    judged: RefCell<HashMap<usize, Rc<Judged>>>,
    false_roots: RefCell<HashMap<usize, bool>>,
}

/// What is known of the possible issuers of one certificate. Those that are in neither set may be the one or not.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Their key verifies the signature, in the order in which they were given.
    pub(super) good: Vec<usize>,
    /// Their key does not verify the signature.
    pub(super) bad: HashSet<usize>,
}

impl<'t> Signatures<'t> {
    /// Nothing is verified yet.
    pub(super) fn new(certificates: &'t [Certificate]) -> Self {
        let left = Cell::new(MAX_VERIFIED);
        Self { certificates, left, judged: RefCell::default(), false_roots: RefCell::default() }
    }

    /// Judges the possible issuers of a certificate; `None` when nothing is known of any of them.
    pub(super) fn judge(&self, child: usize, candidates: impl Iterator<Item = usize>) -> Option<Rc<Judged>> {
        if let Some(known) = self.judged.borrow().get(&child) {
            return known.is_telling().then(|| Rc::clone(known));
        }
        // Looking costs time too, whether there is anything to verify or not.
        self.left.set(self.left.get().checked_sub(1)?);
        let judged = Rc::new(self.verify_all(child, candidates));
        self.judged.borrow_mut().insert(child, Rc::clone(&judged));
        judged.is_telling().then_some(judged)
    }

    /// True for a certificate that says it is its own issuer and is not signed by its own key.
    pub(super) fn is_false_root(&self, index: usize) -> bool {
        if let Some(known) = self.false_roots.borrow().get(&index) {
            return *known;
        }
        let is_false =
            self.details(index).is_some_and(|details| self.verify(details, details) == Some(false));
        self.false_roots.borrow_mut().insert(index, is_false);
        is_false
    }

    fn verify_all(&self, child: usize, candidates: impl Iterator<Item = usize>) -> Judged {
        let mut judged = Judged::default();
        let Some(details) = self.details(child).filter(|child| child.signature_algorithm().is_some()) else {
            return judged;
        };
        let auth = |index: usize| self.certificates.get(index).and_then(|known| known.auth.as_ref());
        let is_foreign = |other: Option<&AuthId>| other.is_some() && other != auth(child);
        let candidates: Vec<usize> = candidates.collect();
        let mut order = candidates.clone();
        // Another PIN's come last: whoever holds it cannot use up what may be verified.
        order.sort_by_key(|index| is_foreign(auth(*index)));
        let mut verdicts: HashMap<&[u8], bool> = HashMap::new();
        for index in order {
            let Some(issuer) = self.details(index) else { continue };
            let key = issuer.public_key_info.as_slice();
            let known = verdicts.get(key).copied();
            let Some(verdict) = known.or_else(|| self.verify(details, issuer)) else { continue };
            verdicts.insert(key, verdict);
            if !verdict {
                judged.bad.insert(index);
            }
        }
        let is_good = |index: &usize| {
            self.details(*index).is_some_and(|d| verdicts.get(d.public_key_info.as_slice()) == Some(&true))
        };
        judged.good = candidates.into_iter().filter(is_good).collect();
        judged
    }

    /// Whether `issuer`'s key signed `child`; `None` when that cannot be said.
    fn verify(&self, child: &CertificateDetails, issuer: &CertificateDetails) -> Option<bool> {
        let key = issuer.public_key.as_ref()?;
        self.left.set(self.left.get().checked_sub(1)?);
        child.verify_signed_by(key).ok()
    }

    fn details(&self, index: usize) -> Option<&'t CertificateDetails> {
        self.certificates.get(index)?.details.as_ref()
    }
}

impl Judged {
    fn is_telling(&self) -> bool {
        !self.good.is_empty() || !self.bad.is_empty()
    }
}

//! Ending operations without a result (PKCS#11 3.1, 5.6.11).

use crate::engine::session::SessionHandle;
use crate::engine::{Engine, Result, lock};

/// A kind of operation that a session can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is that of the standard")]
pub enum OperationKind {
    Find,
    Digest,
    Sign,
    Verify,
    Decrypt,
}

impl Engine {
    /// Ends the session's operations of these kinds. One that is not going on is ended already.
    pub fn cancel(&self, session: SessionHandle, kinds: &[OperationKind]) -> Result<()> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        for kind in kinds {
            match kind {
                OperationKind::Find => operations.find = None,
                OperationKind::Digest => operations.digest = None,
                OperationKind::Sign => operations.sign = None,
                OperationKind::Verify => operations.verify = None,
                OperationKind::Decrypt => operations.decrypt = None,
            }
        }
        Ok(())
    }
}

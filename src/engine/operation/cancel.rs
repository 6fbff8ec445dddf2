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
    SignRecover,
    Verify,
    VerifyRecover,
    Encrypt,
    Decrypt,
    MessageEncrypt,
    MessageDecrypt,
    MessageSign,
    MessageVerify,
}

impl Engine {
    /// Ends the session's operations of these kinds. One that is not going on is ended already. Answers whether one was.
    pub fn cancel(&self, session: SessionHandle, kinds: &[OperationKind]) -> Result<bool> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let mut ended = false;
        for kind in kinds {
            ended |= match kind {
                OperationKind::Find => operations.find.take().is_some(),
                OperationKind::Digest => operations.digest.take().is_some(),
                OperationKind::Sign => operations.sign.take().is_some(),
                OperationKind::SignRecover => operations.sign_recover.take().is_some(),
                OperationKind::Verify => operations.verify.take().is_some(),
                OperationKind::VerifyRecover => operations.verify_recover.take().is_some(),
                OperationKind::Encrypt => operations.encrypt.take().is_some(),
                OperationKind::Decrypt => operations.decrypt.take().is_some(),
                OperationKind::MessageEncrypt => operations.message_encrypt.take().is_some(),
                OperationKind::MessageDecrypt => operations.message_decrypt.take().is_some(),
                OperationKind::MessageSign => operations.message_sign.take().is_some(),
                OperationKind::MessageVerify => operations.message_verify.take().is_some(),
            };
        }
        Ok(ended)
    }
}

//! What goes wrong at the boundary, and the guard that turns it into a return value.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cryptoki_sys as ck;

use crate::engine;

/// Why an entry point does not answer `CKR_OK`.
pub(super) enum Fault {
    /// The engine's own reason.
    Engine(engine::Error),
    /// A reason that exists at the C boundary only.
    Code(ck::CK_RV),
}

impl From<engine::Error> for Fault {
    fn from(error: engine::Error) -> Self {
        Self::Engine(error)
    }
}

impl Fault {
    /// A pointer or an argument that makes no sense.
    pub(super) const ARGUMENTS_BAD: Self = Self::Code(ck::CKR_ARGUMENTS_BAD);
    /// What this module does not have.
    pub(super) const NOT_SUPPORTED: Self = Self::Code(ck::CKR_FUNCTION_NOT_SUPPORTED);

    pub(super) fn return_value(&self) -> ck::CK_RV {
        match self {
            Self::Engine(error) => error.return_value().number,
            Self::Code(code) => *code,
        }
    }
}

/// Runs the body of one entry point. A panic is caught here and answered as `CKR_FUNCTION_FAILED`.
pub(super) fn guard(name: &'static str, body: impl FnOnce() -> Result<(), Fault>) -> ck::CK_RV {
    let result = catch_unwind(AssertUnwindSafe(body));
    let value = match &result {
        Ok(Ok(())) => ck::CKR_OK,
        Ok(Err(fault)) => fault.return_value(),
        Err(_) => ck::CKR_FUNCTION_FAILED,
    };
    match &result {
        Ok(Err(Fault::Engine(error))) => {
            tracing::debug!(target: "p11ctl::capi", "{name} = {}: {error}", error.code());
        }
        _ => tracing::debug!(target: "p11ctl::capi", "{name} = {value:#x}"),
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guard_panic_is_a_return_value() {
        assert_eq!(guard("C_Test", || panic!("inside")), ck::CKR_FUNCTION_FAILED);
    }
}

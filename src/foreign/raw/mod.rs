//! The C ABI from the caller's side: one loaded module, its function list, a small safe method for each call. The only
//! `unsafe` beside `capi/`.
//!
//! Nothing that a module answers is believed: NULL entries, lengths and counts that lie or grow, text that is no UTF-8
//! end in a [`Fault`], in bounded time and memory. What cannot be prevented is a module that writes past the end of a
//! buffer or never returns: it runs in this process.

mod calls;
mod ciphers;
mod library;
mod mechanism;
mod objects;
mod template;
mod travel;

use cryptoki_sys as ck;

pub use library::{Library, LoadError};
pub use mechanism::Parameter;
pub use objects::Use;
pub use template::RawAttribute;

/// What went wrong in one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The module answered with a return value other than `CKR_OK`.
    Refused {
        /// Which call.
        function: &'static str,
        /// Its return value.
        value: ck::CK_RV,
    },
    /// The function list has no such function.
    Missing {
        /// Which.
        function: &'static str,
    },
    /// The answer contradicts itself or the standard, or is beyond every bound.
    Lies {
        /// Which call.
        function: &'static str,
        /// In what way.
        why: &'static str,
    },
}

/// The answer of one call.
pub type Answer<T> = Result<T, Fault>;

/// Turns a return value into an answer.
fn check(function: &'static str, value: ck::CK_RV) -> Answer<()> {
    if value == ck::CKR_OK { Ok(()) } else { Err(Fault::Refused { function, value }) }
}

/// A length or count as the module counts, back to ours. Never fails on machines where a `long` fits.
fn count(function: &'static str, value: ck::CK_ULONG, limit: usize) -> Answer<usize> {
    match usize::try_from(value) {
        Ok(value) if value <= limit => Ok(value),
        _ => Err(Fault::Lies { function, why: "a length or count beyond every bound" }),
    }
}

/// A buffer of zeros. Errors: there is no memory for what the module says it needs.
fn zeros<T: Clone + Default>(function: &'static str, len: usize) -> Answer<Vec<T>> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(len).map_err(|_| Fault::Lies { function, why: "more than fits into memory" })?;
    buffer.resize(len, T::default());
    Ok(buffer)
}

/// The longest value or output that is believed, in bytes: 16 MiB.
const MAX_BYTES: usize = 16 << 20;
/// Most slots, mechanisms, or handles in one answer.
const MAX_COUNT: usize = 4096;
/// How often a size is asked again that grew in between.
const ATTEMPTS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn count_beyond_the_limit_is_a_lie() {
        assert_eq!(count("C_GetSlotList", 3, 4), Ok(3));
        for lie in [5, ck::CK_UNAVAILABLE_INFORMATION, ck::CK_ULONG::MAX] {
            assert!(matches!(count("C_GetSlotList", lie, 4), Err(Fault::Lies { .. })), "{lie}");
        }
    }

    #[test]
    fn zeros_more_than_there_is_is_no_abort() {
        assert!(zeros::<u64>("C_FindObjects", usize::MAX / 16).is_err());
        assert_eq!(zeros::<u8>("C_Sign", 3), Ok(vec![0; 3]));
    }
}

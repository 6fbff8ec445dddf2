//! The C ABI (PKCS#11 2.40, 3.0 and 3.2): pointers, the buffer rule, function lists. The only `unsafe` of the
//! project beside `foreign/raw`. Knows no card and no terminal: each entry point is a guard and one call into the engine.

mod absent;
mod cipher;
mod fault;
mod general;
mod input;
mod instance;
mod interfaces;
mod key;
mod log;
mod message;
mod object;
mod operation;
mod output;
mod personalise;
mod session;
mod slot;

/// Defines `C_…` functions. Each body runs behind a guard: a panic never crosses into C, and every error becomes
/// its return value. The body may follow the pointers it was given: that they are what PKCS#11 says is the
/// caller's promise.
macro_rules! entry_points {
    ($( $(#[$meta:meta])* fn $name:ident ( $( $argument:ident : $type:ty ),* $(,)? ) $body:block )*) => { $(
        $(#[$meta])*
        ///
        /// # Safety
        /// Every pointer is NULL or valid for what the standard says of it.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name( $( $argument: $type ),* ) -> cryptoki_sys::CK_RV {
            $crate::capi::fault::guard(stringify!($name), move || {
                // SAFETY: the caller promises that its pointers are what PKCS#11 says they are.
                #[allow(unused_unsafe)]
                unsafe { $body }
            })
        }
    )* };
}
use entry_points;

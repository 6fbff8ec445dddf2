//! ISO 7816-4: commands, responses, status words, chaining, tracing. Does not know which card it is.

mod channel;
mod command;
mod encode;
mod stats;
mod status;
pub mod trace;

pub use channel::{ApduError, Channel, Lengthening};
pub use command::{Command, Response};
pub use encode::FormError;
pub use stats::{Stats, StatsSnapshot};
pub use status::StatusWord;

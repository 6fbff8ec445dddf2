//! ISO 7816-4: commands, responses, status words, chaining, tracing. Does not know which card it is.

mod channel;
mod command;
mod stats;
mod status;

pub use channel::{ApduError, Channel};
pub use command::{Command, Response};
pub use stats::{Stats, StatsSnapshot};
pub use status::StatusWord;

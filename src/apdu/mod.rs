//! ISO 7816-4: commands, responses, status words, chaining, files, tracing. Does not know which card it is.

mod atr;
mod binary;
mod channel;
mod command;
mod effect;
mod encode;
mod file;
pub mod iso;
mod recording;
mod stats;
mod status;
#[cfg(test)]
pub(crate) mod testing;
pub mod trace;

pub use atr::historical_bytes;
pub use binary::{ReadBinary, Target, update_binary};
pub use channel::{ApduError, Channel, First, Lengthening, Preceding};
pub use command::{Command, Response};
pub use encode::FormError;
pub use file::{FileInfo, FileKind, Select, Tell, select};
pub use recording::Recording;
pub use stats::{Stats, StatsSnapshot};
pub use status::StatusWord;

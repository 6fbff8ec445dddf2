//! Command and response APDUs (ISO 7816-3, 12.1) as values.

use std::fmt;

use super::StatusWord;
use crate::codec::Secret;

/// A command before it is split, chained or lengthened for a reader.
#[derive(Debug, Clone)]
pub struct Command {
    /// Class byte.
    pub cla: u8,
    /// Instruction byte.
    pub ins: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
    /// Command data of any length; chaining or extended length is the channel's matter.
    pub data: Secret,
    /// Expected response length: `None` for no response data, `Some(n)` for up to n bytes
    /// (256 asks for as much as a short APDU gives, 65536 for as much as an extended one gives).
    pub expected: Option<usize>,
    /// True when data or response hold a PIN or key: traces show their length only.
    pub sensitive: bool,
}

impl Command {
    /// A command without data or response (case 1).
    pub fn new(cla: u8, ins: u8, p1: u8, p2: u8) -> Self {
        Self { cla, ins, p1, p2, data: Secret::default(), expected: None, sensitive: false }
    }

    /// With command data.
    #[must_use]
    pub fn data(mut self, data: &[u8]) -> Self {
        self.data = Secret::from(data);
        self
    }

    /// With secret command data: the trace shows its length only.
    #[must_use]
    pub fn secret(mut self, data: Secret) -> Self {
        self.data = data;
        self.sensitive = true;
        self
    }

    /// With up to `len` bytes of response data.
    #[must_use]
    pub fn expect(mut self, len: usize) -> Self {
        self.expected = Some(len);
        self
    }
}

/// A whole response: data of all GET RESPONSE rounds together, and the last status word.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// Response data.
    pub data: Vec<u8>,
    /// Status word.
    pub status: StatusWord,
}

impl fmt::Debug for Response {
    /// Shows the length only: nobody knows here whether the data is a plain text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({} bytes, {:?})", self.data.len(), self.status)
    }
}

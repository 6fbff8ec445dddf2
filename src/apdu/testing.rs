//! For unit tests of this folder: a transport that expects commands and gives prepared responses.

use super::{Channel, Stats};
use crate::codec::hex;
use crate::transport::{Begun, Disposition, Limits, Protocol, Transport, TransportError};

/// A response that does not come any more.
pub(crate) const PULLED: &str = "pulled";

/// Expects exactly these commands, in this order.
pub(crate) struct Script {
    atr: Vec<u8>,
    protocol: Protocol,
    limits: Limits,
    steps: std::vec::IntoIter<(String, String)>,
    pub(crate) stats: Stats,
}

impl Script {
    pub(crate) fn t0(steps: &[(&str, &str)]) -> Self {
        Self::new(Protocol::T0, Limits::SHORT, steps)
    }

    pub(crate) fn t1(steps: &[(&str, &str)]) -> Self {
        Self::new(Protocol::T1, Limits::SHORT, steps)
    }

    pub(crate) fn extended(steps: &[(&str, &str)]) -> Self {
        Self::new(Protocol::T1, Limits::EXTENDED, steps)
    }

    pub(crate) fn new(protocol: Protocol, limits: Limits, steps: &[(&str, &str)]) -> Self {
        let steps: Vec<_> = steps
            .iter()
            .map(|(command, response)| (command.replace(' ', ""), response.replace(' ', "")))
            .collect();
        let atr = vec![0x3B, 0x00];
        Self { atr, protocol, limits, steps: steps.into_iter(), stats: Stats::default() }
    }

    /// With another answer to reset, in hexadecimal.
    pub(crate) fn with_atr(self, atr: &str) -> Self {
        Self { atr: hex::decode(atr).unwrap(), ..self }
    }

    /// Fails when commands were expected that did not come.
    pub(crate) fn assert_done(&self) {
        assert!(self.steps.as_slice().is_empty(), "not sent: {:?}", self.steps.as_slice());
    }
}

impl Transport for Script {
    fn atr(&self) -> &[u8] {
        &self.atr
    }

    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn begin(&mut self) -> Result<Begun, TransportError> {
        Ok(Begun::Unchanged)
    }

    fn end(&mut self, _: Disposition) -> Result<(), TransportError> {
        Ok(())
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let (expected, response) =
            self.steps.next().unwrap_or_else(|| panic!("unexpected command {}", hex::encode(command)));
        assert_eq!(hex::encode(command), expected);
        if response == PULLED {
            return Err(TransportError::CardRemoved("script".to_owned()));
        }
        Ok(hex::decode(&response).unwrap())
    }

    fn limits(&self) -> Limits {
        self.limits
    }
}

/// A channel on `script`.
pub(crate) fn channel(script: &mut Script) -> Channel<'_> {
    let stats = script.stats.clone();
    Channel::begin(script, &stats).unwrap()
}

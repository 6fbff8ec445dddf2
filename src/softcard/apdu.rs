//! Command APDUs as the card receives them and responses as it sends them (ISO 7816-3, 10 and 12).
//! Knows cases, lengths and the two protocols; does not know what a command does.

use crate::apdu::StatusWord;
use crate::codec::Secret;
use crate::transport::Protocol;

/// One command, parsed.
#[derive(Debug)]
pub(super) struct CommandApdu {
    pub cla: u8,
    pub ins: u8,
    pub p1: u8,
    pub p2: u8,
    /// Command data; empty when there is none.
    pub data: Secret,
    /// How many response bytes the sender takes (Ne); 0 = none.
    pub expected: usize,
    /// T=0 only: response data waits for GET RESPONSE, because the command itself carried data (or could have).
    pub deferred: bool,
}

impl CommandApdu {
    /// Parses `bytes` by the protocol in force. Errors: 6700 for lengths that contradict each other.
    pub fn parse(bytes: &[u8], protocol: Protocol) -> Result<Self, StatusWord> {
        let (&[cla, ins, p1, p2], body) = bytes.split_first_chunk().ok_or(StatusWord::WRONG_LENGTH)?;
        let (data, expected, deferred) = match protocol {
            Protocol::T1 => parse_body(body).map(|(data, expected)| (data, expected, false))?,
            Protocol::T0 => parse_t0_body(ins, body)?,
        };
        Ok(Self { cla, ins, p1, p2, data: Secret::from(data), expected, deferred })
    }

    /// Command data.
    pub fn data(&self) -> &[u8] {
        self.data.expose()
    }

    /// P1 and P2 as one number.
    pub fn p1_p2(&self) -> u16 {
        u16::from_be_bytes([self.p1, self.p2])
    }

    /// True when more APDUs of a chain follow (ISO 7816-4, 5.1.1).
    pub fn is_chained(&self) -> bool {
        self.cla & CLA_CHAINING != 0
    }
}

/// What a command answers: data, usually with 9000.
#[derive(Debug)]
pub(super) struct Reply {
    pub data: Secret,
    pub status: StatusWord,
}

impl Reply {
    /// 9000 without data.
    pub fn done() -> Self {
        Self::data(Vec::new())
    }

    /// 9000 with data.
    pub fn data(data: Vec<u8>) -> Self {
        Self { data: Secret::new(data), status: StatusWord::OK }
    }
}

impl From<StatusWord> for Reply {
    fn from(status: StatusWord) -> Self {
        Self { data: Secret::default(), status }
    }
}

/// The outcome of a command: a status word other than 9000 is the error, unless data come with it.
pub(super) type Answer = Result<Reply, StatusWord>;

/// Cuts a reply to what the sender takes. Returns the response APDU and what GET RESPONSE may still fetch.
pub(super) fn shape(reply: &Reply, command: &CommandApdu, protocol: Protocol) -> (Vec<u8>, Secret) {
    let data = reply.data.expose();
    let nothing = Secret::default();
    if data.is_empty() || (command.expected == 0 && !command.deferred) {
        return (status_only(reply.status), nothing);
    }
    if command.deferred {
        return (status_only(more_available(data.len())), Secret::from(data));
    }
    if protocol == Protocol::T0 && command.expected > data.len() {
        // T=0 carries exactly P3 bytes: the sender has to ask again with the right number.
        return (status_only(StatusWord(0x6C00 | data.len() as u16 & 0xFF)), Secret::from(data));
    }
    let (now, later) = data.split_at(command.expected.min(data.len()));
    let status = if later.is_empty() { reply.status } else { more_available(later.len()) };
    ([now, &status.0.to_be_bytes()].concat(), Secret::from(later))
}

/// A response without data.
pub(super) fn status_only(status: StatusWord) -> Vec<u8> {
    status.0.to_be_bytes().to_vec()
}

/// 61xx: how much GET RESPONSE will give; 00 for 256 and more.
fn more_available(len: usize) -> StatusWord {
    StatusWord(0x6100 | if len < 256 { len as u16 } else { 0 })
}

/// Data field and Ne of a short or extended APDU (ISO 7816-3, 12.1.3).
fn parse_body(body: &[u8]) -> Result<(&[u8], usize), StatusWord> {
    match body {
        [] => Ok((&[], 0)),
        [le] => Ok((&[], short_ne(*le))),
        [0, high, low] => Ok((&[], extended_ne(*high, *low))),
        [0, high, low, rest @ ..] => {
            let len = usize::from(u16::from_be_bytes([*high, *low]));
            match rest.split_at_checked(len).ok_or(StatusWord::WRONG_LENGTH)? {
                ([], _) => Err(StatusWord::WRONG_LENGTH),
                (data, []) => Ok((data, 0)),
                (data, [high, low]) => Ok((data, extended_ne(*high, *low))),
                _ => Err(StatusWord::WRONG_LENGTH),
            }
        }
        [0, ..] => Err(StatusWord::WRONG_LENGTH),
        [lc, rest @ ..] => match rest.split_at_checked(usize::from(*lc)).ok_or(StatusWord::WRONG_LENGTH)? {
            (data, []) => Ok((data, 0)),
            (data, [le]) => Ok((data, short_ne(*le))),
            _ => Err(StatusWord::WRONG_LENGTH),
        },
    }
}

/// Data field, Ne and whether the response waits, of a T=0 command: P3 is Lc or Le by the instruction.
/// A trailing Le, which T=0 cannot carry but some readers pass on, is taken as not there.
fn parse_t0_body(ins: u8, body: &[u8]) -> Result<(&[u8], usize, bool), StatusWord> {
    if OUTGOING.contains(&ins) {
        return match body {
            [le] => Ok((&[], short_ne(*le), false)),
            _ => Err(StatusWord::WRONG_LENGTH),
        };
    }
    match body {
        [] | [0] => Ok((&[], 256, true)),
        [lc, rest @ ..] => match rest.split_at_checked(usize::from(*lc)).ok_or(StatusWord::WRONG_LENGTH)? {
            (data, [] | [_]) => Ok((data, 256, true)),
            _ => Err(StatusWord::WRONG_LENGTH),
        },
    }
}

fn short_ne(le: u8) -> usize {
    if le == 0 { 256 } else { usize::from(le) }
}

fn extended_ne(high: u8, low: u8) -> usize {
    match u16::from_be_bytes([high, low]) {
        0 => 65_536,
        le => usize::from(le),
    }
}

const CLA_CHAINING: u8 = 0x10;

/// Instructions whose P3 is Le under T=0: GET CHALLENGE, READ BINARY, GET RESPONSE, GET DATA.
const OUTGOING: [u8; 4] = [0x84, 0xB0, 0xC0, 0xCA];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;

    fn parse(text: &str, protocol: Protocol) -> Result<(Vec<u8>, usize, bool), StatusWord> {
        CommandApdu::parse(&hex::decode(text).unwrap(), protocol)
            .map(|command| (command.data().to_vec(), command.expected, command.deferred))
    }

    #[test]
    fn parse_t1_all_cases_give_data_and_ne() {
        for (text, data, expected) in [
            ("00A40000", "", 0),
            ("00B0000000", "", 256),
            ("00B0000010", "", 16),
            ("00D6000002AABB", "AABB", 0),
            ("00A4000002AABB00", "AABB", 256),
            ("00B00000000100", "", 256),
            ("00B00000000000", "", 65_536),
            ("00D60000000002AABB", "AABB", 0),
            ("00A40000000002AABB0200", "AABB", 512),
        ] {
            assert_eq!(
                parse(text, Protocol::T1),
                Ok((hex::decode(data).unwrap(), expected, false)),
                "{text}"
            );
        }
    }

    #[test]
    fn parse_contradicting_lengths_are_refused() {
        for text in ["00A400", "00D6000003AABB", "00A4000001AABBCC", "00A400000000", "00D60000000003AABB"] {
            assert_eq!(parse(text, Protocol::T1), Err(StatusWord::WRONG_LENGTH), "{text}");
        }
        for text in ["00B00000", "00D6000003AABB", "00D6000001AABBCC", "00B0000002AABB"] {
            assert_eq!(parse(text, Protocol::T0), Err(StatusWord::WRONG_LENGTH), "{text}");
        }
    }

    #[test]
    fn parse_t0_p3_is_le_or_lc_by_instruction() {
        assert_eq!(parse("00B0000010", Protocol::T0), Ok((vec![], 16, false)));
        assert_eq!(parse("00A4000002AABB", Protocol::T0), Ok((vec![0xAA, 0xBB], 256, true)));
        assert_eq!(parse("0046000000", Protocol::T0), Ok((vec![], 256, true)));
    }

    fn shaped(data_len: usize, text: &str, protocol: Protocol) -> (usize, u16, usize) {
        let command = CommandApdu::parse(&hex::decode(text).unwrap(), protocol).unwrap();
        let (response, rest) = shape(&Reply::data(vec![1; data_len]), &command, protocol);
        let (data, status) = response.split_last_chunk::<2>().unwrap();
        (data.len(), u16::from_be_bytes(*status), rest.len())
    }

    #[test]
    fn shape_t1_sends_what_fits_and_keeps_the_rest() {
        assert_eq!(shaped(20, "00CA01A000", Protocol::T1), (20, 0x9000, 0));
        assert_eq!(shaped(20, "00CA01A008", Protocol::T1), (8, 0x610C, 12));
        assert_eq!(shaped(512, "002A9E9A0101 00", Protocol::T1), (256, 0x6100, 256));
        assert_eq!(shaped(20, "00A40000", Protocol::T1), (0, 0x9000, 0));
    }

    #[test]
    fn shape_t0_asks_for_the_exact_length_or_get_response() {
        assert_eq!(shaped(20, "00CA01A000", Protocol::T0), (0, 0x6C14, 20));
        assert_eq!(shaped(20, "00CA01A014", Protocol::T0), (20, 0x9000, 0));
        assert_eq!(shaped(256, "00B0000000", Protocol::T0), (256, 0x9000, 0));
        assert_eq!(shaped(20, "00A4000002AABB", Protocol::T0), (0, 0x6114, 20));
    }
}

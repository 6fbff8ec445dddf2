//! APDUs in the log (`tracing`, level trace, target `p11ctl::apdu`), secrets left out by construction: what a
//! command may show is decided here, from its instruction byte, and nowhere else.

use std::fmt;

use super::StatusWord;
use super::encode::check_form;

/// Target of all APDU traces: `p11ctl::apdu=trace`.
pub const TARGET: &str = "p11ctl::apdu";

/// What of an exchange may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Visibility {
    /// The command data.
    pub command: bool,
    /// The response data.
    pub response: bool,
}

impl Visibility {
    const ALL: Self = Self { command: true, response: true };
    const NOTHING: Self = Self { command: false, response: false };

    /// What the instruction of `command` lets be seen. `previous` is the visibility of the command before,
    /// which a GET RESPONSE inherits.
    pub(crate) fn of(command: &[u8], previous: Self) -> Self {
        let (Some(&ins), Some(&p1)) = (command.get(1), command.get(2)) else { return Self::NOTHING };
        match ins {
            INS_GET_RESPONSE => Self { command: true, response: previous.response },
            INS_PERFORM_SECURITY_OPERATION if p1 == P1_PLAIN_VALUE => Self { command: true, response: false },
            ins if SECRET_INSTRUCTIONS.contains(&ins) => Self::NOTHING,
            _ => Self::ALL,
        }
    }

    /// What both allow.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        Self { command: self.command && other.command, response: self.response && other.response }
    }

    /// All or nothing, from the command's own mark.
    pub(crate) fn unless(sensitive: bool) -> Self {
        if sensitive { Self::NOTHING } else { Self::ALL }
    }

    /// Before the first command of a transaction: what a GET RESPONSE would fetch is not known.
    pub(crate) fn unknown() -> Self {
        Self::NOTHING
    }
}

/// Logs one command.
pub(crate) fn command(bytes: &[u8], visibility: Visibility) {
    tracing::trace!(target: TARGET, "> {}", CommandText { bytes, visible: visibility.command });
}

/// Logs one response, status word included.
pub(crate) fn response(bytes: &[u8], visibility: Visibility) {
    tracing::trace!(target: TARGET, "< {}", ResponseText { bytes, visible: visibility.response });
}

/// A command APDU for the log: `00A4040C023F00`, or `00200001 (8 bytes hidden)`.
pub(crate) struct CommandText<'a> {
    pub bytes: &'a [u8],
    pub visible: bool,
}

impl fmt::Display for CommandText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.visible {
            return write_hex(f, self.bytes);
        }
        // A command without data, such as a VERIFY that asks for the tries left, has nothing to hide.
        match check_form(self.bytes) {
            Ok(data) if data.is_empty() => write_hex(f, self.bytes),
            Ok(data) => {
                write_hex(f, self.bytes.get(..4).unwrap_or_default())?;
                write!(f, " ({} bytes hidden)", data.len())
            }
            Err(_) => write!(f, "({} bytes hidden)", self.bytes.len()),
        }
    }
}

/// A response APDU for the log: `6F07… 9000 (normal processing)`, or `(256 bytes hidden) 9000 (normal processing)`.
pub(crate) struct ResponseText<'a> {
    pub bytes: &'a [u8],
    pub visible: bool,
}

impl fmt::Display for ResponseText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((data, [sw1, sw2])) = self.bytes.split_last_chunk::<2>() else {
            return write!(f, "({} bytes, no status word)", self.bytes.len());
        };
        if !data.is_empty() {
            if self.visible {
                write_hex(f, data)?
            } else {
                write!(f, "({} bytes hidden)", data.len())?
            }
            f.write_str(" ")?;
        }
        let status = StatusWord(u16::from_be_bytes([*sw1, *sw2]));
        write!(f, "{sw1:02X}{sw2:02X} ({})", status.meaning())
    }
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
}

const INS_GET_RESPONSE: u8 = 0xC0; // ISO 7816-4, 11.8.1
const INS_PERFORM_SECURITY_OPERATION: u8 = 0x2A; // ISO 7816-8
const P1_PLAIN_VALUE: u8 = 0x80; // DECIPHER: the response is the plain text

/// Instructions whose data, or response, is or may be a PIN, a key or a proof made with one.
const SECRET_INSTRUCTIONS: [u8; 17] = [
    0x20, 0x21, // VERIFY (ISO 7816-4, 11.6.6)
    0x24, 0x25, // CHANGE REFERENCE DATA (11.6.7)
    0x2C, 0x2D, // RESET RETRY COUNTER (11.6.10)
    0x82, 0x86, 0x87, // EXTERNAL and GENERAL AUTHENTICATE (11.6.4, 11.6.5)
    0x88, // INTERNAL AUTHENTICATE: a response made with a key
    0xC2, 0xC3, // ENVELOPE: any command may be inside
    0xD8, // PUT KEY (GlobalPlatform)
    0xDA, 0xDB, // PUT DATA (11.4.6): how cards take keys and new PINs
    0xFE, 0xFF, // import a key, set the management key (PIV extensions)
];

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        let visibility = Visibility::of(bytes, Visibility::ALL);
        CommandText { bytes, visible: visibility.command }.to_string()
    }

    #[test]
    fn command_without_secret_is_shown_whole() {
        assert_eq!(shown(&[0x00, 0xA4, 0x04, 0x0C, 0x02, 0x3F, 0x00]), "00A4040C023F00");
    }

    #[test]
    fn command_with_secret_shows_header_and_length_in_every_form() {
        for ins in SECRET_INSTRUCTIONS {
            let short = [&[0x00, ins, 0x00, 0x81, 0x08][..], &[0xEE; 8]].concat();
            assert_eq!(shown(&short), format!("00{ins:02X}0081 (8 bytes hidden)"));
            let with_le = [&short[..], &[0x00]].concat();
            assert_eq!(shown(&with_le), format!("00{ins:02X}0081 (8 bytes hidden)"));
            let extended = [&[0x10, ins, 0x00, 0x81, 0x00, 0x01, 0x00][..], &[0xEE; 256]].concat();
            assert_eq!(shown(&extended), format!("10{ins:02X}0081 (256 bytes hidden)"));
            let damaged = [&[0x00, ins, 0x00, 0x81, 0x09][..], &[0xEE; 8]].concat();
            assert_eq!(shown(&damaged), "(13 bytes hidden)");
        }
    }

    #[test]
    fn command_query_of_tries_is_shown() {
        assert_eq!(shown(&[0x00, 0x20, 0x00, 0x01]), "00200001");
        assert_eq!(shown(&[0x00, 0x20, 0x00, 0x01, 0x00]), "0020000100");
    }

    #[test]
    fn response_hidden_shows_its_length_and_status() {
        let bytes = [0xEE, 0xEE, 0xEE, 0x90, 0x00];
        let text = |visible| ResponseText { bytes: &bytes, visible }.to_string();
        assert_eq!(text(true), "EEEEEE 9000 (normal processing)");
        assert_eq!(text(false), "(3 bytes hidden) 9000 (normal processing)");
        assert_eq!(
            ResponseText { bytes: &[0x6A, 0x82], visible: false }.to_string(),
            "6A82 (file or application not found)"
        );
        assert_eq!(ResponseText { bytes: &[0x90], visible: true }.to_string(), "(1 bytes, no status word)");
    }

    #[test]
    fn response_of_decipher_and_its_get_response_is_hidden() {
        let decipher = Visibility::of(&[0x00, 0x2A, 0x80, 0x86], Visibility::ALL);
        assert!(decipher.command && !decipher.response);
        let fetched = Visibility::of(&[0x00, 0xC0, 0x00, 0x00, 0x00], decipher);
        assert!(!fetched.response);
        assert!(!Visibility::of(&[0x00, 0xC0, 0x00, 0x00, 0x00], Visibility::unknown()).response);
    }
}

//! Status words (ISO 7816-4, 5.6): the one place that names them.

use std::fmt;

/// The two status bytes of a response. Loses nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusWord(pub u16);

impl StatusWord {
    /// Normal processing.
    pub const OK: Self = Self(0x9000);
    /// End of file reached before Le bytes were read.
    pub const END_OF_FILE: Self = Self(0x6282);
    /// Wrong length.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// The security status does not allow it: a PIN is needed.
    pub const SECURITY_NOT_SATISFIED: Self = Self(0x6982);
    /// The PIN is blocked.
    pub const AUTH_METHOD_BLOCKED: Self = Self(0x6983);
    /// Reference data not usable.
    pub const REFERENCE_DATA_NOT_USABLE: Self = Self(0x6984);
    /// Conditions of use not satisfied.
    pub const CONDITIONS_NOT_SATISFIED: Self = Self(0x6985);
    /// Command not allowed: no file selected.
    pub const NO_CURRENT_EF: Self = Self(0x6986);
    /// Wrong command data.
    pub const WRONG_DATA: Self = Self(0x6A80);
    /// Function not supported.
    pub const FUNCTION_NOT_SUPPORTED: Self = Self(0x6A81);
    /// File or application not found.
    pub const FILE_NOT_FOUND: Self = Self(0x6A82);
    /// Record not found.
    pub const RECORD_NOT_FOUND: Self = Self(0x6A83);
    /// Not enough memory in the file or card.
    pub const NOT_ENOUGH_MEMORY: Self = Self(0x6A84);
    /// No applet was selected (Java Card Runtime Environment, 4.5).
    pub const APPLET_SELECT_FAILED: Self = Self(0x6999);
    /// Wrong P1 or P2.
    pub const WRONG_P1_P2: Self = Self(0x6A86);
    /// Referenced data not found.
    pub const REFERENCE_NOT_FOUND: Self = Self(0x6A88);
    /// File exists already.
    pub const FILE_EXISTS: Self = Self(0x6A89);
    /// Offset outside the file.
    pub const WRONG_OFFSET: Self = Self(0x6B00);
    /// Instruction not supported.
    pub const INS_NOT_SUPPORTED: Self = Self(0x6D00);
    /// Class not supported.
    pub const CLA_NOT_SUPPORTED: Self = Self(0x6E00);

    /// First byte.
    pub fn sw1(self) -> u8 {
        (self.0 >> 8) as u8
    }

    /// Second byte.
    pub fn sw2(self) -> u8 {
        self.0 as u8
    }

    /// 9000 exactly.
    pub fn is_ok(self) -> bool {
        self == Self::OK
    }

    /// Tries left of a wrong PIN: `63Cx` says x, `6983` says 0.
    pub fn tries_left(self) -> Option<u8> {
        match self.0 {
            0x63C0..=0x63CF => Some(self.sw2() & 0x0F),
            0x6983 => Some(0),
            _ => None,
        }
    }

    /// The meaning in words.
    pub fn meaning(self) -> &'static str {
        match self.0 {
            0x9000 => "normal processing",
            0x6100..=0x61FF => "more response data available",
            0x6281 => "part of the data may be corrupted",
            0x6282 => "end of file reached early",
            0x6283 => "selected file deactivated",
            0x6285 => "selected file in termination state",
            0x6300 => "verification failed",
            0x63C0..=0x63CF => "verification failed, tries left in the last digit",
            0x6400 => "execution error",
            0x6581 => "memory failure",
            0x6700 => "wrong length",
            0x6881 => "logical channel not supported",
            0x6882 => "secure messaging not supported",
            0x6883 => "last command of the chain expected",
            0x6884 => "command chaining not supported",
            0x6981 => "command incompatible with file structure",
            0x6982 => "security status not satisfied",
            0x6983 => "authentication method blocked",
            0x6984 => "reference data not usable",
            0x6985 => "conditions of use not satisfied",
            0x6986 => "command not allowed, no file selected",
            0x6987 => "secure messaging object missing",
            0x6988 => "secure messaging object incorrect",
            0x6A80 => "wrong command data",
            0x6A81 => "function not supported",
            0x6A82 => "file or application not found",
            0x6A83 => "record not found",
            0x6A84 => "not enough memory",
            0x6A85 => "length inconsistent with data structure",
            0x6A86 => "wrong parameters P1-P2",
            0x6A87 => "length inconsistent with P1-P2",
            0x6A88 => "referenced data not found",
            0x6A89 => "file exists already",
            0x6A8A => "application name exists already",
            0x6B00 => "wrong offset",
            0x6C00..=0x6CFF => "wrong expected length",
            0x6D00 => "instruction not supported",
            0x6E00 => "class not supported",
            0x6F00 => "no precise diagnosis",
            _ => "unknown status",
        }
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x} {}", self.0, self.meaning())
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_prints_number_and_name() {
        assert_eq!(StatusWord(0x6982).to_string(), "6982 security status not satisfied");
    }

    #[test]
    fn status_tries_left_is_read_from_63cx_and_6983() {
        assert_eq!(StatusWord(0x63C2).tries_left(), Some(2));
        assert_eq!(StatusWord(0x6983).tries_left(), Some(0));
        assert_eq!(StatusWord(0x6300).tries_left(), None);
    }
}

//! How an object answers a question for an attribute: pure, so what is not known yet is said, not fetched.

use super::{Date, Value};

/// The answer of an object for one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) enum Answer {
    /// Its value.
    Is(Value),
    /// It has it, and does not tell.
    Sensitive,
    /// It has no such attribute.
    Absent,
    /// The object's content has to be read first.
    Unread,
}

/// A part of an object that may not have been read yet.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::engine) enum Known<'a, T: ?Sized> {
    /// Not read yet.
    Unread,
    /// The object has none.
    Absent,
    /// Read.
    Is(&'a T),
}

impl<T: ?Sized> Clone for Known<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Known<'_, T> {}

impl<T: ?Sized> Known<'_, T> {
    /// The answer that follows from the part, when it is there.
    pub fn answer(self, value: impl FnOnce(&T) -> Answer) -> Answer {
        match self {
            Self::Unread => Answer::Unread,
            Self::Absent => Answer::Absent,
            Self::Is(part) => value(part),
        }
    }
}

impl From<bool> for Answer {
    fn from(value: bool) -> Self {
        Self::Is(Value::Bool(value))
    }
}

impl From<u64> for Answer {
    fn from(value: u64) -> Self {
        Self::Is(Value::Number(value))
    }
}

impl From<&str> for Answer {
    fn from(value: &str) -> Self {
        Self::Is(Value::Text(value.to_owned()))
    }
}

impl From<&[u8]> for Answer {
    fn from(value: &[u8]) -> Self {
        Self::Is(Value::Bytes(value.to_vec()))
    }
}

impl From<Vec<u8>> for Answer {
    fn from(value: Vec<u8>) -> Self {
        Self::Is(Value::Bytes(value))
    }
}

impl From<Option<Date>> for Answer {
    fn from(value: Option<Date>) -> Self {
        Self::Is(Value::Date(value))
    }
}

impl Date {
    /// The day (UTC) of a Unix time; `None` outside the years 0 to 9999.
    pub fn from_unix_time(seconds: i64) -> Option<Self> {
        // Days from the civil calendar, counted from 1 March of year 0 (Hinnant, "chrono-compatible
        // low-level date algorithms", civil_from_days).
        let days = seconds.div_euclid(86_400) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        if !(0..=9999).contains(&year) {
            return None;
        }
        Some(Self {
            year: u16::try_from(year).ok()?,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_from_unix_time_knows_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (4_107_542_400, "2100-03-01"),
            (1_795_392_000, "2026-11-23"),
            (253_402_300_799, "9999-12-31"),
        ] {
            assert_eq!(Date::from_unix_time(seconds).map(|date| date.to_string()).as_deref(), Some(text));
        }
        assert_eq!(Date::from_unix_time(253_402_300_800), None);
        assert_eq!(Date::from_unix_time(i64::MIN), None);
        assert_eq!(Date::from_unix_time(i64::MAX), None);
    }
}

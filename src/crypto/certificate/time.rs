//! Dates of certificates (RFC 5280, 4.1.2.5): UTCTime and GeneralizedTime to Unix time, also in the forms
//! that X.680 allows and RFC 5280 forbids: without seconds, with fractions, with an offset instead of `Z`.

use super::WHAT;
use crate::crypto::CryptoError;
use crate::crypto::asn1::{Element, TAG_GENERALIZED_TIME, TAG_UTC_TIME};

/// The element as Unix time. Errors: `Malformed` when it is no date.
pub(in crate::crypto) fn unix_time(element: Element<'_>) -> Result<i64, CryptoError> {
    let malformed = || CryptoError::Malformed { what: WHAT, source: der::ErrorKind::DateTime.into() };
    let text = str::from_utf8(element.value).ok().filter(|text| text.is_ascii()).ok_or_else(malformed)?;
    let parsed = match element.tag {
        TAG_UTC_TIME => number(text, 0, 2).and_then(|year| {
            // RFC 5280, 4.1.2.5.1: from 50 on it is the twentieth century.
            let year = if year >= 50 { 1900 + year } else { 2000 + year };
            moment(year, text.get(2..)?)
        }),
        TAG_GENERALIZED_TIME => number(text, 0, 4).and_then(|year| moment(year, text.get(4..)?)),
        _ => None,
    };
    parsed.ok_or_else(malformed)
}

/// A date as people write it (ISO 8601, UTC) as Unix time: `2026-11-23`, `2026-11-23T10:30:00Z`, the seconds
/// and the `Z` may be missing. A date without a time is its first second. `None` for anything else.
pub fn parse_date(text: &str) -> Option<i64> {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, time.strip_suffix(['Z', 'z']).unwrap_or(time)),
        None => (text, "00:00"),
    };
    let is_shaped = |text: &str, hyphens: [usize; 2], mark: u8| {
        text.bytes().enumerate().all(|(index, byte)| (byte == mark) == hyphens.contains(&index))
    };
    let shaped = date.len() == 10
        && is_shaped(date, [4, 7], b'-')
        && matches!(time.len(), 5 | 8)
        && is_shaped(time, [2, 5], b':');
    if !shaped {
        return None;
    }
    let digits = format!("{}{}Z", date.replace('-', ""), time.replace(':', ""));
    moment(number(&digits, 0, 4)?, digits.get(4..)?)
}

/// `MMDDhhmm[ss][.fff][Z|+hhmm|-hhmm]` in a year.
fn moment(year: i64, text: &str) -> Option<i64> {
    let (month, day) = (number(text, 0, 2)?, number(text, 2, 2)?);
    let (hour, minute) = (number(text, 4, 2)?, number(text, 6, 2)?);
    let mut rest = text.get(8..)?;
    let mut second = 0;
    if let Some(seconds) = number(rest, 0, 2) {
        second = seconds;
        rest = rest.get(2..)?;
    }
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        rest = fraction.trim_start_matches(|character: char| character.is_ascii_digit());
    }
    let offset = match rest.chars().next() {
        None => 0,
        Some('Z') if rest.len() == 1 => 0,
        Some('+') if rest.len() == 5 => number(rest, 1, 2)? * 60 + number(rest, 3, 2)?,
        Some('-') if rest.len() == 5 => -(number(rest, 1, 2)? * 60 + number(rest, 3, 2)?),
        Some(_) => return None,
    };
    let in_range = (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    in_range.then(|| ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + second)
}

fn number(text: &str, start: usize, length: usize) -> Option<i64> {
    let digits = text.get(start..start + length)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar; years start in March, so that the leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + day_of_year - DAYS_TO_1970
}

/// Days from March 1 of year 0 to January 1, 1970.
const DAYS_TO_1970: i64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Option<i64> {
        unix_time(Element { tag: TAG_UTC_TIME, value: text.as_bytes(), raw: &[] }).ok()
    }

    fn generalized(text: &str) -> Option<i64> {
        unix_time(Element { tag: TAG_GENERALIZED_TIME, value: text.as_bytes(), raw: &[] }).ok()
    }

    #[test]
    fn time_known_moments_are_unix_seconds() {
        // From `date -u -d '…' +%s`.
        assert_eq!(utc("700101000000Z"), Some(0));
        assert_eq!(utc("491231235959Z"), Some(2_524_607_999));
        assert_eq!(utc("500101000000Z"), Some(-631_152_000));
        assert_eq!(generalized("20000229120000Z"), Some(951_825_600));
        assert_eq!(generalized("99991231235959Z"), Some(253_402_300_799));
        assert_eq!(generalized("00000101000000Z"), Some(-62_167_219_200));
    }

    #[test]
    fn date_of_a_person_is_unix_time_or_nothing() {
        assert_eq!(parse_date("1970-01-01"), Some(0));
        assert_eq!(parse_date("2000-02-29T12:00:00Z"), Some(951_825_600));
        assert_eq!(parse_date("2000-02-29 12:00"), Some(951_825_600));
        assert_eq!(parse_date("9999-12-31T23:59:59"), Some(253_402_300_799));
        for bad in [
            "",
            "2026",
            "2026-11",
            "2026-13-01",
            "2026-02-29",
            "26-11-23",
            "2026/11/23",
            "2026-11-23T",
            "2026-11-23T10",
            "2026-11-23T24:00",
            "2026-11-23T10:30:00+01:00",
            "2026-11-23T10:30.5",
            "2026-1a-23",
            "\u{e9}026-11-2",
        ] {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
    }

    #[test]
    fn time_forms_of_x680_are_read() {
        assert_eq!(utc("7001010000Z"), Some(0));
        assert_eq!(utc("700101013000+0130"), Some(0));
        assert_eq!(utc("691231233000-0030"), Some(0));
        assert_eq!(generalized("19700101000000.999Z"), Some(0));
        assert_eq!(generalized("19700101000000"), Some(0));
    }

    #[test]
    fn time_impossible_dates_are_refused() {
        for text in
            ["", "7001", "700001000000Z", "700132000000Z", "700230000000Z", "700101240000Z", "7001010000000Z"]
        {
            assert_eq!(utc(text), None, "{text}");
        }
        for text in
            ["19000229000000Z", "19700101006000Z", "19700101000000X", "19700101000000+1", "+9700101000000Z"]
        {
            assert_eq!(generalized(text), None, "{text}");
        }
    }
}

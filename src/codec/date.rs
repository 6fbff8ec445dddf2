//! Points in time as people and JSON read them: UTC, ISO 8601.

/// `2036-08-01`.
pub fn day(unix_time: i64) -> String {
    let (year, month, day) = civil(unix_time.div_euclid(SECONDS_OF_DAY));
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2036-08-01T12:00:00Z`.
pub fn moment(unix_time: i64) -> String {
    let second = unix_time.rem_euclid(SECONDS_OF_DAY);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", day(unix_time))
}

/// Now, in seconds since 1970.
pub fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// Year, month and day of the Gregorian calendar from days since 1970. The year is thought to begin in March,
/// so that the leap day is its last; 400 years have 146 097 days.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

const SECONDS_OF_DAY: i64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moment_known_times_are_right() {
        assert_eq!(moment(0), "1970-01-01T00:00:00Z");
        assert_eq!(moment(951_827_696), "2000-02-29T12:34:56Z");
        assert_eq!(moment(4_107_542_399), "2100-02-28T23:59:59Z");
        assert_eq!(moment(-1), "1969-12-31T23:59:59Z");
        assert_eq!(day(253_402_300_799), "9999-12-31");
    }
}

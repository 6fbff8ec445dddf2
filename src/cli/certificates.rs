//! Certificates as people read them: names, validity, fingerprints.

use serde_json::{Value, json};

use crate::codec::date;
use crate::crypto::CertificateDetails;

/// First and last second of validity, and what they mean now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    not_before: i64,
    not_after: i64,
    now: i64,
}

impl Validity {
    /// The validity of a certificate, seen from now.
    pub fn of(details: &CertificateDetails) -> Self {
        Self { not_before: details.not_before, not_after: details.not_after, now: date::now() }
    }

    /// `until 2036-08-01`, `expired 2020-01-01`, `not valid before 2040-01-01`.
    pub fn text(&self) -> String {
        if self.now > self.not_after {
            format!("expired {}", date::day(self.not_after))
        } else if self.now < self.not_before {
            format!("not valid before {}", date::day(self.not_before))
        } else {
            format!("until {}", date::day(self.not_after))
        }
    }
}

/// The fields of a certificate in JSON.
pub fn to_json(details: &CertificateDetails) -> Value {
    json!({
        "subject": details.subject_text(),
        "issuer": details.issuer_text(),
        "serial_number": super::json::bytes(serial_number(details)),
        "not_before": date::moment(details.not_before),
        "not_after": date::moment(details.not_after),
        "authority": details.is_authority,
        "sha256": super::json::bytes(&details.fingerprint_sha256()),
    })
}

/// The serial number without tag, length and sign byte.
pub fn serial_number(details: &CertificateDetails) -> &[u8] {
    let number = crate::codec::tlv::find(&details.serial, 0x02).unwrap_or(&details.serial);
    match number {
        [0, rest @ ..] if !rest.is_empty() => rest,
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validity_text_says_what_matters_now() {
        let validity = |now| Validity { not_before: 86_400, not_after: 172_800, now }.text();
        assert_eq!(validity(100_000), "until 1970-01-03");
        assert_eq!(validity(172_801), "expired 1970-01-03");
        assert_eq!(validity(0), "not valid before 1970-01-02");
    }
}

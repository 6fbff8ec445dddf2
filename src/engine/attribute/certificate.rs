//! Attributes of certificates (PKCS#11 3.1, 4.6).

use cryptoki_sys as ck;

use super::answer::{Answer, Known};
use super::{AttributeType as A, Date};
use crate::crypto::{CertificateDetails, DigestAlgorithm, digest};
use crate::token::Certificate;

/// What a certificate's answers depend on.
pub(in crate::engine) struct CertificateView<'a> {
    pub certificate: &'a Certificate,
    pub details: Known<'a, CertificateDetails>,
    /// A private key of the same token has its id.
    pub has_key: bool,
}

impl CertificateView<'_> {
    /// The answer for one attribute; those that every object has are answered elsewhere.
    pub fn answer(&self, kind: A) -> Answer {
        let certificate = self.certificate;
        match kind {
            A::ID => certificate.id.0.as_slice().into(),
            A::CERTIFICATE_TYPE => ck::CKC_X_509.into(),
            // Also what the card's directory calls an authority, as OpenSC has it: among these alone GnuTLS looks for the
            // issuers of a chain.
            A::TRUSTED => (certificate.trusted || certificate.authority).into(),
            A::CERTIFICATE_CATEGORY => self.category(),
            A::SUBJECT => self.name(certificate.subject(), |details| &details.subject),
            A::ISSUER => self.name(certificate.issuer(), |details| &details.issuer),
            A::SERIAL_NUMBER => self.details.answer(|details| details.serial.as_slice().into()),
            A::VALUE => self.details.answer(|details| details.der.as_slice().into()),
            A::START_DATE => self.details.answer(|details| Date::from_unix_time(details.not_before).into()),
            A::END_DATE => self.details.answer(|details| Date::from_unix_time(details.not_after).into()),
            A::PUBLIC_KEY_INFO => self.details.answer(|details| details.public_key_info.as_slice().into()),
            A::CHECK_VALUE => self.details.answer(check_value),
            _ => Answer::Absent,
        }
    }

    fn name(&self, known: Option<&[u8]>, read: fn(&CertificateDetails) -> &Vec<u8>) -> Answer {
        match known {
            Some(name) => name.into(),
            None => self.details.answer(|details| read(details).as_slice().into()),
        }
    }

    fn category(&self) -> Answer {
        if self.certificate.authority {
            return ck::CK_CERTIFICATE_CATEGORY_AUTHORITY.into();
        }
        self.details.answer(|details| {
            let category = match (details.is_authority, self.has_key) {
                (true, _) => ck::CK_CERTIFICATE_CATEGORY_AUTHORITY,
                (false, true) => ck::CK_CERTIFICATE_CATEGORY_TOKEN_USER,
                (false, false) => ck::CK_CERTIFICATE_CATEGORY_OTHER_ENTITY,
            };
            category.into()
        })
    }
}

/// The first three bytes of the SHA-1 of the certificate.
fn check_value(details: &CertificateDetails) -> Answer {
    let mut value = digest::digest(DigestAlgorithm::Sha1, &details.der);
    value.truncate(3);
    value.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::attribute::Value;
    use crate::token::{CertificateHints, KeyId, ObjectId};

    fn certificate(authority: bool) -> Certificate {
        Certificate {
            object: ObjectId(1),
            id: KeyId(vec![0x45]),
            label: "Leaf".into(),
            auth: None,
            private: false,
            authority,
            trusted: false,
            modifiable: false,
            hints: CertificateHints { subject: Some(vec![0x30, 0x00]), ..CertificateHints::default() },
            details: None,
        }
    }

    fn details(is_authority: bool) -> CertificateDetails {
        CertificateDetails {
            der: b"abc".to_vec(),
            subject: vec![0x30, 0x00],
            issuer: vec![0x30, 0x01, 0x31],
            serial: vec![0x02, 0x01, 0x05],
            subject_key_id: None,
            authority_key_id: None,
            not_before: 0,
            not_after: 86_400,
            is_authority,
            public_key: None,
            public_key_info: vec![0x30, 0x02],
        }
    }

    fn ask(certificate: &Certificate, details: Known<'_, CertificateDetails>, kind: A) -> Answer {
        CertificateView { certificate, details, has_key: true }.answer(kind)
    }

    #[test]
    fn answer_body_attributes_are_those_of_the_certificate() {
        let (certificate, details) = (certificate(false), details(false));
        let known = Known::Is(&details);
        assert_eq!(ask(&certificate, known, A::VALUE), Answer::from(b"abc".to_vec()));
        assert_eq!(ask(&certificate, known, A::ISSUER), Answer::from(details.issuer.clone()));
        assert_eq!(ask(&certificate, known, A::SERIAL_NUMBER), Answer::from(vec![0x02, 0x01, 0x05]));
        assert_eq!(ask(&certificate, known, A::PUBLIC_KEY_INFO), Answer::from(vec![0x30, 0x02]));
        // SHA-1("abc") begins with a9993e (FIPS 180-4, example).
        assert_eq!(ask(&certificate, known, A::CHECK_VALUE), Answer::from(vec![0xA9, 0x99, 0x3E]));
        let date = |day| Answer::Is(Value::Date(Some(Date { year: 1970, month: 1, day })));
        assert_eq!(ask(&certificate, known, A::START_DATE), date(1));
        assert_eq!(ask(&certificate, known, A::END_DATE), date(2));
    }

    #[test]
    fn answer_unread_body_is_wanted_only_where_the_directory_does_not_tell() {
        let certificate = certificate(true);
        assert_eq!(ask(&certificate, Known::Unread, A::VALUE), Answer::Unread);
        assert_eq!(ask(&certificate, Known::Unread, A::ISSUER), Answer::Unread);
        assert_eq!(ask(&certificate, Known::Unread, A::SUBJECT), Answer::from(vec![0x30, 0x00]));
        assert_eq!(ask(&certificate, Known::Unread, A::ID), Answer::from(vec![0x45]));
        assert_eq!(ask(&certificate, Known::Unread, A::KEY_TYPE), Answer::Absent);
    }

    #[test]
    fn answer_category_tells_user_authority_and_others() {
        let (leaf, ca) = (details(false), details(true));
        let plain = certificate(false);
        assert_eq!(ask(&plain, Known::Is(&leaf), A::CERTIFICATE_CATEGORY), Answer::from(1));
        assert_eq!(ask(&plain, Known::Is(&ca), A::CERTIFICATE_CATEGORY), Answer::from(2));
        assert_eq!(ask(&certificate(true), Known::Unread, A::CERTIFICATE_CATEGORY), Answer::from(2));
        let stranger = CertificateView { certificate: &plain, details: Known::Is(&leaf), has_key: false };
        assert_eq!(stranger.answer(A::CERTIFICATE_CATEGORY), Answer::from(3));
    }
}

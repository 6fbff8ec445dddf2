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
            A::TRUSTED => certificate.trusted.into(),
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

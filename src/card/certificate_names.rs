//! Subject and issuer from the first bytes of a certificate: a body is long, and chains mostly need no more.

use crate::codec::tlv::Reader;
use crate::token::CertificateHints;

/// The names in the beginning of a certificate (RFC 5280, 4.1); `None` when it ends before them, or is none.
pub fn names(prefix: &[u8]) -> Option<CertificateHints> {
    let mut fields = Reader::new(content_of_sequence(content_of_sequence(prefix)?)?);
    let mut sequences = Vec::with_capacity(4);
    while sequences.len() < 4 {
        let before = fields.rest();
        let field = fields.next()?.ok()?;
        let raw = before.get(..before.len() - fields.rest().len())?;
        match field.tag {
            TAG_VERSION | TAG_INTEGER => {}
            TAG_SEQUENCE => sequences.push(raw),
            _ => return None,
        }
    }
    let [_algorithm, issuer, _validity, subject] = sequences.try_into().ok()?;
    Some(CertificateHints {
        subject: Some(subject.to_vec()),
        issuer: Some(issuer.to_vec()),
        subject_key_id: None,
    })
}

/// What stands behind the header of a SEQUENCE, whether all of it is there or not.
fn content_of_sequence(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [0x30, 0..=0x7F, rest @ ..] => Some(rest),
        [0x30, 0x81, _, rest @ ..] => Some(rest),
        [0x30, 0x82, _, _, rest @ ..] => Some(rest),
        [0x30, 0x83, _, _, _, rest @ ..] => Some(rest),
        _ => None,
    }
}

const TAG_VERSION: u32 = 0xA0;
const TAG_INTEGER: u32 = 0x02;
const TAG_SEQUENCE: u32 = 0x30;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::certificate::{CertificateDetails, CertificateKind, CertificateTemplate, Issuer};
    use crate::crypto::{Curve, EcPrivateKey, PrivateKey};

    fn certificate() -> CertificateDetails {
        let key: PrivateKey = EcPrivateKey::generate(Curve::P256).unwrap().into();
        let kind = CertificateKind::Authority { path_len: None };
        let template =
            CertificateTemplate::new("CN=Somebody,O=Some firm", key.public(), kind, (0, 1_000_000));
        CertificateDetails::parse(&template.sign(Issuer::Itself, &key).unwrap()).unwrap()
    }

    #[test]
    fn names_from_a_prefix_are_those_of_the_certificate_or_none() {
        let certificate = certificate();
        let whole = names(&certificate.der).unwrap();
        assert_eq!(whole.subject, Some(certificate.subject));
        assert_eq!(whole.issuer, Some(certificate.issuer));
        for end in 0..certificate.der.len() {
            assert!(names(&certificate.der[..end]).is_none_or(|known| known == whole), "cut at {end}");
        }
        assert!(names(&certificate.der[..256]).is_some());
    }

    #[test]
    fn names_of_what_is_no_certificate_are_none() {
        for bytes in
            [&[][..], &[0x30], &[0x30, 0x80, 0x30, 0x03], &[0x30, 0x04, 0x30, 0x02, 0x05, 0x00], &[0xFF; 64]]
        {
            assert_eq!(names(bytes), None, "{bytes:?}");
        }
    }
}

//! Entries of a CDF (ISO 7816-15, 8.6): X.509 certificates; other kinds are kept as they are.

use super::asn1::{Fields, FormatError, Item, Writer, tag};
use super::common::{CommonObject, Extras, Frame, Parts};
use super::value::ObjectValue;

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateObject {
    /// Label, flags, PIN.
    pub common: CommonObject,
    /// Identifier of the private key it belongs to.
    pub id: Vec<u8>,
    /// True when it belongs to a certification authority.
    pub authority: bool,
    /// CredentialIdentifier, content of the SEQUENCE: kind and value.
    pub identifier: Option<Vec<u8>>,
    /// Which kind of certificate.
    pub kind: CertificateKind,
    /// The certificate, or where it is.
    pub value: ObjectValue,
    /// Subject (DER Name).
    pub subject: Option<Vec<u8>>,
    /// Issuer (DER Name).
    pub issuer: Option<Vec<u8>>,
    /// Serial number: content of the INTEGER.
    pub serial: Option<Vec<u8>>,
    /// Fields that are not known here.
    pub extra: Extras,
}

/// CertificateType: which entry it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateKind {
    /// X.509 public key certificate.
    X509,
    /// Attribute certificate, SPKI, PGP, WTLS, X9.68, card-verifiable: by the tag of the entry.
    Other(u32),
}

const ENTRY_X509: u32 = tag::SEQUENCE;
const ENTRY_OTHER: std::ops::RangeInclusive<u32> = tag::constructed(0)..=tag::constructed(6);

/// X509CertificateAttributes: issuer, explicitly tagged because Name is a CHOICE.
const ISSUER: u32 = tag::constructed(0);
/// CommonCertificateAttributes: further identifiers.
const IDENTIFIERS: u32 = tag::constructed(2);
/// CommonCertificateAttributes: the card vouches for it.
const IMPLICIT_TRUST: u32 = tag::context(3);
/// KeyIdentifiers: the subject key identifier of X.509 (PKCS #15 v1.1, 6.1.9).
const SUBJECT_KEY_IDENTIFIER: i64 = 2;

impl CertificateObject {
    /// The subject key identifier, where the entry carries one.
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        let first = self.identifier.as_deref().and_then(subject_key_id);
        first.or_else(|| {
            let mut list = Fields::new(Fields::new(&self.extra.class).find(&[IDENTIFIERS])?.value);
            std::iter::from_fn(|| list.find(&[tag::SEQUENCE])).find_map(|found| subject_key_id(found.value))
        })
    }

    /// True when the entry says that the certificate is trusted without proof.
    pub fn implicit_trust(&self) -> bool {
        Fields::new(&self.extra.class).find(&[IMPLICIT_TRUST]).is_some_and(|found| found.boolean())
    }

    /// Reads one entry.
    pub(super) fn decode(entry: &Item<'_>) -> Result<Self, FormatError> {
        let kind = match entry.tag {
            ENTRY_X509 => CertificateKind::X509,
            other if ENTRY_OTHER.contains(&other) => CertificateKind::Other(other),
            other => return Err(FormatError::UnknownTag(other)),
        };
        let frame = Frame::decode(entry.value)?;
        let mut class = frame.class.fields();
        let id = class.next_if(&[tag::OCTET_STRING]).map(|found| found.value.to_vec()).unwrap_or_default();
        let authority = class.next_if(&[tag::BOOLEAN]).is_some_and(|found| found.boolean());
        let identifier = class.next_if(&[tag::SEQUENCE]).map(|found| found.value.to_vec());
        let mut fields = frame.type_fields()?;
        let value = ObjectValue::decode(&mut fields)?;
        let subject = fields.next_if(&[tag::SEQUENCE]).map(|name| name.raw.to_vec());
        let issuer = fields.next_if(&[ISSUER]).map(|found| found.value.to_vec());
        let serial = fields.next_if(&[tag::INTEGER]).map(|found| found.value.to_vec());
        let extra = Extras {
            class: class.rest(),
            subclass: frame.subclass_fields().map(|fields| fields.rest()).unwrap_or_default(),
            attributes: fields.rest(),
            entry: frame.extra,
        };
        Ok(Self {
            common: frame.common,
            id,
            authority,
            identifier,
            kind,
            value,
            subject,
            issuer,
            serial,
            extra,
        })
    }

    /// Writes the entry.
    pub fn encode(&self) -> Vec<u8> {
        Parts {
            tag: match self.kind {
                CertificateKind::X509 => ENTRY_X509,
                CertificateKind::Other(tag) => tag,
            },
            common: &self.common,
            class: Writer::content(|out| {
                out.bytes(tag::OCTET_STRING, &self.id);
                if self.authority {
                    out.boolean(tag::BOOLEAN, true);
                }
                if let Some(identifier) = &self.identifier {
                    out.bytes(tag::SEQUENCE, identifier);
                }
                out.raw(&self.extra.class);
            }),
            subclass: self.extra.subclass.clone(),
            attributes: Writer::structure(tag::SEQUENCE, |out| {
                self.value.encode(out);
                out.raw(self.subject.as_deref().unwrap_or_default());
                if let Some(issuer) = &self.issuer {
                    out.bytes(ISSUER, issuer);
                }
                if let Some(serial) = &self.serial {
                    out.bytes(tag::INTEGER, serial);
                }
                out.raw(&self.extra.attributes);
            }),
            extra: &self.extra.entry,
        }
        .encode()
    }
}

fn subject_key_id(identifier: &[u8]) -> Option<&[u8]> {
    let mut fields = Fields::new(identifier);
    let kind = fields.next_if(&[tag::INTEGER])?.integer("idType").ok()?;
    let value = fields.next_if(&[tag::OCTET_STRING])?.value;
    (kind == SUBJECT_KEY_IDENTIFIER).then_some(value)
}

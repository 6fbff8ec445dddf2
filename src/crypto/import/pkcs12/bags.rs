//! What is inside of PKCS#12: safes, plain or encrypted, and the bags in them (RFC 7292, 4.1 and 4.2).

use const_oid::ObjectIdentifier;

use super::super::ber;
use super::super::certificates::check_count;
use super::super::derivation::{Effort, Password};
use super::super::encryption::{decrypt, oid};
use super::super::error::{CONVERT_PKCS12, ImportError, damaged};
use super::super::private_key::decrypt_pkcs8;
use super::WHAT;
use super::integrity::{DATA, Envelope, TAG_EXPLICIT};
use crate::codec::Secret;
use crate::crypto::asn1::{Cursor, Element, TAG_INTEGER, TAG_OCTET_STRING, TAG_OID, TAG_SEQUENCE, TAG_SET};
use crate::crypto::{CertificateDetails, PrivateKey};

/// The bags of a file that mean something here.
#[derive(Default)]
pub(super) struct Bags {
    pub keys: Vec<NamedKey>,
    pub certificates: Vec<NamedCertificate>,
}

/// A private key and its friendly name.
pub(super) struct NamedKey {
    pub key: PrivateKey,
    pub name: Option<String>,
}

/// A certificate and its friendly name.
#[derive(Clone)]
pub(super) struct NamedCertificate {
    pub certificate: CertificateDetails,
    pub name: Option<String>,
}

impl Bags {
    /// Reads everything with a password that is the right one. Errors: `Damaged`, also when a part does not
    /// open; `Unsupported`, `TooManyRounds`, `BadKey`.
    pub fn read(authenticated: &[u8], password: &Password, effort: &mut Effort) -> Result<Self, ImportError> {
        let mut bags = Self::default();
        let contents = ber::to_der(authenticated, WHAT)?;
        for safe in safes(contents.expose())? {
            let plain = match safe {
                Safe::Plain(data) => Secret::from(data),
                Safe::Encrypted { algorithm, data } => {
                    decrypt(&algorithm, &data, password, effort)?.ok_or_else(|| damaged(WHAT))?
                }
            };
            let plain = ber::to_der(plain.expose(), WHAT)?;
            bags.read_safe(plain.expose(), password, effort, 0)?;
        }
        Ok(bags)
    }

    fn read_safe(
        &mut self,
        safe: &[u8],
        password: &Password,
        effort: &mut Effort,
        depth: usize,
    ) -> Result<(), ImportError> {
        let mut list = Cursor::new(safe, WHAT).expect(TAG_SEQUENCE)?.children(WHAT);
        while !list.is_at_end() {
            let bag = Bag::parse(&list.expect(TAG_SEQUENCE)?)?;
            check_count(self.certificates.len())?;
            if self.keys.len() > MAX_KEYS {
                let what = format!("a file with more than {MAX_KEYS} private keys");
                return Err(ImportError::Unsupported { what, convert: None });
            }
            match bag.kind {
                KEY_BAG => {
                    let key = PrivateKey::from_pkcs8_der(&Secret::from(bag.value.raw))?;
                    self.keys.push(NamedKey { key, name: bag.name });
                }
                SHROUDED_KEY_BAG => {
                    let plain = decrypt_pkcs8(bag.value.raw, password, effort)?;
                    let key = PrivateKey::from_pkcs8_der(&plain.ok_or_else(|| damaged(WHAT))?)?;
                    self.keys.push(NamedKey { key, name: bag.name });
                }
                CERTIFICATE_BAG => {
                    let certificate = x509(&bag.value)?;
                    let name = bag.name;
                    self.certificates
                        .extend(certificate.map(|certificate| NamedCertificate { certificate, name }));
                }
                SAFE_BAG if depth < MAX_DEPTH => {
                    self.read_safe(bag.value.raw, password, effort, depth + 1)?;
                }
                SAFE_BAG => return Err(damaged(WHAT)),
                // Revocation lists, secret keys and what is not known are no part of a key and its chain.
                _ => {}
            }
        }
        Ok(())
    }
}

/// True when a part of the file is encrypted.
pub(super) fn is_encrypted(envelope: &Envelope) -> Result<bool, ImportError> {
    let contents = envelope.contents()?;
    let is_secret = |safe: &Safe<'_>| match safe {
        Safe::Encrypted { .. } => true,
        Safe::Plain(data) => !shrouded_keys(data).is_empty(),
    };
    Ok(safes(contents.expose())?.iter().any(is_secret))
}

/// True when `password` decrypts a part of the file to something with a structure. Errors: `TooManyRounds`;
/// what else is wrong with a part makes it one that does not open.
pub(super) fn any_opened_by(
    envelope: &Envelope,
    password: &Password,
    effort: &mut Effort,
) -> Result<bool, ImportError> {
    let contents = envelope.contents()?;
    for safe in safes(contents.expose())? {
        let opened = match &safe {
            Safe::Encrypted { algorithm, data } => {
                let plain = decrypt(algorithm, data, password, effort);
                let is_safe =
                    |plain: &Secret| ber::to_der(plain.expose(), WHAT).is_ok_and(|der| is_list(&der));
                vec![plain.map(|plain| plain.is_some_and(|plain| is_safe(&plain)))]
            }
            Safe::Plain(data) => shrouded_keys(data)
                .iter()
                .map(|info| decrypt_pkcs8(info.expose(), password, effort).map(|plain| plain.is_some()))
                .collect(),
        };
        for result in opened {
            match result {
                Ok(true) => return Ok(true),
                Err(error @ ImportError::TooManyRounds { .. }) => return Err(error),
                _ => {}
            }
        }
    }
    Ok(false)
}

/// One ContentInfo of the AuthenticatedSafe.
enum Safe<'a> {
    Plain(&'a [u8]),
    Encrypted { algorithm: Element<'a>, data: Vec<u8> },
}

fn safes(contents: &[u8]) -> Result<Vec<Safe<'_>>, ImportError> {
    let mut safes = Vec::new();
    let mut list = Cursor::new(contents, WHAT).expect(TAG_SEQUENCE)?.children(WHAT);
    while !list.is_at_end() {
        let mut info = list.expect(TAG_SEQUENCE)?.children(WHAT);
        let kind = oid(&info.expect(TAG_OID)?)?;
        let mut content = info.expect(TAG_EXPLICIT)?.children(WHAT);
        safes.push(match kind {
            DATA => Safe::Plain(content.expect(TAG_OCTET_STRING)?.value),
            ENCRYPTED_DATA => encrypted_data(&content.expect(TAG_SEQUENCE)?)?,
            other => {
                let what = format!("PKCS#12 with a part of the kind {other}");
                return Err(ImportError::Unsupported { what, convert: Some(CONVERT_PKCS12) });
            }
        });
    }
    Ok(safes)
}

/// EncryptedData (RFC 2315, 13).
fn encrypted_data<'a>(element: &Element<'a>) -> Result<Safe<'a>, ImportError> {
    let mut fields = element.children(WHAT);
    fields.expect(TAG_INTEGER)?;
    let mut info = fields.expect(TAG_SEQUENCE)?.children(WHAT);
    info.expect(TAG_OID)?;
    let algorithm = info.expect(TAG_SEQUENCE)?;
    let content = info.any()?;
    let data = match content.tag {
        TAG_IMPLICIT => content.value.to_vec(),
        // In BER the string may come in pieces.
        TAG_EXPLICIT => {
            let mut pieces = content.children(WHAT);
            let mut data = Vec::with_capacity(content.value.len());
            while !pieces.is_at_end() {
                data.extend_from_slice(pieces.expect(TAG_OCTET_STRING)?.value);
            }
            data
        }
        _ => return Err(damaged(WHAT)),
    };
    Ok(Safe::Encrypted { algorithm, data })
}

/// The encrypted keys of a safe that is not encrypted itself; none where it does not parse.
fn shrouded_keys(safe: &[u8]) -> Vec<Secret> {
    let Ok(der) = ber::to_der(safe, WHAT) else { return Vec::new() };
    let list = Cursor::new(der.expose(), WHAT).expect(TAG_SEQUENCE).map(|list| list.children(WHAT));
    let bags = list.into_iter().flatten().filter_map(|element| Bag::parse(&element).ok());
    bags.filter(|bag| bag.kind == SHROUDED_KEY_BAG).map(|bag| Secret::from(bag.value.raw)).collect()
}

/// A SEQUENCE of SEQUENCEs, with nothing missing.
fn is_list(der: &Secret) -> bool {
    let Ok(list) = Cursor::new(der.expose(), WHAT).expect(TAG_SEQUENCE) else { return false };
    let mut members = list.children(WHAT);
    while !members.is_at_end() {
        if members.expect(TAG_SEQUENCE).is_err() {
            return false;
        }
    }
    true
}

/// One SafeBag.
struct Bag<'a> {
    kind: ObjectIdentifier,
    value: Element<'a>,
    name: Option<String>,
}

impl<'a> Bag<'a> {
    fn parse(element: &Element<'a>) -> Result<Self, ImportError> {
        let mut fields = element.children(WHAT);
        let kind = oid(&fields.expect(TAG_OID)?)?;
        let value = fields.expect(TAG_EXPLICIT)?.children(WHAT).any()?;
        let name = fields.optional(TAG_SET).and_then(|attributes| friendly_name(&attributes));
        Ok(Self { kind, value, name })
    }
}

/// The friendlyName (RFC 2985, 5.5.1), a BMPString; `None` where there is none, or an empty one.
fn friendly_name(attributes: &Element<'_>) -> Option<String> {
    let attribute = attributes
        .children(WHAT)
        .find(|attribute| attribute.children(WHAT).next().and_then(|id| id.oid()) == Some(FRIENDLY_NAME))?;
    let values = attribute.children(WHAT).find(|part| part.tag == TAG_SET)?;
    let text = values.children(WHAT).next().filter(|value| value.tag == TAG_BMP_STRING)?;
    let units = text.value.chunks(2).map(|pair| pair.iter().fold(0, |sum, byte| sum << 8 | u16::from(*byte)));
    let name = String::from_utf16_lossy(&units.collect::<Vec<u16>>());
    let name = name.trim_end_matches('\0');
    (!name.is_empty()).then(|| name.to_owned())
}

/// The X.509 certificate of a CertBag; `None` for another kind.
fn x509(bag: &Element<'_>) -> Result<Option<CertificateDetails>, ImportError> {
    let mut fields = bag.children(WHAT);
    if oid(&fields.expect(TAG_OID)?)? != X509_CERTIFICATE {
        return Ok(None);
    }
    let value = fields.expect(TAG_EXPLICIT)?.children(WHAT).expect(TAG_OCTET_STRING)?;
    Ok(Some(CertificateDetails::parse(value.value)?))
}

const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
// RFC 7292, 4.2.
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERTIFICATE_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const SAFE_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.6");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const FRIENDLY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.20");
const TAG_IMPLICIT: u32 = 0x80;
const TAG_BMP_STRING: u32 = 0x1E;
/// Each is checked with a computation of its own.
const MAX_KEYS: usize = 100;
/// Safes within safes.
const MAX_DEPTH: usize = 4;

//! Opening an encrypted message: its head first, then its content through a key that a recipient found.

use std::io::{Read, Write};

use subtle::Choice;

use super::cipher::{CipherParameters, ContentCipher};
use super::content::ContentStream;
use super::{Identifier, Recipient, WrappedKey, agreement, transport};
use crate::codec::Secret;
use crate::crypto::asn1::{Cursor, Element, TAG_INTEGER, TAG_OCTET_STRING, TAG_OID, TAG_SEQUENCE, TAG_SET};
use crate::crypto::cms::CmsError;
use crate::crypto::cms::oid::{AUTH_ENVELOPED_DATA, ENVELOPED_DATA, oid_text};
use crate::crypto::cms::stream::{BerStream, Header};
use crate::crypto::random;

/// An encrypted message of which the head has been read.
pub struct Envelope<R> {
    stream: BerStream<R>,
    recipients: Vec<Recipient>,
    parameters: CipherParameters,
    content: Header,
}

/// The key of a content, or a random one in its place where the unwrapping failed: both cost the same from here on,
/// and end in the same error (RFC 3218, 2.3).
pub struct ContentKey {
    key: Secret,
    valid: Choice,
}

impl<R: Read> Envelope<R> {
    /// Reads up to the content. Errors: `Unsupported` for another kind of message or cipher, `Malformed`,
    /// `Truncated`, `TooLarge`.
    pub fn open(input: R) -> Result<Self, CmsError> {
        let mut stream = BerStream::new(input);
        let outer = stream.expect(SEQUENCE)?;
        stream.enter(outer)?;
        let kind = oid(&mut stream)?;
        let authenticated = match kind.as_slice() {
            der if der == ENVELOPED_DATA.as_bytes() => false,
            der if der == AUTH_ENVELOPED_DATA.as_bytes() => true,
            der => return Err(another_kind(der)),
        };
        for tag in [EXPLICIT_0, SEQUENCE] {
            let header = stream.expect(tag)?;
            stream.enter(header)?;
        }
        let version = stream.expect(INTEGER)?;
        stream.element(version, WHAT, SMALL_LEN)?;
        let mut header = stream.next()?.ok_or(CmsError::Malformed(WHAT))?;
        if header.tag == EXPLICIT_0 {
            // Certificates of the sender: nothing that opens the message.
            stream.element(header, WHAT, RECIPIENTS_LEN)?;
            header = stream.next()?.ok_or(CmsError::Malformed(WHAT))?;
        }
        if header.tag != SET {
            return Err(CmsError::Malformed(WHAT));
        }
        let infos = stream.element(header, "the list of recipients", RECIPIENTS_LEN)?;
        let recipients = read_recipients(&infos)?;
        let header = stream.expect(SEQUENCE)?;
        stream.enter(header)?;
        oid(&mut stream)?;
        let header = stream.expect(SEQUENCE)?;
        let parameters = CipherParameters::from_der(&stream.element(header, WHAT, SMALL_LEN)?)?;
        if parameters.cipher.is_authenticated() != authenticated {
            let name = parameters.cipher.name();
            return Err(CmsError::Unsupported(format!("{name} in this kind of message")));
        }
        let content = stream.next()?.filter(|header| CONTENT.contains(&header.tag));
        let content = content.ok_or_else(|| {
            CmsError::Unsupported("a message without its content, which is kept elsewhere,".to_owned())
        })?;
        Ok(Self { stream, recipients, parameters, content })
    }

    /// Whom it is for.
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// How the content is encrypted.
    pub fn cipher(&self) -> ContentCipher {
        self.parameters.cipher
    }

    /// The key that a recipient's unwrapping gave; `None` where that failed. Errors: `NoRandom`.
    pub fn content_key(&self, unwrapped: Option<Secret>) -> Result<ContentKey, CmsError> {
        let len = self.parameters.cipher.key_len();
        let substitute = random::secret(len)?;
        Ok(match unwrapped.filter(|key| key.len() == len) {
            Some(key) => ContentKey { key, valid: Choice::from(1) },
            None => ContentKey { key: substitute, valid: Choice::from(0) },
        })
    }

    /// Decrypts the content into `out`. Nothing of it may be shown to anybody unless this ends without an error:
    /// only the end tells whether it is right. Errors: `Decryption` for every wrong key, padding or tag; those of the
    /// structure; `Write`.
    pub fn decrypt(mut self, key: &ContentKey, out: &mut dyn Write) -> Result<(), CmsError> {
        let mut content = ContentStream::new(&self.parameters, &key.key)?;
        self.stream.string(self.content, &mut |piece| content.decrypt(piece, out))?;
        self.stream.end()?;
        let tail = self.read_tail()?;
        let valid = content.finish_decryption(&tail.tag, &tail.authenticated, out)? & key.valid;
        if bool::from(valid) { Ok(()) } else { Err(CmsError::Decryption) }
    }

    /// What stands behind the content, to the end of the message.
    fn read_tail(&mut self) -> Result<Tail, CmsError> {
        let mut tail = Tail::default();
        let mut next = self.stream.next()?;
        if self.parameters.cipher.is_authenticated() {
            if let Some(header) = next.filter(|header| header.tag == EXPLICIT_1) {
                tail.authenticated = self.stream.element(header, WHAT, RECIPIENTS_LEN)?;
                // Authenticated as the SET OF that it is (RFC 5083, 2.2).
                if let Some(tag) = tail.authenticated.first_mut() {
                    *tag = SET;
                }
                next = self.stream.next()?;
            }
            let header = next.filter(|header| header.tag == OCTET_STRING);
            let header = header.ok_or(CmsError::Malformed(WHAT))?;
            let tag = self.stream.element(header, WHAT, SMALL_LEN)?;
            tail.tag = Cursor::new(&tag, WHAT).expect(TAG_OCTET_STRING)?.value.to_vec();
            if tail.tag.len() != self.parameters.tag_len {
                return Err(CmsError::Malformed(WHAT));
            }
            next = self.stream.next()?;
        }
        while let Some(header) = next {
            // Attributes that nobody vouches for.
            self.stream.element(header, WHAT, RECIPIENTS_LEN)?;
            next = self.stream.next()?;
        }
        self.stream.leave();
        for _ in 0..OPEN_AT_END {
            self.stream.end()?;
        }
        Ok(tail)
    }
}

#[derive(Default)]
struct Tail {
    tag: Vec<u8>,
    authenticated: Vec<u8>,
}

fn oid<R: Read>(stream: &mut BerStream<R>) -> Result<Vec<u8>, CmsError> {
    let header = stream.expect(OID)?;
    let der = stream.element(header, WHAT, SMALL_LEN)?;
    Ok(Cursor::new(&der, WHAT).expect(TAG_OID)?.value.to_vec())
}

fn another_kind(der: &[u8]) -> CmsError {
    match const_oid::ObjectIdentifier::from_bytes(der) {
        Ok(oid) => CmsError::Unsupported(format!("a message of the kind {}", oid_text(&oid))),
        Err(_) => CmsError::Malformed(WHAT),
    }
}

fn read_recipients(der: &[u8]) -> Result<Vec<Recipient>, CmsError> {
    let mut infos = Cursor::new(der, WHAT).expect(TAG_SET)?.children(WHAT);
    let mut recipients = Vec::new();
    while !infos.is_at_end() {
        let info = infos.any()?;
        match info.tag {
            TAG_SEQUENCE => recipients.push(transport::read(&info)?),
            agreement::TAG_EXPLICIT_1 => recipients.extend(agreement::read(&info)?),
            TAG_SECRET_KEY => recipients.push(read_secret(&info)?),
            // A password, or something newer (RFC 5652, 6.2.4 and 6.2.5).
            _ => {}
        }
    }
    Ok(recipients)
}

/// KEKRecipientInfo. Errors: `Malformed`.
fn read_secret(info: &Element<'_>) -> Result<Recipient, CmsError> {
    let mut fields = info.children(WHAT);
    fields.expect(TAG_INTEGER)?;
    let id = fields.expect(TAG_SEQUENCE)?.children(WHAT).expect(TAG_OCTET_STRING)?.value.to_vec();
    let algorithm = fields.expect(TAG_SEQUENCE)?;
    let wrapped = fields.expect(TAG_OCTET_STRING)?.value.to_vec();
    let key = match agreement::wrap_bits(&algorithm) {
        Ok(wrap_bits) => WrappedKey::Secret { wrap_bits, wrapped },
        Err(CmsError::Unsupported(what)) => WrappedKey::Unsupported(what),
        Err(error) => return Err(error),
    };
    Ok(Recipient { id: Identifier::KeyIdentifier(id), key })
}

const WHAT: &str = "the message";
const SMALL_LEN: usize = 1024;
/// A thousand recipients have 300 KiB.
const RECIPIENTS_LEN: usize = 4 * 1024 * 1024;
/// ContentInfo and its content, around EnvelopedData.
const OPEN_AT_END: usize = 2;
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const EXPLICIT_0: u8 = 0xA0;
const EXPLICIT_1: u8 = 0xA1;
/// KEKRecipientInfo among recipients.
pub(super) const TAG_SECRET_KEY: u32 = 0xA2;
/// `[0] IMPLICIT OCTET STRING`, whole or in pieces.
const CONTENT: [u8; 2] = [0x80, 0xA0];

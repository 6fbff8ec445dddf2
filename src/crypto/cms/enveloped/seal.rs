//! Writing an encrypted message: whom it is for, then the content as it comes. Lengths are indefinite (X.690, 8.1.3.6):
//! nobody has to know how long the content is.

use std::io::Write;

use super::cipher::{CipherParameters, ContentCipher};
use super::content::ContentStream;
use super::{Identifier, RsaPadding, agreement, transport};
use crate::codec::{Secret, tlv};
use crate::crypto::asn1::{TAG_INTEGER, TAG_OCTET_STRING, TAG_OID, TAG_SET};
use crate::crypto::cms::oid::{AUTH_ENVELOPED_DATA, ENVELOPED_DATA};
use crate::crypto::cms::{CmsError, ID_DATA};
use crate::crypto::{PublicKey, random};

/// Somebody a message is to be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// His key, as he will look for it.
    pub id: Identifier,
    /// His key.
    pub public: PublicKey,
    /// The padding for an RSA key; other keys have none.
    pub padding: RsaPadding,
}

/// An encrypted message that is being written.
pub struct EnvelopeWriter<W> {
    out: W,
    content: ContentStream,
}

impl Addressee {
    fn seal(&self, content_key: &Secret) -> Result<Vec<u8>, CmsError> {
        let info = match &self.public {
            PublicKey::Rsa { .. } => transport::seal(&self.id, &self.public, &self.padding, content_key),
            PublicKey::Ec { curve, point } => agreement::seal(&self.id, *curve, point, content_key),
            PublicKey::Ed25519(_) | PublicKey::X25519(_) => {
                let name = self.public.algorithm_name();
                return Err(CmsError::Unsupported(format!("encryption for a key {name}")));
            }
        };
        Ok(info?)
    }

    /// The version of his RecipientInfo is not 0 (RFC 5652, 6.1).
    fn is_newer(&self) -> bool {
        matches!(self.public, PublicKey::Ec { .. }) || matches!(self.id, Identifier::KeyIdentifier(_))
    }
}

impl<W: Write> EnvelopeWriter<W> {
    /// Writes everything before the content. Errors: `Write`; those of the recipients' keys; `NoRandom`.
    pub fn begin(mut out: W, cipher: ContentCipher, addressees: &[Addressee]) -> Result<Self, CmsError> {
        let key = random::secret(cipher.key_len())?;
        let parameters = CipherParameters::generate(cipher)?;
        let infos: Vec<Vec<u8>> =
            addressees.iter().map(|addressee| addressee.seal(&key)).collect::<Result<_, _>>()?;
        let newer = addressees.iter().any(Addressee::is_newer);
        let (kind, version) = match cipher.is_authenticated() {
            true => (AUTH_ENVELOPED_DATA, 0),
            false => (ENVELOPED_DATA, if newer { 2 } else { 0 }),
        };
        let head = [
            SEQUENCE.to_vec(),
            tlv::encode(TAG_OID, kind.as_bytes()),
            EXPLICIT_0.to_vec(),
            SEQUENCE.to_vec(),
            tlv::encode(TAG_INTEGER, &[version]),
            tlv::encode(TAG_SET, &infos.concat()),
            SEQUENCE.to_vec(),
            tlv::encode(TAG_OID, ID_DATA.as_bytes()),
            parameters.to_der(),
            EXPLICIT_0.to_vec(),
        ];
        out.write_all(&head.concat()).map_err(CmsError::Write)?;
        Ok(Self { out, content: ContentStream::new(&parameters, &key)? })
    }

    /// Encrypts more of the content. Errors: `Write`; `InputLength` beyond what the cipher may encrypt.
    pub fn write(&mut self, part: &[u8]) -> Result<(), CmsError> {
        let Self { out, content } = self;
        content.encrypt(part, &mut |piece| write_piece(out, piece))
    }

    /// Writes the end. Errors: `Write`.
    pub fn finish(mut self) -> Result<W, CmsError> {
        let out = &mut self.out;
        let tag = self.content.finish_encryption(&mut |piece| write_piece(out, piece))?;
        // The content and what it stands in.
        let mut tail = [END, END].concat();
        if let Some(tag) = tag {
            tlv::write(&mut tail, TAG_OCTET_STRING, &tag);
        }
        tail.extend_from_slice(&[END, END, END].concat());
        self.out.write_all(&tail).and_then(|()| self.out.flush()).map_err(CmsError::Write)?;
        Ok(self.out)
    }
}

fn write_piece(out: &mut impl Write, piece: &[u8]) -> Result<(), CmsError> {
    out.write_all(&tlv::encode(TAG_OCTET_STRING, piece)).map_err(CmsError::Write)
}

/// Beginnings of indefinite length, and their end.
const SEQUENCE: [u8; 2] = [0x30, 0x80];
const EXPLICIT_0: [u8; 2] = [0xA0, 0x80];
const END: [u8; 2] = [0, 0];

//! Writing an encrypted message: whom it is for, then the content as it comes. Lengths are indefinite (X.690, 8.1.3.6):
//! nobody has to know how long the content is.

use std::io::Write;

use super::cipher::{CipherParameters, ContentCipher};
use super::content::ContentStream;
use super::open::TAG_SECRET_KEY;
use super::{Identifier, RsaPadding, agreement, transport};
use crate::codec::{Secret, tlv};
use crate::crypto::asn1::{TAG_INTEGER, TAG_OCTET_STRING, TAG_OID, TAG_SEQUENCE, TAG_SET};
use crate::crypto::cms::oid::{
    AES_128_WRAP, AES_192_WRAP, AES_256_WRAP, AUTH_ENVELOPED_DATA, ENVELOPED_DATA,
};
use crate::crypto::cms::{CmsError, ID_DATA};
use crate::crypto::{CryptoError, PublicKey};

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

/// The key of the content as one recipient can have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientInfo {
    der: Vec<u8>,
    /// Its version is not 0 (RFC 5652, 6.1).
    is_newer: bool,
}

impl RecipientInfo {
    /// KEKRecipientInfo (RFC 5652, 6.2.3): for those who have the secret AES key of this name, which wrapped the key of
    /// the content by AES key wrap. Errors: `InvalidKey` for another size of that key.
    pub fn for_secret_key(name: &[u8], key_bits: u32, wrapped: &[u8]) -> Result<Self, CmsError> {
        let algorithm = match key_bits {
            128 => AES_128_WRAP,
            192 => AES_192_WRAP,
            256 => AES_256_WRAP,
            _ => return Err(CmsError::Crypto(CryptoError::InvalidKey("AES"))),
        };
        let fields = [
            tlv::encode(TAG_INTEGER, &[KEK_VERSION]),
            tlv::encode(TAG_SEQUENCE, &tlv::encode(TAG_OCTET_STRING, name)),
            tlv::encode(TAG_SEQUENCE, &tlv::encode(TAG_OID, algorithm.as_bytes())),
            tlv::encode(TAG_OCTET_STRING, wrapped),
        ];
        Ok(Self { der: tlv::encode(TAG_SECRET_KEY, &fields.concat()), is_newer: true })
    }
}

/// An encrypted message that is being written.
pub struct EnvelopeWriter<W> {
    out: W,
    content: ContentStream,
}

impl Addressee {
    /// The key of the content for him. Errors: those of his key; `NoRandom`.
    pub fn info(&self, content_key: &Secret) -> Result<RecipientInfo, CmsError> {
        let der = match &self.public {
            PublicKey::Rsa { .. } => transport::seal(&self.id, &self.public, &self.padding, content_key),
            PublicKey::Ec { .. } | PublicKey::X25519(_) => {
                agreement::seal(&self.id, &self.public, content_key)
            }
            PublicKey::Ed25519(_) => {
                let name = self.public.algorithm_name();
                return Err(CmsError::Unsupported(format!("encryption for a key {name}")));
            }
        };
        let by_number = matches!(self.id, Identifier::IssuerAndSerial { .. });
        let is_newer = !(by_number && matches!(self.public, PublicKey::Rsa { .. }));
        Ok(RecipientInfo { der: der?, is_newer })
    }
}

impl<W: Write> EnvelopeWriter<W> {
    /// Writes everything before the content, for holders of private keys. Errors: `Write`; those of the recipients' keys;
    /// `NoRandom`.
    pub fn begin(out: W, cipher: ContentCipher, addressees: &[Addressee]) -> Result<Self, CmsError> {
        let key = cipher.generate_key()?;
        let infos = addressees.iter().map(|addressee| addressee.info(&key));
        let infos: Vec<RecipientInfo> = infos.collect::<Result<_, _>>()?;
        Self::begin_with(out, cipher, &key, &infos)
    }

    /// The same with a key ([`ContentCipher::generate_key`]) that the recipients have already. Errors: `Write`, `NoRandom`.
    pub fn begin_with(
        mut out: W,
        cipher: ContentCipher,
        key: &Secret,
        infos: &[RecipientInfo],
    ) -> Result<Self, CmsError> {
        let parameters = CipherParameters::generate(cipher)?;
        let newer = infos.iter().any(|info| info.is_newer);
        let infos: Vec<&[u8]> = infos.iter().map(|info| info.der.as_slice()).collect();
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
        Ok(Self { out, content: ContentStream::new(&parameters, key)? })
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

/// RFC 5652, 6.2.3.
const KEK_VERSION: u8 = 4;
/// Beginnings of indefinite length, and their end.
const SEQUENCE: [u8; 2] = [0x30, 0x80];
const EXPLICIT_0: [u8; 2] = [0xA0, 0x80];
const END: [u8; 2] = [0, 0];

//! One private key from a file: PKCS#8 plain or encrypted, PKCS#1, SEC 1, each as DER or PEM.

use super::content::Content;
use super::derivation::{Effort, Password};
use super::encryption::decrypt;
use super::error::{CONVERT_KEY, CONVERT_OPENSSH, ImportError};
use super::{ber, check_len, pem};
use crate::codec::Secret;
use crate::crypto::PrivateKey;
use crate::crypto::asn1::{Cursor, Element, TAG_INTEGER, TAG_OCTET_STRING, TAG_OID, TAG_SEQUENCE};

/// Reads the one private key of a file. The password is not looked at when the key is not encrypted.
/// Errors: `PasswordNeeded`; `WrongPassword` (a damaged encrypted key cannot be told from it);
/// `WrongContent` for a file without a private key; `SeveralKeys`; `Unsupported` for another family, curve
/// or encryption; `TooLarge`, `TooManyRounds`, `Damaged`, `BadKey`.
pub fn read_private_key(bytes: &[u8], password: Option<&Secret>) -> Result<PrivateKey, ImportError> {
    check_len(bytes)?;
    match pem::text(bytes) {
        Some(text) => from_pem(text, password),
        None => from_der(bytes, password),
    }
}

/// Decrypts an EncryptedPrivateKeyInfo (RFC 5958, 3) into a PrivateKeyInfo, DER. `Ok(None)` when the password
/// does not open it.
pub(super) fn decrypt_pkcs8(
    info: &[u8],
    password: &Password,
    effort: &mut Effort,
) -> Result<Option<Secret>, ImportError> {
    let mut fields = Cursor::new(info, WHAT).expect(TAG_SEQUENCE)?.children(WHAT);
    let algorithm = fields.expect(TAG_SEQUENCE)?;
    let data = fields.expect(TAG_OCTET_STRING)?;
    let plain = decrypt(&algorithm, data.value, password, effort)?;
    // One wrong password in 256 gives a padding that is right, but no structure.
    Ok(plain.filter(|plain| is_private_key_info(plain.expose())))
}

fn from_pem(text: &str, password: Option<&Secret>) -> Result<PrivateKey, ImportError> {
    let blocks = pem::blocks(text)?;
    let mut keys = blocks.iter().filter(|block| block.label.ends_with("PRIVATE KEY"));
    let Some(block) = keys.next() else {
        let found = blocks.iter().map(|block| Content::of_label(block.label));
        let found =
            found.into_iter().find(|content| *content != Content::Unknown).unwrap_or(Content::Unknown);
        return Err(wrong_content(found));
    };
    if keys.next().is_some() {
        let labels = blocks.iter().map(|block| block.label).filter(|label| label.ends_with("PRIVATE KEY"));
        return Err(ImportError::SeveralKeys { keys: labels.map(str::to_owned).collect() });
    }
    let unsupported =
        |what: &str, convert| ImportError::Unsupported { what: what.to_owned(), convert: Some(convert) };
    if block.label == "OPENSSH PRIVATE KEY" {
        return Err(unsupported("OpenSSH's own format of private keys", CONVERT_OPENSSH));
    }
    if block.is_legacy_encrypted {
        return Err(unsupported("the encryption of PEM headers (Proc-Type, DEK-Info)", CONVERT_KEY));
    }
    from_der(block.decode()?.expose(), password)
}

fn from_der(bytes: &[u8], password: Option<&Secret>) -> Result<PrivateKey, ImportError> {
    let der = ber::to_der(bytes, WHAT)?;
    match Content::of_der(der.expose()) {
        Content::PrivateKey => Ok(PrivateKey::from_der(&der)?),
        Content::EncryptedPrivateKey => {
            let password = password.ok_or(ImportError::PasswordNeeded { what: ENCRYPTED })?;
            let plain = decrypt_pkcs8(der.expose(), &Password::new(password), &mut Effort::of_a_file())?;
            let plain = plain.ok_or(ImportError::WrongPassword { what: ENCRYPTED })?;
            Ok(PrivateKey::from_pkcs8_der(&plain)?)
        }
        other => Err(wrong_content(other)),
    }
}

/// The outline of a PrivateKeyInfo, with nothing missing and nothing behind it.
fn is_private_key_info(plain: &[u8]) -> bool {
    let mut outer = Cursor::new(plain, WHAT);
    let Ok(info) = outer.expect(TAG_SEQUENCE) else { return false };
    let mut fields = info.children(WHAT);
    let is_algorithm =
        |element: &Element<'_>| element.children(WHAT).next().is_some_and(|id| id.tag == TAG_OID);
    outer.is_at_end()
        && fields.expect(TAG_INTEGER).is_ok()
        && fields.expect(TAG_SEQUENCE).is_ok_and(|algorithm| is_algorithm(&algorithm))
        && fields.expect(TAG_OCTET_STRING).is_ok()
}

fn wrong_content(found: Content) -> ImportError {
    ImportError::WrongContent { wanted: "a private key", found: found.describe() }
}

const WHAT: &str = "private key";
const ENCRYPTED: &str = "private key";

//! Certificates that nobody signed (RFC 9925): a public key with a name, where only certificates can be stored.

use const_oid::ObjectIdentifier;

use crate::codec::tlv;
use crate::crypto::{CryptoError, PublicKey, random};

/// A certificate without a signature, DER: subject `CN=name`, issuer the same, no end. Nothing may be concluded from it but
/// the key. Errors: `NoRandom`.
pub fn unsigned_certificate(name: &str, key: &PublicKey) -> Result<Vec<u8>, CryptoError> {
    let algorithm = tlv::encode(TAG_SEQUENCE, &tlv::encode(TAG_OID, ID_ALG_UNSIGNED.as_bytes()));
    let common_name =
        [tlv::encode(TAG_OID, COMMON_NAME.as_bytes()), tlv::encode(TAG_UTF8_STRING, name.as_bytes())];
    let common_name = tlv::encode(TAG_SET, &tlv::encode(TAG_SEQUENCE, &common_name.concat()));
    let name = tlv::encode(TAG_SEQUENCE, &common_name);
    let validity = [tlv::encode(TAG_GENERALIZED_TIME, BEGINNING), tlv::encode(TAG_GENERALIZED_TIME, NO_END)];
    let mut serial = random::bytes(SERIAL_LEN)?;
    // Positive, and not zero.
    if let Some(first) = serial.first_mut() {
        *first = (*first & 0x7F) | 0x40;
    }
    let body = [
        tlv::encode(TAG_VERSION, &tlv::encode(TAG_INTEGER, &[VERSION_3])),
        tlv::encode(TAG_INTEGER, &serial),
        algorithm.clone(),
        name.clone(),
        tlv::encode(TAG_SEQUENCE, &validity.concat()),
        name,
        key.to_spki_der(),
    ];
    let parts = [
        tlv::encode(TAG_SEQUENCE, &body.concat()),
        algorithm,
        // No bits.
        tlv::encode(TAG_BIT_STRING, &[0]),
    ];
    Ok(tlv::encode(TAG_SEQUENCE, &parts.concat()))
}

/// id-alg-unsigned (RFC 9925).
const ID_ALG_UNSIGNED: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.6.36");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const SERIAL_LEN: usize = 16;
const VERSION_3: u8 = 2;
const BEGINNING: &[u8] = b"20250101000000Z";
/// RFC 5280, 4.1.2.5: no well-defined expiration date.
const NO_END: &[u8] = b"99991231235959Z";
const TAG_INTEGER: u32 = 0x02;
const TAG_BIT_STRING: u32 = 0x03;
const TAG_OID: u32 = 0x06;
const TAG_UTF8_STRING: u32 = 0x0C;
const TAG_GENERALIZED_TIME: u32 = 0x18;
const TAG_SEQUENCE: u32 = 0x30;
const TAG_SET: u32 = 0x31;
const TAG_VERSION: u32 = 0xA0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{CertificateDetails, Curve, EcPrivateKey};

    #[test]
    fn unsigned_certificate_gives_its_key_and_no_signature() {
        let key = EcPrivateKey::generate(Curve::P384).unwrap().public();
        let der = unsigned_certificate("Digital Signature Key", &key).unwrap();
        let details = CertificateDetails::parse(&der).unwrap();
        assert_eq!(details.public_key.as_ref(), Some(&key));
        assert_eq!(details.common_name().as_deref(), Some("Digital Signature Key"));
        assert_eq!(details.signature_algorithm(), None);
        assert!(details.verify_signed_by(&key).is_err(), "nobody signed it");
    }
}

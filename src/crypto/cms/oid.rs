//! Object identifiers of messages and their algorithms.

use const_oid::ObjectIdentifier;

/// An object identifier for people: its name, where it has one.
pub(super) fn oid_text(oid: &ObjectIdentifier) -> String {
    const_oid::db::DB.by_oid(oid).map_or_else(|| oid.to_string(), str::to_owned)
}

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

// Contents: RFC 5652, 6.1; RFC 5083, 2.1.
pub(super) const ENVELOPED_DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.3");
pub(super) const AUTH_ENVELOPED_DATA: ObjectIdentifier = oid("1.2.840.113549.1.9.16.1.23");

// Ciphers and key wrap: RFC 3565, RFC 5084; RFC 3370 for triple DES.
pub(super) const AES_128_CBC: ObjectIdentifier = oid("2.16.840.1.101.3.4.1.2");
pub(super) const AES_192_CBC: ObjectIdentifier = oid("2.16.840.1.101.3.4.1.22");
pub(super) const AES_256_CBC: ObjectIdentifier = oid("2.16.840.1.101.3.4.1.42");
pub(super) const AES_128_GCM: ObjectIdentifier = oid("2.16.840.1.101.3.4.1.6");
pub(super) const AES_192_GCM: ObjectIdentifier = oid("2.16.840.1.101.3.4.1.26");
pub(super) const AES_256_GCM: ObjectIdentifier = oid("2.16.840.1.101.3.4.1.46");
pub(super) const AES_128_WRAP: ObjectIdentifier = oid("2.16.840.1.101.3.4.1.5");
pub(super) const AES_192_WRAP: ObjectIdentifier = oid("2.16.840.1.101.3.4.1.25");
pub(super) const AES_256_WRAP: ObjectIdentifier = oid("2.16.840.1.101.3.4.1.45");
pub(super) const DES_EDE3_CBC: ObjectIdentifier = oid("1.2.840.113549.3.7");

// Key transport: RFC 8017, appendix A.
pub(super) const RSA_ENCRYPTION: ObjectIdentifier = oid("1.2.840.113549.1.1.1");
pub(super) const RSAES_OAEP: ObjectIdentifier = oid("1.2.840.113549.1.1.7");
pub(super) const MGF1: ObjectIdentifier = oid("1.2.840.113549.1.1.8");
pub(super) const P_SPECIFIED: ObjectIdentifier = oid("1.2.840.113549.1.1.9");

// Key agreement: RFC 5753, 7.1.4; SEC 1, C.5. With cofactor: on our curves, where it is 1, the same.
pub(super) const ID_EC_PUBLIC_KEY: ObjectIdentifier = oid("1.2.840.10045.2.1");
pub(super) const STD_DH_SHA1: ObjectIdentifier = oid("1.3.133.16.840.63.0.2");
pub(super) const STD_DH_SHA224: ObjectIdentifier = oid("1.3.132.1.11.0");
pub(super) const STD_DH_SHA256: ObjectIdentifier = oid("1.3.132.1.11.1");
pub(super) const STD_DH_SHA384: ObjectIdentifier = oid("1.3.132.1.11.2");
pub(super) const STD_DH_SHA512: ObjectIdentifier = oid("1.3.132.1.11.3");
pub(super) const COFACTOR_DH_SHA1: ObjectIdentifier = oid("1.3.133.16.840.63.0.3");
pub(super) const COFACTOR_DH_SHA224: ObjectIdentifier = oid("1.3.132.1.14.0");
pub(super) const COFACTOR_DH_SHA256: ObjectIdentifier = oid("1.3.132.1.14.1");
pub(super) const COFACTOR_DH_SHA384: ObjectIdentifier = oid("1.3.132.1.14.2");
pub(super) const COFACTOR_DH_SHA512: ObjectIdentifier = oid("1.3.132.1.14.3");
// With HKDF: RFC 8418, 2.2.
pub(super) const STD_DH_HKDF_SHA256: ObjectIdentifier = oid("1.2.840.113549.1.9.16.3.19");
pub(super) const STD_DH_HKDF_SHA384: ObjectIdentifier = oid("1.2.840.113549.1.9.16.3.20");
pub(super) const STD_DH_HKDF_SHA512: ObjectIdentifier = oid("1.2.840.113549.1.9.16.3.21");

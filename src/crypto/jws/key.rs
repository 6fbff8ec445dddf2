//! Public keys as JSON (RFC 7517, 4; RFC 7518, 6; RFC 8037, 2; RFC 8812, 3.1) and their thumbprints (RFC 7638).

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Map, Value};

use super::malformed;
use crate::crypto::digest::digest;
use crate::crypto::{CryptoError, Curve, DigestAlgorithm, PublicKey};

/// The required members of a key, in the order of their names. Errors: `Unsupported` for keys that JSON does not have.
pub fn to_jwk(public: &PublicKey) -> Result<Value, CryptoError> {
    let text = |bytes: &[u8]| Base64UrlUnpadded::encode_string(bytes);
    let members: Vec<(&str, String)> = match public {
        PublicKey::Rsa { modulus, exponent } => {
            vec![("e", text(exponent)), ("kty", "RSA".to_owned()), ("n", text(modulus))]
        }
        PublicKey::Ec { curve, point } => {
            let row = CURVES.iter().find(|row| row.1 == *curve).ok_or_else(|| unsupported(public))?;
            // Behind the byte that says uncompressed.
            let (x, y) = point.get(1..).unwrap_or_default().split_at(curve.field_len());
            vec![("crv", row.0.to_owned()), ("kty", "EC".to_owned()), ("x", text(x)), ("y", text(y))]
        }
        PublicKey::Ed25519(key) => {
            vec![("crv", "Ed25519".to_owned()), ("kty", "OKP".to_owned()), ("x", text(key))]
        }
        PublicKey::X25519(_) => return Err(unsupported(public)),
    };
    let members = members.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value)));
    Ok(Value::Object(members.collect::<Map<_, _>>()))
}

/// Reads a public key; members that are not needed are not looked at. Errors: `Malformed`; `Unsupported` for other
/// kinds of keys; those of the key itself.
pub fn from_jwk(value: &Value) -> Result<PublicKey, CryptoError> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).ok_or_else(malformed);
    let bytes = |name: &str| Base64UrlUnpadded::decode_vec(text(name)?).map_err(|_| malformed());
    match text("kty")? {
        "RSA" => PublicKey::from_rsa(&bytes("n")?, &bytes("e")?),
        "EC" => {
            let name = text("crv")?;
            let row = CURVES.iter().find(|row| row.0 == name);
            let curve = row.map(|row| row.1).ok_or_else(|| other(name))?;
            let (x, y) = (bytes("x")?, bytes("y")?);
            if x.len() != curve.field_len() || y.len() != curve.field_len() {
                return Err(malformed());
            }
            PublicKey::from_ec_point(curve, &[&[UNCOMPRESSED], x.as_slice(), y.as_slice()].concat())
        }
        "OKP" if text("crv")? == "Ed25519" => PublicKey::from_ed25519(&bytes("x")?),
        "OKP" => Err(other(text("crv")?)),
        kind => Err(other(kind)),
    }
}

/// SHA-256 over the required members (RFC 7638, 3), base64url. Errors: as [`to_jwk`].
pub fn thumbprint(public: &PublicKey) -> Result<String, CryptoError> {
    let members = to_jwk(public)?.to_string();
    Ok(Base64UrlUnpadded::encode_string(&digest(DigestAlgorithm::Sha256, members.as_bytes())))
}

fn unsupported(public: &PublicKey) -> CryptoError {
    CryptoError::Unsupported(format!("{} in JSON", public.algorithm_name()))
}

fn other(kind: &str) -> CryptoError {
    CryptoError::Unsupported(format!("the JSON key {kind:?}"))
}

const CURVES: [(&str, Curve); 4] =
    [("P-256", Curve::P256), ("P-384", Curve::P384), ("P-521", Curve::P521), ("secp256k1", Curve::Secp256k1)];
/// SEC 1, 2.3.3.
const UNCOMPRESSED: u8 = 0x04;

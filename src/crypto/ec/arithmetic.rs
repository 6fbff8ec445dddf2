//! One curve's arithmetic behind one object-safe trait: the only place that names the curve crates.

use std::marker::PhantomData;
use std::ops::Add;

use ecdsa::hazmat::{sign_prehashed_rfc6979, verify_prehashed};
use ecdsa::{EcdsaCurve, Signature, SignatureSize};
use elliptic_curve::array::ArraySize;
use elliptic_curve::ecdh::diffie_hellman;
use elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use elliptic_curve::{
    AffinePoint, CurveArithmetic, FieldBytesSize, Generate, ProjectivePoint, PublicKey, SecretKey,
};
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use zeroize::Zeroizing;

use crate::codec::Secret;
use crate::crypto::{CryptoError, Curve};

/// What a curve can compute. Scalars are exactly `field_len` bytes.
pub(super) trait Arithmetic {
    fn generate(&self, random: &mut UnwrapErr<SysRng>) -> Secret;
    fn public_point(&self, scalar: &[u8]) -> Result<Vec<u8>, CryptoError>;
    fn sign(&self, scalar: &[u8], digest: &[u8], additional: &[u8]) -> Result<Vec<u8>, CryptoError>;
    fn verify(&self, point: &[u8], digest: &[u8], signature: &[u8]) -> Result<bool, CryptoError>;
    fn agree(&self, scalar: &[u8], peer: &[u8]) -> Result<Secret, CryptoError>;
    fn uncompressed(&self, point: &[u8]) -> Result<Vec<u8>, CryptoError>;
    fn compressed(&self, point: &[u8]) -> Result<Vec<u8>, CryptoError>;
}

/// The arithmetic of a curve.
pub(super) fn arithmetic(curve: Curve) -> &'static dyn Arithmetic {
    match curve {
        Curve::P256 => {
            const { &On::<p256::NistP256> { sign_sha256: Some(sign_p256), ..On::new(Curve::P256) } }
        }
        Curve::P384 => const { &On::<p384::NistP384>::new(Curve::P384) },
        Curve::P521 => const { &On::<p521::NistP521>::new(Curve::P521) },
        Curve::Secp256k1 => const { &On::<k256::Secp256k1>::new(Curve::Secp256k1) },
        Curve::BrainpoolP256r1 => const { &On::<bp256::BrainpoolP256r1>::new(Curve::BrainpoolP256r1) },
        Curve::BrainpoolP384r1 => const { &On::<bp384::BrainpoolP384r1>::new(Curve::BrainpoolP384r1) },
    }
}

struct On<C> {
    curve: Curve,
    group: PhantomData<fn() -> C>,
    /// A faster way to the same signature of 32 bytes, where there is one.
    sign_sha256: Option<SignSha256>,
}

/// From scalar, digest and additional data. `None` for a scalar that is no key.
type SignSha256 = fn(&[u8], &[u8], &[u8]) -> Option<[u8; 64]>;

fn sign_p256(scalar: &[u8], digest: &[u8], additional: &[u8]) -> Option<[u8; 64]> {
    Some(crrl::p256::PrivateKey::decode(scalar)?.sign_hash(digest, additional))
}

impl<C> On<C> {
    const fn new(curve: Curve) -> Self {
        Self { curve, group: PhantomData, sign_sha256: None }
    }
}

impl<C> On<C>
where
    C: EcdsaCurve + CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    fn secret(&self, scalar: &[u8]) -> Result<SecretKey<C>, CryptoError> {
        SecretKey::from_slice(scalar).map_err(|_| CryptoError::InvalidKey(self.curve.name()))
    }

    /// A point in any of the forms of SEC 1, 2.3.4; the hybrid form (06, 07) is read as the uncompressed one
    /// that it contains.
    fn point(&self, point: &[u8]) -> Result<PublicKey<C>, CryptoError> {
        let invalid = CryptoError::InvalidPoint(self.curve);
        let parsed = match (point.first(), point.last()) {
            (Some(&form @ (HYBRID_EVEN | HYBRID_ODD)), Some(last)) if form & 1 == last & 1 => {
                let mut uncompressed = point.to_vec();
                if let Some(first) = uncompressed.first_mut() {
                    *first = UNCOMPRESSED;
                }
                PublicKey::from_sec1_bytes(&uncompressed)
            }
            (Some(_), Some(_)) => PublicKey::from_sec1_bytes(point),
            _ => return Err(invalid),
        };
        parsed.map_err(|_| invalid)
    }
}

impl<C> Arithmetic for On<C>
where
    C: EcdsaCurve + CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize + Add,
    SignatureSize<C>: ArraySize,
{
    fn generate(&self, random: &mut UnwrapErr<SysRng>) -> Secret {
        let scalar = Zeroizing::new(SecretKey::<C>::generate_from_rng(random).to_bytes());
        Secret::from(scalar.as_slice())
    }

    fn public_point(&self, scalar: &[u8]) -> Result<Vec<u8>, CryptoError> {
        Ok(self.secret(scalar)?.public_key().to_sec1_point(false).as_bytes().to_vec())
    }

    fn sign(&self, scalar: &[u8], digest: &[u8], additional: &[u8]) -> Result<Vec<u8>, CryptoError> {
        if let Some(sign) = self.sign_sha256.filter(|_| digest.len() == SHA256_LEN) {
            let signature = sign(scalar, digest, additional);
            return signature.map(Vec::from).ok_or(CryptoError::InvalidKey(self.curve.name()));
        }
        let scalar = Zeroizing::new(self.secret(scalar)?.to_nonzero_scalar());
        // RFC 6979 takes the digest's own hash for its HMAC; a digest says by its length which that was.
        let (signature, _) = match digest.len() {
            20 => sign_prehashed_rfc6979::<C, sha1::Sha1>(&scalar, digest, additional),
            28 => sign_prehashed_rfc6979::<C, sha2::Sha224>(&scalar, digest, additional),
            48 => sign_prehashed_rfc6979::<C, sha2::Sha384>(&scalar, digest, additional),
            64 => sign_prehashed_rfc6979::<C, sha2::Sha512>(&scalar, digest, additional),
            _ => sign_prehashed_rfc6979::<C, sha2::Sha256>(&scalar, digest, additional),
        };
        Ok(signature.to_bytes().to_vec())
    }

    fn verify(&self, point: &[u8], digest: &[u8], signature: &[u8]) -> Result<bool, CryptoError> {
        let point = ProjectivePoint::<C>::from(*self.point(point)?.as_affine());
        let Ok(signature) = Signature::<C>::from_slice(signature) else {
            return Ok(false);
        };
        // secp256k1's crate takes only signatures with a low s, a rule of Bitcoin; ECDSA knows no such rule.
        let signature = if C::NORMALIZE_S { signature.normalize_s() } else { signature };
        Ok(verify_prehashed(&point, digest, &signature).is_ok())
    }

    fn agree(&self, scalar: &[u8], peer: &[u8]) -> Result<Secret, CryptoError> {
        let scalar = Zeroizing::new(self.secret(scalar)?.to_nonzero_scalar());
        let shared = diffie_hellman::<C>(&*scalar, self.point(peer)?.as_affine());
        Ok(Secret::from(shared.raw_secret_bytes().as_slice()))
    }

    fn uncompressed(&self, point: &[u8]) -> Result<Vec<u8>, CryptoError> {
        Ok(self.point(point)?.to_sec1_point(false).as_bytes().to_vec())
    }

    fn compressed(&self, point: &[u8]) -> Result<Vec<u8>, CryptoError> {
        Ok(self.point(point)?.to_sec1_point(true).as_bytes().to_vec())
    }
}

const SHA256_LEN: usize = 32;
// First byte of a point, SEC 1 version 2.0, 2.3.3 and X9.62, 4.3.6.
const UNCOMPRESSED: u8 = 0x04;
const HYBRID_EVEN: u8 = 0x06;
const HYBRID_ODD: u8 = 0x07;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::Reproducible;

    #[test]
    fn faster_way_leads_to_the_same_signature() {
        let usual = On::<p256::NistP256>::new(Curve::P256);
        let mut random = Reproducible::new("faster_way");
        for additional in [0, 32].into_iter().cycle().take(64) {
            let scalar = usual.generate(&mut UnwrapErr(SysRng));
            let (digest, additional) = (random.bytes(32), random.bytes(additional));
            let faster = arithmetic(Curve::P256).sign(scalar.expose(), &digest, &additional);
            assert_eq!(faster, usual.sign(scalar.expose(), &digest, &additional));
        }
        // More than the order takes part in another way than less.
        let scalar = [1; 32];
        for digest in [[0; 32], [0xFF; 32]] {
            assert_eq!(
                arithmetic(Curve::P256).sign(&scalar, &digest, &[]),
                usual.sign(&scalar, &digest, &[])
            );
        }
        for scalar in [[0; 32].as_slice(), &[0xFF; 32], &[1; 31]] {
            let refused = Err(CryptoError::InvalidKey(Curve::P256.name()));
            assert_eq!(arithmetic(Curve::P256).sign(scalar, &[7; 32], &[]), refused);
        }
    }
}

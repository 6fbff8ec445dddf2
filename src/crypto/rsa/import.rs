//! RSA private keys from outside: CRT components as cards are given them, PKCS#1 and PKCS#8.

use rsa::BoxedUint;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::{PrivateKeyParts, PublicKeyParts};

use super::public::{MAX_EXPONENT_BITS, number};
use super::{MAX_MODULUS_BITS, MIN_MODULUS_BITS, RsaPrivateKey};
use crate::codec::Secret;
use crate::crypto::asn1::{Cursor, TAG_INTEGER, TAG_SEQUENCE};
use crate::crypto::integer::{fit, trim};
use crate::crypto::{CryptoError, random};

/// The numbers of a private key, big-endian, leading zeros allowed; `None` where the source does not give
/// one. Debug shows lengths only.
#[derive(Debug, Clone, Default)]
pub struct RsaComponents {
    /// Modulus: computed from the primes when absent.
    pub modulus: Option<Vec<u8>>,
    /// Public exponent: computed from `exponent_p` when absent.
    pub public_exponent: Option<Vec<u8>>,
    /// First prime, p.
    pub prime_p: Secret,
    /// Second prime, q.
    pub prime_q: Secret,
    /// d mod (p − 1), dP.
    pub exponent_p: Option<Secret>,
    /// d mod (q − 1), dQ.
    pub exponent_q: Option<Secret>,
    /// q⁻¹ mod p, qInv.
    pub coefficient: Option<Secret>,
}

impl RsaPrivateKey {
    /// Builds a key from its primes and checks everything else that is given against them. Errors:
    /// `InvalidKey` when something is missing (a public exponent, with no dP to compute it from), does not
    /// fit together, is no half of the modulus, or gives a modulus that is not 1024 to 4096 bits long.
    pub fn from_components(components: &RsaComponents) -> Result<Self, CryptoError> {
        let p = number(components.prime_p.expose(), MAX_MODULUS_BITS)?;
        let q = number(components.prime_q.expose(), MAX_MODULUS_BITS)?;
        let e = match (&components.public_exponent, &components.exponent_p) {
            (Some(exponent), _) => number(exponent, MAX_EXPONENT_BITS)?,
            (None, Some(exponent_p)) => public_exponent(&p, exponent_p)?,
            (None, None) => return Err(INVALID),
        };
        for prime in [&p, &q] {
            if prime.bits() < MIN_PRIME_BITS || !prime.to_odd().is_some().to_bool() {
                return Err(INVALID);
            }
        }
        let key = rsa::RsaPrivateKey::from_p_q(p, q, e).map_err(|_| INVALID)?;
        let key = Self::checked(key)?;
        key.agrees_with(components)?;
        key.prove()?;
        Ok(key)
    }

    /// Builds a key of two primes from its exponents alone, by which the modulus is factored (SP 800-56B, appendix C).
    /// Errors: `InvalidKey` when they do not fit together, the public exponent is not above 2¹⁶ as that method wants it, or
    /// the modulus is not 1024 to 4096 bits long.
    pub fn from_exponents(
        modulus: &[u8],
        public_exponent: &[u8],
        private_exponent: &Secret,
    ) -> Result<Self, CryptoError> {
        let n = number(modulus, MAX_MODULUS_BITS)?;
        let e = number(public_exponent, MAX_EXPONENT_BITS)?;
        let d = number(private_exponent.expose(), MAX_MODULUS_BITS)?;
        // Factoring runs on what fits a key alone: none of the three is even, and with d = 0 the crate would panic.
        let odd = [&n, &e, &d].iter().all(|number| number.to_odd().is_some().to_bool());
        if n.bits_vartime() < MIN_MODULUS_BITS || !odd || d >= n {
            return Err(INVALID);
        }
        rsa::RsaPrivateKey::from_components(n, e, d, Vec::new()).map_err(|_| INVALID).and_then(Self::proven)
    }

    /// Reads a PKCS#1 RSAPrivateKey (RFC 8017, A.1.2), two primes. Errors: `InvalidKey`; `Unsupported` for a
    /// modulus that is not 1024 to 4096 bits long.
    pub fn from_pkcs1_der(der: &Secret) -> Result<Self, CryptoError> {
        check_size(der)?;
        rsa::RsaPrivateKey::from_pkcs1_der(der.expose()).map_err(|_| INVALID).and_then(Self::proven)
    }

    /// Reads a PKCS#8 PrivateKeyInfo (RFC 5958) with an RSA key, not encrypted. Errors: `InvalidKey`.
    pub fn from_pkcs8_der(der: &Secret) -> Result<Self, CryptoError> {
        rsa::RsaPrivateKey::from_pkcs8_der(der.expose()).map_err(|_| INVALID).and_then(Self::proven)
    }

    /// Takes what [`Self::to_bytes`] gave, from a source that is trusted (authenticated) not to have changed
    /// it. Errors: `InvalidKey`.
    pub fn from_bytes(bytes: &Secret) -> Result<Self, CryptoError> {
        rsa::RsaPrivateKey::from_pkcs1_der(bytes.expose()).map_err(|_| INVALID).and_then(Self::checked)
    }

    /// All numbers of the key, for a card that wants to import it: the secret ones as long as half of the
    /// modulus. Errors: `InvalidKey` when the key has no CRT values, which no key of this type has.
    pub fn components(&self) -> Result<RsaComponents, CryptoError> {
        let half = self.modulus_len().div_ceil(2);
        let [p, q] = self.0.primes() else { return Err(INVALID) };
        let (exponent_p, exponent_q) = self.0.dp().zip(self.0.dq()).ok_or(INVALID)?;
        let coefficient = self.0.crt_coefficient().ok_or(INVALID)?;
        let secret = |number: &BoxedUint| super::secret_block(number, half);
        Ok(RsaComponents {
            modulus: Some(self.0.n_bytes().into_vec()),
            public_exponent: Some(self.0.e_bytes().into_vec()),
            prime_p: secret(p),
            prime_q: secret(q),
            exponent_p: Some(secret(exponent_p)),
            exponent_q: Some(secret(exponent_q)),
            coefficient: Some(secret(&coefficient)),
        })
    }

    fn proven(key: rsa::RsaPrivateKey) -> Result<Self, CryptoError> {
        let key = Self::checked(key)?;
        key.prove()?;
        Ok(key)
    }

    fn checked(key: rsa::RsaPrivateKey) -> Result<Self, CryptoError> {
        let has_crt = key.dp().is_some() && key.primes().len() == 2;
        let fits = (MIN_MODULUS_BITS..=MAX_MODULUS_BITS).contains(&key.n().bits_vartime());
        if has_crt && fits { Ok(Self(Box::new(key))) } else { Err(INVALID) }
    }

    /// One private operation with its check: numbers that fit together but are not prime do not pass.
    fn prove(&self) -> Result<(), CryptoError> {
        let mut block = random::bytes(self.modulus_len())?;
        if let Some(first) = block.first_mut() {
            *first = 0;
        }
        match self.raw(&block) {
            Ok(_) => Ok(()),
            Err(CryptoError::NoRandom) => Err(CryptoError::NoRandom),
            Err(_) => Err(INVALID),
        }
    }

    fn agrees_with(&self, given: &RsaComponents) -> Result<(), CryptoError> {
        let own = self.components()?;
        let same_secret = |given: &Option<Secret>, own: &Option<Secret>| match (given, own) {
            (Some(given), Some(own)) => fit(given.expose(), own.len()).as_ref() == Some(own),
            _ => true,
        };
        let same_modulus = given.modulus.as_ref().is_none_or(|modulus| {
            number(modulus, MAX_MODULUS_BITS).is_ok_and(|modulus| modulus == self.0.n().as_ref())
        });
        let agrees = same_modulus
            && same_secret(&given.exponent_p, &own.exponent_p)
            && same_secret(&given.exponent_q, &own.exponent_q)
            && same_secret(&given.coefficient, &own.coefficient);
        if agrees { Ok(()) } else { Err(INVALID) }
    }
}

/// Numbers without limit would be computed with for as long as a file wants.
fn check_size(der: &Secret) -> Result<(), CryptoError> {
    let mut fields = Cursor::new(der.expose(), WHAT).expect(TAG_SEQUENCE)?.children(WHAT);
    fields.expect(TAG_INTEGER)?;
    let modulus = trim(fields.expect(TAG_INTEGER)?.value);
    let unused = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    let bits = modulus.len() * 8 - unused;
    let is_size = bits >= SMALLEST_REAL_BITS;
    if is_size && !(MIN_MODULUS_BITS as usize..=MAX_MODULUS_BITS as usize).contains(&bits) {
        return Err(CryptoError::Unsupported(format!("RSA with {bits} bits")));
    }
    if der.len() > MAX_PKCS1_LEN { Err(INVALID) } else { Ok(()) }
}

/// e = dP⁻¹ mod (p − 1).
fn public_exponent(p: &BoxedUint, exponent_p: &Secret) -> Result<BoxedUint, CryptoError> {
    let order = p.wrapping_sub(BoxedUint::one()).to_nz().into_option().ok_or(INVALID)?;
    let exponent_p =
        BoxedUint::from_be_slice(trim(exponent_p.expose()), p.bits_precision()).map_err(|_| INVALID)?;
    exponent_p.invert_mod(&order).into_option().ok_or(INVALID)
}

/// Far below any prime of a key that is let in: keeps the arithmetic away from zero and one.
const MIN_PRIME_BITS: u32 = 128;
/// Smaller keys were never made: such a number is no modulus.
const SMALLEST_REAL_BITS: usize = 384;
/// A key of 4096 bits takes 2400 bytes.
const MAX_PKCS1_LEN: usize = 4096;
const WHAT: &str = "RSA private key";
const INVALID: CryptoError = CryptoError::InvalidKey("RSA");

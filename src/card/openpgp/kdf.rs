//! KDF-DO (OpenPGP card 3.4, 4.3.2): PINs that the host hashes before the card sees them, by the iterated and salted
//! S2K of RFC 4880 (3.7.1.3).

use zeroize::Zeroizing;

use super::pin::Pin;
use crate::card::CardError;
use crate::codec::{Secret, tlv};
use crate::crypto::{DigestAlgorithm, Digester, random};

/// How PINs become what the card is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kdf {
    /// As they are typed.
    None,
    /// Hashed.
    Hashed(S2k),
}

/// Iterated and salted S2K.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct S2k {
    digest: DigestAlgorithm,
    /// Bytes to be hashed.
    count: u32,
    /// Of PW1, resetting code, PW3. Where the card has one salt, it is that of PW1.
    salts: [[u8; SALT_LEN]; 3],
    /// Initial values of PW1 and PW3 (87 and 88): cards that set their PINs anew with the DO take them, the others keep
    /// them for nothing. Everybody reads them.
    initial: [Vec<u8>; 2],
}

impl Kdf {
    /// Reads the DO; an empty one says that PINs are not hashed. Errors: `Malformed`.
    pub fn parse(bytes: &[u8]) -> Result<Self, CardError> {
        let bytes = tlv::find(bytes, TAG_KDF).unwrap_or(bytes);
        let algorithm = match tlv::find(bytes, TAG_ALGORITHM) {
            None if bytes.is_empty() => return Ok(Self::None),
            None => return Err(damaged("no algorithm")),
            Some(algorithm) => algorithm,
        };
        match algorithm {
            [NO_KDF] => Ok(Self::None),
            [ITERATED_SALTED] => S2k::parse(bytes).map(Self::Hashed),
            _ => Err(damaged("an algorithm that nobody knows")),
        }
    }

    /// Hashing as no other card has it.
    pub fn fresh() -> Result<Self, CardError> {
        let mut salts = [[0; SALT_LEN]; 3];
        salts.iter_mut().try_for_each(|salt| random::fill(salt))?;
        let initial = Default::default();
        Ok(Self::Hashed(S2k { digest: DigestAlgorithm::Sha256, count: FRESH_COUNT, salts, initial }))
    }

    /// For cards that set their PINs anew with the DO: they become these.
    pub fn setting(&self, user: &Secret, admin: &Secret) -> Self {
        self.with_initial([(Pin::User, user), (Pin::Admin, admin)].map(|(pin, value)| self.form(pin, value)))
    }

    /// While the PINs become what the host sends: each is hashed already, or still bare. Said by values that nobody else
    /// writes, the complements of others: the initial ones are those of the hashes, so that who knows a PIN is told
    /// whether it is one of these, and the resetting code's salt is that of PW1's, which tells everybody. There must be
    /// no resetting code. Whoever reads the initial values can try PINs against them, as long as they are there.
    pub fn unfinished(&self, user: &Secret, admin: &Secret) -> Self {
        let initial = [(Pin::User, user), (Pin::Admin, admin)];
        let initial = initial.map(|(pin, value)| complement(&self.form(pin, value)).collect());
        match self.with_initial(initial) {
            Self::None => Self::None,
            Self::Hashed(s2k) => {
                let [user, _, admin] = s2k.salts;
                Self::Hashed(S2k { salts: [user, user.map(|byte| !byte), admin], ..s2k })
            }
        }
    }

    /// Whether [`Kdf::unfinished`] was written, and nothing since.
    pub fn is_unfinished(&self) -> bool {
        let Self::Hashed(S2k { salts: [user, code, _], .. }) = self else { return false };
        complement(user).eq(code.iter().copied())
    }

    /// As it is in the end: the initial values, which GnuPG does not do without, say nothing, and the resetting code, which
    /// is not there, will have a salt of its own.
    pub fn finished(&self) -> Result<Self, CardError> {
        let mut initial = [vec![0; INITIAL_LEN], vec![0; INITIAL_LEN]];
        initial.iter_mut().try_for_each(|value| random::fill(value))?;
        let mut finished = self.with_initial(initial);
        if let Self::Hashed(S2k { salts: [_, code, _], .. }) = &mut finished {
            random::fill(code)?;
        }
        Ok(finished)
    }

    /// Whether the card may have this PIN as it is typed all the same. `form` is what [`Kdf::apply`] made of it.
    pub fn may_be_bare(&self, pin: Pin, form: &Secret) -> bool {
        let Some(initial) = self.initial(pin) else { return false };
        complement(form.expose()).eq(initial.iter().copied())
    }

    /// The initial value of a PIN, if it has one.
    pub fn initial(&self, pin: Pin) -> Option<&[u8]> {
        let Self::Hashed(s2k) = self else { return None };
        let [user, admin] = &s2k.initial;
        let value = match pin {
            Pin::User | Pin::UserSign => user,
            Pin::Admin => admin,
            Pin::ResettingCode => return None,
        };
        (!value.is_empty()).then_some(value)
    }

    fn form(&self, pin: Pin, value: &Secret) -> Vec<u8> {
        self.apply(pin, value).expose().to_vec()
    }

    fn with_initial(&self, initial: [Vec<u8>; 2]) -> Self {
        match self {
            Self::None => Self::None,
            Self::Hashed(s2k) => Self::Hashed(S2k { initial, ..s2k.clone() }),
        }
    }

    /// The DO as PUT DATA takes it.
    pub fn encode(&self) -> Secret {
        let mut bytes = Vec::with_capacity(ENCODED_LEN);
        let Self::Hashed(s2k) = self else {
            tlv::write(&mut bytes, TAG_ALGORITHM, &[NO_KDF]);
            return Secret::new(bytes);
        };
        let digest = if s2k.digest == DigestAlgorithm::Sha512 { SHA512 } else { SHA256 };
        tlv::write(&mut bytes, TAG_ALGORITHM, &[ITERATED_SALTED]);
        tlv::write(&mut bytes, TAG_DIGEST, &[digest]);
        tlv::write(&mut bytes, TAG_COUNT, &s2k.count.to_be_bytes());
        for (tag, salt) in [TAG_SALT_USER, TAG_SALT_CODE, TAG_SALT_ADMIN].into_iter().zip(&s2k.salts) {
            tlv::write(&mut bytes, tag, salt);
        }
        for (tag, value) in [TAG_INITIAL_USER, TAG_INITIAL_ADMIN].into_iter().zip(&s2k.initial) {
            tlv::write(&mut bytes, tag, value);
        }
        Secret::new(bytes)
    }

    /// What the card is sent for a PIN.
    pub fn apply(&self, pin: Pin, value: &Secret) -> Secret {
        match self {
            Self::None => value.clone(),
            Self::Hashed(s2k) => s2k.hash(pin, value),
        }
    }
}

impl S2k {
    fn parse(bytes: &[u8]) -> Result<Self, CardError> {
        let digest = match tlv::find(bytes, TAG_DIGEST) {
            Some([SHA256]) => DigestAlgorithm::Sha256,
            Some([SHA512]) => DigestAlgorithm::Sha512,
            _ => return Err(damaged("a digest that nobody knows")),
        };
        let count = tlv::find(bytes, TAG_COUNT).and_then(|count| <[u8; 4]>::try_from(count).ok());
        let count = u32::from_be_bytes(count.ok_or_else(|| damaged("no count"))?);
        if count > MAX_COUNT {
            return Err(damaged("more work than anybody waits for"));
        }
        let salt = |tag| tlv::find(bytes, tag).and_then(|salt| <[u8; SALT_LEN]>::try_from(salt).ok());
        let user = salt(TAG_SALT_USER).ok_or_else(|| damaged("no salt"))?;
        let salts = [user, salt(TAG_SALT_CODE).unwrap_or(user), salt(TAG_SALT_ADMIN).unwrap_or(user)];
        let initial = [TAG_INITIAL_USER, TAG_INITIAL_ADMIN]
            .map(|tag| tlv::find(bytes, tag).unwrap_or_default().to_vec());
        Ok(Self { digest, count, salts, initial })
    }

    /// Salt and PIN over and over, until `count` bytes are hashed; once at least.
    fn hash(&self, pin: Pin, value: &Secret) -> Secret {
        let salt = self.salts.get(pin.counter()).copied().unwrap_or_default();
        let mut once = Zeroizing::new(Vec::with_capacity(SALT_LEN + value.len()));
        once.extend_from_slice(&salt);
        once.extend_from_slice(value.expose());
        let mut digester = Digester::new(self.digest);
        let mut left = (self.count as usize).max(once.len());
        // In pieces of many rounds: one round is a dozen bytes.
        let piece = Zeroizing::new(once.repeat(PIECE_LEN.div_ceil(once.len())));
        while left > 0 {
            let part = piece.get(..left.min(piece.len())).unwrap_or_default();
            digester.update(part);
            left -= part.len();
        }
        Secret::new(digester.finish())
    }
}

/// Every bit the other one.
fn complement(bytes: &[u8]) -> impl Iterator<Item = u8> {
    bytes.iter().map(|byte| !byte)
}

fn damaged(why: &str) -> CardError {
    CardError::Malformed { what: "key derivation data (DO F9)".to_owned(), why: why.to_owned() }
}

/// The DO itself.
pub(super) const TAG_KDF_DO: u16 = 0xF9;
const TAG_KDF: u32 = 0xF9;
const TAG_ALGORITHM: u32 = 0x81;
const TAG_DIGEST: u32 = 0x82;
const TAG_COUNT: u32 = 0x83;
const TAG_SALT_USER: u32 = 0x84;
const TAG_SALT_CODE: u32 = 0x85;
const TAG_SALT_ADMIN: u32 = 0x86;
const TAG_INITIAL_USER: u32 = 0x87;
const TAG_INITIAL_ADMIN: u32 = 0x88;
const NO_KDF: u8 = 0x00;
const ITERATED_SALTED: u8 = 0x03;
/// Numbers of RFC 4880, 9.4.
const SHA256: u8 = 0x08;
const SHA512: u8 = 0x0A;
const SALT_LEN: usize = 8;
/// SHA-256.
const INITIAL_LEN: usize = 32;
/// RFC 4880 counts no further (3.7.1.3).
const MAX_COUNT: u32 = 0x03E0_0000;
/// Bytes that a new KDF hashes: some hundredths of a second, and much work for whoever has to guess.
const FRESH_COUNT: u32 = 0x0100_0000;
/// The DO with SHA-512, without growing: it holds hashes of PINs.
const ENCODED_LEN: usize = 256;
const PIECE_LEN: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;

    /// The salts and the count of the standard's example, SHA-256.
    fn example() -> Vec<u8> {
        hex::decode(concat!(
            "810103",
            "820108",
            "8304000186a0",
            "84083031323334353637",
            "85084142434445464748",
            "86083837363534333231",
        ))
        .unwrap()
    }

    #[test]
    fn kdf_hashes_as_the_standard_and_as_another_implementation() {
        let Kdf::Hashed(s2k) = Kdf::parse(&example()).unwrap() else { panic!("no KDF") };
        let hash = |pin, value: &str| hex::encode(s2k.hash(pin, &Secret::from(value)).expose());
        assert_eq!(
            hash(Pin::User, "123456"),
            "773784a602b6c81e3f092f4d7d00e17cc822d88f7360fcf2d2ef2d9d901f44b6"
        );
        // By Python's hashlib.
        assert_eq!(
            hash(Pin::Admin, "12345678"),
            "0642968eebeec0d58e7f0e9553e7c98e1427a62b03b073bc71bafbb2465f452b"
        );
        assert_eq!(hash(Pin::User, "123456"), hash(Pin::UserSign, "123456"));
    }

    #[test]
    fn kdf_is_read_with_and_without_its_tag_and_none_is_none() {
        let bytes = example();
        assert_eq!(Kdf::parse(&bytes).unwrap(), Kdf::parse(&tlv::encode(TAG_KDF, &bytes)).unwrap());
        assert_eq!(Kdf::parse(&[]).unwrap(), Kdf::None);
        assert_eq!(Kdf::parse(&[0x81, 0x01, 0x00]).unwrap(), Kdf::None);
        // One salt for all.
        let Kdf::Hashed(one) = Kdf::parse(&bytes[..22]).unwrap() else { panic!("no KDF") };
        assert_eq!(one.hash(Pin::Admin, &Secret::from("1")), one.hash(Pin::User, &Secret::from("1")));
    }

    #[test]
    fn kdf_tells_everybody_that_it_is_unfinished_until_it_is_finished() {
        let (user, admin) = (Secret::from("123456"), Secret::from("12345678"));
        let one_salt = Kdf::parse(&example()[..22]).unwrap();
        for kdf in [Kdf::fresh().unwrap(), Kdf::parse(&example()).unwrap(), one_salt] {
            let unfinished = kdf.unfinished(&user, &admin);
            let read = Kdf::parse(unfinished.encode().expose()).unwrap();
            assert!(read.is_unfinished() && read == unfinished);
            // The PINs are hashed as they were, and to write it once more changes nothing.
            assert_eq!(read.apply(Pin::User, &user), kdf.apply(Pin::User, &user));
            assert_eq!(read.apply(Pin::Admin, &admin), kdf.apply(Pin::Admin, &admin));
            assert_eq!(read.unfinished(&user, &admin), read);
            let finished = read.finished().unwrap();
            for done in [&kdf, &finished, &kdf.setting(&user, &admin), &Kdf::None] {
                assert!(!done.is_unfinished(), "{done:?}");
            }
            assert_eq!(finished.apply(Pin::User, &user), kdf.apply(Pin::User, &user));
        }
    }

    #[test]
    fn kdf_damaged_or_endless_is_an_error() {
        let whole = example();
        for end in 1..whole.len() - 20 {
            assert!(Kdf::parse(&whole[..end]).is_err(), "cut at {end}");
        }
        let endless = [&whole[..6], &hex::decode("8304ffffffff").unwrap(), &whole[12..]].concat();
        assert!(Kdf::parse(&endless).unwrap_err().to_string().contains("work"));
        assert!(Kdf::parse(&[0x81, 0x01, 0x04]).is_err());
    }
}

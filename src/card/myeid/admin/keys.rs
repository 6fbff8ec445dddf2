//! Keys on a MyEID card: generated there or loaded from outside, then entered in the directories.

use crate::apdu::{Channel, StatusWord};
use crate::card::CardError;
use crate::card::admin::{CreatedKey, ImportedKey, KeyMaterial, KeyType, NewKey, ObjectKind, Write};
use crate::card::pkcs15::FileKind;
use crate::card::pkcs15::write::{
    DirectoryWriting as _, KeyDescription, ObjectWriting as _, Structure as _, check_id, check_label,
    key_entry, refused, secret_key_entry,
};
use crate::codec::{Secret, tlv};
use crate::crypto::rsa::RsaComponents;
use crate::crypto::{Curve, PrivateKey, PublicKey};

use super::super::MyEid;
use super::super::commands;
use super::super::write_commands::{self, Access, FileType, KeyPart, KeyRules};
use super::structure;

impl MyEid {
    /// See [`CardAdmin::generate_key`](crate::card::CardAdmin::generate_key).
    pub(super) fn add_key(
        &mut self,
        channel: &mut Channel<'_>,
        key: &NewKey<'_>,
    ) -> Result<CreatedKey, CardError> {
        let description = KeyDescription::from(key);
        let file_type = self.key_file_type(key.key_type, "generate")?;
        self.make_key(channel, &description, (key.key_type, file_type), |channel| {
            generate(channel, key.key_type)
        })
    }

    /// See [`CardAdmin::import_key`](crate::card::CardAdmin::import_key).
    pub(super) fn add_imported_key(
        &mut self,
        channel: &mut Channel<'_>,
        key: &ImportedKey<'_>,
    ) -> Result<CreatedKey, CardError> {
        let description = KeyDescription::from(key);
        let key_type = match key.key {
            KeyMaterial::Private(PrivateKey::Rsa(key)) => KeyType::Rsa(key.modulus_bits()),
            KeyMaterial::Private(PrivateKey::Ec(key)) => KeyType::Ec(key.curve()),
            KeyMaterial::Private(PrivateKey::Ed25519(_)) => KeyType::Ed25519,
            KeyMaterial::Private(PrivateKey::X25519(_)) => KeyType::X25519,
            KeyMaterial::Aes(key) => KeyType::Aes(u32::try_from(key.len() * 8).unwrap_or(u32::MAX)),
        };
        let file_type = self.key_file_type(key_type, "import")?;
        if let KeyType::Rsa(bits) = key_type
            && bits > MOST_BITS_WITHOUT_CHAINING
            && !self.info.chains()
        {
            return Err(CardError::NotSupported {
                what: format!("import rsa:{bits}: without command chaining it takes up to rsa:2048"),
            });
        }
        let chains = self.info.chains();
        let parts = key_parts(key.key, chains)?;
        let public = match key.key {
            KeyMaterial::Private(key) => Some(key.public()),
            KeyMaterial::Aes(_) => None,
        };
        self.make_key(channel, &description, (key_type, file_type), |channel| {
            load(channel, &parts)?;
            Ok(public)
        })
    }

    /// The key file, the key in it, the public half, and then the entries that name them.
    fn make_key(
        &mut self,
        channel: &mut Channel<'_>,
        key: &KeyDescription<'_>,
        (key_type, file_type): (KeyType, FileType),
        fill: impl FnOnce(&mut Channel<'_>) -> Result<Option<PublicKey>, CardError>,
    ) -> Result<CreatedKey, CardError> {
        check_label(key.label)?;
        check_id(key.id)?;
        let (kind, first) = match key_type {
            KeyType::Aes(_) => (ObjectKind::SecretKey, structure::FIRST_SECRET_KEY),
            KeyType::Rsa(_) | KeyType::Ec(_) | KeyType::Ed25519 | KeyType::X25519 => {
                (ObjectKind::KeyPair, structure::FIRST_KEY)
            }
        };
        if key.extractable && kind == ObjectKind::KeyPair {
            return Err(CardError::NotSupported { what: "make a private key that may leave it".to_owned() });
        }
        self.require(channel, Write::Store(kind, Some(key.owner)))?;
        let home = self.home(Some(key.owner))?;
        let directory = match kind {
            ObjectKind::SecretKey => FileKind::SecretKeys,
            _ => FileKind::PrivateKeys,
        };
        let directory = self.directory_for(channel, &home, directory)?;
        let public_directory = match kind {
            ObjectKind::SecretKey => None,
            _ => Some(self.directory_for(channel, &home, FileKind::PublicKeys)?),
        };
        let rules = KeyRules {
            consent_pin: key.always_authenticate.then_some(home.writer),
            extractable: key.extractable,
        };
        let place = (&home.folder[..], first);
        let file = self.create_free_with(channel, place, file_type, Access::key(home.writer), rules)?;
        let public = fill(channel)?;
        let public = match (public, public_directory) {
            (Some(public), Some(index)) => {
                let object = self.enter_public_half(channel, (&home, index), key, &public)?;
                Some((object, public))
            }
            _ => None,
        };
        let entry = match key_type {
            KeyType::Aes(bits) => secret_key_entry(key, &home, file, (bits, structure::AES_ALGORITHM)),
            _ => key_entry(key, &home, home.path(file), u32::from(file & 0xFF), key_type),
        };
        let object = self.append(channel, directory, entry)?;
        Ok(CreatedKey { object, public })
    }

    /// The file for a key, if the card has such keys. Errors: `NotSupported` with what it has.
    fn key_file_type(&self, key_type: KeyType, doing: &str) -> Result<FileType, CardError> {
        let abilities = &self.abilities;
        let has = match key_type {
            KeyType::Rsa(bits) if !abilities.rsa_bits.contains(&bits) => {
                (format!("rsa:{bits}"), list("rsa", &abilities.rsa_bits))
            }
            KeyType::Aes(bits) if !abilities.aes_bits.contains(&bits) => {
                (format!("aes:{bits}"), list("aes", &abilities.aes_bits))
            }
            KeyType::Ec(curve) if !abilities.ecdsa.contains(&curve) => {
                (format!("ec:{curve}"), list("ec", &abilities.ecdsa))
            }
            KeyType::Ed25519 => ("ed25519".to_owned(), list("ec", &abilities.ecdsa)),
            KeyType::X25519 => ("x25519".to_owned(), list("ec", &abilities.ecdsa)),
            KeyType::Rsa(bits) => return Ok(FileType::Rsa(u16::try_from(bits).unwrap_or(u16::MAX))),
            KeyType::Aes(bits) => return Ok(FileType::Aes(u16::try_from(bits).unwrap_or(u16::MAX))),
            KeyType::Ec(Curve::Secp256k1) => return Ok(FileType::Secp256k1),
            KeyType::Ec(curve) => {
                return Ok(FileType::NistCurve(u16::try_from(curve.bits()).unwrap_or(u16::MAX)));
            }
        };
        let (wanted, has) = has;
        Err(CardError::NotSupported { what: format!("{doing} {wanted}: it has {has}") })
    }
}

/// `rsa:1024, rsa:2048`.
fn list<T: std::fmt::Display>(family: &str, sizes: &[T]) -> String {
    if sizes.is_empty() {
        return format!("no {family} keys");
    }
    sizes.iter().map(|size| format!("{family}:{size}")).collect::<Vec<_>>().join(", ")
}

/// Generates a key in the selected key file.
fn generate(channel: &mut Channel<'_>, key_type: KeyType) -> Result<Option<PublicKey>, CardError> {
    let command = match key_type {
        KeyType::Rsa(bits) => write_commands::generate_rsa(bits as usize / 8),
        KeyType::Ec(_) => write_commands::generate_ec(),
        KeyType::Aes(_) => write_commands::generate_aes(),
        KeyType::Ed25519 | KeyType::X25519 => return Err(no_25519()),
    };
    let response = channel.send(&command)?;
    if response.status != StatusWord::OK {
        return Err(refused("generate a key", response.status));
    }
    let malformed =
        |why: &str| CardError::Malformed { what: "generated key".to_owned(), why: why.to_owned() };
    match key_type {
        KeyType::Rsa(bits) => {
            // OsEID answers with the modulus in the wrong byte order; asked for it, it gives the right one.
            let len = bits as usize / 8;
            let modulus = channel.call(&commands::get_data(commands::rsa_modulus(len)))?;
            if modulus.len() != len {
                return Err(malformed("the modulus has another length than was asked for"));
            }
            Ok(Some(PublicKey::from_rsa(&modulus, &write_commands::PUBLIC_EXPONENT)?))
        }
        KeyType::Ec(curve) => {
            let point = tlv::find(&response.data, TAG_POINT).ok_or_else(|| malformed("no point"))?;
            Ok(Some(PublicKey::from_ec_point(curve, point)?))
        }
        KeyType::Aes(_) => Ok(None),
        KeyType::Ed25519 | KeyType::X25519 => Err(no_25519()),
    }
}

/// These cards have no such keys.
fn no_25519() -> CardError {
    CardError::NotSupported { what: "have keys of Ed25519 or X25519".to_owned() }
}

/// The parts of a key in the order that cards want them: what makes it a key first, what is checked after it.
fn key_parts(key: KeyMaterial<'_>, chains: bool) -> Result<Vec<(KeyPart, Secret)>, CardError> {
    match key {
        KeyMaterial::Aes(key) => Ok(vec![(KeyPart::Symmetric, key.clone())]),
        KeyMaterial::Private(PrivateKey::Ec(key)) => {
            let mut parts = vec![(KeyPart::CoefficientOrScalar, key.scalar())];
            if let Some((_, point)) = key.public().ec() {
                parts.push((KeyPart::ExponentQOrPoint, Secret::from(point)));
            }
            Ok(parts)
        }
        KeyMaterial::Private(PrivateKey::Rsa(key)) => rsa_parts(&key.components()?, chains),
        KeyMaterial::Private(PrivateKey::Ed25519(_) | PrivateKey::X25519(_)) => Err(no_25519()),
    }
}

fn rsa_parts(key: &RsaComponents, chains: bool) -> Result<Vec<(KeyPart, Secret)>, CardError> {
    let missing = || CardError::Crypto(crate::crypto::CryptoError::InvalidKey("RSA"));
    let mut parts = vec![
        (KeyPart::PrimeP, signed(&key.prime_p)),
        (KeyPart::PrimeQ, signed(&key.prime_q)),
        (KeyPart::ExponentP, signed(key.exponent_p.as_ref().ok_or_else(missing)?)),
        (KeyPart::ExponentQOrPoint, signed(key.exponent_q.as_ref().ok_or_else(missing)?)),
        (KeyPart::CoefficientOrScalar, signed(key.coefficient.as_ref().ok_or_else(missing)?)),
    ];
    let modulus = key.modulus.as_deref().ok_or_else(missing)?;
    match modulus.split_at_checked(modulus.len() / 2) {
        Some((first, second)) if modulus.len() == 256 && !chains => {
            parts.push((KeyPart::ModulusFirstHalf, Secret::from(first)));
            parts.push((KeyPart::ModulusSecondHalf, Secret::from(second)));
        }
        _ => parts.push((KeyPart::Modulus, signed(&Secret::from(modulus)))),
    }
    let exponent = key.public_exponent.as_deref().ok_or_else(missing)?;
    parts.push((KeyPart::PublicExponent, Secret::from(exponent)));
    Ok(parts)
}

/// A number as cards take it: with a leading zero, as a signed integer would have it.
fn signed(number: &Secret) -> Secret {
    match number.expose().first() {
        Some(0x00) => number.clone(),
        _ => Secret::new([&[0x00], number.expose()].concat()),
    }
}

/// Loads the parts of a key into the selected key file.
fn load(channel: &mut Channel<'_>, parts: &[(KeyPart, Secret)]) -> Result<(), CardError> {
    for (part, value) in parts {
        match channel.send(&write_commands::load_key(*part, value.clone()))?.status {
            StatusWord::OK => {}
            status => return Err(refused("import a key", status)),
        }
    }
    Ok(())
}

/// Tag of the point in the answer to GENERATE KEY PAIR.
const TAG_POINT: u32 = 0x86;
/// Parts of longer keys do not fit into one short APDU.
const MOST_BITS_WITHOUT_CHAINING: u32 = 2048;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apdu::testing::{Script, channel};
    use crate::codec::hex;

    #[test]
    fn generated_modulus_is_the_one_that_the_card_gives_when_asked() {
        // OsEID answers to the generation with the bytes of the modulus in reverse.
        let modulus: Vec<u8> = (0x80..=0xFF).collect();
        let reversed: Vec<u8> = modulus.iter().rev().copied().collect();
        let mut script = Script::t1(&[
            ("0046000007 30058103010001 80", &(hex::encode(&reversed) + "9000")),
            ("00ca010180", &(hex::encode(&modulus) + "9000")),
        ]);
        let public = generate(&mut channel(&mut script), KeyType::Rsa(1024)).unwrap().unwrap();
        assert_eq!(public.rsa().unwrap().0, modulus);
        script.assert_done();
    }

    #[test]
    fn generated_point_that_is_not_on_the_curve_is_refused() {
        let answer = "8641".to_owned() + "04" + &"11".repeat(64) + "9000";
        let mut script = Script::t1(&[("0046000000", &answer)]);
        let result = generate(&mut channel(&mut script), KeyType::Ec(Curve::P256));
        assert!(matches!(result, Err(CardError::Crypto(_))), "{result:?}");
    }
}

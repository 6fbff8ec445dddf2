//! Keys on a MyEID card: generated there or loaded from outside, then entered in the directories.

use crate::apdu::{Channel, StatusWord};
use crate::card::CardError;
use crate::card::admin::{
    CreatedKey, ImportedKey, KeyMaterial, KeyType, NewKey, NewPublicKey, ObjectKind, Write,
};
use crate::card::pkcs15::{
    AsymmetricKey, CommonKey, CommonObject, Extras, FileKind, KeyAccessFlags, KeyFamily, Object, ObjectFlags,
    ObjectValue, SecretKeyFamily, SecretKeyObject,
};
use crate::codec::{Secret, tlv};
use crate::crypto::rsa::RsaComponents;
use crate::crypto::{Curve, PrivateKey, PublicKey};
use crate::token::{AuthId, Key, KeyAccess, KeyId, KeyUsage, ObjectId};

use super::super::MyEid;
use super::super::commands;
use super::super::write_commands::{self, Access, FileType, KeyPart, KeyRules};
use super::home::Home;
use super::names::{check_id, check_label};
use super::{refused, structure};

/// What the directory says of a key, wherever it came from.
struct Description<'a> {
    owner: &'a AuthId,
    label: &'a str,
    id: &'a KeyId,
    usage: KeyUsage,
    extractable: bool,
    always_authenticate: bool,
    /// Made on the card.
    local: bool,
}

impl MyEid {
    /// See [`CardAdmin::generate_key`](crate::card::CardAdmin::generate_key).
    pub(super) fn add_key(
        &mut self,
        channel: &mut Channel<'_>,
        key: &NewKey<'_>,
    ) -> Result<CreatedKey, CardError> {
        let description = Description {
            owner: key.owner,
            label: key.label,
            id: key.id,
            usage: key.usage,
            extractable: key.extractable,
            always_authenticate: key.always_authenticate,
            local: true,
        };
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
        let description = Description {
            owner: key.owner,
            label: key.label,
            id: key.id,
            usage: key.usage,
            extractable: key.extractable,
            always_authenticate: key.always_authenticate,
            local: false,
        };
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
        key: &Description<'_>,
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
        let object = self.append(channel, directory, key_entry(key, &home, file, key_type))?;
        Ok(CreatedKey { object, public })
    }

    /// The entry of the public half. One that is there already is taken; one that an interrupted generation left
    /// behind, without its private half, would be taken for this one, and goes.
    fn enter_public_half(
        &mut self,
        channel: &mut Channel<'_>,
        (home, index): (&Home, usize),
        key: &Description<'_>,
        public: &PublicKey,
    ) -> Result<ObjectId, CardError> {
        let private = self.directory_in(&home.folder, FileKind::PrivateKeys);
        let content = self.known()?;
        let in_file = |known: &&Key, file: Option<usize>| {
            known.id == *key.id && content.objects.get(&known.object).map(|place| place.file) == file
        };
        let mut keys = content.token.keys.iter();
        let has_private = keys.any(|known| in_file(&known, private));
        let halves = content.token.keys.iter().filter(|known| in_file(known, Some(index)));
        let halves: Vec<(ObjectId, bool)> = halves.map(|known| (known.object, known.access.local)).collect();
        let mut left_behind = Vec::new();
        for (object, local) in halves {
            if self.object_value(channel, object)? == public.to_spki_der() {
                return Ok(object);
            }
            if local && key.local && !has_private {
                left_behind.push(object);
            }
        }
        for object in left_behind {
            self.remove_object(channel, object)?;
        }
        let value = self.public_value(channel, home, public)?;
        let usage = public_usage(key.usage);
        let entry = public_entry(key.label, key.id, usage, key.local, public, value);
        self.append(channel, index, entry)
    }

    /// See [`CardAdmin::store_public_key`](crate::card::CardAdmin::store_public_key).
    pub(super) fn add_public_key(
        &mut self,
        channel: &mut Channel<'_>,
        key: &NewPublicKey<'_>,
    ) -> Result<ObjectId, CardError> {
        check_label(key.label)?;
        check_id(key.id)?;
        if key.key.bytes_25519().is_some() {
            return Err(no_25519());
        }
        self.require(channel, Write::Store(ObjectKind::PublicKey, key.owner))?;
        let home = self.home(key.owner)?;
        let index = self.directory_for(channel, &home, FileKind::PublicKeys)?;
        let value = self.public_value(channel, &home, key.key)?;
        let entry = public_entry(key.label, key.id, key.usage, false, key.key, value);
        self.append(channel, index, entry)
    }

    /// Where the value of a public key goes: an RSA key into its entry, another one into a file of its own. That
    /// is what OpenSC reads.
    fn public_value(
        &mut self,
        channel: &mut Channel<'_>,
        home: &Home,
        public: &PublicKey,
    ) -> Result<ObjectValue, CardError> {
        if let Some((modulus, exponent)) = public.rsa() {
            return Ok(ObjectValue::Direct(rsa_public_key(modulus, exponent)));
        }
        let access = Access::file(0, home.writer, home.writer);
        let place = (structure::FIRST_PUBLIC_KEY, access);
        let file = self.store_value(channel, home, place, &public.to_spki_der(), false)?;
        Ok(ObjectValue::Path(home.path(file)))
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

fn family_of(key_type: KeyType, is_private: bool) -> KeyFamily {
    match key_type {
        KeyType::Rsa(bits) => KeyFamily::Rsa { modulus_length: bits },
        KeyType::Ec(curve) => KeyFamily::Ec { field_size: is_private.then_some(curve.bits()) },
        // Refused before an entry is made.
        KeyType::Aes(_) | KeyType::Ed25519 | KeyType::X25519 => KeyFamily::Ec { field_size: None },
    }
}

/// The entry of a private or secret key.
fn key_entry(key: &Description<'_>, home: &Home, file: u16, key_type: KeyType) -> Object {
    let common = CommonObject {
        label: Some(key.label.to_owned()),
        flags: ObjectFlags::PRIVATE.union(ObjectFlags::MODIFIABLE),
        auth_id: home.auth_id.clone(),
        user_consent: key.always_authenticate.then_some(1),
        ..CommonObject::default()
    };
    let access = KeyAccess {
        sensitive: true,
        extractable: key.extractable,
        always_sensitive: key.local,
        never_extractable: key.local && !key.extractable,
        local: key.local,
    };
    let attributes = CommonKey {
        id: key.id.0.clone(),
        usage: key.usage.into(),
        access: Some(KeyAccessFlags::from(access)),
        reference: Some(u32::from(file & 0xFF)),
        ..CommonKey::default()
    };
    let value = ObjectValue::Path(home.path(file));
    match key_type {
        KeyType::Aes(bits) => Object::SecretKey(SecretKeyObject {
            common,
            key: CommonKey { algorithms: vec![structure::AES_ALGORITHM], ..attributes },
            key_bits: Some(bits),
            family: SecretKeyFamily::Generic,
            value: Some(value),
            extra: Extras::default(),
        }),
        KeyType::Rsa(_) | KeyType::Ec(_) | KeyType::Ed25519 | KeyType::X25519 => {
            Object::PrivateKey(AsymmetricKey {
                common,
                key: attributes,
                subject: None,
                family: family_of(key_type, true),
                value,
                info: None,
                extra: Extras::default(),
            })
        }
    }
}

/// The entry of a public key.
fn public_entry(
    label: &str,
    id: &KeyId,
    usage: KeyUsage,
    local: bool,
    public: &PublicKey,
    value: ObjectValue,
) -> Object {
    let family = match public {
        PublicKey::Rsa { modulus, .. } => {
            KeyFamily::Rsa { modulus_length: u32::try_from(modulus.len() * 8).unwrap_or(u32::MAX) }
        }
        // The others are refused before an entry is made.
        PublicKey::Ec { .. } | PublicKey::Ed25519(_) | PublicKey::X25519(_) => {
            KeyFamily::Ec { field_size: None }
        }
    };
    Object::PublicKey(AsymmetricKey {
        common: CommonObject {
            label: Some(label.to_owned()),
            flags: ObjectFlags::MODIFIABLE,
            ..CommonObject::default()
        },
        key: CommonKey {
            id: id.0.clone(),
            usage: usage.into(),
            access: Some(KeyAccessFlags::from(KeyAccess { local, ..KeyAccess::default() })),
            ..CommonKey::default()
        },
        subject: None,
        family,
        value,
        info: None,
        extra: Extras::default(),
    })
}

/// What the public half does for what the private half may do.
fn public_usage(private: KeyUsage) -> KeyUsage {
    KeyUsage {
        encrypt: private.decrypt,
        wrap: private.unwrap,
        verify: private.sign || private.non_repudiation,
        verify_recover: private.sign_recover,
        derive: private.derive,
        ..KeyUsage::default()
    }
}

/// RSAPublicKey (RFC 8017, A.1.1).
fn rsa_public_key(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let sign: &[u8] = if number.first().is_some_and(|byte| byte & 0x80 != 0) { &[0x00] } else { &[] };
        tlv::encode(TAG_INTEGER, &[sign, number].concat())
    };
    tlv::encode(TAG_SEQUENCE, &[integer(modulus), integer(exponent)].concat())
}

/// Tag of the point in the answer to GENERATE KEY PAIR.
const TAG_POINT: u32 = 0x86;
const TAG_INTEGER: u32 = 0x02;
const TAG_SEQUENCE: u32 = 0x30;
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

    #[test]
    fn rsa_public_key_is_der_with_a_sign_byte_where_needed() {
        assert_eq!(
            hex::encode(&rsa_public_key(&[0x81, 0x02], &[1, 0, 1])),
            "300a 0203 008102 0203 010001".replace(' ', "")
        );
        assert_eq!(hex::encode(&rsa_public_key(&[0x71, 0x02], &[3])), "3007020271020201 03".replace(' ', ""));
    }
}

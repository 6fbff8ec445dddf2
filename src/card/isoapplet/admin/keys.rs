//! Keys of the IsoApplet: generated there or loaded from outside, then entered in the directories. The applet keeps them
//! by number beside its files, and cannot delete one: a deleted key is overwritten by one that nobody uses.

use crate::apdu::{Channel, Command, StatusWord};
use crate::card::CardError;
use crate::card::admin::{CreatedKey, ImportedKey, KeyMaterial, KeyType, NewKey, ObjectKind, Write};
use crate::card::pkcs15::write::{
    DirectoryWriting as _, KeyDescription, ObjectWriting, Structure as _, check_id, check_label, key_entry,
    refused,
};
use crate::card::pkcs15::{Content, FileKind, Path};
use crate::codec::{Secret, tlv};
use crate::crypto::rsa::RsaComponents;
use crate::crypto::{Curve, PrivateKey, PublicKey};
use crate::token::{KeyClass, KeyUsage, ObjectId};

use super::super::commands::{self, Algorithm, KEYS, Purpose};
use super::super::{IsoApplet, cannot, curves};

impl IsoApplet {
    /// See [`CardAdmin::generate_key`](crate::card::CardAdmin::generate_key).
    pub(super) fn add_key(
        &mut self,
        channel: &mut Channel<'_>,
        key: &NewKey<'_>,
    ) -> Result<CreatedKey, CardError> {
        let algorithm = self.check_key_type(key.key_type, "generate")?;
        self.make_key(channel, &KeyDescription::from(key), key.key_type, |channel, reference| {
            make(channel, algorithm, reference, &generation(key.key_type), "generate a key")
                .and_then(|answer| public_key(key.key_type, &answer))
        })
    }

    /// See [`CardAdmin::import_key`](crate::card::CardAdmin::import_key).
    pub(super) fn add_imported_key(
        &mut self,
        channel: &mut Channel<'_>,
        key: &ImportedKey<'_>,
    ) -> Result<CreatedKey, CardError> {
        let KeyMaterial::Private(private) = key.key else {
            return cannot("hold secret keys");
        };
        let key_type = match private {
            PrivateKey::Rsa(key) => KeyType::Rsa(key.modulus_bits()),
            PrivateKey::Ec(key) => KeyType::Ec(key.curve()),
            PrivateKey::Ed25519(_) => KeyType::Ed25519,
            PrivateKey::X25519(_) => KeyType::X25519,
        };
        let algorithm = self.check_key_type(key_type, "import")?;
        let command = commands::import_key(key_data(private)?);
        let public = private.public();
        self.make_key(channel, &KeyDescription::from(key), key_type, |channel, reference| {
            make(channel, algorithm, reference, &command, "import a key").map(|_| public)
        })
    }

    /// The key, its public half, and then the entry that names it.
    fn make_key(
        &mut self,
        channel: &mut Channel<'_>,
        key: &KeyDescription<'_>,
        key_type: KeyType,
        make: impl FnOnce(&mut Channel<'_>, u8) -> Result<PublicKey, CardError>,
    ) -> Result<CreatedKey, CardError> {
        check_label(key.label)?;
        check_id(key.id)?;
        if key.extractable {
            return cannot("make a private key that may leave it");
        }
        if key.always_authenticate {
            return cannot("ask for the PIN at each use of a key");
        }
        self.require(channel, Write::Store(ObjectKind::KeyPair, Some(key.owner)))?;
        let home = self.home(Some(key.owner))?;
        let reference = free_reference(self.known()?)?;
        let directory = self.directory_for(channel, &home, FileKind::PrivateKeys)?;
        let public_directory = self.directory_for(channel, &home, FileKind::PublicKeys)?;
        let public = make(channel, reference)?;
        // The applet agrees on no keys, whatever elliptic curve keys are for elsewhere.
        let key = &KeyDescription { usage: KeyUsage { derive: false, ..key.usage }, ..*key };
        let half = self.enter_public_half(channel, (&home, public_directory), key, &public)?;
        let entry = key_entry(key, &home, Path::file(&PRIVATE_KEYS), u32::from(reference), key_type);
        let object = self.append(channel, directory, entry)?;
        self.known()?.learn_public_key(half, &public.to_spki_der());
        Ok(CreatedKey { object, public: Some((half, public)) })
    }

    /// Deletes an object. A private key is overwritten when no entry leads to it any more.
    pub(super) fn delete(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<(), CardError> {
        let reference = private_reference(self.known()?, object);
        self.remove_object(channel, object)?;
        match reference.filter(|reference| !used_references(self.content.as_ref()).contains(reference)) {
            Some(reference) => self.overwrite_key(channel, reference),
            None => Ok(()),
        }
    }

    /// Puts a key of which nobody knows in the place of one that is not to be used any more.
    pub(super) fn overwrite_key(
        &mut self,
        channel: &mut Channel<'_>,
        reference: u8,
    ) -> Result<(), CardError> {
        self.environment = None;
        let (algorithm, key_type) = match self.applet.has_ecc() {
            true => (Algorithm::MakeEc, KeyType::Ec(Curve::P256)),
            false => (Algorithm::MakeRsa2048, KeyType::Rsa(2048)),
        };
        make(channel, algorithm, reference, &generation(key_type), "overwrite a deleted key").map(|_| ())
    }

    /// What the applet has to be told to make such a key. Errors: `NotSupported` with what it has.
    pub(super) fn check_key_type(&self, key_type: KeyType, doing: &str) -> Result<Algorithm, CardError> {
        let abilities = crate::card::CardAdmin::admin_abilities(self);
        let (rsa, curves) = match doing {
            "import" => (abilities.rsa_import, abilities.curves_import),
            _ => (abilities.rsa_generate, abilities.curves_generate),
        };
        let name = match key_type {
            KeyType::Rsa(bits) if rsa.contains(&bits) => {
                return Ok(if bits == 4096 { Algorithm::MakeRsa4096 } else { Algorithm::MakeRsa2048 });
            }
            KeyType::Ec(curve) if curves.contains(&curve) => return Ok(Algorithm::MakeEc),
            KeyType::Rsa(bits) => format!("rsa:{bits}"),
            KeyType::Ec(curve) => format!("ec:{curve}"),
            KeyType::Ed25519 => "ed25519".to_owned(),
            KeyType::X25519 => "x25519".to_owned(),
            KeyType::Aes(bits) => format!("aes:{bits}"),
        };
        let rsa = rsa.iter().map(|bits| format!("rsa:{bits}"));
        let has: Vec<String> = rsa.chain(curves.iter().map(|curve| format!("ec:{curve}"))).collect();
        let has = match has.as_slice() {
            [] => "none in this reader, which has no APDUs of extended length".to_owned(),
            has => has.join(", "),
        };
        Err(CardError::NotSupported { what: format!("{doing} {name}: it has {has}") })
    }
}

/// The key references that entries lead to.
pub(super) fn used_references(content: Option<&Content>) -> Vec<u8> {
    let Some(content) = content else { return Vec::new() };
    let private = content.token.keys.iter().filter(|key| key.class == KeyClass::Private);
    private.filter_map(|key| private_reference(content, key.object)).collect()
}

fn private_reference(content: &Content, object: ObjectId) -> Option<u8> {
    let key = content.token.keys.iter().find(|key| key.object == object)?;
    let reference = content.objects.get(&object)?.key_reference.unwrap_or(0);
    u8::try_from(reference).ok().filter(|_| key.class == KeyClass::Private)
}

/// The first place for a key that no entry leads to. Errors: `NotSupported`.
fn free_reference(content: &Content) -> Result<u8, CardError> {
    let used = used_references(Some(content));
    (0..KEYS)
        .find(|reference| !used.contains(reference))
        .ok_or_else(|| CardError::NotSupported { what: format!("hold more than {KEYS} private keys") })
}

/// Makes a key in a place, whatever was there. Answers what the card says.
fn make(
    channel: &mut Channel<'_>,
    algorithm: Algorithm,
    reference: u8,
    command: &Command,
    doing: &'static str,
) -> Result<Vec<u8>, CardError> {
    let environment = commands::set_environment(Purpose::Make, algorithm, reference);
    for command in [&environment, command] {
        let response = channel.send(command)?;
        match response.status {
            StatusWord::OK if std::ptr::eq(command, &raw const environment) => {}
            StatusWord::OK => return Ok(response.data),
            StatusWord::FUNCTION_NOT_SUPPORTED => {
                return Err(CardError::NotSupported {
                    what: format!("{doing}: the chip has none of this kind"),
                });
            }
            StatusWord(0x6900) => {
                return cannot("import keys: its applet was built not to take any");
            }
            status => return Err(refused(doing, status)),
        }
    }
    Ok(Vec::new())
}

fn generation(key_type: KeyType) -> Command {
    match key_type {
        KeyType::Ec(curve) => {
            commands::generate_ec(curves::parameters(curve, None).expose(), curve.field_len())
        }
        KeyType::Rsa(bits) => commands::generate_rsa(bits as usize / 8),
        // Refused before.
        KeyType::Aes(_) | KeyType::Ed25519 | KeyType::X25519 => commands::generate_rsa(0),
    }
}

/// The public key in the answer to its generation (ISO 7816-8, table 3).
fn public_key(key_type: KeyType, answer: &[u8]) -> Result<PublicKey, CardError> {
    let malformed =
        |why: &str| CardError::Malformed { what: "generated key".to_owned(), why: why.to_owned() };
    let template = tlv::find(answer, TAG_PUBLIC_KEY).ok_or_else(|| malformed("no public key"))?;
    let part = |tag| tlv::find(template, tag).ok_or_else(|| malformed("a part of the public key is missing"));
    match key_type {
        KeyType::Ec(curve) => Ok(PublicKey::from_ec_point(curve, part(TAG_POINT)?)?),
        KeyType::Rsa(bits) => {
            let modulus = part(TAG_MODULUS)?;
            if modulus.len() != bits as usize / 8 {
                return Err(malformed("the modulus has another length than was asked for"));
            }
            Ok(PublicKey::from_rsa(modulus, part(TAG_EXPONENT)?)?)
        }
        KeyType::Aes(_) | KeyType::Ed25519 | KeyType::X25519 => Err(malformed("another kind of key")),
    }
}

/// A private key as PUT DATA takes it.
fn key_data(key: &PrivateKey) -> Result<Secret, CardError> {
    match key {
        PrivateKey::Ec(key) => {
            Ok(wrapped(&[TAG_EC_KEY], curves::parameters(key.curve(), Some(&key.scalar())).expose()))
        }
        PrivateKey::Rsa(key) => rsa_data(&key.components()?),
        PrivateKey::Ed25519(_) | PrivateKey::X25519(_) => cannot("hold keys of Ed25519 or X25519"),
    }
}

fn rsa_data(key: &RsaComponents) -> Result<Secret, CardError> {
    let missing = || CardError::Crypto(crate::crypto::CryptoError::InvalidKey("RSA"));
    let parts = [
        (0x92, &key.prime_p),
        (0x93, &key.prime_q),
        (0x94, key.coefficient.as_ref().ok_or_else(missing)?),
        (0x95, key.exponent_p.as_ref().ok_or_else(missing)?),
        (0x96, key.exponent_q.as_ref().ok_or_else(missing)?),
    ];
    // All at once: a growing vector leaves copies behind.
    let mut data = Vec::with_capacity(parts.iter().map(|(_, part)| part.len() + HEADER_LEN).sum());
    for (tag, part) in parts {
        tlv::write(&mut data, tag, part.expose());
    }
    Ok(wrapped(&TAG_RSA_KEY, Secret::new(data).expose()))
}

/// A secret under a tag of one or two bytes.
fn wrapped(tag: &[u8], content: &[u8]) -> Secret {
    let mut data = Vec::with_capacity(content.len() + HEADER_LEN);
    data.extend_from_slice(tag);
    match u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes() {
        [0, length @ 0..=0x7F] => data.push(length),
        [0, length] => data.extend_from_slice(&[0x81, length]),
        [high, low] => data.extend_from_slice(&[0x82, high, low]),
    }
    data.extend_from_slice(content);
    Secret::new(data)
}

/// What OpenSC writes as the path of a private key: the application folder.
const PRIVATE_KEYS: [u8; 4] = [0x3F, 0x00, 0x50, 0x15];
const TAG_PUBLIC_KEY: u32 = 0x7F49;
const TAG_MODULUS: u32 = 0x81;
const TAG_EXPONENT: u32 = 0x82;
const TAG_POINT: u32 = 0x86;
const TAG_RSA_KEY: [u8; 2] = [0x7F, 0x48];
const TAG_EC_KEY: u8 = 0xE0;
/// Longest tag and length together.
const HEADER_LEN: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;
    use crate::crypto::EcPrivateKey;

    #[test]
    fn generated_public_key_is_read_from_its_template() {
        let modulus = "c3".repeat(256);
        let answer = hex::decode(&format!("7f49820109 81820100{modulus} 8203010001")).unwrap();
        let public = public_key(KeyType::Rsa(2048), &answer).unwrap();
        assert_eq!(public.rsa().unwrap().0, hex::decode(&modulus).unwrap());
        assert!(public_key(KeyType::Rsa(4096), &answer).is_err(), "another length");
        for end in 0..answer.len() {
            assert!(public_key(KeyType::Rsa(2048), &answer[..end]).is_err(), "cut at {end}");
        }
        let wrong = hex::decode(&format!("7f4943 8641 04{}", "11".repeat(64))).unwrap();
        let result = public_key(KeyType::Ec(Curve::P256), &wrong);
        assert!(matches!(result, Err(CardError::Crypto(_))), "a point that is not on the curve: {result:?}");
    }

    #[test]
    fn imported_key_has_its_parts_under_one_tag() {
        let key: PrivateKey = EcPrivateKey::generate(Curve::P384).unwrap().into();
        let data = key_data(&key).unwrap();
        let parts = tlv::find(data.expose(), u32::from(TAG_EC_KEY)).unwrap();
        assert_eq!(tlv::find(parts, 0x88).unwrap().len(), 48);
        assert_eq!(tlv::find(parts, 0x84).unwrap().len(), 97);
    }
}

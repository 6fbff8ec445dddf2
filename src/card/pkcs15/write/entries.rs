//! Directory entries of new keys. They say what OpenSC's entries say, so that other programs use the keys as well.

use crate::card::admin::{ImportedKey, KeyType, NewKey};
use crate::card::pkcs15::{
    AsymmetricKey, CommonKey, CommonObject, Extras, KeyAccessFlags, KeyFamily, Object, ObjectFlags,
    ObjectValue, SecretKeyFamily, SecretKeyObject,
};
use crate::codec::tlv;
use crate::crypto::PublicKey;
use crate::token::{AuthId, KeyAccess, KeyId, KeyUsage};

use super::Home;

/// What the directory says of a key, wherever it came from.
#[derive(Debug, Clone, Copy)]
pub struct KeyDescription<'a> {
    /// The PIN that owns it.
    pub owner: &'a AuthId,
    /// Its label.
    pub label: &'a str,
    /// Its identifier.
    pub id: &'a KeyId,
    /// What the private half or the secret key may do.
    pub usage: KeyUsage,
    /// It may leave the card wrapped.
    pub extractable: bool,
    /// Each use needs the PIN again.
    pub always_authenticate: bool,
    /// Made on the card.
    pub local: bool,
}

impl<'a> From<&NewKey<'a>> for KeyDescription<'a> {
    fn from(key: &NewKey<'a>) -> Self {
        Self {
            owner: key.owner,
            label: key.label,
            id: key.id,
            usage: key.usage,
            extractable: key.extractable,
            always_authenticate: key.always_authenticate,
            local: true,
        }
    }
}

impl<'a> From<&ImportedKey<'a>> for KeyDescription<'a> {
    fn from(key: &ImportedKey<'a>) -> Self {
        Self {
            owner: key.owner,
            label: key.label,
            id: key.id,
            usage: key.usage,
            extractable: key.extractable,
            always_authenticate: key.always_authenticate,
            local: false,
        }
    }
}

/// The entry of a private key: `path` is its file, or the folder that it is in, `reference` its number there.
pub fn key_entry(
    key: &KeyDescription<'_>,
    home: &Home,
    path: super::Path,
    reference: u32,
    key_type: KeyType,
) -> Object {
    Object::PrivateKey(AsymmetricKey {
        common: common(key, home),
        key: attributes(key, reference),
        subject: None,
        family: private_family(key_type),
        value: ObjectValue::Path(path),
        info: None,
        extra: Extras::default(),
    })
}

/// The entry of an AES key of so many bits, of the algorithm that TokenInfo has under this number.
pub fn secret_key_entry(
    key: &KeyDescription<'_>,
    home: &Home,
    file: u16,
    (key_bits, algorithm): (u32, u32),
) -> Object {
    Object::SecretKey(SecretKeyObject {
        common: common(key, home),
        key: CommonKey { algorithms: vec![algorithm], ..attributes(key, u32::from(file & 0xFF)) },
        key_bits: Some(key_bits),
        family: SecretKeyFamily::Generic,
        value: Some(ObjectValue::Path(home.path(file))),
        extra: Extras::default(),
    })
}

/// The entry of a public key.
pub fn public_entry(
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
pub fn public_usage(private: KeyUsage) -> KeyUsage {
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
pub(super) fn rsa_public_key(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let sign: &[u8] = if number.first().is_some_and(|byte| byte & 0x80 != 0) { &[0x00] } else { &[] };
        tlv::encode(TAG_INTEGER, &[sign, number].concat())
    };
    tlv::encode(TAG_SEQUENCE, &[integer(modulus), integer(exponent)].concat())
}

fn private_family(key_type: KeyType) -> KeyFamily {
    match key_type {
        KeyType::Rsa(bits) => KeyFamily::Rsa { modulus_length: bits },
        KeyType::Ec(curve) => KeyFamily::Ec { field_size: Some(curve.bits()) },
        // Refused before an entry is made.
        KeyType::Aes(_) | KeyType::Ed25519 | KeyType::X25519 => KeyFamily::Ec { field_size: None },
    }
}

fn common(key: &KeyDescription<'_>, home: &Home) -> CommonObject {
    CommonObject {
        label: Some(key.label.to_owned()),
        flags: ObjectFlags::PRIVATE.union(ObjectFlags::MODIFIABLE),
        auth_id: home.auth_id.clone(),
        user_consent: key.always_authenticate.then_some(1),
        ..CommonObject::default()
    }
}

fn attributes(key: &KeyDescription<'_>, reference: u32) -> CommonKey {
    let access = KeyAccess {
        sensitive: true,
        extractable: key.extractable,
        always_sensitive: key.local,
        never_extractable: key.local && !key.extractable,
        local: key.local,
    };
    CommonKey {
        id: key.id.0.clone(),
        usage: key.usage.into(),
        access: Some(KeyAccessFlags::from(access)),
        reference: Some(reference),
        ..CommonKey::default()
    }
}

const TAG_INTEGER: u32 = 0x02;
const TAG_SEQUENCE: u32 = 0x30;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;

    #[test]
    fn rsa_public_key_is_der_with_a_sign_byte_where_needed() {
        assert_eq!(
            hex::encode(&rsa_public_key(&[0x81, 0x02], &[1, 0, 1])),
            "300a 0203 008102 0203 010001".replace(' ', "")
        );
        assert_eq!(hex::encode(&rsa_public_key(&[0x71, 0x02], &[3])), "3007020271020201 03".replace(' ', ""));
    }
}

//! Attributes of private, public and secret keys (PKCS#11 3.1, 4.7 to 4.10, 6.1, 6.3, 6.13).

use cryptoki_sys as ck;

use super::AttributeType as A;
use super::Value;
use super::answer::{Answer, Known};
use crate::crypto::{Curve25519, PublicKey};
use crate::token::{Key, KeyAlgorithm, KeyClass};

/// What a key's answers depend on.
pub(in crate::engine) struct KeyView<'a> {
    pub key: &'a Key,
    /// The public half.
    pub public: Known<'a, PublicKey>,
    /// Subject of the key's certificate, DER Name.
    pub subject: Known<'a, [u8]>,
    /// Mechanisms of the token that work with this key.
    pub mechanisms: &'a dyn Fn() -> Vec<u64>,
}

impl KeyView<'_> {
    /// The answer for one attribute; those that every object has are answered elsewhere.
    pub fn answer(&self, kind: A) -> Answer {
        let common = self.common(kind);
        if common != Answer::Absent {
            return common;
        }
        match self.key.class {
            KeyClass::Private => self.private(kind),
            KeyClass::Public => self.public(kind),
            KeyClass::Secret => self.secret(kind),
        }
    }

    /// What every key has.
    fn common(&self, kind: A) -> Answer {
        let key = self.key;
        match kind {
            A::ID => key.id.0.as_slice().into(),
            A::KEY_TYPE => match key.algorithm {
                KeyAlgorithm::Rsa { .. } => ck::CKK_RSA.into(),
                KeyAlgorithm::Ec { .. } => ck::CKK_EC.into(),
                KeyAlgorithm::Ed25519 => ck::CKK_EC_EDWARDS.into(),
                KeyAlgorithm::X25519 => ck::CKK_EC_MONTGOMERY.into(),
                KeyAlgorithm::Aes { .. } => ck::CKK_AES.into(),
                KeyAlgorithm::Des { key_bits: 64 } => ck::CKK_DES.into(),
                KeyAlgorithm::Des { key_bits: 128 } => ck::CKK_DES2.into(),
                KeyAlgorithm::Des { .. } => ck::CKK_DES3.into(),
                KeyAlgorithm::Generic { .. } => ck::CKK_GENERIC_SECRET.into(),
                KeyAlgorithm::Untold => self.untold(),
            },
            A::DERIVE => key.usage.derive.into(),
            A::LOCAL => key.access.local.into(),
            A::KEY_GEN_MECHANISM | A::ALLOWED_MECHANISMS if self.untold() == Answer::Unread => Answer::Unread,
            A::KEY_GEN_MECHANISM => self.generation_mechanism().into(),
            A::ALLOWED_MECHANISMS => Answer::Is(Value::Numbers((self.mechanisms)())),
            A::START_DATE | A::END_DATE => None.into(),
            _ => Answer::Absent,
        }
    }

    fn private(&self, kind: A) -> Answer {
        let (usage, access) = (&self.key.usage, &self.key.access);
        match kind {
            A::SIGN => (usage.sign || usage.sign_recover || usage.non_repudiation).into(),
            A::SIGN_RECOVER => usage.sign_recover.into(),
            A::DECRYPT => usage.decrypt.into(),
            A::UNWRAP => usage.unwrap.into(),
            A::SENSITIVE => access.sensitive.into(),
            A::ALWAYS_SENSITIVE => access.always_sensitive.into(),
            A::EXTRACTABLE => access.extractable.into(),
            A::NEVER_EXTRACTABLE => access.never_extractable.into(),
            A::ALWAYS_AUTHENTICATE => self.key.always_authenticate.into(),
            A::WRAP_WITH_TRUSTED => false.into(),
            A::SUBJECT => match self.subject {
                Known::Unread => Answer::Unread,
                Known::Absent => Answer::from(&[][..]),
                Known::Is(subject) => subject.into(),
            },
            A::PRIVATE_EXPONENT
            | A::PRIME_1
            | A::PRIME_2
            | A::EXPONENT_1
            | A::EXPONENT_2
            | A::COEFFICIENT => self.of_rsa(|| Answer::Sensitive),
            A::VALUE => self.of_ec(|| Answer::Sensitive),
            _ => self.public_numbers(kind),
        }
    }

    fn public(&self, kind: A) -> Answer {
        let usage = &self.key.usage;
        match kind {
            A::ENCRYPT => usage.encrypt.into(),
            A::VERIFY => (usage.verify || usage.verify_recover).into(),
            A::VERIFY_RECOVER => usage.verify_recover.into(),
            A::WRAP => usage.wrap.into(),
            A::TRUSTED => false.into(),
            A::SUBJECT => match self.subject {
                Known::Unread => Answer::Unread,
                Known::Absent => Answer::from(&[][..]),
                Known::Is(subject) => subject.into(),
            },
            A::EC_POINT => self.of_ec(|| {
                self.public.answer(|public| public.ec_point_der().map_or(Answer::Absent, Answer::from))
            }),
            _ => self.public_numbers(kind),
        }
    }

    fn secret(&self, kind: A) -> Answer {
        let (usage, access) = (&self.key.usage, &self.key.access);
        match kind {
            A::ENCRYPT => usage.encrypt.into(),
            A::DECRYPT => usage.decrypt.into(),
            A::SIGN => usage.sign.into(),
            A::VERIFY => usage.verify.into(),
            A::WRAP => usage.wrap.into(),
            A::UNWRAP => usage.unwrap.into(),
            A::SENSITIVE => access.sensitive.into(),
            A::ALWAYS_SENSITIVE => access.always_sensitive.into(),
            A::EXTRACTABLE => access.extractable.into(),
            A::NEVER_EXTRACTABLE => access.never_extractable.into(),
            A::ALWAYS_AUTHENTICATE => self.key.always_authenticate.into(),
            A::WRAP_WITH_TRUSTED | A::TRUSTED => false.into(),
            A::VALUE => Answer::Sensitive,
            A::VALUE_LEN => match self.key.algorithm {
                KeyAlgorithm::Aes { key_bits }
                | KeyAlgorithm::Des { key_bits }
                | KeyAlgorithm::Generic { key_bits } => u64::from(key_bits / 8).into(),
                KeyAlgorithm::Rsa { .. }
                | KeyAlgorithm::Ec { .. }
                | KeyAlgorithm::Ed25519
                | KeyAlgorithm::X25519
                | KeyAlgorithm::Untold => Answer::Absent,
            },
            _ => Answer::Absent,
        }
    }

    /// Numbers of the public half, which a private key tells as well.
    fn public_numbers(&self, kind: A) -> Answer {
        match kind {
            A::MODULUS => self.rsa_number(|(modulus, _)| modulus.into()),
            A::PUBLIC_EXPONENT => self.rsa_number(|(_, exponent)| exponent.into()),
            A::MODULUS_BITS => match self.key.algorithm {
                // A private key has no CKA_MODULUS_BITS in the standard, but every client asks for it.
                KeyAlgorithm::Rsa { modulus_bits } if modulus_bits != 0 => u64::from(modulus_bits).into(),
                _ => self.of_rsa(|| self.public.answer(|public| u64::from(public.bits()).into())),
            },
            A::EC_PARAMS => match self.key.algorithm {
                KeyAlgorithm::Ec { curve: Some(curve) } => curve.parameters_der().into(),
                KeyAlgorithm::Ed25519 => Curve25519::Ed25519.parameters_der().into(),
                KeyAlgorithm::X25519 => Curve25519::X25519.parameters_der().into(),
                _ => self.of_ec(|| {
                    self.public.answer(|public| {
                        public.ec().map_or(Answer::Absent, |(curve, _)| curve.parameters_der().into())
                    })
                }),
            },
            A::PUBLIC_KEY_INFO => match self.public {
                Known::Unread => Answer::Unread,
                Known::Absent => Answer::from(&[][..]),
                Known::Is(public) => public.to_spki_der().into(),
            },
            _ => Answer::Absent,
        }
    }

    fn rsa_number(&self, number: impl FnOnce((&[u8], &[u8])) -> Answer) -> Answer {
        self.of_rsa(|| self.public.answer(|public| public.rsa().map_or(Answer::Absent, number)))
    }

    fn of_rsa(&self, answer: impl FnOnce() -> Answer) -> Answer {
        if matches!(self.key.algorithm, KeyAlgorithm::Rsa { .. }) { answer() } else { self.untold() }
    }

    /// An attribute that depends on the algorithm, of a key that does not have it, or has not told yet.
    fn untold(&self) -> Answer {
        match (self.key.algorithm, &self.public) {
            (KeyAlgorithm::Untold, Known::Unread) => Answer::Unread,
            _ => Answer::Absent,
        }
    }

    fn of_ec(&self, answer: impl FnOnce() -> Answer) -> Answer {
        match self.key.algorithm {
            KeyAlgorithm::Ec { .. } | KeyAlgorithm::Ed25519 | KeyAlgorithm::X25519 => answer(),
            _ => self.untold(),
        }
    }

    fn generation_mechanism(&self) -> u64 {
        match (self.key.access.local, self.key.class, self.key.algorithm) {
            (true, KeyClass::Private | KeyClass::Public, KeyAlgorithm::Rsa { .. }) => {
                ck::CKM_RSA_PKCS_KEY_PAIR_GEN
            }
            (true, KeyClass::Private | KeyClass::Public, KeyAlgorithm::Ec { .. }) => ck::CKM_EC_KEY_PAIR_GEN,
            (true, KeyClass::Private | KeyClass::Public, KeyAlgorithm::Ed25519) => {
                ck::CKM_EC_EDWARDS_KEY_PAIR_GEN
            }
            (true, KeyClass::Private | KeyClass::Public, KeyAlgorithm::X25519) => {
                ck::CKM_EC_MONTGOMERY_KEY_PAIR_GEN
            }
            (true, KeyClass::Secret, KeyAlgorithm::Aes { .. }) => ck::CKM_AES_KEY_GEN,
            _ => ck::CK_UNAVAILABLE_INFORMATION,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Curve;
    use crate::token::{KeyAccess, KeyId, KeyUsage, ObjectId};

    fn key(class: KeyClass, algorithm: KeyAlgorithm) -> Key {
        Key {
            object: ObjectId(7),
            class,
            id: KeyId(vec![0x45]),
            label: "Key 1".into(),
            auth: None,
            private: class != KeyClass::Public,
            algorithm,
            usage: KeyUsage { non_repudiation: true, verify: true, encrypt: true, ..KeyUsage::default() },
            access: KeyAccess {
                sensitive: true,
                never_extractable: true,
                local: true,
                ..KeyAccess::default()
            },
            always_authenticate: true,
            modifiable: false,
            public: None,
        }
    }

    fn ask(key: &Key, public: Known<'_, PublicKey>, kind: A) -> Answer {
        KeyView { key, public, subject: Known::Absent, mechanisms: &|| vec![1, 2] }.answer(kind)
    }

    const RSA: KeyAlgorithm = KeyAlgorithm::Rsa { modulus_bits: 2048 };
    const P256: KeyAlgorithm = KeyAlgorithm::Ec { curve: Some(Curve::P256) };

    fn rsa_public() -> PublicKey {
        let mut modulus = vec![0x11; 256];
        modulus[0] = 0xC1;
        PublicKey::Rsa { modulus, exponent: vec![1, 0, 1] }
    }

    // I.49
    #[test]
    fn answer_rsa_private_key_tells_its_public_numbers() {
        let (key, public) = (key(KeyClass::Private, RSA), rsa_public());
        let known = Known::Is(&public);
        let PublicKey::Rsa { modulus, .. } = &public else { panic!("RSA") };
        assert_eq!(ask(&key, known, A::MODULUS), Answer::from(modulus.clone()));
        assert_eq!(ask(&key, known, A::PUBLIC_EXPONENT), Answer::from(vec![1, 0, 1]));
        assert_eq!(ask(&key, Known::Unread, A::MODULUS), Answer::Unread);
        // Known from the directory: no reading for that.
        assert_eq!(ask(&key, Known::Unread, A::MODULUS_BITS), Answer::from(2048));
        assert_eq!(ask(&key, Known::Unread, A::KEY_TYPE), Answer::from(ck::CKK_RSA));
        assert_eq!(ask(&key, known, A::EC_PARAMS), Answer::Absent);
    }

    // I.42
    #[test]
    fn answer_secret_parts_are_sensitive_and_only_for_their_type() {
        let rsa = key(KeyClass::Private, RSA);
        for kind in
            [A::PRIVATE_EXPONENT, A::PRIME_1, A::PRIME_2, A::EXPONENT_1, A::EXPONENT_2, A::COEFFICIENT]
        {
            assert_eq!(ask(&rsa, Known::Unread, kind), Answer::Sensitive, "{kind}");
        }
        assert_eq!(ask(&rsa, Known::Unread, A::VALUE), Answer::Absent);
        let ec = key(KeyClass::Private, P256);
        assert_eq!(ask(&ec, Known::Unread, A::VALUE), Answer::Sensitive);
        assert_eq!(ask(&ec, Known::Unread, A::PRIME_1), Answer::Absent);
        let aes = key(KeyClass::Secret, KeyAlgorithm::Aes { key_bits: 256 });
        assert_eq!(ask(&aes, Known::Unread, A::VALUE), Answer::Sensitive);
        assert_eq!(ask(&aes, Known::Unread, A::VALUE_LEN), Answer::from(32));
    }

    // I.48
    #[test]
    fn answer_ec_public_key_has_wrapped_point_and_named_curve() {
        let key = key(KeyClass::Public, P256);
        let mut point = vec![0x04];
        point.extend_from_slice(&[0x22; 64]);
        let public = PublicKey::Ec { curve: Curve::P256, point: point.clone() };
        let mut wrapped = vec![0x04, 65];
        wrapped.extend_from_slice(&point);
        assert_eq!(ask(&key, Known::Is(&public), A::EC_POINT), Answer::from(wrapped));
        let oid = vec![0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
        assert_eq!(ask(&key, Known::Unread, A::EC_PARAMS), Answer::from(oid));
        assert_eq!(ask(&key, Known::Unread, A::EC_POINT), Answer::Unread);
        assert_eq!(ask(&key, Known::Is(&public), A::MODULUS), Answer::Absent);
        assert_eq!(ask(&key, Known::Is(&public), A::PUBLIC_KEY_INFO), Answer::from(public.to_spki_der()));
    }

    // I.48
    #[test]
    fn answer_keys_on_25519_have_the_bare_key_as_point_and_an_object_identifier() {
        for (algorithm, public, kind, oid) in [
            (KeyAlgorithm::Ed25519, PublicKey::Ed25519([7; 32]), ck::CKK_EC_EDWARDS, 0x70),
            (KeyAlgorithm::X25519, PublicKey::X25519([7; 32]), ck::CKK_EC_MONTGOMERY, 0x6E),
        ] {
            let key = key(KeyClass::Public, algorithm);
            assert_eq!(ask(&key, Known::Unread, A::KEY_TYPE), Answer::from(kind));
            assert_eq!(ask(&key, Known::Is(&public), A::EC_POINT), Answer::from(vec![7; 32]));
            let parameters = vec![0x06, 0x03, 0x2B, 0x65, oid];
            assert_eq!(ask(&key, Known::Unread, A::EC_PARAMS), Answer::from(parameters));
            assert_eq!(ask(&key, Known::Is(&public), A::PUBLIC_KEY_INFO), Answer::from(public.to_spki_der()));
        }
    }

    #[test]
    fn answer_usage_follows_the_class() {
        let private = key(KeyClass::Private, RSA);
        // A key for non-repudiation signs.
        assert_eq!(ask(&private, Known::Unread, A::SIGN), Answer::from(true));
        assert_eq!(ask(&private, Known::Unread, A::DECRYPT), Answer::from(false));
        assert_eq!(ask(&private, Known::Unread, A::VERIFY), Answer::Absent);
        assert_eq!(ask(&private, Known::Unread, A::ALWAYS_AUTHENTICATE), Answer::from(true));
        let public = key(KeyClass::Public, RSA);
        assert_eq!(ask(&public, Known::Unread, A::VERIFY), Answer::from(true));
        assert_eq!(ask(&public, Known::Unread, A::ENCRYPT), Answer::from(true));
        assert_eq!(ask(&public, Known::Unread, A::SIGN), Answer::Absent);
        assert_eq!(ask(&public, Known::Unread, A::SENSITIVE), Answer::Absent);
    }

    // I.50, I.51
    #[test]
    fn answer_dates_are_empty_and_mechanisms_are_listed() {
        let key = key(KeyClass::Private, RSA);
        assert_eq!(ask(&key, Known::Unread, A::START_DATE), Answer::Is(Value::Date(None)));
        assert_eq!(ask(&key, Known::Unread, A::ALLOWED_MECHANISMS), Answer::Is(Value::Numbers(vec![1, 2])));
        assert_eq!(
            ask(&key, Known::Unread, A::KEY_GEN_MECHANISM),
            Answer::from(ck::CKM_RSA_PKCS_KEY_PAIR_GEN)
        );
        assert_eq!(ask(&key, Known::Unread, A(0x8000_0001)), Answer::Absent);
    }

    #[test]
    fn answer_key_without_certificate_has_an_empty_subject() {
        let key = key(KeyClass::Private, RSA);
        assert_eq!(ask(&key, Known::Absent, A::SUBJECT), Answer::from(vec![]));
        assert_eq!(ask(&key, Known::Absent, A::PUBLIC_KEY_INFO), Answer::from(vec![]));
        assert_eq!(ask(&key, Known::Absent, A::MODULUS), Answer::Absent);
    }
}

//! The three places for keys on an OpenPGP card, and everything whose number depends on the place.

use crate::token::ObjectId;

/// A place for a key. The order is that of the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Signatures: PSO: COMPUTE DIGITAL SIGNATURE.
    Signature,
    /// Decryption and key agreement: PSO: DECIPHER.
    Decryption,
    /// Client and server authentication: INTERNAL AUTHENTICATE.
    Authentication,
}

impl Place {
    /// All of them, in the card's order.
    pub const ALL: [Self; 3] = [Self::Signature, Self::Decryption, Self::Authentication];

    /// Position on the card, from 0; as number of the key it counts from 1.
    pub fn index(self) -> usize {
        match self {
            Self::Signature => 0,
            Self::Decryption => 1,
            Self::Authentication => 2,
        }
    }

    /// The key's number: `CKA_ID`, as OpenSC gives it, and the key reference of MSE SET.
    pub fn number(self) -> u8 {
        match self {
            Self::Signature => 1,
            Self::Decryption => 2,
            Self::Authentication => 3,
        }
    }

    /// The place of a `CKA_ID`.
    pub fn of_id(id: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|place| id == [place.number()])
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signature => "sig",
            Self::Decryption => "dec",
            Self::Authentication => "aut",
        }
    }

    /// The place of a name, also of those that GnuPG has for it.
    pub fn of_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "sig" | "openpgp.1" => Some(Self::Signature),
            "dec" | "openpgp.2" => Some(Self::Decryption),
            "aut" | "openpgp.3" => Some(Self::Authentication),
            _ => None,
        }
    }

    /// The key's label, as OpenSC gives it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Signature => "Signature key",
            Self::Decryption => "Encryption key",
            Self::Authentication => "Authentication key",
        }
    }

    /// Control reference template that names the key (OpenPGP card 3.4, 7.2.14).
    pub fn template(self) -> u8 {
        match self {
            Self::Signature => 0xB6,
            Self::Decryption => 0xB8,
            Self::Authentication => 0xA4,
        }
    }

    /// DO of its algorithm attributes: C1, C2, C3.
    pub fn attributes_tag(self) -> u16 {
        0xC1 + self.index() as u16
    }

    /// DO of its fingerprint, to be written: C7, C8, C9.
    pub fn fingerprint_tag(self) -> u16 {
        0xC7 + self.index() as u16
    }

    /// DO of its time of generation, to be written: CE, CF, D0.
    pub fn time_tag(self) -> u16 {
        0xCE + self.index() as u16
    }

    /// DO of its touch policy (user interaction flag): D6, D7, D8.
    pub fn touch_tag(self) -> u16 {
        0xD6 + self.index() as u16
    }

    /// Which of the cardholder certificates is that of its key: authentication comes first (4.4.1, DO 7F21).
    pub fn occurrence(self) -> u8 {
        match self {
            Self::Authentication => 0,
            Self::Decryption => 1,
            Self::Signature => 2,
        }
    }

    /// The name of its private key towards whoever read the token.
    pub fn private_object(self) -> ObjectId {
        ObjectId(FIRST_PRIVATE + self.index() as u32)
    }

    /// The name of its public key.
    pub fn public_object(self) -> ObjectId {
        ObjectId(FIRST_PUBLIC + self.index() as u32)
    }

    /// The name of its certificate.
    pub fn certificate_object(self) -> ObjectId {
        ObjectId(FIRST_CERTIFICATE + self.index() as u32)
    }

    /// The place whose private key this is.
    pub fn of_private(object: ObjectId) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.private_object() == object)
    }

    /// The place whose public key this is.
    pub fn of_public(object: ObjectId) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.public_object() == object)
    }

    /// The place whose certificate this is.
    pub fn of_certificate(object: ObjectId) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.certificate_object() == object)
    }
}

/// A data object of the card's directory that anybody may look for by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DataPlace {
    /// Its tag.
    pub tag: u16,
    /// Its label.
    pub label: &'static str,
    /// Who may read it; `None` = everybody.
    pub reader: Option<super::pin::Pin>,
    /// Who may write it.
    pub writer: super::pin::Pin,
}

impl DataPlace {
    /// The name of the object.
    pub fn object(self) -> ObjectId {
        ObjectId(FIRST_DATA + u32::from(self.tag))
    }

    /// The data object of a name.
    pub fn of_object(object: ObjectId) -> Option<Self> {
        DATA.into_iter().find(|data| data.object() == object)
    }
}

/// Data objects that hold what their users want (OpenPGP card 3.4, 4.4.1); the private ones as OpenSC calls them.
/// Each is always there, and empty until somebody writes it.
pub(super) const DATA: [DataPlace; 7] = {
    use super::pin::Pin::{Admin, User};
    [
        DataPlace { tag: 0x5B, label: "Cardholder name", reader: None, writer: Admin },
        DataPlace { tag: 0x5E, label: "Login data", reader: None, writer: Admin },
        DataPlace { tag: 0x5F50, label: "URL", reader: None, writer: Admin },
        DataPlace { tag: 0x0101, label: "PrivDO1", reader: None, writer: User },
        DataPlace { tag: 0x0102, label: "PrivDO2", reader: None, writer: Admin },
        DataPlace { tag: 0x0103, label: "PrivDO3", reader: Some(User), writer: User },
        DataPlace { tag: 0x0104, label: "PrivDO4", reader: Some(Admin), writer: Admin },
    ]
};

/// How many of [`DATA`] stand on every card; the others are optional.
pub(super) const ALWAYS_THERE: usize = 3;

const FIRST_PRIVATE: u32 = 0x01;
const FIRST_PUBLIC: u32 = 0x11;
const FIRST_CERTIFICATE: u32 = 0x21;
const FIRST_DATA: u32 = 0x1_0000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_by_id_name_and_objects() {
        for place in Place::ALL {
            assert_eq!(Place::of_id(&[place.number()]), Some(place));
            assert_eq!(Place::of_name(place.name()), Some(place));
            assert_eq!(Place::of_private(place.private_object()), Some(place));
            assert_eq!(Place::of_public(place.public_object()), Some(place));
            assert_eq!(Place::of_certificate(place.certificate_object()), Some(place));
            assert_eq!(Place::of_private(place.public_object()), None);
        }
        assert_eq!(Place::of_id(&[4]), None);
        assert_eq!(Place::of_name("OPENPGP.3"), Some(Place::Authentication));
        assert_eq!(Place::of_name("9a"), None);
    }

    #[test]
    fn tags_are_those_of_the_standard() {
        let tags = |tag: fn(Place) -> u16| Place::ALL.map(tag);
        assert_eq!(tags(Place::attributes_tag), [0xC1, 0xC2, 0xC3]);
        assert_eq!(tags(Place::fingerprint_tag), [0xC7, 0xC8, 0xC9]);
        assert_eq!(tags(Place::time_tag), [0xCE, 0xCF, 0xD0]);
        assert_eq!(tags(Place::touch_tag), [0xD6, 0xD7, 0xD8]);
    }
}

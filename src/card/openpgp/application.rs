//! Application related data, DO 6E (OpenPGP card 3.4, 4.4.1): which card it is, what it can do, and which keys it has.

use super::attributes::Attributes;
use super::place::Place;
use crate::card::CardError;
use crate::codec::tlv::{Reader, Tlv};

/// What the card says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Application {
    /// Application identifier, 16 bytes: names version, manufacturer and serial number.
    pub aid: [u8; AID_LEN],
    /// What it can do.
    pub capabilities: Capabilities,
    /// Algorithm attributes of the places.
    pub attributes: [Attributes; 3],
    /// PIN counters and lengths.
    pub pins: PinStatus,
    /// Fingerprints of the keys (RFC 4880, 12.2); zeros where there is none.
    pub fingerprints: [[u8; FINGERPRINT_LEN]; 3],
    /// Seconds since 1970 at which the keys were made; 0 where nobody said.
    pub times: [u32; 3],
    /// Where the keys came from, on cards that tell (since 3.4).
    pub origins: Option<[Origin; 3]>,
    /// Touch policies, on cards with a button.
    pub touch: [Option<u8>; 3],
}

/// Extended capabilities, DO C0, and what other DOs add to them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Capabilities {
    /// GET CHALLENGE gives up to so many random bytes; 0 = it does not.
    pub challenge_len: usize,
    /// Keys can be imported.
    pub import: bool,
    /// Whether the signature PIN is forced can be changed.
    pub force_changeable: bool,
    /// There are private use DOs.
    pub private_data: bool,
    /// Algorithm attributes can be changed.
    pub attributes_changeable: bool,
    /// PINs may be hashed by the host (KDF-DO). The standard has it since version 3, Gnuk in its version 2 as well.
    pub kdf: bool,
    /// The decryption and authentication keys may stand in for each other (MSE SET).
    pub key_swap: bool,
    /// Longest cardholder certificate in bytes.
    pub certificate_len: usize,
    /// Commands and responses may have extended length.
    pub extended_length: bool,
    /// TERMINATE DF and ACTIVATE FILE reset the card to its factory state.
    pub reset: bool,
}

/// PW status bytes, DO C4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PinStatus {
    /// PW1 is asked for before each signature.
    pub signature_forced: bool,
    /// Longest PW1, resetting code, PW3 in bytes.
    pub max_lens: [u8; 3],
    /// Tries left of PW1, resetting code, PW3.
    pub tries: [u8; 3],
}

/// Where a key came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Absent,
    Generated,
    Imported,
    Untold,
}

impl Application {
    /// Reads the answer to GET DATA 6E, with or without its own tag around it. Errors: `Malformed`.
    pub fn parse(bytes: &[u8]) -> Result<Self, CardError> {
        let fields = Fields::collect(bytes)?;
        let aid: [u8; AID_LEN] =
            fields.get(TAG_AID).and_then(|aid| aid.try_into().ok()).ok_or_else(|| damaged("no AID"))?;
        if !aid.starts_with(&RID_AND_APPLICATION) {
            return Err(damaged("the AID is not that of OpenPGP"));
        }
        let attributes = Place::ALL.map(|place| {
            Attributes::parse(fields.get(u32::from(place.attributes_tag())).unwrap_or_default())
        });
        let pins = PinStatus::parse(fields.required(TAG_PIN_STATUS, "PW status bytes")?)?;
        let fingerprints = thirds(fields.required(TAG_FINGERPRINTS, "fingerprints")?);
        let fingerprints = fingerprints.ok_or_else(|| damaged("fingerprints of a wrong length"))?;
        let times = fields.get(TAG_TIMES).and_then(thirds::<4>).unwrap_or_default();
        Ok(Self {
            aid,
            capabilities: Capabilities::of(&fields, aid),
            attributes,
            pins,
            fingerprints,
            times: times.map(u32::from_be_bytes),
            origins: fields.get(TAG_KEY_INFORMATION).and_then(origins),
            touch: Place::ALL.map(|place| fields.get(u32::from(place.touch_tag()))?.first().copied()),
        })
    }

    /// An application that was terminated: nothing is known of it but that it can be activated again.
    pub fn terminated() -> Self {
        let mut aid = [0; AID_LEN];
        aid.iter_mut().zip(RID_AND_APPLICATION).for_each(|(place, byte)| *place = byte);
        Self {
            aid,
            capabilities: Capabilities { reset: true, ..Capabilities::default() },
            attributes: Place::ALL.map(|_| Attributes::Unknown(Vec::new())),
            pins: PinStatus { signature_forced: false, max_lens: [UNTOLD_LEN; 3], tries: [0; 3] },
            fingerprints: Default::default(),
            times: [0; 3],
            origins: None,
            touch: [None; 3],
        }
    }

    /// Whether this stands for an application that was terminated: no other one is of version 0.
    pub fn is_terminated(&self) -> bool {
        self.version() == (0, 0)
    }

    /// Version of the application: `(3, 4)`.
    pub fn version(&self) -> (u8, u8) {
        let [_, _, _, _, _, _, major, minor, ..] = self.aid;
        (major, minor)
    }

    /// Manufacturer's number.
    pub fn manufacturer(&self) -> u16 {
        let [_, _, _, _, _, _, _, _, high, low, ..] = self.aid;
        u16::from_be_bytes([high, low])
    }

    /// Manufacturer and serial number: six bytes, as OpenSC shows them.
    pub fn serial(&self) -> &[u8] {
        self.aid.get(8..14).unwrap_or_default()
    }

    /// Whether there is a key in a place. Cards before 3.4 do not tell: there a key has a fingerprint.
    pub fn has_key(&self, place: Place) -> bool {
        match self.origin(place) {
            Some(Origin::Absent) => false,
            Some(_) => true,
            None => self.fingerprint(place).is_some(),
        }
    }

    /// Where the key of a place came from, if the card tells.
    pub fn origin(&self, place: Place) -> Option<Origin> {
        self.origins.and_then(|origins| origins.get(place.index()).copied())
    }

    /// The fingerprint of the key in a place, if it has one.
    pub fn fingerprint(&self, place: Place) -> Option<&[u8; FINGERPRINT_LEN]> {
        self.fingerprints.get(place.index()).filter(|fingerprint| fingerprint.iter().any(|byte| *byte != 0))
    }

    /// Algorithm attributes of a place.
    pub fn attributes(&self, place: Place) -> &Attributes {
        let [signature, decryption, authentication] = &self.attributes;
        match place {
            Place::Signature => signature,
            Place::Decryption => decryption,
            Place::Authentication => authentication,
        }
    }

    /// Since version 3 there are three cardholder certificates, and SELECT DATA chooses one.
    pub fn has_three_certificates(&self) -> bool {
        self.version() >= (3, 0)
    }

    /// Whether the host may say how PINs are hashed. A Gnuk (version 2) sets its PINs anew with the DO, and takes it without
    /// keys alone: there it is used, and not written.
    pub fn takes_kdf(&self) -> bool {
        self.capabilities.kdf && self.version() >= (3, 0)
    }

    /// Whether the card is known to set its PINs anew when its KDF-DO is written.
    pub fn sets_pins_anew(&self) -> bool {
        self.takes_kdf() && self.manufacturer() == YUBICO
    }

    /// Whether the KDF-DO is ours to write and tells that it is unfinished.
    pub fn tells_unfinished(&self) -> bool {
        self.takes_kdf() && !self.sets_pins_anew()
    }

    /// What tells that the keys are still the same, `None` where the card does not say it of every one: a new key
    /// brings a new fingerprint or time.
    pub fn keys_validator(&self) -> Option<Vec<u8>> {
        if Place::ALL.into_iter().any(|place| self.has_key(place) && self.fingerprint(place).is_none()) {
            return None;
        }
        let mut validator = self.fingerprints.concat();
        validator.extend(self.times.iter().flat_map(|time| time.to_be_bytes()));
        for attributes in &self.attributes {
            validator.extend(attributes.encode());
        }
        Some(validator)
    }
}

impl Capabilities {
    fn of(fields: &Fields<'_>, aid: [u8; AID_LEN]) -> Self {
        let flags = fields.get(TAG_CAPABILITIES).unwrap_or_default();
        let has = |bit: u8| flags.first().is_some_and(|flags| flags & bit != 0);
        let number = |at: usize| match flags.get(at..at + 2) {
            Some([high, low]) => usize::from(u16::from_be_bytes([*high, *low])),
            _ => 0,
        };
        let historical = fields.get(TAG_HISTORICAL).unwrap_or_default();
        let is_third = aid.get(6).is_some_and(|major| *major >= 3);
        Self {
            challenge_len: if has(0x40) { number(2) } else { 0 },
            import: has(0x20),
            force_changeable: has(0x10),
            private_data: has(0x08),
            attributes_changeable: has(0x04),
            kdf: has(0x01),
            key_swap: is_third && flags.get(9).is_some_and(|mse| *mse == 1),
            certificate_len: number(4),
            extended_length: takes_extended_length(historical),
            reset: life_cycle(historical).is_some_and(|life_cycle| matches!(life_cycle, 0x03 | 0x05)),
        }
    }
}

impl PinStatus {
    /// Reads DO C4. Errors: `Malformed`.
    pub fn parse(bytes: &[u8]) -> Result<Self, CardError> {
        let [valid_for_several, user_len, code_len, admin_len, user, code, admin, ..] = *bytes else {
            return Err(damaged("PW status bytes of a wrong length"));
        };
        // The eighth bit says that PIN block format 2 is taken (4.3.1); the length is in the rest.
        let max_lens = [user_len, code_len, admin_len].map(|len| len & 0x7F);
        Ok(Self { signature_forced: valid_for_several == 0, max_lens, tries: [user, code, admin] })
    }
}

/// Historical bytes say whether extended length is taken (ISO 7816-4, 12.1.1.9: card capabilities, third byte).
pub(super) fn takes_extended_length(historical: &[u8]) -> bool {
    let Some((0x00, objects)) = historical.split_first().map(|(category, rest)| (*category, rest)) else {
        return false;
    };
    let mut rest = objects;
    while let [head, tail @ ..] = rest {
        let Some((value, behind)) = tail.split_at_checked(usize::from(head & 0x0F)) else { return false };
        if head >> 4 == 0x7 {
            return value.get(2).is_some_and(|third| third & 0x40 != 0);
        }
        rest = behind;
    }
    false
}

/// Life cycle in the status indicator at the end of the historical bytes (OpenPGP card 3.4, 6.1): 0 = no reset.
fn life_cycle(historical: &[u8]) -> Option<u8> {
    match historical {
        [0x00, .., life_cycle, _, _] => Some(*life_cycle),
        _ => None,
    }
}

/// Simple data objects by tag, wherever they stand in the templates 6E and 73.
struct Fields<'a>(Vec<Tlv<'a>>);

impl<'a> Fields<'a> {
    /// Errors: `Malformed` when a length runs over its template.
    fn collect(bytes: &'a [u8]) -> Result<Self, CardError> {
        let mut fields = Vec::new();
        let mut templates = vec![Reader::new(bytes)];
        while let Some(template) = templates.pop() {
            for field in template {
                let field = field.map_err(|error| damaged(&error.to_string()))?;
                // Two levels in a well-formed answer: a card that nests deeper adds templates of the same names.
                match field.tag {
                    TAG_APPLICATION | TAG_DISCRETIONARY if templates.len() < MAX_TEMPLATES => {
                        templates.push(field.children());
                    }
                    _ => fields.push(field),
                }
            }
            if fields.len() > MAX_FIELDS {
                return Err(damaged("too many data objects"));
            }
        }
        Ok(Self(fields))
    }

    fn get(&self, tag: u32) -> Option<&'a [u8]> {
        self.0.iter().find(|field| field.tag == tag).map(|field| field.value)
    }

    fn required(&self, tag: u32, name: &str) -> Result<&'a [u8], CardError> {
        self.get(tag).ok_or_else(|| damaged(&format!("no {name}")))
    }
}

/// Three values of `LEN` bytes each, whatever follows.
fn thirds<const LEN: usize>(bytes: &[u8]) -> Option<[[u8; LEN]; 3]> {
    let mut values = [[0; LEN]; 3];
    for (value, chunk) in values.iter_mut().zip(bytes.chunks_exact(LEN)) {
        value.copy_from_slice(chunk);
    }
    (bytes.len() >= 3 * LEN).then_some(values)
}

/// Pairs of key number and status (DO DE). `None` when a place is missing.
fn origins(bytes: &[u8]) -> Option<[Origin; 3]> {
    let of = |place: Place| {
        let mut pairs = bytes.chunks_exact(2);
        pairs.find_map(|pair| match pair {
            [number, status] if *number == place.number() => Some(match status {
                0 => Origin::Absent,
                1 => Origin::Generated,
                2 => Origin::Imported,
                _ => Origin::Untold,
            }),
            _ => None,
        })
    };
    Some([of(Place::Signature)?, of(Place::Decryption)?, of(Place::Authentication)?])
}

fn damaged(why: &str) -> CardError {
    CardError::Malformed { what: "application related data (DO 6E)".to_owned(), why: why.to_owned() }
}

/// RID of the Free Software Foundation Europe and the application's number (4.2.1).
pub(super) const RID_AND_APPLICATION: [u8; 6] = [0xD2, 0x76, 0x00, 0x01, 0x24, 0x01];
pub(super) const AID_LEN: usize = 16;
pub(super) const FINGERPRINT_LEN: usize = 20;
pub(super) const YUBICO: u16 = 0x0006;
const TAG_APPLICATION: u32 = 0x6E;
const TAG_DISCRETIONARY: u32 = 0x73;
const TAG_AID: u32 = 0x4F;
const TAG_HISTORICAL: u32 = 0x5F52;
const TAG_CAPABILITIES: u32 = 0xC0;
const TAG_PIN_STATUS: u32 = 0xC4;
const TAG_FINGERPRINTS: u32 = 0xC5;
const TAG_TIMES: u32 = 0xCD;
const TAG_KEY_INFORMATION: u32 = 0xDE;
const MAX_TEMPLATES: usize = 4;
/// Longest PIN of a card that does not say (4.3.1).
const UNTOLD_LEN: u8 = 0x7F;
const MAX_FIELDS: usize = 256;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::codec::{hex, tlv};

    /// The discretionary data objects of a card 3.4 with a generated RSA key for signatures.
    fn discretionary() -> Vec<(u32, Vec<u8>)> {
        let decode = |text: &str| hex::decode(text).unwrap();
        vec![
            (TAG_CAPABILITIES, decode("7d000bfe080000ff0001")),
            (0xC1, decode("010800002000")),
            (0xC2, decode("122a8648ce3d030107")),
            (0xC3, decode("162b06010401da470f01")),
            (TAG_PIN_STATUS, decode("007f7f7f030003")),
            (TAG_FINGERPRINTS, [vec![0x11; 20], vec![0; 40]].concat()),
            (TAG_TIMES, decode("650000000000000000000000")),
            (TAG_KEY_INFORMATION, decode("010102000300")),
            (0xD6, decode("0020")),
        ]
    }

    /// An answer to GET DATA 6E in which one object is another.
    pub fn answer(changed: Option<(u32, Vec<u8>)>) -> Vec<u8> {
        let mut inner = Vec::new();
        for (tag, value) in discretionary() {
            let value =
                changed.as_ref().filter(|(other, _)| *other == tag).map_or(value, |(_, new)| new.clone());
            tlv::write(&mut inner, tag, &value);
        }
        let mut outer = tlv::encode(TAG_AID, &hex::decode("d276000124010304fffe000000010000").unwrap());
        tlv::write(&mut outer, TAG_HISTORICAL, &hex::decode("0031f573c00160059000").unwrap());
        tlv::write(&mut outer, TAG_DISCRETIONARY, &inner);
        outer
    }

    #[test]
    fn application_is_read_bare_and_in_its_own_tag() {
        let bare = answer(None);
        let application = Application::parse(&bare).unwrap();
        assert_eq!(Application::parse(&tlv::encode(TAG_APPLICATION, &bare)).unwrap(), application);
        assert_eq!((application.version(), application.manufacturer()), ((3, 4), 0xFFFE));
        assert_eq!(hex::encode(application.serial()), "fffe00000001");
        assert!(application.has_key(Place::Signature) && !application.has_key(Place::Decryption));
        assert_eq!(application.origin(Place::Signature), Some(Origin::Generated));
        assert_eq!(application.pins.tries, [3, 0, 3]);
        assert!(application.pins.signature_forced);
        assert_eq!(application.touch, [Some(0), None, None]);
        let can = application.capabilities;
        assert_eq!((can.challenge_len, can.certificate_len), (0x0BFE, 0x0800));
        assert!(can.kdf && can.key_swap && can.extended_length && can.reset && can.private_data);
    }

    #[test]
    fn application_cut_anywhere_is_an_error_or_the_same_keys() {
        let whole = answer(None);
        for end in 0..whole.len() {
            assert!(Application::parse(&whole[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn application_with_lengths_that_lie_is_an_error() {
        for (tag, value) in
            [(TAG_PIN_STATUS, "00"), (TAG_PIN_STATUS, ""), (TAG_FINGERPRINTS, "1122"), (TAG_FINGERPRINTS, "")]
        {
            let answer = answer(Some((tag, hex::decode(value).unwrap())));
            let error = Application::parse(&answer).unwrap_err();
            assert!(error.to_string().contains("DO 6E"), "{error}");
        }
        let mut nested = answer(None);
        for _ in 0..3000 {
            nested = tlv::encode(TAG_DISCRETIONARY, &nested);
        }
        assert!(Application::parse(&nested).is_ok());
        let many = [0x01, 0x00].repeat(100_000);
        assert!(Application::parse(&many).is_err());
    }

    #[test]
    fn keys_without_key_information_are_those_with_a_fingerprint() {
        let old = answer(Some((TAG_KEY_INFORMATION, Vec::new())));
        let application = Application::parse(&old).unwrap();
        assert_eq!(application.origins, None);
        assert!(application.has_key(Place::Signature) && !application.has_key(Place::Authentication));
        assert!(application.keys_validator().is_some());
        let unnamed = answer(Some((TAG_FINGERPRINTS, vec![0; 60])));
        assert_eq!(Application::parse(&unnamed).unwrap().keys_validator(), None);
    }

    #[test]
    fn extended_length_is_the_third_byte_of_the_card_capabilities() {
        for (bytes, extended) in [
            ("0031f573c00160009000", true),
            ("0073000080059000", false),
            ("0073000040059000", true),
            ("", false),
            ("0073", false),
            ("80730000c0", false),
            ("00310073", false),
        ] {
            assert_eq!(takes_extended_length(&hex::decode(bytes).unwrap()), extended, "{bytes}");
        }
    }
}

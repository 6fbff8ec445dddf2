//! Cards that keep to the standard each in their own way. They compute with real keys; what differs is how they
//! want to be asked, and what they answer.

use crate::apdu::{Channel, Stats, iso};
use crate::card::Listing;
use crate::card::pkcs15::tests::sample::{Image, sample};
use crate::card::pkcs15::{self, PKCS15_AID, encode_public_key};
use crate::card::{CardCall, CardDriver, CardError, CardSettings};
use crate::codec::{Secret, tlv};
use crate::crypto::{Curve, DigestAlgorithm, EcPrivateKey, RsaPrivateKey, digest, ec, rsa};
use crate::token::{AuthId, KeyClass, Token};
use crate::transport::{Begun, Disposition, Protocol, Transport, TransportError};

/// How a card differs from the plainest one.
#[derive(Debug, Clone, Copy, Default)]
struct Manner {
    /// SELECT takes one level at a time.
    stepwise: bool,
    /// SELECT tells nothing about a file.
    silent: bool,
    /// Directory files are made of records of so many bytes.
    record_len: Option<usize>,
    /// The application is reached by its identifier only.
    by_name: bool,
    /// MSE SET wants this algorithm reference.
    algorithm: Option<u8>,
    /// MSE SET refuses a file reference.
    no_file: bool,
    /// RSA is done on whole blocks only.
    whole_blocks: bool,
    /// ECDSA signatures are DER.
    der: bool,
    /// Signatures are wrong.
    wrong: bool,
    /// VERIFY with P1 = FF takes a verification back.
    takes_back: bool,
}

struct OddCard {
    manner: Manner,
    image: Image,
    current: Vec<u8>,
    algorithm: Option<u8>,
    /// Last byte of the selected key's file.
    key: u8,
    verified: bool,
    pins_seen: usize,
    commands: usize,
    /// How often the application was selected by its name.
    named: usize,
    /// Another application is selected, with the same files in it.
    elsewhere: bool,
    /// PINs that the other application got.
    stray_pins: usize,
    rsa: RsaPrivateKey,
    ec: EcPrivateKey,
}

const PIN_BLOCK: &[u8] = b"123456\xFF\xFF";
/// The name of another application on the card.
const OTHER_AID: [u8; 5] = [0xF0, 0x00, 0x00, 0x00, 0x01];
const BASE: [u8; 4] = [0x3F, 0x00, 0x50, 0x15];

impl OddCard {
    fn new(manner: Manner) -> Self {
        let rsa = RsaPrivateKey::generate(1024).unwrap();
        let ec = EcPrivateKey::from_scalar(Curve::P256, &[0x51]).unwrap();
        let mut image = sample();
        *image.file(0x5501) = encode_public_key(&rsa.public());
        image.file(0x4B01).push(0);
        image.file(0x4B02).push(0);
        *image.file(0x4501) = b"data".to_vec();
        Self {
            manner,
            image,
            current: vec![0x3F, 0x00],
            algorithm: None,
            key: 0,
            verified: false,
            pins_seen: 0,
            commands: 0,
            named: 0,
            elsewhere: false,
            stray_pins: 0,
            rsa,
            ec,
        }
    }

    fn is_directory(&self, path: &[u8]) -> bool {
        self.image.files.keys().any(|file| file.len() > path.len() && file.starts_with(path))
    }

    fn is_records(&self) -> bool {
        self.manner.record_len.is_some() && self.current.get(4) == Some(&0x44)
    }

    fn select(&mut self, p1: u8, p2: u8, data: &[u8]) -> Result<Vec<u8>, u16> {
        if self.manner.silent && p2 != 0x0C {
            return Err(0x6A86);
        }
        let folder =
            if self.is_directory(&self.current) { self.current.len() } else { self.current.len() - 2 };
        let target = match p1 {
            0x04 if data == PKCS15_AID => {
                self.named += 1;
                self.elsewhere = false;
                BASE.to_vec()
            }
            0x04 if data == OTHER_AID => {
                self.elsewhere = true;
                BASE.to_vec()
            }
            0x04 => return Err(0x6A82),
            0x08 if self.manner.stepwise => return Err(0x6A86),
            0x08 => [&BASE[..2], data].concat(),
            _ if data == &BASE[..2] => data.to_vec(),
            _ => [&self.current[..folder], data].concat(),
        };
        let hidden = self.manner.by_name && p1 != 0x04 && !self.current.starts_with(&BASE);
        if hidden && target.starts_with(&BASE)
            || !self.image.files.contains_key(&target) && !self.is_directory(&target)
        {
            return Err(0x6A82);
        }
        self.current = target;
        if let [.., 0x4B, number] = self.current[..] {
            self.key = number;
        }
        if p2 == 0x0C {
            return Ok(Vec::new());
        }
        let (kind, size) = match self.image.files.get(&self.current) {
            None => (0x38, 0),
            Some(_) if self.is_records() => (0x04, 0),
            Some(content) => (0x01, content.len()),
        };
        let mut info = tlv::encode(0x82, &[kind]);
        if kind == 0x01 {
            tlv::write(&mut info, 0x80, &(size as u16).to_be_bytes());
        }
        Ok(tlv::encode(0x6F, &info))
    }

    fn read(&self, offset: usize) -> Result<Vec<u8>, u16> {
        let content = self.image.files.get(&self.current).ok_or(0x6986u16)?;
        if self.is_records() {
            return Err(0x6981);
        }
        let part = content.get(offset..).ok_or(0x6B00u16)?;
        Ok(part[..part.len().min(256)].to_vec())
    }

    fn read_record(&self, number: u8) -> Result<Vec<u8>, u16> {
        let content = self.image.files.get(&self.current).ok_or(0x6986u16)?;
        let records = content.chunks(self.manner.record_len.ok_or(0x6981u16)?);
        records.skip(usize::from(number) - 1).map(<[u8]>::to_vec).next().ok_or(0x6A83)
    }

    fn verify(&mut self, p1: u8, data: &[u8]) -> Result<Vec<u8>, u16> {
        match (p1, data) {
            (0xFF, []) if self.manner.takes_back => self.verified = false,
            (0, []) if self.verified => {}
            (0, []) => return Err(0x63C3),
            (0, data) => {
                self.pins_seen += 1;
                self.stray_pins += usize::from(self.elsewhere);
                self.verified = data == PIN_BLOCK;
                if !self.verified {
                    return Err(0x63C2);
                }
            }
            _ => return Err(0x6A86),
        }
        Ok(Vec::new())
    }

    fn set_environment(&mut self, data: &[u8]) -> Result<Vec<u8>, u16> {
        self.algorithm = tlv::find(data, 0x80).and_then(|value| value.first().copied());
        let accepted = self.manner.algorithm.is_none_or(|wanted| self.algorithm == Some(wanted));
        let file = tlv::find(data, 0x81);
        if !accepted || (self.manner.no_file && file.is_some()) {
            return Err(0x6A80);
        }
        Ok(Vec::new())
    }

    fn operate(&mut self, p1: u8, data: &[u8]) -> Result<Vec<u8>, u16> {
        if !self.verified {
            return Err(0x6982);
        }
        let mut answer = match (p1, self.key) {
            (0x9E, 1) if self.manner.whole_blocks && data.len() != 128 => return Err(0x6700),
            (0x9E, 1) if self.manner.whole_blocks => {
                self.rsa.raw(data).map_err(|_| 0x6A80u16)?.expose().to_vec()
            }
            (0x9E, 1) => {
                let block = rsa::pkcs1_sign_encode(data, 128).map_err(|_| 0x6700u16)?;
                self.rsa.raw(&block).map_err(|_| 0x6A80u16)?.expose().to_vec()
            }
            (0x9E, _) => {
                let signature = self.ec.sign(data).map_err(|_| 0x6A80u16)?;
                if self.manner.der { ec::signature_to_der(&signature).unwrap() } else { signature }
            }
            _ => {
                let block = self.rsa.raw(&data[1..]).map_err(|_| 0x6A80u16)?;
                if self.manner.whole_blocks {
                    block.expose().to_vec()
                } else {
                    let message = rsa::pkcs1_unpad(&block).unwrap().into_message().map_err(|_| 0x6A80u16)?;
                    message.expose().to_vec()
                }
            }
        };
        if self.manner.wrong {
            answer[0] ^= 1;
        }
        Ok(answer)
    }
}

impl Transport for OddCard {
    fn atr(&self) -> &[u8] {
        &[0x3B, 0x00]
    }

    fn protocol(&self) -> Protocol {
        Protocol::T1
    }

    fn begin(&mut self) -> Result<Begun, TransportError> {
        Ok(Begun::Unchanged)
    }

    fn end(&mut self, _: Disposition) -> Result<(), TransportError> {
        Ok(())
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.commands += 1;
        let [_, ins, p1, p2, body @ ..] = command else { panic!("{command:02x?}") };
        let data = match body {
            [] | [_] => &[][..],
            [len, rest @ ..] => &rest[..usize::from(*len)],
        };
        let answer = match ins {
            0xA4 => self.select(*p1, *p2, data),
            0xB0 => self.read(usize::from(*p1) << 8 | usize::from(*p2)),
            0xB2 => self.read_record(*p1),
            0x20 => self.verify(*p1, data),
            0x22 => self.set_environment(data),
            0x2A => self.operate(*p1, data),
            0x84 => Ok(vec![0xA5; 8]),
            _ => Err(0x6D00),
        };
        let (mut data, status) = answer.map_or_else(|status| (Vec::new(), status), |data| (data, 0x9000));
        data.extend_from_slice(&status.to_be_bytes());
        Ok(data)
    }
}

/// Opens the card and reads its token.
fn open(card: &mut OddCard) -> (Box<dyn CardDriver>, Token) {
    let stats = Stats::default();
    let mut channel = Channel::begin(card, &stats).unwrap();
    let mut driver = super::open(&mut channel, &CardSettings::default()).unwrap().expect("a PKCS#15 card");
    let token = driver.read_token(&mut channel, Listing::Keys).unwrap();
    (driver, token)
}

fn manners() -> Vec<(&'static str, Manner)> {
    let plain = Manner::default();
    vec![
        ("plain", plain),
        ("no paths", Manner { stepwise: true, ..plain }),
        ("no file information", Manner { silent: true, ..plain }),
        ("no paths, no information", Manner { stepwise: true, silent: true, ..plain }),
        ("records", Manner { record_len: Some(50), ..plain }),
        ("records that nobody announces", Manner { record_len: Some(200), silent: true, ..plain }),
        ("application by name", Manner { by_name: true, ..plain }),
        ("usual algorithm reference", Manner { algorithm: Some(0x02), ..plain }),
        ("no file reference", Manner { no_file: true, ..plain }),
        ("whole blocks", Manner { whole_blocks: true, ..plain }),
        ("DER", Manner { der: true, ..plain }),
        ("takes a login back", Manner { takes_back: true, ..plain }),
    ]
}

#[test]
fn card_of_any_manner_is_read_and_signs() {
    let message = digest::digest(DigestAlgorithm::Sha256, b"message");
    let info = DigestAlgorithm::Sha256.digest_info(&message);
    for (what, manner) in manners() {
        let mut card = OddCard::new(manner);
        if manner.by_name {
            let name = tlv::encode(0x61, &tlv::encode(0x4F, &PKCS15_AID));
            card.image.put(&[0x3F, 0x00, 0x2F, 0x00], name);
        }
        let (rsa_public, ec_public) = (card.rsa.public(), card.ec.public());
        let (mut driver, token) = open(&mut card);
        assert_eq!(token.problems, [], "{what}");
        assert_eq!((token.auths.len(), token.keys.len(), token.certificates.len()), (4, 5, 4), "{what}");
        let private = |index: usize| {
            let mut keys = token.keys.iter().filter(|key| key.class == KeyClass::Private);
            keys.nth(index).unwrap().object
        };
        let stats = Stats::default();
        let mut channel = Channel::begin(&mut card, &stats).unwrap();
        assert_eq!(driver.read_object(&mut channel, token.data[0].object).unwrap(), b"data", "{what}");
        let auth = AuthId(vec![1]);
        assert_eq!(driver.tries_left(&mut channel, &auth).unwrap(), Some(3), "{what}");
        let call = CardCall::RsaSignPkcs1 { key: private(0), digest_info: &info };
        let early = driver.perform(&mut channel, &call);
        assert!(matches!(early, Err(CardError::NotAuthenticated)), "{what}: {early:?}");
        driver.verify(&mut channel, &auth, &Secret::from("123456")).unwrap();
        for _ in 0..2 {
            let signature =
                driver.perform(&mut channel, &call).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(rsa::pkcs1_verify(&rsa_public, &info, signature.expose()).unwrap(), "{what}");
        }
        if manner.algorithm.is_none() {
            let call = CardCall::EcdsaSign { key: private(1), digest: &message };
            let signature =
                driver.perform(&mut channel, &call).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(ec::verify(&ec_public, &message, signature.expose()).unwrap(), "{what}");
        }
        let cryptogram = rsa::pkcs1_encrypt(&rsa_public, b"secret").unwrap();
        let call = CardCall::RsaDecryptPkcs1 { key: private(0), cryptogram: &cryptogram };
        assert_eq!(driver.perform(&mut channel, &call).unwrap().expose(), b"secret", "{what}");
        assert_eq!(driver.perform(&mut channel, &CardCall::Random { len: 12 }).unwrap().len(), 12, "{what}");
        assert_eq!(driver.deauthenticate(&mut channel, &auth).unwrap(), manner.takes_back, "{what}");
        drop(channel);
        assert_eq!(card.pins_seen, 1, "{what}: the PIN went over the wire once");
    }
}

#[test]
fn further_signature_costs_one_command() {
    let mut card = OddCard::new(Manner { algorithm: Some(0x02), whole_blocks: true, ..Manner::default() });
    let (mut driver, token) = open(&mut card);
    let info = DigestAlgorithm::Sha256.digest_info(&[7; 32]);
    let call = CardCall::RsaSignPkcs1 { key: token.keys[0].object, digest_info: &info };
    let mut sign = |card: &mut OddCard| {
        let (before, stats) = (card.commands, Stats::default());
        driver.perform(&mut Channel::begin(card, &stats).unwrap(), &call).unwrap();
        card.commands - before
    };
    card.verified = true;
    assert!(sign(&mut card) > 3, "the ways that do not work are found out once");
    assert_eq!(sign(&mut card), 1, "PSO alone");
}

#[test]
fn wrong_signature_is_never_handed_out() {
    let mut card = OddCard::new(Manner { wrong: true, ..Manner::default() });
    let (mut driver, token) = open(&mut card);
    card.verified = true;
    let stats = Stats::default();
    let mut channel = Channel::begin(&mut card, &stats).unwrap();
    let info = DigestAlgorithm::Sha256.digest_info(&[7; 32]);
    for call in [
        CardCall::RsaSignPkcs1 { key: token.keys[0].object, digest_info: &info },
        CardCall::EcdsaSign { key: token.keys[1].object, digest: &[7; 32] },
    ] {
        let result = driver.perform(&mut channel, &call);
        assert!(matches!(result, Err(CardError::NotSupported { .. })), "{result:?}");
    }
}

#[test]
fn what_the_driver_cannot_do_is_said_and_not_tried() {
    let mut card = OddCard::new(Manner::default());
    let (mut driver, token) = open(&mut card);
    let abilities = driver.abilities().clone();
    assert!(!abilities.rsa_raw && !abilities.generates_keys && abilities.ecdh.is_empty());
    assert!(driver.admin().is_none());
    let before = card.commands;
    let stats = Stats::default();
    let mut channel = Channel::begin(&mut card, &stats).unwrap();
    let raw = driver.perform(&mut channel, &CardCall::RsaRaw { key: token.keys[0].object, block: &[0; 128] });
    assert!(matches!(raw, Err(CardError::NotSupported { .. })));
    let secret = driver.read_object(&mut channel, token.keys[0].object);
    assert!(matches!(secret, Err(CardError::NotSupported { .. })));
    for pin in ["", "1", "123456789", "letters"] {
        assert!(driver.verify(&mut channel, &AuthId(vec![1]), &Secret::from(pin)).is_err(), "{pin}");
    }
    assert!(matches!(
        driver.verify(&mut channel, &AuthId(vec![9]), &Secret::from("123456")),
        Err(CardError::NoSuchObject)
    ));
    drop(channel);
    assert_eq!(card.commands, before, "nothing was sent");
}

#[test]
fn blank_card_is_not_of_this_family() {
    let mut card = OddCard::new(Manner::default());
    card.image = Image::default();
    let stats = Stats::default();
    let mut channel = Channel::begin(&mut card, &stats).unwrap();
    assert!(super::open(&mut channel, &CardSettings::default()).unwrap().is_none());
}

/// Another program may have selected another application of the card meanwhile, to which a wrong PIN would be a try.
#[test]
fn application_beside_others_is_selected_by_its_name_before_a_pin() {
    let mut card = OddCard::new(Manner::default());
    let settings = CardSettings::default();
    let mut channel = Channel::begin(&mut card, &Stats::default()).unwrap();
    let mut driver = super::open_by_name(&mut channel, &settings).unwrap().unwrap();
    let pin = driver.read_token(&mut channel, Listing::Keys).unwrap().auths[0].id.clone();
    drop(channel);
    for (new_transaction, selections) in [(true, 1), (false, 0), (true, 1)] {
        if new_transaction {
            driver.forget_state();
            card.current = BASE[..2].to_vec();
        }
        let before = card.named;
        let mut channel = Channel::begin(&mut card, &Stats::default()).unwrap();
        driver.verify(&mut channel, &pin, &Secret::from("123456")).unwrap();
        drop(channel);
        assert_eq!(card.named - before, selections);
    }
}

/// The other application answers for the directories as this one would: only the name tells them apart.
#[test]
fn pin_does_not_go_to_another_application_that_has_the_same_files() {
    let mut card = OddCard::new(Manner::default());
    let mut channel = Channel::begin(&mut card, &Stats::default()).unwrap();
    channel.select(&iso::select_application(&PKCS15_AID)).unwrap();
    let mut driver = super::Generic::read(&mut channel, true).unwrap().unwrap();
    drop(channel);
    let (pin, data) = (AuthId(vec![1]), driver.content.token.data[0].object);
    // Another program selects it; and so does a path that names it.
    for named_by_a_path in [false, true] {
        if named_by_a_path {
            let path = pkcs15::Path { value: vec![0x45, 0x01], ..pkcs15::Path::application(&OTHER_AID) };
            let place = driver.content.objects.get_mut(&data).unwrap();
            place.value = Some(pkcs15::ObjectValue::Path(path));
        } else {
            driver.forget_state();
            card.elsewhere = true;
        }
        let before = card.named;
        let mut channel = Channel::begin(&mut card, &Stats::default()).unwrap();
        driver.read_object(&mut channel, data).unwrap();
        for _ in 0..2 {
            driver.verify(&mut channel, &pin, &Secret::from("123456")).unwrap();
        }
        drop(channel);
        assert_eq!((card.stray_pins, card.named - before), (0, 1), "{named_by_a_path}");
    }
    assert_eq!(card.pins_seen, 4);
}

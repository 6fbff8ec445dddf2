//! A software card that Debian's pkcs15-init personalises, and its files read and written by plain commands.

use std::path::{Path, PathBuf};
use std::time::Duration;

use p11ctl::apdu::{self, ApduError, Channel, Command, ReadBinary, Select, Stats, Target, Tell};
use p11ctl::card::pkcs15::{self, Files};
use p11ctl::card::{Card, CardError, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::config::Config;
use p11ctl::crypto::seal::PinKeyCost;
use p11ctl::softcard::{self, Options, Profile};
use p11ctl::transport::{Reader, Transport};

use crate::rig::Rig;

pub const SO_PIN: &str = "00000000";
/// Both user PINs: OpenSC's profile for this card wants PIN 1 for whatever is stored under PIN 2.
pub const PIN: &str = "11111111";

/// A rig with a blank card in its first reader.
pub struct Bench {
    pub rig: Rig,
    pub image: PathBuf,
}

impl Bench {
    pub fn new() -> Self {
        let mut rig = Rig::start();
        let image = rig.folder().join("card.img");
        let options = Options { profile: Profile::MyEid, pin_cost: PinKeyCost::MINIMAL };
        rig.insert(0, softcard::create(&image, options).unwrap());
        Self { rig, image }
    }

    /// Runs pkcs15-init, which must succeed.
    pub fn init(&self, arguments: &[&str]) {
        self.rig.expect("pkcs15-init", arguments);
    }

    /// Two user PINs and an SO PIN, an RSA and an EC key, a secret key, certificates, data: all by pkcs15-init.
    pub fn personalised() -> Self {
        let bench = Self::new();
        bench.init(&["--create-pkcs15", "--so-pin", SO_PIN, "--so-puk", SO_PIN, "--label", "Judge"]);
        for (id, label) in [("01", "PIN 1"), ("02", "Zweite PIN ü")] {
            let pins = ["--pin", PIN, "--puk", "22222222", "--so-pin", SO_PIN];
            bench.init(&[&["--store-pin", "--auth-id", id, "--label", label], &pins[..]].concat());
        }
        let with_pin = ["--pin", PIN, "--so-pin", SO_PIN];
        let store = |arguments: &[&str]| bench.init(&[arguments, &with_pin].concat());
        let usage = ["--key-usage", "sign,decrypt"];
        store(
            &[
                &["--generate-key", "rsa/2048", "--auth-id", "01", "--id", "45", "--label", "Key 1"],
                &usage[..],
            ]
            .concat(),
        );
        store(&["--generate-key", "ec/prime256v1", "--auth-id", "02", "--id", "46", "--label", "Key 2"]);
        store(&[
            "--generate-key",
            "rsa/1024",
            "--auth-id",
            "02",
            "--id",
            "a0b1c2",
            "--label",
            "Consent",
            "--user-consent",
            "1",
        ]);
        for (name, id, label) in [("leaf", "45", "Leaf"), ("root", "99", "Root")] {
            let file = bench.certificate(name);
            let file = file.to_str().unwrap();
            let authority: &[&str] = if name == "root" { &["--authority"] } else { &[] };
            store(&[&["--store-certificate", file, "--id", id, "--label", label], authority].concat());
        }
        let data = bench.rig.folder().join("data.bin");
        std::fs::write(&data, b"public data").unwrap();
        let data = data.to_str().unwrap();
        let application = ["--application-name", "p11ctl", "--application-id", "1.3.6.1.4.1.99999.1"];
        store(&[&["--store-data", data, "--label", "Open"], &application[..]].concat());
        store(&[
            "--store-data",
            data,
            "--label",
            "Closed",
            "--application-name",
            "p11ctl",
            "--auth-id",
            "01",
        ]);
        // Until then the card holds nobody to its access rules.
        bench.init(&["--finalize", "--so-pin", SO_PIN]);
        bench
    }

    /// A self-signed certificate by OpenSSL, as a PEM file.
    fn certificate(&self, name: &str) -> PathBuf {
        let folder = self.rig.folder();
        let file = folder.join(format!("{name}.pem"));
        let key = folder.join(format!("{name}.key"));
        let subject = format!("/CN={name}");
        let (key_path, file_path) = (key.to_str().unwrap(), file.to_str().unwrap());
        let made = [
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", &subject, "-keyout", key_path, "-out",
            file_path,
        ];
        self.rig.expect("openssl", &made);
        file
    }

    /// What OpenSC says of the whole card.
    pub fn dump(&self) -> String {
        self.rig.expect("pkcs15-tool", &["--dump", "--no-cache"]).stdout
    }

    /// Takes the card out of the rig and gives it to `job`, then puts it back.
    pub fn with_files<T>(&mut self, job: impl FnOnce(&mut CardFiles<'_>) -> T) -> T {
        let card = self.rig.remove(0);
        drop(card);
        let mut reader = softcard::reader("bench", Some(self.image.clone()), Duration::from_secs(5));
        let mut transport: Box<dyn Transport> = reader.connect().unwrap();
        let result = {
            let channel = Channel::begin(transport.as_mut(), &Stats::default()).unwrap();
            let mut files = CardFiles { channel };
            let result = job(&mut files);
            files.channel.end(p11ctl::transport::Disposition::Reset).unwrap();
            result
        };
        drop(transport);
        self.rig.insert(0, softcard::open(&self.image).unwrap());
        result
    }

    /// Takes the card out of the rig for good: the card in a software reader, with the generic driver only.
    pub fn generic(mut self) -> (Rig, Card) {
        drop(self.rig.remove(0));
        (self.rig, generic_card(&self.image))
    }
}

/// The card of an image, with the generic driver only.
pub fn generic_card(image: &Path) -> Card {
    Card::new(generic_reader(image), generic_settings(), Stats::default())
}

/// A software reader with the card of an image.
pub fn generic_reader(image: &Path) -> Box<dyn Reader> {
    softcard::reader("bench", Some(image.to_owned()), Duration::from_secs(5))
}

/// No driver but the generic one, no cache.
pub fn generic_settings() -> CardSettings {
    let mut config = Config::default();
    config.drivers.only = Some(vec!["PKCS#15".to_owned()]);
    config.cache.enabled = false;
    CardSettings::new(&config)
}

/// Files by plain commands.
pub struct CardFiles<'a> {
    pub channel: Channel<'a>,
}

impl CardFiles<'_> {
    /// VERIFY with the padding of this card.
    pub fn verify(&mut self, reference: u8, pin: &str) {
        let mut bytes = pin.as_bytes().to_vec();
        bytes.resize(8, 0xFF);
        self.channel.call(&apdu::iso::verify(reference, Secret::new(bytes))).unwrap();
    }

    /// Replaces the content of a file; what is left of it becomes zeros.
    pub fn write(&mut self, path: &pkcs15::Path, content: &[u8]) {
        let info = apdu::select(&mut self.channel, Select::Path(&path.value), Tell::Information).unwrap();
        let mut whole = content.to_vec();
        let size = info.size.unwrap();
        assert!(whole.len() <= size, "{} bytes into EF {path} of {size}", whole.len());
        whole.resize(size, 0);
        apdu::update_binary(&mut self.channel, Target::Current, 0, &whole, false).unwrap();
    }

    /// Makes a transparent file of the application that everybody reads and PIN 1 writes.
    pub fn create(&mut self, id: u16, size: u16) {
        apdu::select(&mut self.channel, Select::Path(&[0x3F, 0x00, 0x50, 0x15]), Tell::Nothing).unwrap();
        let [size_high, size_low] = size.to_be_bytes();
        let [id_high, id_low] = id.to_be_bytes();
        let parameters = [
            0x62, 0x17, 0x80, 2, size_high, size_low, 0x82, 1, 0x01, 0x83, 2, id_high, id_low, 0x86, 3, 0x01,
            0x1F, 0xFF, 0x85, 2, 0, 0, 0x8A, 1, 0,
        ];
        self.channel.call(&Command::new(0x00, 0xE0, 0x00, 0x00).data(&parameters)).unwrap();
    }
}

impl Files for CardFiles<'_> {
    fn read(&mut self, path: &pkcs15::Path, limit: usize) -> Result<Vec<u8>, CardError> {
        if path.aid.is_some() {
            return Err(CardError::NoSuchObject);
        }
        let info = apdu::select(&mut self.channel, Select::Path(&path.value), Tell::Information)?;
        let read: Result<_, ApduError> =
            ReadBinary::new(Target::Current).len(info.size).max_len(limit).run(&mut self.channel);
        Ok(read?)
    }
}

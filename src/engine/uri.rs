//! PKCS#11 URIs (RFC 7512): parse, format, match.
//! Own parser: the one on crates.io does not decode percent signs and takes broken ones.

use std::fmt;

use super::attribute::ObjectClass;

/// A parsed `pkcs11:` URI; what is `None` was not said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is that of the RFC")]
pub struct Uri {
    pub token: Option<String>,
    pub manufacturer: Option<String>,
    pub model: Option<String>,
    pub serial: Option<String>,
    pub slot_id: Option<u32>,
    pub slot_description: Option<String>,
    pub slot_manufacturer: Option<String>,
    pub object: Option<String>,
    pub id: Option<Vec<u8>>,
    pub class: Option<ObjectClass>,
    pub library_manufacturer: Option<String>,
    pub library_description: Option<String>,
    pub library_version: Option<String>,
    pub pin_source: Option<String>,
}

/// Why a text is no usable URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// It does not begin with `pkcs11:`.
    #[error("a PKCS#11 URI begins with \"pkcs11:\"")]
    Scheme,
    /// A part without `=`.
    #[error("{0:?} is not of the form name=value")]
    NoValue(String),
    /// An attribute twice.
    #[error("{0:?} is given twice")]
    Twice(String),
    /// An attribute that the RFC does not know.
    #[error("{0:?} is no attribute of a PKCS#11 URI")]
    UnknownAttribute(String),
    /// A percent sign without two hexadecimal digits.
    #[error("bad percent encoding in {0:?}")]
    Percent(String),
    /// A character that has to be percent-encoded.
    #[error("{character:?} in {text:?} has to be percent-encoded")]
    Character {
        /// The character.
        character: char,
        /// Where.
        text: String,
    },
    /// A text attribute that is no UTF-8.
    #[error("{0:?} is not UTF-8")]
    Utf8(String),
    /// A value that its attribute does not take.
    #[error("{value:?} is not possible for {name}")]
    Value {
        /// Which attribute.
        name: String,
        /// What was given.
        value: String,
    },
    /// A PIN in the URI.
    #[error("pin-value in a URI is refused: every user of this machine can read it in the process list")]
    PinValue,
}

/// What a library says of itself (`CK_INFO`), and a URI may demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibraryInfo {
    /// Who made it.
    pub manufacturer: String,
    /// What it is.
    pub description: String,
    /// Major and minor number.
    pub version: (u8, u8),
}

impl LibraryInfo {
    /// This library.
    pub fn ours() -> Self {
        let number = |text: &str| text.parse().unwrap_or_default();
        Self {
            manufacturer: library::MANUFACTURER.to_owned(),
            description: library::DESCRIPTION.to_owned(),
            version: (number(env!("CARGO_PKG_VERSION_MAJOR")), number(env!("CARGO_PKG_VERSION_MINOR"))),
        }
    }

    /// Whether a URI's version, of which the minor number may be left out, is this one.
    pub fn is_version(&self, text: &str) -> bool {
        let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
        (major.parse(), minor.parse()) == (Ok(self.version.0), Ok(self.version.1))
    }
}

/// The names of this library.
#[expect(missing_docs, reason = "each name is that of the RFC")]
pub mod library {
    pub const MANUFACTURER: &str = "p11ctl";
    pub const DESCRIPTION: &str = "p11ctl PKCS#11 module";
    /// Nobody tells who made a reader.
    pub const SLOT_MANUFACTURER: &str = "";
}

impl Uri {
    /// True when `text` claims to be a PKCS#11 URI. Schemes are case-insensitive (RFC 3986, 3.1).
    pub fn is_uri(text: &str) -> bool {
        text.get(..SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(SCHEME))
    }

    /// True when it names an object rather than a token alone.
    pub fn names_object(&self) -> bool {
        self.object.is_some() || self.class.is_some() || self.id.is_some()
    }

    fn set(&mut self, name: &str, value: &[u8]) -> Result<(), UriError> {
        let text = || String::from_utf8(value.to_vec()).map_err(|_| UriError::Utf8(name.to_owned()));
        match name {
            "token" => self.token = Some(text()?),
            "manufacturer" => self.manufacturer = Some(text()?),
            "model" => self.model = Some(text()?),
            "serial" => self.serial = Some(text()?),
            "slot-id" => self.slot_id = Some(text()?.parse().map_err(|_| value_error(name, value))?),
            "slot-description" => self.slot_description = Some(text()?),
            "slot-manufacturer" => self.slot_manufacturer = Some(text()?),
            "object" => self.object = Some(text()?),
            "id" => self.id = Some(value.to_vec()),
            "type" => {
                self.class = Some(class_of(&text()?).ok_or_else(|| value_error(name, value))?);
            }
            "library-manufacturer" => self.library_manufacturer = Some(text()?),
            "library-description" => self.library_description = Some(text()?),
            "library-version" => self.library_version = Some(text()?),
            "pin-source" => self.pin_source = Some(text()?),
            "pin-value" => return Err(UriError::PinValue),
            // They name another library; vendor attributes may be ignored (RFC 7512, 2.3).
            "module-name" | "module-path" => {}
            vendor if vendor.starts_with("x-") || vendor.contains('.') => {}
            unknown => return Err(UriError::UnknownAttribute(unknown.to_owned())),
        }
        Ok(())
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attributes = [
            ("model", &self.model),
            ("manufacturer", &self.manufacturer),
            ("serial", &self.serial),
            ("token", &self.token),
            ("slot-description", &self.slot_description),
            ("slot-manufacturer", &self.slot_manufacturer),
            ("object", &self.object),
            ("library-manufacturer", &self.library_manufacturer),
            ("library-description", &self.library_description),
            ("library-version", &self.library_version),
        ];
        let mut parts: Vec<String> = attributes
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", encode(value.as_ref()?))))
            .collect();
        parts.extend(self.slot_id.map(|id| format!("slot-id={id}")));
        parts.extend(self.id.as_ref().map(|id| format!("id={}", encode_all(id))));
        parts.extend(self.class.map(|class| format!("type={}", class_name(class))));
        write!(f, "{SCHEME}{}", parts.join(";"))?;
        match &self.pin_source {
            Some(source) => write!(f, "?pin-source={}", encode(source)),
            None => Ok(()),
        }
    }
}

impl std::str::FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        if !Self::is_uri(text) {
            return Err(UriError::Scheme);
        }
        let rest = text.get(SCHEME.len()..).unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = path.split(';').map(|part| (part, PATH_CHARACTERS));
        let query = query.split('&').map(|part| (part, QUERY_CHARACTERS));
        let mut uri = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        for (part, allowed) in path.chain(query).filter(|(part, _)| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| no_value(part))?;
            if seen.contains(&name) {
                return Err(UriError::Twice(name.to_owned()));
            }
            seen.push(name);
            // Before anything is decoded: no error may repeat a PIN.
            if name == "pin-value" {
                return Err(UriError::PinValue);
            }
            uri.set(name, &decode(value, allowed)?)?;
        }
        Ok(uri)
    }
}

fn class_name(class: ObjectClass) -> &'static str {
    match class {
        ObjectClass::Data => "data",
        ObjectClass::Certificate => "cert",
        ObjectClass::PublicKey => "public",
        ObjectClass::PrivateKey => "private",
        ObjectClass::SecretKey => "secret-key",
    }
}

fn class_of(name: &str) -> Option<ObjectClass> {
    ObjectClass::ALL.into_iter().find(|class| class_name(*class) == name)
}

/// A part without `=` could be a PIN that slipped: then it is not repeated.
fn no_value(part: &str) -> UriError {
    UriError::NoValue(if part.starts_with("pin") { "pin…".to_owned() } else { part.to_owned() })
}

fn value_error(name: &str, value: &[u8]) -> UriError {
    UriError::Value { name: name.to_owned(), value: String::from_utf8_lossy(value).into_owned() }
}

fn decode(value: &str, allowed: &str) -> Result<Vec<u8>, UriError> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        if character == '%' {
            let (Some(high), Some(low)) =
                (characters.next().and_then(hex_digit), characters.next().and_then(hex_digit))
            else {
                return Err(UriError::Percent(value.to_owned()));
            };
            bytes.push(high << 4 | low);
        } else if character.is_ascii() && !character.is_ascii_alphanumeric() && !allowed.contains(character) {
            return Err(UriError::Character { character, text: value.to_owned() });
        } else {
            // Beyond ASCII the grammar asks for percent signs, but what people type on a UTF-8 terminal is plain.
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    Ok(bytes)
}

fn hex_digit(character: char) -> Option<u8> {
    character.to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let character = char::from(byte);
        if character.is_ascii_alphanumeric() || UNRESERVED.contains(character) {
            encoded.push(character);
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// The id with every byte encoded, as RFC 7512 (2.3) advises.
fn encode_all(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
}

const SCHEME: &str = "pkcs11:";
const UNRESERVED: &str = "-._~";
/// pk11-pchar beside letters and digits (RFC 7512, 2.3); a blank is tolerated, because people type it.
const PATH_CHARACTERS: &str = "-._~:[]@!$'()*+,=& ";
/// pk11-qchar beside letters and digits.
const QUERY_CHARACTERS: &str = "-._~:[]@!$'()*+,=/?| ";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Uri {
        text.parse().unwrap()
    }

    #[test]
    fn parse_rfc7512_examples_are_read() {
        // RFC 7512, section 3.
        assert_eq!(parse("pkcs11:"), Uri::default());
        let uri = parse("pkcs11:object=my-pubkey;type=public");
        assert_eq!(uri.object.as_deref(), Some("my-pubkey"));
        assert_eq!(uri.class, Some(ObjectClass::PublicKey));
        let uri = parse("pkcs11:object=my-key;type=private?pin-source=file:/etc/token");
        assert_eq!(uri.pin_source.as_deref(), Some("file:/etc/token"));
        let uri = parse(
            "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;\
             model=1.0;object=my-certificate;type=cert;id=%69%95%3E%5C%F4%BD%EC%91;serial=\
             ?pin-source=file:/etc/token_pin",
        );
        assert_eq!(uri.token.as_deref(), Some("The Software PKCS#11 Softtoken"));
        assert_eq!(uri.manufacturer.as_deref(), Some("Snake Oil, Inc."));
        assert_eq!(uri.serial.as_deref(), Some(""));
        assert_eq!(uri.id.as_deref(), Some(&[0x69, 0x95, 0x3E, 0x5C, 0xF4, 0xBD, 0xEC, 0x91][..]));
        assert_eq!(
            parse("pkcs11:slot-description=Sun%20Metaslot").slot_description.as_deref(),
            Some("Sun Metaslot")
        );
        let uri = parse("pkcs11:library-manufacturer=Snake%20Oil,%20Inc.;library-version=3;slot-id=327");
        assert_eq!((uri.slot_id, uri.library_version.as_deref()), (Some(327), Some("3")));
        parse(
            "pkcs11:token=My%20token%25%20created%20by%20Joe;library-version=3;id=%01%02%03%Ba%dd%Ca%fe%04",
        );
        parse("pkcs11:token=A%20name%20with%20a%20substring%20%25%3B;object=my-certificate;type=cert");
        let uri = parse("pkcs11:token=Name%20with%20a%20small%20A%20with%20acute:%20%C3%A1;object=x");
        assert_eq!(uri.token.as_deref(), Some("Name with a small A with acute: á"));
        parse("pkcs11:token=my-token;object=my-certificate;type=cert;x-vend-aaa=value-a?x-vend-bbb=value-b");
    }

    #[test]
    fn parse_pin_value_is_refused_without_repeating_it() {
        let error = "pkcs11:token=a?pin-value=the%zzpin".parse::<Uri>().unwrap_err();
        assert_eq!(error, UriError::PinValue);
    }

    #[test]
    fn parse_bad_uris_are_refused() {
        for (text, error) in [
            ("http:token=a", UriError::Scheme),
            ("pkcs11:token", UriError::NoValue("token".to_owned())),
            ("pkcs11:token=bad%2", UriError::Percent("bad%2".to_owned())),
            ("pkcs11:token=bad%zz", UriError::Percent("bad%zz".to_owned())),
            ("pkcs11:token=%ff", UriError::Utf8("token".to_owned())),
            ("pkcs11:token=a;token=b", UriError::Twice("token".to_owned())),
            ("pkcs11:tokn=a", UriError::UnknownAttribute("tokn".to_owned())),
            ("pkcs11:type=key", UriError::Value { name: "type".to_owned(), value: "key".to_owned() }),
            ("pkcs11:slot-id=-1", UriError::Value { name: "slot-id".to_owned(), value: "-1".to_owned() }),
            ("pkcs11:token=a\"b", UriError::Character { character: '"', text: "a\"b".to_owned() }),
        ] {
            assert_eq!(text.parse::<Uri>(), Err(error), "{text}");
        }
    }

    #[test]
    fn display_reads_back() {
        let uri = Uri {
            token: Some("Šablona; (PIN 1)".to_owned()),
            serial: Some("0001".to_owned()),
            object: Some("key 1".to_owned()),
            class: Some(ObjectClass::PrivateKey),
            id: Some(vec![0x45, 0x00]),
            ..Uri::default()
        };
        let text = uri.to_string();
        assert_eq!(
            text,
            "pkcs11:serial=0001;token=%C5%A0ablona%3B%20%28PIN%201%29;object=key%201;id=%45%00;type=private"
        );
        assert_eq!(parse(&text), uri);
    }
}

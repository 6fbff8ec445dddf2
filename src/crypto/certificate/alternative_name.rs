//! Alternative names of a subject (RFC 5280, 4.2.1.6): hosts, addresses, mailboxes, URIs, as text and as
//! GeneralName.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::name::visible;
use crate::codec::tlv;
use crate::crypto::asn1::{Element, TAG_SEQUENCE};

/// One alternative name; as text its kind, a colon and the name: `dns:example.org`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlternativeName {
    /// A host, or `*.` and a domain.
    Dns(String),
    /// An address.
    Ip(IpAddr),
    /// A mailbox.
    Email(String),
    /// A URI with its scheme.
    Uri(String),
}

impl AlternativeName {
    fn to_der(&self) -> Vec<u8> {
        match self {
            Self::Email(name) => tlv::encode(TAG_RFC822_NAME, name.as_bytes()),
            Self::Dns(name) => tlv::encode(TAG_DNS_NAME, name.as_bytes()),
            Self::Uri(name) => tlv::encode(TAG_URI, name.as_bytes()),
            Self::Ip(IpAddr::V4(address)) => tlv::encode(TAG_IP_ADDRESS, &address.octets()),
            Self::Ip(IpAddr::V6(address)) => tlv::encode(TAG_IP_ADDRESS, &address.octets()),
        }
    }
}

impl FromStr for AlternativeName {
    type Err = AlternativeNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |expected| AlternativeNameError { text: text.to_owned(), expected };
        let (kind, name) = text.split_once(':').ok_or_else(|| error(EXPECTED_KIND))?;
        let name = name.trim();
        match kind.trim().to_ascii_lowercase().as_str() {
            "dns" if is_host(name) => Ok(Self::Dns(name.to_owned())),
            "dns" => Err(error("dns:HOST, in ASCII (an international name in its xn-- form)")),
            "ip" => name.parse().map(Self::Ip).map_err(|_| error("ip: and an IPv4 or IPv6 address")),
            "email" if is_mailbox(name) => Ok(Self::Email(name.to_owned())),
            "email" => Err(error("email:USER@HOST, in ASCII")),
            "uri" if is_uri(name) => Ok(Self::Uri(name.to_owned())),
            "uri" => Err(error("uri:SCHEME:REST, in ASCII without white space")),
            _ => Err(error(EXPECTED_KIND)),
        }
    }
}

impl fmt::Display for AlternativeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "dns:{name}"),
            Self::Ip(address) => write!(f, "ip:{address}"),
            Self::Email(name) => write!(f, "email:{name}"),
            Self::Uri(name) => write!(f, "uri:{name}"),
        }
    }
}

/// Text that is no alternative name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no alternative name: {expected} expected")]
pub struct AlternativeNameError {
    /// What was given.
    pub text: String,
    /// What would be right.
    pub expected: &'static str,
}

/// GeneralNames, DER.
pub(in crate::crypto) fn names_der(names: &[AlternativeName]) -> Vec<u8> {
    let list: Vec<u8> = names.iter().flat_map(AlternativeName::to_der).collect();
    tlv::encode(TAG_SEQUENCE, &list)
}

/// One GeneralName for people, control characters escaped; `None` for one of another kind.
pub(super) fn text(name: Element<'_>) -> Option<String> {
    let readable = || visible(&String::from_utf8_lossy(name.value));
    match name.tag {
        TAG_RFC822_NAME => Some(format!("email:{}", readable())),
        TAG_DNS_NAME => Some(format!("dns:{}", readable())),
        TAG_URI => Some(format!("uri:{}", readable())),
        TAG_IP_ADDRESS => {
            let v4 = <[u8; 4]>::try_from(name.value).ok().map(|octets| IpAddr::V4(Ipv4Addr::from(octets)));
            let v6 = <[u8; 16]>::try_from(name.value).ok().map(|octets| IpAddr::V6(Ipv6Addr::from(octets)));
            v4.or(v6).map(|address| format!("ip:{address}"))
        }
        _ => None,
    }
}

/// RFC 1034, 3.5, with the underscores that real names have; a wildcard in front (RFC 6125, 6.4.3).
fn is_host(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.len() <= MAX_HOST_LEN && name.strip_prefix("*.").unwrap_or(name).split('.').all(is_label)
}

fn is_mailbox(name: &str) -> bool {
    let is_user = |user: &str| !user.is_empty() && user.bytes().all(|byte| byte.is_ascii_graphic());
    name.rsplit_once('@').is_some_and(|(user, host)| is_user(user) && !host.starts_with('*') && is_host(host))
}

/// RFC 3986, 3: a scheme and what it leads to.
fn is_uri(name: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    };
    name.split_once(':').is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty())
        && name.bytes().all(|byte| byte.is_ascii_graphic())
}

const EXPECTED_KIND: &str = "dns:, ip:, email: or uri: and the name";
const MAX_HOST_LEN: usize = 253;

// GeneralName, RFC 5280, 4.2.1.6.
const TAG_RFC822_NAME: u32 = 0x81;
const TAG_DNS_NAME: u32 = 0x82;
const TAG_URI: u32 = 0x86;
const TAG_IP_ADDRESS: u32 = 0x87;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_kind_pass_through_text() {
        for text in [
            "dns:example.org",
            "dns:*.example.org",
            "dns:_srv.xn--bcher-kva.example",
            "ip:192.0.2.1",
            "ip:2001:db8::1",
            "email:anna@example.org",
            "uri:https://example.org/a?b#c",
            "uri:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        ] {
            assert_eq!(text.parse::<AlternativeName>().unwrap().to_string(), text);
        }
        assert_eq!(" DNS: a.b".parse(), Ok(AlternativeName::Dns("a.b".to_owned())));
    }

    #[test]
    fn text_that_is_no_name_is_refused_with_what_is_expected() {
        let long = format!("dns:{}", "a.".repeat(130) + "a");
        for text in [
            "",
            "example.org",
            "host:a",
            "dns:",
            "dns:a..b",
            "dns:-a",
            "dns:a-",
            "dns:b\u{fc}cher.example",
            "dns:a b",
            "dns:a\n",
            "dns:a.*.b",
            "ip:300.1.1.1",
            "ip:192.0.2.0/24",
            "ip:",
            "email:anna",
            "email:@a",
            "email:a@",
            "email:a b@c",
            "email:a@*.c",
            "uri:",
            "uri:example.org",
            "uri:a:",
            "uri:1a:b",
            "uri:a:b c",
            &long,
        ] {
            // White space at the ends is taken off, so that a list can be written with blanks.
            if text == "dns:a\n" {
                assert!(text.parse::<AlternativeName>().is_ok());
                continue;
            }
            let error = text.parse::<AlternativeName>().unwrap_err();
            assert!(error.to_string().contains(" expected"), "{error}");
            assert_eq!(error.text, text);
        }
    }
}

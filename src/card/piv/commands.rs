//! The commands of the PIV card application (SP 800-73-5 part 2) and the questions that YubiKeys answer beyond it
//! (developers.yubico.com/PIV/Introduction/Yubico_extensions.html). No tokens, no policy.

use crate::apdu::{ApduError, Channel, Command, Response, StatusWord, iso};
use crate::card::CardError;
use crate::codec::{Secret, tlv};
use crate::crypto::PublicKey;

use super::metadata::Metadata;
use super::references::{Algorithm, Container, KeyReference};

/// The application identifier without its version, so that every version is found.
pub(super) const AID: [u8; 9] = [0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00];

/// SELECT: the application property template, `None` when the card has no PIV application.
pub(super) fn select(channel: &mut Channel<'_>) -> Result<Option<Vec<u8>>, ApduError> {
    let response = channel.send(&iso::select_application(&AID))?;
    Ok(response.status.is_ok().then_some(response.data))
}

/// GET DATA: the value of a data object, `None` when there is none or it is empty.
/// Errors: `NotAuthenticated`, `Malformed`, `Refused`.
pub(super) fn get_data(
    channel: &mut Channel<'_>,
    container: &Container,
) -> Result<Option<Vec<u8>>, CardError> {
    let response = channel.send(&get_data_command(container).expect(channel.max_response_data()))?;
    if !found(container, response.status)? {
        return Ok(None);
    }
    let value = tlv::find(&response.data, container.wrapper()).ok_or_else(|| CardError::Malformed {
        what: format!("data object {container}"),
        why: "it is not in the template of its own".to_owned(),
    })?;
    Ok(Some(value.to_vec()).filter(|value| !value.is_empty()))
}

/// A data object with its tag, or the beginning of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub bytes: Vec<u8>,
    /// There is no more of it.
    pub whole: bool,
}

/// The beginning of a data object, as much as one command gets, or (`whole`) all of it. `None` when there is none.
/// Errors: `NotAuthenticated` (it may be there), `Refused`.
pub(super) fn part(
    channel: &mut Channel<'_>,
    container: &Container,
    whole: bool,
) -> Result<Option<Part>, CardError> {
    let response = if whole {
        channel.send(&get_data_command(container).expect(channel.max_response_data()))?
    } else {
        let len = channel.max_response_data().min(BEGINNING_LEN);
        channel.send_once(&get_data_command(container).expect(len))?
    };
    let has_more = response.status.sw1() == SW1_MORE_DATA;
    if !has_more && !found(container, response.status)? {
        return Ok(None);
    }
    // Some cards cut what is longer than they were asked for, and do not say so.
    let whole = !has_more && tlv::find(&response.data, container.wrapper()).is_some();
    // A deleted object is `53 00`.
    let bytes = Some(response.data).filter(|data| !matches!(data.as_slice(), [] | [_, 0x00]));
    Ok(bytes.map(|bytes| Part { bytes, whole }))
}

/// Whether a data object is there. Errors: as [`part`].
pub(super) fn has_data(channel: &mut Channel<'_>, container: &Container) -> Result<bool, CardError> {
    Ok(part(channel, container, false)?.is_some())
}

fn get_data_command(container: &Container) -> Command {
    Command::new(0x00, INS_GET_DATA, 0x3F, 0xFF).data(&tlv::encode(TAG_LIST, container.tag()))
}

fn found(container: &Container, status: StatusWord) -> Result<bool, CardError> {
    match status {
        StatusWord::OK => Ok(true),
        StatusWord::FILE_NOT_FOUND | StatusWord::REFERENCE_NOT_FOUND => Ok(false),
        StatusWord::SECURITY_NOT_SATISFIED => Err(CardError::NotAuthenticated),
        status => {
            tracing::debug!(%container, %status, "GET DATA is refused");
            Err(CardError::Refused { doing: "give a data object", status })
        }
    }
}

/// PUT DATA: a new value for a data object; an empty one deletes it.
/// Errors: `NotAuthenticated`, `NotSupported` where there is no room for it.
pub(super) fn put_data(
    channel: &mut Channel<'_>,
    container: &Container,
    value: &[u8],
) -> Result<(), CardError> {
    let data = match container.wrapper() {
        TAG_VALUE => [tlv::encode(TAG_LIST, container.tag()), tlv::encode(TAG_VALUE, value)].concat(),
        own => tlv::encode(own, value),
    };
    let response = channel.send(&Command::new(0x00, INS_PUT_DATA, 0x3F, 0xFF).data(&data))?;
    match response.status {
        StatusWord::OK => Ok(()),
        StatusWord::SECURITY_NOT_SATISFIED => Err(CardError::NotAuthenticated),
        StatusWord::NOT_ENOUGH_MEMORY => {
            Err(CardError::NotSupported { what: "hold that many bytes".to_owned() })
        }
        status => Err(CardError::Refused { doing: "store a data object", status }),
    }
}

/// GENERAL AUTHENTICATE with a dynamic authentication template; the data objects of the answer.
/// The answer may be a plain text or a shared secret, and is treated as one.
pub(super) fn general_authenticate(
    channel: &mut Channel<'_>,
    algorithm: u8,
    reference: u8,
    objects: &[(u32, &[u8])],
) -> Result<Secret, ApduError> {
    let mut template = zeroize::Zeroizing::new(Vec::new());
    for (tag, value) in objects {
        tlv::write(&mut template, *tag, value);
    }
    let data = Secret::new(tlv::encode(TAG_TEMPLATE, &template));
    let mut command = Command::new(0x00, INS_GENERAL_AUTHENTICATE, algorithm, reference).secret(data);
    command.expected = Some(channel.max_response_data());
    channel.call_secret(&command)
}

/// One data object of the answer of GENERAL AUTHENTICATE. Errors: `Malformed`.
pub(super) fn answered(answer: &Secret, tag: u32) -> Result<&[u8], CardError> {
    tlv::find(answer.expose(), TAG_TEMPLATE).and_then(|template| tlv::find(template, tag)).ok_or_else(|| {
        CardError::Malformed {
            what: "the answer to GENERAL AUTHENTICATE".to_owned(),
            why: format!("it has no data object {tag:02X}"),
        }
    })
}

/// GET METADATA of a key or PIN (YubiKey 5.3). `None` when the card has none of it, or does not know the question.
pub(super) fn metadata(channel: &mut Channel<'_>, reference: u8) -> Result<MetadataAnswer, CardError> {
    let command = Command::new(0x00, INS_GET_METADATA, 0x00, reference).expect(channel.max_response_data());
    let Response { data, status } = channel.send(&command)?;
    match status {
        // An answer without contents tells nothing: Nitrokeys give one for every key.
        StatusWord::OK if data.is_empty() => Ok(MetadataAnswer::Unknown),
        StatusWord::OK => Ok(Metadata::parse(&data).map_or(MetadataAnswer::Unknown, MetadataAnswer::Is)),
        StatusWord::REFERENCE_NOT_FOUND | StatusWord::FILE_NOT_FOUND => Ok(MetadataAnswer::NoSuchKey),
        _ => Ok(MetadataAnswer::Unknown),
    }
}

/// What a card says when it is asked for metadata.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum MetadataAnswer {
    /// These.
    Is(Metadata),
    /// It has no such key.
    NoSuchKey,
    /// It does not know the question.
    Unknown,
}

/// GET VERSION (YubiKey): major, minor, patch. `None` for other cards.
pub(super) fn version(channel: &mut Channel<'_>) -> Result<Option<[u8; 3]>, ApduError> {
    let response = channel.send(&Command::new(0x00, INS_GET_VERSION, 0x00, 0x00).expect(256))?;
    Ok(response.status.is_ok().then(|| response.data.as_slice().try_into().ok()).flatten())
}

/// GET SERIAL (YubiKey 5): the number printed on it. `None` for other cards.
pub(super) fn serial(channel: &mut Channel<'_>) -> Result<Option<u32>, ApduError> {
    let response = channel.send(&Command::new(0x00, INS_GET_SERIAL, 0x00, 0x00).expect(256))?;
    let number = response.data.as_slice().try_into().ok().map(u32::from_be_bytes);
    Ok(number.filter(|_| response.status.is_ok()))
}

/// A public key as GENERATE ASYMMETRIC KEY PAIR and metadata give it: `81` modulus and `82` exponent, or `86` point.
pub(super) fn public_key(
    key: KeyReference,
    algorithm: Algorithm,
    objects: &[u8],
) -> Result<PublicKey, CardError> {
    let bad = |why: &str| CardError::Malformed {
        what: format!("the public key of {}", key.name()),
        why: why.to_owned(),
    };
    let part = |tag: u32| tlv::find(objects, tag).ok_or_else(|| bad("a part of it is missing"));
    let public = match algorithm {
        Algorithm::Rsa(_) => PublicKey::from_rsa(part(TAG_MODULUS)?, part(TAG_EXPONENT)?)?,
        Algorithm::Ec(curve) => PublicKey::from_ec_point(curve, part(TAG_POINT)?)?,
        Algorithm::Ed25519 => PublicKey::from_ed25519(part(TAG_POINT)?)?,
        Algorithm::X25519 => PublicKey::from_x25519(part(TAG_POINT)?)?,
    };
    if Algorithm::of_public(&public) != algorithm {
        return Err(bad("it is of another size than its algorithm"));
    }
    Ok(public)
}

const INS_GET_DATA: u8 = 0xCB; // 3.1.2
const INS_GENERAL_AUTHENTICATE: u8 = 0x87; // 3.2.4
const INS_PUT_DATA: u8 = 0xDB; // 3.3.1
const INS_GET_METADATA: u8 = 0xF7; // Yubico
const INS_GET_SERIAL: u8 = 0xF8; // Yubico
const INS_GET_VERSION: u8 = 0xFD; // Yubico
const TAG_LIST: u32 = 0x5C;
const TAG_VALUE: u32 = 0x53;
/// Dynamic authentication template and its data objects (3.2.4, table 7).
const TAG_TEMPLATE: u32 = 0x7C;
pub(super) const TAG_WITNESS: u32 = 0x80;
pub(super) const TAG_CHALLENGE: u32 = 0x81;
pub(super) const TAG_RESPONSE: u32 = 0x82;
pub(super) const TAG_EXPONENTIATION: u32 = 0x85;
const TAG_MODULUS: u32 = 0x81;
const TAG_EXPONENT: u32 = 0x82;
const TAG_POINT: u32 = 0x86;
const SW1_MORE_DATA: u8 = 0x61;
/// Reaches into the public key of a certificate whose names are not long.
const BEGINNING_LEN: usize = 512;

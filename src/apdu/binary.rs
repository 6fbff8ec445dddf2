//! Reading and writing transparent files (ISO 7816-4, 11.3) in as few APDUs as the card and reader allow.

use zeroize::Zeroize;

use super::channel::{ApduError, Channel};
use super::command::{Command, Response};
use super::status::StatusWord;
use crate::codec::tlv;

/// Which transparent file is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The selected file.
    Current,
    /// A file of the current DF by its short identifier, 1 to 30: saves the SELECT, and selects it.
    ShortId(u8),
}

/// Where reading may stop before the end of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    OneObject,
    Objects,
}

/// A read of one transparent file, to be [`run`](ReadBinary::run) on a channel.
#[derive(Debug, Clone)]
pub struct ReadBinary {
    target: Target,
    offset: usize,
    len: Option<usize>,
    max_len: usize,
    extent: Extent,
    sensitive: bool,
}

impl ReadBinary {
    /// Reads the whole of `target`, up to 64 KiB.
    pub fn new(target: Target) -> Self {
        Self { target, offset: 0, len: None, max_len: 0x1_0000, extent: Extent::Whole, sensitive: false }
    }

    /// Starts at byte `offset` instead of 0.
    #[must_use]
    pub fn offset(mut self, offset: usize) -> Self {
        self.offset = offset;
        self
    }

    /// Says how many bytes there are (from the FCP, or a PKCS#15 path with a length). A shorter file gives what it
    /// has; a size that is not true of the file does no harm.
    #[must_use]
    pub fn len(mut self, len: Option<usize>) -> Self {
        self.len = len;
        self
    }

    /// A longer file is `FileTooLong` instead of being read.
    #[must_use]
    pub fn max_len(mut self, max_len: usize) -> Self {
        self.max_len = max_len;
        self
    }

    /// The file holds one data object, such as a certificate: reading stops at its end, and what the file reserves
    /// behind it is neither read nor returned.
    #[must_use]
    pub fn one_object(mut self) -> Self {
        self.extent = Extent::OneObject;
        self
    }

    /// The file holds data objects one after the other, such as a directory file: reading stops at the filler (00 or
    /// FF) behind the last one. Some filler may come along.
    #[must_use]
    pub fn objects(mut self) -> Self {
        self.extent = Extent::Objects;
        self
    }

    /// Keeps the contents out of the traces.
    #[must_use]
    pub fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Reads. An empty file is an empty vector. Errors: `UnexpectedStatus` (6982 where a PIN is wanted, 6A82 for a
    /// short identifier that does not exist), `FileTooLong`, `EndlessResponse` for a card that gives crumbs.
    pub fn run(&self, channel: &mut Channel<'_>) -> Result<Vec<u8>, ApduError> {
        // All at once where it matters: a growing vector leaves copies behind.
        let mut data = Vec::with_capacity(if self.sensitive { self.max_len.saturating_add(257) } else { 0 });
        let result = self.fill(channel, &mut data);
        if result.is_err() && self.sensitive {
            data.zeroize();
        }
        result.map(|()| data)
    }

    fn fill(&self, channel: &mut Channel<'_>, data: &mut Vec<u8>) -> Result<(), ApduError> {
        let mut crumbs = 0;
        let mut target = self.target;
        loop {
            let Some(asked) = self.next_len(channel, data)? else { return Ok(()) };
            let mut response = read_part(channel, target, self.offset + data.len(), asked, self.sensitive)?;
            target = Target::Current;
            let got = response.data.len();
            data.extend_from_slice(&response.data);
            if self.sensitive {
                response.data.zeroize();
            }
            match response.status {
                StatusWord::OK => {}
                StatusWord::END_OF_FILE => return self.cut(data),
                // The offset is at or behind the end: an empty file, or one of exactly the bytes read so far.
                StatusWord::WRONG_OFFSET => return self.cut(data),
                status => return Err(ApduError::UnexpectedStatus { ins: INS_READ_BINARY, status }),
            }
            if got == 0 || (got < asked && self.known_len(data).is_none()) {
                return self.cut(data);
            }
            if got < asked {
                crumbs += 1;
                if crumbs > MAX_CRUMBS {
                    return Err(ApduError::EndlessResponse { ins: INS_READ_BINARY });
                }
            }
        }
    }

    /// How many bytes to ask for next; `None` when nothing is left to read.
    fn next_len(&self, channel: &Channel<'_>, data: &mut Vec<u8>) -> Result<Option<usize>, ApduError> {
        let complete = match self.extent {
            Extent::Whole => false,
            Extent::OneObject => object_len(data).is_some_and(|len| len <= data.len()),
            Extent::Objects => filler_reached(data),
        };
        let known = self.known_len(data);
        if complete || known.is_some_and(|known| data.len() >= known) {
            self.cut(data)?;
            return Ok(None);
        }
        let most = channel.max_response_data();
        // One byte more than allowed is asked for, to know a longer file from one of just that length.
        let allowed = (self.max_len + 1).saturating_sub(data.len());
        if allowed == 0 {
            return Err(ApduError::FileTooLong { limit: self.max_len });
        }
        // An object's true length may exceed what the directory says, hence no error yet for a known length.
        let left = known.map_or(most, |known| known - data.len());
        Ok(Some(left.min(most).min(allowed)))
    }

    /// How many bytes there are, as far as the caller or the first bytes tell.
    fn known_len(&self, data: &[u8]) -> Option<usize> {
        match self.extent {
            Extent::OneObject => object_len(data).or(self.len),
            Extent::Whole | Extent::Objects => self.len,
        }
    }

    /// Takes off what was read beyond the wanted bytes, and holds the limit.
    fn cut(&self, data: &mut Vec<u8>) -> Result<(), ApduError> {
        if let (Extent::OneObject, Some(len)) = (self.extent, object_len(data)) {
            data.truncate(len);
        } else if let (Extent::Whole, Some(len)) = (self.extent, self.len) {
            data.truncate(len);
        }
        if data.len() > self.max_len { Err(ApduError::FileTooLong { limit: self.max_len }) } else { Ok(()) }
    }
}

/// Writes `data` at `offset` of an existing file, in as few commands as fit. `sensitive` keeps the contents out of the
/// traces. Errors: `UnexpectedStatus` (6B00 or 6A84 when the file is too small; earlier pieces are then written).
pub fn update_binary(
    channel: &mut Channel<'_>,
    target: Target,
    offset: usize,
    data: &[u8],
    sensitive: bool,
) -> Result<(), ApduError> {
    let mut target = target;
    let mut position = offset;
    // The odd instruction wraps offset and data in data objects of at most 12 bytes more.
    let piece_len = match channel.max_command_data() {
        most if offset + data.len() <= EVEN_OFFSETS => most,
        most => most.saturating_sub(12).max(1),
    };
    for piece in data.chunks(piece_len) {
        let mut command = if position < EVEN_OFFSETS {
            let (p1, p2) = even_parameters(INS_UPDATE_BINARY, target, position)?;
            Command::new(0x00, INS_UPDATE_BINARY, p1, p2).data(piece)
        } else {
            let mut body = offset_object(position);
            tlv::write(&mut body, TAG_DISCRETIONARY_DATA, piece);
            let command = Command::new(0x00, INS_UPDATE_BINARY_ODD, 0x00, odd_p2(target)).data(&body);
            body.zeroize();
            command
        };
        command.sensitive = sensitive;
        channel.call(&command)?;
        position += piece.len();
        target = Target::Current;
    }
    Ok(())
}

fn read_part(
    channel: &mut Channel<'_>,
    target: Target,
    offset: usize,
    len: usize,
    sensitive: bool,
) -> Result<Response, ApduError> {
    if offset < EVEN_OFFSETS {
        let (p1, p2) = even_parameters(INS_READ_BINARY, target, offset)?;
        let mut command = Command::new(0x00, INS_READ_BINARY, p1, p2).expect(len);
        command.sensitive = sensitive;
        return channel.send(&command);
    }
    let mut command = Command::new(0x00, INS_READ_BINARY_ODD, 0x00, odd_p2(target))
        .data(&offset_object(offset))
        .expect(len.saturating_add(4));
    command.sensitive = sensitive;
    let mut response = channel.send(&command)?;
    let value = tlv::find(&response.data, TAG_DISCRETIONARY_DATA).map(<[u8]>::to_vec).unwrap_or_default();
    response.data.zeroize();
    Ok(Response { data: value, status: response.status })
}

fn even_parameters(ins: u8, target: Target, offset: usize) -> Result<(u8, u8), ApduError> {
    match target {
        Target::Current => Ok(((offset >> 8) as u8, offset as u8)),
        Target::ShortId(id) => match u8::try_from(offset) {
            Ok(offset) => Ok((0x80 | id & 0x1F, offset)),
            // Nothing but a SELECT of its own reaches further.
            Err(_) => Err(ApduError::TooLong { ins, len: offset }),
        },
    }
}

fn odd_p2(target: Target) -> u8 {
    match target {
        Target::Current => 0x00,
        Target::ShortId(id) => id & 0x1F,
    }
}

fn offset_object(offset: usize) -> Vec<u8> {
    let bytes = (offset as u32).to_be_bytes();
    let skip = bytes.iter().take(2).take_while(|byte| **byte == 0).count();
    tlv::encode(TAG_OFFSET, bytes.get(skip..).unwrap_or_default())
}

/// Length of the first data object with its tag and length bytes, as soon as these are there.
fn object_len(data: &[u8]) -> Option<usize> {
    let tag_len = match data.first()? {
        0x00 | 0xFF => return None,
        first if first & 0x1F == 0x1F => 2 + data.iter().skip(1).take_while(|byte| *byte & 0x80 != 0).count(),
        _ => 1,
    };
    let rest = data.get(tag_len..)?;
    let (length_len, length) = match *rest {
        [length @ 0..=0x7F, ..] => (1, usize::from(length)),
        [0x81, length, ..] => (2, usize::from(length)),
        [0x82, high, low, ..] => (3, usize::from(u16::from_be_bytes([high, low]))),
        [0x83, high, middle, low, ..] => (4, u32::from_be_bytes([0, high, middle, low]) as usize),
        _ => return None,
    };
    Some(tag_len + length_len + length)
}

/// True when whole data objects are followed by filler. An object whose tag was overwritten with 00 is deleted (PKCS #15
/// v1.1, 5.8), and what stands behind it counts: filler has no length.
fn filler_reached(data: &[u8]) -> bool {
    let mut rest = data;
    loop {
        let len = match *rest {
            [] | [0x00] => return false,
            [0xFF, ..] | [0x00, 0x00 | 0xFF, ..] => return true,
            [0x00, ref length @ ..] => length_len(length),
            _ => object_len(rest),
        };
        match len.and_then(|len| rest.get(len..)) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
}

/// Length of a deleted data object with its lost tag, from the bytes behind the tag.
fn length_len(length: &[u8]) -> Option<usize> {
    let head = [&[0x30], length.get(..length.len().min(4))?].concat();
    object_len(&head)
}

const INS_READ_BINARY: u8 = 0xB0; // ISO 7816-4, 11.3.3
const INS_READ_BINARY_ODD: u8 = 0xB1;
const INS_UPDATE_BINARY: u8 = 0xD6; // ISO 7816-4, 11.3.5
const INS_UPDATE_BINARY_ODD: u8 = 0xD7;
const TAG_OFFSET: u32 = 0x54;
const TAG_DISCRETIONARY_DATA: u32 = 0x53;
/// Offsets of 15 bits fit into P1 and P2.
const EVEN_OFFSETS: usize = 0x8000;
/// A card may give less than asked for a few times; one that always does is not worth waiting for.
const MAX_CRUMBS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apdu::Lengthening;
    use crate::apdu::testing::{Script, channel};
    use crate::codec::hex;

    fn part(byte: u8, len: usize) -> String {
        hex::encode(&vec![byte; len])
    }

    fn read(script: &mut Script, request: &ReadBinary) -> Result<Vec<u8>, ApduError> {
        let result = request.run(&mut channel(script));
        script.assert_done();
        result
    }

    #[test]
    fn read_of_known_length_asks_for_exactly_that() {
        let mut script =
            Script::t1(&[("00b0000000", &(part(1, 256) + "9000")), ("00b001002c", &(part(2, 44) + "9000"))]);
        let data = read(&mut script, &ReadBinary::new(Target::Current).len(Some(300))).unwrap();
        assert_eq!(data, [vec![1; 256], vec![2; 44]].concat());
    }

    #[test]
    fn read_with_extended_length_is_one_command() {
        let mut script = Script::extended(&[("00b000000005dc", &(part(7, 1500) + "9000"))]);
        let mut channel = channel(&mut script);
        channel.prefer(Lengthening::Extended);
        let data = ReadBinary::new(Target::Current).len(Some(1500)).run(&mut channel).unwrap();
        assert_eq!(data, vec![7; 1500]);
    }

    #[test]
    fn read_of_unknown_length_ends_where_the_card_says() {
        for end in [("00b0010000", part(2, 3) + "6282"), ("00b0010000", part(2, 3) + "9000")] {
            let mut script = Script::t1(&[("00b0000000", &(part(1, 256) + "9000")), (end.0, &end.1)]);
            assert_eq!(read(&mut script, &ReadBinary::new(Target::Current)).unwrap().len(), 259);
        }
        for last in ["6b00", "6282", "9000"] {
            let mut script = Script::t1(&[("00b0000000", &(part(1, 256) + "9000")), ("00b0010000", last)]);
            assert_eq!(read(&mut script, &ReadBinary::new(Target::Current)).unwrap().len(), 256, "{last}");
        }
    }

    #[test]
    fn read_wrong_le_is_repeated_with_the_length_of_the_card() {
        let mut script = Script::t0(&[("00b0000000", "6c05"), ("00b0000005", "0102030405 9000")]);
        assert_eq!(read(&mut script, &ReadBinary::new(Target::Current)).unwrap(), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn read_of_an_empty_file_is_empty() {
        for status in ["9000", "6282", "6b00"] {
            let mut script = Script::t1(&[("00b0000000", status)]);
            assert_eq!(read(&mut script, &ReadBinary::new(Target::Current)).unwrap(), [0; 0], "{status}");
        }
        let mut script = Script::t1(&[]);
        assert_eq!(read(&mut script, &ReadBinary::new(Target::Current).len(Some(0))).unwrap(), [0; 0]);
    }

    #[test]
    fn read_by_short_id_needs_no_select() {
        let mut script = Script::t1(&[("00b0910000", &(part(1, 256) + "9000")), ("00b0010002", "0505 9000")]);
        let data = read(&mut script, &ReadBinary::new(Target::ShortId(0x11)).len(Some(258))).unwrap();
        assert_eq!(data.len(), 258);
    }

    #[test]
    fn read_of_one_object_stops_at_its_end() {
        let first = "30820130".to_owned() + &part(9, 252);
        let mut script =
            Script::t1(&[("00b0000000", &(first + "9000")), ("00b0010034", &(part(9, 52) + "9000"))]);
        let data = read(&mut script, &ReadBinary::new(Target::Current).len(Some(2048)).one_object()).unwrap();
        assert_eq!(data.len(), 0x134);

        let mut script = Script::t1(&[("00b0000000", &("3003010203".to_owned() + &part(0, 251) + "9000"))]);
        let data = read(&mut script, &ReadBinary::new(Target::Current).one_object()).unwrap();
        assert_eq!(data, [0x30, 3, 1, 2, 3]);
    }

    #[test]
    fn read_of_objects_goes_on_behind_a_deleted_one() {
        let deleted = "00820110".to_owned() + &part(9, 252);
        let rest = part(9, 20) + "3003010203" + &part(0, 10);
        let mut script = Script::t1(&[("00b0000000", &(deleted + "9000")), ("00b0010000", &(rest + "9000"))]);
        let data = read(&mut script, &ReadBinary::new(Target::Current).objects()).unwrap();
        assert_eq!(&data[272..281], [9, 9, 9, 9, 0x30, 3, 1, 2, 3].as_slice());
    }

    #[test]
    fn read_of_objects_stops_at_the_filler() {
        let mut script =
            Script::t1(&[("00b0000000", &("30020102300103".to_owned() + &part(0, 249) + "9000"))]);
        let data = read(&mut script, &ReadBinary::new(Target::Current).len(Some(1500)).objects()).unwrap();
        assert_eq!(&data[..8], [0x30, 2, 1, 2, 0x30, 1, 3, 0]);
    }

    #[test]
    fn read_beyond_15_bits_uses_the_odd_instruction() {
        let mut script =
            Script::t1(&[("00b07fff03", "aa 9000"), ("00b1000004 54028000 06", "5302bbcc 9000")]);
        let request = ReadBinary::new(Target::Current).offset(0x7FFF).len(Some(3));
        assert_eq!(read(&mut script, &request).unwrap(), [0xAA, 0xBB, 0xCC]);
        let mut script = Script::t1(&[("00b1000005 5403012000 06", "9000")]);
        let request = ReadBinary::new(Target::Current).offset(0x12000).len(Some(2));
        assert_eq!(read(&mut script, &request).unwrap(), [0; 0]);
    }

    #[test]
    fn read_of_a_file_longer_than_the_limit_is_refused() {
        let mut script = Script::t1(&[("00b0000011", &(part(1, 17) + "9000"))]);
        let result = read(&mut script, &ReadBinary::new(Target::Current).max_len(16));
        assert!(matches!(result, Err(ApduError::FileTooLong { limit: 16 })), "{result:?}");
        let mut script = Script::t1(&[("00b0000011", &(part(1, 16) + "9000"))]);
        assert_eq!(read(&mut script, &ReadBinary::new(Target::Current).max_len(16)).unwrap().len(), 16);
        // A size that the card made up is not believed either.
        let mut script = Script::t1(&[("00b0000011", &(part(1, 17) + "9000"))]);
        let result = read(&mut script, &ReadBinary::new(Target::Current).len(Some(usize::MAX)).max_len(16));
        assert!(matches!(result, Err(ApduError::FileTooLong { .. })), "{result:?}");
    }

    #[test]
    fn read_from_a_card_of_crumbs_ends() {
        let steps: Vec<(String, String)> =
            (0..=MAX_CRUMBS).map(|n| (format!("00b000{n:02x}00"), "01 9000".to_owned())).collect();
        let steps: Vec<(&str, &str)> = steps.iter().map(|(c, r)| (c.as_str(), r.as_str())).collect();
        let mut script = Script::t1(&steps);
        let result = read(&mut script, &ReadBinary::new(Target::Current).len(Some(5000)));
        assert!(matches!(result, Err(ApduError::EndlessResponse { ins: 0xB0 })), "{result:?}");
    }

    #[test]
    fn read_refused_by_the_card_is_the_status() {
        let mut script = Script::t1(&[("00b0000000", "6982")]);
        let result = read(&mut script, &ReadBinary::new(Target::Current));
        assert!(
            matches!(
                result,
                Err(ApduError::UnexpectedStatus { ins: 0xB0, status: StatusWord::SECURITY_NOT_SATISFIED })
            ),
            "{result:?}"
        );
    }

    #[test]
    fn update_goes_out_in_whole_pieces() {
        let first = format!("00d6000aff{}", part(3, 255));
        let mut script = Script::t1(&[(&first, "9000"), ("00d60109020303", "9000")]);
        update_binary(&mut channel(&mut script), Target::Current, 10, &[3; 257], false).unwrap();
        script.assert_done();

        let first = format!("00d68500ff{}", part(3, 255));
        let mut script = Script::t1(&[(&first, "9000"), ("00d600ff0103", "6b00")]);
        let result = update_binary(&mut channel(&mut script), Target::ShortId(5), 0, &[3; 256], false);
        assert!(matches!(result, Err(ApduError::UnexpectedStatus { ins: 0xD6, .. })), "{result:?}");
        script.assert_done();
    }

    #[test]
    fn update_beyond_15_bits_uses_the_odd_instruction() {
        let mut script = Script::t1(&[("00d7000008 54028000 5302 0909", "9000")]);
        update_binary(&mut channel(&mut script), Target::Current, 0x8000, &[9; 2], false).unwrap();
        script.assert_done();
    }

    #[test]
    fn object_len_reads_every_length_form() {
        for (text, len) in [
            ("3003", Some(5)),
            ("308180", Some(0x83)),
            ("30820100", Some(0x104)),
            ("3083010000", Some(0x1_0005)),
            ("7f490205", Some(5)),
            ("30", None),
            ("3082", None),
            ("3080", None),
            ("", None),
        ] {
            assert_eq!(object_len(&hex::decode(text).unwrap()), len, "{text}");
        }
    }
}

//! Messages as text: PEM (RFC 7468, 9) to read and write, the base64 of S/MIME (RFC 8551) to read; as streams.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};

use base64ct::{Base64, Encoding};

/// True for the beginning of a message: BER of one of the kinds of RFC 5652, PEM, or the headers of S/MIME.
pub fn is_message(start: &[u8]) -> bool {
    is_binary(start) || is_text(start)
}

/// Longest beginning that [`is_message`] needs.
pub const START_LEN: usize = 64;

/// The bytes of a message, whether it stands there as they are or as text. Errors, when read: `InvalidData` for text
/// that holds no message.
pub fn bytes<'a>(input: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut input = BufReader::with_capacity(BUFFER_LEN, input);
    // A pipe may give less than was asked for, but its first byte tells.
    let is_binary = input.fill_buf()?.first() == Some(&SEQUENCE);
    Ok(if is_binary { Box::new(input) } else { Box::new(TextReader::new(input)) })
}

/// Base64 between the lines of PEM, or behind the headers of S/MIME.
struct TextReader<R> {
    input: R,
    state: State,
    digits: Vec<u8>,
    decoded: Vec<u8>,
    /// How much of `decoded` was handed out.
    taken: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing of the message was seen.
    Before {
        /// Bytes of lines so far.
        len: usize,
        /// A header said that base64 follows.
        is_base64: bool,
    },
    Inside,
    Behind,
}

impl<R: BufRead> TextReader<R> {
    fn new(input: R) -> Self {
        let state = State::Before { len: 0, is_base64: false };
        Self { input, state, digits: Vec::new(), decoded: Vec::new(), taken: 0 }
    }

    /// Decodes more; nothing is decoded at the end.
    fn fill(&mut self) -> io::Result<()> {
        self.decoded.clear();
        self.taken = 0;
        while self.decoded.is_empty() && self.state != State::Behind {
            let mut line = Vec::new();
            (&mut self.input).take(LINE_LEN as u64).read_until(b'\n', &mut line)?;
            self.state = self.next_state(&line)?;
            let is_end = self.state == State::Behind;
            let whole = self.digits.len() - self.digits.len() % 4;
            if whole >= ENOUGH_DIGITS || is_end {
                let digits: Vec<u8> = if is_end {
                    std::mem::take(&mut self.digits)
                } else {
                    self.digits.drain(..whole).collect()
                };
                let text = str::from_utf8(&digits).map_err(|_| invalid())?;
                self.decoded = Base64::decode_vec(text).map_err(|_| invalid())?;
            }
        }
        Ok(())
    }

    /// Takes a line; an empty one without a line end is the end of the input.
    fn next_state(&mut self, line: &[u8]) -> io::Result<State> {
        let text = line.trim_ascii();
        match self.state {
            _ if line.is_empty() => match self.state {
                State::Before { .. } => Err(invalid()),
                _ => Ok(State::Behind),
            },
            State::Before { .. } if is_begin(text) => Ok(State::Inside),
            State::Before { is_base64: true, .. } if text.is_empty() => Ok(State::Inside),
            State::Before { len, is_base64 } => {
                let len = len + line.len();
                if len > HEAD_LEN {
                    return Err(invalid());
                }
                let lower = text.to_ascii_lowercase();
                let header = lower.strip_prefix(b"content-transfer-encoding:").map(<[u8]>::trim_ascii);
                Ok(State::Before { len, is_base64: is_base64 || header == Some(b"base64") })
            }
            State::Inside if text.starts_with(b"-") => Ok(State::Behind),
            State::Inside => {
                self.digits.extend(text.iter().filter(|digit| !digit.is_ascii_whitespace()));
                Ok(State::Inside)
            }
            State::Behind => Ok(State::Behind),
        }
    }
}

impl<R: BufRead> Read for TextReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.decoded.len() {
            self.fill()?;
        }
        let mut rest = self.decoded.get(self.taken..).unwrap_or_default();
        let len = rest.read(buffer)?;
        self.taken += len;
        Ok(len)
    }
}

/// Writes bytes as one PEM block `CMS`.
pub struct PemWriter<W> {
    out: W,
    /// What does not fill a line yet.
    pending: Vec<u8>,
}

impl<W: Write> PemWriter<W> {
    /// Writes the first line.
    pub fn begin(mut out: W) -> io::Result<Self> {
        out.write_all(b"-----BEGIN CMS-----\n")?;
        Ok(Self { out, pending: Vec::new() })
    }

    /// Writes what is left, and the last line.
    pub fn finish(mut self) -> io::Result<W> {
        let pending = std::mem::take(&mut self.pending);
        self.write_line(&pending)?;
        self.out.write_all(b"-----END CMS-----\n")?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn write_line(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut line = Base64::encode_string(bytes);
        line.push('\n');
        self.out.write_all(line.as_bytes())
    }
}

impl<W: Write> Write for PemWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        let pending = std::mem::take(&mut self.pending);
        let mut lines = pending.chunks_exact(LINE_BYTES);
        for line in lines.by_ref() {
            self.write_line(line)?;
        }
        self.pending = lines.remainder().to_vec();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// ContentInfo: a SEQUENCE that begins with an identifier below pkcs-7 or id-ct.
fn is_binary(start: &[u8]) -> bool {
    let [SEQUENCE, length, rest @ ..] = start else { return false };
    let skipped = if *length > 0x80 { usize::from(length & 0x7F) } else { 0 };
    let rest = rest.get(skipped..).unwrap_or_default();
    KINDS.iter().any(|kind| rest.starts_with(kind))
}

fn is_text(start: &[u8]) -> bool {
    let start = start.trim_ascii_start();
    let lower = start.to_ascii_lowercase();
    is_begin(start) || HEADERS.iter().any(|header| lower.starts_with(header))
}

fn is_begin(line: &[u8]) -> bool {
    LABELS.iter().any(|label| line.starts_with(label))
}

fn invalid() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "the text holds no message in base64")
}

const SEQUENCE: u8 = 0x30;
/// The beginnings of the OIDs 1.2.840.113549.1.7.x, of nine bytes, and 1.2.840.113549.1.9.16.1.x, of eleven.
const KINDS: [&[u8]; 2] = [
    &[0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07],
    &[0x06, 0x0B, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x10, 0x01],
];
const LABELS: [&[u8]; 2] = [b"-----BEGIN CMS-----", b"-----BEGIN PKCS7-----"];
/// With which a mail begins that openssl wrote, or a mail program saved.
const HEADERS: [&[u8]; 5] = [b"mime-version:", b"content-type:", b"content-disposition:", b"to:", b"from:"];
/// Bytes of a line of 64 digits.
const LINE_BYTES: usize = 48;
const LINE_LEN: usize = 64 * 1024;
/// No mail has longer headers.
const HEAD_LEN: usize = 1024 * 1024;
const ENOUGH_DIGITS: usize = 32 * 1024;
const BUFFER_LEN: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::Reproducible;

    fn read(text: &[u8]) -> io::Result<Vec<u8>> {
        let mut read = Vec::new();
        bytes(text)?.read_to_end(&mut read)?;
        Ok(read)
    }

    #[test]
    fn bytes_reads_what_pem_writer_wrote() {
        let mut random = Reproducible::new("bytes_reads_what_pem_writer_wrote");
        for len in [0, 1, 47, 48, 49, 100_000] {
            let message = random.bytes(len);
            let mut writer = PemWriter::begin(Vec::new()).unwrap();
            for part in message.chunks(1 + random.below(5000)) {
                writer.write_all(part).unwrap();
            }
            let pem = writer.finish().unwrap();
            assert_eq!(read(&pem).unwrap(), message);
            assert!(is_message(&pem[..START_LEN.min(pem.len())]));
            assert!(pem.split(|byte| *byte == b'\n').all(|line| line.len() <= 64));
            let windows = String::from_utf8(pem).unwrap().replace('\n', "\r\n");
            assert_eq!(read(format!("a line\r\n{windows}a line").as_bytes()).unwrap(), message);
        }
    }

    #[test]
    fn bytes_reads_binary_and_mail() {
        assert_eq!(read(&[0x30, 0x00, 0xFF]).unwrap(), [0x30, 0x00, 0xFF]);
        let mail = b"MIME-Version: 1.0\nContent-Transfer-Encoding: Base64\nX: y\n\nAAEC\nAwQ=\n\n";
        assert_eq!(read(mail).unwrap(), [0, 1, 2, 3, 4]);
        assert!(is_message(mail));
    }

    #[test]
    fn bytes_of_text_without_a_message_are_an_error() {
        for text in [
            &b""[..],
            b"some text\n",
            b"MIME-Version: 1.0\n\nAAEC\n",
            b"-----BEGIN CMS-----\nAAE*\n-----END CMS-----\n",
            b"-----BEGIN CMS-----\nAA==AA==\n",
            &[0xFF; 3_000_000],
        ] {
            assert_eq!(read(text).unwrap_err().kind(), ErrorKind::InvalidData);
        }
    }

    #[test]
    fn is_message_knows_a_message_by_its_kind() {
        let kind = KINDS[0];
        for length in [&[0x80][..], &[0x40], &[0x82, 1, 2], &[0x84, 1, 2, 3, 4]] {
            assert!(is_message(&[&[0x30][..], length, kind, &[3]].concat()));
        }
        for other in [&b""[..], &[0x30], &[0x30, 0x82], b"a text", &[0x30, 0x80, 0x06, 0x09, 0x2B], &[0; 256]]
        {
            assert!(!is_message(other));
        }
    }
}

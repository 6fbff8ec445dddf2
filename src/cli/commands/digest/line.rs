//! One line of sha256sum, or of openssl dgst: a digest and the name of its file.

use std::path::{Path, PathBuf};

use crate::codec::hex;
use crate::crypto::DigestAlgorithm;

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The hash, where the line names it.
    pub hash: Option<DigestAlgorithm>,
    /// The digest.
    pub digest: Vec<u8>,
    /// The file.
    pub file: PathBuf,
}

impl Line {
    /// The hash of the digest: the one that is named or wished for, else SHA-1 or the SHA-2 of this length.
    pub fn algorithm(&self, wished: Option<DigestAlgorithm>) -> Option<DigestAlgorithm> {
        let of_length = || BY_LENGTH.into_iter().find(|hash| hash.output_len() == self.digest.len());
        let algorithm = self.hash.or(wished).or_else(of_length)?;
        (algorithm.output_len() == self.digest.len()).then_some(algorithm)
    }
}

/// A line without its end. A name that holds line ends or backslashes is escaped, and a backslash in front says so.
pub fn write(digest: &[u8], file: &Path) -> String {
    let name = file.to_string_lossy();
    let escaped = name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
    let mark = if escaped == name { "" } else { "\\" };
    format!("{mark}{}  {escaped}", hex::encode(digest))
}

/// Reads a line without its end; `None` for what is none.
pub fn read(line: &str) -> Option<Line> {
    let (escaped, line) = match line.strip_prefix('\\') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (hash, digits, name) = coreutils(line).or_else(|| tagged(line))?;
    let digest = hex::decode(digits).ok().filter(|digest| !digest.is_empty())?;
    let name = if escaped { unescape(name)? } else { name.to_owned() };
    if name.is_empty() {
        return None;
    }
    Some(Line { hash, digest, file: name.into() })
}

/// `DIGEST  NAME`, or `DIGEST *NAME`.
fn coreutils(line: &str) -> Option<(Option<DigestAlgorithm>, &str, &str)> {
    let (digits, rest) = line.split_once(' ')?;
    let name = rest.strip_prefix([' ', '*'])?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some((None, digits, name))
}

/// `SHA256 (NAME) = DIGEST` of BSD and of `--tag`, `SHA2-256(NAME)= DIGEST` of openssl.
fn tagged(line: &str) -> Option<(Option<DigestAlgorithm>, &str, &str)> {
    let (hash, rest) = line.split_once('(')?;
    let (name, digits) = rest.rsplit_once(')')?;
    let digits = digits.trim_start().strip_prefix('=')?.trim();
    let hash = hash.trim_end().replace("SHA2-", "SHA");
    Some((Some(DigestAlgorithm::from_name(&hash)?), digits, name))
}

fn unescape(name: &str) -> Option<String> {
    let mut plain = String::with_capacity(name.len());
    let mut characters = name.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next()? {
                'n' => '\n',
                'r' => '\r',
                '\\' => '\\',
                _ => return None,
            },
            other => other,
        });
    }
    Some(plain)
}

/// SHA-3 has the lengths of SHA-2: it has to be named.
const BY_LENGTH: [DigestAlgorithm; 5] = [
    DigestAlgorithm::Sha1,
    DigestAlgorithm::Sha224,
    DigestAlgorithm::Sha256,
    DigestAlgorithm::Sha384,
    DigestAlgorithm::Sha512,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_gives_what_write_wrote() {
        for name in ["a", "a file (1)", "back\\slash", "two\nlines\r", " blank", "*star"] {
            let line = write(&[0xAB; 32], Path::new(name));
            assert_eq!(line.lines().count(), 1, "{line}");
            let expected = Line { hash: None, digest: vec![0xAB; 32], file: name.into() };
            assert_eq!(read(&line), Some(expected));
        }
    }

    #[test]
    fn read_lines_of_other_tools_name_their_hash() {
        for (line, hash) in [
            ("SHA256 (a b) = abcd", DigestAlgorithm::Sha256),
            ("SHA2-256(a b)= abcd", DigestAlgorithm::Sha256),
            ("SHA3-256(a b)= ABCD", DigestAlgorithm::Sha3_256),
            ("SHA1 (a b) = abcd", DigestAlgorithm::Sha1),
        ] {
            let expected = Line { hash: Some(hash), digest: vec![0xAB, 0xCD], file: "a b".into() };
            assert_eq!(read(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn read_what_is_no_line_is_none() {
        for line in
            ["", "abcd", "abcd a", "abc  a", "  a", "abcd  ", "MD5 (a) = abcd", "\\abcd  a\\x", "x(a)"]
        {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn algorithm_follows_from_name_wish_and_length() {
        let line = |len| Line { hash: None, digest: vec![0; len], file: "a".into() };
        assert_eq!(line(20).algorithm(None), Some(DigestAlgorithm::Sha1));
        assert_eq!(line(32).algorithm(None), Some(DigestAlgorithm::Sha256));
        assert_eq!(line(32).algorithm(Some(DigestAlgorithm::Sha3_256)), Some(DigestAlgorithm::Sha3_256));
        assert_eq!(line(32).algorithm(Some(DigestAlgorithm::Sha512)), None);
        assert_eq!(line(31).algorithm(None), None);
    }
}

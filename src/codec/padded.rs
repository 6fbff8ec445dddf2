//! Fixed-length text: cut at a character boundary, filled with spaces (PKCS#11 string fields).

/// Cuts `text` to at most `max_len` bytes without splitting a character.
pub fn truncate(text: &str, max_len: usize) -> &str {
    let mut end = text.len().min(max_len);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The first `N` bytes of `text`, cut at a character boundary and filled with spaces.
pub fn pad<const N: usize>(text: &str) -> [u8; N] {
    let mut field = [b' '; N];
    let cut = truncate(text, N).as_bytes();
    field[..cut.len()].copy_from_slice(cut);
    field
}

/// Reads a text field: drops trailing spaces and NULs; bytes that are no UTF-8 become U+FFFD.
pub fn unpad(field: &[u8]) -> String {
    String::from_utf8_lossy(field).trim_end_matches([' ', '\0']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncate_never_splits_a_character() {
        assert_eq!(truncate("aé", 2), "a");
        assert_eq!(truncate("aé", 3), "aé");
    }

    #[test]
    fn pad_fills_with_spaces() {
        assert_eq!(&pad::<4>("ab"), b"ab  ");
        assert_eq!(unpad(b"ab  \0"), "ab");
    }
}

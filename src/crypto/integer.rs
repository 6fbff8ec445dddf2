//! Unsigned big-endian numbers as byte strings: with no leading zeros, or with as many as a field has room
//! for.

use crate::codec::Secret;

/// `bytes` without leading zeros; empty for zero.
pub(super) fn trim(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    bytes.get(start..).unwrap_or_default()
}

/// `bytes` as exactly `length` bytes, `None` when the number is larger.
pub(super) fn fit(bytes: &[u8], length: usize) -> Option<Secret> {
    let (excess, digits) = bytes.split_at_checked(bytes.len().saturating_sub(length))?;
    if excess.iter().any(|byte| *byte != 0) {
        return None;
    }
    let mut number = Vec::with_capacity(length);
    number.resize(length - digits.len(), 0);
    number.extend_from_slice(digits);
    Some(Secret::new(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fit_pads_and_cuts_zeros_only() {
        assert_eq!(fit(&[1, 2], 4), Some(Secret::new(vec![0, 0, 1, 2])));
        assert_eq!(fit(&[0, 0, 1, 2], 2), Some(Secret::new(vec![1, 2])));
        assert_eq!(fit(&[1, 2, 3], 2), None);
        assert_eq!(fit(&[], 2), Some(Secret::new(vec![0, 0])));
    }

    #[test]
    fn trim_zero_is_empty() {
        assert_eq!(trim(&[0, 0]), &[] as &[u8]);
        assert_eq!(trim(&[0, 1, 0]), &[1, 0]);
    }
}

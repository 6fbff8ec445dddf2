//! PEM (RFC 7468): DER between BEGIN and END lines.

use super::error::CliError;

/// Writes DER as PEM with lines of 64 characters.
pub fn encode(label: &'static str, der: &[u8]) -> Result<String, CliError> {
    der::pem::encode_string(label, der::pem::LineEnding::LF, der)
        .map_err(|source| CliError::usage(format!("cannot write PEM {label}")).cause(source))
}

/// Reads the first block of a PEM file with one of these labels; a file that is no PEM is taken as DER.
/// Gives the label (`None` for DER) and the bytes.
pub fn decode(bytes: &[u8], labels: &[&str]) -> Result<(Option<String>, Vec<u8>), CliError> {
    let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| text.contains(BEGIN)) else {
        return Ok((None, bytes.to_vec()));
    };
    for label in labels {
        let (begin, end) = (format!("{BEGIN}{label}-----"), format!("-----END {label}-----"));
        let Some(start) = text.find(&begin) else { continue };
        let block = text.get(start..).unwrap_or_default();
        let length = block.find(&end).map_or(block.len(), |position| position + end.len());
        let block = block.get(..length).unwrap_or_default();
        let (label, der) = der::pem::decode_vec(block.as_bytes())
            .map_err(|source| CliError::usage(format!("the PEM block {label} is damaged")).cause(source))?;
        return Ok((Some(label.to_owned()), der));
    }
    Err(CliError::usage(format!("the PEM file holds no {}", labels.join(" and no "))))
}

const BEGIN: &str = "-----BEGIN ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decode_reads_what_encode_wrote_after_other_text() {
        let pem = format!("subject=CN=x\n\n{}", encode("CERTIFICATE", &[7; 100]).unwrap());
        let (label, der) = decode(pem.as_bytes(), &["PUBLIC KEY", "CERTIFICATE"]).unwrap();
        assert_eq!((label.as_deref(), der), (Some("CERTIFICATE"), vec![7; 100]));
    }

    #[test]
    fn decode_der_is_taken_as_it_is() {
        assert_eq!(decode(&[0x30, 0x00], &["CERTIFICATE"]), Ok((None, vec![0x30, 0x00])));
    }

    #[test]
    fn decode_damaged_or_other_blocks_are_refused() {
        assert!(
            decode(b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n", &["CERTIFICATE"])
                .is_err()
        );
        let key = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert!(decode(key, &["CERTIFICATE"]).is_err());
    }
}

//! `--peer`: the public key of the other side of an agreement, from a file or as a point.

use std::path::Path;

use crate::cli::error::CliError;
use crate::cli::keys::algorithm_name;
use crate::cli::text::quote;
use crate::cli::{atomic_file, pem};
use crate::codec::hex;
use crate::crypto::PublicKey;
use crate::crypto::import::read_certificates;
use crate::token::{Key, KeyAlgorithm};

/// The other side.
#[derive(Debug, Clone, PartialEq)]
pub enum Peer {
    /// A key with its curve.
    Key(PublicKey),
    /// A point, whose curve is that of the private key.
    Point(Vec<u8>),
}

impl Peer {
    /// Reads a file; a text that names none is a point in hexadecimal. Errors: neither of them; a file without a key.
    pub fn read(text: &str) -> Result<Self, CliError> {
        let path = Path::new(text);
        if !atomic_file::is_standard_stream(path)
            && !path.exists()
            && let Ok(point) = hex::decode(text)
            && !point.is_empty()
        {
            return Ok(Self::Point(point));
        }
        let name = atomic_file::describe(path);
        let bytes = atomic_file::read(path)?;
        let no_key = || CliError::usage(format!("{name} holds no public key and no certificate"));
        if let Ok(certificates) = read_certificates(&bytes) {
            let leaf = certificates.iter().find(|known| !known.is_authority).or(certificates.first());
            let key = leaf.and_then(|known| known.public_key.clone());
            return key.map(Self::Key).ok_or_else(no_key);
        }
        let (_, der) = pem::decode(&bytes, &["PUBLIC KEY"]).map_err(|_| no_key())?;
        PublicKey::from_spki_der(&der).map(Self::Key).map_err(|source| no_key().cause(source))
    }

    /// What the private key agrees with: a point, or the 32 bytes of X25519. Errors: one of another kind or curve.
    pub fn point_for(&self, key: &Key) -> Result<Vec<u8>, CliError> {
        let public = match (self, key.algorithm) {
            (Self::Key(public), _) => public.clone(),
            (Self::Point(point), KeyAlgorithm::X25519) => {
                PublicKey::from_x25519(point).map_err(|source| no_point(key).cause(source))?
            }
            (Self::Point(point), KeyAlgorithm::Ec { curve: Some(curve) }) => {
                PublicKey::from_ec_point(curve, point).map_err(|source| no_point(key).cause(source))?
            }
            // The card does not tell the curve before it computes.
            (Self::Point(point), _) => return Ok(point.clone()),
        };
        let theirs = KeyAlgorithm::from(&public);
        let fits = match key.algorithm {
            KeyAlgorithm::Ec { curve: None } => matches!(theirs, KeyAlgorithm::Ec { .. }),
            ours => ours == theirs,
        };
        let bytes = public.ec().map(|(_, point)| point).or(public.bytes_25519());
        match bytes {
            Some(bytes) if fits => Ok(bytes.to_vec()),
            _ => Err(CliError::usage(format!(
                "key {} is {}, but the other side's key is {}",
                quote(&key.label),
                algorithm_name(&key.algorithm),
                algorithm_name(&theirs)
            ))
            .hint("both sides need keys on one curve")),
        }
    }
}

fn no_point(key: &Key) -> CliError {
    let (label, kind) = (quote(&key.label), algorithm_name(&key.algorithm));
    CliError::usage(format!("--peer is no public key for key {label}, which is {kind}"))
}

//! AES in Galois/counter mode (PKCS#11 3.1, 6.13.9): on the host.

use super::plan::{CipherMode, Encoding, KeyFacts, Plan, Primitive, Purpose};
use super::{Mechanism, MechanismId, MechanismInfo, ParameterKind, Parameters, Uses, aes_key, aes_on_host};
use crate::crypto::aes::gcm_stream::MAX_NONCE_LEN;
use crate::engine::error::Error;
use crate::token::KeyAlgorithm;

/// Authenticated encryption.
pub(super) struct AesGcm;

impl Mechanism for AesGcm {
    fn id(&self) -> MechanismId {
        MechanismId::AES_GCM
    }

    fn host_info(&self) -> Option<MechanismInfo> {
        aes_on_host(Uses { encrypt: true, decrypt: true, messages: true, ..Uses::default() })
    }

    fn suits(&self, algorithm: KeyAlgorithm) -> bool {
        matches!(algorithm, KeyAlgorithm::Aes { .. })
    }

    fn parameter_kind(&self) -> ParameterKind {
        ParameterKind::Gcm
    }

    fn plan(
        &self,
        purpose: Purpose,
        parameters: &Parameters,
        key: Option<&KeyFacts<'_>>,
    ) -> Result<Plan, Error> {
        let bad = |why| Error::MechanismParameters { mechanism: self.id(), why };
        let Parameters::Gcm { nonce, associated_data, tag_bits } = parameters else {
            return Err(bad("it needs a nonce and the length of the tag"));
        };
        if !(1..=MAX_NONCE_LEN).contains(&nonce.len()) {
            return Err(bad("the nonce has at least one byte, 12 where nothing speaks against it"));
        }
        // SP 800-38D, 5.2.1.2: the shorter tags are for protocols of their own.
        if !matches!(tag_bits, 96 | 104 | 112 | 120 | 128) {
            return Err(bad("a tag has 96, 104, 112, 120 or 128 bits"));
        }
        aes_key(self.id(), key)?;
        if key.is_some_and(|key| key.card.is_some())
            || !matches!(purpose, Purpose::Encrypt | Purpose::Decrypt)
        {
            return Err(Error::MechanismInvalid(self.id()));
        }
        let encoding = Encoding::Cipher(CipherMode::Gcm {
            nonce: nonce.clone(),
            associated_data: associated_data.clone(),
            tag_len: *tag_bits as usize / 8,
        });
        Ok(Plan { digest: None, encoding, primitive: Primitive::Aes, output_len: 0 })
    }
}

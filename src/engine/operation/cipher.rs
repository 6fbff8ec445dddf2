//! A block cipher in its mode, part by part: how much comes out of how much is known before anything is computed.

use crate::codec::Secret;
use crate::crypto::CryptoError;
use crate::crypto::aes::ctr_stream::CtrStream;
use crate::crypto::aes::gcm::GcmParameters;
use crate::crypto::aes::gcm_stream::GcmStream;
use crate::crypto::aes::{AesKey, BLOCK_LEN, pad, unpad};
use crate::engine::Result;
use crate::engine::error::Error;
use crate::engine::mechanism::CipherMode;

/// Runs whole blocks through the cipher: chained from a vector where there is one.
pub(super) type Blocks<'a> = dyn FnMut(Option<[u8; BLOCK_LEN]>, &[u8]) -> Result<Secret> + 'a;

/// A cipher that is running.
pub(super) struct Cipher {
    encrypt: bool,
    state: State,
    /// What has not come to a whole block yet, or may be the padding, or waits for its tag.
    pending: Secret,
}

enum State {
    /// Whole blocks, in a chain or not.
    Blocks {
        chain: Option<[u8; BLOCK_LEN]>,
        padded: bool,
    },
    Ctr(Box<CtrStream>),
    GcmEncrypt {
        stream: Box<GcmStream>,
        associated_data: Vec<u8>,
        tag_len: usize,
    },
    /// Nothing comes out before the tag is known to be right.
    GcmDecrypt {
        key: AesKey,
        nonce: Vec<u8>,
        associated_data: Vec<u8>,
        tag_len: usize,
    },
}

impl Cipher {
    /// Begins. `key` is the value of the key where the host has it, which all modes but ECB and CBC need.
    pub fn new(mode: &CipherMode, encrypt: bool, key: Option<&Secret>) -> Result<Self> {
        let host_key = || {
            let value = key.ok_or(Error::NotSupported("this mode on the card"))?;
            AesKey::new(value.clone()).map_err(Error::Crypto)
        };
        let state = match mode {
            CipherMode::Ecb => State::Blocks { chain: None, padded: false },
            CipherMode::Cbc { iv, padded } => State::Blocks { chain: Some(*iv), padded: *padded },
            CipherMode::Ctr { block, bits } => {
                State::Ctr(Box::new(CtrStream::new(host_key()?, *block, *bits).map_err(Error::Crypto)?))
            }
            CipherMode::Gcm { nonce, associated_data, tag_len } if encrypt => {
                let stream = Box::new(GcmStream::new(host_key()?, nonce).map_err(Error::Crypto)?);
                State::GcmEncrypt { stream, associated_data: associated_data.clone(), tag_len: *tag_len }
            }
            CipherMode::Gcm { nonce, associated_data, tag_len } => State::GcmDecrypt {
                key: host_key()?,
                nonce: nonce.clone(),
                associated_data: associated_data.clone(),
                tag_len: *tag_len,
            },
        };
        Ok(Self { encrypt, state, pending: Secret::default() })
    }

    /// Bytes that a part gives at once.
    pub fn update_len(&self, part_len: usize) -> usize {
        match &self.state {
            State::Blocks { padded, .. } => {
                let all = self.pending.len().saturating_add(part_len);
                let whole = all - all % BLOCK_LEN;
                // What may be the padding is kept back.
                let last = *padded && !self.encrypt && whole == all;
                if last { whole.saturating_sub(BLOCK_LEN) } else { whole }
            }
            State::GcmEncrypt { .. } => {
                let all = self.pending.len().saturating_add(part_len);
                all - all % BLOCK_LEN
            }
            State::Ctr(_) => part_len,
            State::GcmDecrypt { .. } => 0,
        }
    }

    /// Bytes that come at the end, if as many more are given before: exactly, or at most where a padding comes off.
    pub fn finish_len(&self, more: usize) -> usize {
        let all = self.pending.len().saturating_add(more);
        match &self.state {
            State::Blocks { padded: true, .. } if self.encrypt => all - all % BLOCK_LEN + BLOCK_LEN,
            State::Blocks { .. } => all,
            State::Ctr(_) => more,
            State::GcmEncrypt { tag_len, .. } => all.saturating_add(*tag_len),
            State::GcmDecrypt { tag_len, .. } => all.saturating_sub(*tag_len),
        }
    }

    /// True when [`Cipher::finish_len`] is a limit, not a length.
    pub fn unpads(&self) -> bool {
        !self.encrypt && matches!(self.state, State::Blocks { padded: true, .. })
    }

    /// Takes a part. Errors: those of the key; `DataLength` where a counter comes to its end.
    pub fn update(&mut self, part: &[u8], blocks: &mut Blocks<'_>) -> Result<Secret> {
        if let State::Ctr(stream) = &mut self.state {
            return stream.apply(part).map_err(too_long);
        }
        let ready = self.update_len(part.len());
        let all = Secret::new([self.pending.expose(), part].concat());
        let (now, later) = all.expose().split_at(ready.min(all.len()));
        self.pending = Secret::from(later);
        self.run(now, blocks)
    }

    /// Ends. Errors: `DataLength` and `EncryptedDataLength` for a part of a block, `EncryptedDataInvalid` for a wrong
    /// padding or tag.
    pub fn finish(mut self, blocks: &mut Blocks<'_>) -> Result<Secret> {
        let last = std::mem::take(&mut self.pending);
        match &self.state {
            State::Ctr(_) => return Ok(Secret::default()),
            State::Blocks { .. } => {}
            State::GcmEncrypt { .. } => {
                let State::GcmEncrypt { mut stream, associated_data, tag_len } = self.state else {
                    return Ok(Secret::default());
                };
                let mut output = stream.encrypt(last.expose()).map_err(too_long)?;
                output.extend(stream.tag(&associated_data).map_err(Error::Crypto)?.iter().take(tag_len));
                return Ok(Secret::new(output));
            }
            State::GcmDecrypt { key, nonce, associated_data, tag_len } => {
                let parameters = GcmParameters { nonce, associated_data, tag_len: *tag_len };
                let opened = key.gcm_decrypt(&parameters, last.expose());
                return opened.map_err(|_| Error::EncryptedDataInvalid);
            }
        }
        match (self.unpads(), &self.state) {
            (false, State::Blocks { padded: true, .. }) => self.run(pad(last.expose()).expose(), blocks),
            (false, _) if last.is_empty() => Ok(Secret::default()),
            (true, _) if last.len() == BLOCK_LEN => {
                let padded = self.run(last.expose(), blocks)?;
                unpad(&padded).map_err(|_| Error::EncryptedDataInvalid)
            }
            _ if self.encrypt => Err(Error::DataLength { actual: last.len(), limit: BLOCK_LEN }),
            _ => Err(Error::EncryptedDataLength { actual: last.len(), expected: BLOCK_LEN }),
        }
    }

    fn run(&mut self, now: &[u8], blocks: &mut Blocks<'_>) -> Result<Secret> {
        if now.is_empty() {
            return Ok(Secret::default());
        }
        let chain = match &mut self.state {
            State::Blocks { chain, .. } => chain,
            State::GcmEncrypt { stream, .. } => {
                return stream.encrypt(now).map(Secret::new).map_err(too_long);
            }
            State::Ctr(_) | State::GcmDecrypt { .. } => return Ok(Secret::default()),
        };
        let output = blocks(*chain, now)?;
        if let Some(chain) = chain {
            let encrypted = if self.encrypt { output.expose() } else { now };
            *chain = *encrypted.last_chunk().ok_or(Error::NotSupported("a part of a block"))?;
        }
        Ok(output)
    }
}

fn too_long(error: CryptoError) -> Error {
    match error {
        CryptoError::InputLength { actual, expected } => Error::DataLength { actual, limit: expected },
        other => Error::Crypto(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::Reproducible;

    fn run(cipher: &mut Cipher, key: &AesKey, encrypt: bool, parts: &[&[u8]]) -> Result<Vec<u8>> {
        let mut blocks = |iv: Option<[u8; 16]>, data: &[u8]| {
            let output = match (encrypt, iv) {
                (true, None) => key.ecb_encrypt(data).map(Secret::new),
                (true, Some(iv)) => key.cbc_encrypt(&iv, data).map(Secret::new),
                (false, None) => key.ecb_decrypt(data),
                (false, Some(iv)) => key.cbc_decrypt(&iv, data),
            };
            output.map_err(Error::Crypto)
        };
        let mut output = Vec::new();
        for part in parts {
            let expected = cipher.update_len(part.len());
            let more = cipher.update(part, &mut blocks)?;
            assert_eq!(more.len(), expected);
            output.extend_from_slice(more.expose());
        }
        let (limit, exact) = (cipher.finish_len(0), !cipher.unpads());
        let cipher = std::mem::replace(cipher, Cipher::new(&CipherMode::Ecb, true, None)?);
        let last = cipher.finish(&mut blocks)?;
        assert!(last.len() == limit || (!exact && last.len() < limit), "{} of {limit}", last.len());
        output.extend_from_slice(last.expose());
        Ok(output)
    }

    #[test]
    fn cipher_in_any_parts_gives_what_the_whole_gives_and_back() {
        let mut random = Reproducible::new("cipher_in_any_parts_gives_what_the_whole_gives_and_back");
        for round in 0..300 {
            let key = AesKey::new(Secret::new(random.bytes(32))).unwrap();
            let iv: [u8; 16] = random.bytes(16).try_into().unwrap();
            let modes = [
                CipherMode::Ecb,
                CipherMode::Cbc { iv, padded: false },
                CipherMode::Cbc { iv, padded: true },
                CipherMode::Ctr { block: iv, bits: 128 },
                CipherMode::Gcm { nonce: random.bytes(12), associated_data: random.bytes(5), tag_len: 16 },
            ];
            let mode = &modes[round % 5];
            let mut plain = random.bytes(round / 2);
            if matches!(mode, CipherMode::Ecb | CipherMode::Cbc { padded: false, .. }) {
                plain.truncate(plain.len() / 16 * 16);
            }
            let cut = random.below(plain.len() + 1);
            let (one, two) = plain.split_at(cut);
            let start = |encrypt| Cipher::new(mode, encrypt, Some(key.secret())).unwrap();
            let whole = run(&mut start(true), &key, true, &[&plain]).unwrap();
            assert_eq!(run(&mut start(true), &key, true, &[one, two]).unwrap(), whole, "{mode:?}");
            let cut = random.below(whole.len() + 1);
            let (one, two) = whole.split_at(cut);
            assert_eq!(run(&mut start(false), &key, false, &[one, &[], two]).unwrap(), plain, "{mode:?}");
        }
    }

    #[test]
    fn cipher_part_of_a_block_or_a_wrong_end_is_refused() {
        let key = AesKey::new(Secret::new(vec![7; 16])).unwrap();
        let code = |mode: &CipherMode, encrypt, data: &[u8]| {
            let mut cipher = Cipher::new(mode, encrypt, Some(key.secret())).unwrap();
            run(&mut cipher, &key, encrypt, &[data]).map_err(|error| error.code())
        };
        let cbc = |padded| CipherMode::Cbc { iv: [0; 16], padded };
        assert_eq!(code(&CipherMode::Ecb, true, &[0; 15]), Err("CKR_DATA_LEN_RANGE"));
        assert_eq!(code(&cbc(false), false, &[0; 17]), Err("CKR_ENCRYPTED_DATA_LEN_RANGE"));
        assert_eq!(code(&cbc(true), false, &[0; 17]), Err("CKR_ENCRYPTED_DATA_LEN_RANGE"));
        assert_eq!(code(&cbc(true), false, &[]), Err("CKR_ENCRYPTED_DATA_LEN_RANGE"));
        assert_eq!(code(&cbc(true), false, &[0; 32]), Err("CKR_ENCRYPTED_DATA_INVALID"));
        let gcm = CipherMode::Gcm { nonce: vec![0; 12], associated_data: vec![], tag_len: 16 };
        for len in [0, 15, 16, 17] {
            assert_eq!(code(&gcm, false, &vec![0; len]), Err("CKR_ENCRYPTED_DATA_INVALID"), "{len}");
        }
    }
}

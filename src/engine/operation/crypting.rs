//! Encryption and decryption: a block of RSA at once, or a stream of AES. What is wrong with a padding has one answer.

use super::cipher::Cipher;
use super::compute::to_length;
use super::input::{Input, check_room};
use super::key::{HostKey, OperationKey};
use crate::card::CardError;
use crate::codec::Secret;
use crate::crypto::aes::AesKey;
use crate::crypto::{CryptoError, PublicKey, rsa};
use crate::engine::error::Error;
use crate::engine::mechanism::{Encoding, Plan, Primitive};
use crate::engine::session_object::Material;
use crate::engine::{Engine, Result};

/// An encryption or decryption that is going on.
pub(in crate::engine) struct Crypting {
    plan: Plan,
    pub(super) key: OperationKey,
    encrypt: bool,
    stage: Stage,
    /// Parts were given: it cannot be done at once any more.
    touched: bool,
    /// Input and output that did not fit the caller's room: nothing is computed again.
    kept: Option<(Vec<u8>, Secret)>,
}

enum Stage {
    Block(Input),
    Stream(Cipher),
}

impl Crypting {
    /// Begins.
    pub fn new(plan: Plan, key: OperationKey, encrypt: bool) -> Result<Self> {
        let stage = match &plan.encoding {
            Encoding::Cipher(mode) => Stage::Stream(Cipher::new(mode, encrypt, secret_value(&key))?),
            _ => Stage::Block(Input::new(&plan, Some(&key))?),
        };
        Ok(Self { plan, key, encrypt, stage, touched: false, kept: None })
    }

    /// True when parts were given.
    pub fn is_touched(&self) -> bool {
        self.touched
    }

    /// Bytes of the output for data given at once; a limit where a padding comes off.
    pub fn len(&self, data_len: usize) -> usize {
        match &self.stage {
            Stage::Block(_) => self.plan.output_len,
            Stage::Stream(cipher) => cipher.finish_len(data_len),
        }
    }

    /// Bytes that a part gives at once.
    pub fn update_len(&self, part_len: usize) -> usize {
        match &self.stage {
            Stage::Block(_) => 0,
            Stage::Stream(cipher) => cipher.update_len(part_len),
        }
    }

    /// Bytes that come at the end; a limit where a padding comes off.
    pub fn final_len(&self) -> usize {
        self.len(0)
    }

    /// Takes a part. Errors: `BufferTooSmall`, with nothing taken.
    pub fn update(&mut self, engine: &Engine, part: &[u8], room: usize) -> Result<Secret> {
        check_room(self.update_len(part.len()), room)?;
        self.touched = true;
        let (key, encrypt) = (&self.key, self.encrypt);
        match &mut self.stage {
            Stage::Block(input) => input.update(&self.plan, part).map(|()| Secret::default()),
            Stage::Stream(cipher) => {
                cipher.update(part, &mut |iv, blocks| engine.aes(key, encrypt, iv, blocks))
            }
        }
    }

    /// Ends, with more data where all is done at once. Errors: `BufferTooSmall`, and then it can be asked again; after
    /// any other it is over.
    pub fn finish(&mut self, engine: &Engine, data: &[u8], room: usize) -> Result<Secret> {
        let known = match self.kept.take() {
            Some((input, output)) if input == data => Some(output),
            _ => None,
        };
        let output = match known {
            Some(output) => output,
            None => {
                // Where the length is known, nothing is computed that would not fit.
                let unpads = match &self.stage {
                    Stage::Block(_) => !self.encrypt,
                    Stage::Stream(cipher) => cipher.unpads(),
                };
                if !unpads {
                    check_room(self.len(data.len()), room)?;
                }
                self.compute(engine, data)?
            }
        };
        if let Err(error) = check_room(output.len(), room) {
            self.kept = Some((data.to_vec(), output));
            return Err(error);
        }
        Ok(output)
    }

    /// The output for what was given before and now. Leaves nothing behind to go on with but the plan.
    fn compute(&mut self, engine: &Engine, data: &[u8]) -> Result<Secret> {
        let empty = Stage::Block(Input::new(&self.plan, Some(&self.key))?);
        let (plan, key, encrypt) = (&self.plan, &self.key, self.encrypt);
        match std::mem::replace(&mut self.stage, empty) {
            Stage::Block(input) => {
                let data = input.whole(data);
                if encrypt { engine.encrypted(plan, key, &data) } else { engine.plain_text(plan, key, &data) }
            }
            Stage::Stream(mut cipher) => {
                let mut blocks = |iv: Option<[u8; 16]>, blocks: &[u8]| engine.aes(key, encrypt, iv, blocks);
                let first = cipher.update(data, &mut blocks)?;
                let last = cipher.finish(&mut blocks)?;
                Ok(Secret::new([first.expose(), last.expose()].concat()))
            }
        }
    }
}

impl Engine {
    /// Whole blocks through AES, wherever the key is.
    pub(super) fn aes(
        &self,
        key: &OperationKey,
        encrypt: bool,
        iv: Option<[u8; 16]>,
        blocks: &[u8],
    ) -> Result<Secret> {
        let key = match key {
            OperationKey::Card(key) => return self.aes_on_card(key, encrypt, iv, blocks),
            OperationKey::Host(key) => key,
            OperationKey::Public(_) => return Err(Error::KeyHandleInvalid),
        };
        self.check_there(key)?;
        let aes = aes_key(key)?;
        let output = match (encrypt, iv) {
            (true, None) => aes.ecb_encrypt(blocks).map(Secret::new),
            (true, Some(iv)) => aes.cbc_encrypt(&iv, blocks).map(Secret::new),
            (false, None) => aes.ecb_decrypt(blocks),
            (false, Some(iv)) => aes.cbc_decrypt(&iv, blocks),
        };
        output.map_err(Error::Crypto)
    }

    /// Encrypts a block with a public key. Errors: `DataLength`.
    pub(super) fn encrypted(&self, plan: &Plan, key: &OperationKey, data: &Secret) -> Result<Secret> {
        let OperationKey::Public(public) = key else { return Err(Error::KeyHandleInvalid) };
        let block = Secret::new(plan.encode(data.expose())?);
        encrypt_block(plan, public, &block).map(Secret::new).map_err(Error::Crypto)
    }

    /// Decrypts a block with a private key: its holder computes, the host takes the padding off, in constant time.
    /// Errors: `EncryptedDataLength`, `EncryptedDataInvalid`.
    pub(super) fn plain_text(&self, plan: &Plan, key: &OperationKey, data: &Secret) -> Result<Secret> {
        let block = plan.encode(data.expose())?;
        let answer = match (self.compute(key, plan.primitive, &block), plan.primitive) {
            (Ok(message), Primitive::RsaDecryptPkcs1) => return Ok(message),
            (Err(Error::Card { source: CardError::Crypto(CryptoError::Decryption), .. }), _)
            | (Err(Error::Crypto(CryptoError::BlockTooLarge)), _) => return Err(Error::EncryptedDataInvalid),
            (answer, _) => answer?,
        };
        let padded = Secret::new(to_length(&self.holder_name(key), answer.expose(), block.len())?);
        let unpadded = match &plan.encoding {
            Encoding::Pkcs1Unpad { .. } => rsa::pkcs1_unpad(&padded),
            Encoding::OaepUnpad { parameters, .. } => rsa::oaep_unpad(parameters, &padded),
            _ => return Ok(padded),
        };
        unpadded.and_then(rsa::Unpadded::into_message).map_err(|_| Error::EncryptedDataInvalid)
    }
}

fn encrypt_block(plan: &Plan, public: &PublicKey, block: &Secret) -> Result<Vec<u8>, CryptoError> {
    match &plan.encoding {
        Encoding::Pkcs1Pad { .. } => rsa::pkcs1_encrypt(public, block.expose()),
        Encoding::OaepPad { parameters, .. } => rsa::oaep_encrypt(public, parameters, block.expose()),
        _ => rsa::public_raw(public, block.expose()),
    }
}

/// The value of a secret key of a session.
pub(super) fn secret_value(key: &OperationKey) -> Option<&Secret> {
    match key {
        OperationKey::Host(HostKey { object, .. }) => match object.material() {
            Material::Secret(value) => Some(value),
            _ => None,
        },
        OperationKey::Card(_) | OperationKey::Public(_) => None,
    }
}

pub(super) fn aes_key(key: &HostKey) -> Result<AesKey> {
    match key.object.material() {
        Material::Secret(value) => AesKey::new(value.clone()).map_err(Error::Crypto),
        _ => Err(Error::KeyHandleInvalid),
    }
}

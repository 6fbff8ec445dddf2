//! Signs files with a key of another PKCS#11 module, in one process and one login: what `p11ctl sign` is compared with
//! by `many-files.sh`. Each signature goes to FILE.theirs beside its file. With DURABLE in the environment it is on the disk
//! before it has its name, as p11ctl's are.
//!
//! Usage: softhsm-signer MODULE TOKEN PIN rsa|ec FILE…

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use p11ctl::crypto::DigestAlgorithm;
use p11ctl::crypto::digest::digest;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, token, pin, kind, files @ ..] = arguments.as_slice() else {
        return Err("usage: softhsm-signer MODULE TOKEN PIN rsa|ec FILE…".into());
    };
    let pkcs11 = Pkcs11::new(module)?;
    pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))?;
    let session = log_in(&pkcs11, token, pin)?;
    let keys = session.find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Sign(true)])?;
    let wanted = if kind == "rsa" { cryptoki::object::KeyType::RSA } else { cryptoki::object::KeyType::EC };
    let key = keys.into_iter().find(|key| {
        let kind = session.get_attributes(*key, &[cryptoki::object::AttributeType::KeyType]);
        kind.is_ok_and(|kind| kind == [Attribute::KeyType(wanted)])
    });
    let key = key.ok_or("the token has no such key")?;
    let durable = std::env::var_os("DURABLE").is_some();
    for file in files {
        let data = fs::read(file)?;
        // SoftHSM has no ECDSA that digests.
        let signature = if kind == "rsa" {
            session.sign(&Mechanism::Sha256RsaPkcs, key, &data)?
        } else {
            session.sign(&Mechanism::Ecdsa, key, &digest(DigestAlgorithm::Sha256, &data))?
        };
        keep(&format!("{file}.theirs"), &signature, durable)?;
    }
    Ok(())
}

fn keep(path: &str, signature: &[u8], durable: bool) -> io::Result<()> {
    if !durable {
        return fs::write(path, signature);
    }
    let unfinished = format!("{path}.new");
    let mut file = File::create_new(&unfinished)?;
    file.write_all(signature)?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}

fn log_in(pkcs11: &Pkcs11, token: &str, pin: &str) -> Result<Session, Box<dyn Error>> {
    for slot in pkcs11.get_slots_with_initialized_token()? {
        if pkcs11.get_token_info(slot)?.label() == token {
            let session = pkcs11.open_ro_session(slot)?;
            session.login(UserType::User, Some(&AuthPin::new(pin.into())))?;
            return Ok(session);
        }
    }
    Err("there is no such token".into())
}

//! The embedded software card: a MyEID-type card that answers APDUs. Does not know the host side.
//!
//! The command set is that of Aventra's MyEID applet 4.5, as OpenSC's driver uses it and the open OsEID token
//! speaks it: a tree of files (ISO 7816-4), fourteen PINs with PUKs, access rules of one PIN number for each
//! operation, keys in key files, MANAGE SECURITY ENVIRONMENT and PERFORM SECURITY OPERATION.
//!
//! | INS | command | here |
//! |---|---|---|
//! | A4 B0 D6 0E | SELECT, READ, UPDATE, ERASE BINARY | by identifier, path, name, parent; FCI or FCP; up to 32 KiB in one extended APDU |
//! | E0 E4 44 | CREATE, DELETE FILE, ACTIVATE APPLET | access rules are in force from activation on |
//! | 20 24 2C 2E | VERIFY, CHANGE, RESET RETRY COUNTER, DE-AUTHENTICATE | also the rights of a global unblocker and an administrator |
//! | CA 01xx | GET DATA | applet information A0, file lists A1 to A6, capabilities AA, access conditions AC, PINs B1 to BE, public keys and curves |
//! | DA 01xx | PUT DATA | format E0, initialise PIN 01 to 0E, load a key 80 to 89 and A0 |
//! | 46 84 | GENERATE KEY, GET CHALLENGE | RSA 1024 to 4096, EC, AES |
//! | 22 2A 86 | security environment and operations, ECDH | RSA raw and PKCS#1, ECDSA (DER), AES CBC and ECB, wrapping |
//!
//! Where this card goes beyond MyEID: key file descriptor 23 (256 bits) is secp256k1, as on OsEID, and 24 (256 and
//! 384 bits) Brainpool r1; GENERATE KEY fills AES key files too; VERIFY with P1 = FF takes a verification
//! back, as ISO 7816-4 says; public keys are told without a PIN; a wrong PKCS#1 padding is never an error but
//! a message that nobody sent. What it lacks: DES, P-192, grid PINs, RSA keys without primes.
//!
//! [`Profile::OsEid`] is the same card with T=0: P3 is exact or answered 6Cxx, answers to commands with data
//! wait for GET RESPONSE, and nothing is longer than a short APDU.

mod access;
mod apdu;
mod card;
mod commands;
mod fcp;
mod files;
mod image;
mod keys;
mod machine;
mod pins;
mod session;
mod state;
#[cfg(test)]
mod testing;
mod vault;

pub use card::{Options, SoftCard, create, open, reader};
pub use state::Profile;

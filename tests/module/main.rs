//! The module as programs load it: its C ABI by C clients, and other people's programs as judges, each with the
//! card in a software reader and, over pcscd, in a reader of the service.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod abi;
mod bench;
mod checklist;
mod cost;
mod gnutls;
mod hotplug;
mod java;
mod log;
mod nss;
mod openssl;
mod pkcs11_tool;
mod policy;
mod process;
mod python;
mod python_ciphers;
mod rust_client;
mod rust_crypto;
mod shell;
mod ssh;
mod stress;

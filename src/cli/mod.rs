//! The command line: arguments, prompts, tables, JSON, exit codes.

pub mod args;
mod atomic_file;
mod certificates;
mod commands;
mod confirm;
mod context;
mod destination;
mod error;
mod explain;
mod interrupt;
mod json;
mod key_files;
mod keys;
mod logging;
mod mechanism;
mod new_secret;
mod objects;
mod outcome;
mod parts;
mod pem;
mod pin;
mod predigested;
mod problems;
mod progress;
mod run;
mod selector;
mod signature;
mod spool;
mod suggest;
mod table;
mod terminal;
mod text;
mod tokens;
mod unlock;
mod writing;

pub use run::main;

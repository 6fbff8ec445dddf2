//! The command line: arguments, prompts, tables, JSON, exit codes.

pub mod args;
mod atomic_file;
mod certificates;
mod commands;
mod context;
mod date;
mod destination;
mod error;
mod explain;
mod interrupt;
mod json;
mod keys;
mod logging;
mod mechanism;
mod objects;
mod outcome;
mod pem;
mod pin;
mod progress;
mod run;
mod selector;
mod signature;
mod suggest;
mod table;
mod terminal;
mod text;
mod tokens;
mod unlock;

pub use run::main;

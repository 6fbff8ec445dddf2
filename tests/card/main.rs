//! The driver of MyEID-type cards on the embedded software card: reading, computing, personalising, failing well.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

#[path = "../common/faults.rs"]
mod faults;
#[path = "../common/rig.rs"]
#[allow(dead_code)]
mod rig;

mod caching;
mod computing;
mod connecting;
mod cost;
mod editing;
mod example;
mod foreign_editing;
mod hostile;
mod interrupting;
mod opensc;
mod opensc_card;
mod personalisation_cost;
mod personalising;
mod pins;
mod support;

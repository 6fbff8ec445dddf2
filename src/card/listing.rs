//! How much of a card is listed.

/// How much of what is on a card is asked for at least: each holds what those before it do.
/// Cards with a directory tell everything by it; others are asked a question for each object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listing {
    /// PINs, and the objects that decide how many slots there are and whose.
    Layout,
    /// Keys and certificates.
    Keys,
    /// Data objects too.
    Everything,
}

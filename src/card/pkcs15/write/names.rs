//! How long the names of objects may be. The card holds longer ones, but then other programs do not read it.

use crate::card::CardError;
use crate::token::{KeyId, LONGEST_APPLICATION, LONGEST_ID, LONGEST_LABEL, MOST_OID_NUMBERS};

/// Refuses a label that others do not read, before anything is sent.
pub fn check_label(label: &str) -> Result<(), CardError> {
    check("a label", label.len(), LONGEST_LABEL)
}

/// Refuses an application name that others do not read, before anything is sent.
pub fn check_application(name: &str) -> Result<(), CardError> {
    check("an application name", name.len(), LONGEST_APPLICATION)
}

/// Refuses an identifier that others do not read, before anything is sent.
pub fn check_id(id: &KeyId) -> Result<(), CardError> {
    check("an identifier", id.0.len(), LONGEST_ID)
}

/// Refuses an object identifier (its content bytes) that others do not read, before anything is sent.
pub fn check_oid(oid: &[u8]) -> Result<(), CardError> {
    // The first byte holds two numbers; all but the last byte of a number have their top bit set.
    let numbers = oid.iter().filter(|byte| **byte < 0x80).count() + 1;
    if numbers <= MOST_OID_NUMBERS {
        return Ok(());
    }
    Err(CardError::NotSupported {
        what: format!("hold an object identifier of more than {MOST_OID_NUMBERS} numbers"),
    })
}

fn check(what: &str, len: usize, longest: usize) -> Result<(), CardError> {
    if len <= longest {
        return Ok(());
    }
    Err(CardError::NotSupported { what: format!("hold {what} of more than {longest} bytes") })
}

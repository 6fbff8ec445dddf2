//! The card families in the order in which they are tried, each with the reason for its place.
//! A new family is one file and one row here.

use crate::apdu::Channel;

use super::{CardDriver, CardError, CardSettings, generic, isoapplet, myeid, openpgp, piv};

/// One card family.
pub struct Row {
    /// Its name in `[drivers] only` and in `p11ctl readers`.
    pub name: &'static str,
    /// Why it stands where it stands.
    pub reason: &'static str,
    /// Whether the answer to reset is the family's own; such rows are tried first.
    pub knows_atr: fn(&[u8]) -> bool,
    /// Asks the card. `None` when it is of another family; errors are those of the transport.
    pub open: Open,
}

/// Asks a card whether it is of a family, and binds a driver to it.
pub type Open = fn(&mut Channel<'_>, &CardSettings) -> Result<Option<Box<dyn CardDriver>>, CardError>;

/// All families, first match wins.
pub static DRIVERS: &[Row] = &[
    Row {
        name: piv::NAME,
        reason: "first: one command settles it, and no other family has its application",
        knows_atr: piv::knows_atr,
        open: piv::open,
    },
    Row {
        name: isoapplet::NAME,
        reason: "before MyEID, whose questions its files could answer; asked for by its own name, which costs one \
                 command on a card that no answer to reset gives away",
        knows_atr: isoapplet::knows_atr,
        open: isoapplet::open,
    },
    Row {
        name: myeid::NAME,
        reason: "before the generic PKCS#15 driver, which could only read these cards",
        knows_atr: myeid::knows_atr,
        open: myeid::open,
    },
    Row {
        name: openpgp::NAME,
        reason: "before the generic PKCS#15 driver, which asks more questions of a card that has no PKCS#15",
        knows_atr: openpgp::knows_atr,
        open: openpgp::open,
    },
    Row {
        name: generic::NAME,
        reason: "last: it takes every card with a PKCS#15 application, and can do less than a driver of its own",
        knows_atr: generic::knows_atr,
        open: generic::open,
    },
];

/// Finds the driver of the card: families whose answer to reset matches first, then every one in turn.
/// Errors: `UnknownCard` when none of them wants it.
pub fn recognise(
    channel: &mut Channel<'_>,
    settings: &CardSettings,
) -> Result<Box<dyn CardDriver>, CardError> {
    let atr = channel.atr().to_vec();
    let allowed = |row: &&Row| {
        settings
            .drivers
            .as_ref()
            .is_none_or(|only| only.iter().any(|name| name.eq_ignore_ascii_case(row.name)))
    };
    let (known, others): (Vec<&Row>, Vec<&Row>) =
        DRIVERS.iter().filter(allowed).partition(|row| (row.knows_atr)(&atr));
    for row in known.into_iter().chain(others) {
        if let Some(driver) = (row.open)(channel, settings)? {
            return Ok(driver);
        }
    }
    Err(CardError::UnknownCard { atr })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_driver_comes_last_and_no_name_twice() {
        assert_eq!(DRIVERS.last().map(|row| row.name), Some(generic::NAME));
        for (index, row) in DRIVERS.iter().enumerate() {
            let same = |other: &&Row| other.name.eq_ignore_ascii_case(row.name);
            assert_eq!(DRIVERS.iter().filter(same).count(), 1, "{}", row.name);
            assert!(!row.reason.is_empty(), "row {index}");
        }
    }
}

//! What of a token an application may see (`visible_objects`): what is left out is in no slot's view, and so has no
//! handle. Which PIN has which slot, and which certificate belongs to which key, does not depend on it.

use super::{ObjectSelection, VirtualToken};
use crate::codec::hex;
use crate::token::{KeyClass, KeyId, Token};

/// Takes from a view what the selection does not name.
pub(super) fn keep_visible(token: &Token, view: &mut VirtualToken, selection: &ObjectSelection) {
    let ObjectSelection::Only(names) = selection else { return };
    let fits = |class: &str, label: &str, id: Option<&KeyId>| {
        names.iter().any(|name| match name.split_once(':') {
            Some(("label", wanted)) => wanted == label,
            Some(("id", digits)) => {
                id.is_some_and(|id| hex::decode(digits).is_ok_and(|wanted| wanted == id.0))
            }
            _ => name == class,
        })
    };
    view.keys.retain(|index| {
        token.keys.get(*index).is_some_and(|key| fits(class_name(key.class), &key.label, Some(&key.id)))
    });
    view.certificates.retain(|index| {
        let certificate = token.certificates.get(*index);
        certificate.is_some_and(|known| fits("certificate", &known.label, Some(&known.id)))
    });
    view.data.retain(|index| token.data.get(*index).is_some_and(|data| fits("data", &data.label, None)));
    view.chains.retain(|chain| view.keys.contains(&chain.key));
    for chain in &mut view.chains {
        let len = chain.certificates.len();
        chain.certificates.retain(|index| view.certificates.contains(index));
        chain.complete &= chain.certificates.len() == len;
    }
}

fn class_name(class: KeyClass) -> &'static str {
    match class {
        KeyClass::Private => "private-key",
        KeyClass::Public => "public-key",
        KeyClass::Secret => "secret-key",
    }
}

//! Objects put on a token one after the other: which were written and where they show, which were there already.

use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::text::{count, quote};
use crate::cli::tokens::FoundToken;
use crate::engine::{NewObject, ObjectClass, SessionHandle};
use crate::layout::SlotId;

/// An object to be written, and its name for the answer.
pub struct Item {
    /// What is written.
    pub object: NewObject,
    /// Its class.
    pub class: ObjectClass,
    /// Its label, if the file or the user says one.
    pub label: String,
}

impl Item {
    /// True for one of these certificates (DER).
    pub fn is_among(&self, certificates: &[Vec<u8>]) -> bool {
        matches!(&self.object, NewObject::Certificate { der, .. } if certificates.contains(der))
    }
}

/// What became of objects.
#[derive(Debug, Default)]
pub struct Put {
    /// Those that were written, in JSON: class, label, slot, uri.
    pub written: Vec<Value>,
    /// Labels of those that the card had already.
    pub present: Vec<String>,
    /// Label and URI of each, written or not; no URI where no slot shows it.
    pub names: Vec<(String, Option<String>)>,
    /// What was done, for people.
    pub notes: Vec<String>,
}

/// Puts objects on a token; what the card has already stays as it is. The first that fails ends it, and the error says
/// what was written.
pub fn put(
    context: &Context,
    token: &FoundToken,
    session: SessionHandle,
    items: &[Item],
) -> Result<Put, CliError> {
    let engine = context.engine()?;
    let mut put = Put::default();
    for Item { object, class, label } in items {
        let stored = engine.store_object(session, object).map_err(|error| {
            let mut explained = CliError::from(error);
            explained.causes.insert(0, explained.message.clone());
            explained.message =
                format!("{class} {} is not written to the token in slot {}", quote(label), token.slot);
            match put.written.len() {
                0 => explained,
                number => explained.hint(format!(
                    "what came before it is on the card: {}; the command can be run again",
                    count(number, "object", "objects")
                )),
            }
        })?;
        let slot = stored.place.as_ref().map(|(slot, _)| *slot);
        let uri = stored.place.map(|(_, uri)| uri.to_string());
        put.names.push((stored.label.clone(), uri.clone()));
        if stored.present {
            put.notes.push(already(*class, &stored.label));
            put.present.push(stored.label);
        } else {
            put.notes.push(sentence(*class, &stored.label, slot, token.slot));
            put.written.push(json!({
                "class": class.name(),
                "label": stored.label,
                "slot": slot.map(|slot| slot.0),
                "uri": uri,
            }));
        }
    }
    Ok(put)
}

impl Put {
    /// The URI of each object that was written, one in each line.
    pub fn uris(&self) -> String {
        self.written.iter().filter_map(|entry| Some(format!("{}\n", entry.get("uri")?.as_str()?))).collect()
    }

    /// Objects that were there before anybody was asked for a PIN.
    pub fn nothing(items: &[Item]) -> Self {
        let present: Vec<String> = items.iter().map(|item| item.label.clone()).collect();
        let notes = items.iter().map(|item| already(item.class, &item.label)).collect();
        Self { present, notes, ..Self::default() }
    }
}

fn already(class: ObjectClass, label: &str) -> String {
    format!("{class} {} is on the card already", quote(label))
}

/// What a chain needs shows in the token of that chain, whatever token it was written through.
fn sentence(class: ObjectClass, label: &str, slot: Option<SlotId>, asked: SlotId) -> String {
    let label = quote(label);
    match slot {
        Some(slot) if slot == asked => format!("wrote {class} {label} to the token in slot {slot}"),
        Some(slot) if class == ObjectClass::Certificate => {
            format!(
                "wrote {class} {label}: it belongs to a chain of the token in slot {slot}, and shows there"
            )
        }
        Some(slot) => format!("wrote {class} {label}: it shows in the token in slot {slot}"),
        None => format!("wrote {class} {label} to the card: no slot shows it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_names_the_slot_where_the_object_is_found() {
        let said =
            |slot: Option<u32>| sentence(ObjectClass::Certificate, "Root", slot.map(SlotId), SlotId(2));
        assert_eq!(said(Some(2)), "wrote certificate \"Root\" to the token in slot 2");
        assert!(said(Some(1)).ends_with("of the token in slot 1, and shows there"), "{}", said(Some(1)));
        assert!(said(None).ends_with("no slot shows it"), "{}", said(None));
        let data = sentence(ObjectClass::Data, "notes", Some(SlotId(1)), SlotId(2));
        assert_eq!(data, "wrote data \"notes\": it shows in the token in slot 1");
    }
}

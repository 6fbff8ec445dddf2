//! Objects of one token: handles, and an index so that a search does not look at every object.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::ObjectHandle;
use super::attribute::{AttributeType, ObjectClass, Template, Value};
use crate::layout::VirtualToken;
use crate::token::{KeyClass, ObjectId, Token};

pub(super) use crate::layout::Item as ObjectRef;

/// The objects that one slot shows, by handle.
#[derive(Debug, Default)]
pub(super) struct ObjectTable {
    objects: BTreeMap<ObjectHandle, Entry>,
    index: HashMap<(AttributeType, Value), BTreeSet<ObjectHandle>>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    object: ObjectRef,
    id: ObjectId,
    private: bool,
}

/// Attributes that are in the index. They never need the card.
const INDEXED: [AttributeType; 3] = [AttributeType::CLASS, AttributeType::ID, AttributeType::LABEL];

impl ObjectTable {
    /// The table of one slot's view. `handle` gives each object its handle: the one it had, or a new one.
    pub fn new(token: &Token, view: &VirtualToken, mut handle: impl FnMut(ObjectId) -> ObjectHandle) -> Self {
        let mut table = Self::default();
        let keys = view.keys.iter().map(|&index| ObjectRef::Key(index));
        let certificates = view.certificates.iter().map(|&index| ObjectRef::Certificate(index));
        let data = view.data.iter().map(|&index| ObjectRef::Data(index));
        for object in keys.chain(certificates).chain(data) {
            if let (Some(facts), Some(id)) = (Facts::of(token, object), object.id(token)) {
                table.insert(handle(id), Entry { object, id, private: facts.private }, &facts);
            }
        }
        table
    }

    fn insert(&mut self, handle: ObjectHandle, entry: Entry, facts: &Facts<'_>) {
        self.objects.insert(handle, entry);
        for kind in INDEXED {
            if let Some(value) = facts.indexed(kind) {
                self.index.entry((kind, value)).or_default().insert(handle);
            }
        }
    }

    /// The object of a handle, if it may be seen: private ones only by the user.
    pub fn get(&self, handle: ObjectHandle, user: bool) -> Option<ObjectRef> {
        self.objects.get(&handle).filter(|entry| user || !entry.private).map(|entry| entry.object)
    }

    /// The handle of each object.
    pub fn handles(&self) -> HashMap<ObjectId, ObjectHandle> {
        self.objects.iter().map(|(handle, entry)| (entry.id, *handle)).collect()
    }

    /// The handle of one object.
    pub fn handle(&self, object: ObjectId) -> Option<ObjectHandle> {
        self.objects.iter().find(|(_, entry)| entry.id == object).map(|(handle, _)| *handle)
    }

    /// True when the handle names an object, seen or not.
    pub fn contains(&self, handle: ObjectHandle) -> bool {
        self.objects.contains_key(&handle)
    }

    /// True when the handle names an object that only the user may see.
    pub fn is_private(&self, handle: ObjectHandle) -> bool {
        self.objects.get(&handle).is_some_and(|entry| entry.private)
    }

    /// True for attributes that [`ObjectTable::candidates`] has compared already.
    pub fn is_indexed(kind: AttributeType) -> bool {
        INDEXED.contains(&kind)
    }

    /// Visible objects that match what the index knows of a template, in the order of their handles.
    /// The rest of the template is for the caller to check.
    pub fn candidates(&self, template: &Template, user: bool) -> Vec<(ObjectHandle, ObjectRef)> {
        let visible = |handle: &ObjectHandle| self.get(*handle, user).map(|object| (*handle, object));
        let mut postings = Vec::new();
        for attribute in template.attributes().iter().filter(|attribute| INDEXED.contains(&attribute.kind)) {
            match self.index.get(&(attribute.kind, attribute.value.clone())) {
                Some(handles) => postings.push(handles),
                None => return Vec::new(),
            }
        }
        postings.sort_by_key(|handles| handles.len());
        match postings.split_first() {
            None => self.objects.keys().filter_map(visible).collect(),
            Some((smallest, others)) => {
                let in_all = |handle: &&ObjectHandle| others.iter().all(|handles| handles.contains(handle));
                smallest.iter().filter(in_all).filter_map(visible).collect()
            }
        }
    }
}

/// What of an object decides who sees it and how it is found.
struct Facts<'a> {
    class: ObjectClass,
    private: bool,
    label: &'a str,
    id: Option<&'a [u8]>,
}

impl<'a> Facts<'a> {
    fn of(token: &'a Token, object: ObjectRef) -> Option<Self> {
        Some(match object {
            ObjectRef::Key(index) => {
                let key = token.keys.get(index)?;
                Self {
                    class: class_of(key.class),
                    private: key.private,
                    label: &key.label,
                    id: Some(&key.id.0),
                }
            }
            ObjectRef::Certificate(index) => {
                let certificate = token.certificates.get(index)?;
                Self {
                    class: ObjectClass::Certificate,
                    private: certificate.private,
                    label: &certificate.label,
                    id: Some(&certificate.id.0),
                }
            }
            ObjectRef::Data(index) => {
                let data = token.data.get(index)?;
                Self { class: ObjectClass::Data, private: data.private, label: &data.label, id: None }
            }
        })
    }

    fn indexed(&self, kind: AttributeType) -> Option<Value> {
        match kind {
            AttributeType::CLASS => Some(Value::Number(self.class.number())),
            AttributeType::LABEL => Some(Value::Text(self.label.to_owned())),
            AttributeType::ID => self.id.map(|id| Value::Bytes(id.to_vec())),
            _ => None,
        }
    }
}

/// The PKCS#11 class of a key.
pub(super) fn class_of(class: KeyClass) -> ObjectClass {
    match class {
        KeyClass::Private => ObjectClass::PrivateKey,
        KeyClass::Public => ObjectClass::PublicKey,
        KeyClass::Secret => ObjectClass::SecretKey,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{DataObject, ObjectId};

    fn data(number: u32, private: bool) -> DataObject {
        DataObject {
            object: ObjectId(number),
            label: format!("data {number}"),
            application: String::new(),
            oid: Vec::new(),
            auth: None,
            private,
            modifiable: false,
        }
    }

    fn table(count: u32, private: bool) -> ObjectTable {
        let token = Token { data: (0..count).map(|n| data(n, private)).collect(), ..Token::default() };
        let view = VirtualToken { data: (0..token.data.len()).collect(), ..VirtualToken::default() };
        let mut next = 100;
        ObjectTable::new(&token, &view, |_| {
            next += 1;
            ObjectHandle(next)
        })
    }

    #[test]
    fn candidates_label_finds_the_one_object() {
        let table = table(10_000, false);
        let found = table.candidates(&Template::new().class(ObjectClass::Data).label("data 9999"), false);
        assert_eq!(found, [(ObjectHandle(10_100), ObjectRef::Data(9999))]);
        assert!(table.candidates(&Template::new().label("data"), false).is_empty());
        assert!(table.candidates(&Template::new().class(ObjectClass::Certificate), false).is_empty());
    }

    // I.44
    #[test]
    fn candidates_empty_template_finds_all_visible() {
        assert_eq!(table(5, false).candidates(&Template::new(), false).len(), 5);
        assert_eq!(table(5, true).candidates(&Template::new(), false).len(), 0);
        assert_eq!(table(5, true).candidates(&Template::new(), true).len(), 5);
        assert_eq!(table(5, true).get(ObjectHandle(101), false), None);
        assert_eq!(table(5, true).get(ObjectHandle(101), true), Some(ObjectRef::Data(0)));
    }
}

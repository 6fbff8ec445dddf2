//! The session objects of one token: by handle, by owner, and an index so that a search does not look at every object.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::SessionObject;
use crate::engine::ObjectHandle;
use crate::engine::attribute::{AttributeType as A, Template, Value};
use crate::engine::session::SessionHandle;

/// The objects that the sessions of one token have made.
#[derive(Default)]
pub(in crate::engine) struct SessionObjects {
    objects: BTreeMap<ObjectHandle, Held>,
    by_owner: HashMap<SessionHandle, BTreeSet<ObjectHandle>>,
    index: HashMap<(A, Value), BTreeSet<ObjectHandle>>,
}

struct Held {
    owner: SessionHandle,
    object: Arc<SessionObject>,
}

/// Attributes that are in the index: what clients look for.
const INDEXED: [A; 11] = [
    A::CLASS,
    A::ID,
    A::LABEL,
    A::KEY_TYPE,
    A::SUBJECT,
    A::ISSUER,
    A::SERIAL_NUMBER,
    A::APPLICATION,
    A::OBJECT_ID,
    A::MODULUS,
    A::EC_POINT,
];

impl SessionObjects {
    /// Takes an object in. It is gone with its owner.
    pub fn insert(&mut self, handle: ObjectHandle, owner: SessionHandle, object: SessionObject) {
        for (kind, value) in object.attributes().filter(|(kind, _)| INDEXED.contains(kind)) {
            self.index.entry((kind, value.clone())).or_default().insert(handle);
        }
        self.by_owner.entry(owner).or_default().insert(handle);
        self.objects.insert(handle, Held { owner, object: Arc::new(object) });
    }

    /// Puts a changed object in the place of what it was.
    pub fn replace(&mut self, handle: ObjectHandle, object: SessionObject) {
        if let Some(owner) = self.objects.get(&handle).map(|held| held.owner) {
            self.remove(handle);
            self.insert(handle, owner, object);
        }
    }

    /// The object of a handle, if it may be seen: private ones only by the user.
    pub fn get(&self, handle: ObjectHandle, user: bool) -> Option<&Arc<SessionObject>> {
        let held = self.objects.get(&handle)?;
        (user || !held.object.is(A::PRIVATE)).then_some(&held.object)
    }

    /// True when the handle names an object, seen or not.
    pub fn contains(&self, handle: ObjectHandle) -> bool {
        self.objects.contains_key(&handle)
    }

    /// Takes an object out.
    pub fn remove(&mut self, handle: ObjectHandle) {
        let Some(held) = self.objects.remove(&handle) else { return };
        for (kind, value) in held.object.attributes().filter(|(kind, _)| INDEXED.contains(kind)) {
            let key = (kind, value.clone());
            if let Some(handles) = self.index.get_mut(&key) {
                handles.remove(&handle);
                if handles.is_empty() {
                    self.index.remove(&key);
                }
            }
        }
        if let Some(handles) = self.by_owner.get_mut(&held.owner) {
            handles.remove(&handle);
        }
    }

    /// A session is closed: its objects are gone.
    pub fn remove_owner(&mut self, owner: SessionHandle) {
        for handle in self.by_owner.remove(&owner).unwrap_or_default() {
            self.remove(handle);
        }
    }

    /// The user has logged out: private objects are gone (PKCS#11 3.1, 5.6.9).
    pub fn remove_private(&mut self) {
        let private: Vec<_> = self
            .objects
            .iter()
            .filter(|(_, held)| held.object.is(A::PRIVATE))
            .map(|(handle, _)| *handle)
            .collect();
        private.into_iter().for_each(|handle| self.remove(handle));
    }

    /// Visible objects that match a template, in the order of their handles.
    pub fn matching(&self, template: &Template, user: bool) -> Vec<ObjectHandle> {
        let mut postings = Vec::new();
        for attribute in template.attributes().iter().filter(|attribute| INDEXED.contains(&attribute.kind)) {
            match self.index.get(&(attribute.kind, attribute.value.clone())) {
                Some(handles) => postings.push(handles),
                None => return Vec::new(),
            }
        }
        let rest: Vec<_> =
            template.attributes().iter().filter(|attribute| !INDEXED.contains(&attribute.kind)).collect();
        let matches = |handle: &ObjectHandle| {
            self.get(*handle, user)
                .is_some_and(|object| rest.iter().all(|attribute| object.matches(attribute)))
        };
        postings.sort_by_key(|handles| handles.len());
        match postings.split_first() {
            None => self.objects.keys().copied().filter(matches).collect(),
            Some((smallest, others)) => {
                let in_all = |handle: &ObjectHandle| others.iter().all(|handles| handles.contains(handle));
                smallest.iter().copied().filter(in_all).filter(matches).collect()
            }
        }
    }
}

//! Cards with a place for each key: which place a new key gets, and what its identifier is then.

use super::create::KeySpec;
use super::error::Error;
use super::object::ObjectRef;
use super::session::SessionHandle;
use super::uri::Uri;
use super::writing::Writing;
use super::{Engine, Result};
use crate::card::admin::{PinPolicy, Placement, TouchPolicy};
use crate::crypto::PublicKey;
use crate::layout::SlotId;
use crate::token::{Key, KeyClass, KeyId};

/// Where a card is to keep a key, and how it guards its use: for cards with a place for each purpose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyPlacement {
    /// The place, by a name of `AdminAbilities::key_places`; `None` = that with the key's identifier, else the first
    /// one that is free.
    pub place: Option<String>,
    /// The key that is there may be lost.
    pub replace: bool,
    /// When the PIN is asked for; `None` = as the card does by itself.
    pub pin_policy: Option<PinPolicy>,
    /// When a touch is asked for; `None` = as the card does by itself.
    pub touch_policy: Option<TouchPolicy>,
}

/// A private key as whoever made it finds it again, also one that a login does not let them use.
#[derive(Debug, Clone)]
pub struct MadeKey {
    /// The slot that shows it.
    pub slot: SlotId,
    /// `CKA_ID`.
    pub id: KeyId,
    /// `CKA_LABEL`.
    pub label: String,
    /// Its RFC 7512 name.
    pub uri: Uri,
    /// Its public half.
    pub public: Option<PublicKey>,
}

impl Engine {
    /// The private key with an identifier on the session's card, whatever slot shows it and whoever is logged in.
    /// Errors: `KeyHandleInvalid` when there is none.
    pub fn made_key(&self, session: SessionHandle, id: &KeyId) -> Result<MadeKey> {
        let session = self.session(session)?;
        let token = &session.card.token;
        let found = |(_, key): &(usize, &Key)| key.class == KeyClass::Private && key.id == *id;
        let (index, key) = token.keys.iter().enumerate().find(found).ok_or(Error::KeyHandleInvalid)?;
        let place = self.place_of(&session, key.object)?;
        let slot = place.map_or(session.slot, |(slot, _)| slot);
        let uri = self.uri_at(slot, token, ObjectRef::Key(index))?;
        let public = self.public_half(session.reader, &session.card, key)?;
        Ok(MadeKey {
            slot,
            id: key.id.clone(),
            label: key.label.clone(),
            uri,
            public: public.as_deref().cloned(),
        })
    }
}

impl KeyPlacement {
    /// As the card takes it, with the place that was found for it.
    pub(super) fn at<'a>(&self, place: Option<&'a str>) -> Placement<'a> {
        Placement {
            place,
            replace: self.replace,
            pin_policy: self.pin_policy,
            touch_policy: self.touch_policy,
        }
    }
}

impl Writing<'_> {
    /// The identifier of a new key and, on a card with a place for each purpose, the place that it names.
    /// Errors: `IdTaken`; `NotSupported` for a place that the card does not have.
    pub(super) fn key_name(
        &mut self,
        spec: &KeySpec,
        public: Option<&PublicKey>,
    ) -> Result<(KeyId, Option<String>)> {
        let places = self.abilities()?.key_places;
        let wished = spec.placement.place.as_deref();
        if places.is_empty() {
            return match &spec.placement {
                KeyPlacement { place: Some(name), .. } => {
                    self.cannot(&format!("keep a key in a place of its own such as {name:?}"))
                }
                KeyPlacement { pin_policy: None, touch_policy: None, .. } => {
                    Ok((self.key_id(spec.id.as_ref(), public)?, None))
                }
                _ => self.cannot("be told when a key wants its PIN or a touch"),
            };
        }
        let keys = &self.token().keys;
        let is_free = |id: &KeyId| keys.iter().all(|key| key.class == KeyClass::Public || key.id != *id);
        let place = places.iter().find(|place| match (wished, &spec.id) {
            (Some(name), id) => {
                place.name.eq_ignore_ascii_case(name) && id.as_ref().is_none_or(|id| *id == place.id)
            }
            (None, Some(id)) => place.id == *id,
            (None, None) => is_free(&place.id),
        });
        let Some(place) = place else {
            let names: Vec<&str> = places.iter().map(|place| place.name.as_str()).collect();
            let names = names.join(", ");
            return match (wished, &spec.id) {
                (Some(name), None) => self.cannot(&format!("keep a key in {name:?}; it has {names}")),
                (Some(name), Some(id)) => self.cannot(&format!("give the key in {name:?} the id {id}")),
                (None, Some(id)) => self.cannot(&format!("keep a key with id {id}; its places are {names}")),
                (None, None) => self.cannot(&format!("hold one more key; its places are {names}")),
            };
        };
        if !spec.placement.replace {
            self.check_id(&place.id, None)?;
        }
        Ok((place.id.clone(), Some(place.name.clone())))
    }
}

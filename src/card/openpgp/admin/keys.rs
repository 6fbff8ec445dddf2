//! Keys generated and imported: algorithm attributes, the key, and the names by which GnuPG uses it. Until a new key
//! has its own fingerprint its place has none, so that nobody takes it for the old one.

use std::time::{SystemTime, UNIX_EPOCH};

use super::numbers::header_list;
use super::{not_supported, send};
use crate::apdu::{Channel, StatusWord};
use crate::card::CardError;
use crate::card::admin::{
    CreatedKey, ImportedKey, KeyMaterial, KeyType, NewKey, PinPolicy, Placement, TouchPolicy,
};
use crate::card::openpgp::application::FINGERPRINT_LEN;
use crate::card::openpgp::attributes::Attributes;
use crate::card::openpgp::content::pin_of;
use crate::card::openpgp::place::Place;
use crate::card::openpgp::{OpenPgp, commands, pin, public_key};
use crate::crypto::{PrivateKey, PublicKey};
use crate::token::{AuthId, KeyId, ObjectId};

/// A key that is on the card and has no name yet.
struct Unnamed<'a> {
    place: Place,
    attributes: Attributes,
    public: PublicKey,
    placement: Placement<'a>,
    always_authenticate: bool,
}

impl OpenPgp {
    /// GENERATE ASYMMETRIC KEY PAIR.
    pub(super) fn make_key(
        &mut self,
        channel: &mut Channel<'_>,
        key: &NewKey<'_>,
    ) -> Result<CreatedKey, CardError> {
        let place = self.place_for(&key.placement, key.id, key.owner)?;
        self.check_policies(place, &key.placement)?;
        self.clear_name(channel, place)?;
        let attributes = self.set_attributes(channel, place, key.key_type)?;
        let response = channel.send(&commands::key_pair(place, true))?;
        let answer = match response.status {
            StatusWord::OK => response.data,
            StatusWord::SECURITY_NOT_SATISFIED => return Err(CardError::NotAuthenticated),
            status => return Err(CardError::Refused { doing: "generate the key", status }),
        };
        let public = public_key::parse(place, &attributes, &answer)?;
        let (placement, always_authenticate) = (key.placement, key.always_authenticate);
        self.finish_key(channel, Unnamed { place, attributes, public, placement, always_authenticate })
    }

    /// PUT DATA of an extended header list.
    pub(super) fn take_key(
        &mut self,
        channel: &mut Channel<'_>,
        key: &ImportedKey<'_>,
    ) -> Result<CreatedKey, CardError> {
        let KeyMaterial::Private(private) = key.key else {
            return Err(not_supported("keep a secret key"));
        };
        let place = self.place_for(&key.placement, key.id, key.owner)?;
        self.check_policies(place, &key.placement)?;
        self.clear_name(channel, place)?;
        let attributes = self.set_attributes(channel, place, type_of(private))?;
        let command = commands::import_key(header_list(place, &attributes, private)?);
        send(channel, &command, "take the key")?;
        let public = private.public();
        let (placement, always_authenticate) = (key.placement, key.always_authenticate);
        self.finish_key(channel, Unnamed { place, attributes, public, placement, always_authenticate })
    }

    /// Makes a place empty: where attributes can be changed, cards forget the key with them.
    pub(super) fn delete_key(&mut self, channel: &mut Channel<'_>, place: Place) -> Result<(), CardError> {
        let cannot = || not_supported("forget a key; a new one can take its place");
        if !self.application.capabilities.attributes_changeable {
            return Err(cannot());
        }
        self.clear_name(channel, place)?;
        let own = self.application.attributes(place).clone();
        let types = [KeyType::Rsa(4096), KeyType::Rsa(2048), KeyType::Rsa(3072)];
        let others = types.into_iter().filter_map(|key_type| own.changed_to(place, key_type));
        for other in others.filter(|other| *other != own) {
            let put = commands::put_data(place.attributes_tag(), &other.encode());
            if channel.send(&put)?.status.is_ok() {
                let back = commands::put_data(place.attributes_tag(), &own.encode());
                return send(channel, &back, "take its algorithm attributes back");
            }
        }
        Err(cannot())
    }

    /// The place of a new key. Errors: `NotSupported` for one that is taken, unless its key may be lost.
    fn place_for(&self, placement: &Placement<'_>, id: &KeyId, owner: &AuthId) -> Result<Place, CardError> {
        let named = match placement.place {
            Some(name) => Place::of_name(name),
            None => Place::of_id(&id.0),
        };
        let place = named.ok_or(CardError::NoSuchObject)?;
        let its = pin_of(place);
        if its.id() != *owner {
            let (key, pin, name) = (place.label(), its.label(), place.name());
            return Err(not_supported(&format!("keep its {key} ({name}) under another PIN than {pin}")));
        }
        if self.application.has_key(place) && !placement.replace {
            return Err(not_supported(&format!("hold a second {}", place.label())));
        }
        Ok(place)
    }

    /// Changes the policies of a key that is there.
    pub(super) fn guard_key(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
        to: &Placement<'_>,
    ) -> Result<(), CardError> {
        let place = Place::of_private(object).filter(|place| self.application.has_key(*place));
        let place = place.ok_or(CardError::NoSuchObject)?;
        self.check_policies(place, to)?;
        put_policies(channel, place, to)
    }

    /// Refuses policies that the card does not have, before anything is written.
    fn check_policies(&self, place: Place, placement: &Placement<'_>) -> Result<(), CardError> {
        let touch = self.application.touch.get(place.index()).copied().flatten();
        if placement.touch_policy.is_some() && touch.is_none() {
            return Err(not_supported("wait for a touch"));
        }
        let forced = match (placement.pin_policy, place) {
            (None, _) | (Some(PinPolicy::Once), Place::Decryption | Place::Authentication) => return Ok(()),
            (Some(PinPolicy::Never), _) => return Err(not_supported("use a key without its PIN")),
            (Some(PinPolicy::Always), Place::Decryption | Place::Authentication) => {
                return Err(not_supported("ask for the PIN at each use of any but its signature key"));
            }
            (Some(policy), Place::Signature) => policy == PinPolicy::Always,
        };
        if forced != self.application.pins.signature_forced && !self.application.capabilities.force_changeable
        {
            return Err(not_supported("be told when its signature key wants the PIN"));
        }
        Ok(())
    }

    /// Takes the fingerprint of a place away, where it has one.
    fn clear_name(&mut self, channel: &mut Channel<'_>, place: Place) -> Result<(), CardError> {
        self.cache.clear();
        if self.application.fingerprint(place).is_none() {
            return Ok(());
        }
        let none = commands::put_data(place.fingerprint_tag(), &[0; FINGERPRINT_LEN]);
        send(channel, &none, "take the fingerprint of its old key away")
    }

    /// Writes algorithm attributes, with as few changes as a key of this type takes; what the card refuses is tried in
    /// other spellings of the same. Answers what the card took.
    fn set_attributes(
        &mut self,
        channel: &mut Channel<'_>,
        place: Place,
        key_type: KeyType,
    ) -> Result<Attributes, CardError> {
        let own = self.application.attributes(place).clone();
        let unfit = || not_supported(&format!("have such a key as its {}", place.label()));
        let wanted = own.changed_to(place, key_type).ok_or_else(unfit)?;
        if wanted == own {
            return Ok(own);
        }
        if !self.application.capabilities.attributes_changeable {
            return Err(unfit());
        }
        let spellings = [wanted.clone()].into_iter().chain(wanted.alternatives());
        for attributes in spellings {
            let put = commands::put_data(place.attributes_tag(), &attributes.encode());
            match channel.send(&put)?.status {
                StatusWord::OK => return self.attributes_as_taken(channel, place, attributes),
                StatusWord::SECURITY_NOT_SATISFIED => return Err(CardError::NotAuthenticated),
                _ => {}
            }
        }
        Err(unfit())
    }

    /// The attributes as the card gives them out now: it may say more of its own than it was told.
    fn attributes_as_taken(
        &mut self,
        channel: &mut Channel<'_>,
        place: Place,
        written: Attributes,
    ) -> Result<Attributes, CardError> {
        self.current = false;
        self.refresh_application(channel)?;
        let taken = self.application.attributes(place);
        let same = taken.algorithm() == written.algorithm() && written.curve() == taken.curve();
        Ok(if same { taken.clone() } else { written })
    }

    /// Sets the policies of a key that is on the card now, and names it.
    fn finish_key(&mut self, channel: &mut Channel<'_>, key: Unnamed<'_>) -> Result<CreatedKey, CardError> {
        let place = key.place;
        let always = key.always_authenticate.then_some(PinPolicy::Always);
        let placement = Placement { pin_policy: key.placement.pin_policy.or(always), ..key.placement };
        put_policies(channel, place, &placement)?;
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let time = u32::try_from(seconds).unwrap_or(u32::MAX);
        let put = commands::put_data(place.time_tag(), &time.to_be_bytes());
        send(channel, &put, "keep the time of the key")?;
        let name = public_key::fingerprint(&key.attributes, &key.public, time)?;
        let put = commands::put_data(place.fingerprint_tag(), &name);
        send(channel, &put, "keep the fingerprint of the key")?;
        Ok(CreatedKey { object: place.private_object(), public: Some((place.public_object(), key.public)) })
    }
}

/// Writes policies that the card has. Whether the PIN is wanted for each signature is a matter of the card, not of a key.
fn put_policies(channel: &mut Channel<'_>, place: Place, placement: &Placement<'_>) -> Result<(), CardError> {
    if let Some(policy) = placement.pin_policy.filter(|_| place == Place::Signature) {
        let valid_for_several = u8::from(policy != PinPolicy::Always);
        let put = commands::put_data(pin::TAG_PIN_STATUS, &[valid_for_several]);
        send(channel, &put, "be told when it wants the PIN")?;
    }
    if let Some(policy) = placement.touch_policy {
        let put = commands::put_data(place.touch_tag(), &[touch(policy), BUTTON]);
        send(channel, &put, "be told when it wants a touch")?;
    }
    Ok(())
}

fn type_of(key: &PrivateKey) -> KeyType {
    match key {
        PrivateKey::Rsa(key) => KeyType::Rsa(key.modulus_bits()),
        PrivateKey::Ec(key) => KeyType::Ec(key.curve()),
        PrivateKey::Ed25519(_) => KeyType::Ed25519,
        PrivateKey::X25519(_) => KeyType::X25519,
    }
}

/// User interaction flag (OpenPGP card 3.4, 4.4.3.6; 03 as Yubico has it).
fn touch(policy: TouchPolicy) -> u8 {
    match policy {
        TouchPolicy::Never => 0x00,
        TouchPolicy::Always => 0x01,
        TouchPolicy::Fixed => 0x02,
        TouchPolicy::Cached => 0x03,
    }
}

/// General feature management: there is a button.
const BUTTON: u8 = 0x20;

//! Certificates and data objects, and what is deleted.

use super::{not_supported, send};
use crate::apdu::{ApduError, Channel, iso};
use crate::card::CardError;
use crate::card::admin::{NewCertificate, NewData};
use crate::card::openpgp::content::data_places;
use crate::card::openpgp::pin::Pin;
use crate::card::openpgp::place::{DataPlace, Place};
use crate::card::openpgp::{OpenPgp, commands, places_of_certificates};
use crate::token::ObjectId;

impl OpenPgp {
    /// Writes the certificate of a key, whose id names the place.
    pub(super) fn put_certificate(
        &mut self,
        channel: &mut Channel<'_>,
        certificate: &NewCertificate<'_>,
    ) -> Result<ObjectId, CardError> {
        let places = places_of_certificates(&self.application);
        let place = Place::of_id(&certificate.id.0).filter(|place| places.contains(place));
        let Some(place) = place else {
            let ids: Vec<String> = places.iter().map(|place| format!("{:02x}", place.number())).collect();
            let what = format!("keep a certificate but those of its keys, with id {}", ids.join(", "));
            return Err(not_supported(&what));
        };
        if self.certificates.get(place.index()).is_some_and(Option::is_some) {
            let what = format!("keep a second certificate of its {}: delete the first one", place.label());
            return Err(not_supported(&what));
        }
        let longest = self.application.capabilities.certificate_len;
        if longest > 0 && certificate.der.len() > longest {
            return Err(not_supported(&format!("keep a certificate of more than {longest} bytes")));
        }
        self.select_certificate(channel, place)?;
        let put = commands::put_data(commands::TAG_CERTIFICATE, certificate.der);
        send(channel, &put, "take the certificate")?;
        Ok(place.certificate_object())
    }

    /// Writes the data object of a name.
    pub(super) fn put_data(
        &mut self,
        channel: &mut Channel<'_>,
        data: &NewData<'_>,
    ) -> Result<ObjectId, CardError> {
        let there = || data_places(self.application.capabilities);
        let Some(place) = there().find(|place| place.label.eq_ignore_ascii_case(data.label)) else {
            let names: Vec<&str> = there().map(|place| place.label).collect();
            return Err(not_supported(&format!("keep data under that label; it has {}", names.join(", "))));
        };
        if data.private && place.reader.is_none() {
            return Err(not_supported(&format!("hide its {}", place.label)));
        }
        match send(channel, &commands::put_data(place.tag, data.value), "take the data") {
            Ok(()) => Ok(place.object()),
            Err(CardError::NotAuthenticated) if place.writer == Pin::Admin && may_be_user(channel)? => {
                Err(not_supported(&format!("write its {} without the {}", place.label, Pin::Admin.label())))
            }
            // Nobody is logged in: whoever was has to be again, and is not the wrong one.
            Err(error) => Err(error),
        }
    }

    /// Empties what an object's name stands for.
    pub(super) fn delete(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<(), CardError> {
        if let Some(data) = DataPlace::of_object(object) {
            return send(channel, &commands::put_data(data.tag, &[]), "empty the data object");
        }
        if let Some(place) = Place::of_certificate(object) {
            self.select_certificate(channel, place)?;
            let put = commands::put_data(commands::TAG_CERTIFICATE, &[]);
            return send(channel, &put, "delete the certificate");
        }
        match (Place::of_private(object), Place::of_public(object)) {
            (Some(place), _) if self.application.has_key(place) => self.delete_key(channel, place),
            (_, Some(place)) if self.application.has_key(place) => {
                Err(not_supported("delete a public key and keep its private key"))
            }
            _ => Err(CardError::NoSuchObject),
        }
    }
}

/// False where the card says that the user's PIN is not verified, in either of its forms.
fn may_be_user(channel: &mut Channel<'_>) -> Result<bool, ApduError> {
    for pin in [Pin::User, Pin::UserSign] {
        if iso::pin_state(channel, pin.reference())?.is_verified() != Some(false) {
            return Ok(true);
        }
    }
    Ok(false)
}

//! The founding document's example card: two PINs, each with a key and its certificate chain, and three other
//! roots. Made through the card's own commands, as any card is personalised.

use crate::codec::Secret;
use crate::crypto::certificate::{CertificateDetails, CertificateKind, CertificateTemplate, Issuer};
use crate::crypto::{Curve, EcPrivateKey, PrivateKey, PublicKey};
use crate::token::{AuthId, AuthRole, KeyId, KeyUsage, Token};

use super::admin::{Format, KeyType, NewCertificate, NewKey, NewPin, Placement};
use super::{Card, CardAdmin, CardError};
use crate::apdu::Channel;

/// Which example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExampleKind {
    /// Each chain has an issuing authority and a root of its own.
    Separate,
    /// Both chains end in the same issuing authority and root.
    Shared,
}

/// The card's label.
pub const LABEL: &str = "p11ctl example";
/// The security officer's PIN.
pub const OFFICER_PIN: &str = "00000000";
/// The user PINs: label, value.
pub const PINS: [(&str, &str); 2] = [("PIN 1", "11111111"), ("PIN 2", "22222222")];
/// PUK of every PIN of the example.
pub const PUK: &str = "99999999";

/// Formats the card and puts the example on it. What was on it is lost.
/// Errors: those of the card; `NotSupported` for a card that cannot be written.
pub fn personalise_example(card: &mut Card, kind: ExampleKind) -> Result<(), CardError> {
    card.hold()?;
    format(card)?;
    let token = card.read_token()?;
    let authorities = Authorities::new(kind)?;

    let officer = auth_of(&token, AuthRole::SecurityOfficer, None)?;
    card.verify(&officer, &Secret::from(OFFICER_PIN))?;
    for authority in &authorities.common {
        store(card, None, authority)?;
    }
    card.log_out(&officer)?;

    let key_types = [KeyType::Rsa(2048), KeyType::Ec(Curve::P256)];
    for (number, ((label, pin), key_type)) in (1u8..).zip(PINS.into_iter().zip(key_types)) {
        let owner = auth_of(&token, AuthRole::User, Some(label))?;
        card.verify(&owner, &Secret::from(pin))?;
        personalise_pin(card, &owner, number, key_type, &authorities)?;
        card.log_out(&owner)?;
    }
    card.finish()
}

fn format(card: &mut Card) -> Result<(), CardError> {
    let (officer_pin, puk) = (Secret::from(OFFICER_PIN), Secret::from(PUK));
    let values = PINS.map(|(label, pin)| (label, Secret::from(pin)));
    let pin = |label, pin| NewPin { label, pin, puk: Some(&puk), min_len: 4, tries: 3 };
    let pins: Vec<NewPin<'_>> = values.iter().map(|(label, value)| pin(*label, value)).collect();
    let format = Format { label: LABEL, officer: pin("SO PIN", &officer_pin), pins: &pins };
    administer(card, |admin, channel| admin.format(channel, &format))
}

/// Key pair, leaf and, unless it is common, the authorities above it.
fn personalise_pin(
    card: &mut Card,
    owner: &AuthId,
    number: u8,
    key_type: KeyType,
    authorities: &Authorities,
) -> Result<(), CardError> {
    let (label, id) = (format!("key {number}"), KeyId(vec![number]));
    let usage = match key_type {
        KeyType::Rsa(_) => KeyUsage { decrypt: true, sign: true, unwrap: true, ..KeyUsage::default() },
        KeyType::Ec(_) => KeyUsage { sign: true, derive: true, ..KeyUsage::default() },
        KeyType::Ed25519 => KeyUsage { sign: true, ..KeyUsage::default() },
        KeyType::X25519 => KeyUsage { derive: true, ..KeyUsage::default() },
        KeyType::Aes(_) => KeyUsage { encrypt: true, decrypt: true, ..KeyUsage::default() },
    };
    let key = NewKey {
        owner,
        label: &label,
        id: &id,
        key_type,
        usage,
        extractable: false,
        always_authenticate: false,
        placement: Placement::default(),
    };
    let created = administer(card, |admin, channel| admin.generate_key(channel, &key))?;
    let (_, public) = created.public.ok_or(CardError::NoSuchObject)?;
    let chain = authorities.chain(number)?;
    let leaf = chain.issue_leaf(number, public)?;
    store(card, Some(owner), &Stored { label: format!("certificate {number}"), id, certificate: leaf })?;
    for authority in &chain.own {
        store(card, Some(owner), authority)?;
    }
    Ok(())
}

fn store(card: &mut Card, owner: Option<&AuthId>, stored: &Stored) -> Result<(), CardError> {
    let certificate =
        NewCertificate { owner, label: &stored.label, id: &stored.id, der: &stored.certificate.der };
    administer(card, |admin, channel| admin.store_certificate(channel, &certificate)).map(|_| ())
}

fn administer<T>(
    card: &mut Card,
    mut job: impl FnMut(&mut dyn CardAdmin, &mut Channel<'_>) -> Result<T, CardError>,
) -> Result<T, CardError> {
    card.with(|driver, channel| match driver.admin() {
        Some(admin) => job(admin, channel),
        None => Err(CardError::NotSupported { what: "be written".to_owned() }),
    })
}

fn auth_of(token: &Token, role: AuthRole, label: Option<&str>) -> Result<AuthId, CardError> {
    let wanted =
        |auth: &&crate::token::Auth| auth.role == role && label.is_none_or(|label| auth.label == label);
    token.auths.iter().find(wanted).map(|auth| auth.id.clone()).ok_or(CardError::NoSuchObject)
}

/// A certificate with the name and identifier that it gets on the card.
struct Stored {
    label: String,
    id: KeyId,
    certificate: CertificateDetails,
}

/// The certification authorities of the example, and who keeps them.
struct Authorities {
    /// Certificates that belong to no PIN.
    common: Vec<Stored>,
    /// For PIN 1, for PIN 2.
    chains: Vec<ChainOfPin>,
}

/// What issues the leaf of one PIN.
struct ChainOfPin {
    issuer: CertificateDetails,
    issuer_key: PrivateKey,
    /// The authorities that are stored with the leaf, nearest first.
    own: Vec<Stored>,
}

impl Authorities {
    fn new(kind: ExampleKind) -> Result<Self, CardError> {
        let mut common = Vec::new();
        let mut chains = Vec::new();
        match kind {
            ExampleKind::Separate => {
                for number in 1..=PINS.len() {
                    chains.push(ChainOfPin::new(&format!(" {number}"))?);
                }
            }
            ExampleKind::Shared => {
                let mut first = ChainOfPin::new("")?;
                common.append(&mut first.own);
                let second = ChainOfPin {
                    issuer: first.issuer.clone(),
                    issuer_key: first.issuer_key.clone(),
                    own: Vec::new(),
                };
                chains.extend([first, second]);
            }
        }
        for number in 1..=OTHER_ROOTS {
            let (root, _) = root(&format!("other root {number}"))?;
            common.push(stored(format!("other root {number}"), root));
        }
        Ok(Self { common, chains })
    }

    fn chain(&self, number: u8) -> Result<&ChainOfPin, CardError> {
        usize::from(number)
            .checked_sub(1)
            .and_then(|index| self.chains.get(index))
            .ok_or(CardError::NoSuchObject)
    }
}

impl ChainOfPin {
    /// A root and an issuing authority below it, named with `suffix`.
    fn new(suffix: &str) -> Result<Self, CardError> {
        let (root, root_key) = root(&format!("root{suffix}"))?;
        let issuer_key = new_key()?;
        let label = format!("issuing CA{suffix}");
        let kind = CertificateKind::Authority { path_len: Some(0) };
        let template = CertificateTemplate::new(&subject(&label), issuer_key.public(), kind, VALIDITY);
        let der = template.sign(Issuer::Certificate(&root), &root_key)?;
        let issuer = CertificateDetails::parse(&der)?;
        let own = vec![stored(label, issuer.clone()), stored(format!("root{suffix}"), root)];
        Ok(Self { issuer, issuer_key, own })
    }

    fn issue_leaf(&self, number: u8, key: PublicKey) -> Result<CertificateDetails, CardError> {
        let kind = CertificateKind::EndEntity { purposes: Vec::new() };
        let template = CertificateTemplate::new(&subject(&format!("holder {number}")), key, kind, VALIDITY);
        let der = template.sign(Issuer::Certificate(&self.issuer), &self.issuer_key)?;
        Ok(CertificateDetails::parse(&der)?)
    }
}

fn root(name: &str) -> Result<(CertificateDetails, PrivateKey), CardError> {
    let key = new_key()?;
    let kind = CertificateKind::Authority { path_len: None };
    let der =
        CertificateTemplate::new(&subject(name), key.public(), kind, VALIDITY).sign(Issuer::Itself, &key)?;
    Ok((CertificateDetails::parse(&der)?, key))
}

fn new_key() -> Result<PrivateKey, CardError> {
    Ok(EcPrivateKey::generate(Curve::P256)?.into())
}

/// A certificate of an authority is identified by its key.
fn stored(label: String, certificate: CertificateDetails) -> Stored {
    let id = KeyId(certificate.subject_key_id.clone().unwrap_or_default());
    Stored { label, id, certificate }
}

fn subject(name: &str) -> String {
    format!("CN=p11ctl example {name},O=p11ctl example")
}

const OTHER_ROOTS: usize = 3;
/// 2025-01-01 to 2099-12-31.
const VALIDITY: (i64, i64) = (1_735_689_600, 4_102_444_799);

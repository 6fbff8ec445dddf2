//! A saved layout: TOML for people and for version control. Only what was agreed on, nothing volatile.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::report::{Report, TokenReport};
use crate::cli::atomic_file;
use crate::cli::error::CliError;
use crate::cli::keys::algorithm_name;
use crate::codec::hex;
use crate::engine::Provider;
use crate::layout::SlotId;
use crate::token::KeyClass;

/// A whole layout.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedLayout {
    /// Version of the format.
    pub schema: u32,
    /// By slot number.
    #[serde(default, rename = "slot", skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<SavedSlot>,
}

/// One slot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedSlot {
    /// Its number.
    pub id: u32,
    /// The reader's name.
    pub reader: String,
    /// Label of the token; absent for a slot without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Serial number of the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// True for an empty token.
    #[serde(default, skip_serializing_if = "is_false")]
    pub empty: bool,
    /// Label of the token's PIN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin: Option<String>,
    /// Keys of every class.
    #[serde(default, rename = "key", skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<SavedKey>,
    /// Certificates.
    #[serde(default, rename = "certificate", skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<SavedCertificate>,
    /// Data objects.
    #[serde(default, rename = "data", skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<SavedData>,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedKey {
    /// `private-key`, `public-key`, `secret-key`.
    pub class: String,
    /// `CKA_LABEL`.
    pub label: String,
    /// `CKA_ID` in hexadecimal.
    pub id: String,
    /// `rsa:2048`.
    pub algorithm: String,
    /// SHA-256 of the SubjectPublicKeyInfo, where the card tells the public key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedCertificate {
    /// `CKA_LABEL`.
    pub label: String,
    /// `CKA_ID` in hexadecimal.
    pub id: String,
    /// SHA-256 of the certificate; absent where it could not be read without a PIN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// One data object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedData {
    /// `CKA_LABEL`.
    pub label: String,
    /// `CKA_APPLICATION`.
    pub application: String,
}

impl SavedLayout {
    /// The layout of the cards that are there now, certificates as far as the report has read them.
    pub fn of(engine: &dyn Provider, report: &Report) -> Result<Self, CliError> {
        let mut slots = Vec::new();
        for slot in &report.slots {
            let mut saved = SavedSlot { id: slot.id.0, reader: slot.reader.clone(), ..SavedSlot::default() };
            if let Some(token) = &slot.token {
                saved.fill(engine, slot.id, token)?;
            }
            slots.push(saved);
        }
        Ok(Self { schema: SCHEMA, slots })
    }

    /// Reads a saved layout. Errors name file and line.
    pub fn read(path: &Path) -> Result<Self, CliError> {
        let name = atomic_file::describe(path);
        let bytes = atomic_file::read(path)?;
        let text = String::from_utf8(bytes)
            .map_err(|_| CliError::usage(format!("{name} is no saved layout: it is not UTF-8")))?;
        let layout: Self = toml::from_str(&text).map_err(|source| {
            let before = source.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count().saturating_add(1);
            CliError::usage(format!("{name} is no saved layout"))
                .cause(format!("{name}:{line}: {}", source.message()))
                .hint("write one with p11ctl slots --save FILE")
        })?;
        if layout.schema == SCHEMA {
            Ok(layout)
        } else {
            let newer = layout.schema;
            Err(CliError::usage(format!("{name} has schema {newer}; this p11ctl reads schema {SCHEMA}")))
        }
    }

    /// The text of the file.
    pub fn to_toml(&self) -> Result<String, CliError> {
        let body = toml::to_string(self)
            .map_err(|source| CliError::usage("the layout cannot be written as TOML").cause(source))?;
        Ok(format!("{HEAD}{body}"))
    }
}

impl SavedSlot {
    fn fill(&mut self, engine: &dyn Provider, slot: SlotId, token: &TokenReport) -> Result<(), CliError> {
        self.token = Some(token.label.clone());
        self.serial = Some(token.serial.clone()).filter(|serial| !serial.is_empty());
        self.empty = token.empty;
        self.pin = token.pin.as_ref().map(|pin| pin.label.clone());
        let (card, view) = (&token.view.card, &token.view.view);
        for (index, key) in view.keys.iter().filter_map(|index| Some((*index, card.keys.get(*index)?))) {
            let public = engine.public_key(slot, index)?;
            self.keys.push(SavedKey {
                class: class_name(key.class).to_owned(),
                label: key.label.clone(),
                id: key.id.to_string(),
                algorithm: algorithm_name(&key.algorithm),
                sha256: public.map(|public| hex::encode(&public.fingerprint_sha256())),
            });
        }
        for index in &view.certificates {
            let Some(certificate) = card.certificates.get(*index) else { continue };
            let details = token.certificates.get(index);
            self.certificates.push(SavedCertificate {
                label: certificate.label.clone(),
                id: certificate.id.to_string(),
                sha256: details.map(|details| hex::encode(&details.fingerprint_sha256())),
            });
        }
        for data in view.data.iter().filter_map(|index| card.data.get(*index)) {
            self.data.push(SavedData { label: data.label.clone(), application: data.application.clone() });
        }
        Ok(())
    }
}

fn class_name(class: KeyClass) -> &'static str {
    match class {
        KeyClass::Private => "private-key",
        KeyClass::Public => "public-key",
        KeyClass::Secret => "secret-key",
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

const SCHEMA: u32 = 1;
const HEAD: &str =
    "# Slot layout, written by p11ctl slots --save. Compare with: p11ctl slots --check FILE\n\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_toml_reads_back() {
        let layout = SavedLayout {
            schema: 1,
            slots: vec![SavedSlot {
                id: 4,
                reader: "Reader \"A\"".to_owned(),
                token: Some("Card (PIN 1)".to_owned()),
                pin: Some("PIN 1".to_owned()),
                certificates: vec![SavedCertificate {
                    label: "Leaf".to_owned(),
                    id: "45".to_owned(),
                    sha256: None,
                }],
                ..SavedSlot::default()
            }],
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("layout.toml");
        std::fs::write(&path, layout.to_toml().unwrap()).unwrap();
        assert_eq!(SavedLayout::read(&path), Ok(layout));
    }

    #[test]
    fn read_misspelt_key_names_file_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("layout.toml");
        std::fs::write(&path, "schema = 1\n[[slot]]\nid = 0\nreeder = \"x\"\n").unwrap();
        let error = SavedLayout::read(&path).unwrap_err();
        assert!(error.message.contains("layout.toml"));
        assert!(error.causes[0].contains("toml:4: unknown field"), "{:?}", error.causes);
    }
}

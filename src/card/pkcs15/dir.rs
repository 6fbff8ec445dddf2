//! EF.DIR (ISO 7816-4, 8.2.1.1): the applications of a card, and where PKCS#15 keeps its files in each.

use super::asn1::{Fields, FormatError, Item, Writer, tag};
use super::path::Path;

/// One application template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Application {
    /// Application identifier.
    pub aid: Vec<u8>,
    /// Its name.
    pub label: Option<String>,
    /// Its directory.
    pub path: Option<Vec<u8>>,
    /// Discretionary data: where PKCS#15 keeps its files.
    pub ddo: Option<Ddo>,
    /// Fields that are not known here.
    pub extra: Vec<u8>,
}

/// DDO: paths of the application's own files, where they differ from the standard's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ddo {
    /// Which standard the provider follows (content bytes of the object identifier).
    pub oid: Option<Vec<u8>>,
    /// EF.ODF.
    pub odf: Option<Path>,
    /// EF.TokenInfo.
    pub token_info: Option<Path>,
    /// EF.UnusedSpace.
    pub unused_space: Option<Path>,
    /// Fields that are not known here.
    pub extra: Vec<u8>,
}

/// Application identifier of PKCS#15 (PKCS #15 v1.1, 5.4.1).
pub const PKCS15_AID: [u8; 12] = *b"\xA0\x00\x00\x00\x63PKCS-15";
/// Behind the provider's own five bytes, some cards use the same name: `A000000177 PKCS-15`.
const PKCS15_NAME: &[u8] = b"PKCS-15";
/// Application identifier of ISO 7816-15 (registered under ISO standard 7816).
const ISO_7816_15_AID: &[u8] = &[0xE8, 0x28, 0xBD, 0x08, 0x0F];

const TEMPLATE: u32 = 0x61;
const AID: u32 = 0x4F;
const LABEL: u32 = 0x50;
const PATH: u32 = 0x51;
const DDO: u32 = 0x73;
const DDO_TOKEN_INFO: u32 = tag::constructed(0);
const DDO_UNUSED_SPACE: u32 = tag::constructed(1);

/// Reads EF.DIR: every template that can be read.
pub fn decode_dir(bytes: &[u8]) -> Vec<Application> {
    let records = super::file::records(bytes);
    let templates = records.iter().filter_map(|record| record.item.ok().filter(|item| item.tag == TEMPLATE));
    templates.filter_map(|template| Application::decode(&template).ok()).collect()
}

/// Writes the content of EF.DIR.
pub fn encode_dir(applications: &[Application]) -> Vec<u8> {
    applications.iter().flat_map(Application::encode).collect()
}

impl Application {
    /// True when the application says that it is PKCS#15, by its identifier or by naming an ODF.
    pub fn is_pkcs15(&self) -> bool {
        self.aid.ends_with(PKCS15_NAME)
            || self.aid.starts_with(ISO_7816_15_AID)
            || self.ddo.as_ref().is_some_and(|ddo| ddo.odf.is_some())
    }

    /// Where relative paths of the application start.
    pub fn base(&self) -> Path {
        match &self.path {
            Some(path) if !path.is_empty() => {
                let master: &[u8] = if path.starts_with(&[0x3F, 0x00]) { &[] } else { &[0x3F, 0x00] };
                Path::file(&[master, path].concat())
            }
            _ => Path::application(&self.aid),
        }
    }

    fn decode(template: &Item<'_>) -> Result<Self, FormatError> {
        let mut fields = template.fields();
        let aid = fields.require(&[AID], "application identifier")?.value.to_vec();
        let label = fields.find(&[LABEL]).map(|found| found.text());
        let path = fields.find(&[PATH]).map(|found| found.value.to_vec());
        let ddo = fields.find(&[DDO]).map(|found| Ddo::decode(&found)).transpose()?;
        Ok(Self { aid, label, path, ddo, extra: fields.rest() })
    }

    fn encode(&self) -> Vec<u8> {
        Writer::structure(TEMPLATE, |out| {
            out.bytes(AID, &self.aid);
            if let Some(label) = &self.label {
                out.bytes(LABEL, label.as_bytes());
            }
            if let Some(path) = &self.path {
                out.bytes(PATH, path);
            }
            if let Some(ddo) = &self.ddo {
                out.nested(DDO, |out| ddo.encode(out));
            }
            out.raw(&self.extra);
        })
    }
}

impl Ddo {
    fn decode(item: &Item<'_>) -> Result<Self, FormatError> {
        let mut fields = item.fields();
        let oid = fields.next_if(&[tag::OBJECT_IDENTIFIER]).map(|found| found.value.to_vec());
        let path = |fields: &mut Fields<'_>, tag| {
            fields.next_if(&[tag]).map(|found| Path::decode(&found)).transpose()
        };
        let odf = path(&mut fields, tag::SEQUENCE)?;
        let token_info = path(&mut fields, DDO_TOKEN_INFO)?;
        let unused_space = path(&mut fields, DDO_UNUSED_SPACE)?;
        Ok(Self { oid, odf, token_info, unused_space, extra: fields.rest() })
    }

    fn encode(&self, out: &mut Writer) {
        if let Some(oid) = &self.oid {
            out.bytes(tag::OBJECT_IDENTIFIER, oid);
        }
        let paths = [
            (&self.odf, tag::SEQUENCE),
            (&self.token_info, DDO_TOKEN_INFO),
            (&self.unused_space, DDO_UNUSED_SPACE),
        ];
        for (path, tag) in paths {
            if let Some(path) = path {
                path.encode(out, tag);
            }
        }
        out.raw(&self.extra);
    }
}

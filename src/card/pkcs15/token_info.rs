//! EF.TokenInfo (ISO 7816-15, 8.10): the token's names, what it can do, which algorithms.

use super::asn1::{Fields, FormatError, Item, Writer, tag};

/// TokenInfo.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenInfo {
    /// Version: 0 for PKCS #15 v1, 1 for ISO 7816-15:2004.
    pub version: u32,
    /// Serial number.
    pub serial: Vec<u8>,
    /// Manufacturer.
    pub manufacturer: Option<String>,
    /// The token's name.
    pub label: Option<String>,
    /// What the token is and can.
    pub flags: TokenFlags,
    /// SecurityEnvironmentInfo, content of the SEQUENCE.
    pub security_environments: Option<Vec<u8>>,
    /// RecordInfo, content.
    pub record_info: Option<Vec<u8>>,
    /// Algorithms that keys refer to.
    pub algorithms: Vec<AlgorithmInfo>,
    /// Who issued it.
    pub issuer_id: Option<String>,
    /// Who holds it.
    pub holder_id: Option<String>,
    /// LastUpdate: content of the field, a GeneralizedTime or a reference to one.
    pub last_update: Option<Vec<u8>>,
    /// Preferred language.
    pub preferred_language: Option<String>,
    /// Fields that are not known here.
    pub extra: Vec<u8>,
}

/// TokenFlags: bit n is bit n of the BIT STRING.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenFlags(pub u32);

impl TokenFlags {
    /// Nothing on it can be changed.
    pub const READ_ONLY: Self = Self(1);
    /// A PIN is needed before use.
    pub const LOGIN_REQUIRED: Self = Self(1 << 1);
    /// It gives random bytes.
    pub const RANDOM: Self = Self(1 << 2);
    /// It follows the electronic identification profile.
    pub const EID_COMPLIANT: Self = Self(1 << 3);

    /// True when all bits of `other` are set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// AlgorithmInfo: one algorithm of the card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlgorithmInfo {
    /// The number by which keys refer to it.
    pub reference: u32,
    /// PKCS#11 mechanism number.
    pub mechanism: u32,
    /// Parameters: a whole data object (NULL, a curve's object identifier).
    pub parameters: Option<Vec<u8>>,
    /// Operations: bit n is bit n of the BIT STRING.
    pub operations: u32,
    /// Object identifier (content bytes).
    pub oid: Option<Vec<u8>>,
    /// The algorithm reference of MSE SET.
    pub algorithm_reference: Option<u32>,
    /// Fields that are not known here.
    pub extra: Vec<u8>,
}

const LABEL: u32 = tag::context(0);
/// Label with an explicit tag: an old Taiwanese card.
const LABEL_EXPLICIT: u32 = tag::constructed(0);
const RECORD_INFO: u32 = tag::constructed(1);
const ALGORITHMS: u32 = tag::constructed(2);
const ISSUER_ID: u32 = tag::context(3);
const HOLDER_ID: u32 = tag::context(4);
const LAST_UPDATE: u32 = tag::constructed(5);

impl TokenInfo {
    /// Reads the file.
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let outer = Fields::new(bytes).require(&[tag::SEQUENCE], "TokenInfo")?;
        let mut fields = Fields::new(outer.value);
        let version = fields.next_if(&[tag::INTEGER]).map(|found| found.unsigned("version")).transpose()?;
        let serial = fields.next_if(&[tag::OCTET_STRING]).map(|found| found.value.to_vec());
        let manufacturer = fields.next_if(tag::TEXTS).map(|found| found.text());
        let label = fields.next_if(&[LABEL, LABEL_EXPLICIT]).map(|found| match found.tag {
            LABEL => found.text(),
            _ => Fields::new(found.value).find(tag::TEXTS).map(|inner| inner.text()).unwrap_or_default(),
        });
        let flags = fields.find(&[tag::BIT_STRING]).map(|found| found.bits("tokenflags")).transpose()?;
        let content = |found: Item<'_>| found.value.to_vec();
        let security_environments = fields.next_if(&[tag::SEQUENCE]).map(content);
        let record_info = fields.next_if(&[RECORD_INFO]).map(content);
        let algorithms = fields.find(&[ALGORITHMS]).map(decode_algorithms).transpose()?;
        Ok(Self {
            version: version.unwrap_or(0),
            serial: serial.unwrap_or_default(),
            manufacturer,
            label,
            flags: TokenFlags(flags.unwrap_or(0)),
            security_environments,
            record_info,
            algorithms: algorithms.unwrap_or_default(),
            issuer_id: fields.find(&[ISSUER_ID]).map(|found| found.text()),
            holder_id: fields.find(&[HOLDER_ID]).map(|found| found.text()),
            last_update: fields.find(&[LAST_UPDATE]).map(content),
            preferred_language: fields.find(&[tag::PRINTABLE_STRING]).map(|found| found.text()),
            extra: fields.rest(),
        })
    }

    /// Writes the file's content.
    pub fn encode(&self) -> Vec<u8> {
        Writer::structure(tag::SEQUENCE, |out| {
            let text = |out: &mut Writer, tag: u32, text: &Option<String>| {
                if let Some(text) = text {
                    out.bytes(tag, text.as_bytes());
                }
            };
            let content = |out: &mut Writer, tag: u32, content: &Option<Vec<u8>>| {
                if let Some(content) = content {
                    out.bytes(tag, content);
                }
            };
            out.integer(tag::INTEGER, self.version.into());
            out.bytes(tag::OCTET_STRING, &self.serial);
            text(out, tag::UTF8_STRING, &self.manufacturer);
            text(out, LABEL, &self.label);
            out.bits(tag::BIT_STRING, self.flags.0);
            content(out, tag::SEQUENCE, &self.security_environments);
            content(out, RECORD_INFO, &self.record_info);
            if !self.algorithms.is_empty() {
                out.nested(ALGORITHMS, |out| {
                    self.algorithms.iter().for_each(|algorithm| algorithm.encode(out));
                });
            }
            text(out, ISSUER_ID, &self.issuer_id);
            text(out, HOLDER_ID, &self.holder_id);
            content(out, LAST_UPDATE, &self.last_update);
            text(out, tag::PRINTABLE_STRING, &self.preferred_language);
            out.raw(&self.extra);
        })
    }

    /// The algorithm that a key refers to.
    pub fn algorithm(&self, reference: u32) -> Option<&AlgorithmInfo> {
        self.algorithms.iter().find(|algorithm| algorithm.reference == reference)
    }

    /// When the content changed last (GeneralizedTime), where the file itself says it.
    pub fn last_update_time(&self) -> Option<String> {
        let content = self.last_update.as_deref()?;
        Fields::new(content).find(&[tag::GENERALIZED_TIME]).map(|found| found.text())
    }
}

fn decode_algorithms(item: Item<'_>) -> Result<Vec<AlgorithmInfo>, FormatError> {
    let mut list = item.fields();
    let mut algorithms = Vec::new();
    while let Some(found) = list.find(&[tag::SEQUENCE]) {
        algorithms.push(AlgorithmInfo::decode(&found)?);
    }
    Ok(algorithms)
}

impl AlgorithmInfo {
    /// The object identifier (content bytes) among the parameters: a named curve.
    pub fn curve_oid(&self) -> Option<&[u8]> {
        let parameters = self.parameters.as_deref()?;
        Fields::new(parameters).find(&[tag::OBJECT_IDENTIFIER]).map(|found| found.value)
    }

    fn decode(item: &Item<'_>) -> Result<Self, FormatError> {
        let mut fields = item.fields();
        let reference = fields.require(&[tag::INTEGER], "algorithm reference")?;
        let mechanism =
            fields.next_if(&[tag::INTEGER]).map(|found| found.unsigned("algorithm")).transpose()?;
        let parameters =
            fields.next_if(&[tag::NULL, tag::OBJECT_IDENTIFIER, tag::SEQUENCE, tag::OCTET_STRING]);
        let operations =
            fields.find(&[tag::BIT_STRING]).map(|found| found.bits("supportedOperations")).transpose()?;
        let oid = fields.find(&[tag::OBJECT_IDENTIFIER]).map(|found| found.value.to_vec());
        let algorithm_reference =
            fields.find(&[tag::INTEGER]).map(|found| found.reference("algRef")).transpose()?;
        Ok(Self {
            reference: reference.reference("algorithm reference")?,
            mechanism: mechanism.unwrap_or(0),
            parameters: parameters.map(|found| found.raw.to_vec()),
            operations: operations.unwrap_or(0),
            oid,
            algorithm_reference,
            extra: fields.rest(),
        })
    }

    fn encode(&self, out: &mut Writer) {
        out.nested(tag::SEQUENCE, |out| {
            out.integer(tag::INTEGER, self.reference.into());
            out.integer(tag::INTEGER, self.mechanism.into());
            out.raw(self.parameters.as_deref().unwrap_or_default());
            out.bits(tag::BIT_STRING, self.operations);
            if let Some(oid) = &self.oid {
                out.bytes(tag::OBJECT_IDENTIFIER, oid);
            }
            if let Some(reference) = self.algorithm_reference {
                out.integer(tag::INTEGER, reference.into());
            }
            out.raw(&self.extra);
        });
    }
}

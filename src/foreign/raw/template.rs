//! Attributes as C has them, from and to owned bytes.

use cryptoki_sys as ck;

/// One attribute: its type and its value as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawAttribute {
    /// `CKA_…`.
    pub kind: ck::CK_ATTRIBUTE_TYPE,
    /// Its value, as C has it.
    pub value: Vec<u8>,
}

impl RawAttribute {
    /// The structures for a call that only reads them; they point into `attributes`.
    pub(super) fn structures(attributes: &[Self]) -> Vec<ck::CK_ATTRIBUTE> {
        attributes
            .iter()
            .map(|attribute| ck::CK_ATTRIBUTE {
                type_: attribute.kind,
                pValue: attribute.value.as_ptr().cast_mut().cast(),
                ulValueLen: attribute.value.len() as ck::CK_ULONG,
            })
            .collect()
    }

    /// The structures for a call that writes values of the lengths that they have now.
    pub(super) fn structures_to_fill(attributes: &mut [Self]) -> Vec<ck::CK_ATTRIBUTE> {
        attributes
            .iter_mut()
            .map(|attribute| ck::CK_ATTRIBUTE {
                type_: attribute.kind,
                pValue: attribute.value.as_mut_ptr().cast(),
                ulValueLen: attribute.value.len() as ck::CK_ULONG,
            })
            .collect()
    }
}

/// Values of keys are wiped when they are done with.
impl Drop for RawAttribute {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.value);
    }
}

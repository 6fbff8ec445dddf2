//! The one key that a command is after: a card whose keys cost a question each is then asked for no others.

use std::sync::{Arc, Mutex, PoisonError};

/// What is known of a key that is looked for. Where both are known both have to fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SoughtKey {
    /// `CKA_LABEL`, whole.
    pub label: Option<String>,
    /// `CKA_ID`.
    pub id: Option<Vec<u8>>,
}

impl SoughtKey {
    /// Whether a key of this label and identifier is the one.
    pub fn fits(&self, label: &str, id: &[u8]) -> bool {
        self.label.as_deref().is_none_or(|wanted| wanted == label)
            && self.id.as_deref().is_none_or(|wanted| wanted == id)
    }
}

/// Which key the holder of these settings is after, for all cards alike; it may change its mind.
#[derive(Debug, Clone, Default)]
pub struct Sought(Arc<Mutex<Option<SoughtKey>>>);

impl Sought {
    /// From now on this key is looked for, or everything again. Answers what was looked for before.
    pub fn replace(&self, key: Option<SoughtKey>) -> Option<SoughtKey> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), key)
    }

    /// The key that is looked for; `None` = everything.
    pub fn key(&self) -> Option<SoughtKey> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sought_key_fits_by_everything_that_is_known_of_it() {
        let sought = SoughtKey { label: Some("a".to_owned()), id: Some(vec![1]) };
        assert!(sought.fits("a", &[1]));
        assert!(!sought.fits("a", &[2]) && !sought.fits("b", &[1]));
        assert!(SoughtKey::default().fits("b", &[2]));
    }

    #[test]
    fn sought_is_one_for_all_copies() {
        let (one, key) = (Sought::default(), SoughtKey { id: Some(vec![1]), ..SoughtKey::default() });
        let other = one.clone();
        assert_eq!(one.replace(Some(key.clone())), None);
        assert_eq!(other.key(), Some(key.clone()));
        assert_eq!(other.replace(None), Some(key));
        assert_eq!(one.key(), None);
    }
}

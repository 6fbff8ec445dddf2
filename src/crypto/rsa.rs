//! Placeholder: see the module's name.

//! Typed configuration: `opensc.conf` as TOML, and OpenSC's own grammar. Knows no card.

//! The embedded software card: a MyEID-type card that answers APDUs. Does not know the host side.

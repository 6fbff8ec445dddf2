//! Readers + tokens + policy → virtual slots: a pure function (virtual-slots rules; no I/O, clock or global).

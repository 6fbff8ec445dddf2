#!/bin/sh
# What listing and signing cost on the cards that people carry, in APDUs: p11ctl against Debian's pkcs11-tool. PIV and OpenPGP
# on cards that others wrote, behind a pcscd of their own that counts for both (piv-authenticator, opcard); the IsoApplet by
# recordings of the applet. Fails when the limits are passed.
#
# Usage: benches/apdu-families.sh
# Needs: what make check needs; root, for a pcscd of its own.
set -eu
cd "$(dirname "$0")/.."
cargo build --locked --quiet
run() {
    cargo test --locked --quiet "$@" -- --nocapture --test-threads=1
}
run -p p11ctl-cards --test piv cost:: | grep -E '^(APDUs|list|sign|PIV)'
run -p p11ctl-cards --test foreign listing_costs 2>&1 | grep '^APDUs: '
run -p p11ctl --test replay cost:: | grep '^APDUs: '

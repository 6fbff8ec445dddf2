#!/bin/sh
# What listing and signing cost on the cards that people carry, in APDUs, with nothing kept of the card and (warm) with what
# the run before kept: p11ctl against Debian's pkcs11-tool. PIV and OpenPGP on cards that others wrote, behind a pcscd of
# their own that counts for both (piv-authenticator, opcard); the IsoApplet by recordings of the applet. Fails when the
# limits are passed.
#
# Usage: benches/apdu-families.sh
# Needs: what make check needs; root, for a pcscd of its own.
set -eu
cd "$(dirname "$0")/.."
cargo build --locked --quiet
# A dot for a test that has passed may stand before what the next one prints.
run() {
    cargo test --locked --quiet "$@" -- --nocapture --test-threads=1
}
run -p p11ctl-cards --test piv cost:: | grep -oE '(APDUs|list|sign|PIV)[: ].*'
run -p p11ctl-cards --test foreign listing_costs 2>&1 | grep -o 'APDUs: .*'
run -p p11ctl --test replay cost:: | grep -o 'APDUs: .*'

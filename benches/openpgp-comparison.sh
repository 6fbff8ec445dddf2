#!/bin/sh
# What the main jobs cost on an OpenPGP card, in APDUs: p11ctl against Debian's pkcs11-tool, on one card in one run.
# The card is opcard, which others wrote (tests/cards), behind a pcscd of its own that counts for both.
#
# Usage: benches/openpgp-comparison.sh
# Needs: what make check needs; root, for a pcscd of its own.
set -eu

cd "$(dirname "$0")/.."
cargo build --quiet --locked
cargo test --quiet --locked -p p11ctl-cards --test foreign listing_costs -- --nocapture 2>&1 | grep '^APDUs: '

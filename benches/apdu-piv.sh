#!/bin/sh
# What listing and signing cost on a PIV card: p11ctl against Debian's pkcs11-tool, on one piv-authenticator (a card that
# others wrote) behind pcscd and its virtual reader. Counts what pcscd carried. Fails when the limits are passed.
#
# Usage: benches/apdu-piv.sh
# Needs: what make check needs; root, for a pcscd of its own.
set -eu
cd "$(dirname "$0")/.."
cargo build --locked --quiet
exec cargo test --locked --quiet -p p11ctl-cards --test piv cost -- --nocapture --test-threads=1

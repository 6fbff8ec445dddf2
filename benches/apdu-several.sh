#!/bin/sh
# What listing and signing cost on a token with PIV and OpenPGP (piv-authenticator and opcard, cards that others wrote, on
# one card), and what it costs to sign with both in turn. Fails when the limits are passed.
#
# Usage: benches/apdu-several.sh
# Needs: what make check needs.
set -eu
cd "$(dirname "$0")/.."
exec cargo test --locked --quiet -p p11ctl-cards --test several -- cost:: in_turn --nocapture --test-threads=1

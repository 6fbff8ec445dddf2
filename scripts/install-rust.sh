#!/bin/sh
# Makes sure that there is a cargo that can build this package: what is installed, else rustup from Debian's
# packages with the stable toolchain.
# Usage: scripts/install-rust.sh CARGO
set -eu

cargo=$1
if command -v "$cargo" >/dev/null; then
    exit 0
fi
# A rustup of this user whose folder is not in PATH (a bare shell after its installation).
if [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
    echo "error: cargo is installed but not in PATH: . \"${CARGO_HOME:-$HOME/.cargo}/env\"" >&2
    exit 1
fi
if apt-cache policy rustup 2>/dev/null | grep -q 'Candidate: [0-9]'; then
    "$(dirname "$0")/install-packages.sh" rustup
    rustup toolchain install stable --profile default
    command -v "$cargo" >/dev/null && exit 0
fi
echo "error: cargo is missing, and this system has no package with Rust 1.95 or later: install Rust with rustup" >&2
exit 1

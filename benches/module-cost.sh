#!/bin/sh
# What the module costs in time: C_Initialize with C_GetSlotList over pcscd, digests beside OpenSSL's, and searches among
# session objects; the same program on Debian's OpenSC module and on SoftHSM2, where they are installed.
# (What it costs a card is counted by a test: cargo test --test module cost -- --nocapture.)
#
# Usage: benches/module-cost.sh [PATH-TO-LIBP11CTL.SO]     (default: target/release/libp11ctl.so)
# Needs: gcc, libp11-kit-dev, libssl-dev, pcscd, vsmartcard-vpcd, and p11ctl beside the module; root or user namespaces.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
if [ "${P11CTL_INSIDE:-}" = "" ]; then
    module=${1:-$root/target/release/libp11ctl.so}
    [ -e "$module" ] || { echo "build the module first: cargo build --release" >&2; exit 2; }
    module=$(cd "$(dirname "$module")" && pwd)/$(basename "$module")
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    gcc -O2 -I/usr/include/p11-kit-1 -pthread -o "$folder/cost" "$root/benches/module-cost.c" -ldl -lcrypto
    map=
    [ "$(id -u)" = 0 ] || map="--map-root-user"
    P11CTL_INSIDE=$folder unshare $map --mount --net --fork --pid --mount-proc --kill-child sh "$0" "$module"
    exit
fi

# From here on: a mount, network and process namespace of our own, which ends with this script.
module=$1
p11ctl=$(dirname "$module")/p11ctl
cd "$P11CTL_INSIDE"
mount -t tmpfs tmpfs /run
mkdir -p /run/pcscd
ip link set lo up
export HOME="$PWD" XDG_CACHE_HOME="$PWD/cache"
unset OPENSC_CONF
printf 'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x8C7B\nLIBPATH %s\nCHANNELID 0x8C7B\n' \
    /usr/lib/pcsc/drivers/serial/libifdvpcd.so >reader.conf
pcscd --foreground --config "$PWD/reader.conf" >pcscd.log 2>&1 &
"$p11ctl" card new card --example >/dev/null 2>&1
( until "$p11ctl" card serve card; do sleep 0.1; done ) >/dev/null 2>&1 &
tries=0
until "$p11ctl" slots 2>/dev/null | grep -q 'PIN 1'; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { echo "the card does not come up:" >&2; tail -5 pcscd.log >&2; exit 1; }
    sleep 0.1
done

echo "p11ctl"
./cost "$module" 11111111

opensc=/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so
if [ -e "$opensc" ]; then
    echo
    echo "OpenSC ($(dpkg-query --show --showformat='${Version}' opensc-pkcs11 2>/dev/null || echo unknown))"
    ./cost "$opensc" 11111111 || true
fi

softhsm=/usr/lib/softhsm/libsofthsm2.so
if [ -e "$softhsm" ]; then
    echo
    echo "SoftHSM ($(dpkg-query --show --showformat='${Version}' libsofthsm2 2>/dev/null || echo unknown))"
    mkdir tokens
    printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\n' "$PWD" >softhsm.conf
    export SOFTHSM2_CONF="$PWD/softhsm.conf"
    softhsm2-util --init-token --free --label cost --pin 11111111 --so-pin 00000000 >/dev/null
    ./cost "$softhsm" 11111111
fi

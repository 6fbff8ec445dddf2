#!/bin/sh
# What personalising a blank card costs: p11ctl against Debian's pkcs15-init, each on the same blank software card,
# through pcscd and its virtual reader. Initialise, two PINs, an RSA-2048 and an EC key, four certificates. Counts
# what pcscd carried (GET RESPONSE not as an APDU, its bytes all the same); p11ctl may take at most half of both.
#
# Usage: benches/personalisation-comparison.sh [PATH-TO-P11CTL]  (default: target/release/p11ctl, else target/debug/p11ctl)
# Needs: pcscd, opensc, vsmartcard-vpcd, openssl; root or user namespaces, for a pcscd of its own.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
if [ "${P11CTL_INSIDE:-}" = "" ]; then
    binary=${1:-$root/target/release/p11ctl}
    [ -x "$binary" ] || binary=$root/target/debug/p11ctl
    [ -x "$binary" ] || { echo "build p11ctl first: cargo build --release" >&2; exit 2; }
    for program in pcscd pkcs15-init pkcs11-tool openssl unshare ip; do
        command -v "$program" >/dev/null || { echo "$program is missing; see the head of $0" >&2; exit 2; }
    done
    binary=$(cd "$(dirname "$binary")" && pwd)/$(basename "$binary")
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    map=
    [ "$(id -u)" = 0 ] || map="--map-root-user"
    P11CTL_INSIDE=$folder unshare $map --mount --net --fork --pid --mount-proc --kill-child sh "$0" "$binary"
    exit
fi

# From here on: a mount, network and process namespace of our own, which ends with this script.
p11ctl=$1
cd "$P11CTL_INSIDE"
mount -t tmpfs tmpfs /run
mkdir -p /run/pcscd
ip link set lo up
export HOME="$PWD" XDG_CACHE_HOME="$PWD/cache" SO=00000000 SO_PUK=00009999 PUK=99999999 PIN1=11111111 PIN2=22222222
unset OPENSC_CONF
printf 'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x8C7B\nLIBPATH %s\nCHANNELID 0x8C7B\n' \
    /usr/lib/pcsc/drivers/serial/libifdvpcd.so >reader.conf
pcscd --foreground --apdu --config "$PWD/reader.conf" >pcscd.log 2>&1 &
"$p11ctl" card new card >/dev/null 2>&1
# insert FILE: attaches a card and waits for it. The reader listens a moment after pcscd starts.
insert() {
    ( until "$p11ctl" card serve "$1"; do sleep 0.1; done ) >/dev/null 2>&1 &
    tries=0
    until opensc-tool --atr >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { echo "the card does not come up:" >&2; tail -5 pcscd.log >&2; exit 1; }
        sleep 0.1
    done
}
insert card


quietly() { "$@" >last.log 2>&1 || { echo "$*" >&2; cat last.log >&2; exit 1; }; }
for name in leaf1 authority leaf2 other; do
    quietly openssl req -x509 -nodes -newkey rsa:2048 -days 3650 -subj "/O=Some company/CN=$name" \
        -keyout "$name.key" -out "$name.pem"
done

# personalise_by_…: the same card, by either program.
personalise_by_opensc() {
    quietly pkcs15-init --create-pkcs15 --so-pin $SO --so-puk $SO_PUK
    quietly pkcs15-init --store-pin --auth-id 01 --label "PIN 1" --pin $PIN1 --puk $PUK --so-pin $SO
    quietly pkcs15-init --store-pin --auth-id 02 --label "PIN 2" --pin $PIN2 --puk $PUK --so-pin $SO
    quietly pkcs15-init --generate-key rsa/2048 --auth-id 01 --id 01 --label "key 1" --pin $PIN1
    quietly pkcs15-init --generate-key ec/prime256v1 --auth-id 02 --id 02 --label "key 2" --pin $PIN2
    quietly pkcs15-init --store-certificate leaf1.pem --auth-id 01 --id 01 --label "leaf 1" --pin $PIN1
    quietly pkcs15-init --store-certificate authority.pem --id a1 --authority --label authority --pin $PIN1
    quietly pkcs15-init --store-certificate leaf2.pem --auth-id 02 --id 02 --label "leaf 2" --pin $PIN1
    quietly pkcs15-init --store-certificate other.pem --id a2 --authority --label other --pin $PIN1
    quietly pkcs15-init --finalize
}
personalise_by_p11ctl() {
    quietly "$p11ctl" token init --slot 0 --label MyEID --so-pin env:SO --so-puk env:SO_PUK --yes
    quietly "$p11ctl" pin init --slot 0 --label "PIN 1" --so-pin env:SO --new-pin env:PIN1 --puk-output puk1
    quietly "$p11ctl" pin init --slot 1 --label "PIN 2" --so-pin env:SO --new-pin env:PIN2 --puk-output puk2
    quietly "$p11ctl" key generate --slot 0 --type rsa:2048 --id 01 --label "key 1" --pin env:PIN1
    quietly "$p11ctl" key generate --slot 1 --type ec:p256 --id 02 --label "key 2" --pin env:PIN2
    quietly "$p11ctl" object write certificate leaf1.pem --slot 0 --id 01 --label "leaf 1" --pin env:PIN1
    quietly "$p11ctl" object write certificate authority.pem --slot 0 --id a1 --label authority --pin env:PIN1
    quietly "$p11ctl" object write certificate leaf2.pem --slot 1 --id 02 --label "leaf 2" --pin env:PIN2
    quietly "$p11ctl" object write certificate other.pem --slot 1 --id a2 --label other --pin env:PIN2
}

# measure NAME COMMAND: one line with APDUs and bytes that pcscd carried.
measure() {
    before=$(wc -l <pcscd.log)
    "$2"
    sleep 0.3
    counted=$(tail -n "+$((before + 1))" pcscd.log | awk '
        / APDU: / { sub(/.* APDU: /, ""); bytes += NF; if ($2 != "C0") apdus++ }
        / SW: / { sub(/.* SW: /, ""); bytes += NF }
        END { printf "%d %d", apdus, bytes }')
    apdus=${counted%% *}
    bytes=${counted##* }
    printf '%-14s %6d %8d\n' "$1" "$apdus" "$bytes"
}

printf '%-14s %6s %8s\n' "" APDUs bytes
measure pkcs15-init personalise_by_opensc
their_apdus=$apdus their_bytes=$bytes
quietly "$p11ctl" token erase --slot 0 --so-pin env:SO --yes
measure p11ctl personalise_by_p11ctl
quietly pkcs15-tool -D
[ "$(grep -c '^X.509 Certificate' last.log)" = 4 ] || { echo "OpenSC does not see four certificates" >&2; exit 1; }
failed=0
[ $((apdus * 2)) -le "$their_apdus" ] || { echo "more than half of its APDUs" >&2; failed=1; }
[ $((bytes * 2)) -le "$their_bytes" ] || { echo "more than half of its bytes" >&2; failed=1; }
exit "$failed"

#!/bin/sh
# What the main job costs on a card: p11ctl against Debian's pkcs11-tool, on one software card that OpenSC
# personalised, through pcscd and its virtual reader. Counts what pcscd carried (GET RESPONSE aside), so both are
# measured by a third party; checks that p11ctl's own --stats says the same.
#
# Usage: benches/apdu-comparison.sh [PATH-TO-P11CTL]     (default: target/release/p11ctl, else target/debug/p11ctl)
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
export HOME="$PWD" XDG_CACHE_HOME="$PWD/cache" PIN=11111111
unset OPENSC_CONF
printf 'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x8C7B\nLIBPATH %s\nCHANNELID 0x8C7B\n' \
    /usr/lib/pcsc/drivers/serial/libifdvpcd.so >reader.conf
pcscd --foreground --apdu --config "$PWD/reader.conf" >pcscd.log 2>&1 &
"$p11ctl" card new card >/dev/null 2>&1
# The reader listens a moment after pcscd starts.
( until "$p11ctl" card serve card; do sleep 0.1; done ) >/dev/null 2>&1 &
tries=0
until opensc-tool --atr >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { echo "the card does not come up:" >&2; tail -5 pcscd.log >&2; exit 1; }
    sleep 0.1
done

# The card: two PINs, an RSA and an EC key with certificates of one authority, two other roots.
quietly() { "$@" >last.log 2>&1 || { cat last.log >&2; exit 1; }; }
quietly pkcs15-init --create-pkcs15 --so-pin 00000000 --so-puk 00009999
for name in authority other1 other2; do
    quietly openssl req -x509 -nodes -newkey rsa:2048 -days 3650 -subj "/CN=$name" -keyout "$name.key" -out "$name.pem"
done
for number in 1 2; do
    pin=$number$number$number$number$number$number$number$number
    quietly pkcs15-init --store-pin --auth-id "0$number" --label "PIN $number" --pin "$pin" --puk 99999999 --so-pin 00000000
done
for number in 1 2; do
    pin=$number$number$number$number$number$number$number$number
    kind=rsa:2048
    [ "$number" = 1 ] || kind="ec -pkeyopt ec_paramgen_curve:P-256"
    quietly openssl req -x509 -nodes -days 3650 -subj "/CN=leaf $number" -CA authority.pem -CAkey authority.key \
        -keyout "leaf$number.key" -out "leaf$number.pem" -newkey $kind
    auth="--auth-id 0$number --id 0$number --pin $pin"
    quietly pkcs15-init --store-private-key "leaf$number.key" --label "key $number" $auth
    quietly pkcs15-init --store-certificate "leaf$number.pem" --label "leaf $number" $auth
done
id=1
for name in authority other1 other2; do
    quietly pkcs15-init --store-certificate "$name.pem" --label "$name" --id "a$id" --authority --pin 11111111
    id=$((id + 1))
done
quietly pkcs15-init --finalize

# measure NAME COMMAND…: one line with APDUs and bytes that pcscd carried, GET RESPONSE (C0) not counted as an APDU.
measure() {
    name=$1
    shift
    before=$(wc -l <pcscd.log)
    "$@" >out.log 2>err.log || { cat err.log >&2; exit 1; }
    sleep 0.2
    counted=$(tail -n "+$((before + 1))" pcscd.log | awk '
        / APDU: / { sub(/.* APDU: /, ""); sent += NF; if ($2 != "C0") apdus++ }
        / SW: / { sub(/.* SW: /, ""); received += NF }
        END { printf "%d %d %d", apdus, sent, received }')
    printf '%-34s %s\n' "$name" "$(echo "$counted" | awk '{ printf "%6d %8d %9d", $1, $2, $3 }')"
    apdus=${counted%% *}
    own=$(sed -n 's/^stats: \([0-9]*\) APDUs.*/\1/p' err.log)
    if [ -n "$own" ] && [ "$own" != "$apdus" ]; then
        echo "--stats says $own, pcscd carried $apdus" >&2
        exit 1
    fi
}
cold() { rm -rf cache; }
require() { [ "$1" -le "$2" ] || { echo "$3: $1 APDUs, at most $2 are allowed" >&2; failed=1; }; }
failed=0

printf 'a text' >text
# DigestInfo of a SHA-256 digest: what RSA-PKCS takes.
openssl dgst -sha256 -binary text >digest
{ printf '\060\061\060\015\006\011\140\206\110\001\145\003\004\002\001\005\000\004\040'; cat digest; } >info

printf '%-34s %6s %8s %9s\n' "" APDUs sent received
measure "pkcs11-tool -L" pkcs11-tool -L
their_slots=$apdus
measure "pkcs11-tool --sign" pkcs11-tool --login --pin 11111111 --slot-index 0 --sign --mechanism RSA-PKCS \
    --input-file info --output-file theirs
their_sign=$apdus
cold
measure "p11ctl slots, cold" "$p11ctl" --stats slots
require $((apdus * 2)) "$their_slots" "slots cold, twice"
measure "p11ctl slots, warm" "$p11ctl" --stats slots
require "$apdus" 5 "slots warm"
cold
measure "p11ctl sign, cold" "$p11ctl" --stats sign --slot 0 --pin env:PIN -o cold.sig text
require $((apdus * 2)) "$their_sign" "sign cold, twice"
measure "p11ctl sign, warm" "$p11ctl" --stats sign --slot 0 --pin env:PIN -o warm.sig text
require "$apdus" 7 "sign warm"
one=$apdus
files=
for number in 1 2 3 4 5 6 7 8 9 10; do
    cp text "text$number"
    files="$files text$number"
done
measure "p11ctl sign, warm, 11 files" "$p11ctl" --stats sign --slot 0 --pin env:PIN text $files
require "$((apdus - one))" 20 "ten more files"
cmp -s theirs cold.sig && cmp -s theirs warm.sig || { echo "the signatures differ" >&2; failed=1; }
exit "$failed"

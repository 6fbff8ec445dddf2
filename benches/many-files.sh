#!/bin/sh
# A thousand small files signed with one key: p11ctl on one software card, one login and at most two APDUs for each
# file, against a program that does the same signatures on SoftHSM2 in one process, in turns. p11ctl may take as long with
# P-256, and three times as long with RSA-2048. openssl verifies the signatures of both.
#
# Usage: benches/many-files.sh [FOLDER]     (default: target/release; it holds p11ctl and examples/softhsm-signer)
# Needs: softhsm2, opensc (pkcs11-tool makes the keys), openssl, GNU time. FILES=1000 is their number.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
built=${1:-$root/target/release}
for program in "$built/p11ctl" "$built/examples/softhsm-signer"; do
    [ -x "$program" ] || { echo "$program is missing: cargo build --release --examples --bins" >&2; exit 2; }
done
for program in softhsm2-util pkcs11-tool openssl /usr/bin/time; do
    command -v "$program" >/dev/null || { echo "$program is missing; see the head of $0" >&2; exit 2; }
done
built=$(cd "$built" && pwd)
module=
for candidate in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
    [ ! -e "$candidate" ] || module=$candidate
done
count=${FILES:-1000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export HOME="$folder" SOFTHSM2_CONF="$folder/softhsm2.conf" PIN1=11111111 PIN2=22222222
unset OPENSC_CONF

"$built/p11ctl" card new bench.card --example 2>/dev/null
mkdir tokens
printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n' "$folder" >softhsm2.conf
softhsm2-util --init-token --free --label bench --pin 11111111 --so-pin 00000000 >/dev/null
for key in rsa:2048 EC:prime256v1; do
    pkcs11-tool --module "$module" --login --pin 11111111 --keypairgen --key-type "$key" --label "$key" >/dev/null 2>&1
    pkcs11-tool --module "$module" --read-object --type pubkey --label "$key" >"theirs.${key%%:*}.der" 2>/dev/null
done
mkdir files
number=0
while [ "$number" -lt "$count" ]; do
    echo "contents of file $number" >"files/$number"
    number=$((number + 1))
done

best() {
    sort -n "$1.run" "$1.best" 2>/dev/null | head -1 >"$1.new"
    mv "$1.new" "$1.best"
}
failed=0
printf '%-12s %12s %12s %8s %8s\n' "$count files" p11ctl SoftHSM2 times APDUs
for kind in ec rsa; do
    slot=1 limit=1 name=P-256
    [ "$kind" = ec ] || slot=0 limit=3 name=RSA-2048
    for round in 1 2 3; do
        rm -f files/*.sig files/*.theirs
        /usr/bin/time -q -o ours.run -f %e "$built/p11ctl" --stats --card bench.card sign --slot "$slot" \
            --pin "env:PIN$((slot + 1))" $(ls files/* | sort -V) >out 2>err || { tail -3 err >&2; exit 1; }
        best ours
        /usr/bin/time -q -o theirs.run -f %e "$built/examples/softhsm-signer" "$module" bench 11111111 "$kind" \
            $(ls files/* | grep -v sig | sort -V) 2>>err || { tail -3 err >&2; exit 1; }
        best theirs
    done
    apdus=$(sed -n 's/^stats: \([0-9]*\) APDUs.*/\1/p' err)
    "$built/p11ctl" --card bench.card object export "key $((slot + 1))" --class public-key -o ours.pem 2>/dev/null
    [ "$(ls files/*.sig | wc -l)" = "$count" ] && [ "$(ls files/*.theirs | wc -l)" = "$count" ]
    "$built/p11ctl" verify --public-key-file ours.pem $(ls files/* | grep -v -e sig -e theirs) >/dev/null
    # openssl takes one file at a time: the first and the last.
    if [ "$kind" = rsa ]; then
        for number in 0 $((count - 1)); do
            openssl dgst -sha256 -verify ours.pem -signature "files/$number.sig" "files/$number" >/dev/null
            openssl dgst -sha256 -verify theirs.rsa.der -keyform DER -signature "files/$number.theirs" "files/$number" \
                >/dev/null
        done
    fi
    ours=$(cat ours.best) theirs=$(cat theirs.best)
    rm -f ours.best theirs.best
    times=$(awk -v a="$ours" -v b="$theirs" 'BEGIN { printf "%.2f", a / b }')
    printf '%-12s %10s s %10s s %8s %8s\n' "$name" "$ours" "$theirs" "$times" "$apdus"
    awk -v times="$times" -v limit="$limit" 'BEGIN { exit times > limit }' || failed=1
    [ "$apdus" -le $((2 * count + 40)) ] || { echo "more than two APDUs for each file" >&2; failed=1; }
done
exit "$failed"

#!/bin/sh
# A thousand small files signed with one key: p11ctl on one software card, one login and at most two APDUs for each
# file, against a program that does the same signatures on SoftHSM2 in one process, in turns: in memory, and on a disk, where
# both wait for it before a signature has its name. p11ctl may take as long with P-256, and three times as long with RSA-2048.
# openssl verifies the signatures of both. What the other program takes if it does not wait for the disk is told as well.
#
# Usage: benches/many-files.sh [FOLDER]     (default: target/release; it holds p11ctl and examples/softhsm-signer)
# Needs: softhsm2, opensc (pkcs11-tool makes the keys), openssl, /dev/shm. FILES=1000 is their number, ROUNDS=5 how often each runs.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
built=${1:-$root/target/release}
for program in "$built/p11ctl" "$built/examples/softhsm-signer"; do
    [ -x "$program" ] || { echo "$program is missing: cargo build --release --examples --bins" >&2; exit 2; }
done
for program in softhsm2-util pkcs11-tool openssl; do
    command -v "$program" >/dev/null || { echo "$program is missing; see the head of $0" >&2; exit 2; }
done
built=$(cd "$built" && pwd)
module=
for candidate in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
    [ ! -e "$candidate" ] || module=$candidate
done
count=${FILES:-1000}
folder=$(mktemp -d)
memory=$(mktemp -d -p /dev/shm)
trap 'rm -rf "$folder" "$memory"' EXIT
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

# Runs the rest as a command and keeps the shortest time of its name, in milliseconds.
timed() {
    name=$1
    shift
    started=$(date +%s%N)
    "$@" || { tail -3 err >&2; exit 1; }
    echo $((($(date +%s%N) - started) / 100000)) | awk '{ print $1 / 10 }' >>"$name.times"
    sort -n "$name.times" | head -1 >"$name.best"
}
ours() {
    "$built/p11ctl" --stats --card bench.card sign --slot "$slot" --pin "env:PIN$((slot + 1))" "$@" >out 2>err
}
theirs() {
    "$built/examples/softhsm-signer" "$module" bench 11111111 "$kind" "$@" 2>>err
}
failed=0
printf '%-22s %12s %12s %7s %6s %12s\n' "$count files" p11ctl SoftHSM2 times APDUs 'not waiting'
for place in "$memory" "$folder"; do
    for kind in ec rsa; do
        slot=1 limit=1 label=P-256
        [ "$kind" = ec ] || slot=0 limit=3 label=RSA-2048
        [ "$place" = "$memory" ] && label="$label in memory" || label="$label on disk"
        for round in $(seq "${ROUNDS:-5}"); do
            # Folders of their own: a file system takes its time for files where some were removed just before.
            files=$place/$kind.$round
            cp -r files "$files"
            cp -r files "$files.again"
            set -- $(seq -f "$files/%.0f" 0 $((count - 1)))
            timed ours ours "$@"
            DURABLE=1 timed theirs theirs "$@"
            timed hasty theirs $(seq -f "$files.again/%.0f" 0 $((count - 1)))
        done
        apdus=$(sed -n 's/^stats: \([0-9]*\) APDUs.*/\1/p' err)
        "$built/p11ctl" --card bench.card object export "key $((slot + 1))" --class public-key -o ours.pem 2>/dev/null
        [ "$(ls "$files"/*.sig | wc -l)" = "$count" ] && [ "$(ls "$files"/*.theirs | wc -l)" = "$count" ]
        "$built/p11ctl" verify --public-key-file ours.pem "$@" >/dev/null
        # openssl takes one file at a time: the first and the last.
        if [ "$kind" = rsa ]; then
            for file in "$files/0" "$files/$((count - 1))"; do
                openssl dgst -sha256 -verify ours.pem -signature "$file.sig" "$file" >/dev/null
                openssl dgst -sha256 -verify theirs.rsa.der -keyform DER -signature "$file.theirs" "$file" >/dev/null
            done
        fi
        ours=$(cat ours.best) theirs=$(cat theirs.best)
        times=$(awk -v a="$ours" -v b="$theirs" 'BEGIN { printf "%.2f", a / b }')
        printf '%-22s %9s ms %9s ms %7s %6s %9s ms\n' "$label" "$ours" "$theirs" "$times" "$apdus" "$(cat hasty.best)"
        rm -- *.best *.times
        awk -v times="$times" -v limit="$limit" 'BEGIN { exit times > limit }' || failed=1
        [ "$apdus" -le $((2 * count + 40)) ] || { echo "more than two APDUs for each file" >&2; failed=1; }
    done
done
exit "$failed"

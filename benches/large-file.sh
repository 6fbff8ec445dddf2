#!/bin/sh
# Hashing and signing one large file: p11ctl sign against openssl dgst -sha256, in turns, in one run. Both read the file
# from the page cache. p11ctl may take a tenth more than openssl, and 32 MiB of memory.
#
# Usage: benches/large-file.sh [PATH-TO-P11CTL]     (default: target/release/p11ctl); MIB=4096 is the size of the file
# Needs: openssl, GNU time; room for the file in $TMPDIR, and as much memory for the page cache.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
p11ctl=${1:-$root/target/release/p11ctl}
[ -x "$p11ctl" ] || { echo "build p11ctl first: cargo build --release" >&2; exit 2; }
[ -x /usr/bin/time ] || { echo "GNU time is missing" >&2; exit 2; }
p11ctl=$(cd "$(dirname "$p11ctl")" && pwd)/$(basename "$p11ctl")
mib=${MIB:-4096}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export HOME="$folder" PIN=22222222
unset OPENSC_CONF

"$p11ctl" card new bench.card --example 2>/dev/null
"$p11ctl" --card bench.card object export 'key 2' --class public-key -o key.pem 2>/dev/null
openssl rand $((1024 * 1024)) >part
copies=0
while [ "$copies" -lt "$mib" ]; do
    cat part
    copies=$((copies + 1))
done >large
cat large >/dev/null

# measure NAME COMMAND…: the command's time and memory, kept where it is the best of its name.
measure() {
    name=$1
    shift
    /usr/bin/time -q -o "$name.run" -f '%e %U %S %M' "$@" >/dev/null 2>"$name.err" || { cat "$name.err" >&2; exit 1; }
    sort -n "$name.run" "$name.best" 2>/dev/null | head -1 >"$name.new"
    mv "$name.new" "$name.best"
}
for round in 1 2 3 4; do
    measure openssl openssl dgst -sha256 large
    measure digest "$p11ctl" digest large
    measure sign "$p11ctl" --card bench.card sign --slot 1 --pin env:PIN --format der large
done
openssl dgst -sha256 -verify key.pem -signature large.sig large >/dev/null

printf '%-34s %8s %8s %8s %10s\n' "$mib MiB" seconds user system 'peak KiB'
for name in openssl digest sign; do
    read -r seconds user system peak <"$name.best"
    printf '%-34s %8s %8s %8s %10s\n' "$name" "$seconds" "$user" "$system" "$peak"
done
awk -v limit=1.10 '
    FNR == 1 { file++; seconds[file] = $1; peak[file] = $4 }
    END {
        ratio = seconds[2] / seconds[1]
        printf "signing takes %.2f times openssl, and %.1f MiB of memory\n", ratio, peak[2] / 1024
        exit ratio > limit || peak[2] > 32 * 1024
    }' openssl.best sign.best

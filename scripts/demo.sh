#!/bin/sh
# The main job on the founding document's example card, in a folder of its own: each command is shown, then run.
# Usage: scripts/demo.sh PATH-TO-P11CTL
set -eu

PATH="$(cd "$(dirname "$1")" && pwd):$PATH"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

run() {
    printf '\n$ %s\n' "$*"
    "$@"
}

run p11ctl card new demo.card --example
run p11ctl --card - --card demo.card slots
run p11ctl --card - --card demo.card slots --tree
export PIN=11111111
echo "a document" >document.txt
printf '\n$ PIN=11111111; echo "a document" > document.txt\n'
run p11ctl --card - --card demo.card sign --slot 4 --pin env:PIN -o document.sig document.txt
run p11ctl --card - --card demo.card verify --slot 4 --signature document.sig document.txt

#!/bin/sh
# Installs the Debian packages named in the arguments that are not there yet.
# Usage: scripts/install-packages.sh PACKAGE…
set -eu

missing=
for package in "$@"; do
    # The status "ii" is: wanted and installed.
    if [ "$(dpkg-query --show --showformat='${db:Status-Abbrev}' "$package" 2>/dev/null | cut -c1-2)" != ii ]; then
        missing="$missing $package"
    fi
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "error: these packages are missing and there is no apt-get to install them:$missing" >&2
    exit 1
fi
sudo=
if [ "$(id -u)" -ne 0 ]; then
    sudo=sudo
fi
echo "installing:$missing" >&2
$sudo apt-get update -qq
# shellcheck disable=SC2086 # one word for each package
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -qq -y --no-install-recommends $missing >/dev/null

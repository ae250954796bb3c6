#!/bin/sh
# Sets up what the tests need on a Debian machine, then runs every test on both engines.
# As root it installs PostgreSQL and sudo when they are missing (the tests start clusters of their
# own, which PostgreSQL refuses to do as root); otherwise it says what to install.
set -eu
cd "$(dirname "$0")/.."

if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || ! command -v sudo >/dev/null; then
    if [ "$(id -u)" -ne 0 ]; then
        echo 'tests need PostgreSQL and sudo: install the packages postgresql and sudo' >&2
        exit 3
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql sudo
fi

exec cargo test --workspace --locked "$@"

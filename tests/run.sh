#!/bin/sh
# Sets up what the tests need on a Debian machine, then runs every test on both engines.
# As root it installs PostgreSQL, sudo, Node.js and npm when they are missing (the tests start
# clusters of their own, which PostgreSQL refuses to do as root, and a real OpenID Connect issuer);
# otherwise it says what to install.
set -eu
cd "$(dirname "$0")/.."

missing=''
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v sudo >/dev/null || missing="$missing sudo"
command -v node >/dev/null || missing="$missing nodejs"
command -v npm >/dev/null || missing="$missing npm"
if [ -n "$missing" ]; then
    if [ "$(id -u)" -ne 0 ]; then
        echo "tests need more than is here: install the packages$missing" >&2
        exit 3
    fi
    apt-get update -qq
    # shellcheck disable=SC2086 # each word is a package
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
fi

# The issuer of tests/it/api/oidc.rs, in the very versions of its lock file.
if [ ! -e tests/oidc/node_modules/.package-lock.json ] ||
    [ tests/oidc/package-lock.json -nt tests/oidc/node_modules/.package-lock.json ]; then
    npm ci --prefix tests/oidc --no-audit --no-fund
fi

exec cargo test --workspace --locked "$@"

#!/bin/sh
# Sets up what the tests need on a Debian machine, then runs every test on both engines.
# As root it installs PostgreSQL, sudo, Node.js, npm, Python and Valgrind when they are missing (the
# tests start clusters of their own, which PostgreSQL refuses to do as root, a real OpenID Connect issuer,
# and a reader of process-mining logs and of Merkle trees; the gate counts instructions); otherwise it
# says what to install. With --prepare it stops before the tests.
set -eu
cd "$(dirname "$0")/.."

# A Python of 3.11 or later that can make a virtual environment: the first in PATH, or else Debian's.
find_python() {
    for one in python3 /usr/bin/python3; do
        if "$one" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
        then
            python=$one
            return
        fi
    done
    python=''
}
find_python

missing=''
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v sudo >/dev/null || missing="$missing sudo"
command -v node >/dev/null || missing="$missing nodejs"
command -v npm >/dev/null || missing="$missing npm"
command -v valgrind >/dev/null || missing="$missing valgrind"
[ -n "$python" ] || missing="$missing python3 python3-venv"
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

# A virtual environment in the very versions of a file of requirements: made anew when those have
# changed, or when the Python that it was made with is gone.
environment() {
    folder="${CARGO_TARGET_DIR:-target}/$1"
    if ! cmp -s "$2" "$folder/installed.txt" || ! "$folder/bin/python" -c '' 2>/dev/null; then
        [ -n "$python" ] || find_python
        rm -rf "$folder"
        "$python" -m venv "$folder"
        "$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps \
            --only-binary :all: -r "$2"
        cp "$2" "$folder/installed.txt"
    fi
}

# The readers of tests/it/export/mining.rs and tests/it/evidence/oracles.rs.
environment mining tests/mining/requirements.txt
# The programs of .ci/habits.
environment habits .ci/requirements.txt
# The generators of the clients of tests/it/api/clients.rs, in the very versions of their lock files.
environment clients tests/clients/requirements.txt
if [ ! -e tests/clients/node_modules/.package-lock.json ] ||
    [ tests/clients/package-lock.json -nt tests/clients/node_modules/.package-lock.json ]; then
    npm ci --prefix tests/clients --no-audit --no-fund
fi

if [ "${1:-}" = --prepare ]; then
    exit
fi
exec cargo test --workspace --locked "$@"

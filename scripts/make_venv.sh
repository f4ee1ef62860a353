#!/bin/sh
# Make or bring up to date the virtual environment: make_venv.sh VENV LOCK...
# Every package is checked against the hashes in the lock files, and compiled now: else every start would do it again where Python may not write.
set -eu
venv=$1
shift

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Python 3.11 or newer is needed; python3 is $(python3 --version 2>&1 || echo missing)." >&2
    exit 1
fi
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    else
        echo "Python's venv module is missing; install the package python3-venv and try again." >&2
        exit 1
    fi
fi

if ! "$venv/bin/python" -c '' 2>/dev/null; then
    rm -rf "$venv"
    python3 -m venv "$venv"
fi
if ! "$venv/bin/uv" --version >/dev/null 2>&1; then
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$1" 2>&1 | grep -v 'is ignored' || true
fi
locks=""
for lock in "$@"; do locks="$locks $lock"; done
# shellcheck disable=SC2086 - the names of the lock files hold no spaces
"$venv/bin/uv" pip sync -q --require-hashes --compile-bytecode --python "$venv/bin/python" $locks

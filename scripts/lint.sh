#!/bin/sh
# All static checks, each named; goes through all of them and fails if one did.
cd "$(dirname "$0")/.." || exit 1
bin=.venv/bin
status=0
check() {
    name=$1
    shift
    if output=$("$@" 2>&1); then
        echo "ok    $name"
    else
        echo "FAIL  $name"
        echo "$output"
        status=1
    fi
}
check "ruff check" $bin/ruff check --quiet .
check "ruff format" $bin/ruff format --check --quiet .
check "mypy" $bin/mypy
check "lint-imports" $bin/lint-imports
check "migrations" env DJANGO_SETTINGS_MODULE=tests.settings $bin/python manage.py makemigrations --check --dry-run
exit $status

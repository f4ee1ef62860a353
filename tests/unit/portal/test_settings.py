"""Settings follow the environment, and refuse to guess in production."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal.database import database_settings
from portal.storage import storage_backend

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parents[3]
SECURE = {"SECRET_KEY": "x" * 60, "ALLOWED_HOSTS": "portal.example.org", "PORTAL_BASE_URL": "https://portal.example.org"}


def read_settings(tmp_path: Path, expression: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Print an expression over the settings as a fresh process sees them in this environment."""
    script = f"from portal import settings as s; print(({expression}))"
    env = {"PATH": os.environ["PATH"], "PORTAL_DATA_DIR": str(tmp_path / "data"), **variables}
    return subprocess.run([sys.executable, "-c", script], env=env, cwd=ROOT, capture_output=True, text=True)


def value(tmp_path: Path, expression: str, **variables: str) -> str:
    result = read_settings(tmp_path, expression, **variables)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_without_any_variable_it_is_the_embedded_default(tmp_path):
    printed = value(tmp_path, "s.PORTAL_ENV, s.DATABASES['default']['ENGINE'], s.PORTAL_BASE_URL, s.CELERY_BROKER_URL")
    assert "'embedded', 'django.db.backends.sqlite3', 'http://localhost:8000', 'redis+socket:///" in printed


def test_the_data_folder_is_private_and_keeps_its_key(tmp_path):
    first = value(tmp_path, "s.SECRET_KEY")
    assert len(first) > 60
    assert value(tmp_path, "s.SECRET_KEY") == first
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("why", [{"DATABASE_URL": "postgres://portal@db/portal"}, {"PORTAL_ENV": "production"}], ids=str)
@pytest.mark.parametrize("missing", sorted(SECURE))
def test_production_names_what_is_missing_and_makes_no_key_up(tmp_path, why, missing):
    given = {name: text for name, text in SECURE.items() if name != missing}
    result = read_settings(tmp_path, "1", **why, **given)
    assert result.returncode != 0
    assert f"needs {missing} in its environment" in result.stderr
    assert not (tmp_path / "data" / "secret_key").exists()


def test_behind_https_cookies_are_secure_and_only_named_hosts_are_answered(tmp_path):
    expression = "s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0, s.ALLOWED_HOSTS, s.CSRF_TRUSTED_ORIGINS"
    printed = value(tmp_path, expression, PORTAL_ENV="production", **SECURE)
    assert printed == "(True, True, True, ['portal.example.org'], ['https://portal.example.org'])"


def test_an_unknown_environment_is_refused(tmp_path):
    result = read_settings(tmp_path, "1", PORTAL_ENV="prod")
    assert "PORTAL_ENV must be embedded, production or test, but is 'prod'" in result.stderr


def test_every_limit_can_be_set(tmp_path):
    names = ("LEASE_SECONDS", "SWEEP_SECONDS", "MAX_FILE_MB", "MAX_UPLOAD_MB", "MAX_RATIO", "HELD_EXPIRE_DAYS", "PURGE_DAYS")
    variables = {f"PORTAL_{name}": str(number) for number, name in enumerate(names, start=7)}
    printed = value(tmp_path, ", ".join(f"s.{name}" for name in variables), **variables)
    assert printed == "(7, 8, 9, 10, 11, 12, 13)"


def test_mail_goes_to_the_console_until_a_server_is_named(tmp_path):
    assert "console" in value(tmp_path, "s.EMAIL_BACKEND", EMAIL_URL="")
    assert value(tmp_path, "s.EMAIL_HOST, s.EMAIL_PORT, s.EMAIL_USE_TLS", EMAIL_URL="smtp+tls://u:p@mail.example.org:587") == (
        "('mail.example.org', 587, True)"
    )


def test_every_variable_is_in_the_operators_guide():
    source = (ROOT / "portal" / "settings.py").read_text() + (ROOT / "portal" / "gunicorn.py").read_text()
    names = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source)) | set(re.findall(r'environ\.get\(["\']([A-Z_]+)', source))
    guide = (ROOT / "docs" / "operations.md").read_text()
    assert not {name for name in names if f"`{name}`" not in guide}


def test_sqlite_waits_for_its_turn(tmp_path):
    options = database_settings("", tmp_path / "a.sqlite3")["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["timeout"] == 20
    assert "journal_mode=WAL" in options["init_command"]


def test_postgresql_takes_its_options_from_the_url(tmp_path):
    settings = database_settings("postgres://u:p@db:5433/roster?sslmode=require", tmp_path)
    assert (settings["HOST"], settings["PORT"], settings["NAME"], settings["OPTIONS"]) == ("db", 5433, "roster", {"sslmode": "require"})


def test_another_engine_is_refused(tmp_path):
    with pytest.raises(ImproperlyConfigured, match="postgres://"):
        database_settings("mysql://u@h/db", tmp_path)


def test_a_bucket_is_described_by_one_url(tmp_path):
    options = storage_backend("s3://rosters/north/files?endpoint_url=http://127.0.0.1:9000&region=eu-1", tmp_path)["OPTIONS"]
    assert options["bucket_name"] == "rosters"
    assert options["location"] == "north/files"
    assert options["endpoint_url"] == "http://127.0.0.1:9000"
    assert options["addressing_style"] == "path"
    assert options["file_overwrite"] is False


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://host/x", "must look like s3://"),
        ("s3:///x", "must look like s3://"),
        ("s3://key:secret@bucket", "must not carry credentials"),
        ("s3://bucket?endpont_url=x", "unknown option 'endpont_url'"),
    ],
)
def test_a_wrong_storage_url_is_explained(tmp_path, url, reason):
    with pytest.raises(ImproperlyConfigured, match=reason):
        storage_backend(url, tmp_path)

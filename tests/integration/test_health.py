"""/healthz and /readyz tell a load balancer the truth."""

import pytest

from portal import health

pytestmark = pytest.mark.django_db


def test_a_living_process_says_so_without_sign_in(client):
    assert client.get("/healthz").json() == {"status": "ok"}


def test_ready_means_database_and_broker_answer(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "checks": {"database": "ok", "broker": "ok"}})
    assert "no-cache" in answer["Cache-Control"]


def test_a_dead_broker_is_named(client, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(health.app.conf, "broker_read_url", f"redis+socket://{tmp_path}/nobody.sock")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "ok"
    assert answer.json()["checks"]["broker"] != "ok"


def test_missing_migrations_are_named(client, monkeypatch):
    monkeypatch.setattr(health, "_migrated", False)
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda *_: ["one"])
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "manage.py migrate" in answer.json()["checks"]["database"]

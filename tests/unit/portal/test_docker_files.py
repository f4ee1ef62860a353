"""What the production files name exists: there is no Docker engine where the tests run, so nothing else would notice."""

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from portal.supervisor import processes

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = ["migrate", "web", "worker", "beat", "sftp"]
READ_BY_CODE = "".join((ROOT / "portal" / name).read_text() for name in ("settings.py", "gunicorn.py", "probe.py"))
READ_BY_OTHERS = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def instructions(name: str) -> list[str]:
    """Return the arguments of every Dockerfile instruction of this name, continued lines joined."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^{name} (.+)$", joined, flags=re.MULTILINE)


def commands() -> list[tuple[str, list[str]]]:
    """Return every command of ours in both files."""
    found = [("Dockerfile", json.loads(argument)) for argument in instructions("CMD")]
    found += [("Dockerfile", json.loads(health.split("CMD ", 1)[1])) for health in instructions("HEALTHCHECK")]
    for name in OURS:
        service = COMPOSE["services"][name]
        found.append((name, service["command"]))
        test = service["healthcheck"].get("test")
        if test:
            found.append((f"{name} health", test[1:] if test[0] == "CMD" else test[1].split()))
    return found


def environment_names() -> set[str]:
    names = set(re.findall(r"(\w+)=", " ".join(instructions("ENV"))))
    for name in OURS:
        names |= set(COMPOSE["services"][name]["environment"])
    return names


@pytest.mark.parametrize(("where", "command"), commands())
def test_every_program_module_and_file_of_a_command_exists(where, command):
    words = list(command)
    assert words.pop(0) in {"python", "celery"}
    if words[0] == "-I":
        words.pop(0)
    if words[0] == "-m":
        importlib.import_module(words[1])
    elif words[0].endswith(".py"):
        assert (ROOT / words[0]).is_file()
    if words[0] == "manage.py":
        load_command_class(get_commands()[words[1]], words[1])
    for word in words:
        if word.startswith("python:"):
            importlib.import_module(word.removeprefix("python:"))
        if re.fullmatch(r"[\w.]+:\w+", word) and not word.startswith("python:"):
            module, attribute = word.split(":")
            assert hasattr(importlib.import_module(module), attribute)
    if "-A" in words:
        assert hasattr(importlib.import_module(words[words.index("-A") + 1]), "celery_app")


def test_production_runs_the_same_commands_as_the_embedded_default():
    services = COMPOSE["services"]
    assert services["web"]["command"][1:] == processes.WEB_COMMAND
    assert services["beat"]["command"][1:] == processes.BEAT_COMMAND
    assert services["sftp"]["command"][1:] == processes.SFTP_COMMAND
    assert services["worker"]["command"][1:-2] == processes.WORKER_COMMAND
    assert json.loads(instructions("CMD")[0])[1:] == processes.WEB_COMMAND


@pytest.mark.parametrize("name", sorted(environment_names()))
def test_every_variable_is_read_by_somebody(name):
    assert name in READ_BY_OTHERS or f'"{name}"' in READ_BY_CODE or f"'{name}'" in READ_BY_CODE


def test_every_process_has_the_same_environment_and_waits_for_the_tables():
    services = COMPOSE["services"]
    for name in ("web", "worker", "beat", "sftp"):
        assert services[name]["environment"].items() >= services["migrate"]["environment"].items()
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_the_sftp_server_sees_the_landing_zones_and_nothing_else_of_the_portal():
    services = COMPOSE["services"]
    assert services["sftp"]["volumes"] == ["landing:/data/landing"]
    assert any(mount.startswith("/data:") for mount in services["sftp"]["tmpfs"])
    for name in ("web", "worker", "beat"):
        assert "landing:/data/landing" in services[name]["volumes"]
    assert "/data/landing" in " ".join(instructions("RUN"))  # made by its user, so that the volume is theirs


def test_secrets_have_no_default():
    text = (ROOT / "docker-compose.yml").read_text()
    for name in ("SECRET_KEY", "ALLOWED_HOSTS", "PORTAL_BASE_URL", "POSTGRES_PASSWORD", "EMAIL_URL"):
        uses = re.findall(rf"\$\{{{name}\b([^}}]*)", text)
        assert uses
        assert all(use.startswith(":?") for use in uses)


def test_every_volume_and_dependency_is_defined():
    for name, service in COMPOSE["services"].items():
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"], name
        for dependency, condition in service.get("depends_on", {}).items():
            needed = COMPOSE["services"][dependency]
            assert condition["condition"] != "service_healthy" or "test" in needed["healthcheck"]


def test_every_copied_path_exists_and_the_image_does_not_run_as_root():
    for arguments in instructions("COPY"):
        words = [word for word in arguments.split() if not word.startswith("--")]
        if "--from=build" not in arguments:
            assert all((ROOT / source).exists() for source in words[:-1])
    for folder in re.search(r"compileall -q (.+)", " ".join(instructions("RUN"))).group(1).split():
        assert (ROOT / folder / "__init__.py").is_file()
    assert instructions("USER") == ["portal"]


def test_the_image_leaves_out_what_it_must_not_carry():
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {"var", ".venv", ".git", "tests"} <= set(ignored)

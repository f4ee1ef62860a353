"""The commands of the README and of the automatic check exist."""

import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("target", ["install", "run", "test", "lint", "bench", "e2e", "lock"])
def test_make_knows_the_target_and_every_script_it_calls(target):
    plan = subprocess.run(["make", "-n", "-B", target], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for script in re.findall(r"scripts/\w+\.sh", plan):
        assert (ROOT / script).stat().st_mode & 0o100
    for module in re.findall(r"-m (scripts\.\w+)", plan):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file()


def test_the_automatic_check_is_make_test():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o100
    assert script.read_text().rstrip().endswith("exec make test")


@pytest.mark.parametrize("script", sorted(str(path.relative_to(ROOT)) for path in (ROOT / "scripts").glob("*.sh")))
def test_shell_scripts_are_sound(script):
    subprocess.run(["sh", "-n", script], cwd=ROOT, check=True)


def test_locked_packages_carry_hashes_and_no_address():
    for name in ("bootstrap", "prod", "dev"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        assert "://" not in text
        pins = re.findall(r"^[A-Za-z0-9_.\[\]-]+==", text, flags=re.MULTILINE)
        assert 0 < len(pins) <= text.count("--hash=sha256:")

"""What is vendored is what was copied, has its licence, and comes without references to what is not there."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.no_database

ROOT = Path(settings.BASE_DIR)
VENDOR = ROOT / "static/vendor"


def sums() -> dict[str, str]:
    lines = (VENDOR / "SHA256SUMS").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def test_every_vendored_file_is_listed_with_its_hash_and_nothing_else_lies_there():
    files = {str(path.relative_to(VENDOR)): path for path in VENDOR.rglob("*") if path.is_file() and path.name != "SHA256SUMS"}
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()} == sums()


def test_every_package_has_its_licence_and_the_version_of_package_json():
    wanted = json.loads((ROOT / "frontend/package.json").read_text())["dependencies"]
    folders = {folder.name for folder in VENDOR.iterdir() if folder.is_dir()}
    assert folders == {f"{name.rpartition('variable/')[2]}-{version}" for name, version in wanted.items()}
    assert all((VENDOR / folder / "LICENSE").is_file() for folder in folders)


def test_no_vendored_file_refers_to_a_source_map():
    texts = [path for path in VENDOR.rglob("*") if path.suffix in {".css", ".js"}]
    assert texts
    assert [path.name for path in texts if "sourceMappingURL" in path.read_text()] == []


def test_our_style_sheets_refer_only_to_files_that_exist_and_to_colours_that_are_defined():
    sheets = {path: path.read_text() for path in (ROOT / "static/css").glob("*.css")}
    for path, text in sheets.items():
        for target in re.findall(r'url\("([^")]+)"\)', text):
            assert (path.parent / target).resolve().is_file(), f"{path.name}: {target}"
    everything = "".join(sheets.values())
    used = {name for name in re.findall(r"var\((--[a-z0-9-]+)", everything) if not name.startswith("--bs-")}
    defined = set(re.findall(r"(--[a-z0-9-]+)\s*:", everything))
    assert used - defined == set()

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
FOLDERS = {"dependencies": VENDOR, "devDependencies": ROOT / "tests/vendor"}
each_folder = pytest.mark.parametrize("kind", FOLDERS)


@each_folder
def test_every_vendored_file_is_listed_with_its_hash_and_nothing_else_lies_there(kind):
    folder = FOLDERS[kind]
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file() and path.name != "SHA256SUMS"}
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()} == sums


@each_folder
def test_every_package_has_its_licence_and_the_version_of_package_json(kind):
    wanted = json.loads((ROOT / "frontend/package.json").read_text())[kind]
    packages = {path for path in FOLDERS[kind].iterdir() if path.is_dir()}
    assert {path.name for path in packages} == {f"{name.rpartition('variable/')[2]}-{version}" for name, version in wanted.items()}
    assert all((path / "LICENSE").is_file() for path in packages)


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

"""A small synthetic district on two days, and a way to call commands as the shell does."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import District
from accounts.services.create_district import create_district
from imports.models import ImportApp
from imports.services.activate_app import activate_app
from synthetic import write_district

STUDENTS = 40


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, and the status it ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON document and nothing else."""
        return json.loads(self.out)


@pytest.fixture
def run() -> Callable[..., Answer]:
    """Call a command; a CommandError is left to the test."""

    def call(name: str, *args: Any, **options: Any) -> Answer:
        out, err, code = StringIO(), StringIO(), 0
        try:
            call_command(name, *map(str, args), stdout=out, stderr=err, **options)
        except SystemExit as end:
            code = int(end.code or 0)
        return Answer(code, out.getvalue(), err.getvalue())

    return call


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the district's files, day by day; never to be changed."""
    folder = tmp_path_factory.mktemp("district")
    for day in (0, 1):
        write_district(folder / f"day-{day}", students=STUDENTS, seed=3, day=day)
    return folder


@pytest.fixture
def files(written: Path, tmp_path: Path) -> Path:
    """A copy of the first day's CSV files, to be spoiled."""
    folder = tmp_path / "delivery"
    folder.mkdir()
    for path in (written / "day-0").glob("*.csv"):
        shutil.copy(path, folder)
    return folder


@pytest.fixture
def district(db: None, data_dir: Path) -> District:
    """A district without an app."""
    return create_district(slug="demo", name="Demo District", admin_email="owner@demo.example", password="pw")[0]


@pytest.fixture
def app(district: District) -> ImportApp:
    """CSV Upload with its defaults."""
    return activate_app(district=district, kind=ImportApp.Kind.CSV_UPLOAD, by=None)


@pytest.fixture
def imported(district: District, written: Path, run: Callable[..., Answer]) -> Answer:
    """The first day, imported."""
    answer = run("import_roster", "demo", written / "day-0", "--auto-map-schools", "--json")
    assert answer.code == 0, answer.err
    return answer

"""Districts made once for all tests of this folder."""

import pytest

from tests.unit.synthetic.districts import Read, make

STUDENTS, SEED = 3_000, 7


@pytest.fixture(scope="session")
def district(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Day 0."""
    return make(tmp_path_factory.mktemp("day0"), students=STUDENTS, seed=SEED)


@pytest.fixture(scope="session")
def days(tmp_path_factory: pytest.TempPathFactory, district: Read) -> list[Read]:
    """Days 0 to 5."""
    later = [make(tmp_path_factory.mktemp(f"day{day}"), students=STUDENTS, seed=SEED, day=day) for day in range(1, 6)]
    return [district, *later]


@pytest.fixture(scope="session", params=[0, 5], ids=["first day", "fifth day"])
def any_day(request: pytest.FixtureRequest, days: list[Read]) -> Read:
    """What must hold on every day."""
    return days[request.param]

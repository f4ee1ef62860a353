"""Any sequence of partial deliveries from a district that goes on living ends where one whole delivery would have led.

It holds where every file is sent once at the end, each after the files it refers to; sent in any order, once round for every link of the longest chain
of references. What a delivery refers to before it is live is left out until its own file comes again; no file that was not sent is read again.
"""

import copy
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formats.oneroster.tables import TABLES
from imports.config import ImportConfig
from tests.property.law import (
    assert_email_is_unique,
    assert_every_loss_is_explained,
    assert_live_follows,
    assert_schools_add_up,
    assert_sums_close,
)  # fmt: skip
from tests.property.worlds import Days, days, whole
from tests.unit.steps.kit import District, MemoryLive, Ran, person, run

pytestmark = pytest.mark.no_database
IN_ORDER = ("orgs", "academicSessions", "courses", "users", "demographics", "classes", "enrollments")
ROUNDS = 4  # an enrollment refers to a class, which refers to a course, which refers to a session
CONFIG = ImportConfig(all_missing_as_new=True)
HEADERS = {"demographics": ["sourcedId", "metadata.lunch"]}


def _checked(files: District, live: MemoryLive, config: ImportConfig = CONFIG, modes: dict[str, str] | None = None) -> Ran:
    before = copy.deepcopy(live.records)
    ran = run(files, config=config, live=live, modes=modes, earlier=HEADERS)
    assert_sums_close(ran.result.counts, ran.rows, ran.lines, before, live.records)
    assert_every_loss_is_explained(ran.rows, ran.findings)
    assert_live_follows(ran.rows, before, live.records, modes or {}, set(ran.lines))
    assert_schools_add_up(ran.result.counts, ran.result.by_school)
    assert_email_is_unique(live.records)
    return ran


@given(days(deltas=False), st.sets(st.sampled_from(tuple(TABLES)), min_size=1), st.sets(st.sampled_from(tuple(TABLES))))
@settings(max_examples=5)
def test_any_files_of_a_faulty_district_obey_the_law(day: Days, sent: set[str], deltas: set[str]) -> None:
    live = MemoryLive()
    run(day.first, config=day.config, live=live)
    files, modes = {file: day.second[file] for file in TABLES if file in sent}, dict.fromkeys(sent & deltas, "delta")
    _checked(files, live, day.config, modes)
    again = _checked(files, live, day.config, modes)
    for record_type, count in again.result.counts.items():
        assert (count["created"], count["updated"], count["deleted"]) == (0, 0, 0), f"{record_type} changes though the files are the same"


# --- a district that goes on living --------------------------------------------------------------------------------------


def _without(files: District, file: str, key: str) -> None:
    files[file] = [row for row in files[file] if row["sourcedId"] != key]


def _leave(files: District, number: int) -> None:
    """A student leaves, with all that is of them."""
    students = [row["sourcedId"] for row in files["users"] if row["role"] == "student"]
    if len(students) > 1:
        key = students[number % len(students)]
        for file in ("users", "demographics"):
            _without(files, file, key)
        files["enrollments"] = [row for row in files["enrollments"] if row["userSourcedId"] != key]


def _come(files: District, number: int) -> None:
    """A student comes into a class of theirs."""
    key = f"N{number}"
    if key not in {row["sourcedId"] for row in files["users"]}:
        files["users"].append({**person(key, "student"), "identifier": key})
        files["demographics"].append({"sourcedId": key, "birthDate": "2015-05-05", "sex": "female", "metadata.lunch": "paid"})
        base = files["enrollments"][0]
        files["enrollments"].append({**base, "sourcedId": f"EN{number}", "userSourcedId": key, "role": "student", "primary": "false"})


def _teach(files: District, number: int) -> None:
    """A new class of a new course in a new session."""
    if f"CN{number}" not in {row["sourcedId"] for row in files["classes"]}:
        files["academicSessions"].append({**files["academicSessions"][1], "sourcedId": f"TN{number}", "title": f"Term {number}"})
        files["courses"].append({**files["courses"][0], "sourcedId": f"KN{number}", "schoolYearSourcedId": f"TN{number}"})
        new = {"sourcedId": f"CN{number}", "courseSourcedId": f"KN{number}", "termSourcedIds": f"TN{number}"}
        files["classes"].append({**files["classes"][0], **new})
        files["enrollments"].append({**files["enrollments"][2], "sourcedId": f"ET{number}", "classSourcedId": f"CN{number}"})


def _close(files: District, number: int) -> None:
    """A class ends, and its course where nobody else has it."""
    if len(files["classes"]) > 1:
        row = files["classes"][number % len(files["classes"])]
        _without(files, "classes", row["sourcedId"])
        files["enrollments"] = [one for one in files["enrollments"] if one["classSourcedId"] != row["sourcedId"]]
        if row["courseSourcedId"] not in {one["courseSourcedId"] for one in files["classes"]}:
            _without(files, "courses", row["courseSourcedId"])


def _open(files: District, number: int) -> None:
    """A school opens, and somebody moves there."""
    key = f"ON{number}"
    if key not in {row["sourcedId"] for row in files["orgs"]}:
        files["orgs"].append({**files["orgs"][1], "sourcedId": key, "name": f"School {number}", "identifier": key})
    files["users"][number % len(files["users"])]["orgSourcedIds"] = key


def _describe(files: District, number: int) -> None:
    row = files["demographics"][number % len(files["demographics"])] if files["demographics"] else {}
    row |= {"sex": ("male", "female", "")[number % 3], "metadata.lunch": ("free", "")[number % 2]} if row else {}


def _forget(files: District, number: int) -> None:
    if files["demographics"]:
        files["demographics"].pop(number % len(files["demographics"]))


def _rename(files: District, number: int) -> None:
    files["users"][number % len(files["users"])]["givenName"] = f"Name{number}"
    files["classes"][number % len(files["classes"])]["title"] = f"Title {number}"


CHANGES: tuple[Callable[[District, int], None], ...] = (_leave, _come, _teach, _close, _open, _describe, _forget, _rename)
STEPS = st.lists(
    st.tuples(st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 9)), max_size=3), st.sets(st.sampled_from(IN_ORDER))), max_size=5
)


def _live_through(steps: list, live: MemoryLive) -> District:
    """Deliver a part of the files after every change; returns the district as it is in the end."""
    state = whole()
    _checked(state, live)
    for changes, sent in steps:
        for change, number in changes:
            change(state, number)
        if sent:
            _checked({file: copy.deepcopy(state[file]) for file in TABLES if file in sent}, live)
    return state


def _whole_delivery(state: District) -> MemoryLive:
    live = MemoryLive()
    _checked(whole(), live)
    _checked(state, live)
    return live


def _records(live: MemoryLive) -> dict:
    return {kind: held for kind, held in live.records.items()}


@given(STEPS, st.lists(st.integers(0, 2), min_size=7, max_size=7))
@settings(max_examples=3)
def test_every_file_once_in_order_ends_like_one_whole_delivery(steps: list, cuts: list[int]) -> None:
    live = MemoryLive()
    state = _live_through(steps, live)
    batch: list[str] = []
    for file, cut in zip(IN_ORDER, cuts, strict=True):  # some of them together, as they come
        batch.append(file)
        if cut or file == IN_ORDER[-1]:
            _checked({name: state[name] for name in TABLES if name in batch}, live)
            batch = []
    assert _records(live) == _records(_whole_delivery(state))


@given(STEPS, st.permutations(IN_ORDER))
@settings(max_examples=2)
def test_in_any_order_it_takes_a_round_for_every_link(steps: list, order: list[str]) -> None:
    live = MemoryLive()
    state = _live_through(steps, live)
    for _ in range(ROUNDS):
        for file in order:
            run({file: state[file]}, config=CONFIG, live=live, earlier=HEADERS)
    assert _records(live) == _records(_whole_delivery(state))
    for file in order:
        ran = run({file: state[file]}, config=CONFIG, live=live, earlier=HEADERS)
        assert not any(count[name] for count in ran.result.counts.values() for name in ("created", "updated", "deleted"))

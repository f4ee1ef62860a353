"""What changes, by cause and field, against a recount by hand."""

import json
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imports.steps.causes import MANY, MOST_CAUSES, TypeCauses, find_causes, is_promotion, rank_causes
from imports.steps.difference import BULK, TypeChange, difference, empty_frame
from records.attributes import RecordType, live_columns
from records.changed import PROMOTED, REGRADED, REWRITTEN, all_names_in, names_in, written
from records.fingerprints import fingerprint
from records.frames import LiveKeys
from records.outcomes import Fate
from records.text import TEXT

STUDENT = RecordType.STUDENT
Record = dict[str, str]
OWN = ("lunch", "a,b")  # a district's own attributes; a name may hold a comma


def frame_of(records: list[Record], kind: RecordType = STUDENT) -> pd.DataFrame:
    names = [*live_columns(kind), *OWN]
    texts = {name: pd.Series([one.get(name, "") for one in records], dtype=TEXT) for name in names}
    count = len(records)
    numbers = {
        "_line": np.arange(2, count + 2, dtype=np.int64), "_fate": np.zeros(count, dtype=np.uint8), "_reason": np.zeros(count, dtype=np.int16)
    }  # fmt: skip
    return pd.DataFrame({**texts, **numbers})


def live_of(records: list[Record], kind: RecordType = STUDENT) -> pd.DataFrame:
    """Live values, their extra attributes as PostgreSQL writes them: in another order and with other blanks than an import does."""
    columns = {name: pd.Series([one.get(name, "") for one in records], dtype=TEXT) for name in live_columns(kind)}
    extras = [{name: one[name] for name in reversed(OWN) if one.get(name)} for one in records]
    return pd.DataFrame(columns).assign(
        extra=pd.Series([json.dumps(one, separators=(", ", ":  ")) if one else "" for one in extras], dtype=TEXT)
    )


def explain(before: list[Record], after: list[Record], kind: RecordType = STUDENT) -> tuple[TypeChange, TypeCauses]:
    rows = frame_of(before, kind)
    same = difference(kind, rows, LiveKeys(pa.chunked_array([pa.array([], pa.large_string())]), np.empty(0, dtype=np.int64)), BULK)
    keys = LiveKeys(pa.chunked_array([pa.array([one["key"] for one in before], pa.large_string())]), same.fingerprints)
    change = difference(kind, frame_of(after, kind), keys, BULK)
    live = live_of(before, kind)
    updated = change.frame["key"][change.frame["_fate"].to_numpy() == Fate.UPDATED]
    leavers = pd.concat([change.deleted.assign(outcome="deleted"), change.kept.assign(outcome="kept")], ignore_index=True)
    leavers = leavers.merge(live, on="key") if len(leavers) else leavers
    return change, find_causes(change, live[live["key"].isin(updated)].iloc[::-1] if len(updated) else None, leavers)


def count(told: TypeCauses, cause: str, attribute: str = "", school: str = "") -> tuple[int, int] | None:
    found = [one for one in told.causes if (one["cause"], one["attribute"], one["school"]) == (cause, attribute, school)]
    assert len(found) < 2
    return (found[0]["count"], found[0]["of"]) if found else None


def student(key: str, **values: str) -> Record:
    return {"key": key, "first_name": "Ana", "last_name": "Lopez", "grades": "03", "primary_school": "S1", **values}


WHERE = st.sampled_from(["S1", "S2", "S3", ""])
RECORD = st.fixed_dictionaries(
    {
        "first_name": st.sampled_from(["Ana", "Zoë", ""]), "grades": st.sampled_from(["KG", "01", "02", "01,02", "02,03", ""]),
        "primary_school": WHERE, "lunch": st.sampled_from(["", "free", 'pa"id\\']), "a,b": st.sampled_from(["", "x"]),
    }
)  # fmt: skip
ROSTER = st.dictionaries(st.integers(0, 14).map(lambda number: f"K{number}"), RECORD, max_size=12)


def naive(before: dict[str, Record], after: dict[str, Record]) -> tuple[Counter[tuple[str, ...]], dict[str, set[str]]]:
    """Cause -> records, and what differs in each updated record, one record at a time."""
    causes: Counter[tuple[str, ...]] = Counter()
    differs: dict[str, set[str]] = {}
    for key in before.keys() & after.keys():
        old, new = before[key], after[key]
        names = {name for name in (*old, *new) if old.get(name, "") != new.get(name, "")}
        if not names:
            continue
        differs[key] = set(names)
        for name in names - {"grades"}:
            causes["changed", name, ""] += 1
        if "grades" in names:
            mark = PROMOTED if is_promotion(old["grades"], new["grades"]) else REGRADED
            differs[key].add(mark)
            causes[mark[1:], "grades", ""] += 1
    gone, new_keys = before.keys() - after.keys(), after.keys() - before.keys()
    causes["absent", "", ""] += len(gone)
    causes["new", "", ""] += len(new_keys)
    there = Counter(one["primary_school"] for one in before.values())
    lost = Counter(before[key]["primary_school"] for key in gone)
    for school, number in lost.items():
        if school and number == there[school] and number >= 2:
            causes["whole-school", "", school] += number
    for school, number in Counter(after[key]["primary_school"] for key in new_keys).items():
        if school and number >= MANY and number >= 0.25 * there[school]:
            causes["new-at-school", "", school] += number
    return +causes, differs


@settings(max_examples=80, deadline=None)
@given(ROSTER, ROSTER)
def test_every_count_is_what_a_recount_by_hand_gives(before: dict[str, Record], after: dict[str, Record]) -> None:
    change, told = explain([{"key": key, **one} for key, one in before.items()], [{"key": key, **one} for key, one in after.items()])
    expected, differs = naive(before, after)
    assert {(one["cause"], one["attribute"], one["school"]): one["count"] for one in told.causes} == dict(expected)
    assert {one["of"] for one in told.causes if one["outcome"] == "updated"} <= {len(differs)}
    updated = change.frame["key"][change.frame["_fate"].to_numpy() == Fate.UPDATED].to_list()
    found = dict(zip(updated, told.changed.to_pylist(), strict=True))
    assert {key: {*names_in(text), *(part for part in text.split(",") if part.startswith("@"))} for key, text in found.items()} == differs


@pytest.mark.parametrize(
    ("before", "after", "is_next"),
    [
        ("KG", "01", True), ("03", "04", True), ("12", "13", True), ("PK", "KG", True), ("PK", "TK", True), ("03,04", "04,05", True),
        ("03", "03", False), ("03", "05", False), ("04", "03", False), ("03", "", False), ("", "03", False), ("03", "03,04", False),
        ("03,04", "04", False), ("12", "UG", False), ("09", "9", False), ("odd", "odder", False),
    ],
)  # fmt: skip
def test_a_promotion_is_a_move_to_the_next_grade(before: str, after: str, is_next: bool) -> None:
    assert is_promotion(before, after) is is_next


def test_promotions_stand_apart_from_other_changes_of_grade() -> None:
    before = [student(f"K{number}") for number in range(5)]
    after = [
        student("K0", grades="04"),
        student("K1", grades="04", email="x"),
        student("K2", grades="07"),
        student("K3"),
        student("K4", email="y"),
    ]
    _, told = explain(before, after)
    assert count(told, "promoted", "grades") == (2, 4)
    assert count(told, "regraded", "grades") == (1, 4)
    assert count(told, "changed", "email") == (2, 4)
    assert count(told, "changed", "grades") is None


def test_a_school_is_named_only_when_all_of_its_records_go() -> None:
    before = [student(f"A{number}", primary_school="S1") for number in range(4)] + [
        student(f"B{number}", primary_school="S2") for number in range(4)
    ]
    _, told = explain(before, [student("B0", primary_school="S2")])
    assert count(told, "whole-school", school="S1") == (4, 4)
    assert count(told, "whole-school", school="S2") is None
    assert count(told, "absent") == (7, 7)


def test_a_school_that_a_student_left_for_another_has_not_lost_all() -> None:
    before = [student(f"A{number}", primary_school="S1") for number in range(3)]
    _, told = explain(before, [student("A0", primary_school="S2")])
    assert count(told, "whole-school", school="S1") is None


def test_what_is_stored_anew_without_a_difference_is_said() -> None:
    rows = frame_of([student("K1")])
    keys = LiveKeys(pa.chunked_array([pa.array(["K1"], pa.large_string())]), np.array([1], dtype=np.int64))
    change = difference(STUDENT, rows, keys, BULK)
    told = find_causes(change, live_of([student("K1")]), pd.DataFrame())
    assert count(told, "rewritten") == (1, 1)
    assert told.changed.to_pylist() == [REWRITTEN]


def test_of_another_type_grades_are_a_field_like_any_other() -> None:
    _, told = explain([{"key": "C", "grades": "03"}], [{"key": "C", "grades": "04"}], RecordType.CLASS)
    assert count(told, "changed", "grades") == (1, 1)


def test_nothing_has_no_causes() -> None:
    change = TypeChange(STUDENT, empty_frame(STUDENT), np.empty(0, np.int64), pd.Series([], dtype=TEXT), pd.DataFrame(), pd.DataFrame(), 0)
    told = find_causes(change, None, pd.DataFrame())
    assert (told.causes, len(told.changed)) == ([], 0)


def test_the_largest_stand_first_and_the_list_has_an_end() -> None:
    def cause(number: int, outcome: str = "updated") -> dict[str, Any]:
        return {
            "record_type": "student",
            "outcome": outcome,
            "cause": "changed",
            "attribute": "",
            "school": "",
            "count": number,
            "of": number,
        }

    ranked = rank_causes([*map(cause, range(1, 400)), cause(399, "deleted")])
    assert len(ranked) == MOST_CAUSES
    assert [one["outcome"] for one in ranked[:2]] == ["deleted", "updated"]
    assert [one["count"] for one in ranked] == sorted((one["count"] for one in ranked), reverse=True)


@given(st.lists(st.text(min_size=1), max_size=4, unique=True))
def test_whatever_a_name_holds_it_is_read_as_it_was_written(names: list[str]) -> None:
    text = ",".join([*map(written, names), PROMOTED])
    assert names_in(text) == names
    assert all_names_in([text, None, text]) == names


def test_fingerprints_of_the_kit_are_those_of_the_difference() -> None:
    """The tests above stand on it: equal records are unchanged."""
    one = student("K", lunch="free")
    change, told = explain([one], [one])
    assert told.causes == []
    assert change.frame["_fate"].tolist() == [Fate.UNCHANGED]
    assert len(fingerprint([frame_of([one])["key"]])) == 1

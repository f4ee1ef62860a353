"""Id churn: who is taken for the same person under another id, and who never is."""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imports.steps.churn import CHURN_COLUMNS, find_churn, no_churn, pair_up, write_churn
from imports.steps.difference import TypeChange
from records.artifact_paths import churn_path
from records.attributes import RecordType, live_columns
from records.outcomes import Fate
from records.text import TEXT

STUDENT = RecordType.STUDENT
Record = dict[str, str]


def frame(records: list[Record], kind: RecordType = STUDENT) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series([one.get(name, "") for one in records], dtype=TEXT) for name in (*live_columns(kind), "extra")})


def pairs(old: list[Record], new: list[Record], kind: RecordType = STUDENT) -> set[tuple[str, str, str]]:
    found = pair_up(kind, frame(old, kind), frame(new, kind))
    assert list(found.columns) == list(CHURN_COLUMNS)
    return set(zip(found["old_key"], found["new_key"], found["evidence"], strict=True))


def ana(key: str, **values: str) -> Record:
    return {"key": key, "first_name": "Ana", "last_name": "Lopez", "birth_date": "2014-03-02", "primary_school": "S1", **values}


def test_name_and_birth_date_are_evidence_whatever_the_case() -> None:
    assert pairs([ana("A")], [ana("B", first_name=" ANA", last_name="lopez")]) == {("A", "B", "name_birth_date")}


@pytest.mark.parametrize("name", ["email", "username", "identifier"])
def test_one_piece_of_evidence_is_enough(name: str) -> None:
    assert pairs([ana("A", birth_date="", **{name: "x@Y"})], [ana("B", birth_date="", last_name="Weber", **{name: "X@y"})]) == {
        ("A", "B", name)
    }


def test_the_state_id_that_a_district_has_of_its_own_is_evidence() -> None:
    one, other = ana("A", birth_date="", extra='{"state_id": "77"}'), ana("B", birth_date="", extra='{"lunch":"free", "state_id":"77"}')
    assert pairs([one], [other]) == {("A", "B", "state_id")}


def test_all_evidence_is_told() -> None:
    same = {"email": "a@x", "username": "ana", "identifier": "9"}
    assert pairs([ana("A", **same)], [ana("B", **same)]) == {("A", "B", "identifier,email,username,name_birth_date")}


def test_nothing_in_common_but_missing_values_is_no_evidence() -> None:
    assert pairs([{"key": "A"}], [{"key": "B"}]) == set()


def test_the_name_alone_is_not_enough() -> None:
    assert pairs([ana("A", birth_date="")], [ana("B", birth_date="")]) == set()


def test_two_of_the_same_name_and_birth_date_are_never_paired() -> None:
    assert pairs([ana("A"), ana("A2")], [ana("B")]) == set()
    assert pairs([ana("A")], [ana("B"), ana("B2")]) == set()


def test_better_evidence_tells_twins_of_one_name_apart() -> None:
    assert pairs([ana("A", email="1@x"), ana("A2", email="2@x")], [ana("B", email="2@x")]) == {("A2", "B", "email")}


def test_evidence_that_points_to_two_people_pairs_neither() -> None:
    old = [ana("A", email="a@x")]
    new = [ana("B"), ana("C", email="a@x", birth_date="")]
    assert pairs(old, new) == set()


def test_an_address_that_went_to_somebody_else_is_no_evidence() -> None:
    assert pairs([ana("A", email="alopez@x")], [ana("B", email="alopez@x", birth_date="2015-01-01")]) == set()
    assert pairs([ana("A", email="alopez@x")], [ana("B", email="alopez@x", birth_date="", first_name="Al", last_name="Opez")]) == set()


def test_other_state_ids_are_other_people() -> None:
    assert pairs([ana("A", extra='{"state_id": "1"}')], [ana("B", extra='{"state_id": "2"}')]) == set()


def test_a_class_is_the_same_by_school_code_name_and_term() -> None:
    one = {"key": "C", "school_id": "S1", "class_code": "ALG", "class_name": "Algebra", "term_ids": "T1"}
    assert pairs([one], [{**one, "key": "D"}], RecordType.CLASS) == {("C", "D", "class")}
    for name in ("school_id", "class_code", "class_name", "term_ids"):
        assert pairs([one], [{**one, "key": "D", name: "other"}], RecordType.CLASS) == set()
    assert pairs([{**one, "class_name": ""}], [{**one, "key": "D", "class_name": ""}], RecordType.CLASS) == set()


VALUE = st.sampled_from(["", "1", "2", "3"])
PERSON = st.fixed_dictionaries(
    {"first_name": st.sampled_from(["Ana", "Zoë"]), "last_name": st.sampled_from(["Lopez", "Weber"]), "birth_date": VALUE, "email": VALUE,
     "username": VALUE, "identifier": VALUE}
)  # fmt: skip


def naive(old: list[Record], new: list[Record]) -> set[tuple[str, str]]:
    """Every deleted against every created record, one by one."""

    def evidence(one: Record) -> dict[str, object]:
        whole = (one["last_name"], one["first_name"], one["birth_date"])
        return {**{name: one[name] for name in ("identifier", "email", "username")}, "name_birth_date": whole if all(whole) else ""}

    def contradicts(kind: str, a: Record, b: Record) -> bool:
        born = bool(a["birth_date"] and b["birth_date"]) and a["birth_date"] != b["birth_date"]
        named = a["first_name"] != b["first_name"] and a["last_name"] != b["last_name"]
        return (born or named) if kind in {"email", "username"} else (born and named)

    found = set()
    for kind in ("identifier", "email", "username", "name_birth_date"):
        for a in old:
            value = evidence(a)[kind]
            alone = all(sum(evidence(one)[kind] == value for one in side) == 1 for side in (old, new))
            if value and alone:
                b = next(one for one in new if evidence(one)[kind] == value)
                if not contradicts(kind, a, b):
                    found.add((a["key"], b["key"]))
    return {(a, b) for a, b in found if sum(x == a for x, _ in found) == 1 and sum(y == b for _, y in found) == 1}


@settings(max_examples=100, deadline=None)
@given(st.lists(PERSON, max_size=6), st.lists(PERSON, max_size=6))
def test_the_pairs_are_those_of_a_search_by_hand_and_never_ambiguous(old: list[Record], new: list[Record]) -> None:
    old = [{**one, "key": f"A{number}"} for number, one in enumerate(old)]
    new = [{**one, "key": f"B{number}"} for number, one in enumerate(new)]
    found = [(a, b) for a, b, _ in pairs(old, new)]
    assert set(found) == naive(old, new)
    assert len({a for a, _ in found}) == len(found) == len({b for _, b in found})


def change(kind: RecordType, created: list[Record]) -> TypeChange:
    rows = frame(created, kind)
    fates = np.full(len(rows), Fate.CREATED, dtype=np.uint8)
    return TypeChange(
        kind,
        rows.drop(columns="extra").assign(_fate=fates),
        np.zeros(len(rows), np.int64),
        rows["extra"],
        pd.DataFrame(),
        pd.DataFrame(),
        0,
    )


def leavers(records: list[Record], code: str = "absent", outcome: str = "deleted", kind: RecordType = STUDENT) -> pd.DataFrame:
    return frame(records, kind).assign(outcome=outcome, code=code)


def test_only_those_who_are_deleted_for_want_of_a_row_are_looked_at() -> None:
    assert len(find_churn(change(STUDENT, [ana("B")]), leavers([ana("A")]))) == 1
    assert len(find_churn(change(STUDENT, [ana("B")]), leavers([ana("A")], code="deleted-in-delta"))) == 1
    for other in (leavers([ana("A")], code="filtered-out"), leavers([ana("A")], outcome="kept")):
        assert find_churn(change(STUDENT, [ana("B")]), other).empty
    assert find_churn(change(STUDENT, []), leavers([ana("A")])).empty
    course = {"key": "K", "title": "Algebra"}
    assert find_churn(change(RecordType.COURSE, [course]), leavers([course], kind=RecordType.COURSE)).empty


def test_pairs_are_written_and_counted_by_type(tmp_path: Path) -> None:
    some = pair_up(STUDENT, frame([ana("A")]), frame([ana("B", primary_school="S2")]))
    assert write_churn(tmp_path, [no_churn(), some]) == {"student": 1}
    assert pq.read_table(churn_path(tmp_path)).to_pylist() == [
        {"record_type": "student", "old_key": "A", "new_key": "B", "evidence": "name_birth_date", "old_name": "Ana Lopez", "new_name": "Ana Lopez",
         "old_school": "S1", "new_school": "S2"}
    ]  # fmt: skip


def test_without_pairs_nothing_is_written(tmp_path: Path) -> None:
    assert write_churn(tmp_path, [no_churn()]) == {}
    assert not churn_path(tmp_path).exists()


def test_a_whole_district_under_new_ids_is_paired_in_seconds() -> None:
    count = 100_000
    numbers = pd.Series(range(count)).astype(str)
    columns = {
        name: numbers.radd(name).astype(TEXT) for name in ("first_name", "last_name", "birth_date", "email", "username", "identifier")
    }
    blank = pd.Series([""] * count, dtype=TEXT)
    old = pd.DataFrame({**dict.fromkeys((*live_columns(STUDENT), "extra"), blank), **columns, "key": numbers.radd("A").astype(TEXT)})
    new = old.assign(key=numbers.radd("B").astype(TEXT)).iloc[::-1].reset_index(drop=True)
    started = time.perf_counter()
    found = pair_up(STUDENT, old, new)
    assert time.perf_counter() - started < 4  # 2 on a machine that does nothing else
    assert len(found) == count
    assert (found["old_key"].str[1:] == found["new_key"].str[1:]).all()

"""The index of a sync's artifacts by key: it finds what reading everything finds, and its hashes never change."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records import key_index
from records.artifact_paths import before_path, findings_path, rows_path
from records.attributes import RecordType
from records.key_index import BEFORE, CLASS, FINDINGS, PERSON, KeyIndex, hash_of, hash_texts, key_index_path, write_key_index

pytestmark = pytest.mark.no_database

ANY_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
FEW = st.sampled_from(["", "S1", "S2", "s1", "S1 ", "a/b", "é" * 255, "😀", "%00", "S" * 8, "S" * 9, "S" * 16])
TEXTS = st.lists(ANY_TEXT | FEW, max_size=30)
OUTCOMES = st.sampled_from(["created", "updated", "skipped", "deleted", "kept"])
ROWS = st.lists(st.tuples(OUTCOMES, ANY_TEXT | FEW, FEW, FEW), max_size=40)

PINNED = {
    "": 0, "ST-0001": 9999672126892141517, "ST-0002": 10785177029182490983, "é": 3396031842154887489, "12345678": 5187960395050965308,
    "123456789": 16636148035293216456,
}  # fmt: skip


def column(values: Sequence[str], kind: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(list(values), kind or pa.large_string())])


@given(TEXTS, st.integers(0, 5))
def test_a_column_hashes_as_its_texts_do_one_by_one(values: list[str], skipped: int) -> None:
    wanted = [hash_of(value) for value in values]
    assert hash_texts(column(values)).tolist() == wanted
    assert hash_texts(column(values, pa.string())).tolist() == wanted
    assert hash_texts(column(values).dictionary_encode()).tolist() == wanted
    assert hash_texts(column([*("x" * skipped), *values]).slice(skipped)).tolist() == wanted
    assert hash_texts(pa.chunked_array([part for value in values for part in column([value]).chunks], pa.large_string())).tolist() == wanted


def test_hashes_are_those_that_lie_in_storage() -> None:
    assert {text: int(hash_of(text)) for text in PINNED} == PINNED


def test_keys_that_are_alike_have_hashes_that_are_not() -> None:
    keys = [f"{prefix}{number}" for prefix in ("", "0", "00", "S-", "s-", "\0") for number in range(30_000)]
    hashes = hash_texts(column(keys))
    assert len(np.unique(hashes)) == len(set(keys))
    ones = [np.count_nonzero(hashes & np.uint64(1 << bit)) / len(hashes) for bit in range(64)]
    assert all(0.48 < share < 0.52 for share in ones)


def write(folder: Path, rows: Sequence[tuple[str, str, str, str]], findings: Sequence[tuple[str, str]] = (), group: int = 7) -> None:
    names = ("outcome", "key", "person_id", "class_id")
    table = pa.table({name: column([row[at] for row in rows], pa.string() if name == "outcome" else None) for at, name in enumerate(names)})
    for kind in (RecordType.STUDENT, RecordType.ENROLLMENT):
        pq.write_table(table, rows_path(folder, kind), row_group_size=group)
    pq.write_table(table.select(["key"]), before_path(folder, RecordType.STUDENT), row_group_size=group)
    pq.write_table(
        pa.table({"record_type": column([one for one, _ in findings]), "key": column([key for _, key in findings])}), findings_path(folder)
    )


def indexed(folder: Path) -> KeyIndex:
    write_key_index(folder)
    index = KeyIndex.open(key_index_path(folder))
    assert index is not None
    return index


@settings(max_examples=60, deadline=None)
@given(ROWS, st.lists(st.tuples(st.sampled_from(["student", "class", ""]), FEW), max_size=20))
def test_the_index_finds_what_reading_everything_finds(rows: list[tuple[str, str, str, str]], findings: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), rows, findings)
        index = indexed(Path(name))
        for wanted in {text for row in rows for text in row[1:]} | {"nobody", "S1"}:
            for at, found_by in ((1, "key"), (2, PERSON), (3, CLASS)):
                expected = [place for place, row in enumerate(rows) if row[at] == wanted]
                assert index.find(RecordType.ENROLLMENT, wanted, column=found_by).tolist() == expected
            by_key = [place for place, row in enumerate(rows) if row[1] == wanted]
            assert index.find(RecordType.STUDENT, wanted).tolist() == index.find(RecordType.STUDENT, wanted, part=BEFORE).tolist() == by_key
            told = [place for place, (kind, key) in enumerate(findings) if (kind, key) == ("student", wanted) and key]
            assert index.find(RecordType.STUDENT, wanted, part=FINDINGS).tolist() == told
            assert index.find(RecordType.TEACHER, wanted).tolist() == []
        assert [index.outcome(RecordType.STUDENT, at) for at in range(len(rows))] == [row[0] for row in rows]


def test_texts_that_share_a_hash_are_all_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = key_index._hash
    monkeypatch.setattr(key_index, "_hash", lambda *given: whole(*given) & np.uint64(1))
    hash_of.cache_clear()
    try:
        write(tmp_path, [("created", f"S{number}", "", "") for number in range(20)])
        index = indexed(tmp_path)
        places = [index.find(RecordType.STUDENT, f"S{number}").tolist() for number in range(20)]
        assert all(number in found for number, found in enumerate(places))
        assert max(map(len, places)) > 5
    finally:
        hash_of.cache_clear()


@pytest.mark.parametrize(
    "spoil",
    [lambda data: data[:-1], lambda data: data + b"\0", lambda data: b"RPKEYS99" + data[8:], lambda data: b"RP", lambda data: data[:30]],
)
def test_an_index_that_is_not_whole_or_of_another_version_is_not_used(tmp_path: Path, spoil: object) -> None:
    write(tmp_path, [("created", "S1", "", "")])
    indexed(tmp_path)
    path = key_index_path(tmp_path)
    path.write_bytes(spoil(path.read_bytes()))  # type: ignore[operator]
    assert KeyIndex.open(path) is None


def test_a_folder_without_rows_has_an_index_that_finds_nothing(tmp_path: Path) -> None:
    index = indexed(tmp_path)
    assert index.find(RecordType.STUDENT, "S1").tolist() == []
    assert index.find(RecordType.ENROLLMENT, "", column=CLASS).tolist() == []

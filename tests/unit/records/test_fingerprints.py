"""Fingerprints are part of what makes two syncs comparable: they must never change unseen."""

import pandas as pd
import pyarrow as pa
import pytest

from records import fingerprints
from records.fingerprints import fingerprint
from records.text import TEXT, to_series

pytestmark = pytest.mark.no_database
COLUMNS = [["Ana", "", "Zoë"], ["López", "", "x\ny"], ["00123", "", "日本"]]
GOLDEN = [-389908290964213054, 1721559230150970207, 3393679761947447263]


def _series(columns: list[list[str]]) -> list[pd.Series]:
    return [pd.Series(values, dtype=TEXT) for values in columns]


def test_the_values_are_pinned():
    assert fingerprints.VERSION == 1, "raise the version and pin the new values"
    assert fingerprint(_series(COLUMNS)).tolist() == GOLDEN


def test_chunks_make_no_difference():
    chunked = [to_series(pa.chunked_array([pa.array([value], pa.large_string()) for value in values])) for values in COLUMNS]
    assert fingerprint(chunked).tolist() == GOLDEN


def test_batches_make_no_difference(monkeypatch):
    monkeypatch.setattr(fingerprints, "_BATCH_ROWS", 2)
    assert fingerprint(_series(COLUMNS)).tolist() == GOLDEN


def test_a_value_that_moves_to_the_next_column_changes_it():
    assert len(set(fingerprint(_series([["a", "", "ab"], ["", "a", ""]])).tolist())) == 3

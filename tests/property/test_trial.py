"""What the wizard counts on a delivery is what the import of that delivery reports, for any faulty district under any configuration."""

import copy
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formats.oneroster.tables import TABLES
from formats.read import TextTable, read_csv
from imports.config import ImportConfig
from imports.trial.result import TrialResult
from imports.trial.texts import NEVER_READ, Texts
from imports.trial.trial import Trial
from records.outcomes import NOT_ACCEPTED
from tests.property.worlds import Days, days
from tests.unit.steps.kit import TODAY, District, MemoryLive, Ran, run, to_csv

pytestmark = pytest.mark.no_database

AFTER_COMPARING = {"zeros-lost"}  # codes that need the live roster's comparison


def texts_of(files: District, folder: Path) -> dict[str, TextTable]:
    """Every column of the files, as the trial keeps them."""
    texts = {}
    for file in [file for file in TABLES if file in files]:
        path = folder / f"{file}.csv"
        path.write_text(to_csv(file, files[file]), encoding="utf-8", newline="")
        text = read_csv(path, name=path.name, scratch=folder)
        texts[file] = replace(text, table=text.table.drop_columns([NEVER_READ])) if file == "users" else text
    return texts


def trial_of(files: District, live: Any, modes: dict[str, str], folder: Path) -> Trial:
    """A trial over the files, kept in the folder."""
    given_modes = {**dict.fromkeys(files, "bulk"), **modes}
    return Trial(
        texts=Texts(texts_of(files, folder), given_modes, ()), folder=folder / "kept", live=live, roster_version=1, today=TODAY,
        stops_for_schools=False, delivery_id=1, sync_id=1,
    )  # fmt: skip


def assert_counts_are_those_of(ran: Ran, counted: TrialResult) -> None:
    """The trial's counts and findings against those of the import."""
    for record_type, counts in counted.counts.items():
        whole = ran.counts(record_type)
        expected = {name: whole[name] for name in ("in_file", "reported", *(fate.word for fate in NOT_ACCEPTED))}
        expected["accepted"] = whole["created"] + whole["updated"] + whole["unchanged"]
        assert counts == expected, record_type
    told = {(one["code"], one["record_type"]): one["count"] for one in ran.result.findings if one["code"] not in AFTER_COMPARING}
    assert {(one.code, one.record_type): one.count for one in counted.rules} == told


@given(days())
@settings(max_examples=10)
def test_a_trial_counts_what_the_import_reports(day: Days) -> None:
    live = MemoryLive()
    run(day.first, config=day.config, live=live)
    with tempfile.TemporaryDirectory() as name:
        trial = trial_of(day.second, copy.deepcopy(live), day.modes, Path(name))
        counted = trial.run(day.config, {"rules": 1})
        assert counted == trial.run(day.config, {"rules": 1})  # as kept
        assert_counts_are_those_of(run(day.second, config=day.config, live=live, modes=day.modes), counted)


@given(days(deltas=False), days(deltas=False))
@settings(max_examples=4)
def test_what_is_kept_for_one_configuration_does_not_disturb_another(day: Days, other: Days) -> None:
    live = MemoryLive()
    with tempfile.TemporaryDirectory() as name:
        trial = trial_of(day.first, copy.deepcopy(live), {}, Path(name))
        for number, config in enumerate((day.config, other.config, day.config, ImportConfig(all_missing_as_new=True))):
            counted = trial.run(config, {"rules": number})
            assert_counts_are_those_of(run(day.first, config=config, live=MemoryLive()), counted)


@given(days(deltas=False), st.sets(st.sampled_from(tuple(TABLES)), min_size=1), st.sets(st.sampled_from(tuple(TABLES))))
@settings(max_examples=6)
def test_a_trial_of_a_partial_delivery_counts_what_the_import_reports(day: Days, sent: set[str], deltas: set[str]) -> None:
    live = MemoryLive()
    run(day.first, config=day.config, live=live)
    files, modes = {file: day.second[file] for file in TABLES if file in sent}, dict.fromkeys(sent & deltas, "delta")
    with tempfile.TemporaryDirectory() as name:
        counted = trial_of(files, copy.deepcopy(live), modes, Path(name)).run(day.config, {"rules": 1})
        assert_counts_are_those_of(run(files, config=day.config, live=live, modes=modes), counted)

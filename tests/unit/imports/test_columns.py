"""What is read out of the columns of a delivery, and how names and headers are written."""

import tempfile
from pathlib import Path

import pandas as pd
import pytest

from imports.trial.columns import MOST_TYPES, SAMPLE_LENGTH, column_facts
from imports.trial.trial import Trial
from imports.views.wizard.attributes_form import snake_case
from imports.views.wizard.attributes_tabs import breakable, place_of
from imports.views.wizard.attributes_uses import uses_of
from records.attributes import FILE_OF, RecordType
from records.text import TEXT
from records.values import user_id_of, user_id_types
from tests.property.test_trial import trial_of
from tests.unit.steps.kit import TODAY, District, MemoryLive, Raw, district, person, run

pytestmark = pytest.mark.no_database


def trial(files: District, folder: Path) -> Trial:
    return trial_of(files, MemoryLive(), {}, folder)


def test_rows_are_those_that_the_import_counts_unreadable_ones_included() -> None:
    files = district()
    files["users"] += [person("S3", "student"), person("X", "nonsense"), person("X1", "aide"), Raw('"S9,unclosed')]  # type: ignore[list-item]
    files["demographics"].append({"sourcedId": "S3", "sex": "male", "status": "tobedeleted"})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        facts = column_facts(trial(files, folder))
        ran = run(files, today=TODAY)
        assert {kind: facts[kind].rows for kind in RecordType} == {kind: ran.counts(kind)["in_file"] for kind in RecordType}
        assert facts["student"].columns["demographics.sex"].filled == 2  # an inactive row of demographics says nothing
        assert set(facts["school"].columns) == {text for text in facts["school"].columns if text.startswith(FILE_OF[RecordType.SCHOOL])}
        assert not any("password" in text or "_line" in text for one in facts.values() for text in one.columns)
        assert column_facts(trial(files, folder)) == facts  # as kept


def test_samples_are_different_short_and_on_one_line() -> None:
    files = district()
    files["orgs"] = [{**row, "identifier": value} for row, value in zip(files["orgs"], ("x", "a \t b " + "c" * 60, "a"), strict=True)]
    files["orgs"].append({**files["orgs"][-1], "sourcedId": "O3"})
    with tempfile.TemporaryDirectory() as name:
        facts = column_facts(trial(files, Path(name)))["school"].columns["orgs.identifier"]
    assert facts.filled == 3
    assert len(facts.samples) == 2
    assert facts.samples[0].startswith("a b ccc")
    assert len(facts.samples[0]) == SAMPLE_LENGTH


def test_types_of_user_ids_are_found_most_frequent_first_and_counted_as_they_are_picked() -> None:
    values = pd.Series(["{State:1},{local: 2 }", "{state:3}", "{:4}", "plain", "", "{Local:}", "{Local:5}{Local:6}"], dtype=TEXT)
    assert user_id_types(values) == {"local": 3, "State": 2}
    assert (user_id_of(values, "local") != "").sum() == 2  # one has the Type and no Id


def test_ids_in_the_place_of_types_do_not_flood_the_page() -> None:
    files = district()
    files["users"] = [person(f"S{number}", "student", userIds=f"{{{number}:State}}") for number in range(MOST_TYPES + 10)]
    with tempfile.TemporaryDirectory() as name:
        assert len(column_facts(trial(files, Path(name)))["student"].user_id_types()) == MOST_TYPES


@pytest.mark.parametrize(
    ("words", "name"),
    [("State ID", "state_id"), (" Langue à la maison! ", "langue_a_la_maison"), ("1st", "1st"), ("東京", ""), ("__x__", "x")],
)
def test_names_in_words_become_snake_case(words: str, name: str) -> None:
    assert snake_case(words) == name


@pytest.mark.parametrize(
    "text", ["users.userIds[State]", "nativeHawaiianOrOtherPacificIslander", "metadata.free / reduced--LUNCH", "UPPERCASEHEADERS"]
)
def test_a_long_header_breaks_without_losing_a_letter(text: str) -> None:
    assert "".join(breakable(text)) == text


def test_places_of_different_headers_differ() -> None:
    names = ["users.a b", "users.a-b", "users.a_b", "users.ab", "users.userIds[State]", "users.userIds"]
    assert len({place_of("student", name) for name in names}) == len(names)


@pytest.mark.parametrize(
    "broken", [None, [], "x", {"student": {"lunch": []}}, [{"record_type": "student", "conditions": [{"attribute": "lunch"}]}]]
)
def test_uses_are_named_in_documents_with_faults_too(broken: object) -> None:
    document = dict.fromkeys(("requirements", "filters", "uniqueness", "master_fields"), broken)
    assert all(isinstance(words, str) for words in uses_of(document, RecordType.STUDENT, "lunch"))

"""The small pure parts of the pages: changes, shares, the breakdown by school, sentences."""

import pytest

from imports.models import Delivery, Sync
from imports.states import HoldKind, State
from imports.views.by_school import school_table
from imports.views.changes import mark_change
from imports.views.thresholds import measures
from imports.views.words import Progress, count_words, describe

pytestmark = pytest.mark.no_database


def marked(before: str, after: str) -> tuple[str, str]:
    """Both values with the changed parts in brackets."""
    return tuple("".join(f"[{part.text}]" if part.is_changed else part.text for part in side) for side in mark_change(before, after))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("Ana", "Anna", ("[Ana]", "[Anna]")),
        ("ana@x.org", "anna@x.org", ("[ana]@x.org", "[anna]@x.org")),
        ("03,04", "03,05", ("03,[04]", "03,[05]")),
        ("03", "03,05", ("[03]", "[03,05]")),
        ("", "new", ("[]", "[new]")),
        ("old", "", ("[old]", "[]")),
        ("a" * 600, "b", (f"[{'a' * 600}]", "[b]")),
    ],
)
def test_the_changed_part_is_marked(before: str, after: str, expected: tuple[str, str]) -> None:
    assert marked(before, after) == expected


def test_parts_put_together_give_the_value() -> None:
    for value in ("O'Neil-Smith, Jr.", "múltiple  spaces", "a,b,,c", "line\nbreak"):
        old, new = mark_change(value, f"{value} x")
        assert "".join(part.text for part in old) == value
        assert "".join(part.text for part in new) == f"{value} x"


@pytest.mark.parametrize(("share", "is_over"), [(0.10, False), (0.1001, True)])
def test_just_at_the_limit_is_within_it(share: float, is_over: bool) -> None:
    found = measures({"all": {"deletion_share": share}}, {"student": {"deleted": 7}}, {"deletion_threshold": 10})
    deleted = next(measure for measure in found if measure.kind == "deleted")
    assert (deleted.is_over, deleted.count) == (is_over, 7)


def test_what_is_over_its_limit_stands_on_top_and_what_is_off_is_never_over() -> None:
    shares = {"all": {"update_share": 0.9, "deletion_share": 0.0}, "class": {"deletion_share": 0.5}}
    found = measures(shares, {}, {"update_threshold": None, "deletion_threshold": 10})
    assert [(measure.label, measure.kind) for measure in found] == [
        ("Classes", "deleted"),
        ("All records", "updated"),
        ("All records", "deleted"),
    ]


def test_the_breakdown_shows_the_largest_first_and_finds_others_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imports.views.by_school.MOST_SHOWN", 2)
    schools = [(str(number), f"School {number}", {"student": number}) for number in range(5)]
    table = school_table([*schools, ("", "", {"student": 2})])
    assert [line.name for line in table.lines] == ["School 4", "School 3"]
    assert (table.total, table.found) == (6, 6)
    assert [line.name for line in school_table(schools, search="SCHOOL 0").lines] == ["School 0"]
    assert "No school" in [line.name for line in school_table([("", "", {})]).lines]


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_a_sentence(state: State) -> None:
    for hold in ("", *HoldKind):
        sentence = describe(Sync(state=state, delivery=Delivery(), hold_kind=hold if state is State.HELD else ""), {})
        assert sentence[0].isupper()
        assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("left_out", "issues", "expected"),
    [
        (0, 0, "Imported 10 of 10 rows."),
        (1, 0, "Imported 9 of 10 rows; 1 was left out."),
        (2, 1, "Imported 8 of 10 rows; 2 were left out, 1 needs attention."),
        (0, 4, "Imported 10 of 10 rows; 4 need attention."),
    ],
)
def test_the_sentence_of_a_completed_sync(left_out: int, issues: int, expected: str) -> None:
    counts = {"student": {"in_file": 10, "created": 10 - left_out, "skipped": left_out}}
    assert describe(Sync(state=State.COMPLETED_WITH_ISSUES, issue_count=issues), counts) == expected


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, ""), (0, "about 1 second"), (59, "about 59 seconds"), (60, "about 1 minute"), (150, "about 2 minutes")]
)
def test_the_time_left_in_words(seconds: int | None, words: str) -> None:
    assert Progress("", 0, 0, None, None, seconds).time_left == words


def test_numbers_with_their_nouns() -> None:
    assert [count_words(1, "row"), count_words(4210, "row"), count_words(2, "class", "classes")] == ["1 row", "4,210 rows", "2 classes"]

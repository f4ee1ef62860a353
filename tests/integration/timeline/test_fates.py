"""What the timeline lists and what it answers, for every fate a record can have."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import District
from imports.models import Sync, SyncDetail
from imports.selectors.answers import Answer, Fate
from imports.selectors.explain import explain_record
from imports.selectors.timeline import Event, History, Past, Phase, record_timeline
from imports.services.rollback import start_rollback
from imports.services.run_sync import run_sync
from imports.services.simulate import start_simulation
from imports.states import State
from records.attributes import RecordType
from roster.models import LIVE, Student
from roster.services.purge_deleted import purge_deleted
from tests.integration.pipeline.desk import Desk
from tests.unit.steps.kit import district, person

from .kit import CLASS, ENROLLMENT, PREVIEW, STUDENT, answer, approve, day, events, reject, told, without_index

pytestmark = [pytest.mark.django_db, pytest.mark.no_database]  # it reads what syncs stored as files
GONE = {"users": {"S2": None}, "enrollments": {"E2": None}}


@pytest.fixture
def desk(data_dir: Path) -> Desk:
    return Desk()


def test_a_live_record_tells_since_when_and_what_changed_last(desk: Desk) -> None:
    first, second = desk.deliver(district()), desk.deliver(district(users={"S1": {"email": "new@example.org", "givenName": "Ana"}}))
    third = desk.deliver(district(users={"S1": {"email": "new@example.org", "givenName": "Ana"}, "S2": {"givenName": "Bo"}}))
    assert told(desk, STUDENT, "S1") == [(second.pk, "applied", "updated", "", 2), (first.pk, "applied", "created", "", 2)]
    assert events(desk, STUDENT, "S1")[0].row.changes == (
        ("first_name", "GivenS1", "Ana"), ("email", "s1.student@example.org", "new@example.org"),
    )  # fmt: skip
    said = answer(desk, STUDENT, "S1")
    assert said.fate is Fate.LIVE
    assert said.text == (
        f"Here since sync #{first.pk} ({day(first)}), created from users.csv line 2; last changed by sync #{second.pk}: First Name, Email Address. "
        f"Still in the files of sync #{third.pk} (CSV Upload), users.csv line 2."
    )
    assert (said.mends, said.restorable_until) == ([], None)


def test_a_sync_that_repeats_another_touches_nothing_but_still_holds_the_record(desk: Desk) -> None:
    first, again = desk.deliver(district()), desk.deliver(district())
    assert again.state == State.NO_CHANGES
    assert told(desk, STUDENT, "S1") == [(first.pk, "applied", "created", "", 2)]
    assert answer(desk, STUDENT, "S1").sentences[1].text == f"Still in the files of sync #{again.pk} (CSV Upload), users.csv line 2."


def test_a_deleted_record_tells_which_sync_and_why_until_it_is_back(desk: Desk) -> None:
    first, second = desk.deliver(district()), desk.deliver(district(**GONE))
    assert told(desk, STUDENT, "S2") == [(second.pk, "applied", "deleted", "absent", 0), (first.pk, "applied", "created", "", 3)]
    said = answer(desk, STUDENT, "S2")
    assert said.fate is Fate.DELETED
    assert said.text == f"Deleted by sync #{second.pk} ({day(second)}) because no row of users.csv had this SIS ID any more."
    gone = Student.objects.of(desk.district).get(key="S2").deleted_at
    assert gone is not None
    assert said.restorable_until == gone + timedelta(days=settings.PORTAL_PURGE_DAYS)
    assert said.deleted_by == second
    third = desk.deliver(district())
    assert answer(desk, STUDENT, "S2").sentences[0].text == (
        f"Here since sync #{third.pk} ({day(third)}), created from users.csv line 3; first seen in sync #{first.pk}."
    )


def test_a_filter_that_deletes_is_named_in_words(desk: Desk) -> None:
    desk.deliver(district())
    desk.configure(
        {
            "filters": [
                {
                    "record_type": "student",
                    "match": "all",
                    "conditions": [{"attribute": "grades", "operator": "equals_any", "values": ["KG", "01"]}],
                }
            ]
        }
    )
    sync = desk.deliver(district(users={"S1": {"grades": "KG"}}))
    assert told(desk, STUDENT, "S2")[:2] == [
        (sync.pk, "applied", "excluded", "filtered-out", 3),
        (sync.pk, "applied", "deleted", "filtered-out", 0),
    ]
    said = answer(desk, STUDENT, "S2")
    assert said.sentences[0].text == (
        f"Deleted by sync #{sync.pk} ({day(sync)}) because its row was left out (users.csv line 3): "
        "the student meets none of the filter rules for students: “Grades is KG or 01”."
    )
    assert said.mends == ["Nothing must be done if this is intended. Otherwise change the app's Filter Rules."]
    followed = answer(desk, ENROLLMENT, "E2").sentences[0]
    assert followed.text.endswith("See what became of student S2.")
    assert [(piece.record_type, piece.key) for piece in followed.pieces if piece.key] == [("student", "S2")]


def test_an_enrollment_that_went_with_its_class_names_it(desk: Desk) -> None:
    desk.deliver(district())
    sync = desk.deliver(district(classes={"C2": None}))
    said = answer(desk, ENROLLMENT, "E4").sentences[0]
    assert said.text == f"Deleted by sync #{sync.pk} ({day(sync)}) together with its class C2, which the same sync deleted."
    assert [(piece.record_type, piece.key) for piece in said.pieces if piece.key] == [("class", "C2")]


def test_a_row_that_was_never_accepted_says_why_and_how_to_mend_it(desk: Desk) -> None:
    sync = desk.deliver(district(users={"S3": person("S3", "student", email="")}))
    said = answer(desk, STUDENT, "S3")
    assert said.fate is Fate.LEFT_OUT
    assert said.text == f"Not here: sync #{sync.pk} left the row out (users.csv line 7): the student has no Email Address."
    assert said.mends == ["Fill in Email Address (email) in your SIS, and upload again."]


def test_a_live_record_whose_row_was_left_out_says_that_it_stayed(desk: Desk) -> None:
    desk.deliver(district())
    sync = desk.deliver(district(users={"S1": {"email": ""}}))
    said = answer(desk, STUDENT, "S1")
    assert said.fate is Fate.LIVE
    assert (
        said.sentences[1].text
        == f"Sync #{sync.pk} left its row out (users.csv line 2): the student has no Email Address. What was here before stayed."
    )
    assert said.mends == ["Fill in Email Address (email) in your SIS, and upload again."]


def test_a_repeated_row_does_not_hide_that_the_first_one_is_in_the_files(desk: Desk) -> None:
    desk.deliver(district())
    rows = district()["users"]
    sync = desk.deliver(district(users=[*rows, rows[0]]))
    assert [one[2] for one in told(desk, STUDENT, "S1")] == ["duplicate", "created"]
    assert answer(desk, STUDENT, "S1").sentences[1].text == f"Still in the files of sync #{sync.pk} (CSV Upload), users.csv line 2."


def test_a_record_nobody_ever_saw_says_where_it_was_looked_for(desk: Desk) -> None:
    assert answer(desk, STUDENT, "S9").text == "Nothing was imported yet, so there is no student with this SIS ID."
    first = desk.deliver(district())
    assert answer(desk, STUDENT, "S9").text == f"The one sync so far, #{first.pk}, had no student with this SIS ID."
    second = desk.deliver(district(**GONE))
    said = answer(desk, STUDENT, "S9")
    assert (said.fate, said.text) == (
        Fate.UNKNOWN, f"No student with this SIS ID was in any of the 2 syncs from #{first.pk} to #{second.pk}.",
    )  # fmt: skip
    assert answer(desk, RecordType.TEACHER, "S1").fate is Fate.UNKNOWN, "a student is no teacher"


def test_a_purged_record_is_known_from_the_artifacts_alone(desk: Desk) -> None:
    desk.deliver(district())
    sync = desk.deliver(district(**GONE))
    purge_deleted(before=timezone.now() + timedelta(days=1))
    assert not Student.objects.of(desk.district).filter(key="S2").exists()
    said = answer(desk, STUDENT, "S2")
    assert said.fate is Fate.PURGED
    assert said.text == (
        f"Deleted by sync #{sync.pk} ({day(sync)}) because no row of users.csv had this SIS ID any more, and removed for good since."
    )
    assert events(desk, STUDENT, "S2")[0].row.name == "GivenS2 FamilyS2"


def test_a_held_sync_is_told_apart_from_one_that_came_true(desk: Desk) -> None:
    desk.deliver(district())
    desk.configure(PREVIEW)
    held = desk.deliver(district(users={"S2": None, "S3": person("S3", "student")}, enrollments={"E2": None}))
    assert told(desk, STUDENT, "S2")[0] == (held.pk, "waiting", "deleted", "absent", 0)
    assert answer(desk, STUDENT, "S2").sentences[-1].text == f"Sync #{held.pk} would delete it and waits for a decision."
    said = answer(desk, STUDENT, "S3")
    assert (said.fate, said.text) == (
        Fate.WAITING, f"Not here yet: sync #{held.pk} would create it (users.csv line 6) and waits for a decision.",
    )  # fmt: skip
    done = approve(desk, held)
    assert done.is_accepted
    assert told(desk, STUDENT, "S2")[0] == (held.pk, "applied", "deleted", "absent", 0)
    assert answer(desk, STUDENT, "S3").fate is Fate.LIVE


def test_what_a_dropped_sync_would_have_done_did_not_happen(desk: Desk) -> None:
    desk.deliver(district())
    desk.configure(PREVIEW)
    new = {"S3": person("S3", "student"), "S4": person("S4", "student", email="")}
    held = desk.deliver(district(users={"S2": None, **new}, enrollments={"E2": None}))
    reject(desk, held)
    for state, words in {
        State.REJECTED: "was rejected", State.EXPIRED: "expired before anybody decided", State.SUPERSEDED: "was superseded by a newer delivery",
    }.items():  # fmt: skip
        Sync.objects.of(desk.district).filter(pk=held.pk).update(state=state)
        assert told(desk, STUDENT, "S2")[0] == (held.pk, "dropped", "deleted", "absent", 0)
        assert answer(desk, STUDENT, "S2").fate is Fate.LIVE
        said = answer(desk, STUDENT, "S3")
        assert said.fate is Fate.DROPPED
        assert said.text == f"Not here: sync #{held.pk} would have created it (users.csv line 6), but {words}."
        left_out = answer(desk, STUDENT, "S4")
        assert left_out.text == (
            f"Not here: sync #{held.pk}, which {words}, left the row out (users.csv line 7): the student has no Email Address."
        )


def test_a_rollback_is_told_of_like_any_sync(desk: Desk) -> None:
    desk.deliver(district())
    new = {"S3": person("S3", "student")}
    second = desk.deliver(district(users={"S1": {"givenName": "Ana"}, **new}))
    rollback = desk.work(start_rollback(sync=second, by=None, wake=False))
    rollback = approve(desk, rollback)
    assert rollback.is_accepted
    first_event, second_event = events(desk, STUDENT, "S3")
    assert (first_event.sync.pk, first_event.phase, first_event.row.outcome) == (rollback.pk, Phase.APPLIED, "deleted")
    assert (second_event.sync.pk, second_event.phase, second_event.undone_by) == (second.pk, Phase.UNDONE, rollback.pk)
    assert answer(desk, STUDENT, "S3").sentences[0].text == (
        f"Deleted by sync #{rollback.pk} ({day(rollback)}), which rolled back sync #{second.pk}."
    )
    assert (
        answer(desk, STUDENT, "S1")
        .sentences[0]
        .text.endswith(f"last changed by sync #{rollback.pk} (which rolled back sync #{second.pk}): First Name.")
    )


def test_simulations_are_no_part_of_it(desk: Desk) -> None:
    first = desk.deliver(district())
    assert desk.app.config is not None
    simulation = start_simulation(app=desk.app, delivery=first.delivery, document=desk.app.config.document, by=None, wake=False)
    run_sync(simulation.pk, wakes_next=False)
    simulation.refresh_from_db()
    assert simulation.state == State.SIMULATED and simulation.artifacts
    assert told(desk, STUDENT, "S1") == [(first.pk, "applied", "created", "", 2)]


def test_a_record_that_was_given_another_id_is_followed_back(desk: Desk) -> None:
    first, second = desk.deliver(district()), desk.deliver(district(users={"S2": {"givenName": "Bo"}}))
    SyncDetail.objects.filter(sync=second).update(rekeys={"student": {"S2": "OLD", "S1": "NONE"}})
    assert told(desk, STUDENT, "S2") == [(second.pk, "applied", "updated", "", 3)], (
        "what S2 was called before it was not seen in the first sync"
    )
    assert events(desk, STUDENT, "S2")[0].row.changes == (("sis_id", "OLD", "S2"), ("first_name", "GivenS2", "Bo"))
    assert [(one.row.outcome, one.row.changes) for one in events(desk, STUDENT, "S1")] == [("updated", (("sis_id", "NONE", "S1"),))]
    SyncDetail.objects.filter(sync=second).update(rekeys={"student": {"T9": "S1"}})
    assert told(desk, STUDENT, "T9") == [(second.pk, "applied", "updated", "", 0), (first.pk, "applied", "created", "", 2)]
    assert record_timeline(desk.district, STUDENT, "S1").renamed is not None
    Student.objects.of(desk.district).filter(key="S1").update(key="T9")
    said = answer(desk, STUDENT, "S1")
    assert (said.fate, said.text) == (Fate.RENAMED, f"Its SIS ID is T9 since sync #{second.pk}.")


def test_pages_follow_each_other_newest_first(desk: Desk) -> None:
    numbers = [desk.deliver(district(users={"S1": {"givenName": f"Ana {number}"}})).pk for number in range(3)]
    whole = told(desk, STUDENT, "S1")
    assert [one[0] for one in whole] == numbers[::-1]
    parts = [record_timeline(desk.district, STUDENT, "S1", offset=offset, limit=2) for offset in (0, 2, 4)]
    assert [[one.sync.pk for one in part.events] for part in parts] == [numbers[:0:-1], numbers[:1], []]
    assert {(part.total, part.looked_in) for part in parts} == {(3, 3)}


def test_a_sync_approved_late_is_told_of_when_it_came_true(desk: Desk) -> None:
    first = desk.deliver(district())
    second = desk.deliver(district(users={"S1": {"givenName": "Ana"}}))
    Sync.objects.of(desk.district).filter(pk=first.pk).update(finished_at=timezone.now() + timedelta(hours=1))
    assert [one[0] for one in told(desk, STUDENT, "S1")] == [first.pk, second.pk]


def test_syncs_without_an_index_are_read_instead_and_tell_the_same(desk: Desk) -> None:
    rows = district()["users"]
    files = [
        district(), district(users={"S1": {"email": ""}, "S2": {"givenName": "Bo"}, "T1": None}), district(classes={"C1": None}),
        district(users=[*rows, rows[0], {**rows[1], "givenName": "Other"}]),
    ]  # fmt: skip
    syncs = [desk.deliver(one) for one in files]
    stored = {sync.pk: desk.rows(sync) for sync in syncs}
    keys = {(kind, row["key"]) for rows_of in stored.values() for kind, found in rows_of.items() for row in found}
    keys |= {(kind, key) for kind in RecordType for key in ("S1", "nobody", "")}

    def everything() -> dict[tuple[RecordType, str], tuple[list[Event], Answer]]:
        past = Past(desk.district)
        histories = {one: History(past, *one) for one in keys}
        return {one: (history.page(0, 99), explain_record(history)) for one, history in histories.items()}

    with_index = everything()
    for sync in syncs:
        without_index(sync)
    assert everything() == with_index
    assert sum(len(found) for found, _ in with_index.values()) > 40
    for kind, key in keys:
        expected = [
            (sync.pk, row["outcome"], row["line"]) for sync in reversed(syncs) for row in stored[sync.pk][kind]
            if row["key"] == key and row["outcome"] != "unchanged"
        ]  # fmt: skip
        assert [(one.sync.pk, one.row.outcome, one.row.line) for one in with_index[kind, key][0]] == expected, (kind, key)


def test_the_answer_agrees_with_the_live_tables(desk: Desk) -> None:
    desk.deliver(district())
    desk.deliver(district(users={"S2": None, "T1": {"email": ""}}, classes={"C2": None}, courses={"K1": {"title": "Algebra II"}}))
    for kind, table in LIVE.items():
        for key, gone in table.objects.of(desk.district).values_list("key", "deleted_at"):
            assert answer(desk, kind, key).fate is (Fate.LIVE if gone is None else Fate.DELETED), (kind, key)


def test_records_of_another_district_are_never_seen(desk: Desk) -> None:
    desk.deliver(district())
    other = Desk()
    assert (told(other, STUDENT, "S1"), answer(other, STUDENT, "S1").fate) == ([], Fate.UNKNOWN)
    other.deliver(district())
    assert len(told(desk, STUDENT, "S1")) == len(told(other, STUDENT, "S1")) == 1
    assert District.objects.count() == 2
    assert len(told(desk, CLASS, "C1")) == 1

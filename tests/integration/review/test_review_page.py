"""The review screen: what it shows, to whom, and where every number leads."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Membership, Role, User
from imports.models import ConfigVersion, Sync, SyncDetail
from imports.states import HoldKind, State, SyncKind
from tests.integration.imports_ui.world import World
from tests.integration.review.conftest import Held
from tests.integration.review.files import EMPTIED, NEW, OLD


def page(world: World, sync: Sync, role: Role = Role.OWNER, query: str = "") -> str:
    response = world.client(role).get(reverse("imports:review", args=[sync.pk]) + query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def flat(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_one_sentence_says_what_would_happen(held: Held) -> None:
    shown = page(*held)
    assert "Approving it would delete 7 students; update 4 students and 1 enrollment; create 1 student. Nothing is changed yet." in shown


def test_why_it_is_held_stands_with_amount_and_limit(held: Held) -> None:
    world, sync = held
    shown = page(world, sync)
    assert "Students: deleted" in shown and "63.6 %, 7 of 11" in shown and "limit 10 %" in shown
    assert "South High, students: deleted" in shown and "limit 4 records" in shown and "limit 50 %" in shown
    assert '<svg class="limit-bar o-deleted"' in shown
    assert sync.hold_detail in shown.replace("&#x27;", "'")


def test_causes_stand_largest_first_and_lead_to_their_records(held: Held) -> None:
    world, sync = held
    shown = page(world, sync)
    at = [
        shown.index(title)
        for title in ("students deleted: no longer in the file", "South High: all 6 students deleted", "grade promotions", "new student")
    ]
    assert at == sorted(at)
    for outcome, query in (
        ("updated", "changed=%40promoted"),
        ("updated", "changed=email"),
        ("deleted", "code=absent"),
        ("deleted", "school=O2"),
    ):
        address = f"{reverse('imports:rows', args=[sync.pk, 'student', outcome])}?{query}"
        assert f'href="{address}"' in shown
        assert f'hx-get="{address.replace("?", "?peek=1&amp;")}"' in shown


def test_a_cause_opens_to_exactly_its_records_with_old_and_new_values(held: Held) -> None:
    world, sync = held
    address = reverse("imports:rows", args=[sync.pk, "student", "updated"])
    listed = flat(world.client().get(address, {"changed": "email"}))
    assert "GivenS3" in listed and "GivenS1" not in listed
    assert "Email Address differs" in listed
    promoted = flat(world.client().get(address, {"changed": "@promoted"}))
    assert all(f"GivenS{number}" in promoted for number in (1, 2, 3, 4)) and "GivenS5" not in promoted
    assert '<del class="diff-old">03</del>' in promoted and '<ins class="diff-new">04</ins>' in promoted
    assert flat(world.client().get(address, {"changed": "@regraded"})).count("GivenS") == 0
    assert "GivenS3" in flat(world.client().get(address, {"changed": "@promoted", "q": "familys3"}))
    gone = flat(world.client().get(reverse("imports:rows", args=[sync.pk, "student", "deleted"]), {"code": "absent", "school": "O2"}))
    assert all(f"Given{key}" in gone for key in EMPTIED) and f"Given{OLD}" not in gone
    assert "No longer in the file" in gone


def test_the_first_records_come_alone_for_a_cause_that_is_opened(held: Held) -> None:
    world, sync = held
    address = reverse("imports:rows", args=[sync.pk, "student", "deleted"])
    shown = flat(world.client().get(address, {"peek": "1", "code": "absent"}, headers={"HX-Request": "true"}))
    assert "<html" not in shown
    assert shown.count("<li>") == 5
    assert f'href="{address}?code=absent"' in shown and "Show all 7" in shown
    assert f'{address}records.csv?code=absent"' in shown


def test_id_churn_is_shown_with_its_evidence(held: Held) -> None:
    world, sync = held
    shown = page(world, sync)
    assert "1 student" in shown and "same identifier, email address, username, name and birth date" in shown
    assert f'<del class="diff-old">{OLD}</del>' in shown and f'<ins class="diff-new">{NEW}</ins>' in shown
    assert "Treat as the same people" in shown
    listed = flat(world.client().get(reverse("imports:churn", args=[sync.pk, "student"])))
    assert OLD in listed and NEW in listed and "Treat the ticked as the same" in listed
    assert "No pair matches" in flat(world.client().get(reverse("imports:churn", args=[sync.pk, "student"]), {"q": "nobody"}))


def test_pairs_are_taken_in_from_the_page(held: Held) -> None:
    world, sync = held
    world.client().post(reverse("imports:rekey", args=[sync.pk]), {"record_type": "student", "pair": [NEW, "forged"]})
    sync.refresh_from_db()
    assert (sync.state, sync.approved, sync.detail.rekeys) == (State.QUEUED, False, {"student": {NEW: OLD}})


def test_all_pairs_are_taken_in_and_taken_back(held: Held) -> None:
    world, sync = held
    world.client(Role.APPROVER).post(reverse("imports:rekey", args=[sync.pk]), {"types": ["student", "forged"]})
    assert SyncDetail.objects.get(sync=sync).rekeys == {"student": {NEW: OLD}}
    Sync.unscoped.filter(pk=sync.pk).update(state=State.HELD)
    assert "1 student</strong> will keep their records under new ids" in page(world, sync)
    world.client(Role.APPROVER).post(reverse("imports:rekey_undo", args=[sync.pk]))
    assert SyncDetail.objects.get(sync=sync).rekeys == {}


def test_a_re_keying_that_cannot_be_is_said(held: Held) -> None:
    world, sync = held
    response = world.client().post(reverse("imports:rekey", args=[sync.pk]), {}, follow=True)
    assert "There is nothing to be treated as the same" in response.content.decode()
    response = world.client().post(reverse("imports:rekey_undo", args=[sync.pk]), {}, follow=True)
    assert "nothing to take back" in response.content.decode()


@pytest.mark.parametrize("name", ["rekey", "rekey_undo"])
@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_only_who_may_approve_may_re_key(held: Held, role: Role, name: str) -> None:
    world, sync = held
    assert world.client(role).post(reverse(f"imports:{name}", args=[sync.pk]), {"types": "student"}).status_code == 403
    assert "Treat as the same people" not in page(world, sync, role)


@pytest.mark.parametrize(("role", "decides"), [(Role.OWNER, True), (Role.APPROVER, True), (Role.EDITOR, False), (Role.VIEWER, False)])
def test_everybody_sees_the_review_and_some_may_decide(held: Held, role: Role, decides: bool) -> None:
    world, sync = held
    shown = page(world, sync, role)
    assert ("review-bar" in shown) is decides
    assert ("Approve… Delete 7, update 5, create 1" in shown) is decides
    assert ("Approve only…" in shown) is decides
    assert ("Owners and approvers decide" in shown) is not decides


def test_what_a_viewer_may_not_see_is_hidden(held: Held) -> None:
    world, sync = held
    address = reverse("imports:rows", args=[sync.pk, "student", "deleted"])
    for role, sees in ((Role.EDITOR, True), (Role.VIEWER, False)):
        csv = b"".join(world.client(role).get(f"{address}records.csv").streaming_content).decode()
        assert ("555-Q0" in csv) is sees
        assert ("Elko" in csv) is sees
        assert "GivenQ0" in csv


def test_types_and_schools_stand_against_their_limits(held: Held) -> None:
    world, sync = held
    shown = page(world, sync)
    assert "Limits: updated 20 %, deleted 10 %" in shown
    assert "Limits for a school: updated off, deleted 50 % or 4 records" in shown
    students = reverse("imports:rows", args=[sync.pk, "student", "deleted"])
    assert f'<a class="number" href="{students}">7</a>' in shown
    assert f'<a class="number" href="{students}?school=O2">6</a>' in shown
    assert "By school: enrollments" in page(world, sync, query="?type=enrollment")
    assert "By school: students" in page(world, sync, query="?type=forged")


def test_in_preview_mode_the_shares_are_shown_though_they_hold_nothing(held: Held) -> None:
    world, sync = held
    Sync.unscoped.filter(pk=sync.pk).update(hold_kind=HoldKind.PREVIEW, hold_detail="")
    SyncDetail.objects.filter(sync=sync).update(excesses=[])
    shown = page(world, sync)
    assert "In Preview Mode the limits hold nothing" in shown
    assert "over-limit" in shown and "63.6 %" in shown


def test_without_limits_nothing_is_over_them(held: Held) -> None:
    world, sync = held
    ConfigVersion.unscoped.filter(pk=sync.config_id).update(document={**sync.config.document, "delivery": {}})
    shown = page(world, sync)
    assert "over-limit" not in shown and "Limits: updated off, deleted off" in shown


def test_a_rollback_shows_what_it_leaves_alone(held: Held) -> None:
    world, sync = held
    Sync.unscoped.filter(pk=sync.pk).update(kind=SyncKind.ROLLBACK)
    conflicts = [
        {"sync": sync.pk, "record_type": "student", "what": "changed", "count": 2},
        {"sync": 0, "record_type": "class", "what": "purged", "count": 1},
    ]
    SyncDetail.objects.filter(sync=sync).update(conflicts=conflicts)
    shown = page(world, sync)
    assert "students: changed again since; they stay as they are now." in shown
    assert "class: not brought back, because they were removed for good since." in shown
    assert "Approve only…" not in shown
    assert "You can roll back again at any time." in shown


def test_a_sync_of_before_causes_were_noted_can_be_reviewed(world: World) -> None:
    sync = world.sync(State.HELD)
    shown = page(world, sync)
    assert "The causes of this sync were not noted." in shown
    assert "Approving it would delete 20 students; update 30 students; create 60 students." in shown


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.REJECTED, "Rejected. Nothing was changed."), (State.EXPIRED, "Nobody decided in time"), (State.QUEUED, "It waits for a worker."),
        (State.COMPLETED, "Imported 100 of 104 rows"), (State.ROLLED_BACK, "later rolled back"),
    ],
)  # fmt: skip
def test_what_is_held_no_longer_says_so_in_a_sentence(world: World, state: State, words: str) -> None:
    sync = world.sync(state)
    shown = page(world, sync)
    assert "There is nothing to decide here" in shown and words in shown
    assert f'href="{reverse("imports:sync", args=[sync.pk])}"' in shown
    assert "review-bar" not in shown


def test_what_was_superseded_leads_to_the_newer_sync(world: World) -> None:
    old, new = world.sync(State.SUPERSEDED), world.sync(State.HELD)
    assert f'href="{reverse("imports:review", args=[new.pk])}"' in page(world, old)


def test_what_was_applied_in_part_leads_to_what_was_held_back(world: World) -> None:
    done = world.sync(State.COMPLETED)
    rest = world.sync(State.HELD, kind=SyncKind.REST, rest_of=done)
    shown = page(world, done)
    assert "Review what was held back" in shown and f'href="{reverse("imports:review", args=[rest.pk])}"' in shown


def test_the_page_of_a_held_sync_leads_to_its_review(held: Held) -> None:
    world, sync = held
    shown = flat(world.client().get(reverse("imports:sync", args=[sync.pk])))
    assert f'class="btn btn-primary" href="{reverse("imports:review", args=[sync.pk])}"' in shown
    assert "decision-bar" not in shown


def test_markup_in_names_and_reasons_is_text(held: Held) -> None:
    world, sync = held
    nasty = '<img src=x onerror="alert(1)">'
    SyncDetail.objects.filter(sync=sync).update(
        causes=[
            {"record_type": "student", "outcome": "updated", "cause": "changed", "attribute": nasty, "school": nasty, "count": 1, "of": 2}
        ]
    )
    Sync.unscoped.filter(pk=sync.pk).update(hold_detail=nasty)
    assert "<img src=x" not in page(world, sync)


def test_of_another_district_there_is_nothing(held: Held) -> None:
    _, sync = held
    other = World("south")
    for name, args in (("review", []), ("churn", ["student"]), ("rows_csv", ["student", "deleted"])):
        assert other.client().get(reverse(f"imports:{name}", args=[sync.pk, *args])).status_code == 404
    for name in ("approve", "reject", "rekey", "rekey_undo"):
        assert other.client().post(reverse(f"imports:{name}", args=[sync.pk]), {"reason": "x"}).status_code == 404


def test_two_people_where_the_district_asks_for_two(held: Held) -> None:
    world, sync = held
    world.district.two_person_approval = True
    world.district.save()
    shown = page(world, sync)
    assert "Nobody else here may approve it" in shown and "Approve…" not in shown and "Reject…" in shown
    world.member(Role.APPROVER)
    lonely = User.objects.create_user("gone@north.example.org", "irrelevant-password", is_active=False)
    Membership.objects.create(district=world.district, user=lonely, role=Role.OWNER)
    shown = page(world, sync)
    assert "Approver Person may approve it." in shown and "gone@" not in shown
    assert "Approve…" in page(world, sync, Role.APPROVER)

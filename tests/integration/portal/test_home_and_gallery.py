"""Home and the Application Gallery."""

import pytest
from django.urls import reverse
from django.utils.html import escape

from accounts.models import Role
from imports.models import Delivery, ImportApp, Sync, SyncDetail
from imports.services.activate_app import activate_app
from imports.states import State
from roster.models import RosterState
from tests.integration.accounts.people import actions_of, make_member, signed_in


def page_of(membership, url="/", **query):
    return signed_in(membership).get(url, query).content.decode()


@pytest.fixture
def app(district, members) -> ImportApp:
    return activate_app(district=district, kind=ImportApp.Kind.CSV_UPLOAD, by=members[Role.OWNER].user)


def make_sync(app: ImportApp, state: State, **fields) -> Sync:
    delivery = Delivery.objects.create(district=app.district, app=app, source="browser")
    return Sync.objects.create(district=app.district, app=app, delivery=delivery, config=app.config, state=state, **fields)


def test_the_first_visit_says_what_to_do_and_offers_to_activate(members):
    page = page_of(members[Role.EDITOR])
    assert "Your first import" in page
    assert f'action="{reverse("activate", args=["csv_upload"])}"' in page
    assert "Import Data" in page


def test_who_may_not_activate_is_told_who_may(members):
    page = page_of(members[Role.VIEWER])
    assert "An owner or editor of Maple Valley activates and uploads." in page
    assert "/activate/" not in page


def test_after_activation_the_next_step_is_the_upload(app, members):
    page = page_of(members[Role.OWNER])
    assert "Upload files" in page
    assert reverse("imports:app", args=["csv_upload"]) in page


def test_a_tile_says_what_the_last_sync_did_and_links_to_it(app, members, district):
    sync = make_sync(app, State.COMPLETED_WITH_ISSUES, issue_count=14)
    student = {"in_file": 10_450, "created": 10_000, "updated": 412, "skipped": 30, "invalid": 8, "deleted": 7}
    SyncDetail.objects.create(sync=sync, counts={"student": student})
    RosterState.objects.create(district=district, version=1, counts={"student": 8421})
    page = page_of(members[Role.VIEWER])
    assert "Imported 10,412 of 10,450 rows; 38 were left out, 14 need attention." in page
    link = reverse("imports:sync", args=[sync.pk])
    assert [f'<a class="number" href="{link}">{number}</a>' in page for number in ("10,450", "10,000", "412", "7", "38")] == [True] * 5
    assert '<a class="number" href="/browse/student/">8,421</a>' in page
    assert "Your first import" not in page


@pytest.mark.parametrize(
    ("state", "fields", "words", "page_name", "action"),
    [
        (
            State.HELD,
            {"hold_kind": "threshold", "hold_detail": "412 would go."},
            "is held. 412 would go.",
            "review",
            "Review",
        ),
        (State.NEEDS_SCHOOL_MAPPING, {}, "waits for its schools to be mapped", "map_schools", "Map schools"),
        (State.FAILED, {"failure": "users.csv has no header."}, "failed. users.csv has no header.", "sync", "See what happened"),
    ],
)
def test_what_needs_a_person_stands_above_the_tiles_with_its_page(app, members, state, fields, words, page_name, action):
    sync = make_sync(app, state, **fields)
    response = signed_in(members[Role.OWNER]).get("/")
    (strip,) = response.context["attention"]
    assert words in strip.text
    assert (strip.url, strip.action) == (reverse(f"imports:{page_name}", args=[sync.pk]), action)
    assert escape(strip.text) in response.content.decode()
    assert "<title>Attention · Home · Roster Portal</title>" in response.content.decode()


def test_a_good_sync_after_a_failed_one_ends_the_attention(app, members):
    make_sync(app, State.FAILED)
    make_sync(app, State.COMPLETED)
    assert signed_in(members[Role.OWNER]).get("/").context["attention"] == []


def test_the_navigation_counts_what_waits_in_this_district_only(app, members, other_district):
    make_sync(app, State.HELD)
    badge = "waiting for a decision"
    assert badge in page_of(members[Role.VIEWER], reverse("gallery"))
    assert badge not in page_of(make_member(other_district, Role.OWNER), reverse("gallery"))


@pytest.mark.parametrize("mode", ["all", "import", "nonsense"])
def test_the_gallery_has_two_tiles_and_either_can_be_activated(members, mode):
    page = page_of(members[Role.OWNER], reverse("gallery"), mode=mode)
    for kind in ImportApp.Kind:
        assert kind.label in page
        assert f'action="{reverse("activate", args=[kind])}"' in page
    assert "Export" not in page


@pytest.mark.parametrize("role", [Role.OWNER, Role.EDITOR])
def test_activating_leads_to_the_wizard_and_once_it_is_finished_to_the_app(district, members, role):
    client = signed_in(members[role])
    first_step = reverse("imports:configure", args=["csv_upload", "delivery"])
    for _ in range(2):
        assert client.post(reverse("activate", args=["csv_upload"])).url == first_step
    page = client.get(first_step)
    assert "Finish Configuration" in page.content.decode()
    assert client.post(first_step, {"go": "finish", "seen": page.context["seen"]}).url == reverse("imports:app", args=["csv_upload"])
    assert client.post(reverse("activate", args=["csv_upload"])).url == reverse("imports:app", args=["csv_upload"])
    assert ImportApp.objects.of(district).count() == 1
    assert actions_of(district) == ["app.activated"]
    assert "Activated" in client.get(reverse("gallery")).content.decode()


@pytest.mark.parametrize("role", [Role.APPROVER, Role.VIEWER])
def test_approvers_and_viewers_do_not_activate(district, members, role):
    client = signed_in(members[role])
    assert client.post(reverse("activate", args=["csv_upload"])).status_code == 403
    assert not ImportApp.objects.of(district).exists()
    assert "An owner or editor of your district may activate it." in client.get(reverse("gallery")).content.decode()


def test_what_there_is_not_cannot_be_activated(district, members):
    assert signed_in(members[Role.OWNER]).post(reverse("activate", args=["nonsense"])).status_code == 404
    assert not ImportApp.objects.of(district).exists()


def test_activating_takes_a_post(members):
    assert signed_in(members[Role.OWNER]).get(reverse("activate", args=["csv_upload"])).status_code == 405

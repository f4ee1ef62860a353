"""Administration: who sees and who may change what, in their own district only."""

import csv
import io

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import AuditEvent, Membership, Role
from accounts.services.audit import record_event
from roster.models import Organization, RosterState
from tests.integration.accounts.people import actions_of, make_member, signed_in

PAGES = ("administration", "people", "audit", "audit_csv")


@pytest.fixture
def school(district) -> Organization:
    return Organization.objects.create(district=district, key="S-1", name="Abbott Elementary", kind="school", identifier="531001")


def body(response) -> str:
    return b"".join(response).decode() if response.streaming else response.content.decode()


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", PAGES)
def test_every_member_may_read(members, role, name):
    assert signed_in(members[role]).get(reverse(name)).status_code == 200


def actions(members: dict[Role, Membership]) -> dict[str, tuple[str, dict[str, str]]]:
    """Every change people can make on People and roles: its address and what is sent."""
    target = members[Role.VIEWER].pk
    return {
        "invite": (reverse("invite"), {"email": "ana@maple.example", "role": "viewer"}),
        "change_role": (reverse("change_role", args=[target]), {"role": "editor"}),
        "remove": (reverse("remove_person", args=[target]), {}),
        "invite_again": (reverse("invite_again", args=[target]), {}),
    }


@pytest.mark.parametrize("role", [Role.EDITOR, Role.APPROVER, Role.VIEWER])
@pytest.mark.parametrize("action", ["invite", "change_role", "remove", "invite_again"])
def test_only_owners_change_people(district, members, role, action):
    url, data = actions(members)[action]
    response = signed_in(members[role]).post(url, data)
    assert response.status_code == 403
    assert "Only owners may do this." in body(response)
    assert Membership.objects.of(district).count() == 4
    assert actions_of(district) == []
    assert mail.outbox == []


@pytest.mark.parametrize("action", ["invite", "change_role", "remove", "invite_again"])
def test_changes_are_posted_never_fetched(members, action):
    assert signed_in(members[Role.OWNER]).get(actions(members)[action][0]).status_code == 405


@pytest.mark.parametrize("action", ["change_role", "remove", "invite_again"])
def test_the_members_of_another_district_do_not_exist_for_an_owner(district, members, other_district, action):
    stranger = signed_in(make_member(other_district, Role.OWNER))
    url, data = actions(members)[action]
    assert stranger.post(url, data).status_code == 404
    assert Membership.objects.of(district).get(pk=members[Role.VIEWER].pk).role == Role.VIEWER


def test_an_owner_invites_changes_and_removes_and_each_is_said_and_written_down(district, members):
    client = signed_in(members[Role.OWNER])
    page = body(client.post(reverse("invite"), {"email": "ana@maple.example", "name": "Ana Silva", "role": "viewer"}, follow=True))
    assert "A mail is on its way to ana@maple.example." in page
    assert "Invite again" in page
    ana = Membership.objects.of(district).get(user__email="ana@maple.example")
    assert "A mail is on its way" in body(client.post(reverse("invite_again", args=[ana.pk]), follow=True))
    assert "Ana Silva is now Approver." in body(client.post(reverse("change_role", args=[ana.pk]), {"role": "approver"}, follow=True))
    assert "is no longer a member" in body(client.post(reverse("remove_person", args=[ana.pk]), follow=True))
    assert actions_of(district) == ["person.invited", "person.invited_again", "person.role_changed", "person.removed"]
    assert [message.to for message in mail.outbox] == [["ana@maple.example"]] * 2


def test_the_only_owner_is_told_why_they_stay(district, members):
    owner = members[Role.OWNER]
    client = signed_in(owner)
    for url, data in ((reverse("remove_person", args=[owner.pk]), {}), (reverse("change_role", args=[owner.pk]), {"role": "viewer"})):
        assert "is the only owner. Make somebody else an owner first." in body(client.post(url, data, follow=True))
    page = body(client.get(reverse("people")))
    assert "the only owner" in page
    assert reverse("remove_person", args=[owner.pk]) not in page


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"email": "nobody", "role": "viewer"}, "Enter a valid email address."),
        ({"email": "viewer@maple.example", "role": "viewer"}, "is a member already, as Viewer."),
        ({"email": "ana@maple.example", "role": "king"}, "Select a valid choice."),
    ],
)
def test_a_wrong_invitation_is_explained_beside_its_field(members, data, sentence):
    response = signed_in(members[Role.OWNER]).post(reverse("invite"), data)
    assert response.status_code == 400
    assert sentence in body(response)
    assert mail.outbox == []


def test_an_unknown_role_is_refused(district, members):
    url = reverse("change_role", args=[members[Role.VIEWER].pk])
    assert "Choose one of the four roles." in body(signed_in(members[Role.OWNER]).post(url, {"role": "king"}, follow=True))
    assert actions_of(district) == []


def test_a_viewer_sees_people_but_no_buttons(members):
    page = body(signed_in(members[Role.VIEWER]).get(reverse("people")))
    assert "editor@maple.example" in page
    assert "Send the invitation" not in page
    assert "Remove" not in page


def test_organizations_are_found_by_name_identifier_and_sis_id_while_typing(district, other_district, members, school):
    Organization.objects.create(district=district, key="S-2", name="Birch Hill", kind="school")
    Organization.objects.create(district=other_district, key="S-3", name="Abbott Elsewhere", kind="school")
    client = signed_in(members[Role.VIEWER])
    for text in ("abbott", "5310", "S-1", " ABBOTT \0"):
        part = body(client.get(reverse("administration"), {"q": text}, headers={"hx-request": "true", "hx-target": "results"}))
        assert "Abbott Elementary" in part, text
        assert "Birch Hill" not in part
        assert "Elsewhere" not in part
        assert "<html" not in part
    assert "No organization matches" in body(client.get(reverse("administration"), {"q": "zzz"}))
    assert "Birch Hill" in body(client.get(reverse("administration")))


def test_organizations_carry_the_counts_of_the_live_roster_as_links(district, members, school):
    RosterState.objects.create(district=district, version=1, by_school={"S-1": {"student": 1204}})
    client = signed_in(members[Role.VIEWER])
    for url in (reverse("administration"), reverse("organization", args=[school.pk])):
        assert '<a class="number" href="/browse/student/?school=S-1">1,204</a>' in body(client.get(url))


FILLED = {"region": "North", "contact_name": "Pat Moreno", "contact_email": "pat@maple.example"}


@pytest.mark.parametrize("role", [Role.OWNER, Role.EDITOR])
def test_owners_and_editors_fill_in_place_and_contact(district, members, school, role):
    client = signed_in(members[role])
    url = reverse("organization", args=[school.pk])
    assert "Abbott Elementary is saved." in body(client.post(url, FILLED, follow=True))
    saved = Organization.objects.of(district).get()
    assert (saved.region, saved.contact_name, saved.contact_email, saved.name) == (
        "North",
        "Pat Moreno",
        "pat@maple.example",
        "Abbott Elementary",
    )
    event = AuditEvent.objects.of(district).get(action="organization.changed")
    assert (event.target, event.detail) == ("Abbott Elementary", {"fields": "region, contact_name, contact_email"})
    assert "Nothing was changed." in body(client.post(url, FILLED, follow=True))
    assert actions_of(district) == ["organization.changed"]


def test_a_wrong_contact_email_is_explained_and_nothing_is_saved(district, members, school):
    response = signed_in(members[Role.EDITOR]).post(reverse("organization", args=[school.pk]), {**FILLED, "contact_email": "pat"})
    assert response.status_code == 400
    assert "Enter a valid email address." in body(response)
    assert Organization.objects.of(district).get().region == ""


@pytest.mark.parametrize("role", [Role.APPROVER, Role.VIEWER])
def test_approvers_and_viewers_read_an_organization_only(district, members, school, role):
    client = signed_in(members[role])
    url = reverse("organization", args=[school.pk])
    page = body(client.get(url))
    assert "Abbott Elementary" in page
    assert ">Save<" not in page
    assert client.post(url, FILLED).status_code == 403
    assert Organization.objects.of(district).get().region == ""


def test_an_organization_of_another_district_does_not_exist(other_district, school):
    stranger = signed_in(make_member(other_district, Role.OWNER))
    url = reverse("organization", args=[school.pk])
    assert stranger.get(url).status_code == 404
    assert stranger.post(url, FILLED).status_code == 404


def test_the_audit_trail_is_newest_first_filtered_by_words_and_paged(district, members):
    for number in range(60):
        record_event(district=district, action="sync.approved", by=members[Role.APPROVER].user, target=f"sync {number}")
    record_event(district=district, action="sync.applied", by=None, target="12 schools")
    client = signed_in(members[Role.VIEWER])
    page = body(client.get(reverse("audit")))
    assert page.index("signed in") < page.index("12 schools") < page.index("sync 59")
    assert "Page 1 of 2" in page
    assert "sync 0<" in body(client.get(reverse("audit"), {"page": 2}))
    for text in ("applied a sync", "the portal", "12 sch", "sync.applied"):
        part = body(client.get(reverse("audit"), {"q": text}, headers={"hx-request": "true", "hx-target": "results"}))
        assert "12 schools" in part, text
        assert "sync 59" not in part
        assert "<html" not in part


def test_the_audit_trail_shows_no_event_of_another_district(district, other_district, members):
    record_event(district=other_district, action="sync.applied", by=None, target="their schools")
    client = signed_in(members[Role.OWNER])
    for name in ("audit", "audit_csv"):
        assert "their schools" not in body(client.get(reverse(name)))


def test_the_download_has_every_event_in_the_districts_time_and_no_live_formula(district, members):
    event = record_event(
        district=district, action="sync.approved", by=members[Role.APPROVER].user, target='=HYPERLINK("http://evil")', note="+1"
    )
    client = signed_in(members[Role.VIEWER])
    response = client.get(reverse("audit_csv"), {"q": "approved"})
    assert response["Content-Disposition"] == 'attachment; filename="audit-maple.csv"'
    header, row = csv.reader(io.StringIO(body(response)))
    assert header == ["Time", "Who", "Action", "What", "Target", "Details", "Address"]
    assert row[1:5] == ["approver@maple.example", "sync.approved", "approved a sync", '\'=HYPERLINK("http://evil")']
    assert row[0][-6:] in ("-05:00", "-04:00")
    assert row[0][:4] == str(event.at.year)

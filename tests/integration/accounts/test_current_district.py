"""Which district a session is about, and what the guards of the views say."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import RequestFactory

from accounts.current import require_approver, require_editor, require_member, require_owner
from accounts.models import Membership, Role
from tests.integration.accounts.people import make_district, make_member, signed_in

MAY = {
    require_member: {Role.OWNER, Role.EDITOR, Role.APPROVER, Role.VIEWER},
    require_editor: {Role.OWNER, Role.EDITOR},
    require_approver: {Role.OWNER, Role.APPROVER},
    require_owner: {Role.OWNER},
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("guard", MAY, ids=["member", "editor", "approver", "owner"])
def test_a_guard_lets_exactly_its_roles_in(district, guard, role):
    request = RequestFactory().get("/")
    request.membership, request.district = make_member(district, role), district
    view = guard(lambda request: HttpResponse("in"))
    if role in MAY[guard]:
        assert view(request).content == b"in"
    else:
        with pytest.raises(PermissionDenied, match="You are an? .* in Maple Valley"):
            view(request)


def test_a_guard_refuses_who_has_no_membership(district):
    request = RequestFactory().get("/")
    request.membership = None
    with pytest.raises(PermissionDenied):
        require_member(lambda request: HttpResponse("in"))(request)


def test_who_belongs_to_several_districts_starts_in_the_first_and_may_switch(district, other_district):
    here = make_member(district, Role.OWNER, "dana@maple.example")
    make_member(other_district, Role.VIEWER, "dana@maple.example")
    client = signed_in(here)
    assert client.get("/").context["district"] == other_district  # Cedar before Maple
    assert client.post("/district/", {"district": "maple"}).url == "/"
    assert client.get("/").context["district"] == district
    assert client.get("/").context["membership"].role == Role.OWNER


def test_a_district_one_does_not_belong_to_cannot_be_chosen(district, other_district):
    client = signed_in(make_member(district, Role.OWNER))
    assert client.post("/district/", {"district": "cedar"}).status_code == 404
    assert client.post("/district/", {"district": ""}).status_code == 404
    assert client.get("/").context["district"] == district


def test_a_membership_that_was_taken_away_counts_from_the_next_request(district):
    client = signed_in(make_member(district, Role.VIEWER))
    assert client.get("/gallery/").status_code == 200
    Membership.objects.of(district).delete()
    assert client.get("/gallery/").status_code == 403


def test_the_district_costs_one_query(district, django_assert_num_queries):
    client = signed_in(make_member(district, Role.VIEWER))
    make_district("third", "Third")
    client.get("/help/")
    with django_assert_num_queries(4):  # session, person, memberships, syncs that wait
        client.get("/help/")

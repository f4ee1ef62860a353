"""Inviting people, changing roles, removing them."""

import re

import pytest
from django.core import mail
from django.test import Client

from accounts.models import AuditEvent, Membership, Role, User
from accounts.services.people import PersonRefused, change_role, invite_person, remove_person, renew_invitation
from accounts.services.send_invitation import MailFailed, send_invitation
from tests.integration.accounts.people import actions_of, make_member


def invite(district, by, email="ana@maple.example", role=Role.EDITOR):
    return invite_person(district=district, email=email, name="Ana Silva", role=role, by=by.user, address="203.0.113.7")


def test_an_invitation_makes_an_account_without_a_password_and_a_mail_with_a_link_that_sets_one(district, members):
    owner = members[Role.OWNER]
    membership = invite(district, owner, " Ana@Maple.example ")
    assert (membership.user.email, membership.role, membership.user.has_usable_password()) == ("ana@maple.example", Role.EDITOR, False)
    send_invitation(membership=membership, by=owner.user)
    message = mail.outbox[0]
    assert message.to == ["ana@maple.example"]
    assert "Maple Valley" in message.subject
    link = re.search(r"http://localhost:8000(/password/set/\S+)", message.body).group(1)
    assert link in message.alternatives[0][0]
    client = Client()
    page = client.get(link, follow=True)
    client.post(page.request["PATH_INFO"], {"new_password1": "a brand new word", "new_password2": "a brand new word"})
    assert client.post("/sign-in/", {"username": "ana@maple.example", "password": "a brand new word"}).status_code == 302
    assert "This link no longer works" in Client().get(link, follow=True).content.decode()
    event = AuditEvent.objects.of(district).get(action="person.invited")
    assert (event.actor, event.target, event.detail, event.address) == (owner.user, "ana@maple.example", {"role": "editor"}, "203.0.113.7")


def test_who_has_a_password_already_is_invited_with_a_link_to_sign_in(district, members, other_district):
    known = make_member(other_district, Role.OWNER, "known@cedar.example")
    membership = invite(district, members[Role.OWNER], known.user.email)
    send_invitation(membership=membership, by=members[Role.OWNER].user)
    assert "http://localhost:8000/sign-in/" in mail.outbox[0].body
    assert "/password/set/" not in mail.outbox[0].body


def test_a_member_cannot_be_invited_twice(district, members):
    with pytest.raises(PersonRefused, match="is a member already, as Viewer"):
        invite(district, members[Role.OWNER], members[Role.VIEWER].user.email)
    assert actions_of(district) == []


def test_no_account_is_made_for_what_is_no_email(district, members):
    with pytest.raises(PersonRefused, match="is not an email address"):
        invite(district, members[Role.OWNER], "nobody")
    assert not User.objects.filter(email="nobody").exists()


def test_only_who_has_no_password_is_invited_again(district, members):
    owner = members[Role.OWNER]
    renew_invitation(membership=invite(district, owner), by=owner.user, address=None)
    assert actions_of(district) == ["person.invited", "person.invited_again"]
    with pytest.raises(PersonRefused, match="has a password already"):
        renew_invitation(membership=members[Role.VIEWER], by=owner.user, address=None)


def test_a_mail_server_that_refuses_leaves_the_membership_and_says_so(district, members, monkeypatch):
    membership = invite(district, members[Role.OWNER])

    def refuse(self, messages):
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    with pytest.raises(MailFailed, match="ana@maple.example could not be sent"):
        send_invitation(membership=membership, by=members[Role.OWNER].user)
    assert Membership.objects.of(district).filter(pk=membership.pk).exists()


def test_a_change_of_role_is_saved_and_written_into_the_audit_trail(district, members):
    change_role(membership=members[Role.VIEWER], role=Role.APPROVER, by=members[Role.OWNER].user, address=None)
    assert Membership.objects.of(district).get(pk=members[Role.VIEWER].pk).role == Role.APPROVER
    event = AuditEvent.objects.of(district).get(action="person.role_changed")
    assert event.detail == {"before": "viewer", "after": "approver"}


def test_the_same_role_again_is_no_event(district, members):
    change_role(membership=members[Role.VIEWER], role=Role.VIEWER, by=members[Role.OWNER].user, address=None)
    assert actions_of(district) == []


@pytest.mark.parametrize("act", ["remove", "demote"])
def test_the_last_owner_stays_and_the_last_but_one_may_go(district, members, act):
    first, second = members[Role.OWNER], make_member(district, Role.OWNER, "second@maple.example")

    def let_go(membership):
        if act == "remove":
            remove_person(membership=membership, by=first.user, address=None)
        else:
            change_role(membership=membership, role=Role.VIEWER, by=first.user, address=None)

    let_go(second)
    with pytest.raises(PersonRefused, match="is the only owner"):
        let_go(first)
    assert list(Membership.objects.of(district).filter(role=Role.OWNER)) == [first]


def test_an_owner_of_another_district_does_not_count_as_the_other_owner(district, members, other_district):
    make_member(other_district, Role.OWNER)
    with pytest.raises(PersonRefused, match="is the only owner"):
        remove_person(membership=members[Role.OWNER], by=members[Role.OWNER].user, address=None)


def test_removing_keeps_the_account_and_the_trail(district, members):
    person = members[Role.EDITOR].user
    remove_person(membership=members[Role.EDITOR], by=members[Role.OWNER].user, address=None)
    assert User.objects.filter(pk=person.pk).exists()
    assert not Membership.objects.of(district).filter(user=person).exists()
    assert actions_of(district) == ["person.removed"]
    with pytest.raises(PersonRefused, match="removed a moment ago"):
        remove_person(membership=members[Role.EDITOR], by=members[Role.OWNER].user, address=None)

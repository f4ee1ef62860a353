"""create_district: a district and its first owner."""

from collections.abc import Callable

import pytest
from django.core.management import CommandError

from accounts.models import District, Membership, Role, User
from tests.integration.commands.conftest import Answer

Run = Callable[..., Answer]
ARGS = ("--name", "North District", "--admin", "Owner@North.example", "--password", "a good password")

pytestmark = pytest.mark.django_db


def test_it_makes_the_district_and_an_owner_who_can_sign_in(run: Run) -> None:
    answer = run("create_district", "north", *ARGS, "--json")
    district = District.objects.get(slug="north")
    assert answer.json == {"slug": "north", "name": "North District", "id": district.pk, "owner": "owner@north.example"}
    membership = Membership.objects.of(district).get()
    assert membership.role == Role.OWNER
    assert membership.user.check_password("a good password")


def test_without_json_it_is_said_in_a_sentence(run: Run) -> None:
    assert run("create_district", "north", *ARGS).out == "District north (North District) is created. Its owner is owner@north.example.\n"


def test_a_person_known_already_keeps_their_password(run: Run) -> None:
    User.objects.create_user("owner@north.example", "their own")
    answer = run("create_district", "north", *ARGS, "--json")
    assert "keeps its password" in answer.err
    assert User.objects.get().check_password("their own")


@pytest.mark.parametrize(
    ("slug", "changes", "words"),
    [
        ("two words", {}, "cannot be used"),
        ("x" * 64, {}, "1 to 63 characters"),
        ("north", {"--name": " "}, "name must have 1 to 200"),
        ("north", {"--name": "x" * 201}, "name must have 1 to 200"),
        ("north", {"--admin": "nobody"}, "cannot be used"),
        ("north", {"--password": ""}, "password is empty"),
        ("taken", {}, "exists already"),
    ],
)
def test_what_cannot_be_a_district_is_refused(run: Run, slug: str, changes: dict[str, str], words: str) -> None:
    District.objects.create(slug="taken", name="Taken")
    options = {**dict(zip(ARGS[::2], ARGS[1::2], strict=True)), **changes}
    with pytest.raises(CommandError, match=words):
        run("create_district", slug, *(part for pair in options.items() for part in pair))
    assert District.objects.count() == 1

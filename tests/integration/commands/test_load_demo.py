"""load_demo: what the supervisor loads into an empty portal."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as live_settings
from django.core.management import CommandError

from accounts.models import District, Membership, Role
from imports.models import Sync
from portal.supervisor.first_start import demo_sign_in
from tests.integration.commands.conftest import Answer

Run = Callable[..., Answer]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_sign_in_stays(data_dir: Path) -> Any:
    """Take away the file that the command leaves in the data folder of the whole run."""
    yield
    live_settings.PATHS.demo_sign_in.unlink(missing_ok=True)


def test_the_demo_has_every_role_and_two_syncs_with_something_to_show(run: Run) -> None:
    answer = run("load_demo")
    district = District.objects.get()
    assert (district.slug, district.name) == ("demo", "Demo District")
    email, password = demo_sign_in(live_settings.PATHS.demo_sign_in) or ("", "")
    assert email == "admin@demo.example"
    assert email in answer.out
    assert password in answer.out
    members = Membership.objects.of(district).select_related("user")
    assert {member.role for member in members} == set(Role)
    assert all(member.user.check_password(password) for member in members)
    first, second = Sync.objects.of(district).order_by("pk")
    assert (first.state, second.state) == ("completed", "completed_with_issues")
    report = run("sync", "demo", "--json").json
    assert {finding["code"] for finding in report["findings"]} >= {
        "required-attribute-missing", "reference-dangling", "uniqueness-shared", "attribute-missing", "value-unreadable", "depends-on-kept",
    }  # fmt: skip
    assert report["records"]["student"]["live"] > 900


def test_it_is_loaded_into_an_empty_portal_only(run: Run) -> None:
    District.objects.create(slug="first", name="First")
    with pytest.raises(CommandError, match="has districts already"):
        run("load_demo")
    assert District.objects.count() == 1


def test_it_is_never_loaded_in_production(run: Run, settings: Any) -> None:
    settings.PORTAL_ENV = "production"
    with pytest.raises(CommandError, match="password that everybody knows"):
        run("load_demo")
    assert not District.objects.exists()

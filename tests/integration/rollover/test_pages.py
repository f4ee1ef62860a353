"""Administration > Data Rollover as people use it: who may, what is typed, what every page says, and what a second district sees."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, Role
from imports.models import Delivery, Rollover, Sync
from imports.selectors.rollover import deletion_is_disabled, rollover_of, suspended_until
from imports.services.rollover import disable_deletion, suspend_import
from imports.services.run_sync import run_sync
from imports.states import State
from imports.trial import last_delivery
from tests.integration.imports_ui.files import first_delivery, second_delivery, zipped
from tests.integration.imports_ui.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]
PAGE = "/administration/rollover/"
REHEARSE = f"{PAGE}rehearse/csv_upload/"
JSON = {"Accept": "application/json"}
HOUR = timedelta(hours=1)


def typed(moment: datetime, zone: str = "America/New_York") -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def suspend(world: World, starts: timedelta | None = None, hours: int = 2) -> Rollover:
    now = timezone.now()
    return suspend_import(district=world.district, starts=None if starts is None else now + starts, ends=now + hours * HOUR, by=world.owner)


def files(delivery: dict[str, str]) -> dict[str, Any]:
    return {"files": [SimpleUploadedFile("OneRoster.zip", zipped(delivery))]}


class TestTheForm:
    def test_suspends_by_the_district_s_clock(self, world: World) -> None:
        world.district.time_zone = "Pacific/Honolulu"
        world.district.save()
        ends = (timezone.now() + 5 * HOUR).replace(second=0, microsecond=0)
        response = world.client().post(f"{PAGE}suspension/", {"is_on": "on", "ends": typed(ends, "Pacific/Honolulu")})
        assert response.status_code == 302
        assert suspended_until(world.district) == ends
        page = text(world.client().get(PAGE))
        assert "Data import is suspended until" in page
        assert "HST" in page
        assert f'value="{typed(ends, "Pacific/Honolulu")}"' in page
        event = AuditEvent.objects.of(world.district).get(action="rollover.suspended")
        assert (event.actor, event.address) == (world.owner, "127.0.0.1")

    def test_plans_moves_calls_off_and_ends(self, world: World) -> None:
        client, now = world.client(), timezone.now()
        plan = {"is_on": "on", "starts": typed(now + 24 * HOUR), "ends": typed(now + 48 * HOUR)}
        client.post(f"{PAGE}suspension/", plan)
        assert "Planned" in text(client.get(PAGE))
        assert suspended_until(world.district) is None
        client.post(f"{PAGE}suspension/", {**plan, "ends": typed(now + 72 * HOUR)})
        assert abs(rollover_of(world.district).suspends_until - now - 72 * HOUR) < timedelta(minutes=2)  # type: ignore[operator]
        client.post(f"{PAGE}suspension/", {"starts": plan["starts"], "ends": plan["ends"]})
        assert rollover_of(world.district).suspends_from is None
        suspend(world)
        client.post(f"{PAGE}suspension/", {})
        assert suspended_until(world.district) is None
        assert "The last suspension ended" in text(client.get(PAGE))

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"is_on": "on"}, "Say when imports resume."),
            ({"is_on": "on", "ends": "soon"}, "This is no date and time."),
            ({"is_on": "on", "ends": "2020-01-01T00:00"}, "has passed already"),
            ({"is_on": "on", "ends": "0001-01-01T00:00"}, "has passed already"),
            ({"is_on": "on", "ends": "9999-12-31T23:59"}, "longer than a year"),
            ({"is_on": "on", "starts": "9999-12-30T23:59", "ends": "9999-12-31T23:59"}, "more than a year ahead"),
            ({"is_on": "on", "ends": "2027-03-14T02:30"}, "The clocks are changed in that hour"),
            ({"is_on": "on", "ends": "2027-11-07T01:30"}, "The clocks are changed in that hour"),
            ({"ends": "2099-01-01T00:00"}, "Switch Suspend data import on to save these dates"),
        ],
    )
    def test_what_cannot_be_is_said_beside_the_field_and_not_saved(self, world: World, fields: dict[str, str], words: str) -> None:
        response = world.client().post(f"{PAGE}suspension/", fields)
        assert response.status_code == 400
        assert words in text(response)
        assert not Rollover.objects.of(world.district).exists()

    def test_disables_and_enables_deletion(self, world: World) -> None:
        client = world.client()
        client.post(f"{PAGE}deletion/", {"is_on": "on"})
        assert deletion_is_disabled(world.district)
        assert "Deletion disabled" in text(client.get(PAGE))
        client.post(f"{PAGE}deletion/", {"is_on": "on"})  # twice is once
        client.post(f"{PAGE}deletion/", {})
        assert not deletion_is_disabled(world.district)
        assert AuditEvent.objects.of(world.district).filter(action__startswith="rollover.deletion").count() == 2


class TestRoles:
    @pytest.mark.parametrize("role", [Role.EDITOR, Role.APPROVER, Role.VIEWER])
    def test_members_see_and_only_owners_change(self, world: World, role: Role) -> None:
        client = world.client(role)
        page = text(client.get(PAGE))
        assert "Owners change this." in page
        assert 'role="switch"' not in page
        for address, fields in (
            (f"{PAGE}suspension/", {"is_on": "on", "ends": typed(timezone.now() + HOUR)}),
            (f"{PAGE}deletion/", {"is_on": "on"}),
        ):
            assert client.post(address, fields).status_code == 403
        assert not Rollover.objects.of(world.district).exists()

    @pytest.mark.parametrize(("role", "status"), [(Role.OWNER, 201), (Role.EDITOR, 201), (Role.APPROVER, 403), (Role.VIEWER, 403)])
    def test_owners_and_editors_rehearse(self, world: World, role: Role, status: int) -> None:
        assert world.client(role).post(REHEARSE, files(first_delivery()), headers=JSON).status_code == status
        assert Sync.objects.all_of(world.district).filter(is_rehearsal=True).count() == (status == 201)

    def test_nothing_is_changed_by_looking(self, world: World) -> None:
        for address in ("suspension/", "deletion/", "rehearse/csv_upload/"):
            assert world.client().get(PAGE + address).status_code == 405

    def test_forged_forms_are_refused(self, world: World) -> None:
        client = world.client(enforce_csrf_checks=True)
        for address, fields in (
            ("suspension/", {"is_on": "on"}),
            ("deletion/", {"is_on": "on"}),
            ("rehearse/csv_upload/", files(first_delivery())),
        ):
            assert client.post(PAGE + address, fields).status_code == 403
        assert not Delivery.objects.of(world.district).exists()


class TestUploads:
    def test_are_refused_until_the_end_and_nothing_is_stored(self, world: World) -> None:
        suspend(world)
        client = world.client()
        refused = client.post("/apps/csv_upload/upload/", files(first_delivery()), headers=JSON)
        assert refused.status_code == 409
        (problem,) = refused.json()["problems"]
        assert problem["message"].startswith("Data import is suspended until ")
        assert "Send the files again after that" in problem["fix"]
        plain = client.post("/apps/csv_upload/upload/", files(first_delivery()))
        assert plain.status_code == 409
        assert "Data import is suspended until" in text(plain)
        assert not Delivery.objects.of(world.district).exists()

    def test_are_taken_again_after_it(self, world: World) -> None:
        suspend(world)
        Rollover.objects.of(world.district).update(suspends_until=timezone.now())
        assert world.client().post("/apps/csv_upload/upload/", files(first_delivery()), headers=JSON).status_code == 201


class TestWhatPagesSay:
    PAGES = ("/", "/apps/csv_upload/", "/apps/csv_upload/history/", "/apps/csv_upload/settings/", "/history/")

    def test_strips_stand_where_syncs_are_seen_or_started(self, world: World) -> None:
        client = world.client(Role.VIEWER)
        assert all("Data Rollover" not in text(client.get(page)) for page in self.PAGES)
        suspend(world, 24 * HOUR, hours=48)
        assert all("Data import will be suspended from" in text(client.get(page)) for page in self.PAGES)
        suspend(world)
        disable_deletion(district=world.district, is_disabled=True, by=None)
        for page in self.PAGES:
            said = text(client.get(page))
            assert "Data import is suspended until" in said
            assert "Data deletion is disabled" in said
            assert f'href="{PAGE}"' in said

    def test_a_queued_sync_says_until_when_it_waits(self, world: World) -> None:
        sync = world.sync(State.QUEUED)
        suspend(world)
        client = world.client()
        assert "It goes on by itself after that." in text(client.get(f"/history/{sync.pk}/"))
        assert "Data import is suspended until" in text(client.get(f"/history/{sync.pk}/status/"))
        assert "1 queued sync waits for its end." in text(client.get(PAGE))

    def test_an_approval_is_refused_in_words(self, world: World) -> None:
        sync = world.sync(State.HELD)
        suspend(world)
        client = world.client()
        session = client.session
        session["confirmed_at"] = datetime.now(UTC).timestamp()
        session.save()
        page = text(client.post(f"/history/{sync.pk}/approve/", {"reason": ""}, follow=True))
        assert f"sync {sync.pk} cannot be approved before" in page
        assert Sync.objects.of(world.district).get(pk=sync.pk).state == State.HELD


class TestRehearsals:
    @pytest.fixture
    def rehearsed(self, world: World, tmp_path: Path) -> tuple[World, Sync]:
        world.configure({"schools": {"all_missing_as_new": True, "mapping": {}}})
        world.import_files(first_delivery(), tmp_path)
        response = world.client().post(REHEARSE, files(second_delivery()))
        sync = Sync.objects.all_of(world.district).get(is_rehearsal=True)
        assert response.status_code == 302
        run_sync(sync.pk, wakes_next=False)
        return world, sync

    def test_show_the_drop_first_and_are_listed(self, rehearsed: tuple[World, Sync]) -> None:
        world, sync = rehearsed
        page = text(world.client(Role.VIEWER).get(f"/history/{sync.pk}/"))
        assert "Rehearsal of CSV Upload" in page
        assert page.index("Expected drop per school") < page.index("From file to roster") < page.index('id="by-school"')
        assert f'href="/history/{sync.pk}/"' in text(world.client().get(PAGE))
        assert "Past rehearsals" in text(world.client().get(PAGE))
        assert f'href="/history/{sync.pk}/"' not in text(world.client().get("/apps/csv_upload/settings/"))
        assert f'href="/history/{sync.pk}/"' not in text(world.client().get("/history/"))
        assert AuditEvent.objects.of(world.district).filter(action="rollover.rehearsed").count() == 1

    def test_go_on_while_suspended_and_leave_the_last_delivery_alone(self, rehearsed: tuple[World, Sync]) -> None:
        world, _ = rehearsed
        suspend(world)
        assert world.client().post(REHEARSE, files(first_delivery()), headers=JSON).status_code == 201
        found = last_delivery(world.app)
        assert found is not None
        assert found[1] == Sync.objects.of(world.district).get().pk

    def test_refuse_files_in_words_on_their_own_page(self, world: World) -> None:
        response = world.client().post(REHEARSE, {"files": [SimpleUploadedFile("users.csv", b"sourcedId\n1\n")]})
        assert response.status_code == 422
        assert "Rehearse with the new year" in text(response)
        assert "orgs.csv" in text(response)
        assert not Sync.objects.all_of(world.district).exists()

    def test_need_an_app(self, world: World) -> None:
        assert world.client().post(f"{PAGE}rehearse/sftp/", files(first_delivery())).status_code == 404


def test_another_district_sees_and_changes_nothing(world: World, stranger: World, tmp_path: Path) -> None:
    suspend(world)
    disable_deletion(district=world.district, is_disabled=True, by=None)
    world.client().post(REHEARSE, files(first_delivery()))
    sync = Sync.objects.all_of(world.district).get()
    client = stranger.client()
    for page in (PAGE, "/", "/history/"):
        assert "suspended until" not in text(client.get(page))
    assert f"#{sync.pk}" not in text(client.get(PAGE))
    assert client.get(f"/history/{sync.pk}/").status_code == 404
    client.post(f"{PAGE}suspension/", {})
    client.post(f"{PAGE}deletion/", {})
    assert suspended_until(world.district) is not None
    assert deletion_is_disabled(world.district)
    assert client.post("/apps/csv_upload/upload/", files(first_delivery()), headers=JSON).status_code == 201


class TestTwoPersonApproval:
    ADDRESS = "/administration/people/two-person-approval/"

    def test_is_switched_by_owners_and_audited(self, world: World) -> None:
        client = world.client()
        client.post(self.ADDRESS, {"is_on": "on"})
        client.post(self.ADDRESS, {"is_on": "on"})
        world.district.refresh_from_db()
        assert world.district.two_person_approval
        client.post(self.ADDRESS, {})
        world.district.refresh_from_db()
        assert not world.district.two_person_approval
        told = AuditEvent.objects.of(world.district).filter(action="district.two_person_approval").order_by("pk")
        assert [event.detail for event in told] == [{"before": "off", "after": "on"}, {"before": "on", "after": "off"}]

    @pytest.mark.parametrize("role", [Role.EDITOR, Role.APPROVER, Role.VIEWER])
    def test_is_seen_by_members_and_changed_by_no_other(self, world: World, role: Role) -> None:
        client = world.client(role)
        assert "Two-person approval" in text(client.get("/administration/people/"))
        assert client.post(self.ADDRESS, {"is_on": "on"}).status_code == 403
        world.district.refresh_from_db()
        assert not world.district.two_person_approval

    def test_warns_where_nobody_else_could_approve(self, world: World) -> None:
        page = "/administration/people/"
        assert "Only one person here may approve" in text(world.client().get(page))
        world.member(Role.APPROVER)
        assert "Only one person here may approve" not in text(world.client().get(page))

    def test_binds_the_one_who_uploaded(self, world: World) -> None:
        sync = world.sync(State.HELD, created_by=world.owner)
        client = world.client()
        client.post(self.ADDRESS, {"is_on": "on"})
        session = client.session
        session["confirmed_at"] = datetime.now(UTC).timestamp()
        session.save()
        client.post(f"/history/{sync.pk}/approve/", {"reason": ""})
        assert Sync.objects.of(world.district).get(pk=sync.pk).state == State.HELD


def test_nobody_who_is_not_signed_in_is_let_in(world: World) -> None:
    assert Client().get(PAGE).status_code == 302
    assert Client().post(f"{PAGE}deletion/", {"is_on": "on"}).status_code == 302
    assert not deletion_is_disabled(world.district)

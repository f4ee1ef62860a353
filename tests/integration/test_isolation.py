"""A member of another district sees nothing: every address of the portal, walked from the address table itself."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import District, Membership, Role, User
from accounts.services.create_district import create_district
from dataquality.models import Issue
from imports.models import Arrival, Delivery, LandingRun, Sync
from imports.services.activate_app import activate_app
from imports.services.receive_delivery import Upload, receive_delivery
from imports.services.run_sync import run_sync
from imports.services.save_config import save_config
from imports.services.start_sync import start_sync
from notices.services.webhooks import add_webhook
from roster.models import Organization, Student
from synthetic import write_district

pytestmark = pytest.mark.django_db(transaction=True)

MARKER = "Zyxwvut"  # a name that only the first district holds
OPEN = {"sign-in", "sign-out", "password", "healthz", "readyz", "favicon.ico", "robots.txt", "help", "static"}


@pytest.fixture
def ours(tmp_path: Path, data_dir: Path) -> District:
    """A district with an imported roster, issues and two syncs; the marker is in a live record, in a row left out, and in a school's name."""
    district, owner = create_district(slug="ours", name=f"{MARKER} Schools", admin_email="owner@ours.example", password="irrelevant-1")
    sftp = activate_app(district=district, kind="sftp", by=owner)
    Arrival.objects.create(district=district, app=sftp, path=f"{MARKER} users.csv", size=1, sha256="a" * 64, stamp="")
    LandingRun.objects.create(district=district, app=sftp, reason="manual", by=owner, is_refused=True, outcome=f"{MARKER} is missing.")
    app = activate_app(district=district, kind="csv_upload", by=owner)
    save_config(app=app, document={"schools": {"all_missing_as_new": True}}, by=owner)
    app.refresh_from_db()
    write_district(tmp_path / "files", students=40, seed=3)
    users = tmp_path / "files" / "users.csv"
    lines = users.read_text(encoding="utf-8").splitlines()
    at = [number for number, line in enumerate(lines) if ",student," in line][:2]
    header = lines[0].split(",")
    for number, email in zip(at, ("marked@ours.example", ""), strict=True):
        lines[number] = _with(lines[number], header, {"givenName": MARKER, "email": email})
    users.write_text("\n".join(lines) + "\n", encoding="utf-8")
    uploads = [Upload(path.name, path) for path in (tmp_path / "files").glob("*.csv")]
    for _ in range(2):
        sync = start_sync(delivery=receive_delivery(app=app, uploads=uploads, source="command", by=owner), by=owner, wake=False)
        run_sync(sync.pk, wakes_next=False)
    Organization.objects.of(district).filter(kind="school").update(name=f"{MARKER} High")
    assert Student.objects.of(district).filter(first_name=MARKER).count() == 1
    assert Issue.objects.of(district).filter(record_name__startswith=MARKER).exists()
    return district


def _with(line: str, header: list[str], values: dict[str, str]) -> str:
    import csv
    import io

    row = dict(zip(header, next(csv.reader([line])), strict=True)) | values
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([row[name] for name in header])
    return out.getvalue()


@pytest.fixture
def stranger() -> Client:
    """The owner of another district, who has activated the same apps."""
    district, owner = create_district(slug="theirs", name="Other Schools", admin_email="owner@theirs.example", password="irrelevant-2")
    for kind in ("csv_upload", "sftp"):
        activate_app(district=district, kind=kind, by=owner)
    client = Client()
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _patterns(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from _patterns(one, prefix + str(one.pattern))
        elif isinstance(one, URLPattern):
            yield prefix + str(one.pattern)


def _filled(pattern: str, values: dict[str, Any]) -> list[str]:
    """The addresses of a pattern, with the first district's ids for its parts."""
    addresses = [pattern]
    for part in re.findall(r"<(?:\w+:)?(\w+)>", pattern):
        options = values[part] if isinstance(values[part], list) else [values[part]]
        addresses = [re.sub(rf"<(?:\w+:)?{part}>", str(option), address, count=1) for address in addresses for option in options]
    return ["/" + address for address in addresses]


def test_every_address_is_closed_to_members_of_another_district(ours: District, stranger: Client) -> None:
    sync = Sync.objects.of(ours).order_by("pk").first()
    student = Student.objects.of(ours).get(first_name=MARKER)
    issue = Issue.objects.of(ours).first()
    membership = Membership.objects.of(ours).get()
    organization = Organization.objects.of(ours).filter(kind="school").first()
    webhook = add_webhook(district=ours, url="https://hooks.example.org/x", events=["sync.held"], by=membership.user, address=None)
    assert sync and issue and organization
    values = {
        "sync_id": sync.pk, "kind": ["csv_upload", "sftp"], "tab": ["overview", "history", "quality", "landing", "settings"], "membership_id": membership.pk,
        "record_type": ["student", "school", "enrollment"], "outcome": ["created", "skipped"], "organization_id": organization.pk,
        "code": issue.code, "uidb64": "x", "token": "y", "number": 1, "webhook_id": webhook.pk, "step": ["delivery", "requirements"],
        "key_id": 1, "delivery_id": sync.delivery_id, "file_id": sync.delivery.files.values_list("pk", flat=True)[0],
    }  # fmt: skip
    walked = 0
    for pattern in _patterns(get_resolver()):
        if pattern.split("/")[0] in OPEN:
            continue
        for address in _filled(pattern, values):
            names_theirs = any(
                f"<{part}>" in re.sub(r"\w+:", "", pattern)
                for part in ("sync_id", "membership_id", "organization_id", "webhook_id", "delivery_id")
            )
            for query in ("", f"?key={student.key}&q={MARKER}&organization={organization.key}"):
                for response in (stranger.get(address + query), stranger.post(address + query)):
                    walked += 1
                    body = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
                    text = body.decode(errors="replace").replace(f'value="{MARKER}"', "").replace(f"“{MARKER}”", "")
                    assert f"{MARKER} " not in text and f">{MARKER}" not in text.replace(f"q={MARKER}", ""), (
                        f"{address}{query} shows the other district"
                    )
                    assert student.key not in text.replace(f"key={student.key}", ""), f"{address}{query} shows a key of the other district"
                    if names_theirs:
                        assert response.status_code in {404, 405}, f"{address} answers {response.status_code}"
    assert walked > 80
    assert Sync.objects.of(ours).count() == 2
    assert Delivery.objects.of(ours).count() == 2
    assert Membership.objects.of(ours).count() == 1
    assert Student.objects.of(ours).filter(first_name=MARKER).count() == 1


def test_a_record_of_another_district_is_not_found(ours: District, stranger: Client) -> None:
    student = Student.objects.of(ours).get(first_name=MARKER)
    assert stranger.get("/browse/student/record/", {"key": student.key}).status_code == 404


def test_nothing_is_shown_without_sign_in(ours: District) -> None:
    sync = Sync.objects.of(ours).first()
    assert sync is not None
    for address in (
        "/",
        "/gallery/",
        f"/history/{sync.pk}/",
        "/browse/student/",
        "/quality/",
        "/administration/",
        f"/history/{sync.pk}/errors.csv",
    ):
        response = Client().get(address)
        assert response.status_code == 302, address
        assert response["Location"].startswith("/sign-in/")


def test_a_person_without_a_district_sees_none(ours: District) -> None:
    lonely = User.objects.create_user("lonely@nowhere.example", "irrelevant-3")
    client = Client()
    client.force_login(lonely, backend="django.contrib.auth.backends.ModelBackend")
    for address in ("/", "/browse/student/", "/quality/", "/administration/"):
        response = client.get(address, follow=True)
        assert MARKER not in response.content.decode(), address


def test_a_viewer_changes_nothing(ours: District) -> None:
    viewer = User.objects.create_user("viewer@ours.example", "irrelevant-4")
    Membership.objects.create(district=ours, user=viewer, role=Role.VIEWER)
    client = Client()
    client.force_login(viewer, backend="django.contrib.auth.backends.ModelBackend")
    sync = Sync.objects.of(ours).first()
    assert sync is not None
    for address in (
        "/apps/csv_upload/upload/", f"/history/{sync.pk}/cancel/", f"/history/{sync.pk}/approve/", f"/history/{sync.pk}/reject/",
        "/gallery/csv_upload/activate/", "/administration/people/invite/",
    ):  # fmt: skip
        assert client.post(address).status_code == 403, address

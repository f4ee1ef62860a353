"""A district with one person per role, another district, a mail server and a webhook's receiver."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import District, Membership, Role
from tests.integration.accounts.people import make_district, make_member
from tests.integration.notices.kit import MailServer, Receiver


@pytest.fixture
def district(db: None) -> District:
    return make_district()


@pytest.fixture
def other_district(db: None) -> District:
    return make_district("cedar", "Cedar Creek")


@pytest.fixture
def members(district: District) -> dict[Role, Membership]:
    return {role: make_member(district, role) for role in Role}


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    server = MailServer()
    server.controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.PORTAL_BASE_URL = "127.0.0.1", server.port, "https://portal.example.org"
    yield server
    server.controller.stop()


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.PORTAL_WEBHOOKS_PRIVATE = True
    server = Receiver()
    yield server
    server.shutdown()
    server.server_close()

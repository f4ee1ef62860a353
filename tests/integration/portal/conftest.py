"""A district with one person per role, and another district."""

import pytest

from accounts.models import District, Membership, Role
from tests.integration.accounts.people import make_district, make_member


@pytest.fixture
def district(db: None) -> District:
    return make_district()


@pytest.fixture
def other_district(db: None) -> District:
    return make_district("cedar", "Cedar Creek")


@pytest.fixture
def members(district: District) -> dict[Role, Membership]:
    return {role: make_member(district, role) for role in Role}

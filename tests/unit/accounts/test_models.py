"""What the models refuse by themselves."""

import pytest

from accounts.models import AuditEvent, Membership, Role
from accounts.scoping import UnscopedQuery


@pytest.mark.parametrize("query", ["all", "count", "first", "exists"])
@pytest.mark.parametrize("model", [Membership, AuditEvent])
def test_a_query_that_names_no_district_is_refused(model, query):
    with pytest.raises(UnscopedQuery, match=r"needs \.of\(district\)"):
        getattr(model.objects, query)()


def test_a_row_without_a_district_is_refused():
    with pytest.raises(UnscopedQuery, match="needs a district"):
        Membership.objects.create(role=Role.OWNER)


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (Role.OWNER, (True, True, True)),
        (Role.EDITOR, (False, True, False)),
        (Role.APPROVER, (False, False, True)),
        (Role.VIEWER, (False, False, False)),
    ],
)
def test_what_each_role_may_do(role, rights):
    membership = Membership(role=role)
    assert (membership.can_administer, membership.can_edit, membership.can_approve) == rights

"""The pipeline agrees with a naive reading of the rules, person by person, over three days."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataquality.steps.filters import Condition, FilterRule
from dataquality.steps.uniqueness import Domain
from imports.config import ImportConfig
from records.attributes import RecordType
from tests.property.naive import TYPES, judge
from tests.unit.steps.kit import MemoryLive, district, person, run

pytestmark = pytest.mark.no_database

PEOPLE = st.lists(
    st.builds(
        lambda key, role, values: person(key, role, **{**values, "orgSourcedIds": "O1", "grades": values["grades"] if role == "student" else ""}),
        st.sampled_from([f"P{number}" for number in range(6)]),
        st.sampled_from(list(TYPES)),
        st.fixed_dictionaries({
            "email": st.sampled_from(["a@x.org", "b@x.org", "B@x.org", "c@x.org", "d@x.org", ""]), "givenName": st.sampled_from(["Ana", "Bo", ""]),
            "username": st.sampled_from(["u1", "u2", "U2", "u3"]), "grades": st.sampled_from(["03", "04", "03,04", ""]),
            "phone": st.sampled_from(["", "1"]), "status": st.sampled_from(["", "active", "inactive"]),
        }),
    ),
    min_size=1, max_size=9, unique_by=lambda row: (row["sourcedId"], row["role"]),
)  # fmt: skip
CONDITIONS = (
    Condition("grades", "equals_any", ("03",)), Condition("email", "contains", ("a@", "B@")), Condition("username", "does_not_contain", ("u2",)),
    Condition("phone", "is_empty"), Condition("first_name", "is_not_empty"),
)  # fmt: skip
CONFIGS = st.builds(
    ImportConfig,
    all_missing_as_new=st.just(True),
    requirements=st.sampled_from([
        {}, {RecordType.STUDENT: {"email": "skip", "grades": "skip"}, RecordType.TEACHER: {"first_name": "skip"}},
        {kind: {"email": "skip", "phone": "report"} for kind in TYPES.values()},
    ]),
    filters=st.lists(st.builds(FilterRule, st.sampled_from(list(TYPES.values())), st.lists(st.sampled_from(CONDITIONS), min_size=1, max_size=2).map(tuple),
                               st.sampled_from(["all", "any"])), max_size=2).map(tuple),
    uniqueness=st.lists(st.sampled_from([Domain(RecordType.STUDENT, ("username",)), Domain(RecordType.TEACHER, ("first_name", "username"))]), max_size=2,
                        unique=True).map(tuple),
)  # fmt: skip


@given(st.lists(PEOPLE, min_size=3, max_size=3), CONFIGS)
@settings(max_examples=15)
def test_the_pipeline_and_a_naive_reading_agree(deliveries, config):
    live, naive = MemoryLive(), {kind: {} for kind in TYPES.values()}
    base = district(enrollments=[], classes=[], demographics=[])
    for users in deliveries:
        ran = run({**base, "users": users}, config=config, live=live)
        wanted = judge(users, config, naive)
        for kind in TYPES.values():
            found = {row["key"]: row["outcome"] for row in ran.rows[kind] if row["line"]}
            found |= {row["key"]: row["outcome"] for row in ran.rows[kind] if row["outcome"] == "deleted" and row["code"] == "absent"}
            assert found == wanted[kind]
            assert set(live.records[kind]) == set(naive[kind])

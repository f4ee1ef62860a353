"""Auto Mapping of the schools that a sync waits for."""

import pytest

from imports.models import Sync
from imports.selectors.school_suggestions import suggest_mapping
from imports.selectors.summary import sync_summary
from imports.states import State
from mapping.steps.auto_map import SchoolChoice
from roster.models import Organization

from .conftest import Portal


@pytest.fixture
def waiting(portal: Portal) -> Sync:
    portal.configure({"schools": {"all_missing_as_new": False, "mapping": {"OLD-1": "mapped-already"}}})
    sync = portal.deliver()
    assert sync.state == State.NEEDS_SCHOOL_MAPPING
    return sync


def organization(portal: Portal, key: str, name: str, *, identifier: str = "", kind: str = "school") -> None:
    Organization.objects.create(district=portal.district, key=key, name=name, identifier=identifier, kind=kind)


def test_schools_are_matched_by_identifier_then_by_name_then_created(portal: Portal, waiting: Sync) -> None:
    one, two, three, four = waiting.detail.unmapped
    organization(portal, "by-identifier", "Another name", identifier=one["identifier"])
    organization(portal, "by-name", two["name"].upper().replace(" SCHOOL", ""))
    organization(portal, "an-office", three["name"], kind="office")
    organization(portal, "mapped-already", four["name"])
    assert suggest_mapping(waiting) == {
        one["source_id"]: SchoolChoice(target="by-identifier"),
        two["source_id"]: SchoolChoice(target="by-name"),
        three["source_id"]: SchoolChoice(new_name=three["name"]),
        four["source_id"]: SchoolChoice(new_name=four["name"]),
    }


def test_schools_of_other_districts_are_never_matched(portal: Portal, waiting: Sync) -> None:
    other = Portal("other", portal._files, portal._folder)
    for school in waiting.detail.unmapped:
        organization(other, f"other-{school['source_id']}", school["name"], identifier=school["identifier"])
    assert all(choice.new_name and not choice.target for choice in suggest_mapping(waiting).values())


def test_the_summary_says_how_many_schools_wait(waiting: Sync) -> None:
    assert sync_summary(waiting).sentence == "4 schools must be mapped before it can go on."

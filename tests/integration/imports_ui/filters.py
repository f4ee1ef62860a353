"""A district for filter rules, and the form of a rule as a browser without scripts works it."""

from pathlib import Path
from typing import Any

from django.urls import reverse

from imports.models import ConfigDraft
from imports.services.drafts import open_draft
from tests.integration.imports_ui.wizard import Wizard, fields_of
from tests.integration.imports_ui.world import World
from tests.unit.steps.kit import District, district, person, to_csv

STEP = "filters"
COUNTS = reverse("imports:configure_counts", args=["csv_upload", STEP])


def files() -> District:
    """Students of four grades and two schools, one in two grades, a class for each of two grades, a course with a comma in its title."""
    made = district()
    made["courses"].append({**made["courses"][0], "sourcedId": "K2", "title": "Latin, II", "subjects": "Latin,Math"})
    made["classes"].append({**made["classes"][0], "sourcedId": "C3", "courseSourcedId": "K2"})
    made["users"] += [
        person("S3", "student", grades="04"), person("S4", "student", grades="05,04", orgSourcedIds="O2"),
        person("S5", "student", grades="05", email=""), person("S6", "student", grades="KG", email="s3.student@example.org"),
    ]  # fmt: skip
    base = made["enrollments"][0]
    made["enrollments"] += [
        {**base, "sourcedId": f"E{number}", "classSourcedId": class_id, "userSourcedId": who, "role": role}
        for number, (class_id, who, role) in enumerate(
            (("C1", "S3", "student"), ("C1", "S4", "student"), ("C3", "S3", "student"), ("C3", "T1", "teacher"), ("C1", "S5", "student")),
            10,
        )
    ]
    return made


def deliver(world: World, folder: Path) -> World:
    """The district with one import of these files."""
    world.configure({"schools": {"all_missing_as_new": True}})
    assert world.import_files({f"{name}.csv": to_csv(name, rows) for name, rows in files().items()}, folder).is_accepted
    return world


def rule(record_type: str, attribute: str, *values: str, operator: str = "equals_any", **more: Any) -> dict[str, Any]:
    """A rule of one condition."""
    condition = {"attribute": attribute, "operator": operator} | ({"values": list(values)} if values else {})
    return {"record_type": record_type, "match": "all", "conditions": [condition], **more}


def drafted(world: World) -> dict[str, Any]:
    """The draft of the person as it is kept."""
    return ConfigDraft.objects.of(world.district).get().document


def with_draft(world: World, *rules: dict[str, Any], **parts: Any) -> None:
    """Put rules into the draft."""
    draft = open_draft(app=world.app, user=world.owner)
    draft.document = {**draft.document, "filters": list(rules), **parts}
    draft.save()


class Editor:
    """The form of a rule as a browser without scripts works it: every button answers with a page."""

    def __init__(self, wizard: Wizard, place: str = "new") -> None:
        self.wizard = wizard
        self.page = wizard.client.get(wizard.url(STEP), {"rule": place}).content.decode()

    def fields(self, changes: dict[str, Any]) -> dict[str, Any]:
        return {**fields_of(self.page), **changes}

    def press(self, do: str, changes: dict[str, Any] | None = None, **more: Any) -> Any:
        """One button of the page; `more`: other buttons (go)."""
        asked = {"do": do} if do else {}
        response = self.wizard.client.post(self.wizard.url(STEP), {**self.fields(changes or {}), **asked, **more})
        if response.status_code != 302:
            self.page = response.content.decode()
        return response

    def counts(self, changes: dict[str, Any] | None = None) -> str:
        return self.wizard.client.post(COUNTS, self.fields(changes or {})).content.decode()

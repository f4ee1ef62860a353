"""A district whose files have columns beyond the standard's, and the hands of a person at Attributes Mapping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.contrib.messages import get_messages

from imports.models import ConfigDraft, Sync
from imports.services.drafts import open_draft, seen_of
from imports.services.run_sync import run_sync
from imports.services.start_sync import start_sync
from tests.integration.imports_ui.wizard import Wizard
from tests.integration.imports_ui.world import World
from tests.unit.steps.kit import District, district, person, to_csv

STEP = "attributes"


def files() -> District:
    """Students with numbers of two Types, metadata and a column nobody knows; one without an identifier, one whose identifier is another's."""
    made = district()
    people = [
        person("S1", "student", userIds="{State:77001},{Local:a}", identifier="901", agentSourcedIds="P1"),
        person("S2", "student", userIds="{state:77002}", identifier="902", middleName="Q"),
        person("S3", "student", identifier="", username="a-very-long-user-name-of-more-than-forty-letters"),
        person("S4", "student", identifier="904"),
        person("T1", "teacher", userIds="{Badge:1}", identifier="801"),
        person("A1", "administrator", identifier="701"),
        person("P1", "parent"),
    ]
    extra = {"S1": {"metadata.lunch": "free", "homeLanguage": "es"}, "S2": {"metadata.lunch": "paid"}}
    made["users"] = [{**row, "metadata.lunch": "", "homeLanguage": "", **extra.get(row["sourcedId"], {})} for row in people]
    return made


def texts(made: Mapping[str, Sequence[Mapping[str, str]]], drop: Mapping[str, Sequence[str]] | None = None) -> dict[str, str]:
    """The files as text, without some of their columns."""
    result = {}
    for name, rows in made.items():
        lines = [line.split(",") for line in to_csv(name, [dict(row) for row in rows]).splitlines()]
        gone = {lines[0].index(header) for header in (drop or {}).get(name, ())}
        result[f"{name}.csv"] = "\r\n".join(",".join(cell for at, cell in enumerate(line) if at not in gone) for line in lines) + "\r\n"
    return result


def plain(made: District) -> District:
    """The same without commas inside values, so that columns can be cut out."""
    made["users"] = [{**row, "userIds": row["userIds"].split(",")[0]} for row in made["users"]]
    for row in made["classes"]:
        row["periods"] = "1"
    return made


def deliver(world: World, content: Mapping[str, str], folder: Path) -> Sync:
    folder.mkdir(exist_ok=True)
    return world.import_files(content, folder)


def first_import(world: World, folder: Path) -> World:
    """The district with one import of these files."""
    world.configure({"schools": {"all_missing_as_new": True}})
    assert deliver(world, texts(files()) | {"users.csv": to_csv("users", files()["users"])}, folder).is_accepted
    return world


def drafted(world: World) -> dict[str, Any]:
    return ConfigDraft.objects.of(world.district).get().document


def in_force(world: World) -> dict[str, Any]:
    world.app.refresh_from_db()
    assert world.app.config is not None
    return world.app.config.document


def choose(tab: str, header: str, attribute: str, own: str = "") -> dict[str, str]:
    return {f"header:{tab}": header, f"attribute:{tab}": attribute, f"own:{tab}": own}


@dataclass
class Mapper(Wizard):
    """A person at this step. What the form says beside what is chosen is not asked of the page each time; rendering 13 tabs takes its time."""

    world: World = field(default_factory=World)

    def filled(self, step: str, changes: Mapping[str, Any], without: tuple[str, ...] = ()) -> dict[str, Any]:
        if step != STEP:
            return super().filled(step, changes, without)
        self.world.app.refresh_from_db()
        draft = open_draft(app=self.world.app, user=self.world.owner)
        return {"seen": seen_of(draft, (STEP,)), **changes}

    def press(self, button: str, **fields: Any) -> Any:
        """Press one of the step's own buttons."""
        return self.client.post(self.url(STEP), {**self.filled(STEP, fields), "do": button})

    def save(self, tab: str, header: str, attribute: str, own: str = "") -> Any:
        """New Attribute Mapping, Save."""
        return self.press(f"save:{tab}", **choose(tab, header, attribute, own))


def said(response: Any) -> str:
    """What the portal says was done."""
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def mapper(world: World) -> Mapper:
    """The owner of a district at this step."""
    return Mapper(world.client(), world=world)


def sync_again(world: World) -> Sync:
    """The same delivery under the configuration that was saved."""
    world.app.refresh_from_db()
    last = Sync.objects.of(world.district).order_by("-pk").first()
    assert last
    sync = start_sync(delivery=last.delivery, by=world.owner, wake=False)
    run_sync(sync.pk, wakes_next=False)
    return Sync.objects.of(world.district).select_related("detail").get(pk=sync.pk)

"""Delivery Configuration: data schema, preview, limits for the whole district; `finer_limits` has those for schools and files, `sftp_screen` the server."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import SimpleLazyObject

from formats.oneroster.tables import USER_ROLES
from imports.config_parser.delivery import SCHEMAS
from imports.config_words import SCHEMAS as SCHEMA_WORDS
from imports.models import ImportApp
from imports.steps.thresholds import most_allowed
from imports.trial.texts import Texts
from imports.views.sftp_screen import SftpScreen
from imports.views.wizard.finer_limits import FINER, finer_limits
from imports.views.wizard.step import Counting, Document, Page, Step
from records.attributes import AIDE_ROLES, SCREEN_ORDER
from records.text import to_series
from records.values import read_column
from roster.models import RosterState

RECOMMENDED = {"update_threshold": 35, "deletion_threshold": 10}  # per cent; source: the reference portal
WORDS = {"update_threshold": ("updated", "Data changes"), "deletion_threshold": ("deleted", "Data deletions")}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a limit means for one record type: more records than `most` of the `live` ones hold a sync."""

    label: str
    live: int
    most: int


@dataclass(frozen=True, slots=True)
class Limit:
    """One of the two limits as the form shows it; `value` is what was entered, which may be no number."""

    name: str
    title: str
    verb: str
    value: Any
    recommended: int
    is_on: bool
    meanings: tuple[Meaning, ...]
    problem: str = ""


def read(page: Page) -> Document:
    """The form: switches, and numbers as they were typed."""
    post, delivery = page.request.POST, dict(page.document["delivery"])
    delivery["data_schema"] = post.get("data_schema", delivery["data_schema"])
    delivery["preview"] = post.get("preview") == "on"
    delivery["aides_as_teachers"] = post.get("aides_as_teachers") == "on"
    for name in (*RECOMMENDED, *FINER):
        if name in post:  # with Preview Mode the limits are disabled, and keep what they were
            delivery[name] = _number(post[name].strip()) if post.get(f"{name}_on") == "on" else None
    if "row_floor" in post:  # it is among the limits
        delivery["hold_deletions_only"] = post.get("hold_deletions_only") == "on"
    return {**page.document, "delivery": delivery}


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text


def show(page: Page) -> Mapping[str, Any]:
    """All limits, and the schemas."""
    return {
        "limits": limits(page),
        "groups": finer_limits(page),
        "schemas": [(name, SCHEMA_WORDS[name]) for name in SCHEMAS],
        "delivery": page.document["delivery"],
        "sftp": SimpleLazyObject(lambda: SftpScreen(page.request, page.app)) if page.app.kind == ImportApp.Kind.SFTP else None,
    }


def limits(page: Page) -> list[Limit]:
    """Both limits with what they mean in the district's own records."""
    state = RosterState.objects.of(page.app.district_id).first()
    live = state.counts if state else {}
    return [_limit(name, page.document["delivery"][name], live, page.problem_at.get(f"delivery.{name}", "")) for name in RECOMMENDED]


def _limit(name: str, value: Any, live: Mapping[str, int], problem: str) -> Limit:
    verb, title = WORDS[name]
    is_number = isinstance(value, int | float) and 0 <= value <= 100
    meanings = tuple(
        Meaning(kind.plural, live[kind], most_allowed(value, live[kind])) for kind in SCREEN_ORDER if is_number and live.get(kind)
    )
    return Limit(name, title, verb, RECOMMENDED[name] if value is None else value, RECOMMENDED[name], value is not None, meanings, problem)


def count(counting: Counting) -> Mapping[str, Any]:
    """How many rows of aides and proctors the delivery has, whichever way the switch stands."""
    return {"aides": _aides(counting.trial.texts), "aides_left_out": not counting.config.aides_as_teachers}


def _aides(texts: Texts) -> int:
    """Counted by their role as it was delivered, for a mapping or another app's value may have changed what the records say."""
    users = texts.tables.get("users")
    if users is None or "role" not in users.table.column_names:
        return 0
    roles = read_column(to_series(users.table.column("role")), "enum", USER_ROLES).values
    return int(roles.isin(AIDE_ROLES).sum())


DELIVERY = Step(
    slug="delivery",
    title="Delivery Configuration",
    icon="upload",
    lead="How files come, and which syncs wait for a person. The usual settings import every delivery without asking.",
    parts=("delivery",),
    read=read,
    show=show,
    count=count,
    follows="imports/wizard/_delivery_follows.html",
)

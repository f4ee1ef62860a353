"""Delivery Configuration of CSV Upload: data schema, preview, limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imports.config_parser.delivery import SCHEMAS
from imports.config_words import SCHEMAS as SCHEMA_WORDS
from imports.steps.thresholds import most_allowed
from imports.views.wizard.step import Counting, Document, Page, Step
from records.attributes import SCREEN_ORDER, RecordType
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
    for name in RECOMMENDED:
        if name in post:  # with Preview Mode the limits are disabled, and keep what they were
            delivery[name] = _number(post[name].strip()) if post.get(f"{name}_on") == "on" else None
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
    """Both limits, and the schemas."""
    return {
        "limits": limits(page),
        "schemas": [(name, SCHEMA_WORDS[name]) for name in SCHEMAS],
        "delivery": page.document["delivery"],
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
    left_out = counting.drafted.rows(code="role-not-imported", record_type=RecordType.TEACHER)
    base = counting.trial.base(counting.config, counting.page.document)
    frame = base.frames.get(RecordType.TEACHER)
    taken = int(frame["user_type"].isin(["aide", "proctor"]).sum()) if frame is not None and not left_out else 0
    return {"aides": left_out or taken, "aides_left_out": bool(left_out)}


DELIVERY = Step(
    slug="delivery",
    title="Delivery Configuration",
    icon="upload",
    lead="How files come, and which syncs wait for a person. The usual settings import every upload without asking.",
    parts=("delivery",),
    read=read,
    show=show,
    count=count,
    follows="imports/wizard/_delivery_follows.html",
)

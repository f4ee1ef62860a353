"""Master Fields: which app wins for an attribute in records that several apps feed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from imports.config_words import MODES
from imports.context import OtherApp
from imports.models import ImportApp
from imports.selectors.other_apps import other_apps
from imports.trial import Base
from imports.views.wizard.choices import TAB_ORDER, attribute_choices, faults_under, refused_addition, with_entries
from imports.views.wizard.step import Counting, Document, Page, Step
from imports.views.words import count_words
from mapping.steps.master_fields import MASTER, MasterField, has_mode, protections_between
from records.attributes import RecordType, attribute_label
from records.frames import accepted
from records.text import is_in

PART, KEPT = "master_fields", "master-field-kept"


@dataclass(frozen=True, slots=True)
class FieldLine:
    """An attribute with a mode. `place`: the id its count is put under; `entry`: record type and attribute, by which it is sent back and removed."""

    place: str
    name: str
    label: str
    mode: str
    entry: str
    note: str
    problem: str


@dataclass(frozen=True, slots=True)
class TypeTab:
    """The modes of one record type, those that bind this app by another one's, and the attributes that may get one."""

    record_type: RecordType
    lines: list[FieldLine]
    theirs: list[FieldLine]
    choices: list[tuple[str, str]]
    problem: str

    @property
    def label(self) -> str:
        """The tab's name."""
        return self.record_type.label


def read(page: Page) -> Document:
    """The attributes that the page lists, with the modes chosen; they are added and removed by buttons."""
    post = page.request.POST
    if "lists_fields" not in post:
        return page.document
    return with_entries(page, PART, [_field(entry, post.get(f"mode:{entry}", "")) for entry in post.getlist("field")])


def _field(entry: str, mode: str) -> dict[str, str]:
    record_type, _, name = entry.partition(":")
    return {"record_type": record_type, "attribute": name, "mode": mode}


def act(page: Page, do: str) -> str | None:
    """Give an attribute a mode ("add:student"), or take it away ("remove:student:email")."""
    asked, _, what = do.partition(":")
    fields, post = page.document[PART], page.request.POST
    if asked == "add":
        new = _field(f"{what}:{post.get(f'new_attribute:{what}', '')}", post.get(f"new_mode:{what}", ""))
        page.document = with_entries(page, PART, [*fields, new])
    elif asked == "remove":
        page.document = with_entries(page, PART, [one for one in fields if _entry(one) != what])
    return None


def _entry(field: Mapping[str, Any]) -> str:
    return f"{field['record_type']}:{field['attribute']}"


def show(page: Page) -> Mapping[str, Any]:
    """A tab per record type, and whether the modes have an effect at all."""
    refused_type, fault = refused_addition(page, PART)
    fields = page.document[PART][:-1] if fault else page.document[PART]
    others = other_apps(page.app)
    return {
        "tabs": [_tab(page, kind, fields, others, fault if kind == refused_type else "") for kind in TAB_ORDER],
        "modes": list(MODES.items()),
        "no_effect": _why_no_effect(page.app, others),
        "others": [app.name for app in others],
    }


def _why_no_effect(app: ImportApp, others: Sequence[OtherApp]) -> str:
    """The sentence that says why no mode changes anything yet; empty where modes are obeyed."""
    if others:
        return ""
    active = [str(one) for one in ImportApp.objects.of(app.district_id).exclude(pk=app.pk).exclude(config=None)]
    if not active:
        return f"{app} is the only import app of this district, so master fields have no effect yet."
    return f"{' and '.join(active)} {'has' if len(active) == 1 else 'have'} not imported anything yet, so master fields have no effect yet."


def _tab(page: Page, kind: RecordType, fields: Sequence[Mapping[str, Any]], others: Sequence[OtherApp], fault: str) -> TypeTab:
    lines = [_line(page, number, field, others) for number, field in enumerate(fields) if field["record_type"] == kind]
    taken = {line.name for line in lines}
    choices = [(name, label) for name, label in attribute_choices(page, kind) if has_mode(kind, name) and name not in taken]
    return TypeTab(kind, lines, _theirs(kind, taken, others), choices, fault)


def _line(page: Page, number: int, field: Mapping[str, Any], others: Sequence[OtherApp]) -> FieldLine:
    kind, name, mode = RecordType(field["record_type"]), str(field["attribute"]), str(field["mode"])
    masters = _masters(kind, name, others) if mode == MASTER else []
    note = (
        f"{' and '.join(masters)} {'is' if len(masters) == 1 else 'are'} Master of it as well, so neither is protected from the other."
        if masters
        else ""
    )
    return FieldLine(f"gives-{number}", name, attribute_label(kind, name), mode, _entry(field), note, faults_under(page, PART, number))


def _masters(kind: RecordType, name: str, others: Sequence[OtherApp]) -> list[str]:
    return [app.name for app in others if MasterField(kind, name, MASTER) in app.master_fields]


def _theirs(kind: RecordType, taken: set[str], others: Sequence[OtherApp]) -> list[FieldLine]:
    """What other apps are Master of where this one has no mode."""
    rules = protections_between((), {app.name: app.master_fields for app in others})
    mine = [rule for rule in rules if rule.record_type is kind and rule.attribute not in taken]
    return [
        FieldLine(
            f"theirs-{kind}-{number}",
            rule.attribute,
            attribute_label(kind, rule.attribute),
            MASTER,
            "",
            f"Master: {' and '.join(rule.apps)}",
            "",
        )
        for number, rule in enumerate(mine)
    ]


def count(counting: Counting) -> Mapping[str, Any]:
    """For every mode how many values of the last delivery give way, and how many records several apps feed."""
    page, others = counting.page, counting.trial.others
    if not others:
        return {"gives": [], "shared": []}
    tabs = [_tab(page, kind, page.document[PART], others, "") for kind in TAB_ORDER]
    base = counting.trial.base(counting.config, page.document)
    gives = [
        (line.place, counting.drafted.rows(code=KEPT, record_type=tab.record_type, attribute=line.name))
        for tab in tabs
        for line in (*tab.lines, *tab.theirs)
    ]
    shared = [(f"shared-{tab.record_type}", shared_sentence(base, tab.record_type, others)) for tab in tabs if tab.lines or tab.theirs]
    return {"gives": [(place, number, gives_sentence(number)) for place, number in gives], "shared": shared}


def gives_sentence(number: int) -> str:
    """Say how many delivered values are not taken."""
    if not number:
        return "No value of the last delivery gives way."
    words = "gives way to the one" if number == 1 else "give way to those"
    return f"{count_words(number, 'value')} of the last delivery {words} in the portal."


def shared_sentence(base: Base, kind: RecordType, others: Sequence[OtherApp]) -> str:
    """Say how many records of the last delivery another app feeds as well."""
    frame = base.frames.get(kind)
    if frame is None or not len(frame):
        return f"The last delivery has no {kind.plural.lower()}."
    alive = accepted(frame)
    counts = [(app.name, int(np.count_nonzero(alive & is_in(frame["key"], app.feeds(kind))))) for app in others]
    words = " and ".join(f"{count:,} {'is' if count == 1 else 'are'} fed by {name}" for name, count in counts)
    return f"Of the {count_words(int(alive.sum()), kind.label.lower(), kind.plural.lower())} in the last delivery {words} as well."


MASTER_FIELDS = Step(
    slug="master_fields",
    title="Master Fields",
    icon="shield",
    lead="Which app wins where several feed a record. Master: other apps leave the value alone. Do not override: this one does. Empty values are filled.",
    parts=(PART,),
    read=read,
    show=show,
    count=count,
    act=act,
)

"""Attributes Mapping: which header of the files feeds which attribute."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imports.trial import TrialResult
from imports.trial.columns import column_facts, kept_facts
from imports.views.drift import missing_sentences
from imports.views.wizard.attributes_acts import act, checked_form, take_forms
from imports.views.wizard.attributes_form import OWN, MappingForm, check
from imports.views.wizard.attributes_rekey import REKEY, TYPED, count_rekeyed, rekeyed_here
from imports.views.wizard.attributes_tabs import Mapped, place_of
from imports.views.wizard.requirements import TAB_ORDER
from imports.views.wizard.step import Counting, Document, Page, Step
from records.attributes import RecordType, attribute_label
from records.frames import Frames
from records.text import is_blank

ONCE = "One header may feed several attributes; an attribute is fed by one header."
UNREADABLE = ("value-unreadable", "enum-impossible")


@dataclass(frozen=True, slots=True)
class AttributeCount:
    """Of the rows of the record type: how many have a value once it was read, and how many had one that cannot be read."""

    place: str
    filled: int
    total: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a mapping that is chosen and not saved yet would do, in one sentence."""

    key: str
    sentence: str
    is_fault: bool


def read(page: Page) -> Document:
    """The document with the mappings that are wholly chosen, where the page is left by a button of the frame; while one chooses, nothing is taken."""
    if "go" in page.request.POST and "do" not in page.request.POST:
        take_forms(page)
    return page.document


def show(page: Page, mapped: Mapped | None = None) -> Mapping[str, Any]:
    """A tab per record type and file, each with its form; what no longer fits; and the guard of SIS IDs."""
    mapped = mapped or Mapped(page)
    tabs = mapped.tabs()
    rekeyed = rekeyed_here(page)
    return {
        "tabs": [(tab, checked_form(mapped, tab)) for tab in tabs],
        "own_option": OWN,
        "once": ONCE,
        "lost": missing_sentences(mapped.drift.lost),
        "never_sent": missing_sentences(mapped.drift.never_sent),
        "new_headers": mapped.drift.new,
        "rekeyed": rekeyed,
        "is_rekey_open": any(not one.is_confirmed for one in rekeyed),
        "rekey_words": REKEY,
        "rekey_typed": page.request.POST.get(TYPED),
        "has_delivery": bool(page.headers),
    }


def count(counting: Counting) -> Mapping[str, Any]:
    """Fill rates and samples of every header, fill rates of every attribute, and how many people would get another SIS ID."""
    is_first = kept_facts(counting.page.app) is None
    mapped = Mapped(counting.page, column_facts(counting.trial))
    base = counting.trial.base(counting.config, counting.page.document)
    return {
        **show(counting.page, mapped),
        "is_first_count": is_first,  # the page was made without knowing the Types of user ids
        "attribute_counts": attribute_counts(mapped, base.frames, counting.drafted),
        "rekey_counts": count_rekeyed(counting),
        "previews": [_preview(mapped, checked_form(mapped, tab)) for tab in mapped.tabs()],
    }


def attribute_counts(mapped: Mapped, frames: Frames, drafted: TrialResult) -> list[AttributeCount]:
    """The attributes of all record types as the checked frames have them."""
    counts = []
    for kind in TAB_ORDER:
        frame = frames.get(kind)
        for name, source in mapped.entries(kind).items():
            column = "key" if name == "sis_id" else name
            if frame is not None and source and column in frame:
                filled = len(frame) - int(is_blank(frame[column]).sum())
                unreadable = sum(drafted.rows(code=code, record_type=kind, attribute=name) for code in UNREADABLE)
                counts.append(AttributeCount(place_of(kind, name), filled, len(frame), unreadable))
    return counts


def _preview(mapped: Mapped, form: MappingForm) -> Preview:
    """Say what the chosen header holds and what it would replace."""
    tab, entered = form.tab, form.entered
    if not entered.is_complete or (entered.attribute == OWN and not entered.own):
        return Preview(tab.key, ONCE, is_fault=False)
    problems = check(mapped, tab, entered)
    if problems:
        return Preview(tab.key, next(iter(problems.values())), is_fault=True)
    line = next((one for one in mapped.headers(tab.record_type, tab.file) if one.source == entered.source), None)
    facts = line.facts if line else None
    held = f"{entered.source} has a value in {facts.filled:,} of {tab.rows:,} rows" if facts and tab.rows is not None else entered.source
    examples = f", for example {', '.join(facts.samples)}" if facts and facts.samples else ""
    return Preview(tab.key, f"{held}{examples}. {_replaces(mapped, tab.record_type, entered.name, entered.source)}", is_fault=False)


def _replaces(mapped: Mapped, kind: RecordType, name: str, source: str) -> str:
    before, label = mapped.entries(kind).get(name), attribute_label(kind, name)
    if before is None:
        return f"It makes a new attribute {label} ({name})."
    if not before:
        return f"{label} is not fed now."
    return f"{label} is fed by it already." if before == source else f"It replaces {before}, which feeds {label} now."


ATTRIBUTES = Step(
    slug="attributes",
    title="Attributes Mapping",
    icon="mapping",
    lead="Which header of your files feeds which attribute. With the usual OneRoster columns nothing needs to be changed here.",
    parts=("attributes",),
    read=read,
    show=show,
    count=count,
    act=act,
)

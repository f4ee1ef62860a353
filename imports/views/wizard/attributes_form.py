"""New Attribute Mapping: a source header and an attribute, as they were chosen, and what is wrong with the choice."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from imports.config import default_document
from imports.config_parser.node import Node, shown
from imports.trial.columns import USER_IDS
from imports.views.wizard.attributes_tabs import Mapped, Tab
from imports.views.wizard.step import Document, problems_of
from records.attributes import ATTRIBUTES, FILE_OF, RecordType, attribute_label, find_attribute
from records.sources import Source

OWN = "+"  # in the list of attributes: a new one of the district's own


@dataclass(frozen=True, slots=True)
class Entered:
    """What the form of a tab says. `header`: a source; `attribute`: a name or OWN; `own`: a name in words; `user_id_type`: with users.userIds."""

    header: str = ""
    attribute: str = ""
    own: str = ""
    user_id_type: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether both sides are chosen."""
        return bool(self.header and self.attribute)

    @property
    def name(self) -> str:
        """The attribute's name in the document."""
        return snake_case(self.own) if self.attribute == OWN else self.attribute

    @property
    def source(self) -> str:
        """The source as written in documents."""
        wants_type = self.header == USER_IDS.text and self.user_id_type
        return f"{self.header}[{self.user_id_type}]" if wants_type else self.header


@dataclass
class MappingForm:
    """The form of one tab: what was entered, and a sentence for each field that needs a correction (header, attribute, own, type)."""

    mapped: Mapped
    tab: Tab
    entered: Entered = field(default_factory=Entered)
    is_open: bool = False
    is_checked: bool = False

    @cached_property
    def problems(self) -> dict[str, str]:
        """Field -> sentence; only of a form that was sent off."""
        return check(self.mapped, self.tab, self.entered) if self.is_checked else {}

    @property
    def changing(self) -> str:
        """The label of the attribute that is being changed, where one is chosen."""
        name = self.entered.attribute
        return attribute_label(self.tab.record_type, name) if name and name != OWN else ""

    @property
    def header_options(self) -> list[tuple[str, str]]:
        """Sources and how they read: every header that may feed an attribute."""
        return self._options(is_type=False)

    @property
    def type_options(self) -> list[tuple[str, str]]:
        """The Types of user ids that were found."""
        return self._options(is_type=True)

    def _options(self, *, is_type: bool) -> list[tuple[str, str]]:
        lines = [line for line in self.tab.headers if line.can_feed and line.is_type == is_type]
        return [(line.source, option_words(line.label, line.feeds, is_delivered=line.is_delivered)) for line in lines]

    @property
    def attribute_options(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Groups of attributes, by what feeds them now."""
        kind = self.tab.record_type
        here: list[tuple[str, str]] = []
        elsewhere: list[tuple[str, str]] = []
        unfed: list[tuple[str, str]] = []
        for name, source in self.mapped.entries(kind).items():
            label = attribute_label(kind, name)
            if not source:
                unfed.append((name, label))
            else:
                is_here = source.partition(".")[0] == self.tab.file
                (here if is_here else elsewhere).append((name, f"{label} (now {source})"))
        groups = [("Not fed", unfed), (f"Fed from {self.tab.file}.csv", here), ("Fed from another file", elsewhere)]
        return [(title, options) for title, options in groups if options]

    @property
    def asks_type(self) -> bool:
        """Whether a Type of user ids must be typed, for no delivery has shown which there are."""
        return self.tab.file == USER_IDS.file and not any(line.is_type for line in self.tab.headers)


def option_words(label: str, feeds: tuple[str, ...], *, is_delivered: bool) -> str:
    """A header in the list."""
    notes = [f"feeds {', '.join(feeds)}"] if feeds else []
    notes += [] if is_delivered else ["not in the last delivery"]
    return f"{label} ({'; '.join(notes)})" if notes else label


def snake_case(words: str) -> str:
    """A name in words as the document writes it: "State ID" is state_id."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def with_source(document: Document, kind: RecordType, name: str, source: str | None) -> Document:
    """The document in which an attribute is fed from there (None: it is not fed)."""
    attributes, entries = _entries(document, kind)
    return {**document, "attributes": {**attributes, kind.value: {**entries, name: source}}}


def without(document: Document, kind: RecordType, name: str) -> Document:
    """The document without an attribute of the district's own, and without what its requirement says (which is none)."""
    attributes, entries = _entries(document, kind)
    levels = document.get("requirements")
    mine = levels.get(kind.value) if isinstance(levels, Mapping) else None
    fewer = {**document, "attributes": {**attributes, kind.value: {key: value for key, value in entries.items() if key != name}}}
    if isinstance(levels, Mapping) and isinstance(mine, Mapping) and name in mine:
        fewer["requirements"] = {**levels, kind.value: {key: value for key, value in mine.items() if key != name}}
    return fewer


def _entries(document: Document, kind: RecordType) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """All record types' mappings, and this one's; the defaults in place of what is no mapping at all."""
    default = default_document()["attributes"]
    attributes = document.get("attributes")
    whole = attributes if isinstance(attributes, Mapping) else default
    entries = whole.get(kind.value)
    return whole, entries if isinstance(entries, Mapping) else default[kind.value]


def check(mapped: Mapped, tab: Tab, entered: Entered) -> dict[str, str]:
    """What is wrong with a choice, by field; nothing where it may be saved."""
    found = {**_check_attribute(mapped, tab, entered), **_check_header(mapped, tab, entered)}
    if found:
        return found
    fault = fault_of(mapped, tab.record_type, entered.name, entered.source)
    return {"header": fault} if fault else {}


def fault_of(mapped: Mapped, kind: RecordType, name: str, source: str | None) -> str:
    """What the parser says of feeding an attribute from there; empty where it takes it."""
    document = with_source(mapped.page.document, kind, name, source)
    path = Node(f"attributes.{kind}", None, []).under(name, None).path
    problems = problems_of(document, mapped.page.app.kind, mapped.page.known_headers)
    return next((problem.message for problem in problems if problem.path == path), "")


def _check_attribute(mapped: Mapped, tab: Tab, entered: Entered) -> dict[str, str]:
    kind = tab.record_type
    if not entered.attribute:
        return {"attribute": "Choose the attribute that it feeds, or a new one of your own."}
    if entered.attribute == OWN:
        return _check_own(mapped, kind, entered)
    if entered.attribute not in mapped.entries(kind):
        return {
            "attribute": f"{shown(entered.attribute)} is not an attribute of {tab.people}. Choose one from the list, or name a new one."
        }
    return {}


def _check_own(mapped: Mapped, kind: RecordType, entered: Entered) -> dict[str, str]:
    if not entered.own:
        return {"own": "Give the new attribute a name, for example State ID."}
    same = {attribute.label.casefold(): attribute.name for attribute in ATTRIBUTES[kind]}.get(entered.own.casefold())
    taken = same or (entered.name if entered.name in mapped.entries(kind) else "")
    if taken:
        label = attribute_label(kind, taken)
        return {
            "own": f"{kind.plural} have an attribute {label} ({taken}) already. Choose it from the list to feed it from another header."
        }
    fault = fault_of(mapped, kind, entered.name or entered.own, f"{FILE_OF[kind]}.sourcedId")
    if fault:
        return {
            "own": fault
            if entered.name
            else f"{shown(entered.own)} cannot name an attribute: it has no letters from a to z. Write, for example, State ID."
        }
    return {}


def _check_header(mapped: Mapped, tab: Tab, entered: Entered) -> dict[str, str]:
    if not entered.header:
        return {"header": "Choose the source header."}
    field = "type" if entered.source != entered.header else "header"
    source = Source.parse(entered.source)
    if source is None and field == "type":
        return {"type": f"{shown(entered.user_id_type)} cannot be a Type. Write it without brackets, for example State."}
    if source and source.user_id_type and (source.file, source.header) == (USER_IDS.file, USER_IDS.header) and tab.is_delivered:
        mapped.learn()
        tab = mapped.tab(tab.record_type, tab.file)
        if mapped.facts and entered.source not in [line.source for line in tab.headers]:
            return {field: _no_such_type(tab, source.user_id_type)}
    elif entered.header not in [line.source for line in tab.headers]:
        where = "The last delivery" if tab.is_delivered else "The standard"
        return {
            "header": f"{where} has no header {shown(entered.header.removeprefix(f'{tab.file}.'))} in {tab.file}.csv. Choose one from the list."
        }
    return {}


def _no_such_type(tab: Tab, user_id_type: str) -> str:
    """Say which Types there are instead."""
    there = [source.user_id_type for line in tab.headers if line.is_type and (source := Source.parse(line.source))]
    rest = f"It has {', '.join(there)}." if there else f"No row of {tab.people} has a {{Type:Id}} in it."
    return f"userIds of the last delivery have no Type {shown(user_id_type)}. {rest}"


def entered_in(mapped: Mapped, tab: Tab) -> MappingForm:
    """The form of a tab as it was sent, or as an address asks for it: ?change=student:email, ?header=student:users.metadata.lunch."""
    request, kind = mapped.page.request, tab.record_type
    form = MappingForm(mapped, tab)
    if request.method == "POST":
        fields = {name: request.POST.get(f"{name}:{tab.name}", "").strip() for name in ("header", "attribute", "own", "type")}
        form.entered = Entered(fields["header"], fields["attribute"], fields["own"], fields["type"])
        return form
    of_kind, _, name = request.GET.get("change", "").partition(":")
    if of_kind == kind and name in mapped.entries(kind):
        source = mapped.entries(kind)[name]
        if name in [line.name for line in tab.fed] or (not source and mapped.defaults[kind].get(name, FILE_OF[kind]).startswith(tab.file)):
            return replace(form, entered=Entered(source, name), is_open=True)
    of_kind, _, header = request.GET.get("header", "").partition(":")
    if of_kind == kind and header in [line.source for line in tab.headers]:
        return replace(form, entered=Entered(header, ""), is_open=True)
    return form


def is_standard(kind: RecordType, name: str) -> bool:
    """Whether an attribute is one of the standard's."""
    return find_attribute(kind, name) is not None

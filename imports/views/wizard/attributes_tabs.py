"""The tabs of Attributes Mapping: the headers of a file and what they feed, the attributes of a record type and what feeds them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from formats.oneroster.tables import TABLES
from formats.problems import Refused
from imports.config import default_document
from imports.config_parser.attributes import must_be_fed
from imports.config_parser.node import Node
from imports.selectors.drift import NEVER_READ, Drift, find_drift
from imports.trial import counting, open_trial
from imports.trial.columns import ColumnFacts, Facts, TypeFacts, column_facts, kept_facts
from imports.views.wizard.attributes_uses import uses_of
from imports.views.wizard.requirements import TAB_ORDER
from imports.views.wizard.step import Page
from mapping.steps.attributes import files_for
from records.attributes import FILE_OF, RecordType, attribute_label, attribute_names
from records.sources import Source

_NO_COLUMNS = TypeFacts(0, {})
_LONG = 14  # characters that fit into a column


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """A source header, or one Type of user ids. `source`: as written in documents; `facts`: None where nobody has counted or nothing came."""

    label: str
    source: str
    place: str
    feeds: tuple[str, ...]
    facts: ColumnFacts | None
    is_new: bool = False
    is_delivered: bool = True
    is_secret: bool = False
    is_type: bool = False
    can_feed: bool = True

    @property
    def parts(self) -> list[str]:
        """The label in parts between which a line may break."""
        return breakable(self.label)


@dataclass(frozen=True, slots=True)
class AttributeLine:
    """An attribute: what feeds it now (empty: nothing) and by default (empty: it is the district's own)."""

    name: str
    label: str
    source: str
    default: str
    place: str
    problem: str
    is_missing: bool
    can_delete: bool
    uses: tuple[str, ...]

    @property
    def parts(self) -> list[str]:
        """The source in parts between which a line may break."""
        return breakable(self.source)

    @property
    def is_own(self) -> bool:
        """Whether it is an attribute of the district's own."""
        return not self.default

    @property
    def is_changed(self) -> bool:
        """Whether it is fed otherwise than by default."""
        return self.source != self.default


@dataclass(frozen=True, slots=True)
class Tab:
    """A record type and a file that may feed it. `elsewhere`: how many attributes another file feeds; `rows`: None where nobody has counted."""

    record_type: RecordType
    file: str
    headers: list[HeaderLine]
    fed: list[AttributeLine]
    not_fed: list[AttributeLine]
    elsewhere: int
    rows: int | None
    is_delivered: bool

    @property
    def key(self) -> str:
        """What its ids end in."""
        return f"{self.record_type}-{self.file}"

    @property
    def name(self) -> str:
        """What its fields and buttons end in."""
        return f"{self.record_type}:{self.file}"

    @property
    def changed(self) -> int:
        """How many of its attributes differ from the default."""
        own_file = [line for line in self.not_fed if not line.default or line.default.split(".")[0] == self.file]
        return sum(line.is_changed for line in [*self.fed, *own_file])

    @property
    def people(self) -> str:
        """The record type in the plural, in a sentence."""
        return self.record_type.plural.lower()


class Mapped:
    """A document's mapping together with what is known of the files, from which all tabs are made.

    Attributes:
        facts: the columns of the last delivery by record type; None where nobody has counted them.
    """

    def __init__(self, page: Page, facts: Facts | None = None) -> None:
        self.page, self.facts = page, facts if facts is not None else kept_facts(page.app)
        self.defaults: dict[str, dict[str, str]] = default_document()["attributes"]
        self._entries: dict[RecordType, dict[str, str]] = {}

    def learn(self) -> None:
        """Look at the columns of the last delivery where nobody has yet, which takes seconds; one that cannot be read is left alone."""
        if self.facts is not None:
            return
        try:
            with counting():
                trial = open_trial(self.page.app)
                self.facts = column_facts(trial) if trial else None
        except Refused:
            return

    @cached_property
    def drift(self) -> Drift:
        """What no longer fits the files."""
        return find_drift(self.page.app, self.page.document)

    def entries(self, kind: RecordType) -> dict[str, str]:
        """Attribute -> source of a record type, as far as the document can be read; empty for an attribute that is not fed."""
        if kind not in self._entries:
            attributes = self.page.document.get("attributes")
            entries = attributes.get(kind.value) if isinstance(attributes, Mapping) else None
            read = {str(name): _text(value) for name, value in entries.items()} if isinstance(entries, Mapping) else {}
            standard = attribute_names(kind)
            self._entries[kind] = {name: read.get(name, "") for name in [*standard, *sorted(set(read) - set(standard))]}
        return self._entries[kind]

    def tabs(self) -> list[Tab]:
        """A tab per record type and file."""
        return [self.tab(kind, file) for kind in TAB_ORDER for file in files_for(kind)]

    def tab(self, kind: RecordType, file: str) -> Tab:
        """One tab."""
        lines = [self._line(kind, name, source) for name, source in self.entries(kind).items()]
        fed = [line for line in lines if file_of(line.source, kind) == file and line.source]
        not_fed = [line for line in lines if not line.source]
        return Tab(
            kind, file, self.headers(kind, file), fed, not_fed, len(lines) - len(fed) - len(not_fed), self._known(kind, file).rows if self.facts else None,
            file in self.page.headers,
        )  # fmt: skip

    def _known(self, kind: RecordType, file: str) -> TypeFacts:
        found = (self.facts or {}).get(kind)
        return found if found and file in self.page.headers else _NO_COLUMNS

    def _line(self, kind: RecordType, name: str, text: str) -> AttributeLine:
        path = Node(f"attributes.{kind}", None, []).under(name, None).path
        source = Source.parse(text)
        sent = self.page.headers.get(source.file) if source else None
        return AttributeLine(
            name, attribute_label(kind, name), text, self.defaults[kind].get(name, ""), place_of(kind, name), self.page.problem_at.get(path, ""),
            bool(source and sent is not None and source.header not in sent), name not in must_be_fed(kind),
            tuple(uses_of(self.page.document, kind, name)),
        )  # fmt: skip

    def headers(self, kind: RecordType, file: str) -> list[HeaderLine]:
        """The headers of the last delivery, or before there is one the standard's; after userIds its Types. Mapped headers that did not come are last."""
        delivered = self.page.headers.get(file)
        names = list(delivered) if delivered is not None else [column.header for column in TABLES[file]]
        mapped = [source for text in self.entries(kind).values() if (source := Source.parse(text)) and source.file == file]
        lines = []
        for header in names:
            lines.append(self._header(kind, Source(file, header)))
            if (file, header) == ("users", "userIds"):
                found = [source for text in self._known(kind, file).user_id_types() if (source := Source.parse(text))]
                asked = [source for source in mapped if source.user_id_type and source.text not in {one.text for one in found}]
                lines += [self._header(kind, source) for source in dict.fromkeys([*found, *asked])]
        absent = dict.fromkeys(source for source in mapped if source.header not in names)
        return lines + [self._header(kind, source, is_delivered=False) for source in absent]

    def _header(self, kind: RecordType, source: Source, *, is_delivered: bool = True) -> HeaderLine:
        text = source.text
        feeds = tuple(attribute_label(kind, name) for name, fed_by in self.entries(kind).items() if fed_by == text)
        is_secret = (source.file, source.header) == NEVER_READ
        known = self._known(kind, source.file)
        facts = known.columns.get(text)
        if facts is None and known.rows and source.user_id_type:
            facts = ColumnFacts(0, ())  # a Type that no row names
        return HeaderLine(
            text.partition(".")[2], text, place_of(kind, text), feeds, None if is_secret else facts,
            any((one.file, one.header) == (source.file, source.header) for one in self.drift.new) and not source.user_id_type,
            is_delivered, is_secret, bool(source.user_id_type), not is_secret and Source.parse(text) == source,
        )  # fmt: skip


def file_of(text: str, kind: RecordType) -> str:
    """The file of a source; that of the record type for one that cannot be read or names a file that cannot feed it, so that it is shown somewhere."""
    file = text.partition(".")[0]
    return file if file in files_for(kind) else FILE_OF[kind]


def breakable(text: str) -> list[str]:
    """A long header in parts: before capitals, dots and brackets."""
    return re.findall(r"[A-Z.\[_ -]?[^A-Z.\[_ -]*", text)[:-1] if len(text) > _LONG else [text]


def place_of(kind: str, name: str) -> str:
    """What the ids of an attribute or header end in; different for different names."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    odd = re.sub(r"[A-Za-z0-9_.]", "", name)
    return f"{kind}-{plain}" + "".join(f"-{ord(character):x}" for character in odd)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else "" if value is None else str(value)

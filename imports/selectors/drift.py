"""What of the mapping no longer fits the files: mapped headers that did not come, and headers that are new."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imports.config import default_document
from imports.models import ImportApp
from imports.selectors.delivered import recent_headers
from records.attributes import SCREEN_ORDER, RecordType
from records.sources import Source

NEVER_READ = ("users", "password")


@dataclass(frozen=True, slots=True)
class Missing:
    """A mapped header that the last delivery does not have. `feeds`: record type and attribute.

    is_expected: it came in an earlier delivery, or a person mapped it; otherwise it is a header of the standard that these files never had.
    """

    file: str
    header: str
    feeds: tuple[tuple[RecordType, str], ...]
    is_expected: bool


@dataclass(frozen=True, slots=True)
class NewHeader:
    """A header that the delivery before the last did not have."""

    file: str
    header: str
    is_mapped: bool


@dataclass(frozen=True, slots=True)
class Drift:
    """Both, in the order of the screens."""

    missing: tuple[Missing, ...] = ()
    new: tuple[NewHeader, ...] = ()

    @property
    def lost(self) -> tuple[Missing, ...]:
        """The missing headers that were expected."""
        return tuple(one for one in self.missing if one.is_expected)

    @property
    def never_sent(self) -> tuple[Missing, ...]:
        """The headers of the standard that these files never had."""
        return tuple(one for one in self.missing if not one.is_expected)


def find_drift(app: ImportApp, document: Mapping[str, Any]) -> Drift:
    """Hold a document's mapping against the headers of the last deliveries. Nothing is said of files that the last one did not bring."""
    deliveries = recent_headers(app)
    if not deliveries:
        return Drift()
    last, earlier = deliveries[0], deliveries[1:]
    came_before = {(file, header) for headers in earlier for file, names in headers.items() for header in names}
    fed = _fed(document)
    missing = tuple(
        Missing(*place, tuple(feeds), place in came_before or not _is_default(place, feeds))
        for place, feeds in fed.items()
        if place[0] in last and place[1] not in last[place[0]]
    )
    before = earlier[0] if earlier else {}
    new = tuple(
        NewHeader(file, header, (file, header) in fed)
        for file, names in last.items()
        if file in before
        for header in names
        if header not in before[file] and (file, header) != NEVER_READ
    )
    return Drift(missing, new)


def _fed(document: Mapping[str, Any]) -> dict[tuple[str, str], list[tuple[RecordType, str]]]:
    """File and header -> the attributes it feeds. What is no source is the parser's to refuse."""
    fed: dict[tuple[str, str], list[tuple[RecordType, str]]] = {}
    attributes = document.get("attributes")
    for kind in SCREEN_ORDER:
        entries = attributes.get(kind.value) if isinstance(attributes, Mapping) else None
        for name, text in entries.items() if isinstance(entries, Mapping) else ():
            source = Source.parse(text) if isinstance(text, str) else None
            if source is not None:
                fed.setdefault((source.file, source.header), []).append((kind, str(name)))
    return fed


def _is_default(place: tuple[str, str], feeds: list[tuple[RecordType, str]]) -> bool:
    default = default_document()["attributes"]
    return all(default[kind].get(name) == ".".join(place) for kind, name in feeds)

"""The headers of an app's files, as its syncs met them."""

from collections.abc import Mapping
from typing import Any

from imports.models import ImportApp, Sync
from imports.selectors.last_good import FILES, copies_in
from records.sources import Source

Headers = dict[str, list[str]]  # file ("users") -> headers
REMEMBERED = 10  # copies of a file
_ENOUGH = 1_000  # copies of any file; more are looked through for a file only that has not been found yet


def delivered_headers(app: ImportApp, *, before: int | None = None) -> Headers:
    """The headers of the newest copy of each file that was read, or of the newest before a sync; empty where there is none."""
    return next(iter(recent_headers(app, 1, before=before)), {})


def recent_headers(app: ImportApp, count: int = REMEMBERED, *, before: int | None = None) -> list[Headers]:
    """The headers of the last copies of each file that were read: first those of the newest copy of every file, then those of the copy before it.

    Of deliveries that bring all files these are the last deliveries.
    """
    syncs = Sync.objects.of(app.district_id).filter(app=app).exclude(detail__files=[])
    if before is not None:
        syncs = syncs.filter(pk__lt=before)
    found: dict[str, list[list[str]]] = {}
    for looked, copy in enumerate(copies_in(syncs)):
        kept = found.setdefault(copy.file, [])
        if len(kept) < count:
            kept.append(list(copy.headers))
        has_all = len(found) == len(FILES)
        if has_all and (looked > _ENOUGH or all(len(one) == count for one in found.values())):
            break
    deepest = max(map(len, found.values()), default=0)
    return [{file: kept[depth] for file, kept in found.items() if len(kept) > depth} for depth in range(deepest)]


def known_headers(app: ImportApp) -> Headers:
    """By file the headers that may feed an attribute because they came in one of its last copies, or feed one now.

    So a header that stopped coming does not stand in the way of the next change of the configuration.
    """
    known: Headers = {}
    for headers in recent_headers(app):
        for file, names in headers.items():
            known.setdefault(file, []).extend(names)
    for source in mapped_sources(app.config.document if app.config else {}):
        known.setdefault(source.file, []).append(source.header)
    return {file: list(dict.fromkeys(names)) for file, names in known.items()}


def mapped_sources(document: Mapping[str, Any]) -> list[Source]:
    """The sources that a document names."""
    named = [text for entries in document.get("attributes", {}).values() for text in entries.values()]
    return [source for text in named if text and (source := Source.parse(str(text))) is not None]

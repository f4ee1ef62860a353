"""The headers of an app's deliveries, as its syncs met them."""

from collections.abc import Mapping
from typing import Any

from imports.models import ImportApp, Sync
from records.sources import Source

Headers = dict[str, list[str]]  # file ("users") -> headers
REMEMBERED = 10  # deliveries


def delivered_headers(app: ImportApp, *, before: int | None = None) -> Headers:
    """The headers of the newest delivery that was read, or of the newest before a sync; empty where there is none."""
    return next(iter(recent_headers(app, 1, before=before)), {})


def recent_headers(app: ImportApp, count: int = REMEMBERED, *, before: int | None = None) -> list[Headers]:
    """The headers of the last deliveries that were read, newest first."""
    syncs = Sync.objects.of(app.district_id).filter(app=app).exclude(detail__files=[])
    if before is not None:
        syncs = syncs.filter(pk__lt=before)
    listed = syncs.order_by("-pk").values_list("detail__files", flat=True)[:count]
    return [{str(file["name"]).removesuffix(".csv"): list(file.get("headers", [])) for file in files or []} for files in listed]


def known_headers(app: ImportApp) -> Headers:
    """By file the headers that may feed an attribute because they came in one of the last deliveries, or feed one now.

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

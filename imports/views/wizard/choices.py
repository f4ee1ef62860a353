"""What the steps of Domains of Uniqueness and Master Fields have in common: lists of entries that are added and removed one by one."""

from collections.abc import Sequence

from imports.config_parser.attributes import METADATA
from imports.config_parser.rules import attributes_of
from imports.views.wizard.step import Document, Page
from mapping.steps.attributes import files_for
from records.attributes import PERSON_TYPES, SCREEN_ORDER, RecordType, attribute_label

TAB_ORDER = (*PERSON_TYPES, *(kind for kind in SCREEN_ORDER if kind not in PERSON_TYPES))


def attribute_choices(page: Page, kind: RecordType) -> list[tuple[str, str]]:
    """(name, label) of the attributes a rule may use: the standard's, the district's own, and the metadata headers of the last delivery."""
    found = [header for file in files_for(kind) for header in page.headers.get(file, ()) if header.startswith(METADATA)]
    return [(name, attribute_label(kind, name)) for name in dict.fromkeys([*attributes_of(page.document, kind), *found])]


def faults_under(page: Page, part: str, number: int) -> str:
    """The sentences about one entry of a list in the document, as one text."""
    place = f"{part}[{number}]"
    return " ".join(
        dict.fromkeys(message for path, message in page.problem_at.items() if path == place or path.startswith((f"{place}.", f"{place}[")))
    )


def refused_addition(page: Page, part: str) -> tuple[str, str]:
    """Record type and sentence of an entry that was to be added just now and has a fault; two empty texts where there is none."""
    asked, _, kind = page.request.POST.get("do", "").partition(":")
    entries: Sequence[object] = page.document[part]
    fault = faults_under(page, part, len(entries) - 1) if asked == "add" and entries else ""
    return (kind, fault) if fault else ("", "")


def with_entries(page: Page, part: str, entries: Sequence[object]) -> Document:
    """The document with another list in one part."""
    return {**page.document, part: list(entries)}

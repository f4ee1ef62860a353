"""What no longer fits the files, in sentences."""

from collections.abc import Iterable

from imports.selectors.drift import Drift, Missing
from records.attributes import RecordType, attribute_label

_MOST_NAMED = 3  # headers in the line of the app page


def missing_sentences(missing: Iterable[Missing]) -> list[str]:
    """One sentence per mapped header that did not come."""
    return [
        f"{one.file}.{one.header} feeds {_feeds(one)}, but the last delivery has no such header: it is empty in every record."
        for one in missing
    ]


def drift_line(drift: Drift) -> str:
    """One line for the app page: the headers that are gone, and new ones that feed nothing yet; empty where all is well."""
    new = [f"{one.file}.{one.header}" for one in drift.new if not one.is_mapped]
    gone = missing_sentences(drift.lost)
    parts = gone[:1] + ([f"So with {_counted(len(gone) - 1, 'more mapped header')}."] if len(gone) > 1 else [])
    if new:
        more = f" and {len(new) - _MOST_NAMED} more" if len(new) > _MOST_NAMED else ""
        verb = "is" if len(new) == 1 else "are"
        parts.append(f"New since the delivery before and not mapped yet {verb} {', '.join(new[:_MOST_NAMED])}{more}.")
    return " ".join(parts)


def _feeds(one: Missing) -> str:
    """Name the attributes, those of one name together: User IDs of students, teachers and admins."""
    kinds: dict[str, list[RecordType]] = {}
    for kind, name in one.feeds:
        kinds.setdefault(attribute_label(kind, name), []).append(kind)
    return " and ".join(f"{label} of {_listed([kind.plural.lower() for kind in of])}" for label, of in kinds.items())


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"

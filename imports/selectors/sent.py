"""What a sync was sent, for what is brought up to date by it."""

from dataquality.services.record_issues import Sent
from imports.models import Sync
from records.attributes import PERSON_TYPES


def what_was_sent(sync: Sync) -> Sent:
    """The files of a sync, and which attributes demographics.csv feeds under its configuration."""
    modes = {str(file["name"]).removesuffix(".csv"): str(file["mode"]) for file in sync.detail.files}
    mapped = sync.document.get("attributes", {})
    described = {
        str(kind): {name for name, source in mapped.get(kind, {}).items() if str(source).startswith("demographics.")}
        for kind in PERSON_TYPES
    }  # fmt: skip
    return Sent(modes, described)

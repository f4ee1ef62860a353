"""The guard of SIS IDs: which live people would get another one, and the words that allow it."""

from dataclasses import dataclass

import numpy as np

from imports.services.drafts import rekeyed_types
from imports.views.wizard.step import Counting, Page
from records.attributes import RecordType
from records.frames import accepted
from records.text import is_blank, positions

REKEY = "RE-KEY"
TYPED, SHOWN = "rekey_words", "rekeyed"  # fields of the form
REPEATS = ("key-repeated", "key-repeated-differs")


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """A record type whose SIS ID would come from another header than now; `is_confirmed`: somebody typed that this is meant."""

    record_type: RecordType
    before: str
    after: str
    is_confirmed: bool

    @property
    def people(self) -> str:
        """The record type in the plural, in a sentence."""
        return self.record_type.plural.lower()

    @property
    def field(self) -> str:
        """What the form sends, so that what is confirmed is what was shown."""
        return f"{self.record_type}={self.after}"


@dataclass(frozen=True, slots=True)
class RekeyCount:
    """Rows of the last delivery: of live people with another SIS ID than now, without any, and that share theirs with another row."""

    record_type: RecordType
    moved: int
    without: int
    shared: int


def rekeyed_here(page: Page) -> list[Rekeyed]:
    """The record types whose SIS ID the draft takes from elsewhere."""
    in_force = page.app.config.document if page.app.config else {}
    return [
        Rekeyed(RecordType(kind), str(in_force["attributes"][kind]["sis_id"]), source, page.draft.confirmed.get(kind) == source)
        for kind, source in rekeyed_types(page.app, page.document).items()
    ]


def shown_sources(page: Page) -> dict[str, str]:
    """Record type -> source, as the section showed it to the person who typed the words."""
    pairs = [text.partition("=") for text in page.request.POST.getlist(SHOWN)]
    return {kind: source for kind, _, source in pairs}


def count_rekeyed(counting: Counting) -> list[RekeyCount]:
    """Hold the SIS IDs of the checked rows against those of the live people, who are known by their sourcedId."""
    base = counting.trial.base(counting.config, counting.page.document)
    counts = []
    for one in rekeyed_here(counting.page):
        kind, frame = one.record_type, base.frames.get(one.record_type)
        if frame is None:
            continue
        live = counting.trial.live.columns(kind, ["source_id", "key"]).drop_duplicates("source_id").reset_index(drop=True)
        alive, keyless = accepted(frame), is_blank(frame["key"])
        at = positions(frame["source_id"], live["source_id"])
        known = alive & ~keyless & (at >= 0) & ~is_blank(frame["source_id"])
        rows = np.flatnonzero(known)
        moved = (frame["key"].iloc[rows].to_numpy() != live["key"].iloc[at[rows]].to_numpy()).sum() if len(rows) else 0
        shared = sum(counting.drafted.rows(code=code, record_type=kind) for code in REPEATS)
        counts.append(RekeyCount(kind, int(moved), int((alive & keyless).sum()), shared))
    return counts

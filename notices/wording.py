"""The words of each mail, by kind of event: subject, sentences, tables, and the words of the link. Facts in, words out; no person, no value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import District
from accounts.times import say_moment


@dataclass(frozen=True, slots=True)
class Table:
    """A small table: a title, the heads, and rows of as many cells."""

    title: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    more: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What a mail says."""

    subject: str
    sentences: list[str]
    action: str
    tables: list[Table] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when an event happened."""

    of: District
    at: datetime

    @property
    def district(self) -> str:
        """The district's name."""
        return self.of.name

    def time(self, moment: datetime) -> str:
        """A moment as the district's clock shows it."""
        return say_moment(moment, self.of)


Facts = dict[str, Any]


def words_for(kind: str, facts: Facts, place: Place) -> Words:
    """The words of an event.

    Raises:
        KeyError: the kind has no mail.
    """
    return _WORDS[kind](facts, place)


def _name(facts: Facts) -> str:
    return f"{facts['app']} {facts['what']} #{facts['sync']}"


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _changes(facts: Facts) -> str:
    said = [f"{facts[name]:,} {name}" for name in ("deleted", "updated", "created") if facts[name]]
    return f"If it is approved: {', '.join(said)}." if said else "If it is approved, no record changes."


def _held(facts: Facts, place: Place) -> Words:
    return Words(
        f"Held: {_name(facts)} of {place.district} waits for a decision",
        [
            f"{_name(facts)} of {place.district} was held on {place.time(place.at)}. {facts['why']}",
            f"{_changes(facts)} Until somebody decides, the live roster stays as it is.",
            f"If nobody decides within {_plural(facts['expires_days'], 'day')}, it expires and nothing is changed.",
        ],
        "Approve or reject",
    )


def _reminder(facts: Facts, place: Place) -> Words:
    return Words(
        f"Still held: {_name(facts)} of {place.district} waits for a decision",
        [
            f"{_name(facts)} of {place.district} has been held for {_plural(facts['hours'], 'hour')}. {facts['why']}",
            f"{_changes(facts)} Until somebody decides, the live roster stays as it is.",
            f"In {_plural(facts['days_left'], 'day')} it expires and nothing is changed.",
        ],
        "Approve or reject",
    )


def _expired(facts: Facts, place: Place) -> Words:
    return Words(
        f"Expired: nobody decided on {_name(facts)} of {place.district}",
        [
            f"{_name(facts)} of {place.district} waited for {_plural(facts['days'], 'day')} and nobody decided, so it has expired. "
            "Nothing was changed.",
            "To bring these changes in after all, send the files again.",
        ],
        "See the sync",
    )


def _failed(facts: Facts, place: Place) -> Words:
    errors = f" {_plural(facts['errors'], 'error')} {'is' if facts['errors'] == 1 else 'are'} listed there." if facts["errors"] else ""
    return Words(
        f"Failed: {_name(facts)} of {place.district}",
        [
            f"{_name(facts)} of {place.district} failed on {place.time(place.at)}. Nothing was changed.",
            f"Its page says why and how to mend it.{errors}",
        ],
        "See what happened",
    )


def _digest(facts: Facts, place: Place) -> Words:
    sentences = [
        f"What changed in {place.district} since the last digest: {_plural(facts['opened'], 'new issue')} of Data Requirements, "
        f"{facts['resolved']:,} settled. {facts['open']:,} {'is' if facts['open'] == 1 else 'are'} open now.",
        "Which records they are stands in the portal, not in this mail.",
    ]
    tables = [
        _table("By requirement", "Requirement", facts["requirements"]),
        _table("By school", "School", facts["schools"]),
    ]
    return Words(
        f"Daily digest of {place.district}: {facts['opened']:,} new, {facts['resolved']:,} settled", sentences, "See Data Quality", tables
    )


SHOWN = 25  # lines of a table


def _table(title: str, head: str, rows: list[dict[str, Any]]) -> Table:
    shown = [(str(row["name"]), f"{row['opened']:,}", f"{row['resolved']:,}") for row in rows[:SHOWN]]
    more = len(rows) - len(shown)
    return Table(title, (head, "New", "Settled"), shown, f"and {more:,} more in the portal" if more else "")


def _missing(facts: Facts, place: Place) -> Words:
    last = f"The last one came on {place.time(datetime.fromisoformat(facts['last_at']))}." if facts["last_at"] else "None has come yet."
    return Words(
        f"Missing: no {facts['app']} delivery for {place.district}",
        [
            f"A {facts['app']} delivery for {place.district} was expected within {_plural(facts['hours'], 'hour')}, and none has arrived. {last}",
            "Check the export of your SIS and whatever sends its files. The live roster stays as it is meanwhile.",
        ],
        "See the app",
    )


def _refused(facts: Facts, place: Place) -> Words:
    return Words(
        f"Nothing imported: a {facts['app']} run of {place.district} took no files",
        [
            f"A {facts['app']} run of {place.district} that began by itself on {place.time(place.at)} took nothing. {facts['why']}",
            "The files wait where they are, and the live roster stays as it is. Which files they are stands in the portal, not in this mail.",
            "Runs that take nothing for the same reason are not told again.",
        ],
        "See the landing zone",
    )


def _rollover(facts: Facts, place: Place) -> Words:
    return Words(
        f"Rollover: “{facts['what']}” ends in {place.district}",
        [
            f"“{facts['what']}” of {place.district} ends on {place.time(datetime.fromisoformat(facts['ends_at']))}. "
            "After that syncs are applied again in the usual way.",
            "If you need more time, move the end under Administration.",
        ],
        "See the rollover",
    )


def _test(facts: Facts, place: Place) -> Words:
    return Words(
        f"Test mail of Roster Portal for {place.district}",
        [
            f"This is the test mail that was asked for on {place.time(place.at)}. Notices of {place.district} will reach you at this address."
        ],
        "Notifications",
    )


_WORDS: dict[str, Callable[[Facts, Place], Words]] = {
    "sync.held": _held,
    "sync.reminder": _reminder,
    "sync.expired": _expired,
    "sync.failed": _failed,
    "digest.excluded": _digest,
    "delivery.missing": _missing,
    "delivery.refused": _refused,
    "rollover.ends": _rollover,
    "test": _test,
}

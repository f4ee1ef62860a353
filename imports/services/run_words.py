"""What a run says of the files it took, left or could not take, in sentences."""

from collections.abc import Collection, Sequence

from imports.models import ImportApp, Sync
from imports.selectors.landing import arriving_now, unread_files
from imports.sentences import Problem
from imports.states import WAITING, State
from imports.zone import Zone
from imports.zone_files import shown

EXPLAINED = 3  # files of which a sentence says why no run takes them
NAMED = 20  # files that a sentence names; the others are counted


def say_problems(problems: Sequence[Problem]) -> list[str]:
    """The problems of a set of files; missing ones in one sentence."""
    missing = [problem.file for problem in problems if problem.code == "file-missing"]
    words = [f"{problem.message} {problem.fix}".strip() for problem in problems if problem.code != "file-missing"]
    if missing:
        words.append(
            f"The first import needs all eight files together. Missing: {listed(missing)}. Upload {them(missing)}; what has come waits."
        )
    return words


def say_waiting_first(app: ImportApp) -> list[str]:
    """That the first set has come already and waits for a person, where it does: files that come after it wait for that."""
    first = Sync.objects.of(app.district_id).filter(app=app, state__in=WAITING).order_by("-pk").first()
    if first is None:
        return []
    does = "approve it" if first.state == State.HELD else "map its schools"
    return [f"Sync {first.pk} with the first set waits for a person: {does} first, then any of the files will do."]


def say_arriving(zone: Zone) -> list[str]:
    """The files that are still being written; nothing where there are none."""
    names = arriving_now(zone)
    if not names:
        return []
    are, wait = ("is", "waits") if len(names) == 1 else ("are", "wait")
    return [f"{listed(names)} {are} still arriving and {wait} for the next run."]


def say_unread(app: ImportApp, zone: Zone) -> list[str]:
    """Why zips and CSV files that lie in the zone were not taken: whoever sent them takes them for delivered. Nothing where there are none."""
    unread = unread_files(app, zone)
    words = [one.reason for one in unread[:EXPLAINED]]
    if len(unread) > EXPLAINED:
        words.append(
            f"{len(unread) - EXPLAINED:,} more zips and CSV files lie in the landing zone that no run takes; their receipts say why."
        )
    return words


def listed(names: Collection[str]) -> str:
    """Names with commas, the first of many."""
    said = [shown(name) for name in names]
    rest = len(said) - NAMED
    return ", ".join(said[:NAMED]) + (f" and {rest:,} more" if rest > 0 else "")


def was(names: Collection[str]) -> str:
    """The verb to so many names."""
    return "was" if len(names) == 1 else "were"


def them(names: Collection[str]) -> str:
    """The pronoun for so many names."""
    return "it" if len(names) == 1 else "them"

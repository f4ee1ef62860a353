"""What a sync starts from: its files as text, its configuration as it stood, and whether the same was accepted already."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from django.utils import timezone

from accounts.models import District
from formats.oneroster.tables import FILE_NAMES
from formats.read import TextTable
from imports.config import ImportConfig
from imports.config_parser import parse_config
from imports.context import OtherApp
from imports.files import limits, local_copy
from imports.models import ImportApp, Sync
from imports.pipeline import PipelineParams
from imports.reading import as_findings, describe_files, open_files, read_texts
from imports.selectors.last_good import last_copies
from imports.selectors.other_apps import other_apps
from imports.selectors.rollover import deletion_changed_since, keeps_all
from imports.sentences import say_file_problem
from imports.states import ACCEPTED, State
from imports.version import VERSION
from records import fingerprints
from roster.models import RosterState


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything the pipeline needs, and what to write down about it: files and notes for the report, the digest of it all."""

    texts: Mapping[str, TextTable]
    config: ImportConfig
    params: PipelineParams
    files: list[dict[str, object]]
    notes: list[str]
    digest: str
    rows: int


def read_inputs(sync: Sync, scratch: Path) -> Inputs:
    """Fetch the delivery and read it.

    Raises:
        Refused: what was delivered cannot be imported; says all that is wrong.
    """
    fetched = scratch / "delivered"
    fetched.mkdir()
    paths = [local_copy(file.stored_as, fetched / file.name) for file in sync.delivery.files.all()]
    config = parse_config(sync.document, sync.app.kind, headers=None)
    opened = open_files(paths, scratch, limits(), required_files(sync.app))
    today = today_in(sync.district)
    others = other_apps(sync.app)
    digest = _digest({"files": dict(opened.hashes), **_rules(sync, config, today, others)})
    texts = read_texts(opened, config.sources, scratch)
    notes = [say_file_problem(problem).message for problem in texts.warnings]
    notes += [f"{name} came along and was not used." for name in sync.delivery.ignored]
    params = PipelineParams(
        config, today, {file: opened.mode(file) for file in opened.paths}, _stops_for_schools(sync), as_findings(texts.warnings), others,
        rekeys=sync.detail.rekeys, keeps_all=keeps_all(sync), earlier_headers=_earlier_headers(sync, opened.paths),
    )  # fmt: skip
    return Inputs(
        texts.tables, config, params, describe_files(opened, texts), notes, digest, sum(table.rows for table in texts.tables.values())
    )


def required_files(app: ImportApp) -> tuple[str, ...]:
    """The files without which a delivery of the app is refused once it is opened. What the first one of SFTP lacks is refused before it is received."""
    return () if app.kind == ImportApp.Kind.SFTP else FILE_NAMES


def _earlier_headers(sync: Sync, delivered: Collection[str]) -> dict[str, list[str]]:
    """The headers of users and demographics as they came last, where the delivery lacks one of them: whose metadata is whose."""
    if {"users", "demographics"} <= set(delivered):
        return {}
    copies = last_copies(sync.app, before=sync.pk)
    return {file: list(copies[file].headers) for file in ("users", "demographics") if file in copies}


def today_in(district: District) -> date:
    """The day it is in a district."""
    return timezone.now().astimezone(ZoneInfo(district.time_zone)).date()


def has_imported(app: ImportApp) -> bool:
    """Whether a sync of this app was ever applied; before that Schools Mapping stops its imports."""
    return Sync.objects.of(app.district_id).filter(app=app, state__in=ACCEPTED).exists()


def _stops_for_schools(sync: Sync) -> bool:
    """True on the first import of an app, until a person has answered Schools Mapping for this delivery."""
    if has_imported(sync.app):
        return False
    return not sync.transitions.filter(from_state=State.NEEDS_SCHOOL_MAPPING, to_state=State.QUEUED).exists()


def _rules(sync: Sync, config: ImportConfig, today: date, others: tuple[OtherApp, ...] = ()) -> dict[str, object]:
    """What besides the files decides the outcome: configuration, software, other apps, whether deletions are kept, the day where a filter asks for it."""
    asks_day = any(condition.operator in {"is_past", "is_future"} for rule in config.filters for condition in rule.conditions)
    return {
        "config": sync.document, "software": VERSION, "fingerprints": fingerprints.VERSION, "day": today.isoformat() if asks_day else "",
        "others": [app.stamp for app in others], "keeps_all": keeps_all(sync),
    }  # fmt: skip


def _digest(parts: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def find_same(sync: Sync, digest: str) -> Sync | None:
    """The app's last accepted sync, if its digest is this one and nothing has changed the live roster since."""
    same = _last_accepted(sync)
    if same is None or not digest or same.digest != digest:
        return None
    state = RosterState.objects.of(sync.district_id).first()
    return same if state is not None and state.version == (same.base_version or 0) + 1 else None


def _last_accepted(sync: Sync) -> Sync | None:
    earlier = Sync.objects.of(sync.district_id).filter(app_id=sync.app_id, state__in=ACCEPTED, pk__lt=sync.pk)
    return earlier.select_related("detail", "delivery", "config").order_by("-pk").first()


def delivery_digest(sync: Sync) -> str:
    """The digest without opening anything, where the very same files as those of the last accepted sync were delivered; else empty.

    What other apps said then is in the digest alone, so it is worked out anew where there are others; so it is where deletion was disabled or
    enabled again since.
    """
    same = _last_accepted(sync)
    if same is None or same.digest == "" or other_apps(sync.app) or deletion_changed_since(same):
        return ""
    mine, theirs = (sorted(one.delivery.files.values_list("name", "sha256")) for one in (sync, same))
    config = parse_config(sync.document, sync.app.kind, headers=None)
    rules = [_rules(one, config, today_in(one.district)) for one in (sync, same)]
    asks_day = bool(rules[0]["day"])
    return same.digest if mine == theirs and rules[0] == rules[1] and not asks_day and same.software == VERSION else ""

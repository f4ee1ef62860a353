"""The other import apps of a district: what they are master of, and which records they feed.

Source: docs/decisions/0014-master-fields.md
"""

import json
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

import pandas as pd
from django.db.models import Max

from imports.config_parser import parse_config
from imports.context import OtherApp
from imports.files import local_artifact
from imports.models import ImportApp, Sync
from imports.states import ACCEPTED
from imports.steps.difference import BULK
from records.artifact_paths import rows_path, unchanged_path
from records.attributes import FILE_OF, RecordType
from records.changeset import keys_fed
from records.text import blank, is_in


def other_apps(app: ImportApp) -> tuple[OtherApp, ...]:
    """The other active apps of the district that have imported something, with the configuration they are under now. Two queries at most."""
    active = ImportApp.objects.of(app.district_id).exclude(pk=app.pk).exclude(config=None).select_related("config").order_by("pk")
    apps = list(active)
    if not apps:
        return ()
    newest = Sync.objects.of(app.district_id).filter(app__in=apps, state__in=ACCEPTED).values_list("app_id").annotate(Max("pk"))
    last = dict(newest)
    return tuple(_describe(other, last[other.pk]) for other in apps if other.pk in last)


def _describe(app: ImportApp, last: int) -> OtherApp:
    document = app.config.document if app.config else {}
    fields = parse_config(document, app.kind, headers=None).master_fields
    stamp = json.dumps([app.kind, sorted((one.record_type.value, one.attribute, one.mode) for one in fields), last])
    return OtherApp(str(app), fields, cache(partial(_fed_keys, app.district_id, app.pk, last)), stamp, app.kind)


def _fed_keys(district_id: int, app_id: int, last: int, record_type: RecordType) -> pd.Series:
    """The keys of the records that the app feeds: those its last sync of the type's file fed, and where that file was a delta those of the syncs before.

    `last`: the newest sync to look at.
    """
    fed, spoken = blank(0), blank(0)
    for artifacts, is_whole in _syncs_with(district_id, app_id, last, FILE_OF[record_type]):
        rows, unchanged = (local_artifact(artifacts, path(Path(), record_type).name) for path in (rows_path, unchanged_path))
        now, said = keys_fed(rows, unchanged)
        fed = pd.concat([fed, now[~is_in(now, spoken)]], ignore_index=True)
        if is_whole:
            break
        spoken = pd.concat([spoken, said], ignore_index=True)
    return fed


def _syncs_with(district_id: int, app_id: int, last: int, file: str) -> Iterator[tuple[str, bool]]:
    """The app's accepted syncs that brought a file, newest first: where their outcomes lie, and whether the file was whole."""
    accepted = Sync.objects.of(district_id).filter(app_id=app_id, state__in=ACCEPTED, pk__lte=last).exclude(artifacts="").order_by("-pk")
    for artifacts, files in accepted.values_list("artifacts", "detail__files").iterator():
        modes = {str(one["name"]).removesuffix(".csv"): one.get("mode") for one in files or []}
        if file in modes:
            yield artifacts, modes[file] == BULK

"""The live roster of a district in one hash: exactly as it stands, or what of it people see."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from accounts.models import District
from dataquality.models import Issue
from imports.models import Sync, Transition
from imports.states import ACCEPTED, State
from records.attributes import RecordType, live_columns
from roster.models import LIVE, Organization, RosterState


@contextmanager
def one_moment() -> Iterator[None]:
    """What is read within the block is read of one moment, whoever commits meanwhile."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def exactly(district: District) -> str:
    """One hash of every column of every row, deleted ones, organizations, issues, counts and version included."""
    tables = [*(LIVE[kind] for kind in RecordType), Organization, Issue, RosterState]
    with one_moment():
        return _hash([list(table.objects.of(district).order_by("pk").values_list()) for table in tables])


def as_seen(district: District) -> str:
    """One hash of the nine tables without what is deleted and who brought it (keys, values, extra, fingerprints), the counts and the open issues."""
    with one_moment():
        live = [
            list(LIVE[kind].objects.of(district).filter(deleted_at=None).order_by("key").values_list(*live_columns(kind), "extra", "fingerprint"))
            for kind in RecordType
        ]  # fmt: skip
        issues = Issue.objects.of(district).filter(resolved_at=None).order_by("app", "identity").values_list("app", "identity", "code")
        state = RosterState.objects.of(district).first()
        return _hash([*live, list(issues), [state.counts if state else {}]])


def version_of(district: District) -> int:
    """How often a change set was applied."""
    state = RosterState.objects.of(district).first()
    return state.version if state else 0


def check_applied_once(district: District) -> None:
    """Every version of the roster was made by one apply of one sync, and no sync was applied twice."""
    syncs = Sync.objects.of(district)
    applied = list(
        Transition.objects.filter(sync__in=syncs, from_state=State.APPLYING, to_state__in=ACCEPTED).values_list("sync_id", flat=True)
    )
    assert len(applied) == len(set(applied)) == version_of(district)
    versions = dict(syncs.exclude(applied_version=None).values_list("pk", "applied_version"))
    assert set(versions) == set(applied)
    assert sorted(versions.values()) == list(range(1, len(applied) + 1))


def _hash(parts: list[list[Any]]) -> str:
    digest = hashlib.sha256()
    for rows in parts:
        digest.update(json.dumps(rows, sort_keys=True, default=str).encode() + b"\0")
    return digest.hexdigest()

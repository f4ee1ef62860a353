"""Tell people and webhooks what became of a sync: numbers and words from its counts, never a record, a value or a text that somebody typed.

Each function is called in the transaction in which the sync's state is moved, after it was moved. Simulations tell nobody.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.models import District
from imports.models import LandingRun, Sync, SyncDetail
from imports.states import CLAIMED, HoldKind, State, SyncKind
from notices.models import Event
from notices.services.emit import MAX_WORDS, Fact, emit
from records.attributes import RecordType
from records.outcomes import NOT_ACCEPTED

SAID = 3  # limits that are named in the sentence
_WHAT = {SyncKind.IMPORT: "sync", SyncKind.ROLLBACK: "rollback", SyncKind.REST: "sync"}
_BY_ITSELF = (LandingRun.Reason.SCHEDULE, LandingRun.Reason.ARRIVAL)
_KNOWN = {"import-suspended"}  # stands on every page
_REFUSALS = {
    "file-missing": "The first import needs all eight files together, and some are missing.",
    "pull-failed": "The files could not be fetched from the district's own server.",
}
_LOOK = "A rollback is looked at before it is applied."


def tell_held(sync: Sync) -> None:
    """It waits for a person. Somebody who only limited it to a part is at the screen; that it is shown again then is told to nobody."""
    if sync.is_simulation or not _is_news(sync):
        return
    once = f"sync.held:{sync.pk}:{sync.transitions.order_by('-pk').values_list('pk', flat=True).first()}"
    facts = held_facts(sync) | {"expires_days": settings.PORTAL_HELD_EXPIRE_DAYS}
    emit(district=sync.district, event="sync.held", subject_url=reverse("imports:review", args=[sync.pk]), facts=facts, once_key=once)


def tell_failed(sync: Sync) -> None:
    """It failed and nothing was changed. Why stands on its page: the sentence may quote the file."""
    if not sync.is_simulation:
        _emit(sync, "sync.failed", {**_base(sync), "errors": sync.error_count})


def tell_expired(sync: Sync) -> None:
    """Nobody decided in time."""
    if not sync.is_simulation:
        _emit(sync, "sync.expired", {**_base(sync), "days": settings.PORTAL_HELD_EXPIRE_DAYS})


def tell_completed(sync: Sync) -> None:
    """It was applied."""
    if sync.is_simulation:
        return
    counts = _detail(sync).counts
    more: dict[str, Fact] = {
        "state": str(sync.state),
        "unchanged": _total(counts, "unchanged"),
        "left_out": _total(counts, *(fate.word for fate in NOT_ACCEPTED)),
        "errors": sync.error_count,
        "issues": sync.issue_count,
    }
    _emit(sync, "sync.completed", {**_base(sync), **_changes(counts), **more})


def tell_rollover_ends(district: District, *, what: str, ends_at: datetime, url: str) -> None:
    """A period of the rollover is about to end; `what` is the label of its switch. Told once for each end."""
    facts: dict[str, Fact] = {"what": what, "ends_at": ends_at.isoformat()}
    emit(district=district, event="rollover.ends", subject_url=url, facts=facts, once_key=f"rollover.ends:{what}:{ends_at.isoformat()}")


def tell_refused(run: LandingRun, causes: Mapping[str, str] | None = None) -> None:
    """A run that began by itself took nothing: told once, until a run is not refused or is refused for something else. It may be called again.

    `causes`: code of each problem -> its title, in fixed words: what is quoted from the files stands in the portal alone.
    """
    if not run.is_refused or run.reason not in _BY_ITSELF or _KNOWN & set(causes or {}):
        return
    titles = dict(sorted((causes or {}).items()))
    app = run.app
    taken = LandingRun.objects.of(run.district_id).filter(app=app, is_refused=False).order_by("-pk").values_list("pk", flat=True).first()
    begins = f"delivery.refused:{app.kind}:"
    same = f"{begins}{taken or 0}:{_short('+'.join(titles))}:"
    told = Event.objects.of(run.district_id).filter(kind="delivery.refused", once_key__startswith=begins).order_by("-pk").first()
    if told is not None and told.once_key.startswith(same):
        return
    why = " ".join(_REFUSALS.get(code) or f"Reason: {title}." for code, title in titles.items()) or "The reason stands in the portal."
    facts: dict[str, Fact] = {"app": str(app), "why": why[:MAX_WORDS]}
    emit(
        district=run.district, event="delivery.refused", subject_url=reverse("imports:app", args=[app.kind]), facts=facts,
        once_key=f"{same}{run.pk}",
    )  # fmt: skip


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def held_facts(sync: Sync) -> dict[str, Fact]:
    """What the mails about a held sync say: which sync, why it is held, what approving would do."""
    detail = _detail(sync)
    return {**_base(sync), **_changes(detail.counts), "kind": str(sync.hold_kind), "why": _why(sync, detail)}


def _is_news(sync: Sync) -> bool:
    """Whether it is held for the first time, or has come back to the queue by itself since it was held last."""
    moves = list(sync.transitions.order_by("pk").values_list("from_state", "to_state"))
    held = [place for place, (_, to) in enumerate(moves) if to == State.HELD]
    if len(held) < 2:
        return True
    return any(to == State.QUEUED and come_from in CLAIMED for come_from, to in moves[held[-2] : held[-1]])


def _emit(sync: Sync, event: str, facts: Mapping[str, Fact]) -> None:
    emit(
        district=sync.district, event=event, subject_url=reverse("imports:sync", args=[sync.pk]), facts=facts, once_key=f"{event}:{sync.pk}"
    )


def _base(sync: Sync) -> dict[str, Fact]:
    return {"sync": sync.pk, "app": str(sync.app), "what": _WHAT[SyncKind(sync.kind)]}


def _detail(sync: Sync) -> SyncDetail:
    """Read anew: the caller may have written it without touching its own copy."""
    return SyncDetail.objects.filter(sync=sync).first() or SyncDetail(sync=sync)


def _changes(counts: Mapping[str, Mapping[str, int]]) -> dict[str, Fact]:
    return {name: _total(counts, name) for name in ("created", "updated", "deleted")}


def _total(counts: Mapping[str, Mapping[str, int]], *names: str) -> int:
    return sum(int(count.get(name, 0)) for count in counts.values() for name in names)


def _why(sync: Sync, detail: SyncDetail) -> str:
    if sync.kind == SyncKind.ROLLBACK:
        return _LOOK
    if sync.hold_kind == HoldKind.PREVIEW:
        words = "Preview Mode is enabled: every sync waits for approval."
    elif sync.hold_kind == HoldKind.EMPTY_FILE:
        words = "A file came without rows, or ends in the middle of a row."
    else:
        words = "More would change or disappear than the limits allow."
    said = [_excess_words(one) for one in detail.excesses[:SAID]] if sync.hold_kind != HoldKind.PREVIEW else []
    if sync.kind == SyncKind.REST:
        words = f"This was held back when sync #{sync.rest_of_id} was applied. {words}"
    return " ".join([words, *said])


def _excess_words(one: Mapping[str, Any]) -> str:
    """One limit in words. A school has a number among these, not a name; its name stands on the page."""
    share = f"{100 * one['rows'] / one['live_before']:.1f} %" if one["live_before"] else "–"
    if one["scope"] == "file":
        return f"{one['name']}.csv has {one['rows']:,} rows, {share} of the {one['live_before']:,} it had last; the least is {one['limit']:g} %."
    kind = one["record_type"]
    who = "all records" if kind == "all" else RecordType(kind).plural
    where = "One school" if one["scope"] == "school" else "The district"
    limit = f"{one['limit']:g} %" if one["unit"] == "percent" else f"{one['limit']:,.0f} records"
    return f"{where}, {who}: {share} would be {one['what']} ({one['rows']:,} of {one['live_before']:,}); the limit is {limit}."

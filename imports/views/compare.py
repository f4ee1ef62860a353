"""Any two syncs side by side, the older one left: files, configuration, numbers, and which records were left out in one of them only."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.current import DistrictRequest, address_of, require_member
from accounts.models import District
from accounts.services.audit import record_event
from accounts.times import say_moment
from formats.csv_safe import neutralise
from imports.models import Sync
from imports.selectors.compare import OneSided, compare_left_out
from imports.selectors.history import relations_of
from imports.views.compare_counts import MEASURES, OPENING, compare_files, compare_rules, compare_schools, compare_types, rule_title
from imports.views.config_changes import by_step, changes_between
from records.attributes import RecordType

OFFERED = 100  # newest syncs that can be chosen on the page; older ones are ticked in the list
LISTED = 200  # records on a page; the download has all
AT_ONCE = 4_000  # records of the download that are read together
SIDES = ("older", "newer")
_LARGEST = 2**63
_HEADER = ("SIS ID", "Name", "Outcome", "Rule", "Reason", "File", "Line", "In the other sync")


@require_safe
@require_member
def compare(request: DistrictRequest) -> HttpResponse:
    """Two syncs (`?a=12&b=15`, in any order); without them, or with `?sync=` ticked otherwise than twice, a choice."""
    ticked = request.GET.getlist("sync")
    if ticked:
        numbers = sorted({int(one) for one in ticked if _is_number(one)})
        if len(numbers) == 2:
            return redirect(f"{reverse('imports:compare')}?a={numbers[0]}&b={numbers[1]}")
        return _choose(request, f"Tick two syncs to compare them; {len(numbers) or 'none'} {'was' if len(numbers) < 2 else 'were'} ticked.")
    asked = [request.GET.get(name, "") for name in ("a", "b")]
    if not any(asked):
        return _choose(request)
    if not all(_is_number(one) for one in asked) or int(asked[0]) == int(asked[1]):
        return _choose(request, "Choose two different syncs.")
    older, newer = find_two(request, *asked)
    return render(request, "imports/compare.html", _offered(request, (older.pk, newer.pk)) | _compared(request, older, newer))


def find_two(request: DistrictRequest, one: str, other: str) -> tuple[Sync, Sync]:
    """The district's two syncs of these numbers, the older one first; Http404 where there are none."""
    numbers = {int(text) for text in (one, other) if _is_number(text)}
    syncs = Sync.objects.of(request.district).select_related("app", "config", "created_by", "detail", "delivery", "district")
    found = sorted(syncs.filter(pk__in=numbers), key=lambda sync: (sync.created_at, sync.pk))
    if len(found) != 2:
        raise Http404("There are no such two syncs.")
    return found[0], found[1]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) < _LARGEST


def _choose(request: DistrictRequest, problem: str = "") -> HttpResponse:
    asked = [*request.GET.getlist("sync"), request.GET.get("a", ""), request.GET.get("b", "")]
    chosen = sorted(dict.fromkeys(int(one) for one in asked if _is_number(one)))[:2]
    return render(request, "imports/compare.html", _offered(request, tuple(chosen)) | {"problem": problem})


def _offered(request: DistrictRequest, chosen: tuple[int, ...]) -> dict[str, Any]:
    """The syncs that can be chosen, newest on top, and which are."""
    syncs = Sync.objects.of(request.district).select_related("app").order_by("-created_at", "-pk").only("created_at", "state", "app__kind")
    listed = [(sync.pk, _called(sync, request.district)) for sync in syncs[:OFFERED]]
    missing = set(chosen) - {number for number, _ in listed}
    listed += [(sync.pk, _called(sync, request.district)) for sync in syncs.filter(pk__in=missing)] if missing else []
    newest = [number for number, _ in listed[:2]][::-1]
    return {"offered": listed, "selected": [*chosen, *(number for number in newest if number not in chosen)][:2]}


def _called(sync: Sync, district: District) -> str:
    return f"#{sync.pk} · {sync.app} · {say_moment(sync.created_at, district)} · {sync.get_state_display()}"


def _compared(request: DistrictRequest, older: Sync, newer: Sync) -> dict[str, Any]:
    """What the page says about two syncs."""
    asked = request.GET.get("measure", "")
    measure = asked if asked in MEASURES else "in_file"
    with_same, relations = "all" in request.GET, relations_of([older, newer])
    changes = changes_between(newer.app, older.config.document, newer.config.document)
    numberless = [sync for sync in (older, newer) if not sync.detail.counts or sync.delivery.is_empty]
    rowless = [sync for sync in (older, newer) if not sync.detail.counts or not sync.artifacts]
    return {
        "older": older,
        "newer": newer,
        "sides": [(older, relations[older.pk]), (newer, relations[newer.pk])],
        "files": compare_files(older, newer),
        "change_groups": by_step(newer.app, changes),
        "change_count": len(changes),
        "numberless": numberless,
        "types": [] if numberless else compare_types(older, newer, with_same=with_same),
        "with_same": with_same,
        "schools": None if numberless else compare_schools(older, newer, measure),
        "measure": measure,
        "measures": MEASURES,
        "opening": OPENING,
        "rules": compare_rules(older, newer),
        "rowless": rowless,
        "left_out": [] if rowless else compare_left_out(older, newer),
    }


# --- the records behind a difference ----------------------------------------------------------------------------------


@require_safe
@require_member
def compare_records(request: DistrictRequest) -> HttpResponse:
    """The first records of a type (`?record_type=`) that one of the two (`?only=older` or newer) left out and the other did not."""
    older, newer, side, found = _one_sided(request)
    here, there = (older, newer) if side == "older" else (newer, older)
    lines = [(line, rule_title(line.code, found.record_type)) for line in found.read(0, LISTED)]
    context = {"older": older, "newer": newer, "here": here, "there": there, "only": side, "found": found, "lines": lines}
    return render(request, "imports/compare_records.html", context)


@require_safe
@require_member
def compare_records_csv(request: DistrictRequest) -> HttpResponseBase:
    """All of these records."""
    older, newer, side, found = _one_sided(request)
    here, there = (older, newer) if side == "older" else (newer, older)
    record_event(
        district=request.district, action="sync.rows_downloaded", by=request.user, target=f"sync {here.pk}", address=address_of(request),
        record_type=found.record_type.value, compared_with=there.pk, rows=found.total,
    )  # fmt: skip
    response = StreamingHttpResponse(_stream(found), content_type="text/csv; charset=utf-8")
    name = f"{found.record_type}-left-out-of-sync-{here.pk}-not-of-{there.pk}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _one_sided(request: DistrictRequest) -> tuple[Sync, Sync, str, OneSided]:
    query: QueryDict = request.GET
    record_type, side = query.get("record_type", ""), query.get("only", "")
    if record_type not in set(RecordType) or side not in SIDES:
        raise Http404("There is no such list.")
    older, newer = find_two(request, query.get("a", ""), query.get("b", ""))
    found = compare_left_out(older, newer, [RecordType(record_type)])
    if not found:
        raise Http404("These two syncs left out the same records of this type.")
    return older, newer, side, found[0].older if side == "older" else found[0].newer


def _stream(found: OneSided) -> Iterator[str]:
    yield _text([_HEADER])
    for start in range(0, found.total, AT_ONCE):
        yield _text(
            [
                (
                    line.key, line.name, line.outcome, line.code, rule_title(line.code, found.record_type), line.file, str(line.line or ""),
                    "accepted" if line.is_accepted_there else "not in its files",
                )
                for line in found.read(start, start + AT_ONCE)
            ]
        )  # fmt: skip


def _text(rows: list[tuple[str, ...]]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="\r\n").writerows([neutralise(cell) for cell in row] for row in rows)
    return target.getvalue()

"""The review of a held sync: what would happen, why it was held, by what causes, and the decision."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.current import DistrictRequest, require_member
from accounts.models import District, Membership, User
from accounts.models.membership import CAN_APPROVE
from accounts.services.confirm import is_fresh
from imports.forms import DecisionForm
from imports.models import Sync, SyncDetail
from imports.selectors.causes import view_causes
from imports.selectors.churn import PairPage, read_churn
from imports.selectors.part_words import listed, part_words
from imports.selectors.summary import sync_summary
from imports.states import HoldKind, State, SyncKind
from imports.views.limits import BY_SCHOOL, busiest_type, excess_bars, school_table, type_table
from imports.views.review_words import conflict_words, would_words
from imports.views.scope import detail_of, find_sync
from imports.views.sync_page import consequence
from imports.views.words import HOLD_WORDS, describe
from records.attributes import SCREEN_ORDER, RecordType
from records.part import Part
from roster.models import RosterState

BARS_SHOWN = 5
CAUSES_SHOWN = 12
PAIRS_SHOWN = 4


@require_safe
@require_member
def review(request: DistrictRequest, sync_id: int) -> HttpResponse:
    """The review screen; of a sync that is held no longer one sentence on what became of it."""
    return show_review(request, find_sync(request, sync_id))


def show_review(
    request: DistrictRequest, sync: Sync, form: DecisionForm | None = None, *, refused: str = "", status: int = 200
) -> HttpResponse:
    """Render the review.

    Args:
        request: of a member.
        sync: of the district.
        form: what was sent and could not be done, shown again with its errors.
        refused: which decision it was: approve or reject.
        status: of the response.
    """
    detail = detail_of(sync)
    context: dict[str, Any] = {"sync": sync, "detail": detail}
    if sync.state != State.HELD or sync.is_simulation:
        context |= {"sentence": describe(sync, detail.counts), "follows": _following(sync)}
        return render(request, "imports/review_over.html", context, status=status)
    summary = sync_summary(sync)
    schools = {school["key"]: school["name"] for school in summary.by_school}
    context |= (
        _reasons(request, sync, detail, schools) | _explained(sync, detail, schools) | _decision(request, sync, detail, form, schools)
    )
    context["refused"] = refused
    return render(request, "imports/review.html", context, status=status)


def _following(sync: Sync) -> Sync | None:
    """The sync that took its place, or that holds what is left of it."""
    others = Sync.objects.of(sync.district_id).filter(pk__gt=sync.pk)
    if sync.state == State.SUPERSEDED:
        return others.filter(app_id=sync.app_id).order_by("pk").first()
    return others.filter(rest_of=sync, state=State.HELD).first()


def _reasons(request: DistrictRequest, sync: Sync, detail: SyncDetail, schools: Mapping[str, str]) -> dict[str, Any]:
    """What would happen and why a person must look at it, against the limits."""
    delivery = {} if sync.kind == SyncKind.ROLLBACK else sync.document.get("delivery", {})  # no limit binds a rollback
    asked = request.GET.get("type", "")
    record_type = asked if asked in {kind.value for kind in BY_SCHOOL} else busiest_type(detail.counts)
    state = RosterState.objects.of(sync.district_id).first()
    is_preview = sync.hold_kind == HoldKind.PREVIEW
    bars = excess_bars(detail.excesses, schools)
    return {
        "would": would_words(detail.counts),
        "hold_words": HOLD_WORDS.get(HoldKind(sync.hold_kind), "") if sync.hold_kind else "",
        "is_preview": is_preview and sync.kind == SyncKind.IMPORT,
        "bars": bars[:BARS_SHOWN],
        "more_bars": bars[BARS_SHOWN:],
        "types": type_table(detail.counts, delivery),
        "schools_table": school_table(detail.by_school, state.by_school if state else {}, schools, record_type, delivery),
        "record_type": RecordType(record_type),
        "school_types": [kind for kind in BY_SCHOOL if _moves(detail.counts.get(kind.value, {}))],
    }


def _moves(counts: Mapping[str, int]) -> bool:
    return any(counts.get(name) for name in ("created", "updated", "deleted"))


def _explained(sync: Sync, detail: SyncDetail, schools: Mapping[str, str]) -> dict[str, Any]:
    """Causes, id churn, and conflicts of a rollback."""
    causes = view_causes(detail, schools)
    churn = [(RecordType(kind), count, read_churn(sync, kind, limit=PAIRS_SHOWN)) for kind, count in detail.churn.items() if count]
    return {
        "causes": causes[:CAUSES_SHOWN],
        "more_causes": causes[CAUSES_SHOWN:],
        "churn": sorted(churn, key=_pairs, reverse=True),
        "rekeyed": [(RecordType(kind), len(pairs)) for kind, pairs in detail.rekeys.items() if pairs],
        "conflicts": [conflict_words(one) for one in detail.conflicts],
    }


def _pairs(one: tuple[RecordType, int, PairPage]) -> int:
    return one[1]


def _decision(
    request: DistrictRequest, sync: Sync, detail: SyncDetail, form: DecisionForm | None, schools: Mapping[str, str]
) -> dict[str, Any]:
    """What approving does, who may, and what they must fill in."""
    membership = request.membership
    part = Part.from_json(sync.scope)
    needs_another = sync.district.two_person_approval and sync.created_by_id == request.user.pk
    return {
        "consequence": consequence(detail),
        "deletes": any(int(counts.get("deleted", 0)) for counts in detail.counts.values()),
        "can_decide": membership.can_approve,
        "needs_another": needs_another,
        "others": _other_approvers(sync.district, request.user) if needs_another else "",
        "asks_password": not is_fresh(request),
        "form": form,
        "can_limit": membership.can_approve and sync.kind != SyncKind.ROLLBACK,
        "limited": "" if part.is_everything else part_words(part, sync.district),
        "part_types": [kind for kind in SCREEN_ORDER if kind is not RecordType.SCHOOL and _moves(detail.counts.get(kind.value, {}))],
        "part_schools": _part_schools(detail, schools),
    }


def _other_approvers(district: District, user: User) -> str:
    """Who else may approve, in words."""
    members = Membership.objects.of(district).filter(role__in=CAN_APPROVE, user__is_active=True).exclude(user=user).select_related("user")
    return listed([str(member.user) for member in members.order_by("user__name", "user__email")[:5]])


def _part_schools(detail: SyncDetail, schools: Mapping[str, str]) -> list[tuple[str, str, int]]:
    """The schools of which anything changes: key, name and how many records, by name."""
    found = []
    for key, kinds in detail.by_school.items():
        moved = sum(int(counts.get(name, 0)) for counts in kinds.values() for name in ("created", "updated", "deleted"))
        if key and moved:
            found.append((key, schools.get(key, key), moved))
    return sorted(found, key=lambda school: school[1].casefold())

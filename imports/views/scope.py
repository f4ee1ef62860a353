"""Find what an address names, within the district of the request; what belongs to another district does not exist."""

from django.http import Http404

from accounts.current import DistrictRequest
from accounts.models import Membership
from imports.models import ImportApp, Sync, SyncDetail
from imports.states import CANCELLABLE, State


def find_app(request: DistrictRequest, kind: str) -> ImportApp:
    """The district's app of that kind; Http404 if it is not activated."""
    app = ImportApp.objects.of(request.district).filter(kind=kind).select_related("config").first()
    if app is None:
        raise Http404("This app is not activated. Activate it in the Application Gallery.")
    return app


def find_sync(request: DistrictRequest, sync_id: int) -> Sync:
    """The district's sync or simulation of that number, with its app, delivery, configuration version and detail."""
    syncs = Sync.objects.all_of(request.district).select_related("app", "delivery", "config", "created_by", "detail")
    sync = syncs.filter(pk=sync_id).first() if sync_id < 2**63 else None
    if sync is None:
        raise Http404("There is no such sync.")
    return sync


def detail_of(sync: Sync) -> SyncDetail:
    """The larger parts of a sync's result; empty ones while it has none."""
    return sync.detail if hasattr(sync, "detail") else SyncDetail(sync=sync)


def can_cancel(sync: Sync, membership: Membership) -> bool:
    """Say whether this member may cancel the sync as it stands."""
    return State(sync.state) in CANCELLABLE and not sync.cancel_requested and membership.can_edit

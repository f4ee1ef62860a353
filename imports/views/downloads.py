"""Downloads of a sync's files, for owners and editors: each original as it was delivered, and per record type what became of its rows."""

import hashlib
import logging
import re
from collections.abc import Iterator

from django.core.files.storage import default_storage
from django.http import Http404, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from accounts.current import DistrictRequest, address_of, require_editor
from accounts.services.audit import record_event
from imports.models import Sync
from imports.services.processed_file import NotProcessed
from imports.services.processed_file import processed_file as processed_of
from imports.views.scope import find_sync
from records.attributes import RecordType

log = logging.getLogger(__name__)
DOWNLOADED = "sync.file_downloaded"
_BLOCK = 1 << 20
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069/\\]")  # control characters, direction marks, separators


@require_safe
@require_editor
def original_file(request: DistrictRequest, sync_id: int, file_id: int) -> HttpResponseBase:
    """One file of the delivery, byte for byte as it came."""
    sync = find_sync(request, sync_id)
    file = sync.delivery.files.filter(pk=file_id).first() if file_id < 2**63 else None
    if file is None:
        raise Http404("There is no such file.")
    return _send(request, sync, file.stored_as, file.sha256, file.name)


@require_safe
@require_editor
def processed_file(request: DistrictRequest, sync_id: int, record_type: str) -> HttpResponseBase:
    """Every row of a record type as CSV; every download gives the bytes of the first one."""
    sync = find_sync(request, sync_id)
    try:
        file = processed_of(sync=sync, record_type=RecordType(record_type))
    except NotProcessed as refusal:
        return _refuse(request, sync, str(refusal))
    return _send(request, sync, file.stored_as, file.sha256, f"sync-{sync.pk}-{record_type}-processed.csv")


def _send(request: DistrictRequest, sync: Sync, stored_as: str, sha256: str, name: str) -> HttpResponseBase:
    """Stream a stored file whose bytes have this hash, and write down who took it."""
    try:
        size = default_storage.size(stored_as)
    except FileNotFoundError:
        return _refuse(
            request, sync, f"{name} is not kept any more. Files that are refused are removed at once; nothing else of the sync is touched."
        )
    if request.method == "GET":
        record_event(
            district=request.district, action=DOWNLOADED, by=request.user, target=f"sync {sync.pk}", address=address_of(request),
            file=name[:255], sha256=sha256,
        )  # fmt: skip
    response = StreamingHttpResponse(_blocks(stored_as, sha256), content_type="application/octet-stream")
    response["Content-Length"] = str(size)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=_UNSAFE.sub("_", name)) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["ETag"] = f'"{sha256}"'
    return response


def _refuse(request: DistrictRequest, sync: Sync, message: str) -> HttpResponseBase:
    return render(request, "imports/no_file.html", {"sync": sync, "message": message}, status=404)


def _blocks(stored_as: str, sha256: str) -> Iterator[bytes]:
    """The bytes of a stored file. The last block is held back until the hash is known to be right: nobody gets other bytes as a whole file."""
    digest = hashlib.sha256()
    with default_storage.open(stored_as) as source:
        held = source.read(_BLOCK)
        while held:
            digest.update(held)
            following = source.read(_BLOCK)
            if not following and digest.hexdigest() != sha256:
                log.error("%s in storage has not the bytes of its hash %s.", stored_as, sha256)
                raise OSError(f"{stored_as} is damaged")
            yield held
            held = following

"""The files of a sync as its page lists them: what was delivered, with what was read of it, and what a zip held."""

from dataclasses import dataclass
from typing import Any

from django.core.files.storage import default_storage

from imports.models import Sync, SyncDetail
from imports.states import State, SyncKind


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """One file. Rows, encoding and mode are None where it was not read; `file_id` is 0 where it cannot be downloaded alone, `note` says why."""

    name: str
    size: int | None
    sha256: str
    rows: int | None = None
    encoding: str = ""
    mode: str = ""
    file_id: int = 0
    note: str = ""


def delivered_files(sync: Sync, detail: SyncDetail) -> list[DeliveredFile]:
    """The files by name, what was delivered first; none of a rollback, which reads no files."""
    if sync.kind == SyncKind.ROLLBACK:
        return []
    read: dict[str, dict[str, Any]] = {str(file["name"]): file for file in detail.files}
    delivered = list(sync.delivery.files.order_by("name"))
    may_be_gone = sync.state == State.FAILED  # the bytes of refused files are not kept
    lines = []
    for file in delivered:
        is_kept = not may_be_gone or default_storage.exists(file.stored_as)
        lines.append(
            DeliveredFile(
                file.name, file.size, file.sha256, **_facts(read.pop(file.name, {})), file_id=file.pk if is_kept else 0,
                note="" if is_kept else "refused, and not kept",
            )
        )  # fmt: skip
    within = f"in {delivered[0].name}" if len(delivered) == 1 else ""
    lines += [
        DeliveredFile(name, file.get("size"), str(file.get("sha256", "")), **_facts(file), note=within) for name, file in read.items()
    ]
    return lines


def _facts(file: dict[str, Any]) -> dict[str, Any]:
    """What was found out when a file was read."""
    return {"rows": file.get("rows"), "encoding": str(file.get("encoding") or ""), "mode": str(file.get("mode") or "")}

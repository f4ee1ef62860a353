"""Take in the files of one delivery: check what can be checked at once, hash them, store them unchanged."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.services.audit import record_event
from formats.fileset import check_complete, choose_files
from formats.oneroster.tables import FILE_NAMES
from formats.problems import FileProblem, Refused, refuse
from formats.unpack import inspect
from imports.files import delivered_name, limits, scratch_folder, sha256_of, store
from imports.models import Delivery, ImportApp, StoredFile
from imports.sentences import Problem, say_file_problem


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came in: the name it was sent under, and where it lies on local disk."""

    name: str
    path: Path


class DeliveryRefused(Exception):
    """The delivery is not taken and nothing of it is stored; `problems` says why, in words."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = problems


def receive_delivery(*, app: ImportApp, uploads: Sequence[Upload], source: str, by: User | None) -> Delivery:
    """Check the file set and store it.

    A zip is taken before loose files, which are then named as ignored. What only unpacking shows is judged by the sync.

    Raises:
        DeliveryRefused: files are missing or too big, the zip is none, damaged, locked or unsafe, the package is of another kind.
    """
    with scratch_folder() as folder:
        try:
            chosen, ignored = _choose([_named(upload, folder) for upload in uploads])
        except Refused as refusal:
            raise DeliveryRefused([say_file_problem(problem) for problem in refusal.problems]) from refusal
        facts = [(path.name, path.stat().st_size, sha256_of(path), path) for path in chosen]
        names = [store(path, delivered_name(app.district_id, digest)) for _, _, digest, path in facts]
    with transaction.atomic():
        delivery = Delivery.objects.create(district=app.district, app=app, source=source, received_by=by, ignored=ignored)
        StoredFile.unscoped.bulk_create(
            StoredFile(district=app.district, delivery=delivery, name=name, size=size, sha256=digest, stored_as=stored_as)
            for (name, size, digest, _), stored_as in zip(facts, names, strict=True)
        )
        record_event(
            district=app.district, action="delivery.received", by=by, target=f"delivery {delivery.pk}", files=[fact[0] for fact in facts]
        )
    return delivery


def _named(upload: Upload, folder: Path) -> Path:
    """The upload under its own name (never a path), as a link."""
    name = PurePath(upload.name.replace("\\", "/")).name
    if not name or len(name) > 255:
        raise refuse("file-ignored", upload.name[:80])
    if (folder / name).is_symlink():
        raise refuse("file-twice", name, detail=name)
    (folder / name).symlink_to(upload.path.resolve())
    return folder / name


def _choose(paths: list[Path]) -> tuple[list[Path], list[str]]:
    """The files to store, and the names of those passed over."""
    if not paths:
        raise Refused([FileProblem("no-roster-files", "", detail=", ".join(FILE_NAMES), severity="refused")])
    chosen = choose_files(paths)
    ignored = [path.name for path in chosen.ignored]
    if chosen.archive is not None:
        _check_size([chosen.archive], settings.PORTAL_MAX_UPLOAD_MB)
        missing = [name for name in FILE_NAMES if name not in inspect(chosen.archive, limits())]
        if missing:
            raise Refused([FileProblem("file-missing", name, severity="refused") for name in missing])
        return [chosen.archive], ignored
    if problems := check_complete(chosen):
        raise Refused(problems)
    files = [*chosen.files.values(), *([chosen.manifest] if chosen.manifest else [])]
    _check_size(files, settings.PORTAL_MAX_FILE_MB)
    return files, ignored


def _check_size(paths: list[Path], limit_mb: int) -> None:
    for path in paths:
        if path.stat().st_size > limit_mb << 20:
            raise refuse("file-too-big", path.name, detail=f"{limit_mb:,} MB")

"""Take in the files of one delivery: check what can be checked at once, hash them, store them unchanged."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
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


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is in storage, and that no delivery names yet."""

    name: str
    size: int
    sha256: str
    stored_as: str


def receive_delivery(
    *, app: ImportApp, uploads: Sequence[Upload], source: str, by: User | None, required: Collection[str] = FILE_NAMES
) -> Delivery:
    """Check the file set and store it.

    A zip is taken before loose files, which are then named as ignored. What only unpacking shows is judged by the sync.

    Args:
        app, uploads, source, by: whose, what, from where, who.
        required: the files that must be there; () where any roster file will do.

    Raises:
        DeliveryRefused: files are missing or too big, the zip is none, damaged, locked or unsafe, the package is of another kind.
    """
    with scratch_folder() as folder:
        try:
            chosen, ignored = choose([_named(upload, folder) for upload in uploads], required)
        except Refused as refusal:
            raise DeliveryRefused([say_file_problem(problem) for problem in refusal.problems]) from refusal
        files = keep_files(app, chosen)
    with transaction.atomic():
        return record_delivery(app=app, files=files, source=source, by=by, ignored=[path.name for path in ignored])


def choose(paths: Sequence[Path], required: Collection[str] = FILE_NAMES) -> tuple[list[Path], list[Path]]:
    """The files to take, and those that are passed over.

    Raises:
        Refused: as `receive_delivery`.
    """
    if not paths:
        raise _no_roster_files()
    chosen = choose_files(paths)
    if chosen.archive is not None:
        _check_size([chosen.archive], settings.PORTAL_MAX_UPLOAD_MB)
        inside = inspect(chosen.archive, limits())
        if missing := [name for name in required if name not in inside]:
            raise Refused([FileProblem("file-missing", name, severity="refused") for name in missing])
        if not any(name in inside for name in FILE_NAMES):
            raise refuse("zip-no-roster-files", chosen.archive.name)
        return [chosen.archive], list(chosen.ignored)
    if problems := check_complete(chosen, required):
        raise Refused(problems)
    files = [*chosen.files.values(), *([chosen.manifest] if chosen.manifest else [])]
    _check_size(files, settings.PORTAL_MAX_FILE_MB)
    return files, list(chosen.ignored)


def keep_files(app: ImportApp, paths: Sequence[Path]) -> list[Kept]:
    """Put files into storage under the hash of their content."""
    facts = [(path, sha256_of(path)) for path in paths]
    return [Kept(path.name, path.stat().st_size, digest, store(path, delivered_name(app.district_id, digest))) for path, digest in facts]


def record_delivery(
    *, app: ImportApp, files: Sequence[Kept], source: str, by: User | None, ignored: Sequence[str] = (), batch: str = ""
) -> Delivery:
    """Write a delivery of files in storage down, in the caller's transaction."""
    delivery = Delivery.objects.create(
        district=app.district, app=app, source=source, received_by=by, ignored=list(ignored), batch=batch
    )  # fmt: skip
    StoredFile.unscoped.bulk_create(StoredFile(district=app.district, delivery=delivery, **asdict(file)) for file in files)
    record_event(
        district=app.district, action="delivery.received", by=by, target=f"delivery {delivery.pk}", files=[file.name for file in files]
    )
    return delivery


def _no_roster_files() -> Refused:
    return Refused([FileProblem("no-roster-files", "", detail=", ".join(FILE_NAMES), severity="refused")])


def _named(upload: Upload, folder: Path) -> Path:
    """The upload under its own name (never a path), as a link."""
    name = PurePath(upload.name.replace("\\", "/")).name
    if not name or len(name) > 255:
        raise refuse("file-ignored", upload.name[:80])
    if (folder / name).is_symlink():
        raise refuse("file-twice", name, detail=name)
    (folder / name).symlink_to(upload.path.resolve())
    return folder / name


def _check_size(paths: list[Path], limit_mb: int) -> None:
    for path in paths:
        if path.stat().st_size > limit_mb << 20:
            raise refuse("file-too-big", path.name, detail=f"{limit_mb:,} MB")

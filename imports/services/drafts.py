"""Drafts of a configuration: begin one, write a part of it, turn it into a version, throw it away.

Source: docs/decisions/0012-drafts-and-versions.md
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.services.audit import record_event
from imports.config import merge_document, without_sign_ins
from imports.config_units import changed_paths, to_units
from imports.models import ConfigDraft, ConfigVersion, ImportApp
from imports.services.save_config import save_config
from records.attributes import PERSON_TYPES
from roster.models import RosterState


class DraftStale(Exception):
    """The part of the draft that a page edits has changed since the page was made, or the whole draft is gone; nothing of the page was taken."""


class ConfigMoved(Exception):
    """Another version was saved since the draft began; the two must be put together first."""


class RekeyUnconfirmed(Exception):
    """The SIS ID of people would come from another header, and nobody has typed that this is meant. `rekeyed`: record type -> new source."""

    def __init__(self, rekeyed: dict[str, str]) -> None:
        super().__init__(", ".join(rekeyed))
        self.rekeyed = rekeyed


@transaction.atomic
def open_draft(*, app: ImportApp, user: User) -> ConfigDraft:
    """The person's draft of the app's configuration. One that differs in nothing from the version it began from moves on with the app."""
    app = ImportApp.unscoped.select_related("config").get(pk=app.pk)
    if app.config is None:
        raise ValueError(f"{app} was never activated")
    fresh = {"district": app.district, "base": app.config, "document": merge_document(app.config.document, app.kind)}
    draft, is_new = ConfigDraft.objects.of(app.district_id).select_for_update(of=("self",)).select_related("base", "app").get_or_create(
        app=app, user=user, defaults=fresh
    )  # fmt: skip
    if not is_new and draft.base_id != app.config.pk and not draft_changes(draft):
        draft.base, draft.document, draft.confirmed, draft.note = app.config, fresh["document"], {}, ""
        draft.save()
    return draft


def draft_changes(draft: ConfigDraft) -> list[tuple[str, ...]]:
    """The paths of the settings in which a draft differs from the version it began from."""
    return changed_paths(to_units(draft.base.document, draft.app.kind), to_units(draft.document, draft.app.kind))


def digest_of(document: Mapping[str, Any], parts: Sequence[str]) -> str:
    """A short sign of what these parts of a document say."""
    return hashlib.sha256(json.dumps([document.get(part) for part in parts], sort_keys=True).encode()).hexdigest()[:16]


def seen_of(draft: ConfigDraft, parts: Sequence[str]) -> str:
    """What a page carries to know, when it comes back, whether the parts it edits have changed meanwhile, or another district was chosen."""
    return f"{draft.app_id}-{digest_of(draft.document, parts)}"


def _locked(draft: ConfigDraft) -> ConfigDraft:
    """The draft's row, locked.

    Raises:
        DraftStale: it is gone: saved or thrown away in another window.
    """
    drafts = ConfigDraft.objects.of(draft.district_id).select_for_update(of=("self",)).select_related("base", "app")
    locked = drafts.filter(pk=draft.pk).first()
    if locked is None:
        raise DraftStale
    return locked


@transaction.atomic
def write_draft(*, draft: ConfigDraft, document: Mapping[str, Any], parts: Sequence[str], seen: str) -> ConfigDraft:
    """Put some parts of a document into the draft; the others stay.

    Args:
        draft: the draft. document: where the parts are taken from.
        parts: names of the parts.
        seen: `seen_of` these parts when the page was made.

    Raises:
        DraftStale: the parts have changed since, the draft was saved or thrown away, or the page was of another district.
    """
    locked = _locked(draft)
    if seen_of(locked, parts) != seen:
        raise DraftStale
    locked.document = {**locked.document, **{part: document[part] for part in parts if part in document}}
    locked.confirmed = {kind: source for kind, source in locked.confirmed.items() if _key_source(locked.document, kind) == source}
    locked.save(update_fields=["document", "confirmed", "updated_at"])
    return locked


@transaction.atomic
def fill_draft(*, draft: ConfigDraft, document: Mapping[str, Any], base: ConfigVersion | None = None, note: str | None = None) -> None:
    """Replace the whole draft: an earlier version is to be restored, a document was imported, or two versions were put together over `base`.

    `note`: where the document comes from, for the version that it becomes; None leaves the note as it is.
    """
    locked = _locked(draft)
    locked.document = merge_document(without_sign_ins(document), locked.app.kind)
    locked.base = base or locked.base
    locked.confirmed = {}
    locked.note = locked.note if note is None else note[:200]
    locked.save(update_fields=["document", "base", "confirmed", "note", "updated_at"])


def discard_draft(*, draft: ConfigDraft) -> None:
    """Throw the draft away; the next one begins from the configuration in force."""
    ConfigDraft.objects.of(draft.district_id).filter(pk=draft.pk).delete()


@transaction.atomic
def confirm_rekey(*, draft: ConfigDraft, sources: Mapping[str, str], by: User) -> None:
    """Write down that a person typed that the SIS ID of people is meant to come from these sources (by record type), as the page showed them.

    A draft that says another one meanwhile is not confirmed by it.
    """
    locked = _locked(draft)
    meant = {kind: source for kind, source in sources.items() if _key_source(locked.document, kind) == source}
    if not meant:
        return
    locked.confirmed = {**locked.confirmed, **meant}
    locked.save(update_fields=["confirmed", "updated_at"])
    target = locked.app.get_kind_display()
    record_event(district=locked.district, action="config.rekey_confirmed", by=by, target=target, **meant)


def rekeyed_types(app: ImportApp, document: Mapping[str, Any]) -> dict[str, str]:
    """Record type -> new source, for people in the live roster whose SIS ID would come from another header than now.

    A document with faults is taken as far as it can be read; it cannot be saved anyway.
    """
    if app.config is None:
        return {}
    state = RosterState.objects.of(app.district_id).first()
    live = state.counts if state else {}
    now, then = ({kind: _key_source(one, kind) for kind in PERSON_TYPES} for one in (app.config.document, document))
    return {str(kind): then[kind] for kind in PERSON_TYPES if live.get(kind) and then[kind] and then[kind] != now[kind]}


def _key_source(document: Mapping[str, Any], kind: str) -> str:
    """Where a document says that the SIS ID of a record type comes from; empty where that cannot be read."""
    attributes = merge_document(document)["attributes"]
    entries = attributes.get(kind) if isinstance(attributes, Mapping) else None
    source = entries.get("sis_id") if isinstance(entries, Mapping) else None
    return source.strip() if isinstance(source, str) else ""


@transaction.atomic
def publish_draft(*, draft: ConfigDraft, by: User, note: str = "") -> tuple[ConfigVersion, int]:
    """Make the draft the app's configuration and drop it; returns the version in force and how many settings changed.

    Raises:
        DraftStale: it was saved or thrown away in another window meanwhile.
        ConfigMoved: another version was saved meanwhile.
        RekeyUnconfirmed: the SIS ID would come from elsewhere, and that was not confirmed.
        ConfigRefused: with the path of every fault. In every case nothing is changed.
    """
    app = ImportApp.unscoped.select_for_update(of=("self",), no_key=True).select_related("config").get(pk=draft.app_id)
    locked = _locked(draft)
    if app.config_id != locked.base_id:
        raise ConfigMoved
    unconfirmed = {kind: source for kind, source in rekeyed_types(app, locked.document).items() if locked.confirmed.get(kind) != source}
    if unconfirmed:
        raise RekeyUnconfirmed(unconfirmed)
    count = len(draft_changes(locked))
    version = save_config(app=app, document=locked.document, by=by, note=note or locked.note)
    locked.delete()
    return version, count

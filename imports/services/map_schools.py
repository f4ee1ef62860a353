"""Answer a sync that waits for school mapping, and let it go on with the same delivery."""

from collections.abc import Mapping
from functools import partial

from django.db import transaction

from accounts.models import User
from imports.models import ImportApp, Sync
from imports.selectors.school_suggestions import suggest_mapping
from imports.services.decide_sync import DecisionRefused
from imports.services.save_config import save_config
from imports.services.set_state import set_state
from imports.services.start_sync import wake_worker
from imports.states import State
from mapping.steps.auto_map import SchoolChoice
from roster.models import Organization


@transaction.atomic
def save_school_mapping(
    *, sync: Sync, by: User | None, choices: Mapping[str, SchoolChoice], all_missing_as_new: bool, wake: bool = True
) -> None:
    """Store the choices as a new configuration version (Save & Run). A school without a choice stays unmapped, unless all missing ones become new.

    Args:
        choices: sourcedId -> an existing organization (target), or the name of a new one (new_name).

    Raises:
        DecisionRefused: the sync does not wait for this, a target does not exist, or nothing at all would be mapped.
    """
    locked = Sync.objects.of(sync.district_id).select_for_update(of=("self",)).select_related("district", "app", "detail").get(pk=sync.pk)
    if locked.state != State.NEEDS_SCHOOL_MAPPING:
        raise DecisionRefused(f"Sync {sync.pk} is {locked.get_state_display().lower()}; it does not wait for school mapping.")
    schools = {str(one["source_id"]): one for one in locked.detail.unmapped}
    organizations = {one.key: one for one in Organization.objects.of(locked.district_id)}
    mapping: dict[str, str] = {}
    for source_id, choice in choices.items():
        if source_id not in schools:
            raise DecisionRefused(f"School {source_id} is not among the schools of this delivery. Reload the page.")
        mapping[source_id] = _target(locked, schools[source_id], choice, organizations)
    app = ImportApp.unscoped.select_for_update().get(pk=locked.app_id)  # nobody saves meanwhile; its version is read once this is had
    document = dict(locked.config.document if app.config is None else app.config.document)
    if not mapping and not all_missing_as_new and not document["schools"]["mapping"]:
        raise DecisionRefused("Map at least one school, or choose All Missing Schools as New; otherwise nothing would be imported.")
    schools_before = document["schools"]
    document["schools"] = {
        **schools_before, "all_missing_as_new": all_missing_as_new, "mapping": {**schools_before["mapping"], **mapping},
    }  # fmt: skip
    locked.config = save_config(app=app, document=document, by=by, note=f"Schools Mapping of sync {sync.pk}")
    locked.save(update_fields=["config"])
    set_state(
        locked,
        State.QUEUED,
        by=by,
        reason=f"{len(mapping)} schools mapped." + (" All missing schools as new." if all_missing_as_new else ""),
    )
    if wake:
        transaction.on_commit(partial(wake_worker, sync.pk))


def _target(sync: Sync, school: Mapping[str, object], choice: SchoolChoice, organizations: dict[str, Organization]) -> str:
    """The key of the organization a school goes to; a new one is made here, so that its name can be chosen."""
    if choice.target:
        there = organizations.get(choice.target)
        if there is None or there.kind != Organization.Kind.SCHOOL:
            raise DecisionRefused(f"The school {choice.target} does not exist in the portal any more. Choose another one.")
        return choice.target
    key = str(school["source_id"])
    name = (choice.new_name.strip() or str(school["name"]) or key)[:255]
    if key not in organizations:
        organizations[key] = Organization.objects.create(
            district=sync.district, key=key, name=name, identifier=str(school["identifier"])[:255], kind=Organization.Kind.SCHOOL
        )
    return key


def auto_map(*, sync: Sync, by: User | None, wake: bool = True) -> None:
    """Auto Mapping: match what can be matched, create the rest, and map schools that come later as new."""
    save_school_mapping(sync=sync, by=by, choices=suggest_mapping(sync), all_missing_as_new=True, wake=wake)

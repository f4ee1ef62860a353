"""Run Import where the files are fetched first: that may take minutes, so a worker does it and the page does not wait."""

import logging

from celery import current_app

from accounts.models import User
from imports.models import ImportApp, LandingRun, LandingZone
from imports.services.run_landing import run_landing

log = logging.getLogger(__name__)
TASK = "imports.tasks.run_landing_task"  # by name: tasks call services, not the other way round


def fetches_from(app: ImportApp) -> str:
    """The district's own server that a run fetches from; empty where clients bring the files here."""
    zone = LandingZone.objects.of(app.district_id).filter(app=app, server=LandingZone.Server.CUSTOM).first()
    return zone.host if zone else ""


def ask_to_run(*, app: ImportApp, by: User) -> bool:
    """Have a worker run the import; False where the broker cannot be reached, and nobody will."""
    try:
        current_app.send_task(TASK, [app.pk, by.pk])
    except Exception:  # the broker's client raises what its transport raises
        log.warning("The broker cannot be reached; the run of app %s is done at once.", app.pk, exc_info=True)
        return False
    return True


def run_asked(app_id: int, user_id: int) -> None:
    """What `ask_to_run` asked for. An app that is gone meanwhile has nothing to run."""
    if app := ImportApp.unscoped.select_related("district", "config").filter(pk=app_id).first():
        run_landing(app=app, reason=LandingRun.Reason.MANUAL, by=User.objects.filter(pk=user_id).first())

"""What has to be there before the processes start: tables, collected files, and on the very first start a demo district."""

import sys
from pathlib import Path

from django.apps import apps
from django.core.management import call_command, get_commands
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from portal.supervisor.child import ChildSpec
from portal.supervisor.processes import ONE_SHOT_STOP

MANAGE = str(Path(__file__).resolve().parent.parent.parent / "manage.py")


def migrate_if_needed() -> bool:
    """Bring the database to the present models; return whether there was something to do."""
    executor = MigrationExecutor(connection)
    has_work = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if has_work:
        call_command("migrate", interactive=False, verbosity=0)
    connection.close()
    return has_work


def collect_static() -> None:
    """Bring the collected style sheets and scripts up to date; files that did not change are left alone."""
    call_command("collectstatic", interactive=False, verbosity=0)


def needs_demo() -> bool:
    """Say whether this is a portal without any district, and a demo district can be loaded."""
    if "load_demo" not in get_commands():
        return False
    has_district = apps.get_model("accounts", "District").objects.exists()
    connection.close()
    return not has_district


def demo_spec() -> ChildSpec:
    """Return the process that loads the demo district."""
    return ChildSpec("demo", [sys.executable, MANAGE, "load_demo"], stop_signals=ONE_SHOT_STOP)


def demo_sign_in(path: Path) -> tuple[str, str] | None:
    """Return e-mail address and password of the demo district's admin, None when no demo was loaded here."""
    try:
        email, password = path.read_text().split("\n")[:2]
    except (FileNotFoundError, ValueError):
        return None
    return email, password

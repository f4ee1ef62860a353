"""Start the whole portal in one process tree: broker, SFTP server, web, worker and scheduler."""

import os
import time
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from portal.supervisor import first_start, processes
from portal.supervisor.broker import broker_answers
from portal.supervisor.lock import DataFolderInUseError, data_folder_lock
from portal.supervisor.output import Output
from portal.supervisor.readiness import port_is_free, sftp_is_ready, web_is_ready, worker_is_ready
from portal.supervisor.supervise import StopRequestedError, Supervisor

BROKER_TIMEOUT_SECONDS = 20
READY_TIMEOUT_SECONDS = 90


class Command(BaseCommand):
    """The supervisor; stops cleanly on Ctrl-C."""

    help = "Start the whole portal here: broker, SFTP server, web, worker and scheduler. Ctrl-C stops it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--without", action="append", default=[], choices=["web", "worker", "beat", "sftp"], help="leave a process out")
        parser.add_argument("--no-demo", action="store_true", help="load no demo district on the first start")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until a signal; exit status 0 after a clean stop.

        Raises:
            CommandError: the data folder or the port is taken, or the broker does not start.
        """
        self.started_at = time.monotonic()
        self.without = set(options["without"])
        self.wants_demo = not options["no_demo"] and settings.PORTAL_ENV != "production" and "worker" not in self.without
        self.output = Output()
        self.host = os.environ.get("PORTAL_HTTP_HOST", "127.0.0.1")
        self.port = settings.PORTAL_HTTP_PORT
        try:
            with data_folder_lock(settings.PATHS.lock, settings.PORTAL_BASE_URL):
                if "web" not in self.without and not port_is_free(self.host, self.port):
                    raise CommandError(f"Port {self.port} is in use. Stop the program that has it, or set PORTAL_HTTP_PORT to another one.")
                if "sftp" not in self.without and not port_is_free(settings.PORTAL_SFTP_LISTEN, settings.PORTAL_SFTP_PORT):
                    raise CommandError(
                        f"Port {settings.PORTAL_SFTP_PORT} is in use. Stop the program that has it, set PORTAL_SFTP_PORT to another one, "
                        "or start without the SFTP server (--without sftp)."
                    )
                self.supervise()
        except DataFolderInUseError as error:
            raise CommandError(str(error)) from None

    def supervise(self) -> None:
        """Start everything, watch it, and stop it."""
        env = os.environ | {"PYTHONUNBUFFERED": "1", "PORTAL_DATA_DIR": str(settings.PORTAL_DATA_DIR)}
        supervisor = Supervisor(self.output, env, settings.BASE_DIR)
        with supervisor.signals():
            try:
                self.start(supervisor)
                supervisor.watch()
            except StopRequestedError:
                pass
            finally:
                self.output.line("portal", "stopping")
                started = time.monotonic()
                supervisor.stop()
                self.output.line("portal", f"stopped in {time.monotonic() - started:.1f} s")

    def start(self, supervisor: Supervisor) -> None:
        """Start in order: broker, tables and files, worker, SFTP server, web, beat; then wait until all of it answers.

        Raises:
            CommandError: the broker does not start, or the database cannot be used.
        """
        self.start_broker(supervisor)
        try:
            if first_start.migrate_if_needed():
                self.output.line("portal", "the database is up to date")
        except OperationalError as error:
            raise CommandError(f"The database cannot be used: {error}".strip()) from None
        first_start.collect_static()
        if "worker" not in self.without:
            supervisor.start(processes.worker_spec(settings.PORTAL_WORKERS))
        if "sftp" not in self.without:
            supervisor.start(processes.sftp_spec())
        if "web" not in self.without:
            supervisor.start(processes.web_spec())
        if "beat" not in self.without:
            supervisor.start(processes.beat_spec())
        if not supervisor.wait_until(self.is_ready, READY_TIMEOUT_SECONDS):
            self.output.line("portal", f"not everything answered within {READY_TIMEOUT_SECONDS} s; the lines above say why. Still trying.")
            return
        if self.wants_demo and first_start.needs_demo():
            self.output.line("portal", "first start: loading a demo district")
            if supervisor.run_once(first_start.demo_spec()) != 0:
                self.output.line("portal", "the demo district could not be loaded; the portal works without it")
        self.announce()

    def start_broker(self, supervisor: Supervisor) -> None:
        """Start the private broker, unless CELERY_BROKER_URL names another one.

        Raises:
            CommandError: there is no program for it, or it does not answer.
        """
        if not settings.PORTAL_EMBEDDED_BROKER:
            return
        socket = settings.PATHS.broker_socket
        try:
            settings.PATHS.create_socket_folder()
            spec = processes.broker_spec(settings.PATHS)
        except OSError as error:
            raise CommandError(str(error)) from None
        # After a kill -9 the broker of the run before may need a moment to end; it still holds the files.
        supervisor.wait_until(lambda: not broker_answers(socket), BROKER_TIMEOUT_SECONDS)
        supervisor.start(spec)
        if not supervisor.wait_until(lambda: broker_answers(socket), BROKER_TIMEOUT_SECONDS):
            raise CommandError("The embedded broker does not answer; the lines above say why.")

    def is_ready(self) -> bool:
        """Say whether web, SFTP server and worker do their work."""
        host_header = urlsplit(settings.PORTAL_BASE_URL).netloc
        is_web_ready = "web" in self.without or web_is_ready(self.host, self.port, host_header)
        is_sftp_ready = "sftp" in self.without or sftp_is_ready(settings.PORTAL_SFTP_LISTEN, settings.PORTAL_SFTP_PORT)
        return is_web_ready and is_sftp_ready and ("worker" in self.without or worker_is_ready())

    def announce(self) -> None:
        """Print the address, and the demo district's sign-in when there is one."""
        lines = [f"Roster Portal is ready after {time.monotonic() - self.started_at:.1f} s: {settings.PORTAL_BASE_URL}"]
        if "sftp" not in self.without:
            lines.append(f"SFTP listens on {settings.PORTAL_SFTP_LISTEN}, port {settings.PORTAL_SFTP_PORT}")
        sign_in = first_start.demo_sign_in(settings.PATHS.demo_sign_in)
        if sign_in:
            lines.append(f"Sign in to the demo district as {sign_in[0]} with the password {sign_in[1]}")
        lines.append("Ctrl-C stops it.")
        self.output.plain("\n" + "\n".join(f"  {line}" for line in lines) + "\n")

"""Run the SFTP server of the landing zones."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from imports.landing.serve import run


class Command(BaseCommand):
    """One process; ends on SIGTERM or Ctrl-C."""

    help = "Run the SFTP server of the landing zones."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until a signal.

        Raises:
            CommandError: the port cannot be had.
        """
        try:
            run()
        except OSError as error:
            raise CommandError(
                f"The SFTP server cannot listen on {settings.PORTAL_SFTP_LISTEN}, port {settings.PORTAL_SFTP_PORT}: {error.strerror or error}. "
                "Stop the program that has it, or set PORTAL_SFTP_PORT to another one."
            ) from None

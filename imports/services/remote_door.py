"""How to sign in to the district's own server."""

from typing import TYPE_CHECKING

from django.conf import settings

from imports.models import LandingZone
from imports.remote_server import secret_of

if TYPE_CHECKING:
    from imports.sftp_client import Door


def remote_door(zone: LandingZone) -> "Door":
    """The door of the zone's custom server; without a trusted host key it only tells which key it has.

    Raises:
        SecretLost: the password or private key cannot be read any more.
    """
    from imports.sftp_client import Door

    secret = secret_of(zone)
    is_password = zone.remote_sign_in == LandingZone.SignIn.PASSWORD
    return Door(
        host=zone.host,
        port=zone.port,
        username=zone.remote_username,
        host_keys=[zone.host_key] if zone.host_key else [],
        password=secret if is_password else "",
        private_key="" if is_password else secret,
        is_any_address=settings.PORTAL_SFTP_PRIVATE,
    )

"""The keys of SFTP servers by their fingerprints, for templates."""

from django import template

from imports.landing.host_keys import host_key_lines
from imports.public_keys import fingerprint_of_line

register = template.Library()


@register.simple_tag
def host_fingerprints() -> list[tuple[str, str]]:
    """Type and fingerprint of each key of the portal's own SFTP server."""
    return [(kind, fingerprint) for kind, fingerprint, _ in host_key_lines()]


@register.filter
def fingerprint(line: str) -> str:
    """The fingerprint of a public key's line; empty if it is none."""
    return fingerprint_of_line(line) if line else ""

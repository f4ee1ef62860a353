"""A district with the SFTP app, keys of every kind, and a person at its Delivery Configuration."""

import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Role
from imports.models import ImportApp, LandingKey, LandingZone
from imports.services.activate_app import activate_app
from tests.integration.imports_ui.world import World

DELIVERY = "/apps/sftp/configure/delivery/"
GOOD = "tulips-and-17-gulls"


def pair(key: Any = None) -> tuple[str, str]:
    """A private key and the line of its public one."""
    key = key or ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    return private, key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


PRIVATE, PUBLIC = pair()
OTHER = pair()[1]
ECDSA = pair(ec.generate_private_key(ec.SECP256R1()))[1]
RSA_2048 = pair(rsa.generate_private_key(65537, 2048))[1]


@dataclass
class Desk:
    """The SFTP app of one district."""

    slug: str = "north"
    world: World = field(init=False)
    app: ImportApp = field(init=False)

    def __post_init__(self) -> None:
        self.world = World(self.slug)
        self.app = activate_app(district=self.world.district, kind=ImportApp.Kind.SFTP, by=self.world.owner)

    @property
    def zone(self) -> LandingZone:
        return LandingZone.objects.of(self.world.district).get()

    @property
    def keys(self) -> list[LandingKey]:
        return list(LandingKey.objects.of(self.world.district).order_by("pk"))

    def client(self, role: Role = Role.EDITOR, **options: Any) -> Client:
        return self.world.client(role, **options)

    def post(self, name: str, values: dict[str, Any] | None = None, *args: Any, role: Role = Role.EDITOR) -> Any:
        return self.client(role).post(reverse(f"imports:{name}", args=args), values or {})

    def sign_in(self, **values: Any) -> Any:
        """Save the form about the portal's own server."""
        zone = self.zone
        usual = {"username": zone.username, "sign_in": zone.sign_in, "password": "", "addresses": "\n".join(zone.allowed_addresses)}
        return self.post("sftp_sign_in", {**usual, **values})

    def add_key(self, text: str | bytes = PUBLIC, **values: Any) -> Any:
        data = text if isinstance(text, bytes) else text.encode()
        return self.post("sftp_keys", {"file": SimpleUploadedFile("id.pub", data), **values})

    def save_remote(self, port: int, **values: Any) -> Any:
        usual = {"host": "127.0.0.1", "port": port, "username": "sis", "sign_in": "password", "password": "", "path": ""}
        return self.post("sftp_server", {**usual, **values})

    def page(self, query: str = "", client: Client | None = None) -> str:
        response = (client or self.client()).get(f"{DELIVERY}{query}")
        assert response.status_code == 200, response.status_code
        return response.content.decode()

    def test(self, **values: Any) -> Any:
        """Test Connection, and the page after it."""
        client = self.client()
        response = client.post(reverse("imports:sftp_test"), values)
        assert response.status_code == 302
        return client, self.page(client=client)

    def audit(self) -> list[tuple[str, dict[str, Any]]]:
        events = AuditEvent.objects.of(self.world.district).filter(action__startswith="landing.").order_by("pk")
        return [(event.action, event.detail) for event in events]

    def audit_text(self) -> str:
        return json.dumps([*AuditEvent.objects.of(self.world.district).values_list("target", "detail")])

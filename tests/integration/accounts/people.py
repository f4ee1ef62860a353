"""Districts and people for tests."""

from django.test import Client

from accounts.models import District, Membership, Role, User

PASSWORD = "a long enough word"


def make_district(slug: str = "maple", name: str = "Maple Valley") -> District:
    return District.objects.create(slug=slug, name=name, time_zone="America/New_York")


def make_member(district: District, role: Role, email: str = "") -> Membership:
    email = email or f"{role}@{district.slug}.example"
    person = User.objects.filter(email=email).first() or User.objects.create_user(email, PASSWORD)
    return Membership.objects.create(district=district, user=person, role=role)


def signed_in(membership: Membership) -> Client:
    client = Client()
    client.force_login(membership.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def actions_of(district: District) -> list[str]:
    """The audit trail's actions, oldest first, without the sign-ins of the test's own clients."""
    from accounts.models import AuditEvent

    actions = AuditEvent.objects.of(district).order_by("pk").values_list("action", flat=True)
    return [action for action in actions if action != "person.signed_in"]

"""Write the audit trail."""

from typing import Any

from accounts.models import AuditEvent, District, User

SYSTEM = "the portal"


def record_event(
    *, district: District, action: str, by: User | None, target: str = "", address: str | None = None, **detail: Any
) -> AuditEvent:
    """Add one event: `by` did `action` (a dotted verb such as "sync.approved") to `target`. Call it inside the transaction of the act itself."""
    return AuditEvent.objects.create(
        district=district,
        actor=by,
        actor_label=by.email if by else SYSTEM,
        action=action,
        target=target[:254],
        detail=detail,
        address=address,
    )

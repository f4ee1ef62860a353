from accounts.models.audit import AuditEvent
from accounts.models.district import District
from accounts.models.membership import Membership, Role
from accounts.models.user import User

__all__ = ["AuditEvent", "District", "Membership", "Role", "User"]

"""The audit trail, newest first, in words."""

from django.db.models import Q, QuerySet

from accounts.models import AuditEvent, District

WORDS = {
    "district.created": "created the district",
    "person.signed_in": "signed in",
    "person.locked_out": "was locked out after failed sign-ins",
    "person.invited": "invited a person",
    "person.invited_again": "sent the invitation again",
    "person.role_changed": "changed a role",
    "person.removed": "removed a person",
    "password.set": "set a password by mail link",
    "password.changed": "changed the password",
    "organization.changed": "changed an organization",
    "app.activated": "activated an app",
    "config.saved": "changed the configuration",
    "config.rekey_confirmed": "confirmed other SIS IDs for people",
    "schools.uploaded": "uploaded orgs.csv alone",
    "delivery.received": "delivered files",
    "sync.approved": "approved a sync",
    "sync.rejected": "rejected a sync",
    "sync.cancelled": "cancelled a sync",
    "sync.applied": "applied a sync",
    "sync.file_downloaded": "downloaded a file of a sync",
    "sync.rows_downloaded": "downloaded rows of a sync",
    "student.opened": "opened a student's record",
    "rollover.suspended": "suspended data import",
    "rollover.resumed": "ended the suspension of data import",
    "rollover.called_off": "called off a suspension of data import",
    "rollover.deletion_disabled": "disabled data deletion",
    "rollover.deletion_enabled": "enabled data deletion again",
    "rollover.rehearsed": "rehearsed the new year's files",
    "district.two_person_approval": "changed two-person approval",
    "notices.changed": "changed the notifications",
    "notices.own_changed": "changed their own notifications",
    "webhook.added": "added a webhook",
    "webhook.changed": "changed a webhook",
    "webhook.secret_renewed": "made a new secret for a webhook",
    "webhook.removed": "removed a webhook",
    "landing.sign_in_changed": "changed an app's SFTP sign-in",
    "landing.password_set": "set an app's SFTP password",
    "landing.key_added": "added an SFTP key",
    "landing.key_removed": "removed an SFTP key",
    "landing.server_changed": "changed the server an app pulls from",
    "landing.secret_set": "saved the password or key of a server",
    "landing.host_trusted": "trusted the key of a server",
    "landing.tested": "tested an SFTP connection",
    "records.purged": "purged deleted records",
    "sftp.signed-in": "signed in by SFTP",
    "sftp.sign-in-failed": "failed to sign in by SFTP",
    "sftp.uploaded": "uploaded a file by SFTP",
    "sftp.broken-off": "broke off an upload by SFTP",
    "sftp.downloaded": "downloaded a file by SFTP",
    "sftp.renamed": "renamed a file by SFTP",
    "sftp.removed": "removed a file by SFTP",
}


def words_of(action: str) -> str:
    """Return an action in words; one that is not in the list reads as it is written: "export.sent" is "export sent"."""
    return WORDS.get(action) or action.replace(".", " ").replace("_", " ")


def details_of(event: AuditEvent) -> str:
    """Return the details of an event on one line: "role: editor, before: viewer"."""
    said = {name: ", ".join(map(str, value)) if isinstance(value, list) else value for name, value in event.detail.items()}
    return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in said.items() if value not in ("", None, {}))


def audit_events(district: District, text: str = "") -> QuerySet[AuditEvent]:
    """Return the events of a district, newest first; with a text, those in which who, what or to whom contains it."""
    events = AuditEvent.objects.of(district).order_by("-at", "-pk")
    if not text:
        return events
    actions = [action for action, words in WORDS.items() if text.lower() in words.lower()]
    return events.filter(Q(actor_label__icontains=text) | Q(target__icontains=text) | Q(action__icontains=text) | Q(action__in=actions))

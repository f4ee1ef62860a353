"""Send one notice: claim it, send it, write down what came of it.

The claim stands in the database, so a task may be started twice or never. A notice is sent twice only when its worker died after sending and
before writing, and then under the same Message-ID or event id.
"""

import json
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException
from uuid import UUID, uuid4

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from notices.kinds import KINDS, TEST
from notices.models import Attempt, Notice
from notices.selectors.recipients import why_not
from notices.services.mail import send_mail
from notices.services.post import AddressRefused, PostFailed, post
from notices.services.secrets import SecretLost, secret_of, sign
from notices.steps.backoff import pause_after

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=15)  # longer than any sending, and than the patience of writing its result
PATIENCE_SECONDS = 600
OUR_FAULT = "The portal made a mistake; the operator finds the trace in the log."


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one try. `is_dropped`: it is not sent at all, for the reason in `error`."""

    is_ok: bool
    error: str = ""
    status: int | None = None
    answer: str = ""
    is_dropped: bool = False


def deliver(notice_id: int, *, now: datetime | None = None, is_patient: bool = True) -> Result | None:
    """Try to send a notice that is due; None if it is not, or another worker has it. Where somebody waits at a page it is not `is_patient`."""
    if is_patient:
        _be_patient()
    claim = uuid4()
    if not _claim(notice_id, claim, now or timezone.now()):
        return None
    notice = Notice.unscoped.select_related("event", "district", "person", "webhook").get(pk=notice_id)
    started = time.monotonic()
    try:
        result = _send(notice)
    except Exception:
        log.exception("notice %s could not be sent", notice_id)
        result = Result(False, OUR_FAULT)
    _write(notice, claim, result, time.monotonic() - started, now)
    return result


def _be_patient() -> None:
    """On SQLite one writer writes at a time: what was sent must be written down, however long the apply of a sync takes."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_SECONDS * 1000}")


def _claim(notice_id: int, claim: UUID, now: datetime) -> bool:
    due = Notice.unscoped.filter(
        Q(claimed_until=None) | Q(claimed_until__lt=now), pk=notice_id, state=Notice.State.WAITING, next_at__lte=now
    )
    return due.update(claim=claim, claimed_until=now + LEASE, tries=F("tries") + 1) == 1


def _send(notice: Notice) -> Result:
    return _mail(notice) if notice.channel == Notice.Channel.MAIL else _call(notice)


def _mail(notice: Notice) -> Result:
    if reason := why_not(notice.event, notice.person):
        return Result(False, reason, is_dropped=True)
    assert notice.person is not None  # noqa: S101 - why_not has seen to it
    try:
        send_mail(notice, notice.person)
    except (SMTPException, OSError) as error:
        return Result(False, _mail_words(error))
    return Result(True)


def _mail_words(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    if code is None and isinstance(refused := getattr(error, "recipients", None), dict) and refused:
        code = next(iter(refused.values()))[0]
    if code:
        return f"The mail server did not take it (code {code})."
    return f"The mail server could not be reached ({type(error).__name__})."


def _call(notice: Notice) -> Result:
    webhook = notice.webhook
    kind = notice.event.kind
    if webhook is None or (kind != TEST and not (webhook.is_on and kind in webhook.events)):
        return Result(False, "The webhook was switched off or removed.", is_dropped=True)
    body = body_of(notice)
    try:
        secret = secret_of(webhook)
        headers = {
            "Content-Type": "application/json",
            "Portal-Event": kind,
            "Portal-Event-Id": str(notice.event.uid),
            "Portal-Signature": sign(secret, body, int(time.time())),
        }
        answer = post(webhook.url, body, headers, allow_private=settings.PORTAL_WEBHOOKS_PRIVATE)
    except (AddressRefused, PostFailed, SecretLost) as error:
        return Result(False, str(error))
    if answer.is_ok:
        return Result(True, status=answer.status, answer=answer.text)
    words = "It answered with a redirect, which is not followed" if 300 <= answer.status < 400 else "It was not taken"
    return Result(False, f"{words} (status {answer.status}).", answer.status, answer.text)


def body_of(notice: Notice) -> bytes:
    """What a webhook gets."""
    event = notice.event
    told = {
        "id": str(event.uid),
        "event": event.kind,
        "district": notice.district.slug,
        "at": event.at.isoformat(timespec="seconds"),
        "subject_url": settings.PORTAL_BASE_URL + event.subject_url,
        "facts": event.facts,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _write(notice: Notice, claim: UUID, result: Result, seconds: float, now: datetime | None) -> None:
    """Write the result down, and try hard to: what was sent and not written would be sent again."""
    for pause in (1, 5, 30, None):
        try:
            return _write_once(notice, claim, result, seconds, now or timezone.now())
        except (OperationalError, InterfaceError):
            if pause is None or connection.in_atomic_block:
                raise
            log.warning("The result of notice %s could not be written; once more in %s s.", notice.pk, pause)
            connection.close()
            time.sleep(pause)
    return None


@transaction.atomic
def _write_once(notice: Notice, claim: UUID, result: Result, seconds: float, now: datetime) -> None:
    kind = KINDS.get(notice.event.kind)
    pause = pause_after(notice.tries) if kind is None or kind.is_retried else None
    fields: dict[str, object] = {"claim": None, "claimed_until": None, "last_status": result.status, "last_error": result.error[:200]}
    if result.is_ok:
        fields |= {"state": Notice.State.SENT, "ended_at": now}
    elif result.is_dropped:
        fields |= {"state": Notice.State.DROPPED, "ended_at": now}
    elif pause is None:
        fields |= {"state": Notice.State.GIVEN_UP, "ended_at": now}
    else:
        fields |= {"next_at": now + pause}
    if Notice.unscoped.filter(pk=notice.pk, claim=claim).update(**fields) and not result.is_dropped:
        Attempt.objects.create(
            notice=notice, at=now, is_ok=result.is_ok, status=result.status, answer=result.answer[:200], error=result.error[:200],
            seconds=round(seconds, 2),
        )  # fmt: skip

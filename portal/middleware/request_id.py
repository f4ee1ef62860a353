"""Give every request an id that its log lines and its answer carry."""

import re
from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

from portal.logging import request_id

ACCEPTED = re.compile(r"[A-Za-z0-9_.-]{8,64}")


class RequestIdMiddleware:
    """Keep a well-formed X-Request-ID that a proxy sent, else make one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Remember the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request with its id in the logs and in the X-Request-ID header."""
        sent = request.headers.get("X-Request-ID", "")
        current = sent if ACCEPTED.fullmatch(sent) else uuid4().hex
        token = request_id.set(current)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = current
        return response

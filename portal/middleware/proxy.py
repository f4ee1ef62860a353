"""Behind reverse proxies, find the address of the person, not of the nearest proxy."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class ProxyMiddleware:
    """Set REMOTE_ADDR from X-Forwarded-For, believing only the entries that PORTAL_PROXY_COUNT proxies of ours wrote.

    Lock-out after failed sign-ins and the audit trail go by this address. What stands further left in the header was
    sent by the client and may be invented.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Remember the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Correct the address, then go on."""
        count = settings.PORTAL_PROXY_COUNT
        if count:
            hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
            if len(hops) >= count:
                request.META["REMOTE_ADDR"] = hops[-count]
        return self.get_response(request)

"""Headers and addresses that every request gets."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from portal.logging import request_id
from portal.middleware.proxy import ProxyMiddleware
from portal.middleware.request_id import RequestIdMiddleware
from portal.middleware.security import SecurityHeadersMiddleware

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(
    ("count", "forwarded", "expected"),
    [
        pytest.param(0, "203.0.113.9", "10.0.0.1", id="no proxy of ours: the header is not believed"),
        pytest.param(1, "203.0.113.9", "203.0.113.9", id="one proxy wrote the person's address"),
        pytest.param(1, "198.51.100.7, 203.0.113.9", "203.0.113.9", id="what the client invented is ignored"),
        pytest.param(2, "198.51.100.7, 203.0.113.9, 10.0.0.2", "203.0.113.9", id="two proxies"),
        pytest.param(2, "203.0.113.9", "10.0.0.1", id="fewer hops than proxies: somebody went around them"),
    ],
)
def test_the_persons_address_behind_proxies(settings, count, forwarded, expected):
    settings.PORTAL_PROXY_COUNT = count
    seen = []
    middleware = ProxyMiddleware(lambda request: seen.append(request.META["REMOTE_ADDR"]) or HttpResponse())
    middleware(RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded))
    assert seen == [expected]


def test_a_request_carries_its_id_into_logs_and_answer():
    seen = []
    middleware = RequestIdMiddleware(lambda request: seen.append(request_id.get()) or HttpResponse())
    made = middleware(RequestFactory().get("/"))["X-Request-ID"]
    kept = middleware(RequestFactory().get("/", HTTP_X_REQUEST_ID="proxy-12345678"))["X-Request-ID"]
    forged = middleware(RequestFactory().get("/", HTTP_X_REQUEST_ID="a b\nc"))["X-Request-ID"]
    assert seen == [made, kept, forged]
    assert kept == "proxy-12345678"
    assert "\n" not in forged
    assert request_id.get() == "-"


def test_every_answer_forbids_foreign_scripts_and_frames():
    policy = SecurityHeadersMiddleware(lambda request: HttpResponse())(RequestFactory().get("/"))["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy

"""The section Server of the SFTP app's Delivery Configuration: saved at once by forms of its own, for credentials are no part of the configuration."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.current import DistrictRequest, address_of, require_editor
from imports.landing_rules import new_password
from imports.models import ImportApp, LandingKey, LandingZone
from imports.public_keys import KeyRefused
from imports.services.drafts import open_draft
from imports.services.landing_keys import add_keys, remove_key
from imports.services.landing_server import RemoteServer, save_remote_server, trust_host_key
from imports.services.landing_sign_in import SignIn, SignInRefused, save_sign_in
from imports.services.landing_zone import ensure_zone
from imports.services.test_connection import TryRefused, try_connection
from imports.views.in_memory import in_memory
from imports.views.scope import find_app
from imports.views.sftp_forms import PublicKeyForm, RemoteServerForm, SignInForm, TryForm
from imports.views.sftp_once import keep_password, keep_tried, offered_key
from imports.views.sftp_screen import CUSTOM, PORTAL, SftpScreen, host_lines
from imports.views.wizard.delivery import DELIVERY
from imports.views.wizard.frame import frame
from imports.views.wizard.step import Page
from imports.views.words import count_words

GENERATE = "generate"
PASSWORD, KEY = LandingZone.SignIn.PASSWORD, LandingZone.SignIn.KEY


@require_POST
@require_editor
def sign_in(request: DistrictRequest) -> HttpResponse:
    """Save how clients sign in to the portal's own server; its other button makes a password, which the next page shows once."""
    app = _find(request)
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _again(request, app, PORTAL, sign_in=form)
    given, is_generated = form.cleaned_data, request.POST.get("do") == GENERATE
    way = PASSWORD if is_generated else LandingZone.SignIn(given["sign_in"])
    password = new_password() if is_generated else given["password"] if way == PASSWORD else ""
    wanted = SignIn(given["username"], way, given["addresses"], password, is_generated)
    try:
        saved = save_sign_in(zone=ensure_zone(app), wanted=wanted, by=request.user, address=address_of(request))
    except SignInRefused as refusal:
        form.explain(refusal.problems)
        return _again(request, app, PORTAL, sign_in=form)
    if is_generated:
        keep_password(request, app, password)
        messages.success(request, "A new password is saved. Note it down now; it is shown only this once.")
    else:
        messages.success(request, "The sign-in is saved." if saved.is_changed else "Nothing was changed.")
    if given["password"] and way == KEY:
        messages.warning(request, "The password you typed was not saved: the app is Key-based.")
    for note in saved.notes:
        messages.info(request, note)
    return _back(app)


@in_memory
@require_POST
@require_editor
def add_key(request: DistrictRequest) -> HttpResponse:
    """Add public keys, from a file or pasted."""
    app = _find(request)
    form = PublicKeyForm(request.POST)
    given = _file(request, "file") or request.POST.get("pasted", "")
    if form.is_valid():
        try:
            if not given.strip():
                raise KeyRefused("Choose a .pub file of at most 64 KB, or paste the key.")
            added = add_keys(
                zone=ensure_zone(app), given=given, name=form.cleaned_data["name"], by=request.user, address=address_of(request)
            )
        except KeyRefused as refusal:
            form.add_error("pasted", str(refusal))
        else:
            words = f"The key {added[0]} is" if len(added) == 1 else f"{count_words(len(added), 'key')} are"
            is_off = ensure_zone(app).sign_in != KEY
            messages.success(request, f"{words} added.{' Choose Key-based and save, so that it signs in.' if is_off else ''}")
            return _back(app, "keys")
    return _again(request, app, PORTAL, key=form)


@require_POST
@require_editor
def drop_key(request: DistrictRequest, key_id: int) -> HttpResponse:
    """Remove a public key."""
    app = _find(request)
    keys = LandingKey.objects.of(request.district).filter(zone__app=app).select_related("zone")
    key = keys.filter(pk=key_id).first() if key_id < 2**63 else None
    if key is None:
        raise Http404("There is no such key.")
    remove_key(key=key, by=request.user, address=address_of(request))
    messages.success(request, f"The key {key} is removed. Nobody signs in with it any more.")
    return _back(app, "keys")


@in_memory
@require_POST
@require_editor
def remote_server(request: DistrictRequest) -> HttpResponse:
    """Save the district's own server."""
    app = _find(request)
    form = RemoteServerForm(request.POST)
    if not form.is_valid():
        return _again(request, app, CUSTOM, remote=form)
    given = form.cleaned_data
    wanted = RemoteServer(
        host=given["host"],
        port=given["port"],
        username=given["username"],
        way=LandingZone.SignIn(given["sign_in"]),
        path=given["path"],
        password=given["password"],
        private_key=_file(request, "private_key_file") or given["private_key"].strip(),
    )
    try:
        saved = save_remote_server(zone=ensure_zone(app), wanted=wanted, by=request.user, address=address_of(request))
    except SignInRefused as refusal:
        form.explain(refusal.problems)
        return _again(request, app, CUSTOM, remote=form)
    if not saved.zone.host_key:
        messages.success(request, "The server is saved. Now run Test Connection, and trust its key.")
    else:
        messages.success(request, "The server is saved." if saved.is_changed else "Nothing was changed.")
    return _back(app)


@require_POST
@require_editor
def try_out(request: DistrictRequest) -> HttpResponse:
    """Test Connection."""
    app = _find(request)
    form = TryForm(request.POST)
    _try(request, app, form.cleaned_data["password"] if form.is_valid() else "")
    return _back(app, "test")


@require_POST
@require_editor
def trust(request: DistrictRequest) -> HttpResponse:
    """Trust the key that the server showed in Test Connection, and go on with the test."""
    app = _find(request)
    offered = offered_key(request, app, request.POST.get("fingerprint", ""))
    if offered is None:
        messages.error(request, "Nothing was trusted: the page was of another test. Run Test Connection again.")
        return _back(app, "test")
    host, port, line = offered
    if trust_host_key(zone=ensure_zone(app), host=host, port=port, line=line, by=request.user, address=address_of(request)):
        _try(request, app, "")
    else:
        messages.error(request, "Nothing was trusted: the app has another server by now. Run Test Connection again.")
    return _back(app, "test")


def _try(request: DistrictRequest, app: ImportApp, password: str) -> None:
    zone = ensure_zone(app)
    if zone.server == CUSTOM and not (zone.host and zone.remote_secret):
        messages.error(request, "Save the server first.")
        return
    try:
        tried = try_connection(zone=zone, host_keys=host_lines(), password=password, by=request.user, address=address_of(request))
    except TryRefused as refusal:
        messages.error(request, str(refusal))
        return
    keep_tried(request, app, zone.host, zone.port, tried)
    if tried.is_ok:
        return  # the page says so in its black bar
    if tried.offered and not tried.known and zone.server == CUSTOM:
        messages.warning(request, "The server is reached. Compare its fingerprint, and trust it.")
    else:
        messages.error(request, "The connection does not work yet. The page says which step failed.")


def _find(request: DistrictRequest) -> ImportApp:
    return find_app(request, ImportApp.Kind.SFTP)


def _file(request: DistrictRequest, name: str) -> bytes:
    file = request.FILES.get(name)
    return file.read() if isinstance(file, UploadedFile) else b""


def _back(app: ImportApp, part: str = "server") -> HttpResponse:
    return redirect(f"{DELIVERY.url(app)}#{part}")


def _again(request: DistrictRequest, app: ImportApp, shown: str, **entered: forms.Form) -> HttpResponse:
    """The step with what was entered, but its secrets, and why it was not taken."""
    draft = open_draft(app=app, user=request.user)
    page = Page(request, app, draft, DELIVERY, draft.document)
    context: dict[str, Any] = frame(page) | dict(DELIVERY.show(page)) | {"sftp": SftpScreen(request, app, shown, entered)}
    return render(request, DELIVERY.template, context, status=422)

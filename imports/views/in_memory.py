"""Views whose uploads never touch the disk: a private key chosen by mistake leaves no trace there."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt, csrf_protect

View = Callable[..., HttpResponseBase]


def in_memory(view: View) -> View:
    """Take files of a small form in memory; of a form larger than FILE_UPLOAD_MAX_MEMORY_SIZE no file is taken.

    How uploads are taken must be said before anything reads the form, so the check against forged requests follows here.
    """
    protected = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def taken(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.upload_handlers = [MemoryFileUploadHandler(request)]
        return protected(request, *args, **kwargs)

    return taken

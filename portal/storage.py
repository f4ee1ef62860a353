"""From STORAGE_URL to Django's storage settings: a local folder, or an S3-compatible bucket."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

S3_OPTIONS = {"endpoint_url": "endpoint_url", "region": "region_name", "addressing_style": "addressing_style", "profile": "session_profile"}


def storage_backend(url: str, folder: Path) -> dict[str, Any]:
    """Return the `STORAGES["default"]` entry for a STORAGE_URL; an empty URL means the folder.

    Args:
        url: `s3://bucket/prefix?endpoint_url=https://…&region=…`; credentials come from AWS_ACCESS_KEY_ID and
            AWS_SECRET_ACCESS_KEY or the machine's role, never from the URL.
        folder: where files go without a bucket.

    Raises:
        ImproperlyConfigured: the URL is not one the portal can use; the sentence says why.
    """
    if not url:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": folder, "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
        }
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.hostname:
        raise ImproperlyConfigured(f"STORAGE_URL must look like s3://bucket/prefix?endpoint_url=https://host, but is {url!r}.")
    if parts.username or parts.password:
        raise ImproperlyConfigured("STORAGE_URL must not carry credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead.")
    options: dict[str, Any] = {
        "bucket_name": parts.netloc,
        "location": unquote(parts.path.strip("/")),
        "file_overwrite": False,  # as the local folder: a stored file never changes
        "default_acl": None,
        "max_memory_size": 8 * 1024 * 1024,  # larger objects are spooled to disk, not to memory
    }
    for name, value in parse_qsl(parts.query):
        if name not in S3_OPTIONS:
            raise ImproperlyConfigured(f"STORAGE_URL has an unknown option {name!r}; known are {', '.join(sorted(S3_OPTIONS))}.")
        options[S3_OPTIONS[name]] = value
    if "endpoint_url" in options:
        options.setdefault("addressing_style", "path")  # servers other than Amazon's rarely answer to bucket.host names
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}

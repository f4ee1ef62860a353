"""Logs on standard error: one line per event, as text for people or as JSON for machines (LOG_FORMAT)."""

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="-")


class RequestIdFilter(logging.Filter):
    """Write the id of the web request that is being answered into every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add `request_id`; never drop a record."""
        record.request_id = request_id.get()
        return True


ROUTINE = ("sweep_task", "scan_zones_task", "schedule_task")


class RoutineFilter(logging.Filter):
    """Leave out that what looks around every few seconds came and went, as long as nothing is wrong with it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Drop Celery's notices about these tasks."""
        is_notice = record.levelno <= logging.INFO and record.name.startswith("celery.")
        return not (is_notice and any(task in record.getMessage() for task in ROUTINE))


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message, request_id, and the trace of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        event = {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", "-"),
        }
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return json.dumps(event, ensure_ascii=False)


def logging_settings(*, level: str, style: str) -> dict[str, Any]:
    """Return Django's LOGGING for a level such as INFO and a style, `text` or `json`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": RequestIdFilter}, "routine": {"()": RoutineFilter}},
        "formatters": {
            "text": {"format": "{asctime} {levelname:<7} {name}: {message} [{request_id}]", "style": "{"},
            "json": {"()": JsonFormatter},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "filters": ["request_id", "routine"],
                "formatter": "json" if style == "json" else "text",
            },
        },
        "root": {"handlers": ["console"], "level": level.upper()},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            "axes": {"level": "WARNING"},
            "botocore": {"level": "WARNING"},
        },
    }

"""What gets into the log, and in which form."""

import io
import json
import logging
import logging.config

import pytest

from portal.logging import logging_settings, request_id

pytestmark = pytest.mark.no_database


def written(style: str, *records: tuple[str, int, str]) -> str:
    """Return what a log of this style shows of the records (logger, level, message)."""
    stream = io.StringIO()
    settings = logging_settings(level="INFO", style=style)
    configurator = logging.config.DictConfigurator(settings)
    configurator.config["filters"] = {name: configurator.configure_filter(value) for name, value in settings["filters"].items()}
    configurator.config["formatters"] = {name: configurator.configure_formatter(value) for name, value in settings["formatters"].items()}
    handler = configurator.configure_handler(settings["handlers"]["console"])
    handler.setStream(stream)
    for name, level, message in records:
        handler.handle(logging.LogRecord(name, level, __file__, 1, message, None, None))
    return stream.getvalue()


def test_a_json_log_has_one_object_per_line_with_the_id_of_the_request():
    token = request_id.set("abc-12345")
    try:
        lines = written("json", ("imports", logging.WARNING, "two\nlines"), ("roster", logging.INFO, "ok")).splitlines()
    finally:
        request_id.reset(token)
    events = [json.loads(line) for line in lines]
    assert [(event["level"], event["logger"], event["message"], event["request_id"]) for event in events] == [
        ("warning", "imports", "two\nlines", "abc-12345"),
        ("info", "roster", "ok", "abc-12345"),
    ]


def test_the_sweeper_is_heard_only_when_it_fails():
    shown = written(
        "text",
        ("celery.app.trace", logging.INFO, "Task imports.tasks.sweep_task[1] succeeded"),
        ("celery.app.trace", logging.ERROR, "Task imports.tasks.sweep_task[2] raised"),
        ("celery.app.trace", logging.INFO, "Task imports.tasks.scan_zones_task[4] succeeded"),
        ("celery.app.trace", logging.INFO, "Task imports.tasks.run_sync_task[3] succeeded"),
    )
    assert "sweep_task[1]" not in shown and "scan_zones_task[4]" not in shown
    assert "sweep_task[2]" in shown
    assert "run_sync_task[3]" in shown

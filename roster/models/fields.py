"""Columns made for bulk loads."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class RowId(models.BigAutoField[int, int]):
    """A row number. On SQLite without AUTOINCREMENT, which would write its own table at every INSERT."""

    def db_type_suffix(self, connection: BaseDatabaseWrapper) -> str | None:
        return None if connection.vendor == "sqlite" else super().db_type_suffix(connection)


class KeyText(models.TextField[str, str]):
    """Text that is compared byte by byte: on PostgreSQL collation "C", which sorts and indexes faster; on SQLite that is the default."""

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


def text() -> "models.TextField[str, str]":
    """An attribute's column: never null, empty means no value."""
    return models.TextField(default="", blank=True)


def key() -> KeyText:
    """A column that holds the key of a record."""
    return KeyText(default="", blank=True)

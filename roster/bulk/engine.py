"""Pick the implementation for a connection."""

from django.db.backends.base.base import BaseDatabaseWrapper

from roster.bulk.base import Bulk
from roster.bulk.postgres import PostgresBulk
from roster.bulk.sqlite import SqliteBulk


def bulk(connection: BaseDatabaseWrapper) -> Bulk:
    """The bulk loader of the connection's engine."""
    connection.ensure_connection()
    return PostgresBulk(connection) if connection.vendor == "postgresql" else SqliteBulk(connection)

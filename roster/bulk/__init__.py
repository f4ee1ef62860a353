"""Fast loads inside Django's own transaction: one small interface, one implementation per engine."""

from roster.bulk.base import Bulk
from roster.bulk.engine import bulk

__all__ = ["Bulk", "bulk"]

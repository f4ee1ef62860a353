"""The zone in which a district reads its times."""

from accounts.times import zone_of

__all__ = ["zone_of"]

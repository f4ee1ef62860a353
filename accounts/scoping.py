"""The manager that demands a district: no query on district data is possible without naming one."""

from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from django.db import models

if TYPE_CHECKING:
    from accounts.models import District

M = TypeVar("M", bound=models.Model)


class UnscopedQuery(Exception):
    """A query on district data that names no district: a bug, and a leak if it were let through."""


class DistrictManager(models.Manager[M]):
    """`Model.objects.of(district)` is the only way in; anything else raises UnscopedQuery."""

    def of(self, district: "District | int") -> models.QuerySet[M]:
        """The rows of one district."""
        return super().get_queryset().filter(district=district)

    def get_queryset(self) -> models.QuerySet[M]:
        """Refuse: the district is missing."""
        raise UnscopedQuery(f"{self.model.__name__}.objects needs .of(district)")

    def create(self, **fields: Any) -> M:
        """Create a row; the district must be among the fields."""
        if "district" not in fields and "district_id" not in fields:
            raise UnscopedQuery(f"{self.model.__name__}.objects.create needs a district")
        return super().get_queryset().create(**fields)


class DistrictOwned(models.Model):
    """Base of every model that belongs to a district.

    `unscoped` is for what serves all districts at once (the sweeper, retention) and for rows reached through a row that is scoped already.
    """

    district = models.ForeignKey("accounts.District", on_delete=models.CASCADE, related_name="+")

    objects: ClassVar["DistrictManager[Self]"] = DistrictManager()
    unscoped: ClassVar["models.Manager[Self]"] = models.Manager()

    class Meta:
        abstract = True
        default_manager_name = "unscoped"
        base_manager_name = "unscoped"

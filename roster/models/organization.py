from django.db import models

from accounts.scoping import DistrictOwned


class Organization(DistrictOwned):
    """A school or office of the portal, which schools of the files are mapped to.

    Schools are made by Schools Mapping and vanish by hand only; the district and other offices come from orgs.csv.
    What the files do not carry (region, contact…) is filled in by people.
    """

    class Kind(models.TextChoices):
        SCHOOL = "school", "School"
        DISTRICT = "district", "District"
        OFFICE = "office", "Other office"

    key = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    identifier = models.CharField(max_length=255, blank=True)
    region = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=200, blank=True)
    zip_code = models.CharField(max_length=32, blank=True)
    contact_name = models.CharField(max_length=200, blank=True)
    contact_title = models.CharField(max_length=200, blank=True)
    contact_phone = models.CharField(max_length=64, blank=True)
    contact_email = models.EmailField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(DistrictOwned.Meta):
        constraints = [models.UniqueConstraint("district", "key", name="organization_once")]
        indexes = [models.Index(fields=["district", "name"], name="organization_by_name")]

    def __str__(self) -> str:
        return self.name

from django.db import models


class District(models.Model):
    """The tenant. Every row that belongs to a district carries it."""

    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, default="America/New_York")
    two_person_approval = models.BooleanField(default=False, help_text="whoever uploaded may not approve")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

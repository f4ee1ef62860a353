from django.db import models

from accounts.scoping import DistrictOwned


class ImportApp(DistrictOwned):
    """An import app that a district has activated: one per kind."""

    class Kind(models.TextChoices):
        CSV_UPLOAD = "csv_upload", "CSV Upload"
        SFTP = "sftp", "SFTP"

    kind = models.CharField(max_length=32, choices=Kind.choices)
    activated_at = models.DateTimeField(auto_now_add=True)
    activated_by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    config = models.ForeignKey("imports.ConfigVersion", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(DistrictOwned.Meta):
        constraints = [models.UniqueConstraint("district", "kind", name="import_app_once")]

    def __str__(self) -> str:
        return self.get_kind_display()


class ConfigVersion(DistrictOwned):
    """One version of an app's configuration document; never changed once written. A sync names the version it obeyed."""

    app = models.ForeignKey(ImportApp, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    note = models.CharField(max_length=200, blank=True)

    class Meta(DistrictOwned.Meta):
        constraints = [models.UniqueConstraint("app", "number", name="config_version_once")]

    def __str__(self) -> str:
        return f"version {self.number}"

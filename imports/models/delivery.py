from django.db import models

from accounts.scoping import DistrictOwned


class Delivery(DistrictOwned):
    """Files as received: hashed, stored, never changed."""

    class Source(models.TextChoices):
        BROWSER = "browser", "Browser"
        COMMAND = "command", "Command line"
        SFTP = "sftp", "SFTP"

    app = models.ForeignKey("imports.ImportApp", on_delete=models.CASCADE, related_name="deliveries")
    source = models.CharField(max_length=16, choices=Source.choices)
    received_at = models.DateTimeField(auto_now_add=True)
    received_by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    batch = models.CharField(
        max_length=32, blank=True, help_text="of a landing zone: the folder its files were moved to while they were taken"
    )
    archived_as = models.CharField(max_length=64, blank=True, help_text="of a landing zone: the folder under archive/ its files lie in")
    ignored = models.JSONField(default=list, blank=True, help_text="names of files that came along and were passed over")
    is_empty = models.BooleanField(
        default=False, help_text="of a run for which no new files had arrived: it has none, and stands for nothing"
    )

    class Meta(DistrictOwned.Meta):
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"delivery {self.pk}"


class StoredFile(DistrictOwned):
    """One file of a delivery, as received, in storage under its content hash."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    stored_as = models.CharField(max_length=255)

    class Meta(DistrictOwned.Meta):
        constraints = [models.UniqueConstraint("delivery", "name", name="stored_file_once")]

    def __str__(self) -> str:
        return self.name

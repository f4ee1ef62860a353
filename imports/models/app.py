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
    configured_at = models.DateTimeField(
        null=True, blank=True, help_text="when its configuration was first finished; null while it is being set up"
    )

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


class ConfigDraft(DistrictOwned):
    """What one person is editing of an app's configuration: a whole document, and the version it began from. It decides nothing."""

    app = models.ForeignKey(ImportApp, on_delete=models.CASCADE, related_name="drafts")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    base = models.ForeignKey(ConfigVersion, on_delete=models.CASCADE, related_name="+")
    document = models.JSONField()
    confirmed = models.JSONField(default=dict, blank=True, help_text="record type -> source of its SIS ID that was confirmed by typing")
    note = models.CharField(max_length=200, blank=True, help_text="where it came from; the note of the version it becomes")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(DistrictOwned.Meta):
        constraints = [models.UniqueConstraint("app", "user", name="config_draft_once")]

    def __str__(self) -> str:
        return f"draft of {self.user} from {self.base}"


class SchoolList(DistrictOwned):
    """The schools that an app's orgs.csv named last, delivered with a sync or uploaded alone: [{source_id, name, identifier}]."""

    app = models.OneToOneField(ImportApp, on_delete=models.CASCADE, related_name="school_list")
    schools = models.JSONField(default=list)
    seen_at = models.DateTimeField()
    sync_id = models.BigIntegerField(null=True, blank=True, help_text="the sync that brought it; null for orgs.csv uploaded alone")
    uploaded_by = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta(DistrictOwned.Meta):
        pass

    def __str__(self) -> str:
        return f"{len(self.schools)} schools"

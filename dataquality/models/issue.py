from django.db import models

from accounts.scoping import DistrictOwned
from roster.models.fields import KeyText, RowId


class Issue(DistrictOwned):
    """One problem of one record that is open or was: which rule, which record, first and last seen, resolved.

    `identity` is the hash of record type, record, code and attribute; `first_sync` and `last_sync` are sync ids; `line` is where it was last seen.
    """

    id = RowId(primary_key=True)
    district = models.ForeignKey("accounts.District", on_delete=models.CASCADE, db_index=False, related_name="+")
    app = models.CharField(max_length=32)
    identity = models.BigIntegerField()
    record_type = models.CharField(max_length=16)
    record_key = KeyText(default="", blank=True)
    record_name = models.TextField(default="", blank=True)
    school = KeyText(default="", blank=True)
    code = models.CharField(max_length=64)
    outcome = models.CharField(max_length=16)
    attribute = models.CharField(max_length=128, default="", blank=True)
    file = models.CharField(max_length=64, default="", blank=True)
    line = models.BigIntegerField(default=0)
    value = models.TextField(default="", blank=True)
    detail = models.TextField(default="", blank=True)
    first_sync = models.BigIntegerField()
    last_sync = models.BigIntegerField()
    resolved_sync = models.BigIntegerField(null=True, blank=True)
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta(DistrictOwned.Meta):
        indexes = [
            models.Index(fields=["district", "resolved_at", "record_type", "code", "attribute"], name="issue_open"),
            models.Index(fields=["district", "record_type", "record_key"], name="issue_record"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.record_key}"

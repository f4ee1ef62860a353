from imports.models.app import ConfigDraft, ConfigVersion, ImportApp, SchoolList
from imports.models.delivery import Delivery, StoredFile
from imports.models.rollover import Rehearsal, Rollover
from imports.models.sync import Sync, SyncDetail, Transition

__all__ = [
    "ConfigDraft", "ConfigVersion", "Delivery", "ImportApp", "Rehearsal", "Rollover", "SchoolList", "StoredFile", "Sync", "SyncDetail", "Transition",
]  # fmt: skip

from imports.models.app import ConfigDraft, ConfigVersion, ImportApp, SchoolList
from imports.models.delivery import Delivery, StoredFile
from imports.models.landing import Arrival, LandingKey, LandingRun, LandingZone
from imports.models.rollover import Rehearsal, Rollover
from imports.models.sync import Sync, SyncDetail, Transition

__all__ = [
    "Arrival", "ConfigDraft", "ConfigVersion", "Delivery", "ImportApp", "LandingKey", "LandingRun", "LandingZone", "Rehearsal", "Rollover", "SchoolList",
    "StoredFile", "Sync", "SyncDetail", "Transition",
]  # fmt: skip

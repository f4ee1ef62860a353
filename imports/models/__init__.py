from imports.models.app import ConfigDraft, ConfigVersion, ImportApp, SchoolList
from imports.models.delivery import Delivery, StoredFile
from imports.models.sync import Sync, SyncDetail, Transition

__all__ = ["ConfigDraft", "ConfigVersion", "Delivery", "ImportApp", "SchoolList", "StoredFile", "Sync", "SyncDetail", "Transition"]

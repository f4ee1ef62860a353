from imports.models.app import ConfigVersion, ImportApp
from imports.models.delivery import Delivery, StoredFile
from imports.models.sync import Sync, SyncDetail, Transition

__all__ = ["ConfigVersion", "Delivery", "ImportApp", "StoredFile", "Sync", "SyncDetail", "Transition"]

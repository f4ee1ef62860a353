from django.apps import AppConfig


class DataQualityConfig(AppConfig):
    name = "dataquality"
    default_auto_field = "django.db.models.BigAutoField"

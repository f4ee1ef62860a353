"""The headers of an app's deliveries, as its syncs met them."""

from imports.models import ImportApp, Sync

Headers = dict[str, list[str]]  # file ("users") -> headers


def delivered_headers(app: ImportApp, *, before: int | None = None) -> Headers:
    """The headers of the newest delivery that was read, or of the newest before a sync; empty where there is none."""
    syncs = Sync.objects.of(app.district_id).filter(app=app).exclude(detail__files=[])
    if before is not None:
        syncs = syncs.filter(pk__lt=before)
    files = syncs.order_by("-pk").values_list("detail__files", flat=True).first() or []
    return {str(file["name"]).removesuffix(".csv"): list(file.get("headers", [])) for file in files}

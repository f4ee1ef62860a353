"""Import apps, their syncs and the history. All names are in the namespace `imports`, but the list of all syncs is plain `history`."""

from django.urls import include, path, register_converter

from imports.views.app_page import app_page
from imports.views.churn import churn, rekey, undo_rekey
from imports.views.compare import compare, compare_records, compare_records_csv
from imports.views.converters import AppKind, RecordTypeName, RowOutcome
from imports.views.decide import approve, cancel, reject
from imports.views.downloads import original_file, processed_file
from imports.views.find_record import find_record
from imports.views.findings import errors, errors_csv
from imports.views.history import history, sync_details
from imports.views.landing import landing_part, replay_files, run_import
from imports.views.map_schools import map_schools
from imports.views.review import review
from imports.views.rollback import rollback
from imports.views.rows import rows
from imports.views.rows_csv import rows_csv
from imports.views.sftp_sign_in import add_key, drop_key, remote_server, sign_in, trust, try_out
from imports.views.simulate import simulate
from imports.views.sync_page import sync, sync_status
from imports.views.timeline import timeline
from imports.views.upload import upload
from imports.views.versions import export_version, import_version, restore_version, versions
from imports.views.wizard.merge import merge
from imports.views.wizard.page import configure, counts, discard
from imports.views.wizard.schools_upload import upload_school_list

register_converter(AppKind, "app_kind")
register_converter(RecordTypeName, "record_type")
register_converter(RowOutcome, "row_outcome")

namespaced = [
    path("apps/sftp/connection/sign-in/", sign_in, name="sftp_sign_in"),
    path("apps/sftp/connection/keys/", add_key, name="sftp_keys"),
    path("apps/sftp/connection/keys/<int:key_id>/remove/", drop_key, name="sftp_key_remove"),
    path("apps/sftp/connection/server/", remote_server, name="sftp_server"),
    path("apps/sftp/connection/test/", try_out, name="sftp_test"),
    path("apps/sftp/connection/trust/", trust, name="sftp_trust"),
    path("apps/<app_kind:kind>/", app_page, name="app"),
    path("apps/<app_kind:kind>/upload/", upload, name="upload"),
    path("apps/<app_kind:kind>/run/", run_import, name="run_import"),
    path("apps/<app_kind:kind>/landing/now/", landing_part, name="landing_now"),
    path("apps/<app_kind:kind>/landing/archive/<int:delivery_id>/replay/", replay_files, name="replay"),
    path("apps/<app_kind:kind>/simulate/", simulate, name="simulate"),
    path("apps/<app_kind:kind>/versions/", versions, name="versions"),
    path("apps/<app_kind:kind>/versions/import/", import_version, name="version_import"),
    path("apps/<app_kind:kind>/versions/<int:number>/export/", export_version, name="version_export"),
    path("apps/<app_kind:kind>/versions/<int:number>/restore/", restore_version, name="version_restore"),
    path("apps/<app_kind:kind>/configure/merge/", merge, name="configure_merge"),
    path("apps/<app_kind:kind>/configure/discard/", discard, name="configure_discard"),
    path("apps/<app_kind:kind>/configure/schools/orgs/", upload_school_list, name="upload_school_list"),
    path("apps/<app_kind:kind>/configure/<slug:step>/", configure, name="configure"),
    path("apps/<app_kind:kind>/configure/<slug:step>/counts/", counts, name="configure_counts"),
    path("apps/<app_kind:kind>/<slug:tab>/", app_page, name="app_tab"),
    path("browse/find/", find_record, name="find_record"),
    path("browse/<record_type:record_type>/timeline/", timeline, name="timeline"),
    path("history/compare/", compare, name="compare"),
    path("history/compare/records/", compare_records, name="compare_records"),
    path("history/compare/records.csv", compare_records_csv, name="compare_records_csv"),
    path("history/<int:sync_id>/", sync, name="sync"),
    path("history/<int:sync_id>/status/", sync_status, name="sync_status"),
    path("history/<int:sync_id>/details/", sync_details, name="sync_details"),
    path("history/<int:sync_id>/files/<int:file_id>/", original_file, name="original_file"),
    path("history/<int:sync_id>/processed/<record_type:record_type>.csv", processed_file, name="processed_file"),
    path("history/<int:sync_id>/errors/", errors, name="errors"),
    path("history/<int:sync_id>/errors.csv", errors_csv, name="errors_csv"),
    path("history/<int:sync_id>/schools/", map_schools, name="map_schools"),
    path("history/<int:sync_id>/cancel/", cancel, name="cancel"),
    path("history/<int:sync_id>/review/", review, name="review"),
    path("history/<int:sync_id>/approve/", approve, name="approve"),
    path("history/<int:sync_id>/reject/", reject, name="reject"),
    path("history/<int:sync_id>/rollback/", rollback, name="rollback"),
    path("history/<int:sync_id>/rekey/", rekey, name="rekey"),
    path("history/<int:sync_id>/rekey/undo/", undo_rekey, name="rekey_undo"),
    path("history/<int:sync_id>/churn/<record_type:record_type>/", churn, name="churn"),
    path("history/<int:sync_id>/<record_type:record_type>/<row_outcome:outcome>/", rows, name="rows"),
    path("history/<int:sync_id>/<record_type:record_type>/<row_outcome:outcome>/records.csv", rows_csv, name="rows_csv"),
]
urlpatterns = [
    path("history/", history, name="history"),
    path("", include((namespaced, "imports"))),
]

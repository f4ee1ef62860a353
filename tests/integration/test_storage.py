"""STORAGE_URL: the same calls work on a folder and on a bucket of an S3-compatible server."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, storages
from moto.server import ThreadedMotoServer

from imports import files
from portal.storage import storage_backend

pytestmark = pytest.mark.no_database


@pytest.fixture(scope="module")
def bucket_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket="rosters")
        yield f"s3://rosters/portal?endpoint_url={endpoint}&region=us-east-1"
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def storage(request, tmp_path) -> Storage:
    url = request.getfixturevalue("bucket_url") if request.param == "bucket" else ""
    return storages.create_storage(storage_backend(url, tmp_path))


def test_a_file_comes_back_as_it_was_stored(storage):
    name = storage.save("7/deliveries/abc.csv", ContentFile(b"one,two\n"))
    assert name == "7/deliveries/abc.csv"
    assert storage.exists(name)
    assert storage.size(name) == 8
    with storage.open(name) as handle:
        assert handle.read() == b"one,two\n"


def test_a_stored_file_is_never_overwritten(storage):
    first = storage.save("same.csv", ContentFile(b"first"))
    second = storage.save("same.csv", ContentFile(b"second"))
    assert first != second
    with storage.open(first) as handle:
        assert handle.read() == b"first"


def test_a_large_file_is_sent_in_parts_and_can_be_read_from_the_middle(storage):
    block = bytes(range(256)) * 4096
    name = storage.save("large.zip", File(io.BytesIO(block * 12)))
    assert storage.size(name) == len(block) * 12
    with storage.open(name) as handle:
        handle.seek(len(block) * 11 + 5)
        assert handle.read(3) == bytes([5, 6, 7])


def test_deleting_removes_it_and_listing_shows_the_rest(storage):
    for name in ("a/1", "a/2"):
        storage.save(name, ContentFile(b"x"))
    storage.delete("a/1")
    assert storage.listdir("a")[1] == ["2"]


def test_what_a_sync_stored_is_found_on_local_disk_by_many_at_once(storage, tmp_path, data_dir, monkeypatch):
    monkeypatch.setattr(files, "default_storage", storage)
    out = tmp_path / "out"
    out.mkdir()
    content = bytes(range(256)) * 4096
    (out / "student.rows.parquet").write_bytes(content)
    files.store_folder(out, "syncs/1/2-1")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: files.local_artifact("syncs/1/2-1", "student.rows.parquet"), range(16)))
    assert {path.read_bytes() == content for path in found if path} == {True}
    assert None not in found
    assert files.local_artifact("syncs/1/2-1", "never.written") is None
    assert [path.name for path in files.local_artifacts("syncs/1/2-1").iterdir()] == ["student.rows.parquet"]
    assert files.local_copy("syncs/1/2-1/student.rows.parquet", tmp_path / "copy").read_bytes() == content
    files.remove_artifacts("syncs/1/2-1")
    assert files.local_artifact("syncs/1/2-1", "student.rows.parquet") is None

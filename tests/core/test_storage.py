"""What is stored is what was sent: the real object store refuses other bytes."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
import requests
from botocore.exceptions import ClientError
from django.conf import settings

from marketplace import s3_direct, storage

BUCKET = settings.S3_BUCKET_DERIVED


def test_a_file_comes_back_with_its_checksum(s3: object, tmp_path: Path) -> None:
    source = tmp_path / "a.bin"
    source.write_bytes(b"x" * 300_000)
    stored = storage.put_file(
        bucket=BUCKET, key="core/a.bin", path=source, media_type="application/octet-stream"
    )
    back = storage.get_file(bucket=BUCKET, key="core/a.bin", path=tmp_path / "b.bin", sha256=stored.sha256)
    assert back.bytes == 300_000
    assert (tmp_path / "b.bin").read_bytes() == source.read_bytes()


def test_other_bytes_than_promised_are_refused_and_not_left_behind(s3: object, tmp_path: Path) -> None:
    storage.put_bytes(bucket=BUCKET, key="core/c", data=b"changed", media_type="text/plain")
    with pytest.raises(storage.ChecksumMismatch):
        storage.get_file(
            bucket=BUCKET, key="core/c", path=tmp_path / "c", sha256=hashlib.sha256(b"meant").hexdigest()
        )
    assert not (tmp_path / "c").exists()


def test_a_link_gives_the_file_under_its_name_and_runs_out(s3: object) -> None:
    storage.put_bytes(bucket=BUCKET, key="core/d", data=b"hello", media_type="text/plain")
    link = storage.sign_get(bucket=BUCKET, key="core/d", file_name="greeting.txt")
    answer = requests.get(link, timeout=10)
    assert answer.content == b"hello"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="greeting.txt"'
    assert requests.get(link.replace("X-Amz-Expires=", "X-Amz-Expires=9"), timeout=10).status_code == 403


def test_a_part_with_another_checksum_is_refused_by_the_store(s3: object) -> None:
    upload = storage.start_parts(bucket=BUCKET, key="core/e", content_type="video/mp4")
    promised = base64.b64encode(hashlib.sha256(b"right").digest()).decode()
    url = storage.presign_part(
        bucket=BUCKET, key="core/e", upload_id=upload, number=1, sha256_base64=promised
    )
    wrong = requests.put(url, data=b"wrong", headers={"x-amz-checksum-sha256": promised}, timeout=10)
    assert wrong.status_code == 400
    assert storage.list_parts(bucket=BUCKET, key="core/e", upload_id=upload) == []
    right = requests.put(url, data=b"right", headers={"x-amz-checksum-sha256": promised}, timeout=10)
    assert right.status_code == 200
    arrived = storage.list_parts(bucket=BUCKET, key="core/e", upload_id=upload)
    assert [(part["number"], part["etag"]) for part in arrived] == [(1, right.headers["ETag"])]
    storage.complete_parts(
        bucket=BUCKET, key="core/e", upload_id=upload, parts=[arrived[0] | {"sha256": promised}]
    )
    assert storage.get_bytes(bucket=BUCKET, key="core/e") == b"right"


def test_nothing_there_is_none_and_deleting_it_is_fine(s3: object) -> None:
    assert storage.head(bucket=BUCKET, key="core/none") is None
    storage.delete(bucket=BUCKET, key="core/none")


def test_a_store_says_later_which_checksum_it_compared(s3: object, tmp_path: Path) -> None:
    stored = storage.put_bytes(bucket=BUCKET, key="core/f", data=b"compared", media_type="text/plain")
    assert storage.head(bucket=BUCKET, key="core/f") == stored
    (tmp_path / "g").write_bytes(b"from the disk")
    digest = storage.file_sha256(tmp_path / "g")
    storage.put_checked(
        bucket=BUCKET, key="core/g", path=tmp_path / "g", sha256=digest, media_type="text/plain"
    )
    assert storage.head(bucket=BUCKET, key="core/g") == storage.Stored(BUCKET, "core/g", 13, digest)
    storage.client().put_object(Bucket=BUCKET, Key="core/h", Body=b"whatever")
    found = storage.head(bucket=BUCKET, key="core/h")
    assert found is not None
    assert found.sha256 == "", "nobody compared anything"


@pytest.mark.parametrize("direct", [True, False])
def test_bytes_with_another_checksum_are_refused_by_the_store(
    s3: object, direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not direct:  # as when the first request got no answer
        monkeypatch.setattr(s3_direct, "ask", lambda *args, **kwargs: None)
    with pytest.raises(ClientError, match=r"BadDigest|XAmzContentSHA256Mismatch"):
        storage.put_bytes(
            bucket=BUCKET, key="core/i", data=b"wrong", media_type="text/plain", sha256="0" * 64
        )
    assert storage.head(bucket=BUCKET, key="core/i") is None
    storage.put_bytes(bucket=BUCKET, key="core/i", data=b"right", media_type="text/plain")
    assert storage.get_bytes(bucket=BUCKET, key="core/i") == b"right"
    with pytest.raises(storage.StorageError, match="missing"):
        storage.get_bytes(bucket=BUCKET, key="core/none")

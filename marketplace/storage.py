"""Object storage, the only place that speaks S3: parts, whole files, links, copies."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import IO, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from marketplace import s3_direct

CHUNK = 1024 * 1024
TOLD_EVERY = 64 * CHUNK


class StorageError(Exception):
    """Say what object storage refused, in one sentence."""


# Whatever can go wrong between us and the store; for callers that have something to say about it.
FAULTS = (StorageError, BotoCoreError, ClientError)


class UploadGone(StorageError):
    """The multipart upload was joined or thrown away."""


class ChecksumMismatch(StorageError):
    """The bytes that arrived are not the bytes that were promised."""


@dataclass(frozen=True)
class Stored:
    """What was written or found: bucket, key, bytes and the hexadecimal SHA-256 where somebody computed it."""

    bucket: str
    key: str
    bytes: int
    sha256: str = ""


@cache
def client(*, public: bool = False) -> Any:
    """Make the boto3 client; ``public`` signs for the address that browsers reach."""
    return boto3.client(
        "s3",
        endpoint_url=settings.S3_PUBLIC_ENDPOINT_URL if public else settings.S3_ENDPOINT_URL,
        region_name=settings.S3_REGION,
        aws_access_key_id=settings.S3_ACCESS_KEY_ID or None,
        aws_secret_access_key=settings.S3_SECRET_ACCESS_KEY or None,
        config=Config(
            signature_version="s3v4",
            retries={"max_attempts": 5, "mode": "standard"},
            connect_timeout=5,
            read_timeout=60,
            max_pool_connections=32,
            s3={"addressing_style": "path" if settings.S3_ENDPOINT_URL else "auto"},
            # boto3 adds CRC32 by itself otherwise, which a presigned PUT from a browser does not send.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def start_parts(*, bucket: str, key: str, content_type: str) -> str:
    """Begin a multipart upload whose parts each carry a SHA-256, and give its id."""
    answer = client().create_multipart_upload(
        Bucket=bucket, Key=key, ContentType=content_type, ChecksumAlgorithm="SHA256"
    )
    return answer["UploadId"]


def presign_part(*, bucket: str, key: str, upload_id: str, number: int, sha256_base64: str) -> str:
    """Sign the PUT of one part; the store refuses other bytes than those with this SHA-256."""
    return client(public=True).generate_presigned_url(
        "upload_part",
        Params={
            "Bucket": bucket,
            "Key": key,
            "UploadId": upload_id,
            "PartNumber": number,
            "ChecksumSHA256": sha256_base64,
        },
        ExpiresIn=3600,
    )


def list_parts(*, bucket: str, key: str, upload_id: str) -> list[dict[str, Any]]:
    """List the parts that have arrived: number, etag, bytes, and the base64 SHA-256 where the store lists it.

    S3 lists the checksum; SeaweedFS compares it when the part arrives but does not list it.
    """
    pages = client().get_paginator("list_parts").paginate(Bucket=bucket, Key=key, UploadId=upload_id)
    try:
        return [
            {
                "number": part["PartNumber"],
                "etag": part["ETag"],
                "bytes": part["Size"],
                "sha256": part.get("ChecksumSHA256", ""),
            }
            for page in pages
            for part in page.get("Parts", [])
        ]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchUpload", "404"):
            raise UploadGone("This upload is not open any more.") from error
        raise StorageError("Object storage did not answer.") from error


def complete_parts(*, bucket: str, key: str, upload_id: str, parts: Iterable[dict[str, Any]]) -> Stored:
    """Join the parts (number, etag, base64 sha256 as promised) into one object; give its size as the store has it.

    The store wants each part's checksum again, so the caller brings what it was told when the part was signed.
    """
    listed = [{"PartNumber": p["number"], "ETag": p["etag"], "ChecksumSHA256": p["sha256"]} for p in parts]
    try:
        client().complete_multipart_upload(
            Bucket=bucket,
            Key=key,
            UploadId=upload_id,
            MultipartUpload={"Parts": listed},
        )
    except ClientError as error:
        # A repeated call after an answer that was lost: the object is there, so all is well.
        if found := head(bucket=bucket, key=key):
            return found
        raise StorageError("The parts could not be joined: one is missing or was changed.") from error
    found = head(bucket=bucket, key=key)
    if found is None:
        raise StorageError("The joined file is not there.")
    return found


def abort_parts(*, bucket: str, key: str, upload_id: str) -> None:
    """Throw the parts of an unfinished upload away; nothing happens when it is gone already."""
    try:
        client().abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("NoSuchUpload", "404"):
            raise StorageError("The upload could not be stopped.") from error


def open_uploads(*, bucket: str) -> list[dict[str, Any]]:
    """List the multipart uploads that were begun and neither joined nor thrown away: key, upload_id, since."""
    pages = client().get_paginator("list_multipart_uploads").paginate(Bucket=bucket)
    try:
        return [
            {"key": found["Key"], "upload_id": found["UploadId"], "since": found["Initiated"]}
            for page in pages
            for found in page.get("Uploads", [])
        ]
    except ClientError as error:
        raise StorageError("Object storage did not answer.") from error


def head(*, bucket: str, key: str) -> Stored | None:
    """Look whether an object is there, how long it is, and which SHA-256 the store compared when it took it."""
    quick = s3_direct.ask("HEAD", bucket=bucket, key=key, headers={"x-amz-checksum-mode": "ENABLED"})
    if quick is not None and quick.status in (200, 404):
        found = quick.headers
        if quick.status == 404:
            return None
        return Stored(
            bucket, key, int(found["Content-Length"]), _compared(found.get("x-amz-checksum-sha256", ""))
        )
    try:
        answer = client().head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
            return None
        raise StorageError("Object storage did not answer.") from error
    return Stored(bucket, key, answer["ContentLength"], _compared(answer.get("ChecksumSHA256", "")))


def _compared(checksum: str) -> str:
    # That of an object in parts is a checksum of checksums, with their number behind a dash.
    return "" if "-" in checksum else base64.b64decode(checksum).hex()


def file_sha256(path: Path) -> str:
    """Compute the hexadecimal SHA-256 of a file, reading it in chunks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def put_file(*, bucket: str, key: str, path: Path, media_type: str) -> Stored:
    """Store one file and look that all of it arrived."""
    digest = file_sha256(path)
    size = path.stat().st_size
    client().upload_file(str(path), bucket, key, ExtraArgs={"ContentType": media_type})
    found = head(bucket=bucket, key=key)
    if found is None or found.bytes != size:
        raise StorageError("A stored file is not as long as it should be.")
    return Stored(bucket, key, size, digest)


def put_checked(*, bucket: str, key: str, path: Path, sha256: str, media_type: str) -> None:
    """Store one file of at most 5 GiB in one request; the store itself compares the SHA-256."""
    with path.open("rb") as body:
        _put(bucket, key, body, sha256, media_type)


def put_bytes(*, bucket: str, key: str, data: bytes, media_type: str, sha256: str = "") -> Stored:
    """Store a small object; the store itself compares the SHA-256, which is computed unless it is known."""
    sha256 = sha256 or hashlib.sha256(data).hexdigest()
    _put(bucket, key, data, sha256, media_type)
    return Stored(bucket, key, len(data), sha256)


def _put(bucket: str, key: str, body: bytes | IO[bytes], sha256: str, media_type: str) -> None:
    checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
    headers = {"Content-Type": media_type, "x-amz-checksum-sha256": checksum}
    if not isinstance(body, bytes):
        headers["Content-Length"] = str(os.fstat(body.fileno()).st_size)
    quick = s3_direct.ask("PUT", bucket=bucket, key=key, body=body, sha256=sha256, headers=headers)
    if quick is not None and quick.status == 200:
        return
    if not isinstance(body, bytes):
        body.seek(0)
    client().put_object(Bucket=bucket, Key=key, Body=body, ContentType=media_type, ChecksumSHA256=checksum)


def get_file(
    *, bucket: str, key: str, path: Path, sha256: str = "", on_chunk: Callable[[int], None] | None = None
) -> Stored:
    """Fetch one object into ``path``; raise ChecksumMismatch when it is not the one with ``sha256``.

    ``on_chunk`` hears how many bytes have come, about every 64 MiB.
    """
    digest = hashlib.sha256()
    size = 0
    try:
        body = client().get_object(Bucket=bucket, Key=key)["Body"]
    except ClientError as error:
        raise StorageError("A stored file is missing.") from error
    with path.open("wb") as file:
        for chunk in body.iter_chunks(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
            if on_chunk is not None and size // TOLD_EVERY != (size - len(chunk)) // TOLD_EVERY:
                on_chunk(size)
    if sha256 and digest.hexdigest() != sha256:
        path.unlink()
        raise ChecksumMismatch("The stored bytes are not the ones that were uploaded.")
    return Stored(bucket, key, size, digest.hexdigest())


def get_bytes(*, bucket: str, key: str, sha256: str = "") -> bytes:
    """Fetch one small object; raise ChecksumMismatch when it is not the one with ``sha256``."""
    quick = s3_direct.ask("GET", bucket=bucket, key=key)
    if quick is not None and quick.status == 200:
        data = quick.data
    else:
        try:
            data = client().get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            raise StorageError("A stored file is missing.") from error
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise ChecksumMismatch("The stored bytes are not the ones that were uploaded.")
    return data


def copy(*, source_bucket: str, source_key: str, bucket: str, key: str, media_type: str) -> Stored:
    """Copy an object inside the store, in parts when it is large."""
    client().copy(
        {"Bucket": source_bucket, "Key": source_key},
        bucket,
        key,
        ExtraArgs={"ContentType": media_type, "MetadataDirective": "REPLACE"},
    )
    found = head(bucket=bucket, key=key)
    if found is None:
        raise StorageError("A copied file is not there.")
    return found


def sign_get(*, bucket: str, key: str, file_name: str = "", media_type: str = "", seconds: int = 0) -> str:
    """Sign a link; with ``file_name`` the browser saves it under that name instead of showing it."""
    params = {"Bucket": bucket, "Key": key}
    if file_name:
        params["ResponseContentDisposition"] = f'attachment; filename="{file_name}"'
    if media_type:
        params["ResponseContentType"] = media_type
    return client(public=True).generate_presigned_url(
        "get_object", Params=params, ExpiresIn=seconds or settings.S3_LINK_SECONDS
    )


def look(*, bucket: str, seconds: float) -> None:
    """Ask once, with little patience, whether the bucket is there; raise StorageError when it is not."""
    quick = Config(connect_timeout=seconds, read_timeout=seconds, retries={"total_max_attempts": 1})
    known = client()
    once = boto3.client(
        "s3",
        endpoint_url=settings.S3_ENDPOINT_URL,
        region_name=settings.S3_REGION,
        aws_access_key_id=settings.S3_ACCESS_KEY_ID or None,
        aws_secret_access_key=settings.S3_SECRET_ACCESS_KEY or None,
        config=known.meta.config.merge(quick),
    )
    try:
        once.head_bucket(Bucket=bucket)
    except (BotoCoreError, ClientError) as error:
        raise StorageError(f"The bucket {bucket} does not answer.") from error


def listed(*, bucket: str, prefix: str) -> Iterator[list[tuple[str, datetime]]]:
    """List what lies under a prefix, a thousand at a time: keys and when they were written."""
    pages = client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    try:
        for page in pages:
            yield [(found["Key"], found["LastModified"]) for found in page.get("Contents", [])]
    except ClientError as error:
        raise StorageError("Object storage did not answer.") from error


def delete_all(*, bucket: str, keys: Sequence[str]) -> None:
    """Remove up to a thousand objects in one request; what is gone already is no fault."""
    wanted = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
    answer = client().delete_objects(Bucket=bucket, Delete=wanted) if keys else {}
    if answer.get("Errors"):
        raise StorageError(f"{len(answer['Errors'])} files were not deleted.")


def delete(*, bucket: str, key: str) -> None:
    """Remove one object; nothing happens when it is gone already."""
    client().delete_object(Bucket=bucket, Key=key)

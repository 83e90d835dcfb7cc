"""Make the buckets and say which pages may use them from a browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError
from django.conf import settings

from marketplace import storage


def names() -> list[str]:
    """Name our three buckets."""
    return [settings.S3_BUCKET_ORIGINALS, settings.S3_BUCKET_DERIVED, settings.S3_BUCKET_PACKAGES]


def prepare(*, origins: Sequence[str]) -> None:
    """Make the buckets that are missing, and let pages of these origins use them; safe to run again."""
    client = storage.client()
    for bucket in names():
        _make(client, bucket=bucket)
        client.put_bucket_cors(
            Bucket=bucket,
            CORSConfiguration={
                "CORSRules": [
                    {
                        "AllowedOrigins": list(origins),
                        "AllowedMethods": ["GET", "HEAD", "PUT"],
                        "AllowedHeaders": ["content-type", "x-amz-checksum-sha256", "range"],
                        # A browser must read the ETag of the part that it put.
                        "ExposeHeaders": ["ETag", "x-amz-checksum-sha256", "Content-Range", "Content-Length"],
                        "MaxAgeSeconds": 3600,
                    }
                ]
            },
        )


def _make(client: Any, *, bucket: str) -> None:
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
            raise
        client.create_bucket(Bucket=bucket)

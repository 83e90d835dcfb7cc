"""Every test runs on real services, and no test sees what another left."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from marketplace.models import LicenceTerms
from tests.private import Run


@pytest.mark.django_db
def test_the_database_is_postgresql_18_that_waits_for_its_log() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        assert cursor.fetchone()[0].startswith("18.")
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_what_migrations_wrote_is_there_after_a_test_that_commits(turn: int) -> None:
    assert LicenceTerms.objects.filter(version="1.0").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("turn", [1, 2])
def test_the_cache_is_empty_when_a_test_begins(turn: int) -> None:
    assert cache.get("left-over") is None
    cache.set("left-over", turn)


@pytest.mark.parametrize("turn", [1, 2])
def test_the_buckets_are_empty_when_a_test_begins(s3: Any, turn: int) -> None:
    assert "Contents" not in s3.list_objects_v2(Bucket=settings.S3_BUCKET_ORIGINALS)
    s3.put_object(Bucket=settings.S3_BUCKET_ORIGINALS, Key="left/over", Body=b"x")


def test_a_stranger_cannot_list_or_write(services: Run) -> None:
    url = f"{settings.S3_ENDPOINT_URL}/{settings.S3_BUCKET_ORIGINALS}"
    assert requests.get(url, timeout=5).status_code == 403
    assert requests.put(f"{url}/stranger", data=b"x", timeout=5).status_code == 403
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        boto3.client(
            "s3",
            endpoint_url=settings.S3_ENDPOINT_URL,
            region_name="us-east-1",
            aws_access_key_id="MALLORY",
            aws_secret_access_key="guess",
        ).list_buckets()


@pytest.mark.parametrize(("origin", "status"), [("own", 200), ("http://mallory.example", 403)])
def test_only_pages_of_our_own_origin_may_put_parts(services: Run, origin: str, status: int) -> None:
    answer = requests.options(
        f"{settings.S3_ENDPOINT_URL}/{settings.S3_BUCKET_ORIGINALS}/part",
        headers={
            "Origin": settings.SITE_URL if origin == "own" else origin,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "content-type,x-amz-checksum-sha256",
        },
        timeout=5,
    )
    assert answer.status_code == status
    if status == 200:
        assert answer.headers["Access-Control-Allow-Origin"] == settings.SITE_URL
        assert "ETag" in answer.headers["Access-Control-Expose-Headers"]

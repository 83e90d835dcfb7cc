"""One signed request straight to the store: for what a publication does a million times.

boto3 takes 3 ms of CPU for a request, nearly all of it for choosing an address and a serialiser anew; this takes a
fifth. It knows neither retries nor errors: whoever gets no usable answer asks again through boto3, which knows both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import IO
from urllib.parse import quote, urlsplit

import boto3
import urllib3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from django.conf import settings
from urllib3.exceptions import HTTPError

EMPTY = hashlib.sha256(b"").hexdigest()
POOL = urllib3.PoolManager(maxsize=32, retries=False, timeout=urllib3.Timeout(connect=5, read=60))


class _Signer(S3SigV4Auth):
    """Sign with a hash of the body that is known already."""

    def payload(self, request: AWSRequest) -> str:
        return str(request.context["sha256"])


@cache
def _session() -> boto3.Session:
    return boto3.Session(
        aws_access_key_id=settings.S3_ACCESS_KEY_ID or None,
        aws_secret_access_key=settings.S3_SECRET_ACCESS_KEY or None,
    )


def address(bucket: str, key: str) -> str:
    """Give the address of an object, as boto3 would ask for it."""
    path = quote(key, safe="/~")
    if settings.S3_ENDPOINT_URL:
        return f"{settings.S3_ENDPOINT_URL.rstrip('/')}/{bucket}/{path}"
    host = f"s3.{settings.S3_REGION}.amazonaws.com"
    return f"https://{host}/{bucket}/{path}" if "." in bucket else f"https://{bucket}.{host}/{path}"


def ask(
    method: str,
    *,
    bucket: str,
    key: str,
    body: bytes | IO[bytes] | None = None,
    sha256: str = EMPTY,
    headers: Mapping[str, str] | None = None,
) -> urllib3.BaseHTTPResponse | None:
    """Ask the store once; None when there was no answer. ``sha256`` is the body's, which the store compares."""
    credentials = _session().get_credentials()
    if credentials is None:
        return None
    url = address(bucket, key)
    request = AWSRequest(
        method=method, url=url, headers={"Host": urlsplit(url).netloc, **(headers or {})}, data=body
    )
    request.context["sha256"] = sha256
    _Signer(credentials.get_frozen_credentials(), "s3", settings.S3_REGION).add_auth(request)
    try:
        return POOL.request(method, url, body=body, headers=dict(request.headers.items()))
    except HTTPError:
        return None

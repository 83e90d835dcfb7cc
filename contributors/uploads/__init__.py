"""Uploads: the browser sends parts straight to object storage; we sign, count, join and queue."""

from contributors.uploads.closing import abort, complete, live_twin
from contributors.uploads.expiry import expire
from contributors.uploads.opening import start
from contributors.uploads.parts import arrived, count, part_urls
from contributors.uploads.refused import UploadRefused

__all__ = [
    "UploadRefused",
    "abort",
    "arrived",
    "complete",
    "count",
    "expire",
    "live_twin",
    "part_urls",
    "start",
]

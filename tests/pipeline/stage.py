"""A footage whose original really lies in the store, with the job that waits for a worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

from marketplace import storage
from marketplace.models import Footage, User
from marketplace.states import FootageState
from pipeline import jobs, tasks
from pipeline.models import Job
from tests import people


def uploaded(path: Path, *, vertical: str = "driving", owner: User | None = None, **fields: Any) -> Job:
    """Put the owner's (Alice's) file where an upload puts it, and queue the work."""
    footage = people.make_footage(
        owner or people.alice(), vertical=vertical, state=FootageState.QUEUED, size_bytes=path.stat().st_size
    )
    key = f"originals/{footage.pk}"
    stored = storage.put_file(bucket=settings.S3_BUCKET_ORIGINALS, key=key, path=path, media_type="video/mp4")
    values = {"original_key": key, "sha256": stored.sha256, **fields}
    Footage.objects.filter(pk=footage.pk).update(**values)
    footage.refresh_from_db()
    return jobs.enqueue_process(footage=footage)


def work(job: Job) -> Footage:
    """Do the job as a worker does, and read the rows again."""
    tasks.process_footage(str(job.pk))
    job.refresh_from_db()
    assert job.footage is not None
    job.footage.refresh_from_db()
    return job.footage


def stored(bucket: str, s3: Any, footage: Footage) -> set[str]:
    """List what lies in a bucket under a footage's id."""
    found = s3.list_objects_v2(Bucket=bucket, Prefix=f"{footage.pk}/").get("Contents", [])
    return {str(entry["Key"]) for entry in found}


def scratch_left() -> list[Path]:
    """List what workers have left on the disk."""
    return list(settings.FAIRFRAME_WORK.glob("*/*"))

"""How much memory and time publishing takes by the number of clips: `make bench ARGS="--publish 1000,10000"`.

Every clip has a small video of its own and shares its poses with the others, so that the figures are those of
publishing and hardly of copying. Each size is published by a process of its own, whose peak memory the kernel tells.
"""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import media
from benchmarks.own_site import running

FRAMES, POSES = 250, 40
PUBLISH = """
import resource, sys, time
import django
django.setup()
from pipeline import tasks
from pipeline.models import Job
began = time.monotonic()
tasks.publish_version(sys.argv[1])
job = Job.objects.get(pk=sys.argv[1])
took, used = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF)
print(job.state, took, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime, job.reason)
"""


def run(sizes: Sequence[int]) -> int:
    """Publish a package of each size, print a table, and return 1 when one of them was not published."""
    broken = 0
    with running():
        print(
            "| clips | s | clips a second | peak memory, MiB | CPU, ms a clip |\n|---|---|---|---|---|",
            flush=True,
        )
        for size in sizes:
            job = _drafted(size)
            child = subprocess.run(
                [sys.executable, "-c", PUBLISH, job], capture_output=True, text=True, check=False
            )
            state, seconds, peak, cpu, reason = (*child.stdout.strip().split(" ", 4), *[""] * 5)[:5]
            if state != "done":
                print(f"{size} clips were not published: {reason or child.stderr[-500:]}", file=sys.stderr)
                broken = 1
                continue
            took = float(seconds)
            rate, each = size / took, float(cpu) / size * 1000
            print(f"| {size} | {took:.0f} | {rate:.1f} | {float(peak):.0f} | {each:.0f} |", flush=True)
    return broken


def _drafted(size: int) -> str:
    """Make a package of so many approved clips whose publication waits; give the job's id."""
    from marketplace.models import Clip, Footage, LicenceTerms, Package, PackageClip, PackageVersion, User
    from marketplace.states import ClipState, FootageState
    from pipeline import jobs

    owner = User.objects.create(email=f"alice-{uuid.uuid4().hex[:8]}@example.org")
    ride = _ride()
    poses, _ = _stored(json.dumps(_facts()).encode(), "application/json")
    package = Package.objects.create(
        slug=f"of-{size}-{uuid.uuid4().hex[:6]}", title=f"{size} clips", summary="Made.", vertical="driving",
        price_minor=10_000, licence=LicenceTerms.objects.latest("created_at"), curator=owner,
    )  # fmt: skip
    version = PackageVersion.objects.create(package=package, number=1, prefix=f"pkg/{package.slug}/v1")
    for first in range(0, size, 1000):
        footage = Footage.objects.create(
            owner=owner,
            vertical="driving",
            title="Made",
            state=FootageState.IN_MODERATION,
            country="DE",
            place="Bonn",
            certificate={"masked_share": 0.01},
            upload_token=uuid.uuid4(),
            size_bytes=1,
            part_bytes=1,
        )
        with ThreadPoolExecutor(8) as pool:
            videos = list(
                pool.map(lambda number: _video(ride, number), range(first, min(first + 1000, size)))
            )
        clips = Clip.objects.bulk_create(
            Clip(
                footage=footage, position=position, start_ms=0, end_ms=10_000, frames=FRAMES, fps=25.0, width=1280,
                height=720, quality="0.800", tag_ids=["odd.illumination.day"], state=ClipState.APPROVED,
                media_key=key, media_sha256=sha256, media_bytes=length, preview_key=key, poster_key=key,
                poses_key=poses,
            )
            for position, (key, sha256, length) in enumerate(videos)
        )  # fmt: skip
        PackageClip.objects.bulk_create(
            PackageClip(version=version, clip=clip, position=first + clip.position) for clip in clips
        )
    return str(jobs.enqueue_publish(version=version).pk)


def _ride() -> bytes:
    """Film ten seconds, small."""

    def frames() -> Iterator[NDArray[np.uint8]]:
        for number in range(FRAMES):
            yield np.full((96, 160, 3), number % 200, np.uint8)

    with tempfile.TemporaryDirectory() as folder:
        return media.encode(frames(), Path(folder) / "ride.mp4", fps=25).read_bytes()


def _video(ride: bytes, number: int) -> tuple[str, str, int]:
    """Store the ride with a box at its end that makes it another file; give key, SHA-256 and length."""
    data = ride + struct.pack(">I4sQ", 16, b"free", number)
    return *_stored(data, "video/mp4"), len(data)


def _stored(data: bytes, media_type: str) -> tuple[str, str]:
    from django.conf import settings

    from marketplace import storage

    digest = hashlib.sha256(data).hexdigest()
    storage.put_bytes(
        bucket=settings.S3_BUCKET_DERIVED, key=f"sha256/{digest}", data=data, media_type=media_type
    )
    return f"sha256/{digest}", digest


def _facts() -> dict[str, Any]:
    pose = {
        "track": 1,
        "box": [10.0, 20.0, 100.0, 200.0],
        "landmarks33": [[1.0, 2.0, 0.0, 0.9]] * 33,
        "keypoints17": [[30.0 + point, 40.0 + point, 2] for point in range(17)],
        "score": 0.8,
    }
    return {
        "schema": 1,
        "output": {"width": 1280, "height": 720, "fps": 25.0, "frames": FRAMES, "duration_s": 10.0},
        "models": [{"name": "yunet", "role": "faces", "sha256": "f" * 64}],
        "tags": [],
        "quality": 0.8,
        "quality_parts": {},
        "poses": [{**pose, "frame": number * 5} for number in range(POSES)],
        "masked": [{"kind": "face", "boxes": [[0, 1, 2, 3, 4]]}],
    }

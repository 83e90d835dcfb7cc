"""The libraries that buyers use open a package whose clips came out of the engine."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest
from django.conf import settings

from marketplace import storage
from marketplace.models import Clip, Footage, PackageVersion
from marketplace.states import ClipState, VersionState
from pipeline import jobs, packages, tasks
from pipeline.video import weights
from tests import people
from tests.media import make_video
from tests.pipeline.stage import uploaded

HERE = Path(__file__).resolve().parent
PYTHON = Path(sys.prefix) / "loaders" / "bin" / "python"
FROM_ENGINE = 2


def engine_clips(folder: Path) -> list[Clip]:
    """Process two short recordings, a portrait in the second; telemetry comes with neither."""
    portrait = cv2.imread(str(weights.path("astronaut")))
    for seed in range(FROM_ENGINE):
        path = folder / f"ride-{seed}.mp4"
        face = portrait if seed else None  # the same picture in both would be taken for a copy
        make_video(path, 2, (640, 480), 25, face=face, plate="B FF 2607", seed=seed + 1)
        owner = people.alice(f"alice{seed}@example.org")
        job = uploaded(path, owner=owner)
        tasks.process_footage(str(job.pk))
    Clip.objects.update(state=ClipState.APPROVED)
    return list(Clip.objects.select_related("footage").order_by("footage__created_at", "position"))


def nobody(clips: list[Clip]) -> Clip:
    """Take every pose out of the first clip and give it telemetry, as a quiet road has it."""
    clip = clips[0]
    facts = json.loads(storage.get_bytes(bucket=settings.S3_BUCKET_DERIVED, key=clip.poses_key))
    facts["poses"] = []
    facts["telemetry"] = {
        "source": "gpx",
        "clock_offset_s": 0.0,
        "rate_hz": 10.0,
        "columns": ["t_s", "frame", "speed_mps", "accel_mps2", "yaw_rate_dps", "cell"],
        "samples": [[n / 10, round(n * 2.5), 8.0 + n, 0.5, None, "u33d"] for n in range(10)],
        "place": None,
    }
    key = people.store(settings.S3_BUCKET_DERIVED, json.dumps(facts).encode(), "application/json")
    Clip.objects.filter(pk=clip.pk).update(poses_key=key)
    return clip


def fetch(version: PackageVersion, root: Path) -> None:
    """Download every file of a version, as curl does it."""
    for row in version.objects_in.all():
        path = root / row.path
        path.parent.mkdir(parents=True, exist_ok=True)
        storage.get_file(bucket=settings.S3_BUCKET_PACKAGES, key=row.key, path=path, sha256=row.sha256)


@pytest.fixture
def opened(s3: object, db: None, tmp_path: Path) -> dict[str, Any]:
    """What the libraries saw, with the folder under "root"."""
    assert PYTHON.exists(), "The libraries that open packages are not installed: run `make loaders`."
    clips = engine_clips(tmp_path)
    assert len(clips) == FROM_ENGINE, [footage.reason for footage in Footage.objects.all()]
    nobody(clips)
    package = packages.draft(
        title="Portraits",
        summary="Two rides past a portrait.",
        clips=clips,
        price_minor=10_000,
        licence=people.make_terms(),
        curator=people.make_user("cora@example.org", is_staff=True),
    )
    version = package.versions.get()
    tasks.publish_version(str(jobs.enqueue_publish(version=version).pk))
    version.refresh_from_db()
    assert version.state == VersionState.PUBLISHED, version.reason
    root = tmp_path / "package"
    fetch(version, root)
    found: dict[str, Any] = {"root": root}
    for name, folder in (("whole", root), ("sample", root / "sample")):
        scratch = tmp_path / name
        scratch.mkdir()
        command = [str(PYTHON), str(HERE / "opened.py"), str(folder), str(scratch)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr[-2000:]
        found[name] = json.loads((scratch / "seen.json").read_text())
    return found


def test_every_library_opens_the_package_and_its_free_sample(opened: dict[str, Any]) -> None:
    root = opened["root"]
    for part, names, folder in (
        ("whole", ["clip_000000", "clip_000001"], root),
        ("sample", ["clip_000000"], root / "sample"),
    ):
        seen = opened[part]
        assert not [f"{name}: {found['failed']}" for name, found in seen.items() if "failed" in found]
        coco = seen["pycocotools"]
        assert coco["videos"] == len(names)
        assert coco["names"], "frame names are unique"
        assert coco["skeleton_starts"] == 1
        assert seen["openlabel"] == {name: [] for name in names}, "the official schema finds nothing"
        croissant = seen["croissant"]
        assert croissant["names"] == names
        assert {*names, "clips.parquet", "metadata.jsonl", "000000.tar"} <= set(croissant["files"])
        assert croissant["errors"] == []
        assert croissant["warnings"] == []
        assert "not identical" in croissant["refused"], "a wrong checksum is refused"
        folder_rows = seen["videofolder"]
        assert folder_rows["names"] == names
        assert folder_rows["same"]
        assert not folder_rows["embedded"]
        assert {"tags", "caption", "sha256", "country"} <= set(folder_rows["columns"])
        assert seen["hub_webdataset"]["names"] == names
        assert seen["hub_webdataset"]["schemas"] == ["fairframe-clip/1"]
        assert seen["webdataset"] == {"names": names, "same": True}
        assert set(seen["datumaro"]["cvat"]) == set(names)
        assert set(seen["datumaro"]["mot"]) == set(names)
        sums = (folder / "SHA256SUMS").read_text().splitlines()
        check = subprocess.run(
            ["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True
        )
        assert check.returncode == 0, check.stdout + check.stderr
        listed = {line.partition("  ")[2] for line in sums}
        there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        assert {path for path in there if not path.startswith("sample/")} == listed | {
            "manifest.jsonl",
            "SHA256SUMS",
        }
    whole = opened["whole"]
    poses = whole["pycocotools"]["annotations"]
    assert poses > 0, "the portrait has poses"
    assert whole["pycocotools"]["lengths"] == [51]
    assert whole["datumaro"]["coco"] == poses
    assert whole["datumaro"]["yolo_pose"] == {"clip_000001": {"lines": poses, "words": [56]}}
    assert whole["datumaro"]["mot"]["clip_000001"]["boxes"] == poses
    seen_points = whole["datumaro"]["cvat"]["clip_000001"]
    assert seen_points["points"] >= 17 * poses
    assert seen_points["bbox"] > poses, "people and redacted regions"
    assert whole["datumaro"]["mot"]["clip_000000"]["boxes"] == 0, "a clip without a person has empty labels"
    assert "In 1 of 2 clips no pose was found" in (root / "README.md").read_text()
    assert (root / "telemetry/clip_000000.parquet").exists()
    assert not (root / "telemetry/clip_000001.parquet").exists()
    digest = hashlib.sha256((root / "media/clip_000001.mp4").read_bytes()).hexdigest()
    assert digest in (root / "croissant.json").read_text()

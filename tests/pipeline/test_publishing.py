"""A published version is complete, checked and frozen; a withdrawn clip is never in it."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from django.conf import settings
from pycocotools.coco import COCO

from marketplace import storage
from marketplace.models import Clip, Package, PackageObject, PackageVersion
from marketplace.states import ClipState, JobState, PackageState, VersionState, advance
from pipeline import jobs, packages, tasks
from pipeline.video.marked import mark
from tests import people
from tests.media import frames_of, make_video

pytestmark = pytest.mark.django_db

POSE = {
    "frame": 3,
    "track": 1,
    "box": [10.0, 20.0, 100.0, 200.0],
    "landmarks33": [[1.0, 2.0, 0.0, 0.9]] * 33,
    "keypoints17": [[30.0 + i, 40.0 + i, 2] for i in range(16)] + [[0.0, 0.0, 0]],
    "score": 0.8,
}


def video(folder: Path, number: int) -> bytes:
    """Film a second that differs by its number."""
    path = folder / f"{number}.mp4"
    make_video(path, seconds=1.0, size=(320, 180), seed=number + 1)
    return path.read_bytes()


@pytest.fixture
def clips(s3: object, tmp_path: Path) -> list[Clip]:
    footage = people.make_footage(
        people.alice(), certificate={"masked_share": 0.012, "doubtful": [{"id": 1}]}
    )
    made = [people.make_clip(footage, position=n, seconds=5 + n, media=video(tmp_path, n)) for n in range(3)]
    for clip in made:
        facts = {
            "schema": 1,
            "output": {"width": 1280, "height": 720, "fps": 25.0, "frames": clip.frames, "duration_s": 5.0},
            "models": [{"name": "yunet", "role": "faces", "sha256": "f" * 64}],
            "tags": [],
            "quality": 0.8,
            "quality_parts": {},
            "poses": [POSE],
            "masked": [{"kind": "face", "boxes": [[0, 1, 2, 3, 4]]}],
        }
        key = people.store(
            settings.S3_BUCKET_DERIVED,
            json.dumps(facts | {"clip": str(clip.pk)}).encode(),
            "application/json",
        )
        Clip.objects.filter(pk=clip.pk).update(poses_key=key)
    return list(Clip.objects.select_related("footage").order_by("position"))


def draft(clips: list[Clip], **fields: object) -> Package:
    curator = fields.pop("curator", None) or people.make_user("cora@example.org", is_staff=True)
    values = {
        "title": "Berlin evenings",
        "summary": "Evening rides.",
        "price_minor": 25_000,
        "licence": people.make_terms(),
        "curator": curator,
        **fields,
    }
    return packages.draft(clips=clips, **values)  # type: ignore[arg-type]


def publish(package: Package) -> PackageVersion:
    version = package.versions.get()
    job = jobs.enqueue_publish(version=version)
    tasks.publish_version(str(job.pk))
    version.refresh_from_db()
    package.refresh_from_db()
    return version


def body(version: PackageVersion, path: str) -> bytes:
    row = PackageObject.objects.get(version=version, path=path)
    return storage.get_bytes(bucket=settings.S3_BUCKET_PACKAGES, key=row.key)


def test_everything_is_there_and_every_checksum_is_right(clips: list[Clip]) -> None:
    package = draft(clips)
    version = publish(package)
    assert (version.state, package.state) == (VersionState.PUBLISHED, PackageState.PUBLISHED)
    assert package.clip_count == 3
    assert package.duration_ms == sum(clip.duration_ms for clip in clips)
    paths = set(version.objects_in.values_list("path", flat=True))
    assert {
        "LICENSE.txt",
        "README.md",
        "SHA256SUMS",
        "annotations/coco_keypoints.json",
        "annotations/yolo_pose/data.yaml",
        "clips.parquet",
        "croissant.json",
        "manifest.jsonl",
        "media/metadata.jsonl",
        "shards/000000.tar",
        "tombstones.jsonl",
    } < paths
    assert {f"media/clip_{n:06d}.mp4" for n in range(3)} < paths
    for form in ("clips/{}.json", "openlabel/{}.json", "cvat/{}.xml", "yolo_pose/{}.tar", "mot/{}/gt/gt.txt"):
        assert {"annotations/" + form.format(f"clip_{n:06d}") for n in range(3)} < paths
    assert {f"certificates/clip_{n:06d}.json" for n in range(3)} < paths
    for line in body(version, "SHA256SUMS").decode().splitlines():
        digest, _, path = line.partition("  ")
        assert hashlib.sha256(body(version, path)).hexdigest() == digest
    listed = [json.loads(line) for line in body(version, "manifest.jsonl").splitlines()]
    whole = {path for path in paths if not path.startswith("sample/")}
    assert {entry["path"] for entry in listed} == whole - {"manifest.jsonl", "SHA256SUMS"}
    assert hashlib.sha256(body(version, "manifest.jsonl")).hexdigest() == version.manifest_sha256
    assert body(version, "LICENSE.txt").decode() == package.licence.text


def test_the_free_sample_has_marked_videos_only(clips: list[Clip], tmp_path: Path) -> None:
    version = publish(draft(clips))
    rows = version.objects_in.filter(path__startswith="sample/")
    videos = [row for row in rows if row.media_type == "video/mp4"]
    assert [row.path for row in videos] == ["sample/media/clip_000000.mp4"]
    whole = set(version.objects_in.exclude(path__startswith="sample/").values_list("sha256", flat=True))
    sold = {clip.media_sha256 for clip in clips}
    assert not {row.sha256 for row in videos} & (whole | sold)
    for name, path in (("sold", "media/clip_000000.mp4"), ("free", "sample/media/clip_000000.mp4")):
        (tmp_path / f"{name}.mp4").write_bytes(body(version, path))
    sold_frames, free_frames = frames_of(tmp_path / "sold.mp4"), frames_of(tmp_path / "free.mp4")
    assert len(sold_frames) == len(free_frames)
    for before, after in zip(sold_frames, free_frames, strict=True):
        assert before.shape == after.shape
        changed = np.abs(before.astype(int) - after.astype(int)).max(axis=2) > 25
        # The mark crosses every frame, and each third of it: it cannot be cropped off.
        assert changed.mean() > 0.02
        for part in np.array_split(changed, 3, axis=0):
            assert part.any()
    listed = json.loads(body(version, "sample/annotations/clips/clip_000000.json"))
    assert listed["media"]["sha256"] == videos[0].sha256
    with tarfile.open(fileobj=io.BytesIO(body(version, "sample/shards/000000.tar"))) as tar:
        inside = tar.extractfile("clip_000000.mp4")
        assert inside is not None
        assert hashlib.sha256(inside.read()).hexdigest() == videos[0].sha256


def test_the_same_clip_marked_twice_is_the_same_file_with_its_sound(tmp_path: Path) -> None:
    make_video(tmp_path / "a.mp4", seconds=1.0, size=(322, 182), audio=True)
    for name in ("b", "c"):
        mark(tmp_path / "a.mp4", tmp_path / f"{name}.mp4")
    assert (tmp_path / "b.mp4").read_bytes() == (tmp_path / "c.mp4").read_bytes()
    with av.open(str(tmp_path / "b.mp4")) as found:
        assert (len(found.streams.video), len(found.streams.audio)) == (1, 1)


def test_pycocotools_opens_the_keypoints(clips: list[Clip], tmp_path: Path) -> None:
    version = publish(draft(clips))
    path = tmp_path / "coco.json"
    path.write_bytes(body(version, "annotations/coco_keypoints.json"))
    coco = COCO(str(path))
    annotations = coco.loadAnns(coco.getAnnIds(catIds=coco.getCatIds(catNms=["person"])))
    assert len(annotations) == 3
    assert {len(a["keypoints"]) for a in annotations} == {51}
    assert {a["num_keypoints"] for a in annotations} == {16}
    assert len({image["file_name"] for image in coco.imgs.values()}) == 3
    assert min(index for pair in coco.cats[1]["skeleton"] for index in pair) == 1


def test_a_clip_withdrawn_while_publishing_stops_it_and_nothing_is_visible(clips: list[Clip]) -> None:
    package = draft(clips)
    job = jobs.enqueue_publish(version=package.versions.get())
    advance(clips[1], ClipState.WITHDRAWN)
    tasks.publish_version(str(job.pk))
    package.refresh_from_db()
    job.refresh_from_db()
    assert package.state == PackageState.DRAFT
    assert job.state == JobState.REFUSED
    assert "not approved any more" in package.versions.get().reason
    assert not PackageObject.objects.exists()


def test_changed_bytes_in_the_store_are_never_published(clips: list[Clip]) -> None:
    storage.put_bytes(
        bucket=settings.S3_BUCKET_DERIVED, key=clips[0].media_key, data=b"tampered", media_type="video/mp4"
    )
    package = draft(clips)
    job = jobs.enqueue_publish(version=package.versions.get())
    tasks.publish_version(str(job.pk))
    job.refresh_from_db()
    package.refresh_from_db()
    assert package.state == PackageState.DRAFT
    assert job.state == JobState.QUEUED, "it is tried again after a while"
    assert not PackageObject.objects.exists()


def test_a_second_version_shares_the_media_and_leaves_the_first_alone(
    clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    package = draft(clips)
    first = publish(package)
    before = body(first, "manifest.jsonl")
    second = packages.next_version(package=package, clips=clips[:2], curator=package.curator)
    job = jobs.enqueue_publish(version=second)
    real, put = storage.put_bytes, []

    def noted(**wanted: Any) -> storage.Stored:
        put.append(wanted["key"])
        return real(**wanted)

    monkeypatch.setattr(storage, "put_bytes", noted)
    tasks.publish_version(str(job.pk))
    assert put == [f"publishing/{second.pk}/000000"], "no small file of a clip travels again"
    package.refresh_from_db()
    assert package.current == second
    assert package.clip_count == 2
    assert body(first, "manifest.jsonl") == before
    keys = [
        set(v.objects_in.filter(media_type="video/mp4").values_list("key", flat=True))
        for v in (first, second)
    ]
    assert keys[1] < keys[0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("none", "at least one clip"),
        ("mixed", "holds one of them"),
        ("cheap", "higher price"),
        ("lost", "not approved"),
    ],
)
def test_a_package_that_cannot_be_sold_is_refused_with_a_sentence(
    clips: list[Clip], change: str, sentence: str
) -> None:
    fields: dict[str, object] = {}
    if change == "none":
        clips = []
    elif change == "mixed":
        athlete = people.alice("ann@example.org", kind="athlete")
        clips.append(people.make_clip(people.make_footage(athlete, vertical="sports")))
    elif change == "cheap":
        fields["price_minor"] = 1
    else:
        advance(clips[0], ClipState.WITHDRAWN)
    with pytest.raises(packages.PackageError, match=sentence):
        draft(clips, **fields)
    assert not Package.objects.exists()


def test_two_packages_may_have_the_same_title(clips: list[Clip]) -> None:
    curator = people.make_user("carl@example.org", is_staff=True)
    assert [draft(clips, curator=curator).slug for _ in range(2)] == ["berlin-evenings", "berlin-evenings-2"]


def test_the_price_guide_follows_the_hours(clips: list[Clip]) -> None:
    hour = people.make_clip(clips[0].footage, position=9, seconds=3600)
    low, high, sentence = packages.price_guide([hour])
    assert (low.minor, high.minor) == (10_000, 50_000)
    assert "$100 to $500 an hour" in sentence


def test_an_object_of_the_right_length_with_other_bytes_is_not_trusted(clips: list[Clip]) -> None:
    key = f"objects/{clips[1].media_sha256}.mp4"
    storage.client().put_object(
        Bucket=settings.S3_BUCKET_PACKAGES, Key=key, Body=b"\0" * clips[1].media_bytes
    )
    version = publish(draft(clips))
    stored = body(version, "media/clip_000001.mp4")
    assert hashlib.sha256(stored).hexdigest() == clips[1].media_sha256

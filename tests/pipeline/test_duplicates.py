"""Recycled footage is stopped with a sentence; clips that show the same are not sold twice in one package."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.db import connection, transaction

from marketplace.models import Clip, Footage
from marketplace.states import FootageState
from pipeline import duplicates, packages, storing
from pipeline.models import FramePrint
from pipeline.video import fingerprint
from pipeline.video.fingerprint import Print
from tests import people
from tests.media import ffmpeg, make_video
from tests.pipeline.stage import uploaded, work

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def ride(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ride") / "ride.mp4"
    make_video(path, 4, (640, 360), 25, seed=11, scenes=4)
    return path


def again(source: Path, target: Path, *flags: str) -> Path:
    """Encode a video anew, as somebody who wants to sell it twice does."""
    command = [ffmpeg(), "-y", "-loglevel", "error", "-i", str(source), *flags, str(target)]
    subprocess.run(command, check=True)
    return target


COPIES = {
    "encoded anew, smaller and brighter": ("-vf", "scale=480:270,eq=brightness=0.04", "-crf", "30"),
    "mirrored": ("-vf", "hflip"),
    "trimmed": ("-ss", "0.8", "-t", "3"),
    "with a logo over it": ("-vf", "drawbox=x=20:y=20:w=iw/5:h=ih/10:color=white:t=fill"),
    "cut at the edges": ("-vf", "crop=iw*0.96:ih*0.96"),
    "cut by a tenth": ("-vf", "crop=iw*0.9:ih*0.9", "-crf", "28"),
    "noisy, other frame rate": ("-vf", "noise=alls=15", "-r", "20", "-crf", "30"),
}


def bits_of(path: Path) -> list[int]:
    """Give what is kept of a video: its pictures and their middles."""
    made = fingerprint.of_video(path)
    return [one.bits for one in made] + [one.middle for one in made]


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_the_same_video(ride: Path, tmp_path: Path, name: str) -> None:
    copy = again(ride, tmp_path / "copy.mp4", *COPIES[name])
    assert duplicates.share(fingerprint.of_video(copy), bits_of(ride)) >= 0.8


def test_other_rides_and_still_or_black_pictures_say_nothing(ride: Path, tmp_path: Path) -> None:
    other, black, still = tmp_path / "other.mp4", tmp_path / "black.mp4", tmp_path / "still.mp4"
    make_video(other, 4, (640, 360), 25, seed=12, scenes=4)
    make_video(black, 2, (640, 360), 25, black=True)
    make_video(still, 3, (640, 360), 25, still=True)
    assert fingerprint.distances(bits_of(ride), bits_of(other)).min() > duplicates.NEAR
    assert duplicates.share(fingerprint.of_video(other), bits_of(ride)) == 0
    assert fingerprint.of_video(black) == []
    alone = fingerprint.of_video(still)
    assert duplicates.share(alone, bits_of(still)) == 0, "a camera that stands still proves nothing"


def test_recycled_footage_is_stopped_with_a_sentence(s3: object, ride: Path, tmp_path: Path) -> None:
    first = work(uploaded(ride))
    assert first.state == FootageState.REVIEW, first.reason
    mallory = people.mallory()
    copy = again(ride, tmp_path / "copy.mp4", "-crf", "28")
    taken = work(uploaded(copy, owner=mallory))
    assert taken.state == FootageState.REFUSED
    assert "from another contributor" in taken.reason
    assert not taken.clips.exists()
    mine = work(uploaded(copy, owner=first.owner))
    assert mine.state == FootageState.REFUSED
    assert "“Evening ride”" in mine.reason
    exact = work(uploaded(ride, owner=mallory))
    assert exact.state == FootageState.REFUSED


def test_of_two_copies_worked_on_at_once_one_is_stored(
    s3: object, ride: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = (
        uploaded(ride),
        uploaded(again(ride, tmp_path / "copy.mp4", "-crf", "28"), owner=people.mallory()),
    )
    real, stored = storing._keep_all, []

    def meanwhile(*args: Any) -> dict[str, str]:
        # Both have looked and found nothing; now the one that was uploaded last is stored first.
        monkeypatch.setattr(storing, "_keep_all", real)
        kept = real(*args)
        stored.append(work(theirs))
        return kept

    monkeypatch.setattr(storing, "_keep_all", meanwhile)
    late = work(mine)
    assert [footage.state for footage in stored] == [FootageState.REVIEW]
    assert late.state == FootageState.REFUSED
    assert "write to us and we look at both" in late.reason
    assert not late.clips.exists()
    left = late.artefacts.filter(bucket=settings.S3_BUCKET_DERIVED)
    assert [artefact.kind for artefact in left] == [], "nothing of the copy was kept"


@pytest.mark.django_db(transaction=True)
def test_recordings_are_stored_one_at_a_time() -> None:
    mine = threading.Event()

    def other() -> None:
        with transaction.atomic():
            duplicates.alone()
            mine.set()
        connection.close()

    thread = threading.Thread(target=other)
    with transaction.atomic():
        duplicates.alone()
        thread.start()
        assert not mine.wait(0.3)
    assert mine.wait(10)
    thread.join()


def clip_with(prints: list[Print], *, owner: object = None, position: int = 0, **fields: object) -> Clip:
    footage = Footage.objects.first() or people.make_footage(people.alice())
    clip = people.make_clip(footage, position=position, **fields)  # type: ignore[arg-type]
    duplicates.keep(clip, prints)
    return clip


def numbers(seed: int, count: int = 8) -> list[Print]:
    drawn = np.random.default_rng(seed).integers(-(2**63), 2**63 - 1, (count, 3))
    return [Print(int(bits), int(mirrored), int(middle)) for bits, mirrored, middle in drawn]


def test_clips_that_show_the_same_are_not_sold_twice_in_one_package() -> None:
    prints = numbers(1)
    near = [made._replace(bits=made.bits ^ 0b1000000000100000000000000001) for made in prints]
    one = clip_with(prints, position=0)
    clip_with(numbers(2), position=1)
    copy = clip_with(near, position=2)
    clips = list(Clip.objects.select_related("footage").order_by("position"))
    (pair,) = duplicates.within(clips)
    assert (pair.clip, pair.other, pair.share) == (copy, one, 1.0)
    with pytest.raises(packages.PackageError, match=r"clip 3” shows the same as “.*clip 1”"):
        packages.draft(
            title="Twice", summary="", clips=clips, price_minor=10_000, licence=people.make_terms(),
            curator=people.make_user("cora@example.org", is_staff=True),
        )  # fmt: skip


def test_equal_bytes_are_the_same_clip_even_without_fingerprints() -> None:
    clips = [clip_with([], position=0, media=b""), clip_with([], position=1)]
    Clip.objects.update(media_sha256="a" * 64)
    found = duplicates.within(list(Clip.objects.filter(pk__in=[c.pk for c in clips]).order_by("position")))
    assert [(pair.clip.position, pair.other.position) for pair in found] == [(1, 0)]


def test_a_look_goes_over_the_index_and_not_over_all_pairs() -> None:
    clip = clip_with(numbers(1))
    drawn = np.random.default_rng(7).integers(-(2**63), 2**63 - 1, 20_000)
    FramePrint.objects.bulk_create(
        FramePrint(
            clip=clip, number=100 + number, bits=bits, mirrored=0, quarter0=bits & 65535, quarter1=bits >> 16 & 65535,
            quarter2=bits >> 32 & 65535, quarter3=bits >> 48 & 65535,
        )
        for number, bits in enumerate(map(int, drawn))
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE pipeline_frameprint")
        cursor.execute(
            "EXPLAIN SELECT clip_id FROM unnest(ARRAY[1,2,3]::bigint[]) q(bits) "
            "JOIN pipeline_frameprint f ON f.quarter1 = ((q.bits >> 16) & 65535)"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index" in plan
    assert "Seq Scan on pipeline_frameprint" not in plan
    assert duplicates._candidates(numbers(1)) == {clip.pk: 16}

"""Files go when their time is over: withdrawn, refused, left out, or a month after the decision."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from contributors import consents, tasks
from marketplace import storage
from marketplace.models import Clip, Event, Footage, User
from marketplace.states import ClipState, FootageState
from pipeline.artefacts import keep
from pipeline.models import Artefact
from tests import people

pytestmark = pytest.mark.django_db


def stored(footage: Footage, tmp_path: Path, *, clips: int = 2) -> list[Clip]:
    """Give a footage an original and clips that really are in the buckets."""
    footage.original_key = f"originals/{footage.pk}"
    footage.save(update_fields=["original_key"])
    storage.put_bytes(
        bucket=settings.S3_BUCKET_ORIGINALS,
        key=footage.original_key,
        data=b"original",
        media_type="video/mp4",
    )
    made = []
    for position in range(clips):
        clip = people.make_clip(footage, position=position)
        path = tmp_path / f"clip_{position}.mp4"
        path.write_bytes(f"clip {clip.pk}".encode())
        key = keep(footage=footage, path=path).key
        Clip.objects.filter(pk=clip.pk).update(media_key=key, preview_key=key, poster_key=key, poses_key=key)
        made.append(Clip.objects.get(pk=clip.pk))
    return made


def there(s3: Any) -> set[str]:
    """List every key in the buckets for originals and derived files."""
    buckets = (settings.S3_BUCKET_ORIGINALS, settings.S3_BUCKET_DERIVED)
    return {
        found["Key"] for bucket in buckets for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    }


def test_withdrawn_footage_leaves_no_file(s3: Any, alice: User, tmp_path: Path) -> None:
    kept = people.make_footage(alice, state=FootageState.REVIEW)
    (clip,) = stored(kept, tmp_path, clips=1)
    footage = people.make_footage(alice, state=FootageState.REVIEW)
    stored(footage, tmp_path)
    consents.withdraw(footage=footage, person=alice)
    assert tasks.delete_files() == {"footage": 1, "clips": 0, "originals": 0}
    assert there(s3) == {kept.original_key, clip.media_key}
    assert not Artefact.objects.filter(footage=footage).exists()
    footage.refresh_from_db()
    assert footage.original_key == ""
    assert Event.objects.filter(verb="footage.files_deleted", subject_id=str(footage.pk)).count() == 1
    assert tasks.delete_files() == {"footage": 0, "clips": 0, "originals": 0}


def test_refused_footage_leaves_no_original(s3: Any, alice: User, tmp_path: Path) -> None:
    footage = people.make_footage(alice, state=FootageState.REFUSED)
    stored(footage, tmp_path, clips=0)
    assert tasks.delete_files()["footage"] == 1
    assert there(s3) == set()


def test_a_clip_that_was_left_out_goes_and_the_others_stay(s3: Any, alice: User, tmp_path: Path) -> None:
    footage = people.make_footage(alice, state=FootageState.IN_MODERATION)
    first, second = stored(footage, tmp_path)
    Clip.objects.filter(pk=first.pk).update(state=ClipState.WITHDRAWN)
    assert tasks.delete_files() == {"footage": 0, "clips": 1, "originals": 0}
    assert there(s3) == {footage.original_key, second.media_key}
    assert tasks.delete_files()["clips"] == 0


def test_the_original_goes_a_month_after_the_decision_and_the_clips_stay(
    s3: Any, alice: User, tmp_path: Path
) -> None:
    footage = people.make_footage(alice, state=FootageState.DECIDED)
    (clip,) = stored(footage, tmp_path, clips=1)
    assert tasks.delete_files()["originals"] == 0
    Footage.objects.update(state_changed_at=timezone.now() - timedelta(days=31))
    assert tasks.delete_files()["originals"] == 1
    assert there(s3) == {clip.media_key}
    assert tasks.delete_files()["originals"] == 0

"""A sports clip without a person says so, and a wrong sport is corrected on the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from marketplace.models import Clip, Footage, User
from marketplace.states import FootageState
from pipeline.models import Job
from tests.media import make_video
from tests.pipeline.stage import uploaded, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def court(s3: object, alice: User, tmp_path: Path) -> Job:
    """Basketball, as Alice says, in which no one is to be seen; it waits to be processed."""
    path = tmp_path / "court.mp4"
    make_video(path, 6, (160, 120), 10, seed=4)
    job = uploaded(path, owner=alice, vertical="sports")
    assert job.footage is not None
    Footage.objects.filter(pk=job.footage.pk).update(discipline="basketball")
    return job


@pytest.fixture
def nobody(court: Job) -> Footage:
    """The same, processed."""
    return work(court)


def test_nobody_in_the_clip_is_said_where_it_is_looked_at(films: Client, nobody: Footage) -> None:
    assert nobody.state == FootageState.REVIEW
    shown = films.get(f"/film/footage/{nobody.pk}/").content.decode()
    assert "No person could be found in this recording. Is it really basketball?" in shown
    assert "Nobody can be seen in this clip. Leave it out" in shown
    clip = Clip.objects.get(footage=nobody)
    assert not any(tag.startswith("sport.athlete_count") for tag in clip.tag_ids)


def test_the_sport_is_corrected_and_the_clips_tagged_anew(films: Client, nobody: Footage) -> None:
    address = f"/film/footage/{nobody.pk}/sport/"
    for wrong, words in (("chess", "Choose a sport of the list"), ("basketball", "the sport already")):
        assert words in films.post(address, {"discipline": wrong}, follow=True).content.decode()
    answer = films.post(address, {"discipline": "climbing"}, follow=True).content.decode()
    assert "The clips are tagged anew" in answer
    footage = work(Job.objects.filter(footage=nobody).latest("created_at"))
    assert footage.discipline == "climbing"
    clip = Clip.objects.get(footage=nobody)
    assert "sport.discipline.climbing" in clip.tag_ids
    assert "sport.discipline.basketball" not in clip.tag_ids


def test_mallory_cannot_correct_alices_sport(attacks: Client, court: Job) -> None:
    assert attacks.post(f"/film/footage/{court.footage_id}/sport/", {"discipline": "golf"}).status_code == 404

"""Alice looks at her redacted clips, leaves some out, submits; later she reads what was decided."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from contributors import review
from marketplace.models import Clip, Event, Footage, User
from marketplace.states import ClipState, FootageState, MoveRefused
from tests import people

pytestmark = pytest.mark.django_db

CERTIFICATE = {
    "stride": 2,
    "masked_share": 0.0123,
    "method": "flat fill",
    "encoder": "libx264",
    "tracks": {"face": {"found": 3}, "plate": {"found": 7}},
    "doubtful": [
        {"kind": "plate", "start_s": 4.0, "end_s": 6.5, "score": 0.4, "reasons": ["seen in very few frames"]},
        {
            "kind": "face",
            "start_s": 40.0,
            "end_s": 41.0,
            "score": 0.3,
            "reasons": ["never clearly recognised"],
        },
    ],
    "warnings": [],
}


@pytest.fixture
def footage(alice: User) -> Footage:
    """A footage of two clips that waits for Alice's look."""
    footage = people.make_footage(alice, certificate=CERTIFICATE)
    for position in range(2):
        people.make_clip(
            footage, position=position, state=ClipState.REVIEW, media=f"clip {position}".encode()
        )
    return footage


def page_of(films: Client, footage: Footage) -> str:
    """Read the footage page."""
    return films.get(f"/film/footage/{footage.pk}/").content.decode()


def submit(films: Client, footage: Footage, *leave_out: Clip) -> Any:
    """Press the button."""
    return films.post(
        f"/film/footage/{footage.pk}/submit/",
        {"leave_out": [str(clip.pk) for clip in leave_out]},
        follow=True,
    )


def test_each_clip_has_a_player_its_tags_and_its_doubtful_places(
    s3: object, films: Client, footage: Footage
) -> None:
    page = page_of(films, footage)
    for clip in footage.clips.all():
        assert f"/film/clips/{clip.pk}/clip/" in page
    assert "Illumination: Day from 0:00 to 0:10" in page
    assert "Number plate, 0:04–0:06: seen in very few frames" in page
    assert page.count("never clearly recognised") == 1  # 40 s lies behind both clips: in the certificate only
    assert 'Number plate</th><td class="num" data-label="Found">7</td>' in page
    assert "1.23% of the picture is covered" in page
    assert "about 1 minute to look at" in page
    assert "Flat fill; written by libx264." in page


def test_media_are_redacted_ones_by_a_link_that_works(s3: object, films: Client, footage: Footage) -> None:
    import requests

    clip = footage.clips.get(position=1)
    for kind in ("clip", "preview", "poster"):
        answer = films.get(f"/film/clips/{clip.pk}/{kind}/")
        assert answer.status_code == 302
        assert requests.get(answer["Location"], timeout=10).content == b"clip 1"
    for kind in ("original", "media", "poses"):
        assert films.get(f"/film/clips/{clip.pk}/{kind}/").status_code == 404


def test_submitting_sends_all_clips_to_the_moderators(films: Client, footage: Footage, alice: User) -> None:
    answer = submit(films, footage)
    assert "2 clips are with our moderators now" in answer.content.decode()
    footage.refresh_from_db()
    assert footage.state == FootageState.IN_MODERATION
    assert {clip.state for clip in footage.clips.all()} == {ClipState.IN_MODERATION}
    assert Event.objects.filter(verb="clip.in_moderation", actor=alice).count() == 2


def test_clips_that_were_left_out_are_withdrawn(films: Client, footage: Footage) -> None:
    out = footage.clips.get(position=0)
    submit(films, footage, out)
    assert [clip.state for clip in footage.clips.order_by("position")] == [
        ClipState.WITHDRAWN,
        ClipState.IN_MODERATION,
    ]
    assert films.get(f"/film/clips/{out.pk}/clip/").status_code == 404


def test_leaving_every_clip_out_changes_nothing(films: Client, footage: Footage) -> None:
    answer = submit(films, footage, *footage.clips.all())
    assert "You left every clip out" in answer.content.decode()
    footage.refresh_from_db()
    assert footage.state == FootageState.REVIEW
    assert {clip.state for clip in footage.clips.all()} == {ClipState.REVIEW}


def test_a_second_submit_says_that_it_is_submitted(films: Client, footage: Footage) -> None:
    submit(films, footage)
    answer = submit(films, footage)
    assert "With our moderators" in answer.content.decode()
    assert Event.objects.filter(verb="footage.in_moderation").count() == 1


def test_somebody_elses_clip_cannot_be_left_out(films: Client, footage: Footage) -> None:
    other = people.make_clip(people.make_footage(people.mallory()), state=ClipState.REVIEW)
    submit(films, footage, other)
    other.refresh_from_db()
    assert other.state == ClipState.REVIEW


def test_withdrawing_from_the_page(films: Client, footage: Footage) -> None:
    answer = films.post(f"/film/footage/{footage.pk}/withdraw/", follow=True)
    assert "is withdrawn" in answer.content.decode()
    footage.refresh_from_db()
    assert footage.state == FootageState.WITHDRAWN
    assert "<video" not in page_of(films, footage)


def test_decisions_are_shown_with_their_reasons(films: Client, footage: Footage) -> None:
    Footage.objects.filter(pk=footage.pk).update(state=FootageState.DECIDED)
    footage.clips.filter(position=0).update(state=ClipState.APPROVED)
    footage.clips.filter(position=1).update(state=ClipState.REJECTED, reason="A face can be seen at 0:07.")
    page = page_of(films, footage)
    assert "1 clip approved, 1 refused" in page
    assert "A face can be seen at 0:07." in page
    assert "Submit to the moderators" not in page


def test_a_footage_without_clips_to_send_cannot_be_submitted(alice: User) -> None:
    footage = people.make_footage(alice)
    with pytest.raises(MoveRefused, match="nothing to submit"):
        review.submit(footage=footage, person=alice)


def test_a_long_list_of_doubtful_places_is_folded(films: Client, alice: User) -> None:
    many = [{**CERTIFICATE["doubtful"][0], "start_s": n / 10, "end_s": n / 10 + 0.1} for n in range(40)]  # type: ignore[index]
    footage = people.make_footage(alice, certificate={**CERTIFICATE, "doubtful": many})
    people.make_clip(footage, state=ClipState.REVIEW)
    page = page_of(films, footage)
    assert "At 40 places the software was not sure" in page
    assert "<summary>28 more</summary>" in page

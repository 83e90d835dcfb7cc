"""Mo draws a box on what Alice submitted: no verdict until it is covered, who asked is written down, Alice reads it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from marketplace.models import Clip, Event, User
from marketplace.states import ClipState, FootageState, JobState
from moderation import access, decisions
from pipeline import covering, jobs
from pipeline.models import Job, ManualBox
from tests import people

pytestmark = pytest.mark.django_db
BOX = "0.25,0.25,0.10,0.20,1000,3000"


@pytest.fixture
def mo() -> User:
    return people.mo()


@pytest.fixture
def clip() -> Clip:
    """A clip that waits for a verdict."""
    footage = people.make_footage(
        people.alice(),
        state=FootageState.IN_MODERATION,
        original_key="originals/x",
        certificate={
            "stride": 2,
            "frames": 500,
            "masked_share": 0.01,
            "masked_share_max": 0.05,
            "models": [{"name": "yunet", "role": "faces", "sha256": "ab" * 32}],
            "thresholds": {"hold_s": 0.5},
            "tracks": {"face": {"found": 3, "frames_covered": 90, "frames_bridged": 7, "frames_held": 20}},
            "doubtful": [
                {"kind": "face", "start_s": 2.0, "end_s": 2.4, "score": 0.3, "reasons": ["seen in one frame"]}
            ],
        },
    )
    return people.make_clip(footage, state=ClipState.IN_MODERATION)


@pytest.fixture
def desk(client: Client, mo: User) -> Client:
    client.force_login(mo)
    return client


def draw(desk: Client, clip: Clip, **data: object) -> str:
    answer = desk.post(reverse("moderation:cover", args=[clip.pk]), {"box": [BOX], **data}, follow=True)
    return answer.content.decode()


def test_the_certificate_stands_on_the_screen_with_places_to_jump_to(desk: Client, clip: Clip) -> None:
    page = desk.get(reverse("moderation:review", args=[clip.pk])).content.decode()
    assert "1.00% of the picture is covered on average, at most 5.0% of one frame" in page
    assert 'data-label="Bridged">7<' in page
    assert "abababababababab" in page
    assert 'data-jump="2.000"' in page
    assert "seen in one frame" in page
    assert "A region stays covered this many seconds" in page


def test_a_place_in_another_clip_is_a_link_to_it(desk: Client, clip: Clip) -> None:
    other = people.make_clip(clip.footage, position=1, state=ClipState.IN_MODERATION)
    Clip.objects.filter(pk=other.pk).update(start_ms=10_000, end_ms=20_000)
    page = desk.get(reverse("moderation:review", args=[other.pk])).content.decode()
    assert f'href="/desk/review/{clip.pk}/#at=2.000"' in page
    assert "data-jump" not in page


def test_a_box_of_the_desk_is_written_down_and_holds_the_verdict_back(
    desk: Client, clip: Clip, mo: User
) -> None:
    page = draw(desk, clip)
    assert "Being covered again: no verdict until it is done" in page
    assert 'value="approve"' not in page
    box = ManualBox.objects.get()
    assert (box.drawn_by, box.start_ms, box.end_ms) == (mo, 1000, 3000)
    asked = Event.objects.get(verb="footage.cover_asked")
    assert (asked.actor, asked.data["desk"]) == (mo, True)
    assert access.queue(mo).count() == 0
    with pytest.raises(decisions.DecisionRefused, match="covered again at this moment"):
        decisions.decide(clip=clip, moderator=mo, verdict="approve")
    clip.refresh_from_db()
    assert clip.state == ClipState.IN_MODERATION


def test_a_box_that_was_not_covered_in_the_end_forbids_approving(desk: Client, clip: Clip, mo: User) -> None:
    draw(desk, clip)
    desk.post(reverse("moderation:stop", args=[clip.pk]))
    assert Job.objects.get().state == JobState.CANCELLED
    assert access.queue(mo).count() == 1
    with pytest.raises(decisions.DecisionRefused, match="not covered yet"):
        decisions.decide(clip=clip, moderator=mo, verdict="approve")
    clip.refresh_from_db()
    page = draw(desk, clip, box=[], remove=[str(ManualBox.objects.get().pk)])
    assert "had not been covered yet" in page
    decisions.decide(clip=clip, moderator=mo, verdict="approve")


def test_alice_reads_that_it_changes_and_cannot_interfere(desk: Client, clip: Clip) -> None:
    draw(desk, clip)
    alice = Client()
    alice.force_login(clip.footage.owner)
    page = alice.get(f"/film/footage/{clip.footage.pk}/").content.decode()
    assert "Being covered again" in page
    assert "Stop the work" not in page
    answer = alice.post(f"/film/footage/{clip.footage.pk}/cover/", {"box": [BOX]}, follow=True)
    assert "only while the footage waits for you" in answer.content.decode()
    assert ManualBox.objects.count() == 1
    answer = alice.post(f"/film/footage/{clip.footage.pk}/stop/", follow=True)
    assert "only the desk can stop it" in answer.content.decode()
    assert Job.objects.get().state == JobState.QUEUED


def test_who_may_not(client: Client, clip: Clip) -> None:
    url = reverse("moderation:cover", args=[clip.pk])
    client.force_login(people.staff("cora@example.org", "Curators"))
    assert client.post(url, {"box": [BOX]}).status_code == 403
    client.force_login(people.mallory())
    assert client.post(url, {"box": [BOX]}).status_code in (302, 403)
    owner = clip.footage.owner
    with pytest.raises(decisions.DecisionRefused, match="your own footage"):
        decisions.cover(footage=clip.footage, moderator=owner, boxes=[BOX], remove=[])
    assert not Job.objects.exists()


def test_nonsense_is_a_sentence_at_the_desk_too(desk: Client, clip: Clip) -> None:
    assert "did not arrive whole" in draw(desk, clip, box=["1,2"])
    assert "beyond the picture" in draw(desk, clip, box=["0.9,0.1,0.5,0.5,0,900", "-1,0,0.5,0.5,0,900"])
    assert covering.active(clip.footage) == []
    assert jobs.live(clip.footage) is None

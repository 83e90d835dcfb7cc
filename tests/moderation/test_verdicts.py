"""Mo looks at original beside redacted and decides clip by clip; the contributor reads why."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from marketplace.models import Clip, Event
from marketplace.states import ClipState, FootageState
from moderation import decisions
from moderation.models import OriginalView, Review
from payouts.models import Earning
from tests import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def clips() -> list[Clip]:
    footage = people.make_footage(
        people.alice(), state=FootageState.IN_MODERATION, original_key="originals/x"
    )
    return [
        people.make_clip(footage, position=n, seconds=60, state=ClipState.IN_MODERATION) for n in range(2)
    ]


@pytest.fixture
def mo_at_the_desk(client: Client) -> Client:
    client.force_login(people.mo())
    return client


def test_mo_goes_through_the_queue_and_the_footage_is_decided(
    mo_at_the_desk: Client, clips: list[Clip]
) -> None:
    first = mo_at_the_desk.get(reverse("moderation:next"), follow=True)
    assert first.context["clip"] == clips[0]
    assert "Original" in first.content.decode()
    mo_at_the_desk.post(reverse("moderation:review", args=[clips[0].pk]), {"verdict": "approve"})
    second = mo_at_the_desk.get(reverse("moderation:next"), follow=True)
    assert second.context["clip"] == clips[1]
    mo_at_the_desk.post(
        reverse("moderation:review", args=[clips[1].pk]),
        {"verdict": "reject", "reason": "plate", "note": "At second 4."},
    )
    for clip in clips:
        clip.refresh_from_db()
    assert [clip.state for clip in clips] == [ClipState.APPROVED, ClipState.REJECTED]
    assert clips[1].reason == "A plate can still be read. At second 4."
    clips[0].footage.refresh_from_db()
    assert clips[0].footage.state == FootageState.DECIDED
    assert Review.objects.count() == 2
    assert Event.objects.filter(verb__in=["clip.approved", "clip.rejected", "footage.decided"]).count() == 3


def test_an_approved_driving_clip_earns_its_minute_fee_once(
    mo_at_the_desk: Client, clips: list[Clip]
) -> None:
    address = reverse("moderation:review", args=[clips[0].pk])
    for _ in range(2):
        mo_at_the_desk.post(address, {"verdict": "approve"})
    # 60 s at $0.50 + $1.50 × 0.8 a minute
    assert [earning.amount_minor for earning in Earning.objects.all()] == [170]


def test_a_refusal_without_a_reason_keeps_the_clip_waiting(mo_at_the_desk: Client, clips: list[Clip]) -> None:
    answer = mo_at_the_desk.post(
        reverse("moderation:review", args=[clips[0].pk]), {"verdict": "reject", "note": "Hm."}
    )
    assert answer.status_code == 400
    assert "A refusal needs a reason" in answer.content.decode()
    assert 'value="Hm."' in answer.content.decode()
    clips[0].refresh_from_db()
    assert clips[0].state == ClipState.IN_MODERATION


def test_every_look_at_an_original_is_written_down(mo_at_the_desk: Client, clips: list[Clip]) -> None:
    answer = mo_at_the_desk.get(reverse("moderation:original", args=[clips[0].pk]))
    assert answer.status_code == 302
    assert "originals/x" in answer["Location"]
    assert OriginalView.objects.get().clip == clips[0]
    assert Event.objects.filter(verb="original.viewed").count() == 1


def test_a_verdict_can_be_taken_back_with_a_reason(mo_at_the_desk: Client, clips: list[Clip]) -> None:
    mo_at_the_desk.post(reverse("moderation:review", args=[clips[0].pk]), {"verdict": "approve"})
    mo_at_the_desk.post(reverse("moderation:reopen", args=[clips[0].pk]), {"why": ""})
    clips[0].refresh_from_db()
    assert clips[0].state == ClipState.APPROVED
    mo_at_the_desk.post(reverse("moderation:reopen", args=[clips[0].pk]), {"why": "Saw a plate."})
    clips[0].refresh_from_db()
    assert clips[0].state == ClipState.IN_MODERATION


def test_nobody_decides_their_own_footage(clips: list[Clip]) -> None:
    with pytest.raises(decisions.DecisionRefused, match="your own footage"):
        decisions.decide(clip=clips[0], moderator=clips[0].footage.owner, verdict="approve")

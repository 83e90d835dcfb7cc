"""A moderator cannot touch money, finance cannot see originals, and neither can anybody else."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from marketplace.models import Clip
from marketplace.states import ClipState, FootageState
from tests import people

pytestmark = pytest.mark.django_db

MONEY = [
    "buyers_order", "payouts_ledgertransaction", "payouts_ledgeraccount", "payouts_earning", "payouts_transfer",
    "payouts_stripeevent",
]  # fmt: skip


@pytest.fixture
def clip() -> Clip:
    footage = people.make_footage(
        people.alice(), state=FootageState.IN_MODERATION, original_key="originals/x"
    )
    return people.make_clip(footage, state=ClipState.IN_MODERATION)


def statuses(client: Client, clip: Clip) -> dict[str, int]:
    pages = {name: reverse(f"admin:{name}_changelist") for name in MONEY}
    pages["original"] = reverse("moderation:original", args=[clip.pk])
    pages["review"] = reverse("moderation:review", args=[clip.pk])
    pages["run payouts"] = reverse("admin:payouts_transfer_changelist") + "run/"
    return {name: client.get(address).status_code for name, address in pages.items()}


def test_a_moderator_sees_originals_and_no_money(client: Client, clip: Clip) -> None:
    client.force_login(people.mo())
    seen = statuses(client, clip)
    assert {seen[name] for name in (*MONEY, "run payouts")} == {403}
    assert (seen["original"], seen["review"]) == (302, 200)


def test_finance_sees_money_and_no_originals(client: Client, clip: Clip) -> None:
    client.force_login(people.staff("fay@example.org", "Finance"))
    seen = statuses(client, clip)
    assert {seen[name] for name in (*MONEY, "run payouts")} == {200}
    assert (seen["original"], seen["review"]) == (403, 403)


def test_a_curator_sees_redacted_clips_only(client: Client, clip: Clip) -> None:
    client.force_login(people.staff("cora@example.org", "Curators"))
    seen = statuses(client, clip)
    assert {seen[name] for name in (*MONEY, "original")} == {403}
    page = client.get(reverse("moderation:review", args=[clip.pk])).content.decode()
    assert "Your role does not cover originals" in page
    assert (
        client.post(reverse("moderation:review", args=[clip.pk]), {"verdict": "approve"}).status_code == 403
    )


@pytest.mark.parametrize("who", ["alice", "bob", "nobody"])
def test_the_desk_is_closed_to_everyone_else(client: Client, clip: Clip, who: str) -> None:
    if who != "nobody":
        client.force_login(clip.footage.owner if who == "alice" else people.bob())
    assert set(statuses(client, clip).values()) == {302}
    answer = client.get("/desk/", follow=True)
    if who == "nobody":
        assert "/accounts/login/" in answer.redirect_chain[-1][0]
    else:
        assert answer.status_code == 403
        assert "The desk is for our staff" in answer.content.decode()


@pytest.mark.parametrize("group", ["Moderators", "Curators", "Finance"])
def test_the_first_page_shows_each_role_its_own_figures(client: Client, group: str) -> None:
    client.force_login(people.staff("someone@example.org", group))
    page = client.get("/desk/").content.decode()
    assert ("Clips waiting for a verdict" in page) == (group == "Moderators")
    assert ("Packages on sale" in page) == (group == "Curators")
    assert ("Stripe events not handled" in page) == (group == "Finance")

"""A contributor sets up the account that the money goes to, on Stripe's pages and back on ours."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from contributors.models import ContributorProfile
from marketplace.models import Event, User
from payouts import connect
from payouts.asked import in_words
from payouts.models import ConnectAccount
from tests import people
from tests.payouts.stage import Simulator, event

pytestmark = pytest.mark.django_db
START, BACK, AGAIN = (reverse(f"payouts:connect_{name}") for name in ("start", "return", "refresh"))


@pytest.fixture
def alice() -> User:
    return people.alice()


@pytest.fixture
def at_home(client: Client, alice: User) -> Client:
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    return client


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_alice_goes_to_stripe_and_comes_back_ready(sim: Simulator, at_home: Client) -> None:
    assert "Set up payouts" in words(at_home.get(reverse("payouts:earnings")))
    sent = at_home.post(START)
    assert sent.status_code == 302
    assert sent["Location"].startswith(f"{settings.STRIPE_API_BASE}/setup/")
    account = ConnectAccount.objects.get()
    assert not account.transfers_active
    page = words(at_home.get(reverse("payouts:earnings")))
    assert "It still needs:" in page
    assert "A bank account" in page
    assert "Your name" in page
    sim.control(f"accounts/{account.stripe_id}", {"onboard": True})
    page = words(at_home.get(BACK, follow=True))
    assert "Your Stripe account is ready" in page
    assert "Set up payouts" not in page
    account.refresh_from_db()
    assert account.transfers_active
    assert account.requirements == []
    verbs = Event.objects.filter(subject_type="payouts.connectaccount").values_list("verb", flat=True)
    assert list(verbs) == ["connect.opened", "connect.active"]


def test_coming_back_unfinished_says_so(sim: Simulator, at_home: Client) -> None:
    at_home.post(START)
    page = words(at_home.get(BACK, follow=True))
    assert "Stripe has not finished with your account" in page
    assert "Go on at Stripe" in page


def test_a_second_click_and_a_stale_link_lead_to_the_same_account(sim: Simulator, at_home: Client) -> None:
    places = {
        at_home.post(START)["Location"],
        at_home.post(START)["Location"],
        at_home.get(AGAIN)["Location"],
    }
    assert len(places) == 3  # each link works once, so each is new
    assert ConnectAccount.objects.count() == 1


def test_stripe_sends_people_back_to_our_own_pages_whatever_the_address_asks_for(
    sim: Simulator, at_home: Client
) -> None:
    for evil in ("//evil.test", "https://evil.test", "/@evil.test"):
        answer = at_home.post(f"{START}?return_path={evil}&next={evil}", {"return_url": evil, "next": evil})
        stale = answer["Location"]
        sim.control("clock", {"advance_s": 301})
        import requests

        back = requests.get(stale, allow_redirects=False, timeout=10).headers["Location"]
        assert back == settings.SITE_URL + AGAIN
        assert urlsplit(at_home.get(f"{BACK}?next={evil}")["Location"]).netloc == ""


def test_mallory_gets_a_link_of_her_own_account_or_none(sim: Simulator, at_home: Client) -> None:
    at_home.post(START)
    mallory = Client()
    mallory.force_login(people.mallory(), backend="django.contrib.auth.backends.ModelBackend")
    assert mallory.get(AGAIN)["Location"] == reverse("payouts:earnings")
    mallory.post(START)
    assert ConnectAccount.objects.count() == 2


@pytest.mark.parametrize(
    "address", [START, BACK, AGAIN, reverse("payouts:earnings"), reverse("payouts:earnings_csv")]
)
def test_only_people_who_film_get_in(client: Client, address: str) -> None:
    ask = client.post if address == START else client.get
    assert "/accounts/login/" in ask(address)["Location"]
    client.force_login(people.bob(), backend="django.contrib.auth.backends.ModelBackend")
    assert ask(address).status_code == 403


def test_a_country_that_stripe_does_not_pay_to_is_said(sim: Simulator, at_home: Client, alice: User) -> None:
    ContributorProfile.objects.update(country="AQ")
    page = words(at_home.post(START, follow=True))
    assert "Stripe does not pay people in Antarctica yet. What you earn is kept for you" in page
    assert not ConnectAccount.objects.exists()
    ContributorProfile.objects.update(country="FR")
    assert "/setup/" in at_home.post(START)["Location"]


def test_with_stripe_down_nothing_changes_and_the_page_says_so(sim: Simulator, at_home: Client) -> None:
    sim.control("fail", {"status": 500, "path": "/v2/core/accounts", "count": 9})
    page = words(at_home.post(START, follow=True))
    assert "Stripe did not answer. Nothing was changed" in page
    assert not ConnectAccount.objects.exists()


@pytest.mark.parametrize(
    "told",
    [
        lambda account: event("account.updated", {"id": account}, account=account),
        lambda account: {
            "id": "evt_thin",
            "object": "v2.core.event",
            "type": "v2.core.account[configuration.recipient].capability_status_updated",
            "livemode": False,
            "related_object": {"id": account, "type": "v2.core.account"},
        },
    ],
)
def test_stripes_event_tells_us_that_an_account_became_ready(sim: Simulator, alice: User, told: Any) -> None:
    account = connect.open_account(contributor=alice)
    sim.control(f"accounts/{account.stripe_id}", {"onboard": True})
    assert sim.take(told(account.stripe_id))
    account.refresh_from_db()
    assert account.transfers_active
    assert sim.take({**event("account.updated", {"id": "acct_x"}), "id": "evt_other"})


def test_what_stripe_asks_for_is_said_in_words() -> None:
    names = [
        "individual.dob.day",
        "individual.dob.month",
        "identity.individual.given_name",
        "relationship.job_title",
    ]
    assert in_words(names) == ["job title", "your date of birth", "your name"]

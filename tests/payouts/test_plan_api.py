"""A program takes a package with the hours of a plan."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from buyers import api_keys
from buyers.models import LicenceAcceptance, PlanPeriod, Subscription
from buyers.plans import HOUR_MS
from marketplace.models import User
from payouts import ledger
from payouts.models import AccountKind, TransactionKind
from tests import people
from tests.payouts import stage

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_minute() -> None:
    """Start every test with nothing counted."""
    cache.clear()


def with_plan(user: User, *, hours: int = 10, net: int = 20_000) -> PlanPeriod:
    """Give an organisation a paid month, booked as Stripe's event would."""
    now, company = timezone.now(), user.membership.organisation
    row = Subscription.objects.create(
        organisation=company, made_by=user, plan="start", price_minor=net, state="active", stripe_id="sub_1",
        renews_at=now + timedelta(days=30),
    )  # fmt: skip
    lines = [
        (ledger.account(AccountKind.STRIPE_BALANCE, currency="usd"), net),
        (ledger.account(AccountKind.PLAN_CREDIT, currency="usd"), -net),
    ]
    ledger.post(TransactionKind.PLAN, reference="income:ch_1", lines=lines, memo="A month")
    return PlanPeriod.objects.create(
        subscription=row, organisation=company, plan="start", starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(days=30), included_ms=hours * HOUR_MS, currency="usd", net_minor=net,
        stripe_invoice_id="in_1", stripe_charge="ch_1",
    )  # fmt: skip


def take(key: str, slug: str, body: Any) -> Any:
    return Client().post(
        f"/api/v1/packages/{slug}/take", body, content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )  # fmt: skip


def test_from_the_key_to_the_access() -> None:
    alice, bob = people.alice(), people.bob()
    package = stage.package_of((alice, 3_600), price_minor=40_000)
    _, key = api_keys.make(owner=bob.membership, name="trainer", scopes=["read", "take"], days=30)
    wanted = {"accept_licence": package.licence.sha256}
    refused = take(key, package.slug, wanted)
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "no_plan")
    with_plan(bob)
    for body in ({}, {"accept_licence": "0" * 64}):
        unread = take(key, package.slug, body)
        assert (unread.status_code, unread.json()["error"]["code"]) == (422, "licence_not_accepted")
        assert package.licence.sha256 in unread.json()["error"]["message"]
    assert take(key, package.slug, "[1").status_code == 400
    done = take(key, package.slug, wanted)
    assert done.status_code == 200
    assert done.json()["package"] == package.slug
    assert take(key, package.slug, wanted).json() == done.json()
    assert stage.earned(alice) == [600]
    assert LicenceAcceptance.objects.get().user == bob
    seen = Client().get("/api/v1/usage", headers={"Authorization": f"Bearer {key}"}).json()
    assert [(one["included_hours"], one["used_hours"]) for one in seen["periods"]] == [(10.0, 1.0)]
    assert [one["package"] for one in seen["uses"]] == [package.slug]


def test_hours_that_do_not_suffice_are_refused_in_a_sentence() -> None:
    alice, bob = people.alice(), people.bob()
    with_plan(bob, hours=1)
    package = stage.package_of((alice, 3_660))
    _, key = api_keys.make(owner=bob.membership, name="trainer", scopes=["take"], days=30)
    refused = take(key, package.slug, {"accept_licence": package.licence.sha256})
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "hours_used_up")
    assert "1 h 01 min long and your plan has 60 minutes left" in refused.json()["error"]["message"]
    assert PlanPeriod.objects.get().used_ms == 0

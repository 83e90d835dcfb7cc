"""Fin sees revenue, what is due, disputes, events and books, saves all of it, and never sees an original."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from marketplace.models.event import Event
from moderation.finance import TABLES
from payouts import checks, plan_use
from payouts.models import StripeEvent
from tests import people
from tests.buyers.checkout import signed_in
from tests.payouts import stage
from tests.payouts.test_plan_api import with_plan

pytestmark = pytest.mark.django_db


def saved(browser: object, name: str) -> list[dict[str, str]]:
    answer = browser.get(f"/desk/finance/{name}.csv")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_fin_sees_what_was_sold_what_is_owed_and_that_the_books_hold() -> None:
    alice = people.alice()
    stage.sold(stage.package_of((alice, 20), price_minor=10_000))
    StripeEvent.objects.create(stripe_id="evt_1", kind="=cmd|x", payload={})
    fin = signed_in(people.staff("fin@example.org", "Finance"))
    page = fin.get("/desk/finance/").content.decode()
    assert "$70.00" in page
    assert "$30.00" in page
    assert alice.email in page
    assert all(escape(rule.meaning) in page for rule in checks.RULES)
    (month,) = saved(fin, "revenue")
    assert (month["revenue_minor"], month["contributors_minor"], month["currency"]) == ("7000", "3000", "usd")
    (due,) = saved(fin, "due")
    assert (due["contributor"], due["owed_minor"]) == (alice.email, "3000")
    assert saved(fin, "events")[0]["kind"] == "'=cmd|x", "no spreadsheet takes it for a formula"
    assert {row["state"] for row in saved(fin, "books")} == {"holds"}
    assert fin.get("/desk/finance/nothing.csv").status_code == 404


def test_fin_sees_what_plans_have_paid_and_not_used() -> None:
    alice, bob = people.alice(), people.bob()
    with_plan(bob)
    package = stage.package_of((alice, 3_600))
    plan_use.take(
        member=bob.membership,
        package=package,
        accepted_sha256=package.licence.sha256,
        address_prefix="",
        agent="",
    )
    fin = signed_in(people.staff("fin@example.org", "Finance"))
    (row,) = saved(fin, "plans")
    assert (row["hours"], row["used"], row["paid_minor"], row["unused_minor"]) == (
        "10.0",
        "1.0",
        "20000",
        "18000",
    )
    (month,) = saved(fin, "revenue")
    assert (month["revenue_minor"], month["contributors_minor"]) == ("1400", "600")
    assert "$180.00" in fin.get("/desk/finance/").content.decode()
    assert {row["state"] for row in saved(fin, "books")} == {"holds"}


def test_every_table_can_be_saved_when_it_is_empty() -> None:
    fin = signed_in(people.staff("fin@example.org", "Finance"))
    assert fin.get("/desk/finance/").status_code == 200
    for name in TABLES:
        assert fin.get(f"/desk/finance/{name}.csv").status_code == 200


def test_taking_the_tax_report_is_written_down() -> None:
    stage.sold(stage.package_of((people.alice(), 20), price_minor=10_000))
    fin = signed_in(people.staff("fin@example.org", "Finance"))
    answer: Any = fin.get(f"/desk/finance/tax/{timezone.now().year}.csv")
    assert b"alice@example.org" in b"".join(answer.streaming_content)
    assert Event.objects.filter(verb="finance.tax_export", actor__email="fin@example.org").count() == 1


@pytest.mark.parametrize("role", ["Moderators", "Curators", ""])
def test_others_at_the_desk_and_elsewhere_see_none_of_it(role: str) -> None:
    person = people.staff("x@example.org", role) if role else people.bob()
    browser = signed_in(person)
    for address in ("/desk/finance/", "/desk/finance/revenue.csv", "/desk/finance/tax/2026.csv"):
        assert browser.get(address).status_code in (302, 403)


def test_finance_never_sees_an_original() -> None:
    clip = people.make_clip(people.make_footage(people.alice()))
    fin = signed_in(people.staff("fin@example.org", "Finance"))
    for address in (
        reverse("moderation:original", args=[clip.pk]),
        reverse("moderation:original", args=[clip.footage_id]),
        reverse("moderation:review", args=[clip.pk]),
        "/desk/marketplace/footage/",
    ):
        assert fin.get(address).status_code in (302, 403, 404), address

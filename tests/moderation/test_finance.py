"""Fin, finance staff: refunds, answers to disputes, policies for days to come; nobody else."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from buyers.models import Download, Entitlement, LicenceAcceptance, Order
from buyers.stripe_api import client as stripe_client
from marketplace.models import User
from payouts import ledger, policies, transfers
from payouts.models import Dispute, Refund, SoldLine, SplitPolicy, Transfer
from tests import people
from tests.payouts.stage import Simulator, package_of, past_hold, sold

pytestmark = pytest.mark.django_db


@pytest.fixture
def sim(stripe_simulator: str) -> Simulator:
    return Simulator(stripe_simulator)


@pytest.fixture
def fin(client: Client, db: None) -> Client:
    client.force_login(people.staff("fin@example.org", "Finance"))
    return client


@pytest.fixture
def order(sim: Simulator, db: None) -> Order:
    order = people.make_order(people.bob(), package_of((people.alice(), 10)))
    sim.pays(order)
    sim.deliver("checkout.session.completed")
    order.refresh_from_db()
    return order


def owner(order: Order) -> User:
    return order.lines.get().version.clips.get().footage.owner


def desk(name: str, row: Any) -> str:
    """Give the address under which the actions of a row are."""
    return reverse(f"admin:{name}_change", args=[row.pk]).removesuffix("change/")


def page(order: Order) -> str:
    return desk("buyers_order", order) + "refund/"


def fields(**changed: Any) -> dict[str, Any]:
    return {"amount": "100.00", "reason": "A clip was broken", "sure": "on", "seen": "0", **changed}


def test_fin_refunds_a_part_with_a_reason(fin: Client, order: Order) -> None:
    address = page(order)
    shown = fin.get(address).content.decode()
    assert 'value="250.00"' in shown
    assert "Up to $250.00." in shown
    assert fin.post(address, fields()).status_code == 302
    made = Refund.objects.get()
    assert (made.amount_minor, made.state, made.reason) == (10_000, "done", "A clip was broken")
    assert made.actor is not None
    assert made.actor.email == "fin@example.org"
    assert ledger.owed_to(owner(order)) == {"usd": 4_500}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sure": ""}, "This field is required"),
        ({"reason": ""}, "This field is required"),
        ({"amount": "0"}, "greater than or equal to 0.01"),
        ({"amount": "0.015"}, "no smaller coins"),
        ({"amount": "250.01"}, "Between $0.01 and $250.00 can be refunded."),
        ({"seen": "500"}, "Somebody refunded a part of this order since you looked"),
    ],
)
def test_a_form_that_is_not_right_refunds_nothing(
    fin: Client, order: Order, changed: dict[str, str], said: str
) -> None:
    answer = fin.post(page(order), fields(**changed))
    assert said in answer.content.decode()
    assert not Refund.objects.exists()


def test_others_cannot_refund_or_answer(client: Client, sim: Simulator, order: Order) -> None:
    sim.control("disputes", {"charge": order.stripe_charge})
    sim.deliver("charge.dispute.created")
    dispute = desk("payouts_dispute", Dispute.objects.get())
    for person in (people.mo(), people.staff("cora@example.org", "Curators")):
        client.force_login(person)
        assert client.post(page(order), fields()).status_code == 403
        assert client.get(f"{dispute}evidence/").status_code == 403
    assert not Refund.objects.exists()


def test_fin_looks_at_the_evidence_and_sends_it_once(fin: Client, sim: Simulator, order: Order) -> None:
    terms = people.make_terms()
    LicenceAcceptance.objects.create(
        order=order,
        terms=terms,
        text_sha256=terms.sha256,
        user=order.placed_by,
        address_prefix="203.0.113.0/24",
        agent="Firefox",
    )
    entitlement = Entitlement.objects.get()
    Download.objects.create(
        entitlement=entitlement, user=order.placed_by, path="media/a.mp4", address_prefix="203.0.113.0/24"
    )
    told = sim.control("disputes", {"charge": order.stripe_charge})
    sim.deliver("charge.dispute.created")
    row = Dispute.objects.get()
    address = desk("payouts_dispute", row)
    zipped = zipfile.ZipFile(io.BytesIO(fin.get(f"{address}evidence/").content))
    assert terms.text in zipped.read(f"licence-{terms.sha256[:12]}.txt").decode()
    assert json.loads(zipped.read("acceptances.json"))[0]["text_sha256"] == terms.sha256
    assert (
        json.loads(zipped.read("versions.json"))[0]["manifest_sha256"] == entitlement.version.manifest_sha256
    )
    (download,) = csv.DictReader(io.StringIO(zipped.read("downloads.csv").decode()))
    assert (download["by"], download["path"]) == ("bob@example.org", "media/a.mp4")
    assert fin.get(f"{address}answer/").status_code == 200
    assert not stripe_client().v1.disputes.retrieve(told["id"]).evidence_details.submission_count
    for _ in range(2):
        fin.post(f"{address}answer/")
    found = stripe_client().v1.disputes.retrieve(told["id"])
    assert found.evidence_details.submission_count == 1
    assert "media/a.mp4" in str(found.evidence.access_activity_log)
    assert terms.sha256 in str(found.evidence.uncategorized_text)


def test_a_transfer_that_came_back_goes_with_the_next_run_when_released(
    fin: Client, sim: Simulator, order: Order
) -> None:
    sim.has_money()
    sim.account_for(owner(order))
    transfers.run(now=past_hold())
    row = Transfer.objects.get()
    sim.deliver("transfer.created")
    address = desk("payouts_transfer", row)
    assert fin.get(f"{address}take-back/").status_code == 200
    assert Transfer.objects.get().state == "settled"
    fin.post(f"{address}take-back/")
    assert Transfer.objects.get().state == "reversed"
    assert ledger.owed_to(owner(order)) == {"usd": 7_500}
    transfers.run(now=past_hold())
    assert len(sim.transfers()) == 1  # not before somebody has looked at it
    fin.post(f"{address}release/")
    fin.post(f"{address}release/")
    transfers.run(now=past_hold())
    assert [one.amount for one in sim.transfers()] == [7_500, 7_500]
    assert ledger.owed_to(owner(order)) == {"usd": 0}


def test_a_policy_is_for_sales_to_come_and_each_sale_keeps_its_own(fin: Client) -> None:
    alice, now = people.alice(), timezone.now()
    first = sold(package_of((alice, 10)), people.bob())
    add = reverse("admin:payouts_splitpolicy_add")
    starts = now - timedelta(hours=1)
    values = {
        "vertical": "driving",
        "share_percent": "40",
        "minute_least_minor": "60",
        "minute_most_minor": "240",
    }
    late = {**values, "starts_at_0": f"{starts:%Y-%m-%d}", "starts_at_1": f"{starts:%H:%M:%S}"}
    assert "A policy starts in the future" in fin.post(add, late).content.decode()
    soon = now + timedelta(days=30)
    fin.post(add, {**values, "starts_at_0": f"{soon:%Y-%m-%d}", "starts_at_1": f"{soon:%H:%M:%S}"})
    row = SplitPolicy.objects.get()
    assert row.made_by is not None
    assert policies.in_force("driving").share_percent == 30
    after = policies.in_force("driving", at=soon + timedelta(minutes=1))
    assert after.sentence == (
        "Driving: 40 % of every sale, shared by the seconds of each clip in the package, and $0.60 to $2.40, by "
        "quality, for every minute that is approved."
    )
    assert after.minute_rate(Decimal("0.5")) == 150
    assert [one.share_percent for one in policies.to_come()] == [40]
    assert SoldLine.objects.get(line__order=first).share_percent == 30
    SplitPolicy.objects.create(vertical="driving", starts_at=now, share_percent=40)
    second = sold(package_of((alice, 10), slug="later"), people.bob("eve@example.org", "Eve AI"))
    assert SoldLine.objects.get(line__order=second).pool_minor == 10_000
    with pytest.raises(ValidationError):
        SplitPolicy(vertical="driving", starts_at=now, share_percent=101).full_clean()

"""What a bank is shown in a dispute: the accepted licence, what was delivered, and who downloaded it; once."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pytest
from django.urls import reverse

from buyers.models import Download, Entitlement, LicenceAcceptance, Order
from buyers.stripe_api import client
from marketplace.models import LicenceTerms
from marketplace.models.event import Event
from payouts import evidence
from payouts.models import Dispute
from tests import people
from tests.buyers.checkout import signed_in
from tests.payouts.stage import Simulator, package_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def dispute(sim: Simulator, db: None) -> Dispute:
    """Bob accepted the licence, paid, downloaded one file, and says that he never bought anything."""
    bob = people.bob()
    order = people.make_order(bob, package_of((people.alice(), 10)))
    terms = LicenceTerms.objects.latest("pk")
    LicenceAcceptance.objects.create(
        order=order,
        terms=terms,
        text_sha256=terms.sha256,
        user=bob,
        address_prefix="203.0.113.0/24",
        agent="X",
    )
    sim.pays(order)
    sim.deliver("checkout.session.completed")
    Download.objects.create(
        entitlement=Entitlement.objects.get(), user=bob, path="clips/1.mp4", address_prefix="203.0.113.0/24"
    )
    sim.control("disputes", {"charge": Order.objects.get().stripe_charge})
    sim.deliver("charge.dispute.created")
    return Dispute.objects.get()


def test_the_pack_holds_acceptance_access_log_and_version(dispute: Dispute) -> None:
    order = Order.objects.get()
    assert dispute.of == order
    version, accepted = order.lines.get().version, order.acceptances.get()
    with zipfile.ZipFile(io.BytesIO(evidence.pack(dispute))) as zipped:
        files = {name: zipped.read(name).decode() for name in zipped.namelist()}
    assert json.loads(files["acceptances.json"])[0]["text_sha256"] == accepted.text_sha256
    assert files[f"licence-{accepted.text_sha256[:12]}.txt"] == accepted.terms.text
    assert json.loads(files["versions.json"])[0]["manifest_sha256"] == version.manifest_sha256
    (download,) = csv.DictReader(io.StringIO(files["downloads.csv"]))
    assert (download["by"], download["path"]) == ("bob@example.org", "clips/1.mp4")
    assert "Downloads: 1 links were given to 1 people of the buyer." in files["summary.txt"]


def test_it_goes_to_the_bank_once_and_a_decided_dispute_takes_none(sim: Simulator, dispute: Dispute) -> None:
    sent = evidence.send(dispute=dispute)
    there = client().v1.disputes.retrieve(dispute.stripe_id)
    assert "clips/1.mp4" in (there.evidence.access_activity_log or "")
    assert there.evidence_details.submission_count == 1
    assert sent.evidence_sent_at is not None
    with pytest.raises(evidence.NotSent, match="a bank takes it once"):
        evidence.send(dispute=dispute)


def test_with_stripe_away_it_can_be_sent_again(sim: Simulator, dispute: Dispute) -> None:
    sim.control("fail", {"status": 500, "method": "POST", "path": "/v1/disputes", "count": 3})
    with pytest.raises(evidence.NotSent, match="safe to"):
        evidence.send(dispute=dispute)
    assert evidence.send(dispute=dispute).evidence_sent_at is not None


def test_fin_looks_at_it_and_sends_it_and_nobody_else_can(dispute: Dispute) -> None:
    pack = reverse("admin:payouts_dispute_evidence_pack", args=[dispute.pk])
    send = reverse("admin:payouts_dispute_send_evidence", args=[dispute.pk])
    mo = signed_in(people.mo())
    assert (mo.get(pack).status_code, mo.post(send).status_code) == (403, 403)
    fin = signed_in(people.staff("fin@example.org", "Finance"))
    assert fin.get(pack).content.startswith(b"PK")
    assert b"A bank takes evidence once" in fin.get(send).content
    fin.post(send)
    dispute.refresh_from_db()
    assert dispute.evidence_sent_at is not None
    assert Event.objects.filter(verb="dispute.evidence_sent", actor__email="fin@example.org").count() == 1

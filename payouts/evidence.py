"""What we show a bank in a dispute: who accepted which licence, what was delivered, and what was downloaded."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import stripe
from django.db import transaction
from django.utils import timezone

from buyers.models import Order, PlanPeriod
from buyers.stripe_api import client
from marketplace.models.event import record
from payouts import order_evidence, plan_evidence
from payouts.models import Dispute

LONGEST = 20_000  # of one of Stripe's fields of evidence


class NotSent(Exception):
    """Say in one sentence why the evidence did not go to the bank."""


def pack(dispute: Dispute) -> bytes:
    """Write the evidence as a ZIP: a summary, the accepted texts, what was delivered, and each download."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in _files(dispute).items():
            zipped.writestr(name, text)
    return file.getvalue()


def _files(dispute: Dispute) -> dict[str, str]:
    of = dispute.of
    if isinstance(of, PlanPeriod):
        return plan_evidence.files(of)
    orders = Order.objects.filter(pk=of.pk)
    return {"summary.txt": order_evidence.summary(of), **order_evidence.files(orders)}


def send(*, dispute: Dispute, actor: Any = None) -> Dispute:
    """Hand the evidence to the bank through Stripe; it can be done once. Raises NotSent."""
    with transaction.atomic():
        row = Dispute.objects.select_for_update().get(pk=dispute.pk)
        if row.closed:
            raise NotSent("The bank has decided already.")
        if row.evidence_sent_at is not None:
            raise NotSent("The evidence was sent already; a bank takes it once.")
        try:
            client().v1.disputes.update(
                row.stripe_id,
                {"evidence": _fields(row), "submit": True},
                {"idempotency_key": f"evidence-{row.stripe_id}"},
            )
        except stripe.StripeError as error:
            raise NotSent(
                f"Stripe did not take it: {error.user_message or 'no answer'} Try again; it is safe to."
            ) from error
        row.evidence_sent_at = timezone.now()
        row.save(update_fields=["evidence_sent_at"])
        record("dispute.evidence_sent", subject=row, actor=actor)
    return row


def _fields(dispute: Dispute) -> Any:
    """Fill in Stripe's fields of evidence, each as long as it may be at most."""
    of = dispute.of
    given = plan_evidence.fields(of) if isinstance(of, PlanPeriod) else order_evidence.fields(of)
    return {name: text[:LONGEST] for name, text in given.items()}

"""What we show a bank in a dispute: who accepted which licence, what was delivered, and what was downloaded."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any

import stripe
from django.db import transaction
from django.utils import timezone

from buyers.models import Download, Entitlement, LicenceAcceptance, Order
from buyers.stripe_api import client
from marketplace.models import PackageObject
from marketplace.models.event import record
from marketplace.money import Money
from payouts.models import Dispute

LONGEST = 20_000  # of one of Stripe's fields of evidence


class NotSent(Exception):
    """Say in one sentence why the evidence did not go to the bank."""


def pack(dispute: Dispute) -> bytes:
    """Write the evidence as a ZIP: a summary, the accepted texts, what was delivered, and each download."""
    order = dispute.order
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("summary.txt", summary(order))
        zipped.writestr("acceptances.json", json.dumps(_acceptances(order), indent=2))
        zipped.writestr("versions.json", json.dumps(_versions(order), indent=2))
        zipped.writestr("downloads.csv", _downloads(order))
        for accepted in order.acceptances.select_related("terms"):
            zipped.writestr(f"licence-{accepted.text_sha256[:12]}.txt", accepted.terms.text)
    return file.getvalue()


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
                {"evidence": _fields(row.order), "submit": True},
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


def _fields(order: Order) -> Any:
    names = ", ".join(order.lines.values_list("title", flat=True))
    first = order.paid_at or order.created_at
    return {
        "product_description": f"Licensed video data sets, delivered by download: {names}"[:LONGEST],
        "customer_name": str(order.organisation),
        "customer_email_address": order.placed_by.email,
        "service_date": f"{first:%Y-%m-%d}",
        "access_activity_log": _log(order)[:LONGEST],
        "uncategorized_text": summary(order)[:LONGEST],
    }


def summary(order: Order) -> str:
    """Tell the story of an order in lines that a person at a bank reads in a minute."""
    total = Money(order.total_minor, order.currency)
    lines = [
        f"{order} of {order.organisation} ({order.organisation.country}), {total}.",
        f"Placed by {order.placed_by.email} on {order.created_at:%Y-%m-%d %H:%M} UTC.",
    ]
    if order.paid_at:
        lines.append(f"Paid on {order.paid_at:%Y-%m-%d %H:%M} UTC, payment {order.stripe_payment_intent}.")
    for one in _acceptances(order):
        lines.append(
            f"{one['by']} ticked “{one['terms']}” on {one['at']} from {one['address_prefix']}; SHA-256 of the text "
            f"{one['text_sha256']}."
        )
    for one in _versions(order):
        lines.append(
            f"Delivered: {one['title']}, version {one['version']}, {one['files']} files, access until {one['until']}; "
            f"SHA-256 of the manifest {one['manifest_sha256']}."
        )
    rows = Download.objects.filter(entitlement__line__order=order)
    people = rows.order_by().values("user").distinct().count()
    lines.append(f"Downloads: {rows.count()} links were given to {people} people of the buyer.")
    return "\n".join(lines)


def _acceptances(order: Order) -> list[dict[str, str]]:
    rows = LicenceAcceptance.objects.filter(order=order).select_related("terms", "user").order_by("pk")
    return [
        {
            "terms": str(row.terms),
            "text_sha256": row.text_sha256,
            "by": row.user.email,
            "at": row.at.isoformat(timespec="seconds"),
            "address_prefix": row.address_prefix,
            "agent": row.agent,
        }
        for row in rows
    ]


def _versions(order: Order) -> list[dict[str, Any]]:
    rows = (
        Entitlement.objects.filter(line__order=order)
        .select_related("version__package", "line")
        .order_by("pk")
    )
    return [
        {
            "title": row.line.title,
            "package": row.version.package.slug,
            "version": row.version.number,
            "manifest_sha256": row.version.manifest_sha256,
            "files": PackageObject.objects.filter(version=row.version).count(),
            "since": row.starts_at.isoformat(timespec="seconds"),
            "until": row.until.isoformat(timespec="seconds"),
        }
        for row in rows
    ]


def _downloads(order: Order) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["at", "by", "address_prefix", "package", "version", "path"])
    rows = Download.objects.filter(entitlement__line__order=order)
    for row in rows.select_related("user", "entitlement__version__package").order_by("at").iterator():
        version = row.entitlement.version
        writer.writerow(
            [
                row.at.isoformat(),
                row.user.email,
                row.address_prefix,
                version.package.slug,
                version.number,
                row.path,
            ]
        )
    return file.getvalue()


def _log(order: Order) -> str:
    rows = Download.objects.filter(entitlement__line__order=order).select_related("user").order_by("at")
    return "\n".join(
        f"{row.at:%Y-%m-%d %H:%M:%S} UTC {row.user.email} from {row.address_prefix}: {row.path}"
        for row in rows[:200]
    )

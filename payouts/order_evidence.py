"""What proves an order: who accepted which licence, what was delivered, and what was downloaded."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from buyers.models import Download, Entitlement, LicenceAcceptance, Order
from marketplace.models import LicenceTerms, PackageObject
from marketplace.money import Money
from payouts.table import harmless

MOST = 200  # lines of a log that a person at a bank looks through


def files(orders: QuerySet[Order]) -> dict[str, str]:
    """Give the files of some orders: acceptances and their texts, what was delivered, each download."""
    accepted = LicenceTerms.objects.filter(licenceacceptance__order__in=orders).distinct()
    return {
        "acceptances.json": json.dumps(acceptances(orders), indent=2),
        "versions.json": json.dumps(versions(orders), indent=2),
        "downloads.csv": downloads(orders),
        **{f"licence-{terms.sha256[:12]}.txt": terms.text for terms in accepted},
    }


def fields(order: Order) -> dict[str, str]:
    """Give Stripe's fields of evidence for an order."""
    names = ", ".join(order.lines.values_list("title", flat=True))
    return {
        "product_description": f"Licensed video data sets, delivered by download: {names}",
        "customer_name": str(order.organisation),
        "customer_email_address": order.placed_by.email,
        "service_date": f"{order.paid_at or order.created_at:%Y-%m-%d}",
        "access_activity_log": log(Order.objects.filter(pk=order.pk)),
        "uncategorized_text": summary(order),
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
    return "\n".join([*lines, *delivered(Order.objects.filter(pk=order.pk))])


def delivered(orders: QuerySet[Order]) -> list[str]:
    """Say of some orders which licence was accepted, what was delivered, and how much of it was downloaded."""
    lines = [
        f"{one['by']} ticked “{one['terms']}” on {one['at']} from {one['address_prefix']}; SHA-256 of the text "
        f"{one['text_sha256']}."
        for one in acceptances(orders)
    ]
    lines += [
        f"Delivered: {one['title']}, version {one['version']}, {one['files']} files, access until {one['until']}; "
        f"SHA-256 of the manifest {one['manifest_sha256']}."
        for one in versions(orders)
    ]
    rows = Download.objects.filter(entitlement__line__order__in=orders)
    people = rows.order_by().values("user").distinct().count()
    lines.append(f"Downloads: {rows.count()} links were given to {people} people of the buyer.")
    return lines


def acceptances(orders: QuerySet[Order]) -> list[dict[str, str]]:
    """List who accepted which licence for these orders, when and from where."""
    rows = LicenceAcceptance.objects.filter(order__in=orders).select_related("terms", "user").order_by("pk")
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


def versions(orders: QuerySet[Order]) -> list[dict[str, Any]]:
    """List what these orders gave access to, by the checksum of its manifest."""
    rows = Entitlement.objects.filter(line__order__in=orders).select_related("version__package", "line")
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
        for row in rows.order_by("pk")
    ]


def downloads(orders: QuerySet[Order]) -> str:
    """Write every link that was given out for these orders as CSV."""
    rows = Download.objects.filter(entitlement__line__order__in=orders)
    rows = rows.select_related("user", "key", "entitlement__version__package").order_by("at")
    return table(
        ["at", "by", "key", "address_prefix", "package", "version", "path"],
        (
            [
                row.at.isoformat(), row.user.email, row.key or "", row.address_prefix,
                row.entitlement.version.package.slug, row.entitlement.version.number, row.path,
            ]
            for row in rows.iterator()
        ),
    )  # fmt: skip


def table(columns: list[str], rows: Iterable[list[Any]]) -> str:
    """Write rows as CSV, no cell of which a spreadsheet takes for a formula."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows([harmless(str(cell)) for cell in row] for row in rows)
    return file.getvalue()


def log(orders: QuerySet[Order]) -> str:
    """Write the first downloads as lines."""
    rows = Download.objects.filter(entitlement__line__order__in=orders).select_related("user", "key")
    return "\n".join(
        f"{row.at:%Y-%m-%d %H:%M:%S} UTC {row.user.email} from {row.address_prefix}"
        f"{f' by API key {row.key}' if row.key else ''}: {row.path}"
        for row in rows.order_by("at")[:MOST]
    )

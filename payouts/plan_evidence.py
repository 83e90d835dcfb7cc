"""What proves a plan's month: who accepted its terms, what its hours went to, which keys used the API."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import QuerySet

from buyers.models import ApiDay, Order, PlanAcceptance, PlanPeriod
from buyers.plan_hours import in_words
from buyers.plans import titled
from marketplace.money import Money
from payouts import order_evidence
from payouts.order_evidence import table


def files(period: PlanPeriod) -> dict[str, str]:
    """Give the files of a month: a summary, the accepted terms, the hours, the API's log, and what was delivered."""
    accepted = _accepted(period)
    return {
        "summary.txt": summary(period),
        "plan-acceptances.json": json.dumps([_acceptance(row) for row in accepted], indent=2),
        **{f"plan-terms-{row.text_sha256[:12]}.txt": row.text for row in accepted},
        "hours.json": json.dumps(_hours(period), indent=2),
        "api-log.csv": table(
            ["day", "key", "made_by", "address_prefix", "first_at", "last_at", "minutes"],
            (
                [
                    row.day, row.key, row.key.made_by.email, row.address_prefix, row.first_at.isoformat(),
                    row.last_at.isoformat(), row.minutes,
                ]
                for row in _api_days(period)
            ),
        ),
        **order_evidence.files(_orders(period)),
    }  # fmt: skip


def fields(period: PlanPeriod) -> dict[str, str]:
    """Give Stripe's fields of evidence for a month."""
    owner = period.subscription.made_by
    return {
        "product_description": f"A month of the plan {titled(period.plan)}: {in_words(period.included_ms)} of licensed "
        "video data sets, taken by download and by API.",
        "customer_name": str(period.organisation),
        "customer_email_address": owner.email,
        "service_date": f"{period.starts_at:%Y-%m-%d}",
        "access_activity_log": "\n".join([*_api_lines(period), order_evidence.log(_orders(period))]),
        "cancellation_policy_disclosure": "\n\n".join(row.text for row in _accepted(period)),
        "uncategorized_text": summary(period),
    }


def summary(period: PlanPeriod) -> str:
    """Tell the story of a month in lines that a person at a bank reads in a minute."""
    total = Money(period.total_minor, period.currency)
    lines = [
        f"Plan {titled(period.plan)} of {period.organisation} ({period.organisation.country}), "
        f"{period.starts_at:%Y-%m-%d} to {period.ends_at:%Y-%m-%d}, {total}, paid on "
        f"{period.paid_at:%Y-%m-%d %H:%M} UTC, invoice {period.stripe_invoice_id}."
    ]
    lines += [
        f"{row.user.email} accepted the terms of {titled(row.plan)} on {row.at:%Y-%m-%d %H:%M} UTC from "
        f"{row.address_prefix or 'an address that was not kept'}; SHA-256 of the text {row.text_sha256}."
        for row in _accepted(period)
    ]
    lines.append(f"Used: {in_words(period.used_ms)} of {in_words(period.included_ms)}.")
    lines += [
        f"Taken with it on {one['at']} by {one['by']}: {one['title']}, {one['time']}."
        for one in _hours(period)
    ]
    return "\n".join([*lines, *order_evidence.delivered(_orders(period)), *_api_lines(period)])


def _accepted(period: PlanPeriod) -> QuerySet[PlanAcceptance]:
    rows = PlanAcceptance.objects.filter(subscription=period.subscription_id, at__lte=period.paid_at)
    return rows.select_related("user")


def _acceptance(row: PlanAcceptance) -> dict[str, str]:
    return {
        "plan": row.plan,
        "text_sha256": row.text_sha256,
        "by": row.user.email,
        "at": row.at.isoformat(timespec="seconds"),
        "address_prefix": row.address_prefix,
        "agent": row.agent,
    }


def _hours(period: PlanPeriod) -> list[dict[str, Any]]:
    rows = period.uses.select_related("order__placed_by").prefetch_related("order__lines").order_by("pk")
    return [
        {
            "at": row.at.isoformat(timespec="seconds"),
            "by": row.order.placed_by.email,
            "order": row.order.short_number,
            "title": ", ".join(line.title for line in row.order.lines.all()),
            "time": in_words(row.ms),
            "worth": str(Money(row.value_minor, period.currency)),
        }
        for row in rows
    ]


def _orders(period: PlanPeriod) -> QuerySet[Order]:
    return Order.objects.filter(plan_uses__period=period)


def _api_days(period: PlanPeriod) -> QuerySet[ApiDay]:
    days = (period.starts_at.date(), period.ends_at.date())
    rows = ApiDay.objects.filter(key__organisation=period.organisation_id, day__range=days)
    return rows.select_related("key__made_by")


def _api_lines(period: PlanPeriod) -> list[str]:
    return [
        f"{row.day}: API key {row.key} of {row.key.made_by.email} from {row.address_prefix}, {row.minutes} minutes "
        f"between {row.first_at:%H:%M} and {row.last_at:%H:%M} UTC."
        for row in _api_days(period)[: order_evidence.MOST]
    ]

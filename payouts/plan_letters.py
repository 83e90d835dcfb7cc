"""What people are told when a plan's month is taken back: the organisation what closed, contributors what they keep."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Sum
from django.template.loader import render_to_string
from django.urls import reverse

from buyers import billing
from buyers.models import PlanPeriod
from buyers.plans import titled
from marketplace.models import User
from marketplace.money import Money
from marketplace.states import OrderState
from payouts.models import Earning

SENTENCES = {
    OrderState.PAID: "The payment stands: what is left of the month's hours and what was taken with it are open again.",
    OrderState.REFUNDED: "The whole month was given back, so its hours and what was taken with it are closed.",
    OrderState.DISPUTED: "Until your bank decides, the month's hours and what was taken with it are closed. If nobody "
    "at your organisation disputed it, tell your bank.",
    OrderState.CHARGED_BACK: "Your bank took the month back, so its hours and what was taken with it are closed, and "
    "the plan does not renew.",
}
PART = "A part was given back; the month's hours stay."


def claimed(*, period: PlanPeriod, was: str, done: list[str]) -> None:
    """Write, once the transaction holds, what has changed of a month, and to contributors when access moved."""
    pk, moved, said = period.pk, was != period.standing, list(done)
    transaction.on_commit(lambda: _send(pk, moved, said))


def _send(pk: uuid.UUID, moved: bool, done: list[str]) -> None:
    period = PlanPeriod.objects.select_related("organisation", "subscription__made_by").get(pk=pk)
    state = OrderState(period.standing)
    context = {"period": period, "title": titled(period.plan), "done": done, "site_url": settings.SITE_URL}
    details = billing.of(period.organisation)
    to = {period.subscription.made_by.email, *([details.email] if details and details.email else [])}
    said = SENTENCES[state] if moved else PART
    url = settings.SITE_URL + reverse("buyers:plan")
    _write(
        "plan_claimed",
        sorted(to),
        "The payment of your plan has changed",
        {**context, "said": said, "url": url},
    )
    if moved:
        _tell_people(period, context)


def _tell_people(period: PlanPeriod, context: dict[str, Any]) -> None:
    mine = Earning.objects.filter(transaction__order__plan_uses__period=period)
    sums = mine.order_by().values("contributor", "currency").annotate(total=Sum("amount_minor"))
    for row in sums:
        person = User.objects.get(pk=row["contributor"])
        titles = mine.filter(contributor=person, line__isnull=False).values_list("line__title", flat=True)
        more = {
            "person": person,
            "titles": sorted(set(titles)),
            "keeps": Money(row["total"], row["currency"]),
            "url": settings.SITE_URL + reverse("payouts:earnings"),
        }
        _write(
            "plan_share",
            [person.email],
            "A plan's payment has changed; your share stays",
            {**context, **more},
        )


def _write(template: str, to: list[str], subject: str, context: dict[str, Any]) -> None:
    body = render_to_string(f"payouts/emails/{template}.txt", context)
    # A mail server that is down must not undo what was booked: the pages say the same.
    send_mail(f"[Fairframe] {subject}", body, None, to, fail_silently=True)

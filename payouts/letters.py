"""What people are told when a buyer takes money back: a sentence with the figures, and what happens next."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Sum
from django.template.loader import render_to_string
from django.urls import reverse

from buyers.models import Order
from marketplace.money import Money
from marketplace.states import OrderState
from payouts import ledger
from payouts.models import Earning


def tell(*, order: Order, was: str, people: Iterable[Any], done: list[str]) -> None:
    """Write, once the transaction holds, to everyone whose share moved, and when access moved to the buyer."""
    pk, moved = order.pk, was != order.state
    reached = {person.pk for person in people}
    if moved and OrderState.DISPUTED in (was, order.state):  # their money waits, or waits no more
        shares = Earning.objects.filter(transaction__order=order)
        reached |= set(shares.values_list("contributor_id", flat=True))
    state = order.get_state_display()
    transaction.on_commit(lambda: _send(pk, sorted(reached), state if moved else "", done))


def _send(pk: uuid.UUID, people: list[int], state: str, done: list[str]) -> None:
    order = Order.objects.select_related("placed_by").get(pk=pk)
    context = {"order": order, "state": state, "done": done, "site_url": settings.SITE_URL}
    if state:
        url = settings.SITE_URL + reverse("buyers:order", args=[pk])
        _write("buyer", order.placed_by, f"{order}: the payment has changed", {**context, "url": url})
    rows = Earning.objects.filter(transaction__order=order, contributor__in=people)
    sums = rows.order_by().values("contributor").annotate(total=Sum("amount_minor"))
    left = {row["contributor"]: row["total"] for row in sums}
    for row in (
        rows.select_related("contributor", "line").order_by("contributor", "pk").distinct("contributor")
    ):
        person = row.contributor
        balance = ledger.owed_to(person).get(order.currency, 0)
        mine = {
            "person": person,
            "titles": sorted(
                set(order.lines.filter(earnings__contributor=person).values_list("title", flat=True))
            ),
            "left": Money(left[person.pk], order.currency),
            "balance": Money(balance, order.currency),
            "below": balance < 0,
            "disputed": order.state == OrderState.DISPUTED,
            "url": settings.SITE_URL + reverse("payouts:earnings"),
        }
        _write("contributor", person, "A sale of your footage has changed", {**context, **mine})


def _write(template: str, person: Any, subject: str, context: dict[str, Any]) -> None:
    body = render_to_string(f"payouts/emails/{template}.txt", context)
    # A mail server that is down must not undo what was booked: the pages say the same.
    send_mail(f"[Fairframe] {subject}", body, None, [person.email], fail_silently=True)

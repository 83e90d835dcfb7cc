"""The storm's plans: what an organisation, its card and its bank do with a subscription, drawn at random and done."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import stripe
from django.db import transaction
from django.db.models import Sum

from buyers import subscriptions
from buyers.models import Document, PlanPeriod, Subscription
from buyers.stripe_api import client
from buyers.subscriptions import SubscriptionRefused
from marketplace.models import Package, User
from payouts import plan_use, plans
from payouts.models import Dispute, LedgerLine, Refund
from payouts.plan_use import PlanRefused
from tests.payouts.stage import Simulator

Step = tuple[Any, ...]
GOOD, DECLINED = "4242424242424242", "4000000000000002"
SLUGS = ("start", "team", "scale")


def draw(rng: random.Random, phase: int) -> list[Step]:
    """Draw what happens with a plan in one phase, beside the claims on its months."""
    if phase == 0:
        return [("subscribe", rng.choice(SLUGS), rng.random() < 0.9)]
    return rng.choices(
        [
            ("renew", GOOD),
            ("renew", DECLINED),
            ("change", rng.choice(SLUGS)),
            ("cancel", True),
            ("cancel", False),
            ("end",),
            ("take",),
            ("over", rng.randrange(3)),
        ],
        weights=[5, 3, 3, 2, 1, 1, 5, 1],
        k=rng.randint(1, 4),
    )


class Plan:
    """One organisation's plan at Stripe and here."""

    def __init__(self, sim: Simulator, owner: User, packages: list[Package]) -> None:
        self.sim, self.owner, self.packages = sim, owner, packages
        self.session = ""

    def do(self, step: Step) -> None:
        """Do one step; one that cannot happen now does not happen."""
        acts: Any = {
            "subscribe": self._subscribe, "renew": self._renew, "change": self._change, "cancel": self._cancel,
            "end": self._end, "take": self._take, "over": self._over,
        }  # fmt: skip
        acts[step[0]](*step[1:])

    def charge(self, number: int) -> Any:
        """Find the payment of a month, oldest first; None while nothing is paid."""
        sub = self._at_stripe()
        paid = client().v1.invoices.list({"subscription": sub.id, "status": "paid"}).data[::-1] if sub else []
        if not paid:
            return None
        invoice = paid[number % len(paid)].id
        [row] = client().v1.invoice_payments.list({"invoice": invoice}).data
        intent: Any = client().v1.payment_intents.retrieve(
            str(row.payment.payment_intent), {"expand": ["latest_charge"]}
        )
        return intent.latest_charge

    def _at_stripe(self) -> Any:
        session: Any = client().v1.checkout.sessions.retrieve(self.session) if self.session else None
        return (
            client().v1.subscriptions.retrieve(session.subscription)
            if session and session.subscription
            else None
        )

    def _subscribe(self, slug: str, good: bool) -> None:
        self.session = subscriptions.start(owner=self.owner.membership, slug=slug).stripe_session_id
        self.sim.attempt(f"sessions/{self.session}/pay", {"card": GOOD if good else DECLINED})

    def _renew(self, card: str) -> None:
        sub = self._at_stripe()
        if sub and sub.status in ("active", "past_due"):
            self.sim.control(f"customers/{sub.customer}/card", {"card": card})
            self.sim.control(f"subscriptions/{sub.id}/renew", {})

    def _change(self, slug: str) -> None:
        with suppress(SubscriptionRefused):
            subscriptions.change(owner=self.owner.membership, slug=slug)

    def _cancel(self, end: bool) -> None:
        with suppress(SubscriptionRefused):
            subscriptions.cancel(owner=self.owner.membership, end=end)

    def _end(self) -> None:
        sub = self._at_stripe()
        if sub:
            with suppress(stripe.InvalidRequestError):
                client().v1.subscriptions.cancel(sub.id)

    def _take(self) -> None:
        if self.packages:
            with suppress(PlanRefused):
                plan_use.take(
                    member=self.owner.membership, package=self.packages[0], address_prefix="", agent="",
                    accepted_sha256=self.packages[0].licence.sha256,
                )  # fmt: skip
                self.packages.pop(0)

    def _over(self, number: int) -> None:
        """A month is over, as beat finds it."""
        with transaction.atomic():
            rows = list(self._periods().filter(closed_at=None).select_for_update().order_by("net_minor"))
            if rows:
                plans.close(rows[number % len(rows)])

    def _periods(self) -> Any:
        return PlanPeriod.objects.filter(organisation=self.owner.membership.organisation)

    def final(self) -> dict[str, Any]:
        """Describe how the plan ended, without ids and times."""
        mine = self._periods()
        organisation = self.owner.membership.organisation
        lines = (
            LedgerLine.objects.filter(transaction__period__in=mine).order_by().values_list("account__kind")
        )
        subs = Subscription.objects.filter(organisation=organisation)
        documents = Document.objects.filter(organisation=organisation, order=None)
        return {
            "subscriptions": sorted(
                (row.state, row.plan, row.price_minor, row.ends_with_period, bool(row.unpaid_invoice)) for row in subs
            ),
            "months": sorted(
                (
                    row.plan, row.standing, row.revoked_at is None, row.closed_at is None, row.used_ms, row.used_minor,
                    row.net_minor, row.back_minor,
                )
                for row in mine
            ),
            "plan books": sorted(lines.annotate(total=Sum("amount_minor"))),
            "documents": sorted(documents.values_list("kind", "total_minor")),
            "plan refunds": sorted(Refund.objects.filter(period__in=mine).values_list("state", "amount_minor")),
            "plan disputes": sorted(Dispute.objects.filter(period__in=mine).values_list("status", "amount_minor")),
        }  # fmt: skip

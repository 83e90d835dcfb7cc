"""What buyers get back: refunds that we give, disputes that their banks decide."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from buyers.models import Order, PlanPeriod

Sold = Order | PlanPeriod
ONE_OF_TWO = models.Q(order__isnull=False, period__isnull=True) | models.Q(
    order__isnull=True, period__isnull=False
)


def _of(order: Order | None, period: PlanPeriod | None) -> Sold:
    found = order or period
    if found is None:
        raise ValueError("Neither an order nor a plan's month: the database refuses such a row.")
    return found


class RefundState(models.TextChoices):
    ASKED = "asked", "Asked for: Stripe has not confirmed it yet."
    DONE = "done", "Done: the money is on its way to the buyer."
    REFUSED = "refused", "Refused by Stripe, for the reason below."
    FAILED = "failed", "Failed: the buyer's bank sent the money back to us."


class Refund(models.Model):
    """Money given back of one order or of a plan's month; its id is Stripe's idempotency key.

    Those made at Stripe itself are here too.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="refunds")
    period = models.ForeignKey(PlanPeriod, null=True, on_delete=models.PROTECT, related_name="refunds")
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=300, help_text="In our words, for the books and the contributors.")
    state = models.CharField(max_length=8, choices=RefundState.choices, default=RefundState.ASKED)
    note = models.TextField(blank=True, help_text="Why Stripe refused it.")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    stripe_id = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="refund_gives_something"),
            models.UniqueConstraint(
                fields=["stripe_id"], condition=~models.Q(stripe_id=""), name="refund_once_at_stripe"
            ),
            models.CheckConstraint(condition=ONE_OF_TWO, name="refund_of_order_or_month"),
        ]

    def __str__(self) -> str:
        return f"Refund of {self.of}"

    @property
    def of(self) -> Sold:
        """Give what it was paid for."""
        return _of(self.order, self.period)


class Dispute(models.Model):
    """A payment that the buyer's bank takes back until it has decided."""

    stripe_id = models.CharField(max_length=255, unique=True)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="disputes")
    period = models.ForeignKey(PlanPeriod, null=True, on_delete=models.PROTECT, related_name="disputes")
    amount_minor = models.PositiveBigIntegerField(help_text="It can be more than was paid, as rates move.")
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=100)
    status = models.CharField(max_length=40, db_index=True)
    opened_at = models.DateTimeField()
    answer_by = models.DateTimeField(null=True)
    evidence_sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-opened_at"]
        constraints = [models.CheckConstraint(condition=ONE_OF_TWO, name="dispute_of_order_or_month")]

    def __str__(self) -> str:
        return f"Dispute of {self.of}"

    @property
    def of(self) -> Sold:
        """Give what it was paid for."""
        return _of(self.order, self.period)

    @property
    def closed(self) -> bool:
        """Tell whether the bank has decided."""
        return self.status in ("won", "lost", "warning_closed", "prevented")

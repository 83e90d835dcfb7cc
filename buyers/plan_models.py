"""Plans: what an organisation accepted and subscribed to, each month it paid for, and what its hours went to."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from buyers.discounts import taken_off
from marketplace.states import OrderState, SubscriptionState


class Subscription(models.Model):
    """One organisation's subscription at Stripe, as Stripe last described it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        "buyers.Organisation", on_delete=models.PROTECT, related_name="subscriptions"
    )
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=16, choices=SubscriptionState.choices, default=SubscriptionState.OPENING
    )
    state_changed_at = models.DateTimeField(default=timezone.now)
    plan = models.SlugField(max_length=20, help_text="What the next invoice is for.")
    price_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, default="usd")
    promotion_code = models.CharField(max_length=64, blank=True)
    promotion_stripe_id = models.CharField(max_length=255, blank=True)
    # What the code takes off the next months, too: nothing of these once it has run out.
    percent_off = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    amount_off = models.PositiveBigIntegerField(null=True, blank=True)
    renews_at = models.DateTimeField(null=True, blank=True)
    ends_with_period = models.BooleanField(default=False)
    stripe_id = models.CharField(max_length=255, blank=True, db_index=True)
    stripe_customer = models.CharField(max_length=255, blank=True)
    stripe_session_id = models.CharField(max_length=255, blank=True)
    checkout_url = models.URLField(max_length=2000, blank=True)
    unpaid_invoice = models.CharField(max_length=255, blank=True, help_text="Of a card that was declined.")
    unpaid_url = models.URLField(max_length=2000, blank=True)
    try_again_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"],
                condition=models.Q(state__in=["opening", "active", "past_due"]),
                name="subscription_one_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["stripe_id"], condition=~models.Q(stripe_id=""), name="subscription_once_at_stripe"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} of {self.organisation}"

    def off(self, price_minor: int) -> int:
        """Say what the code takes off a month of this price that is still to come."""
        return taken_off(price_minor, percent_off=self.percent_off, amount_off=self.amount_off)

    @property
    def next_minor(self) -> int:
        """Give what the next month costs, without tax."""
        return self.price_minor - self.off(self.price_minor)


class PlanAcceptance(models.Model):
    """Who accepted which exact terms of a plan, before the first payment and before each larger one."""

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="acceptances")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    plan = models.SlugField(max_length=20)
    text = models.TextField(help_text="As it stood on the page, with price and hours.")
    text_sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)
    address_prefix = models.CharField(max_length=64, blank=True)
    agent = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.plan} by {self.user}"


class PlanPeriod(models.Model):
    """One paid invoice of a plan: the hours it gave, until when, and how many are used."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="periods")
    organisation = models.ForeignKey(
        "buyers.Organisation", on_delete=models.PROTECT, related_name="plan_periods"
    )
    plan = models.SlugField(max_length=20)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    included_ms = models.PositiveBigIntegerField()
    used_ms = models.PositiveBigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    net_minor = models.PositiveBigIntegerField(help_text="What was paid for the hours, without tax.")
    tax_minor = models.PositiveBigIntegerField(default=0)
    used_minor = models.PositiveBigIntegerField(default=0, help_text="Of it, what the used hours cost.")
    back_minor = models.BigIntegerField(default=0, help_text="With tax: refunded, or lost in a dispute.")
    standing = models.CharField(
        max_length=16,
        choices=OrderState.choices,
        default=OrderState.PAID,
        help_text="Where its payment stands.",
    )
    revoked_at = models.DateTimeField(null=True, blank=True, help_text="Refunded or in dispute.")
    closed_at = models.DateTimeField(null=True, blank=True, help_text="What was not used became revenue.")
    stripe_invoice_id = models.CharField(max_length=255, unique=True)
    stripe_charge = models.CharField(max_length=255, db_index=True)
    paid_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(used_ms__lte=models.F("included_ms"))
                & models.Q(used_minor__lte=models.F("net_minor")),
                name="plan_period_not_overdrawn",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} from {self.starts_at:%-d %B %Y}"

    @property
    def left_ms(self) -> int:
        """Give the milliseconds that can still be used."""
        return self.included_ms - self.used_ms

    @property
    def total_minor(self) -> int:
        """Give what was paid, with tax."""
        return self.net_minor + self.tax_minor

    def price_of(self, ms: int) -> int:
        """Give what the next ``ms`` cost; all hours together cost what was paid, to the cent."""
        return self.net_minor * (self.used_ms + ms) // self.included_ms - self.used_minor


class PlanUse(models.Model):
    """Hours of one period that went to one package."""

    period = models.ForeignKey(PlanPeriod, on_delete=models.PROTECT, related_name="uses")
    order = models.ForeignKey("buyers.Order", on_delete=models.PROTECT, related_name="plan_uses")
    ms = models.PositiveBigIntegerField()
    value_minor = models.PositiveBigIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["period", "order"], name="plan_use_once")]

    def __str__(self) -> str:
        return f"{self.order} from {self.period}"

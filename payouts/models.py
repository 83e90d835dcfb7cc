"""Money: Stripe's events as they came, a ledger that only grows, and what was sent to whom."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from buyers.models import Order, OrderLine, PlanPeriod
from marketplace.models import Clip
from marketplace.states import TransferState


class StripeEvent(models.Model):
    """One event of Stripe's, once, as it was received: the inbox."""

    stripe_id = models.CharField(max_length=255, unique=True)
    kind = models.CharField(max_length=100, db_index=True)
    account = models.CharField(max_length=255, blank=True, help_text="The connected account, if it is one's.")
    payload = models.JSONField()
    received_at = models.DateTimeField(auto_now_add=True)
    handled_at = models.DateTimeField(null=True, db_index=True)
    attempts = models.PositiveIntegerField(default=0)
    try_at = models.DateTimeField(default=timezone.now, help_text="While it waits: not before this time.")
    note = models.TextField(blank=True, help_text="What was done, or why it waits.")

    class Meta:
        ordering = ["received_at"]
        indexes = [
            models.Index(fields=["try_at"], condition=models.Q(handled_at=None), name="stripe_event_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.stripe_id}"


class AccountKind(models.TextChoices):
    STRIPE_BALANCE = "stripe_balance", "Our balance at Stripe (asset)"
    STRIPE_FEES = "stripe_fees", "Stripe's fees (expense)"
    PLATFORM_REVENUE = "platform_revenue", "Platform revenue (income)"
    MINUTE_FEES = "minute_fees", "Per-minute fees to drivers (expense)"
    CONTRIBUTOR = "contributor", "Owed to a contributor (liability)"
    DISPUTES = "disputes", "Held by disputes (asset)"
    TAX = "tax", "Tax collected for the state (liability)"
    FX = "fx", "Taken beyond what was paid, as rates moved (expense)"
    EXCHANGE = "exchange", "Currencies exchanged (clearing)"
    BANK = "bank", "Our bank (asset)"
    UNCLAIMED = "unclaimed", "Payments to be given back (liability)"
    PLAN_CREDIT = "plan_credit", "Plan hours that are paid and not used yet (liability)"


class LedgerAccount(models.Model):
    """One account of the double-entry ledger."""

    kind = models.CharField(max_length=24, choices=AccountKind.choices)
    contributor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="ledger_accounts",
    )
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "contributor", "currency"], name="account_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(kind="contributor", contributor__isnull=False)
                | (~models.Q(kind="contributor") & models.Q(contributor__isnull=True)),
                name="account_contributor_only_for_contributors",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.contributor or ''}".strip()


class TransactionKind(models.TextChoices):
    SALE = "sale", "Sale"
    STRIPE_FEE = "stripe_fee", "Stripe's fee"
    MINUTE_FEE = "minute_fee", "Per-minute fee"
    TRANSFER = "transfer", "Transfer to a contributor"
    REVERSAL = "reversal", "Transfer taken back"
    REFUND = "refund", "Refund"
    DISPUTE = "dispute", "Money held or released by a dispute"
    VERDICT = "verdict", "Dispute decided"
    EXCHANGE = "exchange", "Currency exchanged"
    PLAN = "plan", "A plan's month paid"
    PLAN_UNUSED = "plan_unused", "Plan hours that ran out"
    BANK = "bank", "To or from our bank"
    UNCLAIMED = "unclaimed", "Payment to be given back"
    CORRECTION = "correction", "Correction"


class LedgerTransaction(models.Model):
    """Lines that sum to zero per currency: a deferred trigger refuses the commit otherwise."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=TransactionKind.choices)
    # What it books; unique, so that the same sale or transfer cannot be booked twice.
    reference = models.CharField(max_length=100, unique=True)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="ledger_transactions")
    period = models.ForeignKey(
        PlanPeriod, null=True, on_delete=models.PROTECT, related_name="ledger_transactions"
    )
    at = models.DateTimeField(default=timezone.now)
    memo = models.CharField(max_length=300)

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.reference}"


class LedgerLine(models.Model):
    """One amount on one account: positive is debit, negative is credit. Never updated, never deleted."""

    transaction = models.ForeignKey(LedgerTransaction, on_delete=models.PROTECT, related_name="lines")
    account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="lines")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(amount_minor=0), name="line_moves_something")
        ]
        indexes = [
            models.Index(fields=["account"], include=["amount_minor", "currency"], name="line_balance")
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"


class Earning(models.Model):
    """One contributor's part of one sale or one approved clip: the trace from cent to clip."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    contributor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="earnings"
    )
    transaction = models.ForeignKey(LedgerTransaction, on_delete=models.PROTECT, related_name="earnings")
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="earnings")
    line = models.ForeignKey(OrderLine, null=True, on_delete=models.PROTECT, related_name="earnings")
    # What was taken back (below zero) or given again names the share that it is about.
    about = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="changes")
    transfer = models.ForeignKey("Transfer", null=True, on_delete=models.PROTECT, related_name="earnings")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    formula = models.CharField(max_length=300, help_text="How it was worked out, in words and figures.")
    earned_at = models.DateTimeField(default=timezone.now)
    available_on = models.DateTimeField()

    class Meta:
        ordering = ["-earned_at"]
        indexes = [
            models.Index(fields=["contributor", "-earned_at"]),
            models.Index(fields=["available_on"]),
            models.Index(
                fields=["contributor", "available_on"],
                include=["amount_minor", "currency"],
                condition=models.Q(transfer=None),
                name="earning_not_sent",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["transaction", "clip", "line"], name="earning_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency} to {self.contributor}"


class ConnectAccount(models.Model):
    """A contributor's account at Stripe, where the money goes."""

    contributor = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="connect_account"
    )
    stripe_id = models.CharField(max_length=255, unique=True)
    transfers_active = models.BooleanField(default=False)
    requirements = models.JSONField(default=list, help_text="What Stripe still asks for.")
    created_at = models.DateTimeField(auto_now_add=True)
    refreshed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.stripe_id


class Transfer(models.Model):
    """Money on its way to one contributor; its id is Stripe's idempotency key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    contributor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="transfers"
    )
    state = models.CharField(max_length=16, choices=TransferState.choices, default=TransferState.DUE)
    state_changed_at = models.DateTimeField(default=timezone.now)
    amount_minor = models.PositiveBigIntegerField()
    reversed_minor = models.PositiveBigIntegerField(default=0, help_text="Of it, what came back.")
    currency = models.CharField(max_length=3)
    stripe_id = models.CharField(max_length=255, blank=True, db_index=True)
    reason = models.TextField(blank=True, help_text="Why it failed, for the contributor.")
    attempts = models.PositiveIntegerField(default=0, help_text="How often Stripe clearly refused it.")
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True, help_text="Taken back as a whole, its earnings went on.")

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="transfer_moves_something"),
            models.CheckConstraint(
                condition=models.Q(reversed_minor__lte=models.F("amount_minor")),
                name="transfer_back_at_most_all",
            ),
            models.UniqueConstraint(
                fields=["stripe_id"], condition=~models.Q(stripe_id=""), name="transfer_once_at_stripe"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency} to {self.contributor}"


# Django finds the models of an app here.
from payouts.claim_models import Dispute, Refund, RefundState  # noqa: E402
from payouts.policy_models import SoldLine, SplitPolicy  # noqa: E402
from payouts.reconciled import Reconciliation  # noqa: E402
from payouts.tax_models import TaxProfile  # noqa: E402

__all__ = [
    "AccountKind",
    "ConnectAccount",
    "Dispute",
    "Earning",
    "LedgerAccount",
    "LedgerLine",
    "LedgerTransaction",
    "Reconciliation",
    "Refund",
    "RefundState",
    "SoldLine",
    "SplitPolicy",
    "StripeEvent",
    "TaxProfile",
    "TransactionKind",
    "Transfer",
]

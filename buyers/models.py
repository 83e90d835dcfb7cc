"""The buying company: who belongs to it, what it ordered, what it may download."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from buyers.sizes import LicenceSize
from marketplace.models import LicenceTerms, Package, PackageVersion, Tombstone
from marketplace.states import OrderState


class Organisation(models.Model):
    """A company that buys; orders and entitlements belong to it, not to one person."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    country = models.CharField(max_length=2)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="organisation_name_once",
                violation_error_message="An organisation with this name is here already. Ask one of its owners to "
                "invite you, or choose another name.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "owner", "Owner: buys, downloads and manages members"
    MEMBER = "member", "Member: buys and downloads"


class Membership(models.Model):
    """One person in one organisation; a person belongs to one."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="membership")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.user} at {self.organisation}"


class Invitation(models.Model):
    """An owner's invitation of one e-mail address; the code is stored as its SHA-256."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    code_sha256 = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.email} to {self.organisation}"


class CartItem(models.Model):
    """One package in one organisation's cart."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="cart_items")
    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="+")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)
    price_minor = models.PositiveBigIntegerField(help_text="What it cost when somebody last agreed to it.")
    size = models.CharField(max_length=16, choices=LicenceSize.choices, default=LicenceSize.TEAM_5)

    class Meta:
        ordering = ["added_at"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "package"], name="cart_once_per_package")
        ]

    def __str__(self) -> str:
        return str(self.package)


class PayBy(models.TextChoices):
    CARD = "card", "By card, now"
    TRANSFER = "transfer", "By bank transfer, on an invoice"
    PLAN = "plan", "With hours of the plan"


class Order(models.Model):
    """What one organisation buys in one payment."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="orders")
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    form_token = models.UUIDField(help_text="Made by the cart page: a second submit finds the first order.")
    state = models.CharField(max_length=16, choices=OrderState.choices, default=OrderState.PENDING)
    state_changed_at = models.DateTimeField(default=timezone.now)
    currency = models.CharField(max_length=3, default="usd")
    pay_by = models.CharField(max_length=8, choices=PayBy.choices, default=PayBy.CARD)
    total_minor = models.PositiveBigIntegerField(help_text="With tax: what is paid.")
    tax_minor = models.PositiveBigIntegerField(default=0)
    tax_reason = models.CharField(max_length=40, blank=True, help_text="Stripe's word, e.g. reverse_charge.")
    discount_minor = models.PositiveBigIntegerField(default=0)
    promotion_code = models.CharField(max_length=64, blank=True)
    promotion_stripe_id = models.CharField(max_length=255, blank=True)
    purchase_order = models.CharField(max_length=60, blank=True, help_text="The buyer's own number.")
    due_at = models.DateTimeField(null=True, blank=True, help_text="Of a bank transfer.")
    stripe_invoice_id = models.CharField(max_length=255, blank=True, db_index=True)
    invoice_url = models.URLField(max_length=2000, blank=True, help_text="Where Stripe says how to pay it.")
    reminded_at = models.DateTimeField(null=True, blank=True)
    stripe_session_id = models.CharField(max_length=255, blank=True, db_index=True)
    stripe_payment_intent = models.CharField(max_length=255, blank=True, db_index=True)
    stripe_charge = models.CharField(max_length=255, blank=True)
    checkout_url = models.URLField(max_length=2000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "form_token"], name="order_once_per_form"),
            models.CheckConstraint(condition=models.Q(total_minor__gt=0), name="order_costs_something"),
        ]

    def __str__(self) -> str:
        return f"Order {self.short_number}"

    @property
    def short_number(self) -> str:
        """Give the first eight characters of the id, as people read it out."""
        return str(self.pk)[:8].upper()

    @property
    def net_minor(self) -> int:
        """Give what is shared and booked as sold: the total without tax."""
        return self.total_minor - self.tax_minor

    @property
    def list_minor(self) -> int:
        """Give what it would have cost without the promotion code."""
        return self.net_minor + self.discount_minor

    @property
    def overdue(self) -> bool:
        """Say whether a bank transfer should have come."""
        return self.state == OrderState.AWAITING and self.due_at is not None and self.due_at < timezone.now()


class OrderLine(models.Model):
    """One package version for one size of team, at what was really paid: after discount, without tax."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    version = models.ForeignKey(PackageVersion, on_delete=models.PROTECT, related_name="order_lines")
    title = models.CharField(max_length=120)
    size = models.CharField(max_length=16, choices=LicenceSize.choices, default=LicenceSize.TEAM_5)
    price_minor = models.PositiveBigIntegerField()
    discount_minor = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "version"], name="line_once_per_version")]

    def __str__(self) -> str:
        return self.title

    @property
    def list_minor(self) -> int:
        """Give its price before the discount."""
        return self.price_minor + self.discount_minor


class LicenceAcceptance(models.Model):
    """Who accepted which exact licence text for which order."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="acceptances")
    terms = models.ForeignKey(LicenceTerms, on_delete=models.PROTECT)
    text_sha256 = models.CharField(max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    address_prefix = models.CharField(max_length=64)
    agent = models.CharField(max_length=300)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "terms"], name="acceptance_once_per_text")]

    def __str__(self) -> str:
        return f"{self.terms} by {self.user}"


class EntitlementQuerySet(models.QuerySet["Entitlement"]):
    def live(self) -> EntitlementQuerySet:
        """Keep what may be downloaded now: paid for, not taken back, not over."""
        return self.filter(line__order__state=OrderState.PAID, revoked_at=None, until__gt=timezone.now())


class Entitlement(models.Model):
    """The right of an organisation to download one package version until a date."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="entitlements")
    line = models.OneToOneField(OrderLine, on_delete=models.PROTECT, related_name="entitlement")
    version = models.ForeignKey(PackageVersion, on_delete=models.PROTECT, related_name="entitlements")
    starts_at = models.DateTimeField()
    until = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    seats = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How many people download; empty: everyone of the organisation."
    )

    objects = EntitlementQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.version} for {self.organisation}"


class Seat(models.Model):
    """One of the people for whom a licence of limited size was bought; the first download takes it."""

    entitlement = models.ForeignKey(Entitlement, on_delete=models.PROTECT, related_name="seats_taken")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entitlement", "user"], name="seat_once_per_person")]

    def __str__(self) -> str:
        return f"{self.user} of {self.entitlement}"


class Download(models.Model):
    """One signed link that was handed out."""

    entitlement = models.ForeignKey(Entitlement, on_delete=models.PROTECT, related_name="downloads")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    key = models.ForeignKey(
        "buyers.ApiKey",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="By API: with which key.",
    )
    path = models.CharField(max_length=255)
    at = models.DateTimeField(auto_now_add=True)
    address_prefix = models.CharField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["entitlement", "-at"])]

    def __str__(self) -> str:
        return self.path


class WithdrawalNotice(models.Model):
    """One withdrawn clip that an organisation was told of, so that nobody is told twice."""

    entitlement = models.ForeignKey(Entitlement, on_delete=models.CASCADE, related_name="withdrawal_notices")
    tombstone = models.ForeignKey(Tombstone, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entitlement", "tombstone"], name="withdrawal_told_once")
        ]

    def __str__(self) -> str:
        return f"{self.entitlement_id} told of {self.tombstone_id}"


from buyers.api_models import ApiDay, ApiKey, Scope  # noqa: E402, F401
from buyers.billing_models import (  # noqa: E402, F401 -- Django looks for models here; they name these by string
    BillingDetails,
    CartCode,
    Document,
    DocumentKind,
    DocumentSeries,
)
from buyers.plan_models import (  # noqa: E402, F401
    PlanAcceptance,
    PlanPeriod,
    PlanUse,
    Subscription,
)

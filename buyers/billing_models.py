"""What stands on an invoice: whom it is for, which code was used, and the numbered documents themselves."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone


class BillingDetails(models.Model):
    """Whom an organisation's invoices are for; documents copy it, so a change is never retroactive."""

    organisation = models.OneToOneField(
        "buyers.Organisation", on_delete=models.CASCADE, related_name="billing"
    )
    name = models.CharField("Name on the invoice", max_length=150)
    line1 = models.CharField("Street and number", max_length=150)
    line2 = models.CharField("Second line", max_length=150, blank=True)
    postal_code = models.CharField("Postal code", max_length=20, blank=True)
    city = models.CharField("City", max_length=100)
    region = models.CharField("State or region", max_length=100, blank=True)
    country = models.CharField(max_length=2)
    vat_id = models.CharField("VAT or tax number", max_length=30, blank=True)
    email = models.EmailField("E-mail for invoices", blank=True)
    stripe_customer = models.CharField(max_length=255, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.name}, {self.city}"

    @property
    def lines(self) -> list[str]:
        """Write the address as on a letter."""
        place = " ".join(part for part in (self.postal_code, self.city) if part)
        return [part for part in (self.line1, self.line2, place, self.region, self.country) if part]


class CartCode(models.Model):
    """The promotion code in an organisation's cart, as Stripe described it."""

    organisation = models.OneToOneField(
        "buyers.Organisation", on_delete=models.CASCADE, related_name="cart_code"
    )
    code = models.CharField(max_length=64)
    stripe_id = models.CharField(max_length=255)
    percent_off = models.DecimalField(max_digits=6, decimal_places=3, null=True)
    amount_off = models.PositiveBigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    minimum_minor = models.PositiveBigIntegerField(default=0)
    minimum_currency = models.CharField(max_length=3, blank=True)
    added_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.code


class DocumentKind(models.TextChoices):
    INVOICE = "invoice", "Invoice"
    RECEIPT = "receipt", "Receipt"
    CREDIT_NOTE = "credit_note", "Credit note"


class DocumentSeries(models.Model):
    """The last number of a series; its row is locked while a number is given out, so that none is skipped."""

    name = models.CharField(max_length=16, primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.last}"


class Document(models.Model):
    """One numbered document with everything that stands on it, as it was when it was issued."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        "buyers.Organisation", on_delete=models.PROTECT, related_name="documents"
    )
    order = models.ForeignKey("buyers.Order", null=True, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=16, choices=DocumentKind.choices)
    series = models.CharField(max_length=16)
    number = models.PositiveIntegerField()
    # What it documents, so that the same sale or refund is never documented twice.
    reference = models.CharField(max_length=120, unique=True)
    issued_at = models.DateTimeField(default=timezone.now)
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField()
    data = models.JSONField(help_text="Seller, buyer, lines, tax and sentences, frozen.")

    class Meta:
        ordering = ["issued_at", "number"]
        constraints = [models.UniqueConstraint(fields=["series", "number"], name="document_number_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.full_number}"

    @property
    def full_number(self) -> str:
        """Write the number as it stands on the paper, e.g. ``INV-2026-00017``."""
        return f"{self.series}-{self.number:05d}"

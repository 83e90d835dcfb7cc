"""What tax offices want to know of people who earn."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Earner(models.TextChoices):
    PERSON = "person", "I am a person"
    COMPANY = "company", "I film for a company"


class TaxProfile(models.Model):
    """Who a contributor is for the tax office: kept beside the ledger, deleted only when the law lets us."""

    contributor = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tax_profile"
    )
    kind = models.CharField(max_length=8, choices=Earner.choices, default=Earner.PERSON)
    legal_name = models.CharField("Full legal name", max_length=150)
    birth_date = models.DateField("Date of birth", null=True, blank=True)
    line1 = models.CharField("Street and number", max_length=150)
    postal_code = models.CharField("Postal code", max_length=20, blank=True)
    city = models.CharField("City", max_length=100)
    country = models.CharField("Country of residence for tax", max_length=2)
    tax_number = models.CharField("Tax identification number", max_length=40)
    registration = models.CharField("Company register number", max_length=60, blank=True)
    vat_id = models.CharField("VAT number", max_length=30, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"Tax details of {self.contributor}"

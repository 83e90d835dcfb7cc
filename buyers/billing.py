"""Whom invoices are for: details of an organisation, checked, and told to Stripe as a customer."""

from __future__ import annotations

from typing import Any

import stripe
from django.db import transaction

from buyers import tax_numbers
from buyers.models import BillingDetails, Organisation
from buyers.stripe_api import client
from marketplace.models.event import record


def of(organisation: Organisation) -> BillingDetails | None:
    """Find an organisation's billing details."""
    return BillingDetails.objects.filter(organisation=organisation).first()


def save(*, organisation: Organisation, actor: Any, values: dict[str, str]) -> BillingDetails:
    """Keep new details, write down who changed them; Stripe's customer follows at the next payment."""
    with transaction.atomic():
        row, _ = BillingDetails.objects.update_or_create(organisation=organisation, defaults=values)
        record("organisation.billing", subject=organisation, actor=actor, data={"fields": sorted(values)})
    return row


def customer(details: BillingDetails) -> str:
    """Create or update Stripe's customer of an organisation and give its id. Raises stripe.StripeError."""
    about: Any = {
        "name": details.name,
        "address": {
            "line1": details.line1,
            "line2": details.line2,
            "postal_code": details.postal_code,
            "city": details.city,
            "state": details.region,
            "country": details.country,
        },
        "metadata": {"organisation": str(details.organisation_id)},
    }
    if details.email:
        about["email"] = details.email
    api = client().v1
    if details.stripe_customer:
        api.customers.update(details.stripe_customer, about)
    else:
        key = f"organisation-{details.organisation_id}-{details.changed_at.timestamp()}"
        details.stripe_customer = api.customers.create(about, {"idempotency_key": key}).id
        _note(details, stripe_customer=details.stripe_customer)
    _tell_tax_number(api, details)
    return details.stripe_customer


def _tell_tax_number(api: Any, details: BillingDetails) -> None:
    """Have exactly the number of the details at the customer."""
    id = details.stripe_customer
    known = {row.value: row.id for row in api.customers.tax_ids.list(id, {"limit": 20}).data}
    for value, row in known.items():
        if value != details.vat_id:
            api.customers.tax_ids.delete(id, row)
    if details.vat_id and details.vat_id not in known:
        try:
            kind = tax_numbers.kind(details.country)
            api.customers.tax_ids.create(id, {"type": kind, "value": details.vat_id})
        except stripe.InvalidRequestError:
            # Stripe is stricter than the check digits: the number then stands on our invoice only.
            return


def _note(details: BillingDetails, **fields: str) -> None:
    BillingDetails.objects.filter(pk=details.pk).update(**fields)

"""The desk's form for a refund: how much, why, and a tick that it is meant."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from marketplace.money import Money, places
from payouts import refunds
from payouts.claim_models import Sold


class RefundForm(forms.Form):
    """Ask for a refund; ``seen`` is what had been refunded when the page was made."""

    amount = forms.DecimalField(min_value=Decimal("0.01"), max_digits=14)
    reason = forms.CharField(
        max_length=300, help_text="Kept in the books. The contributors see the amount, not the reason."
    )
    sure = forms.BooleanField(label="I mean it: a refund cannot be taken back")
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, of: Sold, **kwargs: Any) -> None:
        self.places = places(of.currency)
        given = refunds.given_minor(of)
        left = of.total_minor - given
        kwargs["initial"] = {"amount": Decimal(left).scaleb(-self.places), "seen": given}
        super().__init__(*args, **kwargs)
        amount = self.fields["amount"]
        amount.label = f"Amount in {of.currency.upper()}"
        amount.help_text = f"Up to {Money(left, of.currency)}."

    @property
    def amount_minor(self) -> int:
        """Give the amount in minor units."""
        return int(self.cleaned_data["amount"].scaleb(self.places))

    def clean_amount(self) -> Decimal:
        """Refuse parts of a minor unit."""
        amount: Decimal = self.cleaned_data["amount"]
        if amount.scaleb(self.places) % 1:
            raise forms.ValidationError("This currency has no smaller coins than that.")
        return amount

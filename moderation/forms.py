"""The desk's forms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from marketplace.models import LicenceTerms
from moderation.models import Reason, Verdict


class VerdictForm(forms.Form):
    """Approve, or refuse with a reason."""

    verdict = forms.ChoiceField(choices=Verdict.choices)
    reason = forms.ChoiceField(
        choices=[("", "Choose a reason"), *Reason.choices], required=False, label="Reason of a refusal"
    )
    note = forms.CharField(max_length=500, required=False, label="Note to the contributor")


class DraftForm(forms.Form):
    """What a package needs beside its clips."""

    title = forms.CharField(max_length=120, widget=UnfoldAdminTextInputWidget)
    summary = forms.CharField(
        max_length=2000,
        widget=UnfoldAdminTextareaWidget,
        help_text="What a buyer gets, in two or three sentences.",
    )
    price = forms.DecimalField(
        min_value=Decimal("0.50"),
        max_value=Decimal("1000000"),
        decimal_places=2,
        label="Price in US dollars",
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
    )
    licence = forms.ModelChoiceField(
        queryset=LicenceTerms.objects.all(), empty_label=None, widget=UnfoldAdminSelectWidget
    )

    def price_minor(self) -> int:
        """Give the price in cents."""
        return int(self.cleaned_data["price"] * 100)

    def clean_title(self) -> Any:
        title = " ".join(self.cleaned_data["title"].split())
        if not title:
            raise forms.ValidationError("Give the package a title.")
        return title

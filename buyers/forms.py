"""Shapes of what buyers send."""

from __future__ import annotations

from typing import Any

from django import forms

from buyers import tax_numbers
from buyers.api_keys import DAYS
from buyers.models import ApiKey, BillingDetails, Organisation, Scope
from marketplace import countries


class OrganisationForm(forms.ModelForm):
    """A company's name and seat."""

    country = forms.ChoiceField(
        choices=[("", "Choose a country"), *countries.CHOICES], label="Country of its seat"
    )

    class Meta:
        model = Organisation
        fields = ["name", "country"]
        labels = {"name": "Name of the organisation"}
        help_texts = {"name": "As it should stand on invoices."}

    def clean_name(self) -> str:
        """Write the name on one line."""
        return " ".join(self.cleaned_data["name"].split())


class InvitationForm(forms.Form):
    """Whom to invite."""

    email = forms.EmailField(label="E-mail address of the colleague")


class BillingForm(forms.ModelForm):
    """Whom invoices are for."""

    country = forms.ChoiceField(choices=[("", "Choose a country"), *countries.CHOICES], label="Country")

    class Meta:
        model = BillingDetails
        fields = ["name", "line1", "line2", "postal_code", "city", "region", "country", "vat_id", "email"]
        help_texts = {
            "name": "The company's full name, as it is registered.",
            "vat_id": "Checked as you save. With one from another EU country the tax is yours to pay (reverse charge).",
            "email": "Invoices and reminders also go here. Leave it empty for only the person who orders.",
        }

    def clean(self) -> dict[str, Any]:
        """Check the number against its country's rules, and write every field on one line."""
        values = super().clean() or {}
        for name, value in values.items():
            values[name] = " ".join(value.split())
        try:
            values["vat_id"] = tax_numbers.check(values.get("vat_id", ""), country=values.get("country", ""))
        except tax_numbers.NumberRefused as why:
            self.add_error("vat_id", str(why))
        return values


class ApiKeyForm(forms.ModelForm):
    """What a new key is called, what it may do, and for how long."""

    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.READ],
    )
    days = forms.ChoiceField(label="Good for", choices=list(DAYS.items()), initial=90)

    class Meta:
        model = ApiKey
        fields = ["name"]
        help_texts = {"name": "Where it is used, so that you know it again: “training cluster”."}

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.organisation = organisation

    def clean_name(self) -> str:
        """Write the name on one line; a key that works bears it alone."""
        name = " ".join(self.cleaned_data["name"].split())
        same = ApiKey.objects.filter(organisation=self.instance.organisation, name=name, revoked_at=None)
        if same.exists():
            raise forms.ValidationError("Your organisation has a key with this name. Choose another one.")
        return name

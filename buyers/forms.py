"""Shapes of what buyers send."""

from __future__ import annotations

from django import forms

from buyers.models import Organisation
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

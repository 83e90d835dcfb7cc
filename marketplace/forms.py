"""The sign-up form: e-mail, password, and which door."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import SignupForm as BaseSignupForm
from allauth.core import context
from django import forms

from marketplace.models import Door


class SignupForm(BaseSignupForm):
    """Ask which door, so that the first page after the e-mail is confirmed is the right one."""

    door = forms.ChoiceField(choices=Door.choices, widget=forms.RadioSelect, label="What brings you here?")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["door", *[name for name in self.fields if name != "door"]])

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
        """Tick the door that the link named."""
        if field_name == "door" and context.request is not None:
            return context.request.GET.get("door", "")
        return super().get_initial_for_field(field, field_name)

    def save(self, request: Any) -> Any:
        """Create the person and remember the door."""
        user = super().save(request)
        if user is not None and not user.first_door:
            user.first_door = self.cleaned_data["door"]
            user.save(update_fields=["first_door"])
        return user

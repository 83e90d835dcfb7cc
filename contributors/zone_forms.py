"""Shapes of what the page of private places sends."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from contributors.zones import LEAST_RADIUS_M, MOST_RADIUS_M
from pipeline.telemetry import MOST_TRIM_M

_PAIR = re.compile(r"^\s*(-?\d{1,3}(?:\.\d+)?)\s*[,; ]\s*(-?\d{1,3}(?:\.\d+)?)\s*$")


class ZoneForm(forms.Form):
    """One circle: a name, its middle as maps copy it, its radius."""

    name = forms.CharField(max_length=60, label="Name", help_text="Only you see it: home, school, work.")
    middle = forms.CharField(
        max_length=60,
        label="Middle",
        help_text="Latitude, longitude in degrees, as a map copies them: 48.2082, 16.3738. "
        "Do not take the door itself: a point nearby gives less away if this page is ever seen.",
    )
    radius_m = forms.IntegerField(
        min_value=LEAST_RADIUS_M, max_value=MOST_RADIUS_M, initial=300, label="Radius in metres"
    )

    def clean_middle(self) -> str:
        """Take two numbers on earth."""
        found = _PAIR.match(self.cleaned_data["middle"])
        if not found:
            raise ValidationError("Write two numbers: latitude, longitude, such as 48.2082, 16.3738.")
        latitude, longitude = float(found[1]), float(found[2])
        if abs(latitude) > 90 or abs(longitude) > 180:
            raise ValidationError(
                "There is no such place: latitude goes from -90 to 90, longitude from -180 to 180."
            )
        self.cleaned_data["latitude"], self.cleaned_data["longitude"] = latitude, longitude
        return found[0]

    def clean(self) -> dict[str, Any]:
        """Give what a zone is made of."""
        data = super().clean() or {}
        data.pop("middle", None)
        return data


class TrimForm(forms.Form):
    """Metres kept back at both ends of a trip."""

    trip_trim_m = forms.IntegerField(
        min_value=0,
        max_value=int(MOST_TRIM_M),
        label="Metres kept back at the start and end of each trip",
        help_text="300 unless you say otherwise. 0 keeps nothing back: for cameras that save one trip in many "
        "short files.",
    )

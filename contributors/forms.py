"""Shapes of what people who film send: who they are, and one upload."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from contributors import consents, files, sidecars
from contributors.models import ConsentText, ContributorProfile, Kind, Purpose
from marketplace import countries, taxonomy
from marketplace.models import Footage, Sound, Vertical
from marketplace.templatetags.fairframe import filesize
from pipeline.covering import Options

COUNTRIES = [("", "Choose a country"), *countries.CHOICES]
CARD_WORDS = {
    Kind.DRIVER: "I drive: dashcam and car footage",
    Kind.ATHLETE: "I do sports: training and competition footage",
}


class StartForm(forms.ModelForm):
    """Ask who films; nothing more than sales and payment need."""

    kind = forms.ChoiceField(
        choices=[(kind.value, words) for kind, words in CARD_WORDS.items()],
        widget=forms.RadioSelect,
        label="What do you film?",
        help_text="You can upload the other kind too; this is only what the forms begin with.",
    )
    country = forms.ChoiceField(choices=COUNTRIES, label="Where do you live?")
    is_adult = forms.BooleanField(
        label="I am 18 or older.",
        error_messages={"required": "Only adults can be paid for footage. Tick this if you are 18 or older."},
    )

    class Meta:
        model = ContributorProfile
        fields = ["kind", "display_name", "country", "is_adult"]
        labels = {"display_name": "Name to show"}
        help_texts = {"display_name": "Only our desk sees it; buyers never do."}


def disciplines() -> list[tuple[str, str]]:
    """List the sports of the taxonomy."""
    axis = next(axis for axis in taxonomy.axes() if axis.id == "sport.discipline")
    return [("", "Choose a sport"), *((value, taxonomy.label(f"{axis.id}.{value}")) for value in axis.values)]


class OptionsForm(forms.Form):
    """What is covered besides faces and number plates, and what becomes of the sound."""

    cover_jerseys = forms.BooleanField(
        required=False,
        label="Cover jersey numbers and names",
        help_text="They tell who somebody is even where the face is covered. Leave it on unless all agreed in writing.",
    )
    cover_screens = forms.BooleanField(
        required=False,
        label="Cover screens and burnt-in text",
        help_text="Phones, navigation, and the date, speed or position that a dashcam writes into the picture.",
    )
    sound = forms.ChoiceField(
        choices=[
            (Sound.DROP.value, "Drop the sound (recommended): nothing can be heard"),
            (Sound.MUTE_SPEECH.value, "Keep the sound and silence every stretch with speech"),
        ],
        widget=forms.RadioSelect,
        label="Sound",
        help_text="Voices tell who somebody is. Keep the sound only where it matters, such as engines or the ball.",
    )

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        # Who does not say anything about the sound wants none of it to leave.
        sent = None if data is None else {**data.dict(), "sound": data.get("sound") or Sound.DROP.value}
        super().__init__(sent, *args, **kwargs)

    @classmethod
    def of(cls, footage: Footage) -> OptionsForm:
        """Fill it in with what the present result was made with."""
        names = ("cover_jerseys", "cover_screens", "sound")
        return cls(initial={name: getattr(footage, name) for name in names})

    def options(self, *, vertical: str) -> Options:
        """Give the choices; jerseys are a matter of sports."""
        data = self.cleaned_data
        # An unticked box sends nothing: only a page that showed the boxes may leave something uncovered.
        asked = "options" in self.data
        return Options(
            jerseys=(data["cover_jerseys"] or not asked) and vertical == Vertical.SPORTS,
            screens=data["cover_screens"] or not asked,
            sound=data["sound"],
        )


class SportForm(forms.Form):
    """The sport that a footage shows."""

    discipline = forms.ChoiceField(
        choices=lambda: disciplines()[1:], label="Sport", error_messages={"required": "Choose the sport."}
    )


class TelemetryForm(forms.Form):
    """Another telemetry file for a footage that is here already, another offset of its clock, or no file at all."""

    telemetry = forms.FileField(
        required=False,
        label="Another file",
        allow_empty_file=True,
        help_text="GPX, NMEA or CSV of this recording. It is read at once; the video is not sent again.",
    )
    clock_offset_s = forms.FloatField(
        required=False,
        min_value=-86_400,
        max_value=86_400,
        label="Clock offset in seconds",
        help_text="Added to the clock of the file: −3600 where it runs an hour ahead of the camera's.",
        error_messages={"invalid": "Write seconds as a number, such as -2.5."},
    )
    without = forms.BooleanField(required=False, label="Go on without this file")

    def clean_telemetry(self) -> sidecars.Sidecar | None:
        """Read the telemetry file at once."""
        return _sidecar(self.cleaned_data["telemetry"])


def _sidecar(sent: Any) -> sidecars.Sidecar | None:
    if sent is None:
        return None
    try:
        return sidecars.read(name=files.clean_name(sent.name), handle=sent)
    except sidecars.TelemetryError as error:
        raise ValidationError(str(error)) from error


class UploadForm(OptionsForm):
    """One file to upload: what it is, where and when it was filmed, the options, and the consents, one box each."""

    upload_token = forms.UUIDField()
    file_name = forms.CharField(max_length=5000, error_messages={"required": "The file has no name."})
    size_bytes = forms.IntegerField()
    title = forms.CharField(max_length=120, label="Title")
    vertical = forms.ChoiceField(
        choices=[(Vertical.DRIVING.value, "Driving"), (Vertical.SPORTS.value, "Sports")],
        widget=forms.RadioSelect,
        label="What is in it?",
    )
    discipline = forms.ChoiceField(choices=disciplines, required=False, label="Which sport?")
    country = forms.ChoiceField(choices=COUNTRIES, label="Country")
    place = forms.CharField(
        max_length=120,
        required=False,
        label="City or region",
        help_text="Never an address: buyers see it.",
    )
    recorded_on = forms.DateField(
        required=False, label="Recorded on", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    telemetry = forms.FileField(required=False, label="Telemetry file", allow_empty_file=True)
    clock_offset_s = forms.FloatField(
        required=False,
        min_value=-86_400,
        max_value=86_400,
        label="Clock offset in seconds",
        error_messages={"invalid": "Write seconds as a number, such as -2.5."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.texts = consents.current_texts()
        self.consent_errors: dict[str, str] = {}

    def clean_file_name(self) -> str:
        """Keep the name without folders and signs that cannot be seen; its end must be one of a video."""
        name = files.clean_name(self.cleaned_data["file_name"])
        if not name:
            raise ValidationError("The file has no name. Rename it and try again.")
        if not files.media_type(name):
            raise ValidationError(f"“{name}” is not a kind of file that we take: {files.SHOWN_TYPES}.")
        return name

    def clean_size_bytes(self) -> int:
        """Refuse empty and too large files before a byte is sent."""
        size = int(self.cleaned_data["size_bytes"])
        if size <= 0:
            raise ValidationError("The file is empty (0 bytes). Copy it from the camera again.")
        if size > files.most_bytes():
            raise ValidationError(
                f"The file is too large: {filesize(size)} of at most {filesize(files.most_bytes())}. "
                "Split the recording and upload the pieces."
            )
        return size

    def clean_title(self) -> str:
        """Write the title on one line."""
        return re.sub(r"\s+", " ", self.cleaned_data["title"]).strip()

    def clean_telemetry(self) -> sidecars.Sidecar | None:
        """Read the telemetry file at once: a wrong one is refused before a byte of video is sent."""
        return _sidecar(self.cleaned_data["telemetry"])

    def clean_recorded_on(self) -> Any:
        """Refuse a day that has not begun anywhere on earth."""
        day = self.cleaned_data["recorded_on"]
        if day and day > timezone.now().date() + timedelta(days=1):
            raise ValidationError("This day is in the future. Leave it empty if you do not know it.")
        if day and day.year < 1990:
            raise ValidationError("This day is before digital cameras. Leave it empty if you do not know it.")
        return day

    def clean(self) -> dict[str, Any]:
        """Ask for the sport of sports footage, and for every required consent to the words that were shown."""
        data = super().clean() or {}
        if data.get("vertical") == Vertical.SPORTS and not data.get("discipline"):
            self.add_error("discipline", "Choose the sport.")
        if data.get("vertical") == Vertical.DRIVING:
            data["discipline"] = ""
        data["texts"] = self._ticked()
        return data

    def _ticked(self) -> list[ConsentText]:
        """Collect the texts whose box was ticked; a box sends the SHA-256 of the words beside it."""
        ticked = []
        for text in self.texts:
            name, title = f"consent_{text.purpose}", text.get_purpose_display()
            sent = self.data.get(name, "")
            if sent == text.sha256:
                ticked.append(text)
            elif sent:
                self.consent_errors[name] = (
                    f"The words of “{title}” have changed since this page was opened. "
                    "Nothing was stored. Reload the page, read them and tick again."
                )
            elif text.required:
                self.consent_errors[name] = f"“{title}” is not ticked. Without it nothing is stored."
        for sentence in self.consent_errors.values():
            self.add_error(None, sentence)
        if set(consents.REQUIRED) - {Purpose(text.purpose) for text in self.texts}:
            self.add_error(None, "Our consent texts are missing, which is our fault. Nothing was stored.")
        return ticked

    def sentences(self) -> dict[str, str]:
        """Give what is wrong by the name of the field, consents included."""
        wrong = {
            name: " ".join(str(error) for error in errors)
            for name, errors in self.errors.items()
            if name != "__all__"
        }
        return {**wrong, **self.consent_errors}

    def details(self) -> dict[str, Any]:
        """Give the fields of Footage that describe the recording."""
        names = ("title", "vertical", "discipline", "country", "place", "recorded_on")
        options = self.options(vertical=self.cleaned_data["vertical"])
        return {
            **{name: self.cleaned_data[name] for name in names},
            "cover_jerseys": options.jerseys,
            "cover_screens": options.screens,
            "sound": options.sound,
        }

"""Money, time, size and state are written for a person, the same way everywhere."""

from __future__ import annotations

import pytest
from django.template import Context, Template

from marketplace.icons import ICONS
from marketplace.models import Footage
from marketplace.money import Money
from marketplace.states import FootageState
from marketplace.templatetags import fairframe


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (123_450, "usd", "$1,234.50"),
        (0, "usd", "$0.00"),
        (5, "usd", "$0.05"),
        (-300, "eur", "-€3.00"),
        (1_000_000, "gbp", "£10,000.00"),
        (500, "jpy", "¥500"),
        (1_200, "chf", "CHF 12.00"),
        (1_200, "", "$12.00"),
        (None, "usd", "–"),
        ("", "usd", "–"),
        ("4200", "usd", "$42.00"),
    ],
)
def test_money(minor: int | None, currency: str, text: str) -> None:
    written = Template("{% load fairframe %}{{ minor|money:currency }}").render(
        Context({"minor": minor, "currency": currency})
    )
    assert written == text


def test_a_money_value_writes_itself() -> None:
    assert fairframe.money(Money(7, "eur")) == "€0.07"


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0 s"),
        (400, "0.4 s"),
        (48_200, "48 s"),
        (59_600, "1 min 00 s"),
        (185_000, "3 min 05 s"),
        (7_620_000, "2 h 07 min"),
        (4_000_000_000, "1,111 h 06 min"),
        (None, "–"),
    ],
)
def test_a_length(milliseconds: int | None, text: str) -> None:
    assert fairframe.duration(milliseconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (7.9, "0:07"), (760, "12:40"), (3723, "1:02:03"), (None, "–")]
)
def test_a_moment(seconds: float | None, text: str) -> None:
    assert fairframe.clock(seconds) == text
    assert fairframe.clock_ms(None if seconds is None else seconds * 1000) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "0.0"), (74_000, "0.02"), (1_440_000, "0.4"), (45_000_000, "12.5"), (4_334_400_000, "1,204")],
)
def test_hours(milliseconds: int, text: str) -> None:
    assert fairframe.hours(milliseconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (512, "512 B"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (16_777_216, "16.8 MB"),
        (2_147_483_648, "2.1 GB"),
        (5e12, "5.0 TB"),
        (None, "–"),
    ],
)
def test_a_size(size: float | None, text: str) -> None:
    assert fairframe.filesize(size) == text


@pytest.mark.parametrize(
    ("fraction", "digits", "text"), [(0.987, 0, "99%"), (0.987, 1, "98.7%"), (0, 0, "0%"), (None, 0, "–")]
)
def test_a_share(fraction: float | None, digits: int, text: str) -> None:
    assert fairframe.percent(fraction, digits) == text


def test_a_state_is_a_coloured_word_and_on_request_a_sentence() -> None:
    footage = Footage(state=FootageState.REVIEW, reason="")
    short = fairframe.pill(footage)
    assert '<span class="pill pill--wait">Waiting for you</span>' in short
    assert "submit" not in short
    long = fairframe.pill(footage, sentence=True)
    assert "Look at the hidden faces and plates, then submit." in long
    assert "Since <time" in long


def test_a_refusal_shows_its_reason_and_escapes_it() -> None:
    footage = Footage(state=FootageState.REFUSED, reason="<script>alert(1)</script>")
    assert "&lt;script&gt;" in fairframe.pill(footage, sentence=True)


@pytest.mark.parametrize("name", sorted(ICONS))
def test_icons_are_decoration_unless_they_have_a_name(name: str) -> None:
    assert 'aria-hidden="true"' in fairframe.icon(name)
    assert 'role="img" aria-label="Close &amp; go"' in fairframe.icon(name, "Close & go")

"""VAT and tax numbers: their form and check digits, and the name of their kind at Stripe."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from stdnum.exceptions import ValidationError as Wrong

EU = frozenset(
    ("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK").split()  # noqa: SIM905
)
# Country → the module of python-stdnum and Stripe's name of the kind.
OTHERS = {
    "GB": ("stdnum.gb.vat", "gb_vat"),
    "CH": ("stdnum.ch.vat", "ch_vat"),
    "NO": ("stdnum.no.mva", "no_vat"),
    "AU": ("stdnum.au.abn", "au_abn"),
    "NZ": ("stdnum.nz.ird", "nz_gst"),
    "CA": ("stdnum.ca.bn", "ca_bn"),
    "IN": ("stdnum.in_.gstin", "in_gst"),
    "US": ("stdnum.us.ein", "us_ein"),
}


class NumberRefused(Exception):
    """Say in one sentence what is wrong with a number."""


def check(number: str, *, country: str) -> str:
    """Return a number as it is written officially, with the country's letters in the EU. Raises NumberRefused."""
    number = " ".join(number.split())
    if not number:
        return ""
    module = _module(country)
    if module is None:
        raise NumberRefused(
            "We cannot check tax numbers of this country yet. Leave it empty and put it into the second line."
        )
    try:
        if country in EU:
            prefix = "EL" if country == "GR" else country
            bare = "".join(letter for letter in number.upper() if letter.isalnum() or letter in "+*")
            return str(module.validate(bare if bare.startswith(prefix) else prefix + bare))
        return str(module.compact(module.validate(number)))
    except Wrong as error:
        example = "DE136695976" if country in EU else "as on your registration"
        raise NumberRefused(
            f"This is not a valid number of that country: a digit is wrong or missing (e.g. {example})."
        ) from error


def _module(country: str) -> Any:
    if country in EU:
        return import_module("stdnum.eu.vat")
    return import_module(OTHERS[country][0]) if country in OTHERS else None


def kind(country: str) -> str:
    """Give Stripe's name of a country's kind of number."""
    return "eu_vat" if country in EU else OTHERS[country][1]

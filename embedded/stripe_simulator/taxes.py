"""Work out tax as Stripe Tax does: by where the buyer is, its number, and where the seller is registered."""

from decimal import ROUND_HALF_UP, Decimal

from .errors import Obj
from .simulator import Simulator

# Standard rates in per cent (https://europa.eu/youreurope/business/taxation/vat/vat-rules-rates/).
EU = {
    "AT": "20", "BE": "21", "BG": "20", "CY": "19", "CZ": "21", "DE": "19", "DK": "25", "EE": "24", "ES": "21",
    "FI": "25.5", "FR": "20", "GR": "24", "HR": "25", "HU": "27", "IE": "23", "IT": "22", "LT": "21", "LU": "17",
    "LV": "21", "MT": "18", "NL": "21", "PL": "23", "PT": "23", "RO": "21", "SE": "25", "SI": "22", "SK": "23",
}  # fmt: skip
RATES = {**EU, "AU": "10", "CH": "8.1", "GB": "20", "NO": "25", "NZ": "15"}
# The seller of the demo: at home in Germany, registered for the rest of the EU at the one-stop shop.
SETTINGS = {"origin": "DE", "registered": sorted(EU)}


def settings(sim: Simulator) -> Obj:
    """Read where the seller is and where it is registered."""
    return {**SETTINGS, **sim.store.meta("tax", {})}


def rule(sim: Simulator, *, country: str, number: bool) -> tuple[Decimal, str]:
    """Give the rate in per cent for a buyer, and Stripe's word for the reason."""
    here = settings(sim)
    if country not in here["registered"] or country not in RATES:
        return Decimal(0), "not_collecting"
    if number and country in EU and here["origin"] in EU and country != here["origin"]:
        return Decimal(0), "reverse_charge"
    return Decimal(RATES[country]), "standard_rated"


def taxed(sim: Simulator, amounts: list[int], *, country: str, number: bool) -> tuple[list[int], Obj]:
    """Work out the tax of each line, rounded half up, and describe it as a breakdown does."""
    rate, reason = rule(sim, country=country, number=number)
    parts = [
        int((Decimal(amount) * rate / 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)) for amount in amounts
    ]
    described = {
        "amount": sum(parts),
        "rate": _rate(sim, country, rate),
        "taxability_reason": reason,
        "taxable_amount": sum(amounts) if rate else 0,
    }
    return parts, described


def _rate(sim: Simulator, country: str, rate: Decimal) -> Obj:
    return {
        "id": f"txr_1sim{country.lower()}{str(rate).replace('.', '')}", "object": "tax_rate", "active": False,
        "country": country, "created": sim.now(), "description": None, "display_name": "VAT" if rate else "",
        "effective_percentage": float(rate), "flat_amount": None, "inclusive": False, "jurisdiction": country,
        "jurisdiction_level": "country", "livemode": False, "metadata": {}, "percentage": float(rate),
        "rate_type": "percentage", "state": None, "tax_type": "vat",
    }  # fmt: skip


def numbers(sim: Simulator, customer: str | None) -> list[Obj]:
    """List a customer's tax ids."""
    rows = sim.store.find("tax_id", where={"customer": customer}) if customer else []
    return [{"type": row["type"], "value": row["value"]} for row in rows]

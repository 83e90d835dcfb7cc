"""Add up a Checkout Session: its lines, the discount and the tax."""

from . import promotions, taxes
from .errors import Obj
from .simulator import Simulator


def add_up(sim: Simulator, session: Obj, *, country: str | None) -> Obj:
    """Work the amounts of a session out for a buyer in a country (None: not known yet)."""
    items = session["_items"]
    off = promotions.shared(session["_off"], [item["amount_subtotal"] for item in items])
    net = [item["amount_subtotal"] - less for item, less in zip(items, off, strict=True)]
    automatic = session["automatic_tax"]["enabled"]
    parts, described = [0] * len(items), None
    if automatic and country:
        number = bool(taxes.numbers(sim, session["customer"]))
        parts, described = taxes.taxed(sim, net, country=country, number=number)
    for item, less, amount, tax in zip(items, off, net, parts, strict=True):
        item |= {"amount_discount": less, "amount_tax": tax, "amount_total": amount + tax}
    session |= {
        "amount_subtotal": sum(item["amount_subtotal"] for item in items),
        "amount_total": sum(net) + sum(parts),
        "total_details": {"amount_discount": sum(off), "amount_shipping": 0, "amount_tax": sum(parts)},
        "_country": country,
        "_breakdown": {
            "discounts": [{"amount": sum(off), "discount": session["_discount"]}]
            if session["_discount"]
            else [],
            "taxes": [described] if described else [],
        },
    }
    if automatic:
        status = "complete" if country else "requires_location_inputs"
        session["automatic_tax"] = {**session["automatic_tax"], "status": status}
    return session

"""The customer portal's one page: another card for the renewals."""

from .. import cards, subscribing
from ..gateway import Answer
from ..simulator import Simulator
from .render import Html, notice, page, part, redirect


def show(sim: Simulator, id: str, *, error: str = "") -> Answer:
    """Ask for a card."""
    session = sim.store.get(id, kind="billing_portal.session")
    if session is None:
        return notice(
            "There is no such page", "The link is not complete, or it is from another simulator.", status=404
        )
    known = sim.need(session["customer"], "customer").get("_card")
    return page(
        "portal.html", title="Your card", action=f"/p/session/{id}",
        now=f"Now: the card that ends in {known['number'][-4:]}." if known else "There is no card yet.",
        alert=part("alert.html", text=error) if error else Html(""),
        cancel=part("cancel.html", href=session["return_url"]) if session["return_url"] else Html(""),
    )  # fmt: skip


def submit(sim: Simulator, id: str, form: dict[str, str]) -> Answer:
    """Keep the card; the next try of an open invoice takes it."""
    session = sim.store.get(id, kind="billing_portal.session")
    if session is None:
        return show(sim, id)
    number = "".join(c for c in form.get("number", "") if c.isdigit())
    if not cards.luhn(number or "1"):
        return show(sim, id, error="Your card number is invalid. Check the digits.")
    subscribing.keep_card(sim, sim.need(session["customer"], "customer"), cards.Card(number=number))
    back = session["return_url"]
    return redirect(back) if back else notice("Your card is changed", "You can close this page.")

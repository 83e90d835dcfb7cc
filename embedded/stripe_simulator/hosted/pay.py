"""The hosted payment page of a Checkout Session."""

from .. import cards
from ..checkout_flow import pay
from ..checkout_totals import add_up
from ..errors import ApiError, Obj
from ..gateway import Answer
from ..money import text
from ..simulator import Simulator
from .countries import NAMES
from .render import Html, field_error, notice, options, page, part, redirect

FIELDS = ("email", "number", "expiry", "cvc", "name", "country")


def show(
    sim: Simulator, id: str, *, errors: dict[str, str] | None = None, given: dict[str, str] | None = None
) -> Answer:
    """Show the page, or where the session has got to."""
    session = sim.store.get(id, kind="checkout.session")
    if session is None:
        return notice(
            "There is no such payment page",
            "The link is not complete, or it is from another simulator.",
            status=404,
        )
    if session["status"] == "complete":
        return redirect(success_url(session))
    if session["status"] == "expired" or session["expires_at"] <= sim.now():
        return notice(
            "This payment page has expired", "Nothing was charged. Go back to the shop and start the payment again.",
            link=session["cancel_url"], label="Back to the shop", status=410,
        )  # fmt: skip
    return _form(sim, session, errors or {}, given or {})


def success_url(session: Obj) -> str:
    """Name the session in the address to return to."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _form(sim: Simulator, session: Obj, errors: dict[str, str], given: dict[str, str]) -> Answer:
    currency = session["currency"]
    items = Html("".join(
        part(
            "item.html", name=item["description"], about=item["_about"] or "",
            quantity=f"Quantity {item['quantity']}" if item["quantity"] > 1 else "",
            amount=text(item["amount_total"], currency),
        )
        for item in session["_items"]
    ))  # fmt: skip
    customer = sim.store.get(session["customer"]) if session["customer"] else None
    email = session["customer_email"] or (customer or {}).get("email")
    values = {name: given.get(name, "") for name in FIELDS}
    values["country"] = values["country"] or session["_country"] or ""
    return page(
        "pay.html", title="Pay",
        total=text(session["amount_total"], currency), items=Html(items + _sums(session)),
        action=f"/c/pay/{session['id']}",
        # A form that is sent twice pays once: the second bears a token that was used.
        token=sim.id("", 16),
        alert=part("alert.html", text=errors["card"]) if "card" in errors else Html(""),
        email_row=part("email_fixed.html", email=email) if email else part("email.html", email=values["email"]),
        number=values["number"], expiry=values["expiry"], name=values["name"],
        number_error=field_error("number", errors), expiry_error=field_error("expiry", errors),
        cvc_error=field_error("cvc", errors), name_error=field_error("name", errors),
        countries=options(NAMES, values["country"] or "US"),
        cancel=part("cancel.html", href=session["cancel_url"]) if session["cancel_url"] else Html(""),
    )  # fmt: skip


def _sums(session: Obj) -> str:
    """Write the lines below the items: what a code takes off, and the tax."""
    details, currency = session["total_details"], session["currency"]
    rows = []
    if details["amount_discount"]:
        rows.append(("Discount", "", f"−{text(details['amount_discount'], currency)}"))
    if session["automatic_tax"]["enabled"]:
        taxes = session["_breakdown"]["taxes"]
        reason = (
            taxes[0]["taxability_reason"].replace("_", " ")
            if taxes
            else "by your country, worked out as you pay"
        )
        rows.append(("Tax", reason, text(details["amount_tax"], currency)))
    return "".join(
        part("item.html", name=name, about=about, quantity="", amount=amount) for name, about, amount in rows
    )


def _moved(sim: Simulator, session: Obj, country: str) -> bool:
    """Work the tax out again for another country; tell whether the total is another one now."""
    if not session["automatic_tax"]["enabled"] or country == session["_country"]:
        return False
    before = session["amount_total"]
    sim.store.save(add_up(sim, session, country=country))
    return bool(session["amount_total"] != before)


def submit(sim: Simulator, id: str, form: dict[str, str]) -> Answer:
    """Take the form."""
    session = sim.store.get(id, kind="checkout.session")
    if session is None or session["status"] != "open" or session["expires_at"] <= sim.now():
        return show(sim, id)
    token, used = form.get("token", ""), session.get("_tokens", {})
    intent = sim.store.get(session["payment_intent"]) if session["payment_intent"] else None
    if token in used and intent and intent["status"] == "requires_action":
        return redirect(f"/c/3ds/{intent['id']}")
    if token in used:
        return show(sim, id, errors={"card": used[token]} if used[token] else {}, given=form)
    number = "".join(c for c in form.get("number", "") if c.isdigit())
    today = sim.iso()
    errors, month, year = cards.read(
        number,
        form.get("expiry", ""),
        form.get("cvc", "").strip(),
        month=int(today[5:7]),
        year=int(today[:4]),
    )
    if not form.get("name", "").strip():
        errors["name"] = "Write the name that is on the card."
    if errors:
        return show(sim, id, errors=errors, given=form)
    if _moved(sim, session, form.get("country", "US")):
        why = "Tax was worked out for your country: look at the new total, then pay."
        return show(sim, id, errors={"card": why}, given=form)
    card = cards.Card(
        number=number, exp_month=month, exp_year=year, name=form["name"].strip(),
        country=form.get("country", "US"), email=form.get("email", "").strip() or None,
    )  # fmt: skip
    return _paid(sim, session, card, token, form)


def _paid(sim: Simulator, session: Obj, card: cards.Card, token: str, form: dict[str, str]) -> Answer:
    error = ""
    try:
        pay(sim, session, card)
    except ApiError as problem:
        error = str(problem)
    session["_tokens"] = {**session.get("_tokens", {}), token: error}
    sim.store.save(session)
    if error:
        return show(sim, session["id"], errors={"card": error}, given=form)
    if session["status"] == "open":
        return redirect(f"/c/3ds/{session['payment_intent']}")
    return redirect(success_url(session))


def _waiting(sim: Simulator, intent_id: str) -> tuple[Obj | None, Obj | None]:
    intent = sim.store.get(intent_id, kind="payment_intent")
    sessions = sim.store.find("checkout.session", where={"payment_intent": intent_id}, limit=1)
    return intent, sessions[0] if sessions else None


def show_authentication(sim: Simulator, intent_id: str) -> Answer:
    """Show what the bank of the card would show."""
    intent, session = _waiting(sim, intent_id)
    if intent is None or session is None:
        return notice(
            "Nothing is waiting for your bank", "This confirmation link is not known here.", status=404
        )
    if intent["status"] != "requires_action":
        return show(sim, session["id"])
    return page(
        "authenticate.html", title="Confirm with your bank", action=f"/c/3ds/{intent_id}",
        total=text(intent["amount"], intent["currency"]), last4=intent["_card"]["number"][-4:],
    )  # fmt: skip


def authenticate(sim: Simulator, intent_id: str, form: dict[str, str]) -> Answer:
    """Go on after the bank's page."""
    intent, session = _waiting(sim, intent_id)
    if (
        intent is None
        or session is None
        or intent["status"] != "requires_action"
        or session["status"] != "open"
    ):
        return show_authentication(sim, intent_id)
    card = cards.Card(**intent["_card"])
    try:
        pay(sim, session, card, authenticated=form.get("outcome") == "complete")
    except ApiError as problem:
        return show(
            sim,
            session["id"],
            errors={"card": str(problem)},
            given={"name": card.name, "country": card.country},
        )
    return redirect(success_url(session))

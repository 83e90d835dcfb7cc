"""The hosted page of an invoice: what is due, and how to pay it."""

from .. import cards, invoicing
from ..errors import ApiError, Obj
from ..gateway import Answer
from ..money import text
from ..simulator import Simulator
from .render import Html, notice, page, part


def show(sim: Simulator, id: str, *, error: str = "") -> Answer:
    """Show an open invoice, or where it has got to."""
    invoice = sim.store.get(id, kind="invoice")
    if invoice is None or invoice["status"] == "draft":
        return notice(
            "There is no such invoice",
            "The link is not complete, or it is from another simulator.",
            status=404,
        )
    if invoice["status"] != "open":
        return notice(f"Invoice {invoice['number']} is {invoice['status']}", "There is nothing to pay.")
    currency = invoice["currency"]
    rows = [(line["description"] or "", "", line["amount"]) for line in invoice["lines"]["data"]]
    rows += [("Discount", "", -row["amount"]) for row in invoice["total_discount_amounts"]]
    rows += [
        ("Tax", row["taxability_reason"].replace("_", " "), row["amount"]) for row in invoice["total_taxes"]
    ]
    items = "".join(
        part("item.html", name=name, about=about, quantity="", amount=text(amount, currency))
        for name, about, amount in rows
    )
    how = "invoice_transfer.html" if _by_transfer(invoice) else "invoice_card.html"
    return page(
        "invoice.html", title="Invoice", number=invoice["number"], total=text(invoice["amount_remaining"], currency),
        items=Html(items), alert=part("alert.html", text=error) if error else Html(""),
        due=sim.iso(invoice["due_date"])[:10] if invoice["due_date"] else "now",
        pay=part(how, action=f"/i/{id}", reference=invoice["number"], iban=f"DE89 3704 0044 {id[-8:]}"),
    )  # fmt: skip


def _by_transfer(invoice: Obj) -> bool:
    return "customer_balance" in invoice["payment_settings"]["payment_method_types"]


def submit(sim: Simulator, id: str, form: dict[str, str]) -> Answer:
    """Let the transfer arrive, or take a card."""
    invoice = sim.store.get(id, kind="invoice")
    if invoice is None or invoice["status"] != "open":
        return show(sim, id)
    try:
        if _by_transfer(invoice):
            invoicing.transfer_arrives(sim, invoice)
        else:
            number = "".join(c for c in form.get("number", "") if c.isdigit())
            if not cards.luhn(number or "1"):
                return show(sim, id, error="Your card number is invalid. Check the digits.")
            invoicing.card(sim, invoice, cards.Card(number=number))
    except ApiError as problem:
        return show(sim, id, error=str(problem))
    return notice(f"Invoice {invoice['number']} is paid", "Thank you. You can close this page.")

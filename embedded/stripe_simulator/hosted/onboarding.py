"""The hosted pages of a connected account: onboarding and the Express overview."""

import re

from .. import accounts
from ..errors import Obj
from ..events import emit_thin
from ..gateway import Answer
from ..ledger import totals
from ..money import text
from ..simulator import Simulator
from .countries import NAMES
from .render import Html, field_error, notice, options, page, part, redirect


def _link(sim: Simulator, id: str) -> tuple[Obj | None, Obj | None, Answer | None]:
    """Find a link and its account, or the answer to a link that is of no use."""
    link = sim.store.get(id, kind="account_link")
    if link is None:
        return (
            None,
            None,
            notice(
                "This link is not known",
                "Open the set-up again from the site that sent you here.",
                status=404,
            ),
        )
    account = sim.store.get(link["_account"], kind="account")
    if account is None:
        return link, None, notice("This account was closed", "Ask the site that sent you here.", status=410)
    if link["_used"] or link["_expires"] <= sim.now():
        return link, account, redirect(link["_refresh"])
    return link, account, None


def show(
    sim: Simulator, id: str, *, errors: dict[str, str] | None = None, given: dict[str, str] | None = None
) -> Answer:
    """Show the form; a used or old link goes to the caller's refresh address."""
    link, account, answer = _link(sim, id)
    if answer or link is None or account is None:
        return answer or notice("This link is not known", "", status=404)
    wrong, values = errors or {}, given or {}
    first, _, last = account["_name"].partition(" ")
    return page(
        "onboard.html", title="Get paid", action=f"/setup/{id}",
        later=link["_return"], email=account["email"] or "No e-mail address given",
        first=values.get("first", first), last=values.get("last", last),
        routing=values.get("routing", ""), number=values.get("number", ""),
        first_error=field_error("first", wrong), last_error=field_error("last", wrong),
        routing_error=field_error("routing", wrong), number_error=field_error("number", wrong),
        agree_error=field_error("agree", wrong),
        countries=options(NAMES, values.get("country") or account["country"]),
    )  # fmt: skip


def submit(sim: Simulator, id: str, form: dict[str, str]) -> Answer:
    """Take the form and switch the account's capabilities on."""
    link, account, answer = _link(sim, id)
    if answer or link is None or account is None:
        # Sent twice: the first one did it.
        done = link and account and link["_used"] and account["_submitted"]
        return (
            redirect(link["_return"])
            if link and done
            else answer or notice("This link is not known", "", status=404)
        )
    values = {name: value.strip() for name, value in form.items()}
    errors = _check(values)
    if errors:
        return show(sim, id, errors=errors, given=values)
    name = f"{values['first']} {values['last']}"
    bank = {"number": _compact(values["number"]), "routing": _compact(values.get("routing", "")) or None}
    accounts.onboard(sim, account, name=name, country=values["country"], bank=bank)
    sim.store.save({**link, "_used": True})
    if account["_v2"]:
        emit_thin(
            sim, "v2.core.account_link.returned", account,
            account_id=account["id"], configurations=account["_configurations"], use_case=link["_use_case"],
        )  # fmt: skip
    return redirect(link["_return"])


def _compact(text: str) -> str:
    return re.sub(r"[\s-]", "", text).upper()


def _check(values: dict[str, str]) -> dict[str, str]:
    errors = {}
    if not values.get("first"):
        errors["first"] = "Write your first name."
    if not values.get("last"):
        errors["last"] = "Write your last name."
    if not re.fullmatch(r"[A-Z0-9]{8,34}", _compact(values.get("number", ""))):
        errors["number"] = "Write an account number or an IBAN: 8 to 34 letters and digits."
    if values.get("country") == "US" and not re.fullmatch(r"\d{9}", _compact(values.get("routing", ""))):
        errors["routing"] = "A routing number in the United States has 9 digits."
    if values.get("agree") != "yes":
        errors["agree"] = "Agree to the terms to be paid."
    if values.get("country") not in accounts.COUNTRIES:
        errors["last"] = "Choose a country from the list."
    return errors


def overview(sim: Simulator, id: str) -> Answer:
    """Show the owner of an Express account what is there and what was paid out."""
    link = sim.store.get(id, kind="login_link")
    account = sim.store.get(link["_account"], kind="account") if link else None
    if link is None or account is None or link.get("_used"):
        return notice(
            "This link was used",
            "Open your Stripe account again from the site that sent you here.",
            status=410,
        )
    sim.store.save({**link, "_used": True})
    sums = totals(sim, account["id"]) or {account["default_currency"]: (0, 0)}
    balances = Html("".join(
        part("balance.html", available=text(both[0], currency), pending=text(both[1], currency))
        for currency, both in sorted(sums.items())
    ))  # fmt: skip
    payouts = sim.store.find("payout", account=account["id"], limit=20)
    rows = Html(
        "".join(
            part(
                "payout.html",
                day=sim.iso(p["arrival_date"])[:10],
                amount=text(p["amount"], p["currency"]),
                status=p["status"].replace("_", " "),
            )
            for p in payouts
        )
    )
    return page(
        "express.html", title="Your payouts", name=account["_name"] or account["id"], balances=balances,
        payouts=rows or Html('<li class="muted">No payout yet.</li>'),
    )  # fmt: skip

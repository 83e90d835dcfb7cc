"""Keep connected accounts: one row each, seen through the v1 and through the v2 API."""

from typing import Any

from .errors import ApiError, Obj
from .events import emit, emit_thin
from .shapes import listing, shown
from .simulator import Call, Simulator

# ISO 3166 codes of countries where Stripe pays out (https://stripe.com/global); others are refused.
COUNTRIES = {
    "AU": "aud", "AT": "eur", "BE": "eur", "BG": "bgn", "BR": "brl", "CA": "cad", "HR": "eur", "CY": "eur", "CZ": "czk",
    "DK": "dkk", "EE": "eur", "FI": "eur", "FR": "eur", "DE": "eur", "GI": "gbp", "GR": "eur", "HK": "hkd", "HU": "huf",
    "IE": "eur", "IT": "eur", "JP": "jpy", "LV": "eur", "LI": "chf", "LT": "eur", "LU": "eur", "MY": "myr", "MT": "eur",
    "MX": "mxn", "NL": "eur", "NZ": "nzd", "NO": "nok", "PL": "pln", "PT": "eur", "RO": "ron", "SG": "sgd", "SK": "eur",
    "SI": "eur", "ES": "eur", "SE": "sek", "CH": "chf", "TH": "thb", "AE": "aed", "GB": "gbp", "US": "usd",
}  # fmt: skip
NEEDED = ["external_account", "individual.first_name", "individual.last_name", "tos_acceptance.date"]
RECIPIENT_CAPABILITY = "stripe_balance.stripe_transfers"


def create(sim: Simulator, *, country: str | None, v2: bool, call: Call | None = None, **body: Any) -> Obj:
    """Open an account that still has everything to say about itself."""
    code = (country or "US").upper()
    if code not in COUNTRIES:
        raise ApiError(
            f"{country} is not currently supported by Stripe", code="country_unsupported", param="country"
        )
    account = sim.new(
        "account", "acct_1",
        length=23, country=code, default_currency=COUNTRIES[code],
        **{
            "email": None, "business_type": None, "metadata": {}, "_v2": v2, "_requested": [], "_active": False,
            "_submitted": False, "_due": NEEDED, "_disabled": "requirements.past_due", "_bank": None, "_name": "",
            "_configurations": [], "_extra": {}, "_interval": "daily", "_country_set": bool(country), **body,
        },
    )  # fmt: skip
    if v2:
        emit_thin(sim, "v2.core.account.created", account, call=call)
    return account


def can_receive(account: Obj) -> bool:
    """Tell whether transfers may go there."""
    return bool(account["_active"] and "transfers" in account["_requested"])


def onboard(sim: Simulator, account: Obj, *, name: str, country: str, bank: Obj) -> Obj:
    """Take over what a person filled in, and switch the requested capabilities on."""
    account |= {
        "_submitted": True,
        "_due": [],
        "_disabled": None,
        "_active": True,
        "_name": name,
        "country": country,
        "default_currency": COUNTRIES[country],
        "_country_set": True,
        "_bank": {
            "id": sim.id("ba_1"),
            "object": "bank_account",
            "account": account["id"],
            "account_holder_name": name,
            "account_holder_type": "individual",
            "available_payout_methods": ["standard"],
            "bank_name": "STRIPE TEST BANK",
            "country": country,
            "currency": COUNTRIES[country],
            "default_for_currency": True,
            "last4": bank["number"][-4:],
            "routing_number": bank.get("routing"),
            "status": "new",
            "metadata": {},
            "fingerprint": sim.id("", 16),
            "_closed": bank["number"] == "000111111116",
        },
    }
    sim.store.save(account)
    changed(sim, account, capability=True)
    return account


def restrict(sim: Simulator, account: Obj, *, reason: str | None) -> Obj:
    """Switch the capabilities off with a reason, or on again with none."""
    due = ["individual.verification.document"] if reason else [] if account["_submitted"] else NEEDED
    account |= {"_active": reason is None and account["_submitted"], "_disabled": reason, "_due": due}
    sim.store.save(account)
    changed(sim, account, capability=True)
    return account


def changed(sim: Simulator, account: Obj, *, capability: bool = False, call: Call | None = None) -> None:
    """Tell both kinds of listeners."""
    emit(sim, "account.updated", v1(sim, account), account=account["id"], call=call)
    if capability and "transfers" in account["_requested"]:
        update = {
            "id": "transfers",
            "object": "capability",
            "account": account["id"],
            "requested": True,
            "status": _v1_status(account),
        }
        emit(sim, "capability.updated", update, account=account["id"], call=call)
    if account["_v2"]:
        emit_thin(sim, "v2.core.account[requirements].updated", account, call=call)
        if capability and "recipient" in account["_configurations"]:
            emit_thin(
                sim, "v2.core.account[configuration.recipient].capability_status_updated", account,
                call=call, updated_capability=RECIPIENT_CAPABILITY,
            )  # fmt: skip


def _v1_status(account: Obj) -> str:
    return "active" if account["_active"] else "inactive"


def v1(sim: Simulator, account: Obj) -> Obj:
    """Show an account as /v1/accounts does."""
    bank = [shown(account["_bank"])] if account["_bank"] else []
    due = account["_due"]
    requirements = {
        "alternatives": [], "current_deadline": None, "currently_due": due, "disabled_reason": account["_disabled"],
        "errors": [], "eventually_due": due, "past_due": due, "pending_verification": [],
    }  # fmt: skip
    fields = {
        "capabilities": {name: _v1_status(account) for name in account["_requested"]},
        "charges_enabled": account["_active"] and "card_payments" in account["_requested"],
        "payouts_enabled": account["_active"],
        "details_submitted": account["_submitted"],
        "external_accounts": listing(bank, f"/v1/accounts/{account['id']}/external_accounts"),
        "requirements": requirements,
        "future_requirements": {
            **requirements,
            "currently_due": [],
            "eventually_due": [],
            "past_due": [],
            "disabled_reason": None,
        },
        "settings": {
            "payouts": {
                "debit_negative_balances": False,
                "statement_descriptor": None,
                "schedule": {"delay_days": sim.config.settlement_days, "interval": account["_interval"]},
            },
            "dashboard": {"display_name": account["_name"] or None, "timezone": "Etc/UTC"},
        },
        "tos_acceptance": {
            "date": account["created"] if account["_submitted"] else None,
            "ip": None,
            "user_agent": None,
        },
        "controller": account.get("controller"),
        "type": account.get("type", "express"),
    }
    return shown({**account, **fields})


def v2(sim: Simulator, account: Obj, include: list[str]) -> Obj:
    """Show an account as /v2/core/accounts does: parts that were not asked for are null."""
    full: Obj = {
        "id": account["id"], "object": "v2.core.account", "created": sim.iso(account["created"]), "livemode": False,
        "applied_configurations": account["_configurations"], "closed": False, "contact_email": account["email"],
        "dashboard": account["_extra"].get("dashboard"), "display_name": account["_extra"].get("display_name"),
        "contact_phone": account["_extra"].get("contact_phone"), "metadata": account["metadata"],
    }  # fmt: skip
    wanted = {name.partition(".")[2] for name in include if name.startswith("configuration.")}
    if wanted:
        full["configuration"] = {
            "customer": {} if "customer" in wanted & set(account["_configurations"]) else None,
            "merchant": {} if "merchant" in wanted & set(account["_configurations"]) else None,
            "recipient": _recipient(account)
            if "recipient" in wanted & set(account["_configurations"])
            else None,
        }
    if "identity" in include:
        first, _, last = account["_name"].partition(" ")
        person = (
            {"given_name": first, "surname": last, "email": account["email"]} if account["_name"] else None
        )
        full["identity"] = {
            "country": account["country"] if account["_country_set"] else None,
            "entity_type": account["business_type"],
            "individual": person,
            "business_details": None,
            "attestations": None,
        }
    if "defaults" in include:
        full["defaults"] = {
            "currency": account["default_currency"],
            "locales": None,
            "profile": None,
            **account["_extra"].get("defaults", {}),
        }
    if "requirements" in include:
        full["requirements"] = _requirements(account)
    if "future_requirements" in include:
        full["future_requirements"] = {"entries": [], "minimum_transition_date": None, "summary": None}
    return shown(full)


def _recipient(account: Obj) -> Obj:
    if "transfers" not in account["_requested"]:
        return {"capabilities": None, "default_outbound_destination": None}
    why = {
        "code": "determining_status" if not account["_submitted"] else "requirements_past_due",
        "resolution": "provide_info",
    }
    status = "active" if account["_active"] else "restricted"
    capability = {"status": status, "status_details": [] if account["_active"] else [why]}
    payouts = {"status": status, "status_details": capability["status_details"]}
    return {
        "capabilities": {"stripe_balance": {"stripe_transfers": capability, "payouts": payouts}},
        "default_outbound_destination": None,
    }


def _requirements(account: Obj) -> Obj:
    entries = [
        {
            "awaiting_action_from": "user",
            "description": name,
            "errors": [],
            "requested_reasons": [{"code": "routine_onboarding"}],
            "minimum_deadline": {"status": "past_due" if account["_submitted"] else "currently_due"},
            "impact": {
                "restricts_capabilities": [
                    {
                        "capability": RECIPIENT_CAPABILITY,
                        "configuration": "recipient",
                        "deadline": {"status": "currently_due"},
                    },
                ]
            },
            "reference": None,
        }
        for name in account["_due"]
    ]
    summary = {"minimum_deadline": {"status": "currently_due", "time": None}} if entries else None
    return {"collector": "stripe", "entries": entries, "summary": summary}

"""Keep customers' tax ids."""

import re

from ..errors import ApiError, Obj
from ..events import emit
from ..routing import route
from ..shapes import listing, shown
from ..simulator import Call

# The form only, as Stripe checks it at once; whether the number exists is asked of the authority later.
FORMS = {
    "eu_vat": r"[A-Z]{2}[0-9A-Z+*]{8,12}", "gb_vat": r"(GB)?\d{9}(\d{3})?", "ch_vat": r"CHE\d{9}(MWST|TVA|IVA)?",
    "no_vat": r"\d{9}MVA", "au_abn": r"\d{11}", "nz_gst": r"\d{8,9}", "ca_bn": r"\d{9}", "in_gst": r"[0-9A-Z]{15}",
    "us_ein": r"\d{2}-?\d{7}",
}  # fmt: skip


@route("POST", "/v1/customers/{id}/tax_ids", "CustomerTaxIdCreateParams", supports="type value")
def create(call: Call, id: str) -> Obj:
    """Add a tax id to a customer."""
    customer, kind = call.need(id, "customer"), call.params["type"]
    value = call.params["value"].replace(" ", "")
    if kind not in FORMS:
        raise ApiError(f"This simulator does not know tax ids of type {kind}.", param="type")
    if not re.fullmatch(FORMS[kind], value):
        raise ApiError(f"Invalid value for {kind}.", code="tax_id_invalid", param="value")
    row = call.sim.new(
        "tax_id", "txi_1",
        account=call.account, customer=customer["id"], type=kind, value=value,
        country=value[:2].replace("EL", "GR") if kind == "eu_vat" else kind[:2].upper(),
        owner={"type": "customer", "customer": customer["id"]},
        verification={"status": "pending", "verified_name": None, "verified_address": None},
    )  # fmt: skip
    emit(call.sim, "customer.tax_id.created", row, account=call.account, call=call)
    return row


@route("GET", "/v1/customers/{id}/tax_ids", "CustomerTaxIdListParams", supports="limit")
def list_tax_ids(call: Call, id: str) -> Obj:
    """List a customer's tax ids."""
    rows = call.store.find(
        "tax_id", account=call.account, where={"customer": call.need(id, "customer")["id"]}
    )
    return listing([shown(row) for row in rows[: call.params.get("limit", 10)]], call.path)


@route("DELETE", "/v1/customers/{id}/tax_ids/{row}", "CustomerTaxIdDeleteParams")
def delete(call: Call, id: str, row: str) -> Obj:
    """Take a tax id off a customer."""
    found = call.need(row, "tax_id", name="tax id")
    if found["customer"] != id:
        raise ApiError(f"No such tax id: '{row}'", status=404)
    call.store.delete(row)
    emit(call.sim, "customer.tax_id.deleted", found, account=call.account, call=call)
    return {"id": row, "object": "tax_id", "deleted": True}

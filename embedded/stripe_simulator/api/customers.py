"""Keep customers."""

from ..errors import Obj
from ..events import emit
from ..routing import route
from ..simulator import Call, merge_metadata

FIELDS = ("address", "description", "email", "name", "phone", "preferred_locales", "shipping", "tax_exempt")
SUPPORTED = " ".join(FIELDS)


@route("POST", "/v1/customers", "CustomerCreateParams", supports=SUPPORTED)
def create(call: Call) -> Obj:
    """Create a customer."""
    customer = call.sim.new(
        "customer",
        "cus_",
        account=call.account,
        length=14,
        balance=0,
        delinquent=False,
        invoice_prefix=call.sim.id("", 8).upper(),
        invoice_settings={
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        next_invoice_sequence=1,
        preferred_locales=[],
        tax_exempt="none",
        metadata={},
    )
    return _apply(call, customer, "customer.created")


def _apply(call: Call, customer: Obj, event: str) -> Obj:
    customer |= {name: call.params[name] or None for name in FIELDS if name in call.params}
    customer["metadata"] = merge_metadata(customer["metadata"], call.params.get("metadata"))
    call.store.save(customer)
    emit(call.sim, event, customer, account=call.account, call=call)
    return customer


@route("GET", "/v1/customers/{id}", "CustomerRetrieveParams")
def retrieve(call: Call, id: str) -> Obj:
    """Read a customer."""
    return call.need(id, "customer")


@route("POST", "/v1/customers/{id}", "CustomerUpdateParams", supports=SUPPORTED)
def update(call: Call, id: str) -> Obj:
    """Change a customer."""
    return _apply(call, call.need(id, "customer"), "customer.updated")


@route(
    "GET", "/v1/customers", "CustomerListParams", supports="created email ending_before limit starting_after"
)
def list_customers(call: Call) -> Obj:
    """List customers."""
    return call.page("customer", where={"email": call.params.get("email")})


@route("DELETE", "/v1/customers/{id}", "CustomerDeleteParams")
def delete(call: Call, id: str) -> Obj:
    """Delete a customer."""
    customer = call.need(id, "customer")
    call.store.delete(id)
    emit(call.sim, "customer.deleted", customer, account=call.account, call=call)
    return {"id": id, "object": "customer", "deleted": True}

"""Let tests and the demo steer the simulator under /_sim/; only this machine may."""

import ipaddress
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from . import accounts, chaos, disputes, invoicing, subscribing, taxes, upkeep
from .api.balance import top_up
from .api.refunds import fail as fail_refund
from .cards import Card
from .checkout_flow import pay
from .delivery import Deliverer, shown_delivery
from .errors import ApiError, Obj
from .events import STRAIGHT, mode, queue
from .faults import Faults
from .gateway import Answer, Request
from .payouts import run_automatic
from .shapes import shown
from .simulator import DAY, Simulator

HELP = {
    "GET /_sim/": "this list, the clock and the mode of delivery",
    "POST /_sim/delivery": "set {delay_s, duplicate, reorder_s, drop, pause, serial, retry_base_s}; {} sets all back",
    "POST /_sim/deliver": "send what is queued at once; {event} sends that one again",
    "GET /_sim/events": "all events, oldest first; ?after=ID those behind one",
    "GET /_sim/deliveries": "all deliveries with their state",
    "POST /_sim/fail": "{when: before|after, status: 500 | timeout: true, hold_s, method, path, count}; DELETE clears",
    "POST /_sim/chaos": "{seed, fail, lose, drop, double, delay_s}: wrong at random; {} brings calm",
    "POST /_sim/rates": "{currency: rate to dollars}: payments in it settle in dollars; {} sets back",
    "POST /_sim/clock": "{advance_s}",
    "POST /_sim/topup": "{amount, currency}: available money for the platform",
    "POST /_sim/sessions/ID/pay": "{card}: pay without the page",
    "POST /_sim/accounts/ID": "{onboard: true} or {disabled_reason: text or null}",
    "POST /_sim/disputes": "{charge, amount, reason}",
    "POST /_sim/disputes/ID/close": "{status: won|lost}",
    "POST /_sim/invoices/ID/pay": "{}: the bank transfer for an open invoice arrives",
    "POST /_sim/customers/ID/card": "{card}: what renewals are taken from from now on",
    "POST /_sim/subscriptions/ID/renew": "{}: its next month begins now, or the unpaid one is tried again",
    "POST /_sim/tax": "{origin, registered: [countries]}: where the seller is and where it collects tax",
    "POST /_sim/refunds/ID/fail": "{}: the buyer's bank sends a refund back",
    "POST /_sim/payouts": "{account}: pay out what is available now",
    "POST /_sim/reset": "forget all objects but the webhook endpoints",
}


class Control:
    """Answer the control API."""

    def __init__(self, sim: Simulator, deliverer: Deliverer, faults: Faults) -> None:
        self.sim = sim
        self.deliverer = deliverer
        self.faults = faults
        self.posts: dict[str, Callable[[Obj], Any]] = {
            "delivery": self._delivery, "deliver": self._deliver, "fail": self._fail, "clock": self._clock,
            "topup": self._topup, "tax": self._tax, "rates": self._rates,
            "chaos": lambda body: chaos.change(self.sim, body),
            "disputes": self._dispute, "payouts": self._payouts, "reset": self._reset,
        }  # fmt: skip

    def answer(self, request: Request, caller: str) -> Answer:
        """Answer one request."""
        try:
            if not ipaddress.ip_address(caller).is_loopback:
                raise ApiError("The control API answers this machine only.", status=403)
            self._check_host(request.headers.get("host", ""))
            result = self._route(request)
            return self._json(200, result)
        except ApiError as error:
            return self._json(error.status, error.to_json())
        except (KeyError, TypeError, ValueError) as error:
            return self._json(400, {"error": {"message": f"The body does not fit: {error!r}."}})

    def _check_host(self, host: str) -> None:
        """Refuse a name that was pointed here from outside (DNS rebinding)."""
        name = urlsplit(f"//{host}").hostname
        if name not in ("127.0.0.1", "localhost", "::1", urlsplit(self.sim.config.public_url).hostname):
            raise ApiError(f"The control API does not answer to the name {name}.", status=403)

    def _route(self, request: Request) -> Any:
        parts = [part for part in request.path.split("/") if part][1:]
        if request.method == "GET":
            return self._read(parts, dict(parse_qsl(request.query)))
        if request.method == "DELETE" and parts == ["fail"]:
            self.faults.clear()
            return {}
        # A page of another site cannot send this type without asking first, so it cannot steer us.
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            raise ApiError("Send JSON, with Content-Type: application/json.", status=415)
        body = json.loads(request.body or b"{}")
        if len(parts) == 1 and parts[0] in self.posts:
            return self._write(lambda: self.posts[parts[0]](body), unlocked=parts[0] in ("deliver", "fail"))
        match parts:
            case ["sessions", id, "pay"]:
                return self._write(
                    lambda: pay(
                        self.sim,
                        self.sim.need(id, "checkout.session"),
                        Card(
                            number=str(body.get("card", "4242424242424242")),
                            name=body.get("name", "Test Buyer"),
                            email=body.get("email"),
                        ),
                    )
                )
            case ["accounts", id]:
                return self._write(lambda: self._account(id, body))
            case ["invoices", id, "pay"]:
                return self._write(
                    lambda: shown(invoicing.transfer_arrives(self.sim, self.sim.need(id, "invoice")))
                )
            case ["customers", id, "card"]:
                card = Card(number=str(body["card"]))
                return self._write(
                    lambda: shown(subscribing.keep_card(self.sim, self.sim.need(id, "customer"), card))
                )
            case ["subscriptions", id, "renew"]:
                return self._write(
                    lambda: shown(subscribing.next_month(self.sim, self.sim.need(id, "subscription")))
                )
            case ["refunds", id, "fail"]:
                return self._write(lambda: shown(fail_refund(self.sim, self.sim.need(id, "refund"))))
            case ["disputes", id, "close"]:
                return self._write(
                    lambda: disputes.close_dispute(
                        self.sim, self.sim.need(id, "dispute"), status=body["status"]
                    )
                )
        raise ApiError(
            f"There is no {request.method} {request.path}; GET /_sim/ lists what there is.", status=404
        )

    def _write(self, action: Callable[[], Any], *, unlocked: bool = False) -> Any:
        if unlocked:
            return action()
        problem: ApiError | None = None
        result: Any = None
        with self.sim.store.transaction():
            try:
                result = action()
            except ApiError as error:
                problem = error
        if problem:
            raise problem
        return result

    def _read(self, parts: list[str], query: dict[str, str]) -> Any:
        store = self.sim.store
        match parts:
            case []:
                return {"now": self.sim.now(), "delivery": mode(self.sim), "help": HELP}
            case ["events"]:
                return {"data": store.find("event", oldest_first=True, before=query.get("after"))}
            case ["thin_events"]:
                return {"data": store.find("v2.core.event", oldest_first=True)}
            case ["deliveries"]:
                return {
                    "data": [
                        shown_delivery(row) for row in store.rows("SELECT * FROM deliveries ORDER BY id")
                    ]
                }
            case ["fail"]:
                return {"data": [fault.__dict__ for fault in self.faults.planned]}
        raise ApiError("GET /_sim/ lists what there is.", status=404)

    def _delivery(self, body: Obj) -> Obj:
        unknown = set(body) - set(STRAIGHT)
        if unknown:
            raise ApiError(f"Unknown: {sorted(unknown)}; known: {sorted(STRAIGHT)}.")
        self.sim.store.set_meta("delivery", {**(mode(self.sim) if body else {}), **body})
        return mode(self.sim)

    def _deliver(self, body: Obj) -> Obj:
        event = body.get("event")
        if event:
            found = self.sim.store.rows("SELECT DISTINCT endpoint FROM deliveries WHERE event = ?", event)
            with self.sim.store.transaction():
                for row in found:
                    queue(self.sim, event, row["endpoint"])
        return {"tried": self.deliverer.flush(event=event)}

    def _fail(self, body: Obj) -> Obj:
        return self.faults.plan(body).__dict__

    def _clock(self, body: Obj) -> Obj:
        left = int(body["advance_s"])
        while left > 0:
            # A day at a time, so that each day's payouts leave and arrive as they would have.
            step = min(left, DAY)
            left -= step
            self.sim.store.set_meta("clock_offset", int(self.sim.store.meta("clock_offset", 0)) + step)
            upkeep.run(self.sim)
        return {"now": self.sim.now()}

    def _rates(self, body: Obj) -> Obj:
        rates = {str(name): float(rate) for name, rate in body.items()}
        self.sim.store.set_meta("rates", rates)
        return rates

    def _topup(self, body: Obj) -> Obj:
        return shown(top_up(self.sim, amount=int(body["amount"]), currency=body.get("currency", "usd")))

    def _dispute(self, body: Obj) -> Obj:
        charge = self.sim.need(body["charge"], "charge")
        return shown(
            disputes.open_dispute(
                self.sim, charge, reason=body.get("reason", "fraudulent"), amount=body.get("amount")
            )
        )

    def _tax(self, body: Obj) -> Obj:
        self.sim.store.set_meta(
            "tax", {name: body[name] for name in ("origin", "registered") if name in body}
        )
        return taxes.settings(self.sim)

    def _payouts(self, body: Obj) -> Obj:
        return {"data": [shown(payout) for payout in run_automatic(self.sim, only=body.get("account"))]}

    def _account(self, id: str, body: Obj) -> Obj:
        account = self.sim.need(id, "account")
        if body.get("onboard"):
            bank = {"number": body.get("account_number", "000123456789"), "routing": "110000000"}
            accounts.onboard(
                self.sim,
                account,
                name=body.get("name", "Test Contributor"),
                country=account["country"],
                bank=bank,
            )
        else:
            accounts.restrict(self.sim, account, reason=body["disabled_reason"])
        return accounts.v1(self.sim, account)

    def _reset(self, body: Obj) -> Obj:
        kept = [
            e
            for kind in ("webhook_endpoint", "v2.core.event_destination")
            for e in self.sim.store.find(kind, oldest_first=True)
        ]
        self.sim.store.reset()
        for endpoint in kept:
            self.sim.store.add(endpoint)
        self.faults.clear()
        return {}

    def _json(self, status: int, body: Any) -> Answer:
        return Answer(status, json.dumps(body, indent=2).encode(), {"Content-Type": "application/json"})

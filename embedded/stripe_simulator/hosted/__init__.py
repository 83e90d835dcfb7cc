"""Serve the pages that Stripe hosts: payment, bank confirmation, onboarding, receipt."""

import re
from collections.abc import Callable

from ..gateway import Answer, Request
from ..money import text
from ..params import decode_form
from ..simulator import API_VERSION, Simulator
from . import invoice, onboarding, pay, portal
from .render import PAGES, notice, page

Shown = Callable[[Simulator, str], Answer]
Taken = Callable[[Simulator, str, dict[str, str]], Answer]


def receipt(sim: Simulator, id: str) -> Answer:
    """Show what a charge was for."""
    charge = sim.store.get(id, kind="charge")
    if charge is None:
        return notice(
            "There is no such receipt",
            "The link is not complete, or it is from another simulator.",
            status=404,
        )
    return page(
        "receipt.html", title="Receipt", amount=text(charge["amount"], charge["currency"]), id=charge["id"],
        day=sim.iso(charge["created"])[:10],
        how=f"Card ending in {card['last4']}" if (card := charge["payment_method_details"].get("card")) else "Transfer",
        refunded=text(charge["amount_refunded"], charge["currency"]), state=charge["status"],
    )  # fmt: skip


class Hosted:
    """Route the browser's requests."""

    gets: tuple[tuple[str, Shown], ...] = (
        (r"/c/pay/(\w+)", pay.show),
        (r"/c/3ds/(\w+)", pay.show_authentication),
        (r"/setup/(\w+)", onboarding.show),
        (r"/express/(\w+)", onboarding.overview),
        (r"/receipts/(\w+)", receipt),
        (r"/i/(\w+)", invoice.show),
        (r"/p/session/(\w+)", portal.show),
    )
    posts: tuple[tuple[str, Taken], ...] = (
        (r"/c/pay/(\w+)", pay.submit),
        (r"/c/3ds/(\w+)", pay.authenticate),
        (r"/setup/(\w+)", onboarding.submit),
        (r"/i/(\w+)", invoice.submit),
        (r"/p/session/(\w+)", portal.submit),
    )

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim

    def answer(self, request: Request) -> Answer:
        """Answer one request of a browser."""
        if request.path == "/":
            return notice(
                "Stripe simulator",
                f"It answers the official client as Stripe's servers do, in version {API_VERSION}.",
            )
        if request.path == "/sim.css":
            return Answer(
                200,
                (PAGES / "sim.css").read_bytes(),
                {"Content-Type": "text/css", "Cache-Control": "max-age=60"},
            )
        with self.sim.store.transaction():
            return self._page(request)

    def _page(self, request: Request) -> Answer:
        if request.method == "POST":
            form = {
                name: str(value)
                for name, value in decode_form(request.body.decode("utf-8", "replace")).items()
            }
            for pattern, take in self.posts:
                if found := re.fullmatch(pattern, request.path):
                    return take(self.sim, found[1], form)
        else:
            for pattern, show in self.gets:
                if found := re.fullmatch(pattern, request.path):
                    return show(self.sim, found[1])
        return notice("There is no such page", "Check the address.", status=404)

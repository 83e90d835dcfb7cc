"""Run a simulator as its users do: a process of its own, the official client, a webhook receiver, a browser's form."""

import json
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import stripe

KEY = "sk_test_of_these_tests"
SECRET = "whsec_of_these_tests"
GOOD, DECLINED, NO_FUNDS = "4242424242424242", "4000000000000002", "4000000000009995"
ASKS_BANK, AT_ONCE = "4000002500003155", "4000000000000077"


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], Any], *, seconds: float = 5) -> Any:
    """Wait until something is so, and return it."""
    limit = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < limit, "it did not come about in time"
        time.sleep(0.02)
    return result


class Receiver:
    """Take webhooks and keep what Stripe's own code verified; `refuse` makes the next ones fail."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.raw: list[tuple[bytes, str]] = []
        self.refuse = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                signature = self.headers["Stripe-Signature"]
                stripe.WebhookSignature.verify_header(body, signature, SECRET, 300)
                status = 200
                if receiver.refuse:
                    receiver.refuse -= 1
                    status = 503
                else:
                    receiver.raw.append((body, signature))
                    receiver.taken.append(json.loads(body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Be quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, type: str) -> list[dict[str, Any]]:
        """List the events of one type."""
        return [event for event in self.taken if event["type"] == type]

    def clear(self) -> None:
        """Forget what came."""
        self.taken.clear()
        self.raw.clear()
        self.refuse = 0


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Do not follow: the shop's pages do not exist here."""
        return None


class Running:
    """Hold a simulator's process and the ways to talk to it."""

    def __init__(self, *, hook: str, data: Path | None = None) -> None:
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        command = [
            *(
                sys.executable,
                "-m",
                "embedded.stripe_simulator",
                "--port",
                str(port),
                "--public-url",
                self.base,
            ),
            *(
                "--secret-key",
                KEY,
                "--webhook-secret",
                SECRET,
                "--webhook-url",
                hook,
                "--thin-webhook-url",
                hook,
            ),
            *(["--data", str(data)] if data else []),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "no real money" in line
        self.client = self.client_with(KEY)
        self.opener = urllib.request.build_opener(_Stay)

    def client_with(self, key: str, *, retries: int = 0) -> stripe.StripeClient:
        """Make an official client."""
        return stripe.StripeClient(key, base_addresses={"api": self.base}, max_network_retries=retries)

    def stop(self) -> int:
        """End the process as an operator would."""
        self.process.terminate()
        return self.process.wait(10)

    def control(
        self, path: str, body: dict[str, Any] | None = None, *, method: str = "POST"
    ) -> dict[str, Any]:
        """Steer the simulator."""
        request = urllib.request.Request(  # noqa: S310 - our own child on loopback
            f"{self.base}/_sim/{path}",
            data=None if method == "GET" else json.dumps(body or {}).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            result: dict[str, Any] = json.load(answer)
            return result

    def get(self, url: str) -> tuple[int, str, str]:
        """Open a page; return status, text and where it redirects to."""
        return self._open(url if url.startswith("http") else self.base + url, None)

    def post(self, url: str, form: dict[str, str]) -> tuple[int, str, str]:
        """Send a form."""
        return self._open(
            url if url.startswith("http") else self.base + url, urllib.parse.urlencode(form).encode()
        )

    def _open(self, url: str, data: bytes | None) -> tuple[int, str, str]:
        try:
            with self.opener.open(url, data, timeout=10) as answer:
                return answer.status, answer.read().decode(), ""
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode(), answer.headers.get("Location") or ""

    def card_form(self, url: str, number: str = GOOD) -> dict[str, str]:
        """Fill the payment page's form."""
        token = re.search(r'name="token" value="(\w+)"', self.get(url)[1])
        assert token
        return {
            "token": token[1],
            "number": number,
            "expiry": "12 / 34",
            "cvc": "123",
            "name": "Bob Buyer",
            "country": "FR",
        }

    def pay(self, url: str, number: str = GOOD) -> tuple[int, str, str]:
        """Pay as Bob does in his browser."""
        return self.post(url, self.card_form(url, number))

    def session(self, amount: int = 10_000, *, key: str | None = None, **more: Any) -> Any:
        """Open a Checkout Session over one package."""
        item = {"currency": "usd", "unit_amount": amount, "product_data": {"name": "Night driving"}}
        params: Any = {
            "mode": "payment", "ui_mode": "hosted_page", "line_items": [{"price_data": item, "quantity": 1}],
            "success_url": "http://shop.test/done?s={CHECKOUT_SESSION_ID}", "cancel_url": "http://shop.test/cart",
            "metadata": {"order": "7"}, **more,
        }  # fmt: skip
        return self.client.v1.checkout.sessions.create(params, {"idempotency_key": key} if key else None)

    def charge(self, amount: int = 10_000, *, card: str = "pm_card_visa", **more: Any) -> Any:
        """Take a payment without the page; return its charge."""
        params: Any = {
            "amount": amount,
            "currency": "usd",
            "payment_method": card,
            "confirm": True,
            **more,
            "expand": ["latest_charge"],
        }
        intent = self.client.v1.payment_intents.create(params)
        return intent.latest_charge

    def contributor(self, *, onboarded: bool = True) -> Any:
        """Open Alice's account, by default with the onboarding filled in."""
        account = self.client.v2.core.accounts.create({
            "contact_email": "alice@example.org", "display_name": "Alice", "dashboard": "express",
            "identity": {"country": "us", "entity_type": "individual"},
            "configuration": {
                "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}},
            },
            "defaults": {"responsibilities": {"fees_collector": "application", "losses_collector": "application"}},
            "include": ["configuration.recipient", "identity", "requirements", "defaults"],
        })  # fmt: skip
        if onboarded:
            self.control(f"accounts/{account.id}", {"onboard": True})
        return account

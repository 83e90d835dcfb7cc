"""What the buyer does: find, preview, accept, pay, download and check."""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests

from embedded.smoke.person import Person, StepFailed, said

WAIT_FOR_PAYMENT = 120  # seconds
# Stripe's test card whose payment can be sent on at once.
CARD = {
    "number": "4000000000000077",
    "expiry": "12 / 40",
    "cvc": "123",
    "name": "Billie Demo",
    "country": "US",
}


@dataclass(frozen=True)
class Bought:
    """A paid order: its page, its total in cents and currency."""

    address: str
    total_minor: int
    currency: str


def buy(person: Person, package: str) -> Bought:
    """Find the package in the catalogue, look at a preview, put it into the cart, accept the licence and pay."""
    path = urlsplit(package).path
    if path not in person.get("/packages/").text:
        raise StepFailed("The catalogue does not list the package.")
    page = person.get(path)
    preview = re.search(r'src="(/packages/[^"]+/video/)"', page.text)
    if not preview or not person.get(preview[1]).content:
        raise StepFailed("The package has no preview.")
    cart = person.send(page, "", {}, action="/cart/add/")
    terms = dict(re.findall(r'name="(terms_\d+)" value="([0-9a-f]{64})"', cart.text))
    hosted = person.send(cart, "form_token", terms)
    order = person.send(hosted, "number", CARD)
    address = urlsplit(order.url).path
    until = time.monotonic() + WAIT_FOR_PAYMENT
    while time.monotonic() < until:
        order = person.get(address)
        if "downloads open until" in order.text:
            total = re.search(r"<strong>\$([\d,]+)\.(\d\d)</strong>", order.text)
            if not total:
                raise StepFailed("The order page shows no total.")
            return Bought(address, int(total[1].replace(",", "")) * 100 + int(total[2]), "usd")
        time.sleep(0.5)
    raise StepFailed(f"The payment did not arrive within {WAIT_FOR_PAYMENT} s: {said(order)}")


def download(person: Person, bought: Bought, folder: Path) -> tuple[Path, bool]:
    """Download every file by the manifest's links; give the folder and whether every SHA-256 fits."""
    page = person.get(bought.address)
    found = re.search(rf'href="({re.escape(bought.address)}([\w-]+)/manifest\.json)"', page.text)
    if not found:
        raise StepFailed("The order page has no manifest.")
    manifest = person.get(found[1]).json()
    target = folder / f"{manifest['package']}-v{manifest['version']}"
    right = bool(manifest["objects"])
    for item in manifest["objects"]:
        place = target / item["path"]
        place.parent.mkdir(parents=True, exist_ok=True)
        answer = requests.get(item["url"], timeout=600)
        if not answer.ok:
            raise StepFailed(f"{item['path']} was not delivered: {answer.status_code}")
        place.write_bytes(answer.content)
        right &= hashlib.sha256(answer.content).hexdigest() == item["sha256"]
    for line in (target / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, _, path = line.partition("  ")
        right &= hashlib.sha256((target / path).read_bytes()).hexdigest() == digest
    single = person.get(f"{bought.address}{found[2]}/files/LICENSE.txt")
    right &= single.content == (target / "LICENSE.txt").read_bytes()
    return target, right

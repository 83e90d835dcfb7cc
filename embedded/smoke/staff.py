"""What the desk does: a moderator approves, a curator publishes, finance pays."""

from __future__ import annotations

import re
import time

from embedded.smoke.person import Person, StepFailed, said

WAIT_FOR_WORKER = 600  # seconds


def approve_all(person: Person, count: int) -> list[str]:
    """Look at every clip that waits, original and redacted, and approve it; give the ids of the last ``count``."""
    decided: list[str] = []
    page = person.get("/desk/review/")
    while found := re.search(r"/desk/review/([0-9a-f-]{36})/$", page.url):
        clip = found[1]
        person.get(f"/desk/media/{clip}/clip/")
        person.get(f"/desk/original/{clip}/")
        page = person.send(page, "note", {"verdict": "approve", "reason": "", "note": ""})
        decided.append(clip)
    if len(decided) < count:
        raise StepFailed(f"{len(decided)} of {count} clips came to the moderator: {said(page)}")
    return decided[-count:]


def make_package(person: Person, clips: list[str], *, price: str) -> str:
    """Choose the clips, price them and publish; give the address of the package's page."""
    listing = person.get("/desk/marketplace/clip/?state__exact=approved")
    form = person.send(listing, "action", {"action": "make_package", "_selected_action": clips})
    answer = person.send(
        form,
        "title",
        {
            "title": f"Smoke walk {time.strftime('%H:%M:%S')}",
            "summary": "Made by the smoke walk.",
            "price": price,
        },
    )
    found = re.search(r"/desk/marketplace/package/([0-9a-f-]{36})/", answer.url)
    if not found:
        raise StepFailed(f"The draft was not made: {said(answer)}")
    address = f"/desk/marketplace/package/{found[1]}/"
    person.send(person.get(f"{address}publish/"), "confirmed", {})
    until = time.monotonic() + WAIT_FOR_WORKER
    while time.monotonic() < until:
        page = person.get(f"{address}see/")
        if "/packages/" in page.url:
            return page.url
        if "Publishing failed" in page.text:
            raise StepFailed(f"The package was not published: {said(page)}")
        time.sleep(1)
    raise StepFailed(f"The package was not published within {WAIT_FOR_WORKER} s.")


def run_payouts(person: Person) -> str:
    """Run the payouts and give what the desk says of them."""
    answer = person.send(person.get("/desk/payouts/transfer/run/"), "confirmed", {})
    found = re.search(r"Payouts have run: ([^<]+)", answer.text)
    if not found:
        raise StepFailed(f"The payout run did not happen: {said(answer)}")
    return found[1].strip()


def books(person: Person) -> tuple[int, bool]:
    """Read the sum of all ledger lines in minor units, and whether every rule of the books holds."""
    page = person.get("/desk/")
    found = re.search(r"Sum of all ledger lines.*?<strong>\s*(-?\d+)", page.text, flags=re.S)
    if not found:
        raise StepFailed(f"The desk does not show the books: {said(page)}")
    return int(found[1]), "every rule of the books holds" in page.text

"""What the contributor does: upload through presigned parts, wait, submit, and be paid."""

from __future__ import annotations

import base64
import hashlib
import re
import time
import uuid
from pathlib import Path
from typing import Any

import requests

from embedded.smoke.person import Person, StepFailed, said

WAIT_FOR_WORKER = 1200  # seconds


WALK = "Smoke walk"


def withdraw_walks(person: Person) -> None:
    """Withdraw what earlier walks uploaded: the site takes no recording twice, and a walk may be asked for again."""
    page = person.get("/film/footage/").text
    for address in re.findall(rf'href="(/film/footage/[0-9a-f-]{{36}}/)">{WALK}', page):
        footage = person.get(address)
        if f"{address}withdraw/" in footage.text:
            person.send(footage, "", {}, action="/withdraw/")


def upload(person: Person, footage: Path, *, vertical: str) -> str:
    """Send one file as the upload page's script does; give the address of its footage page."""
    page = person.get("/film/upload/")
    consents = dict(re.findall(r'name="(consent_\w+)" value="([0-9a-f]{64})"', page.text))
    if not consents:
        raise StepFailed("The upload page asks for no consent.")
    values: dict[str, Any] = {
        "upload_token": str(uuid.uuid4()),
        "file_name": footage.name,
        "size_bytes": footage.stat().st_size,
        "title": f"{WALK} {time.strftime('%Y-%m-%d %H:%M:%S')}",
        "vertical": vertical,
        "discipline": "basketball" if vertical == "sports" else "",
        "country": "DE",
        "place": "Berlin",
        **consents,
    }
    told = person.post_form("/film/upload/start/", values)
    whole = hashlib.sha256()
    with footage.open("rb") as file:
        for number in range(1, told["part_count"] + 1):
            part = file.read(told["part_bytes"])
            whole.update(part)
            _send_part(person, told["parts_url"], number, part)
    person.post_json(told["complete_url"], {"sha256": whole.hexdigest()})
    return str(told["footage_url"])


def _send_part(person: Person, parts_url: str, number: int, part: bytes) -> None:
    digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
    signed = person.post_json(parts_url, {"parts": [{"number": number, "sha256": digest}]})
    headers = {"x-amz-checksum-sha256": digest}
    put = requests.put(signed["urls"][str(number)], data=part, headers=headers, timeout=600)
    if not put.ok:
        raise StepFailed(f"Object storage refused part {number}: {put.text[:200]}")


def wait_for_review(person: Person, address: str) -> int:
    """Wait until the redacted clips are there to look at; give their number."""
    until = time.monotonic() + WAIT_FOR_WORKER
    while time.monotonic() < until:
        page = person.get(address)
        if 'id="review"' in page.text:
            posters = set(re.findall(r"/film/clips/([0-9a-f-]{36})/", page.text))
            for clip in posters:
                person.get(f"/film/clips/{clip}/clip/")
            return len(posters)
        if "/progress/" not in page.text:
            raise StepFailed(f"The footage was not processed: {said(page)}")
        time.sleep(1)
    raise StepFailed(f"The footage was not processed within {WAIT_FOR_WORKER} s.")


def submit(person: Person, address: str) -> None:
    """Send all clips to the moderators."""
    answer = person.send(person.get(address), "", {}, action="/submit/")
    if "with our moderators" not in answer.text:
        raise StepFailed(f"Submitting did not work: {said(answer)}")


def onboard(person: Person) -> None:
    """Open the Stripe account on Stripe's (the simulator's) page."""
    page = person.get("/film/earnings/")
    if "/film/earnings/connect/" not in page.text:
        return  # done in an earlier walk
    hosted = person.send(page, "", {}, action="/film/earnings/connect/")
    bank = {"routing": "110000000", "number": "000123456789", "agree": "yes", "country": "DE"}
    answer = person.send(hosted, "first", {"first": "Dana", "last": "Demo", **bank})
    if "is ready" not in answer.text:
        raise StepFailed(f"The Stripe account was not opened: {said(answer)}")


def earned(person: Person) -> str:
    """Read the earnings page."""
    return person.get("/film/earnings/").text

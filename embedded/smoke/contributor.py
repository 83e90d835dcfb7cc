"""What the contributor does: upload through presigned parts, wait, look, submit, be paid."""

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


def upload(person: Person, footage: Path, *, vertical: str) -> str:
    """Send one file as the upload page does and give the address of its footage page."""
    page = person.get("/film/upload/")
    consents = dict(re.findall(r'name="(consent_\w+)"[^>]*value="([0-9a-f]{64})"', page.text))
    consents |= {
        name: value
        for value, name in re.findall(r'value="([0-9a-f]{64})"[^>]*name="(consent_\w+)"', page.text)
    }
    if not consents:
        raise StepFailed("The upload page asks for no consent.")
    whole = hashlib.sha256(footage.read_bytes()).hexdigest()
    values: dict[str, Any] = {
        "upload_token": str(uuid.uuid4()),
        "file_name": footage.name,
        "size_bytes": footage.stat().st_size,
        "title": f"Smoke walk {time.strftime('%Y-%m-%d %H:%M:%S')}",
        "vertical": vertical,
        "discipline": "basketball" if vertical == "sports" else "",
        "country": "DE",
        "place": "Berlin",
        **consents,
    }
    headers = {"X-CSRFToken": person.browser.cookies.get("csrftoken", ""), "Referer": page.url}
    answer = person.browser.post(
        f"{person.site}/film/upload/start/", data=values, headers=headers, timeout=60
    )
    if not answer.ok:
        raise StepFailed(f"The upload was not opened: {answer.text[:300]}")
    told = answer.json()
    try:
        _send_parts(person, footage, told)
        person.post_json(told["complete_url"], {"sha256": whole})
    except StepFailed as failed:
        # A walk on the same file as the last one: the first footage is the one to go on with.
        if found := re.search(r'"duplicate_url": "([^"]+)"', str(failed)):
            return found[1]
        raise
    return str(told["footage_url"])


def _send_parts(person: Person, footage: Path, told: dict[str, Any]) -> None:
    with footage.open("rb") as file:
        for number in range(1, told["part_count"] + 1):
            part = file.read(told["part_bytes"])
            digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
            signed = person.post_json(told["parts_url"], {"parts": [{"number": number, "sha256": digest}]})
            put = requests.put(
                signed["urls"][str(number)], data=part, headers={"x-amz-checksum-sha256": digest}, timeout=600
            )
            if not put.ok:
                raise StepFailed(f"Object storage refused part {number}: {put.text[:200]}")


def wait_for_review(person: Person, address: str) -> str:
    """Wait until the redacted clips are there to look at; give the footage page."""
    until = time.monotonic() + WAIT_FOR_WORKER
    while time.monotonic() < until:
        page = person.get(address)
        if 'name="clip"' in page.text or "footage_submit" in page.text or "/submit/" in page.text:
            return page.text
        if re.search(r'data-state="(refused|failed|withdrawn)"', page.text):
            raise StepFailed(f"The footage was not processed: {said(page)}")
        time.sleep(1)
    raise StepFailed(f"The footage was not processed within {WAIT_FOR_WORKER} s: {said(page)}")

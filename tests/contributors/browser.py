"""What the upload page's script does, in Python: ask, hash, PUT the parts straight to object storage, complete."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from typing import Any

import requests
from django.test import Client
from django.urls import reverse

from contributors.consents import current_texts


def checksum(data: bytes) -> str:
    """Give a part's SHA-256 as object storage wants it."""
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def form(**changes: Any) -> dict[str, Any]:
    """Fill the form in as Alice does; a value of None leaves the field out."""
    ticked = {f"consent_{text.purpose}": text.sha256 for text in current_texts() if text.required}
    values = {
        "upload_token": str(uuid.uuid4()),
        "file_name": "2024-05-03 ride.mp4",
        "size_bytes": 1000,
        "title": "Evening ride",
        "vertical": "driving",
        "country": "DE",
        "place": "Berlin",
        "recorded_on": "2024-05-03",
        **ticked,
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


class Browser:
    """One person's browser on the upload page."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def post(self, url: str, body: object) -> Any:
        """Send JSON and give the response."""
        return self.client.post(url, json.dumps(body), content_type="application/json")

    def start(self, data: bytes, **changes: Any) -> dict[str, Any]:
        """Open an upload for these bytes."""
        answer = self.client.post(
            reverse("contributors:upload_start"), form(**{"size_bytes": len(data), **changes})
        )
        assert answer.status_code in (200, 201), answer.json()
        return answer.json()

    def pieces(self, told: dict[str, Any], data: bytes) -> dict[int, bytes]:
        """Cut the bytes into the parts that the server asked for."""
        each = told["part_bytes"]
        return {
            number: data[(number - 1) * each : number * each] for number in range(1, told["part_count"] + 1)
        }

    def sign(self, told: dict[str, Any], pieces: dict[int, bytes]) -> dict[int, str]:
        """Ask for the addresses of some parts."""
        wanted = [{"number": number, "sha256": checksum(piece)} for number, piece in pieces.items()]
        answer = self.post(told["parts_url"], {"parts": wanted})
        assert answer.status_code == 200, answer.json()
        return {int(number): url for number, url in answer.json()["urls"].items()}

    def put(self, url: str, piece: bytes, *, promised: str = "") -> requests.Response:
        """Send one part to object storage."""
        headers = {"x-amz-checksum-sha256": promised or checksum(piece)}
        return requests.put(url, data=piece, headers=headers, timeout=20)

    def send(self, told: dict[str, Any], data: bytes, *, only: set[int] | None = None) -> None:
        """Send the parts, or only some."""
        pieces = {n: piece for n, piece in self.pieces(told, data).items() if only is None or n in only}
        urls = self.sign(told, pieces)
        for number, piece in pieces.items():
            assert self.put(urls[number], piece).status_code == 200

    def complete(self, told: dict[str, Any], data: bytes) -> Any:
        """Say that all has left, with the checksum of the whole."""
        return self.post(told["complete_url"], {"sha256": hashlib.sha256(data).hexdigest()})

    def upload(self, data: bytes, **changes: Any) -> dict[str, Any]:
        """Do all of it."""
        told = self.start(data, **changes)
        self.send(told, data)
        answer = self.complete(told, data)
        assert answer.status_code == 200, answer.json()
        return answer.json()

"""A monitor learns from one address whether the services answer, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_all_is_well(client: Client, s3: Any) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"ok": True, "database": "ok", "redis": "ok", "storage": "ok"}
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("setting", "value", "down"),
    [
        ("S3_ENDPOINT_URL", "http://127.0.0.1:9", "storage"),
        ("S3_BUCKET_PACKAGES", "fairframe-not-there", "storage"),
        ("REDIS_URL", "redis://127.0.0.1:9/0", "redis"),
    ],
)
def test_the_service_that_does_not_answer_is_named(
    client: Client, settings: Any, setting: str, value: str, down: str
) -> None:
    setattr(settings, setting, value)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["ok"] is False
    assert [name for name, state in answer.json().items() if state == "down"] == [down]
    assert value not in answer.content.decode(), "no addresses for strangers"

"""What tests about contributors share: signed-in Alice and Mallory, and an upload as a browser does it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from marketplace.models import User
from tests import people
from tests.contributors.browser import Browser


@pytest.fixture
def alice(db: None) -> User:
    """Alice films."""
    return people.alice()


@pytest.fixture
def films(alice: User) -> Client:
    """Alice's browser, signed in."""
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def attacks(db: None) -> Client:
    """Mallory's browser, signed in as a contributor too."""
    client = Client()
    client.force_login(people.mallory())
    return client


@pytest.fixture
def browser_of_alice(films: Client, s3: object) -> Browser:
    """Alice's browser with the upload page open; what it stores begins from nothing."""
    return Browser(films)


@pytest.fixture
def clip_file(tmp_path: Path) -> Path:
    """Bytes that are longer than one part."""
    path = tmp_path / "2024-05-03 ride.mp4"
    path.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(range(256)) * (23 * 1024))  # 5.9 MB
    return path

"""Mallory has a link that was Bob's: she gets this one file for a quarter of an hour, and nothing else."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pytest
import requests
from django.conf import settings
from django.test import Client

from marketplace import storage
from marketplace.states import OrderState
from tests import people

pytestmark = pytest.mark.django_db
WAIT = 10  # seconds


@pytest.fixture
def link(client: Client, s3: object) -> str:
    clips = [people.make_clip(people.make_footage(people.alice()))]
    order = people.make_order(people.bob(), people.make_package(clips, objects=True), state=OrderState.PAID)
    client.force_login(order.placed_by)
    return client.get(f"/orders/{order.pk}/berlin-evenings/files/media/clip_000000.mp4")["Location"]


def changed(link: str, *, path: str = "", **query: str) -> str:
    parts = urlsplit(link)
    values = {**dict(parse_qsl(parts.query)), **query}
    return urlunsplit(parts._replace(path=path or parts.path, query=urlencode(values)))


def status(link: str, **more: Any) -> int:
    return requests.get(link, timeout=WAIT, **more).status_code


def test_the_link_works_and_a_part_can_be_asked_for(link: str) -> None:
    assert status(link) == 200
    part = requests.get(link, headers={"Range": "bytes=3-8"}, timeout=WAIT)
    assert (part.status_code, len(part.content)) == (206, 6)
    assert part.content == requests.get(link, timeout=WAIT).content[3:9]


def test_another_file_needs_another_link(link: str) -> None:
    path = urlsplit(link).path
    assert status(changed(link, path=path.replace("clip_000000.mp4", "clip_000001.mp4"))) == 403
    assert status(changed(link, path=path.replace("media/clip_000000.mp4", "media/../LICENSE.txt"))) in (
        403,
        404,
    )
    derived = path.replace(settings.S3_BUCKET_PACKAGES, settings.S3_BUCKET_DERIVED)
    assert status(changed(link, path=derived)) == 403


def test_its_words_cannot_be_changed(link: str) -> None:
    assert status(changed(link, **{"X-Amz-Expires": "604800"})) == 403
    assert status(changed(link, **{"response-content-disposition": "inline"})) == 403
    assert status(changed(link, **{"X-Amz-Signature": "0" * 64})) == 403


def test_it_reads_and_does_nothing_else(link: str) -> None:
    assert requests.put(link, data=b"mine", timeout=WAIT).status_code == 403
    assert requests.delete(link, timeout=WAIT).status_code == 403
    assert status(link) == 200


def test_it_ends(s3: object) -> None:
    storage.put_bytes(bucket=settings.S3_BUCKET_PACKAGES, key="pkg/x", data=b"x", media_type="text/plain")
    short = storage.sign_get(bucket=settings.S3_BUCKET_PACKAGES, key="pkg/x", seconds=1)
    assert status(short) == 200
    time.sleep(2.1)
    assert status(short) == 403

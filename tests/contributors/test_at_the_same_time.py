"""Two clicks at the same moment do the work once; a withdrawal and a verdict never block each other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from contributors import consents
from contributors.models import Consent
from contributors.uploads.parts import arrived
from marketplace import storage
from marketplace.models import Event, Footage
from marketplace.models.event import first_broken
from marketplace.states import ClipState, FootageState, MoveRefused
from moderation import decisions
from pipeline.models import Job
from tests import people
from tests.contributors.browser import Browser, form

REFUSED = (MoveRefused, decisions.DecisionRefused)
pytestmark = pytest.mark.django_db(transaction=True)


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls in threads that start at the same moment; an exception is a result."""
    gate = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            gate.wait()
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def signed_in(user: Any) -> Client:
    """Open one more tab of the same person."""
    client = Client()
    client.force_login(user)
    return client


def test_one_form_sent_four_times_at_once_is_one_upload(s3: object) -> None:
    alice = people.alice()
    sent = form()
    tabs = [signed_in(alice) for _ in range(4)]
    answers = together(*[lambda tab=tab: tab.post("/film/upload/start/", sent) for tab in tabs])
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (Footage.objects.count(), Consent.objects.count()) == (1, 3)


def test_complete_from_four_tabs_at_once_queues_once(s3: object) -> None:
    alice = people.alice()
    data = b"a clip"
    tabs = [Browser(signed_in(alice)) for _ in range(4)]
    told = tabs[0].start(data)
    tabs[0].send(told, data)
    answers = together(*[lambda tab=tab: tab.complete(told, data) for tab in tabs])
    assert [answer.status_code for answer in answers] == [200] * 4, [answer.content for answer in answers]
    assert Job.objects.count() == 1
    assert Event.objects.filter(verb="footage.queued").count() == 1


def test_parts_that_the_store_drops_because_another_tab_joined_them_are_not_missing(
    s3: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store first has the whole file, then takes the parts away, then forgets the upload."""
    data = b"a clip"
    tab = Browser(signed_in(people.alice()))
    told = tab.start(data)
    tab.send(told, data)
    footage = Footage.objects.get(pk=told["id"])
    storage.complete_parts(
        bucket=settings.S3_BUCKET_ORIGINALS,
        key=footage.original_key,
        upload_id=footage.upload_id,
        parts=arrived(footage),
    )
    monkeypatch.setattr(storage, "list_parts", lambda **_: [])
    assert tab.complete(told, data).status_code == 200
    footage.refresh_from_db()
    assert footage.state == FootageState.QUEUED


def test_two_copies_of_one_file_that_end_at_once_leave_one(s3: object) -> None:
    alice = people.alice()
    data = b"a clip"
    tabs = [Browser(signed_in(alice)) for _ in range(2)]
    begun = [tab.start(data, title=f"Copy {number}") for number, tab in enumerate(tabs)]
    both = list(zip(tabs, begun, strict=True))
    for tab, told in both:
        tab.send(told, data)
    answers = together(*[lambda tab=tab, told=told: tab.complete(told, data) for tab, told in both])
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert sorted(Footage.objects.values_list("state", flat=True)) == [
        FootageState.ABANDONED,
        FootageState.QUEUED,
    ]


def test_a_withdrawal_wins_over_a_verdict_or_comes_after_it() -> None:
    alice, mo = people.alice(), people.mo()
    for _ in range(5):
        footage = people.make_footage(alice, vertical="sports", state=FootageState.IN_MODERATION)
        clips = [people.make_clip(footage, position=n, state=ClipState.IN_MODERATION) for n in range(3)]
        results = together(
            partial(consents.withdraw, footage=footage, person=alice),
            *[partial(decisions.decide, clip=clip, moderator=mo, verdict="approve") for clip in clips],
        )
        # Whoever came second was told so in a sentence; nobody met a deadlock.
        wrong = [
            result for result in results if isinstance(result, Exception) and not isinstance(result, REFUSED)
        ]
        assert wrong == []
        footage.refresh_from_db()
        assert footage.state == FootageState.WITHDRAWN
        assert set(footage.clips.values_list("state", flat=True)) == {ClipState.WITHDRAWN}
    assert first_broken() is None

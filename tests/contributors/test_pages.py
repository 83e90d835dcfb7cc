"""Home, the list and the live progress say what is true."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from contributors import progress
from marketplace.models import Footage, User
from marketplace.states import ClipState, FootageState, JobState
from pipeline import jobs
from pipeline.models import Job, JobKind
from tests import people

pytestmark = pytest.mark.django_db


def test_home_says_what_waits_and_counts_this_month(films: Client, alice: User) -> None:
    waiting = people.make_footage(alice, title="Morning ride")
    people.make_clip(waiting, seconds=90, state=ClipState.REVIEW)
    people.make_footage(alice, state=FootageState.UPLOADING, file_name="half.mp4")
    people.make_footage(alice, state=FootageState.REFUSED, reason="The file is not a video.")
    decided = people.make_footage(alice, state=FootageState.DECIDED)
    people.make_clip(decided, seconds=30, state=ClipState.APPROVED)
    old = people.make_clip(decided, position=1, seconds=30, state=ClipState.APPROVED)
    type(old).objects.filter(pk=old.pk).update(state_changed_at=timezone.now() - timedelta(days=40))
    page = films.get("/film/").content.decode()
    assert "Look at the blur of 1 clip (about 2 minutes)" in page
    assert "The upload of half.mp4" in page
    assert "The file is not a video." in page
    for caption, value in (("uploads", 3), ("clips approved", 1), ("approved clips in all", 2)):
        assert f"<dt>{caption}</dt><dd>{value}</dd>" in page
    assert "<dt>approved length</dt><dd>30 s</dd>" in page


def test_an_empty_home_leads_to_the_upload(films: Client) -> None:
    page = films.get("/film/").content.decode()
    assert "Upload your first footage" in page
    assert "/film/upload/" in page


def test_the_list_filters_by_state_and_counts_truly(films: Client, alice: User) -> None:
    people.make_footage(alice, title="To look at")
    people.make_footage(alice, title="At work", state=FootageState.PROCESSING)
    people.make_footage(people.mallory(), title="Not hers", state=FootageState.PROCESSING)
    page = films.get("/film/footage/?state=working").content.decode()
    assert "At work" in page
    assert "To look at" not in page
    assert "Not hers" not in page
    assert 'In the works <span class="count">1</span>' in page
    assert "To look at" in films.get("/film/footage/?state=nonsense").content.decode()


def test_pages_of_the_list_neither_skip_nor_repeat(films: Client, alice: User) -> None:
    for number in range(45):
        people.make_footage(alice, title=f"Ride {number:02d}.")
    shown: list[list[str]] = []
    url = "/film/footage/"
    for _ in range(3):
        answer = films.get(url)
        shown.append([footage.title for footage in answer.context["page"].rows])
        url = "/film/footage/" + answer.context["older_url"]
    assert [len(page) for page in shown] == [20, 20, 5]
    assert [title for page in shown for title in page] == [f"Ride {n:02d}." for n in reversed(range(45))]
    assert answer.context["older_url"] == ""
    back = films.get("/film/footage/" + answer.context["newer_url"])
    assert [footage.title for footage in back.context["page"].rows] == shown[1]
    assert films.get("/film/footage/?before=nonsense").status_code == 200


def test_waiting_work_shows_its_place(films: Client, alice: User) -> None:
    first = people.make_footage(alice, state=FootageState.QUEUED)
    second = people.make_footage(alice, state=FootageState.QUEUED)
    jobs.enqueue_process(footage=first)
    jobs.enqueue_process(footage=second)
    page = films.get(f"/film/footage/{second.pk}/progress/").content.decode()
    assert "1 before you" in page
    assert 'hx-trigger="every 2s"' in page


def test_running_work_shows_its_step_and_percent(films: Client, alice: User) -> None:
    footage = people.make_footage(alice, state=FootageState.QUEUED)
    job = jobs.lease(jobs.enqueue_process(footage=footage).pk)
    assert job is not None
    jobs.renew(job, step="redact", progress=0.42)
    Footage.objects.filter(pk=footage.pk).update(state=FootageState.PROCESSING)
    page = films.get(f"/film/footage/{footage.pk}/progress/").content.decode()
    assert "42%" in page
    assert page.count("is-done") == 2  # fetched and checked
    assert "At work for" in page
    assert "HX-Refresh" not in films.get(f"/film/footage/{footage.pk}/progress/").headers


def test_when_the_machines_are_done_the_page_loads_anew(films: Client, alice: User) -> None:
    footage = people.make_footage(alice, state=FootageState.REVIEW)
    assert films.get(f"/film/footage/{footage.pk}/progress/")["HX-Refresh"] == "true"


def test_an_attempt_that_failed_says_why_and_that_it_goes_on(films: Client, alice: User) -> None:
    footage = people.make_footage(alice, state=FootageState.QUEUED)
    job = jobs.lease(jobs.enqueue_process(footage=footage).pk)
    assert job is not None
    jobs.fail(job, reason="The worker stopped without a word.")
    page = films.get(f"/film/footage/{footage.pk}/progress/").content.decode()
    assert "The last attempt stopped: The worker stopped without a word." in page


def test_the_estimate_comes_from_measured_jobs_and_is_silent_without(alice: User) -> None:
    footage = people.make_footage(alice, state=FootageState.QUEUED, size_bytes=10_000_000)
    assert progress.usual_seconds(footage) == 0
    end = timezone.now()
    for seconds in range(1, 11):
        Job.objects.create(
            kind=JobKind.PROCESS,
            footage=people.make_footage(alice, size_bytes=1_000_000),
            state=JobState.DONE,
            started_at=end - timedelta(seconds=seconds),
            finished_at=end,
        )
    assert progress.usual_seconds(footage) == pytest.approx(100)  # the slowest of ten, for ten times the size


def test_refused_and_failed_footage_say_why(films: Client, alice: User) -> None:
    for state, reason in (
        (FootageState.REFUSED, "It is a picture."),
        (FootageState.FAILED, "It failed 3 times."),
    ):
        footage = people.make_footage(alice, state=state, reason=reason)
        assert reason in films.get(f"/film/footage/{footage.pk}/").content.decode()

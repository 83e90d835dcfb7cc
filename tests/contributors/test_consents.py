"""What was agreed to is kept word for word; taking it back stops everything at once."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from contributors import consents
from contributors.models import Consent, ConsentText, Purpose
from marketplace.models import Event, Footage, User
from marketplace.models.event import first_broken
from marketplace.states import ClipState, FootageState, JobState, MoveRefused
from pipeline import jobs
from pipeline.models import Job
from tests import people
from tests.contributors.browser import Browser

pytestmark = pytest.mark.django_db


def agreed(footage: Footage, *purposes: str) -> None:
    """Record consent as the upload form does."""
    texts = [text for text in consents.current_texts() if not purposes or text.purpose in purposes]
    consents.record_given(
        footage=footage, person=footage.owner, texts=texts, address_prefix="203.0.113.0/24", agent="Firefox"
    )


def test_each_purpose_has_its_own_words(alice: User) -> None:
    texts = consents.current_texts()
    assert [text.purpose for text in texts] == list(Purpose.values)
    assert [text.required for text in texts] == [True, True, True, False, False]
    assert len({text.sha256 for text in texts}) == 5


def test_nothing_is_recorded_without_the_required_ones(alice: User) -> None:
    with pytest.raises(ValueError, match="sell"):
        agreed(people.make_footage(alice), "store", "people", "research")
    assert not Consent.objects.exists()


def test_withdrawal_adds_rows_withdraws_all_clips_and_cancels_work(alice: User) -> None:
    footage = people.make_footage(alice, state=FootageState.PROCESSING)
    agreed(footage)
    clips = [people.make_clip(footage, position=n, state=ClipState.APPROVED) for n in range(3)]
    job = jobs.enqueue_process(footage=footage)
    consents.withdraw(footage=footage, person=alice, address_prefix="198.51.100.0/24", agent="Firefox")
    footage.refresh_from_db()
    assert footage.state == FootageState.WITHDRAWN
    assert {clip.state for clip in footage.clips.all()} == {ClipState.WITHDRAWN}
    assert Job.objects.get(pk=job.pk).state == JobState.CANCELLED
    assert Consent.objects.filter(footage=footage, given=True).count() == 5
    withdrawn = Consent.objects.filter(footage=footage, given=False)
    assert (withdrawn.count(), withdrawn[0].address_prefix) == (5, "198.51.100.0/24")
    assert consents.in_force(footage) == []
    assert Event.objects.filter(verb="clip.withdrawn").count() == len(clips)
    assert Event.objects.filter(verb__in=["footage.withdrawn", "consent.withdrawn"], actor=alice).count() == 2
    assert first_broken() is None


def test_a_second_withdrawal_is_refused_and_adds_nothing(alice: User) -> None:
    footage = people.make_footage(alice)
    agreed(footage)
    consents.withdraw(footage=footage, person=alice)
    count = Consent.objects.count()
    with pytest.raises(MoveRefused):
        consents.withdraw(footage=footage, person=alice)
    assert Consent.objects.count() == count


def test_a_running_upload_is_not_withdrawn_but_stopped(browser_of_alice: Browser) -> None:
    told = browser_of_alice.start(b"x")
    answer = browser_of_alice.client.post(f"/film/footage/{told['id']}/withdraw/", follow=True)
    assert "was thrown away" in answer.content.decode()
    assert Footage.objects.get().state == FootageState.ABANDONED


def test_in_force_are_the_last_rows_that_give(alice: User) -> None:
    footage = people.make_footage(alice)
    agreed(footage, "store", "sell", "people")
    assert [row.text.purpose for row in consents.in_force(footage)] == ["people", "sell", "store"]


def test_rows_and_words_cannot_be_changed_or_deleted(alice: User) -> None:
    footage = people.make_footage(alice)
    agreed(footage)
    for change in (
        lambda: Consent.objects.update(given=False),
        lambda: Consent.objects.all().delete(),
        lambda: ConsentText.objects.update(text="I agree to everything."),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert Consent.objects.filter(given=True).count() == 5


def test_the_page_shows_words_time_and_version(films: Client, alice: User) -> None:
    footage = people.make_footage(alice)
    agreed(footage, "store", "sell", "people")
    page = films.get(f"/film/footage/{footage.pk}/").content.decode()
    text = consents.current_texts()[0]
    assert text.text.replace("'", "&#x27;") in page
    assert f"version {text.version} · SHA-256 {text.sha256[:12]}" in page
    assert "203.0.113.0/24" in page

"""Alice hears by e-mail when her footage waits for her, cannot be used or was decided; once each."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from contributors import letters, tasks
from contributors.models import Letter
from marketplace.models import Footage, User
from marketplace.states import ClipState, FootageState
from tests import people

pytestmark = pytest.mark.django_db


def test_when_the_blur_is_ready_to_look_at(alice: User, settings: Any) -> None:
    footage = people.make_footage(alice, title="Ride & <walk>")
    for position in range(3):
        people.make_clip(footage, position=position, seconds=30, state=ClipState.REVIEW)
    assert tasks.send_letters() == 1
    (letter,) = mail.outbox
    assert letter.to == [alice.email]
    assert letter.subject == "Look at the blur of “Ride & <walk>”"
    assert "Look at the blur of 3 clips (about 2 minutes)" in letter.body
    assert f"{settings.SITE_URL}/film/footage/{footage.pk}/" in letter.body
    assert "&amp;" not in letter.body
    assert tasks.send_letters() == 0
    assert len(mail.outbox) == 1


def test_when_it_cannot_be_used_the_reason_is_in_it(alice: User) -> None:
    people.make_footage(alice, state=FootageState.REFUSED, reason="This is a JPEG picture.")
    tasks.send_letters()
    assert "This is a JPEG picture." in mail.outbox[0].body


def test_when_it_was_decided_each_refusal_has_its_reason(alice: User) -> None:
    footage = people.make_footage(alice, state=FootageState.DECIDED)
    people.make_clip(footage)
    people.make_clip(footage, position=1, state=ClipState.REJECTED)
    footage.clips.filter(position=1).update(reason="Too dark.")
    tasks.send_letters()
    assert "1 clip approved, 1 refused" in mail.outbox[0].body
    assert "Clip 2 was refused: Too dark." in mail.outbox[0].body


def test_other_states_and_old_news_are_no_letter(alice: User) -> None:
    for state in (
        FootageState.QUEUED,
        FootageState.PROCESSING,
        FootageState.IN_MODERATION,
        FootageState.WITHDRAWN,
    ):
        people.make_footage(alice, state=state)
    people.make_footage(alice, state_changed_at=timezone.now() - timedelta(days=9))
    assert tasks.send_letters() == 0


def test_a_letter_that_failed_is_sent_the_next_time(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    people.make_footage(alice)

    def refuse(*_: Any) -> int:
        raise smtplib.SMTPServerDisconnected("the mail server went away")

    with monkeypatch.context() as broken:
        broken.setattr(letters, "send_mail", refuse)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            tasks.send_letters()
    assert not Letter.objects.exists()
    assert tasks.send_letters() == 1


def test_one_footage_moves_on_and_gets_the_next_letter(alice: User) -> None:
    footage = people.make_footage(alice)
    tasks.send_letters()
    Footage.objects.filter(pk=footage.pk).update(state=FootageState.DECIDED)
    assert tasks.send_letters() == 1
    assert Letter.objects.filter(footage=footage).count() == 2

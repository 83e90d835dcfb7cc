"""A state changes once, by an allowed move, and the audit log knows; nobody rewrites the log."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from marketplace.models import Event, Footage
from marketplace.models.event import first_broken, record
from marketplace.states import ClipState, FootageState, MoveRefused, advance
from tests import people

pytestmark = pytest.mark.django_db


def test_a_move_is_made_once_and_leaves_an_event() -> None:
    footage = people.make_footage(people.alice())
    advance(footage, FootageState.IN_MODERATION, actor=footage.owner)
    event = Event.objects.get(verb="footage.in_moderation")
    assert event.subject_id == str(footage.pk)
    assert event.data == {"from": "contributor_review"}
    with pytest.raises(MoveRefused):
        advance(footage, FootageState.IN_MODERATION)
    assert Event.objects.filter(verb="footage.in_moderation").count() == 1


def test_whoever_is_second_is_told_and_changes_nothing() -> None:
    footage = people.make_footage(people.alice())
    same = Footage.objects.get(pk=footage.pk)
    advance(footage, FootageState.IN_MODERATION)
    with pytest.raises(MoveRefused, match="Someone else"):
        advance(same, FootageState.WITHDRAWN)
    footage.refresh_from_db()
    assert footage.state == FootageState.IN_MODERATION


def test_a_withdrawn_clip_never_comes_back() -> None:
    clip = people.make_clip(people.make_footage(people.alice()))
    advance(clip, ClipState.WITHDRAWN)
    for state in ClipState:
        with pytest.raises(MoveRefused):
            advance(clip, state)


@pytest.mark.parametrize(
    "change", ["UPDATE marketplace_event SET verb = 'x'", "DELETE FROM marketplace_event"]
)
def test_the_database_refuses_to_rewrite_the_log(change: str) -> None:
    record("something.happened", subject=people.alice())
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)


def test_the_chain_shows_where_a_line_was_changed_by_force() -> None:
    alice = people.alice()
    events = [record(f"step.{number}", subject=alice) for number in range(4)]
    assert first_broken() is None
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE marketplace_event DISABLE TRIGGER event_append_only")
        cursor.execute("UPDATE marketplace_event SET verb = 'forged' WHERE id = %s", [events[1].pk])
        cursor.execute("ALTER TABLE marketplace_event ENABLE TRIGGER event_append_only")
    broken = first_broken()
    assert broken is not None
    assert broken[0] == events[1].pk

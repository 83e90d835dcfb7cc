"""What people agreed to, word for word, and taking it back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from contributors.models import Consent, ConsentText, Purpose
from marketplace.models import Clip, Footage
from marketplace.models.event import record
from marketplace.states import ClipState, FootageState, advance
from pipeline import jobs
from pipeline.models import Job

REQUIRED = (Purpose.STORE, Purpose.SELL, Purpose.PEOPLE)
TICKED = "upload form; the box was not pre-ticked"
WITHDRAWN = "withdrawal on the footage page"


def current_texts(language: str = "en") -> list[ConsentText]:
    """List the newest text of each purpose, in the order in which a person reads them."""
    newest = (
        ConsentText.objects.filter(language=language)
        .order_by("purpose", "-created_at", "-pk")
        .distinct("purpose")
    )
    order = list(Purpose.values)
    return sorted(newest, key=lambda text: order.index(text.purpose))


def record_given(
    *,
    footage: Footage,
    person: Any,
    texts: Iterable[ConsentText],
    address_prefix: str,
    agent: str,
    how: str = TICKED,
) -> list[Consent]:
    """Write one row for each text that this person agreed to; raises ValueError when a required one is missing."""
    given = list(texts)
    missing = set(REQUIRED) - {Purpose(text.purpose) for text in given}
    if missing:
        raise ValueError(f"nothing is stored without consent to: {', '.join(sorted(missing))}")
    return _write(footage, person, given, address_prefix, agent, how, given=True)


def _write(
    footage: Footage,
    person: Any,
    texts: list[ConsentText],
    address_prefix: str,
    agent: str,
    how: str,
    *,
    given: bool,
) -> list[Consent]:
    with transaction.atomic():
        rows = [
            Consent.objects.create(
                footage=footage,
                person=person,
                text=text,
                text_sha256=text.sha256,
                given=given,
                address_prefix=address_prefix,
                agent=agent[:300],
                how=how,
            )
            for text in texts
        ]
        if any(text.purpose == Purpose.SHOWCASE for text in texts):
            # The public pages know no consents, only what they come to.
            Footage.objects.filter(pk=footage.pk).update(showcase=given)
        words = [{"purpose": text.purpose, "version": text.version, "sha256": text.sha256} for text in texts]
        verb = "consent.given" if given else "consent.withdrawn"
        record(verb, subject=footage, actor=person, data={"texts": words, "how": how})
    return rows


def in_force(footage: Footage) -> list[Consent]:
    """List what holds now: the last row of each purpose, where that row gives."""
    last = (
        Consent.objects.filter(footage=footage)
        .select_related("text")
        .order_by("text__purpose", "-at")
        .distinct("text__purpose")
    )
    return [row for row in last if row.given]


def withdraw(
    *, footage: Footage, person: Any, address_prefix: str = "", agent: str = "", how: str = WITHDRAWN
) -> Footage:
    """Take every consent back: the footage and all its clips are withdrawn and work on them stops.

    Raises MoveRefused for an upload that is still running (abort that) and for what is withdrawn already.
    """
    with transaction.atomic():
        _lock(footage)
        fresh = Footage.objects.select_for_update(no_key=True).get(pk=footage.pk)
        advance(fresh, FootageState.WITHDRAWN, actor=person)
        for clip in fresh.clips.exclude(state=ClipState.WITHDRAWN):
            advance(clip, ClipState.WITHDRAWN, actor=person)
        jobs.cancel_for(footage=fresh)
        _write(fresh, person, [row.text for row in in_force(fresh)], address_prefix, agent, how, given=False)
    return fresh


def _lock(footage: Footage) -> None:
    """Take the row locks in the order of everyone else: job (workers), clips (moderators), footage last.

    All before the first Event: its writer holds a lock of the whole audit log until the transaction ends.
    """
    list(Job.objects.select_for_update(no_key=True).filter(footage=footage).order_by("pk"))
    list(Clip.objects.select_for_update(no_key=True).filter(footage=footage).order_by("pk"))

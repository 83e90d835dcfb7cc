"""Covering a footage again, with other options or regions that a person drew; the old result stays until then."""

from __future__ import annotations

import math
import uuid
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from marketplace.models import Footage, Sound
from marketplace.models.event import record
from marketplace.states import FootageState, JobState, MoveRefused
from pipeline import jobs
from pipeline.models import Job, JobKind, ManualBox

MOST_BOXES = 200  # of one footage: more than that is a recording to leave out
LEAST_SIDE = 0.005  # of the picture: 6 pixels of 1280, about the smallest readable sign
LEAST_MS = 40  # one frame at 25 a second


@dataclass(frozen=True)
class Options:
    """What is covered besides faces and plates, and what becomes of the sound."""

    jerseys: bool = False
    screens: bool = False
    sound: str = Sound.DROP.value

    @classmethod
    def of(cls, footage: Footage) -> Options:
        """Read the options that the present result was made with."""
        return cls(footage.cover_jerseys, footage.cover_screens, str(footage.sound))


@dataclass(frozen=True)
class Box:
    """One region in shares of the picture and milliseconds of the footage."""

    x: float
    y: float
    w: float
    h: float
    start_ms: int
    end_ms: int

    def problem(self, length_ms: int) -> str:
        """Say in one sentence what is wrong with it, or nothing."""
        if self.w < LEAST_SIDE or self.h < LEAST_SIDE:
            return "A box is too small to hide anything. Draw it larger."
        if self.x < 0 or self.y < 0 or self.x + self.w > 1.0001 or self.y + self.h > 1.0001:
            return "A box reaches beyond the picture. Draw it inside."
        if self.start_ms < 0 or self.end_ms - self.start_ms < LEAST_MS:
            return "A box needs an end that comes after its start. Set the times again."
        if self.start_ms >= length_ms:
            return "A box begins after the footage ends. Set the times again."
        return ""


def read_boxes(lines: Iterable[str]) -> list[Box]:
    """Read regions as a page sends them, ``x,y,w,h,start_ms,end_ms``; raises MoveRefused with a sentence."""
    boxes = []
    for line in lines:
        parts = line.split(",")
        try:
            x, y, w, h, start, end = (float(part) for part in parts)
            box = Box(x, y, min(w, 1 - x), min(h, 1 - y), round(start), round(end))
        except (ValueError, OverflowError) as error:
            raise MoveRefused("A box did not arrive whole. Nothing was changed. Draw it again.") from error
        if not all(math.isfinite(side) for side in (x, y, w, h)):
            raise MoveRefused("A box did not arrive whole. Nothing was changed. Draw it again.")
        boxes.append(box)
    return boxes


def active(footage: Footage) -> list[ManualBox]:
    """List the regions that the next run covers."""
    return list(footage.manual_boxes.filter(removed_in=None).select_related("drawn_by"))


def ask(
    *,
    footage: Footage,
    person: Any,
    add: Iterable[Box] = (),
    remove: Collection[uuid.UUID] = (),
    options: Options | None = None,
    desk: bool = False,
) -> Job | None:
    """Queue covering again with more or fewer regions, or other options; raises MoveRefused with a sentence.

    None when only regions were taken away that were never covered: then there is nothing to do. The owner
    may ask while the footage waits for them, the desk while it is with the moderators; the owner takes away only what
    they drew. Options and regions take effect together with the new files, or not at all.
    """
    new = list(add)
    with transaction.atomic():
        fresh = Footage.objects.select_for_update(no_key=True).get(pk=footage.pk)
        _need_open(fresh, desk=desk)
        for box in new:
            if problem := box.problem(fresh.duration_ms):
                raise MoveRefused(f"{problem} Nothing was changed.")
        gone = fresh.manual_boxes.filter(pk__in=remove, removed_in=None)
        if not desk:
            gone = gone.filter(drawn_by=person)
        never = gone.filter(applied_at=None)
        forgotten = [str(pk) for pk in never.values_list("pk", flat=True)]
        never.delete()
        taken_away = list(gone)
        kept = fresh.manual_boxes.filter(removed_in=None).count() - len(taken_away)
        if kept + len(new) > MOST_BOXES:
            raise MoveRefused(
                f"One footage takes {MOST_BOXES} boxes. Nothing was changed. Leave the clip out instead."
            )
        waiting = fresh.manual_boxes.filter(removed_in=None, applied_at=None).exists()
        same = options is None or options == Options.of(fresh)
        if not new and not taken_away and not waiting and same:
            if not forgotten:
                raise MoveRefused("Nothing is different from what you see, so nothing was started.")
            record("footage.boxes_forgotten", subject=fresh, actor=person, data={"boxes": forgotten})
            return None
        wanted = Options.of(fresh) if options is None else options
        job = jobs.enqueue_cover(footage=fresh, ask={"options": asdict(wanted)}, actor=person)
        ManualBox.objects.bulk_create(ManualBox(footage=fresh, drawn_by=person, **asdict(box)) for box in new)
        ManualBox.objects.filter(pk__in=[box.pk for box in taken_away]).update(removed_in=job)
        record(
            "footage.cover_asked",
            subject=fresh,
            actor=person,
            data={
                "job": job.pk,
                "desk": desk,
                "added": [asdict(box) for box in new],
                "removed": [str(box.pk) for box in taken_away],
                "options": asdict(wanted),
            },
        )
    return job


def ask_anew(*, footage: Footage, person: Any) -> Job:
    """Queue the whole work again because its telemetry or what is private has changed; the result stays until then.

    Raises MoveRefused as `ask` does.
    """
    with transaction.atomic():
        fresh = Footage.objects.select_for_update(no_key=True).get(pk=footage.pk)
        _need_open(fresh, desk=False)
        wanted = {"options": asdict(Options.of(fresh)), "tags": True}
        job = jobs.enqueue_cover(footage=fresh, ask=wanted, actor=person)
        record("footage.cover_asked", subject=fresh, actor=person, data={"job": job.pk, "telemetry": True})
    return job


def _need_open(footage: Footage, *, desk: bool) -> None:
    if footage.state != (FootageState.IN_MODERATION if desk else FootageState.REVIEW):
        raise MoveRefused(
            "This footage is not with the moderators, so the desk cannot cover it again. Nothing was changed."
            if desk
            else "You can change what is covered only while the footage waits for you. Nothing was changed."
        )
    if not footage.original_key:
        raise MoveRefused(
            "The original is deleted, so it cannot be covered again. Leave the clip out instead."
        )
    if jobs.live(footage):
        raise MoveRefused(
            "This footage is being covered again at this moment. Wait until it is done, or cancel that first."
        )


def order_of(job: Job) -> tuple[Options, list[ManualBox]]:
    """Read what a job has to cover."""
    if job.footage is None:
        raise ValueError("a job that covers has a footage")
    asked = job.ask.get("options")
    options = Options(**asked) if asked else Options.of(job.footage)
    return options, active(job.footage)


def release(job: Job) -> None:
    """Give regions back that an ended job should have uncovered; what it should have added waits for the next one."""
    if job.kind == JobKind.COVER and job.state != JobState.DONE:
        ManualBox.objects.filter(removed_in=job).update(removed_in=None)


def applied(job: Job, options: Options, boxes: Iterable[ManualBox]) -> dict[str, Any]:
    """Mark regions as covered, forget those that were taken away, and give the footage's new fields."""
    ManualBox.objects.filter(pk__in=[box.pk for box in boxes]).update(applied_at=timezone.now())
    ManualBox.objects.filter(removed_in=job).delete()
    return {
        "cover_jerseys": options.jerseys,
        "cover_screens": options.screens,
        "sound": options.sound,
    }


def last_trouble(footage: Footage) -> str:
    """Say why the newest try to cover again came to nothing, or nothing when it did not."""
    job = footage.jobs.filter(Q(kind=JobKind.COVER)).order_by("-created_at").first()
    return job.reason if job and job.state in (JobState.FAILED, JobState.REFUSED) else ""

"""The same pictures twice: recycled footage is stopped, similar clips are not sold twice in one package.

Fingerprints lie in a table with an index a quarter of their bits: two that differ in few bits agree in some quarter, so
a look touches a few rows a picture, however many clips there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from marketplace.models import Clip, Footage
from marketplace.states import FootageState
from pipeline.models import FramePrint
from pipeline.video import fingerprint

NEAR = 8  # bits of 64
FEWEST = 3  # pictures that have to agree before anything is said
RECYCLED = 0.6  # share of a recording's pictures that another recording has
SIMILAR = 0.6  # share of a clip's pictures that another clip has
GONE = (FootageState.WITHDRAWN, FootageState.REFUSED, FootageState.ABANDONED)


@dataclass(frozen=True)
class Likeness:
    """Two clips that show the same, and the share of the first one's pictures that the second has."""

    clip: Clip
    other: Clip
    share: float


def stopped(*, footage: Footage, prints: Iterable[Sequence[int]]) -> str:
    """Say in one sentence why this recording is stopped, or nothing: it was uploaded before, as it is or re-encoded."""
    before = Footage.objects.filter(created_at__lt=footage.created_at).exclude(state__in=GONE)
    before = before.exclude(pk=footage.pk).exclude(clips=None)
    same = before.filter(sha256=footage.sha256).exclude(sha256="").first()
    if same is None:
        all_prints = list(dict.fromkeys(bits for clip in prints for bits in clip))
        hits = _pictures_shared(all_prints, before)
        found, count = max(hits.items(), key=lambda pair: pair[1], default=(None, 0))
        if count < FEWEST or count < RECYCLED * len(all_prints):
            return ""
        same = before.get(pk=found)
    if same.owner_id == footage.owner_id:
        return (
            f"You have uploaded this recording before, as “{same.title}”: a recording is sold once. Nothing of this copy "
            "was kept. Upload another recording; if they only look alike, write to us."
        )
    return (
        "This recording is here already, from another contributor: a recording is sold once, by the person who filmed it. "
        "Nothing of this copy was kept. If you filmed it, write to us and we look at both."
    )


def _pictures_shared(prints: list[int], footage: Any) -> dict[Any, int]:
    """Count, for each of these recordings, how many of the pictures it has too."""
    clips = _near(prints)
    owners = dict(Clip.objects.filter(pk__in=clips, footage__in=footage).values_list("pk", "footage_id"))
    shared: dict[Any, set[int]] = {}
    for clip, numbers in clips.items():
        if clip in owners:
            shared.setdefault(owners[clip], set()).update(numbers)
    return {pk: len(numbers) for pk, numbers in shared.items()}


def _near(prints: Sequence[int], *, among: Sequence[Any] | None = None) -> dict[Any, set[int]]:
    """Find clips with pictures near these: clip → numbers of the pictures, over the index of quarters."""
    if not prints:
        return {}
    only = "AND f.clip_id = ANY(%(among)s)" if among is not None else ""
    looks = " UNION ".join(
        f"SELECT q.n, f.clip_id FROM q JOIN pipeline_frameprint f ON f.quarter{i} = ((q.bits >> {16 * i}) & 65535) "
        f"WHERE bit_count((f.bits # q.bits)::bit(64)) <= %(near)s {only}"
        for i in range(4)
    )
    sql = f"WITH q AS (SELECT * FROM unnest(%(bits)s::bigint[]) WITH ORDINALITY AS t(bits, n)) {looks}"  # noqa: S608
    found: dict[Any, set[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, {"bits": list(prints), "near": NEAR, "among": list(among or ())})
        for number, clip in cursor.fetchall():
            found.setdefault(clip, set()).add(number)
    return found


def read(paths: Iterable[Path]) -> list[list[int]]:
    """Read the fingerprints of redacted clips on the disk."""
    return [fingerprint.of_video(path) for path in paths]


def keep(clip: Clip, prints: Sequence[int]) -> None:
    """Write a clip's fingerprints, in place of those it had."""
    FramePrint.objects.filter(clip=clip).delete()
    FramePrint.objects.bulk_create(
        FramePrint(
            clip=clip,
            number=number,
            bits=bits,
            quarter0=bits & 0xFFFF,
            quarter1=bits >> 16 & 0xFFFF,
            quarter2=bits >> 32 & 0xFFFF,
            quarter3=bits >> 48 & 0xFFFF,
        )
        for number, bits in enumerate(prints)
    )


def within(clips: Sequence[Clip]) -> list[Likeness]:
    """List the pairs of these clips that show the same: equal bytes, or most of the pictures of one in the other."""
    by_id = {clip.pk: clip for clip in clips}
    order = {clip.pk: position for position, clip in enumerate(clips)}
    pairs: dict[tuple[Any, Any], float] = {}
    first: dict[str, Any] = {}
    for clip in clips:
        if clip.media_sha256 in first:
            pairs[clip.pk, first[clip.media_sha256]] = 1.0
        first.setdefault(clip.media_sha256, clip.pk)
    rows = FramePrint.objects.filter(clip__in=by_id).order_by("clip", "number").values_list("clip_id", "bits")
    prints: dict[Any, list[int]] = {}
    for pk, bits in rows.iterator():
        prints.setdefault(pk, []).append(bits)
    for pk, mine in prints.items():
        for other, numbers in _near(mine, among=list(by_id)).items():
            share = len(numbers) / len(mine)
            if other != pk and len(numbers) >= FEWEST and share >= SIMILAR:
                # The later one of the pair is the copy.
                copy, original = (pk, other) if order[pk] > order[other] else (other, pk)
                pairs[copy, original] = max(share, pairs.get((copy, original), 0.0))
    found = [Likeness(by_id[copy], by_id[original], share) for (copy, original), share in pairs.items()]
    return sorted(found, key=lambda pair: (order[pair.clip.pk], order[pair.other.pk]))

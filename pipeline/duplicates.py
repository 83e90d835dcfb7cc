"""The same pictures twice: recycled footage is stopped, similar clips are not sold twice in one package.

Fingerprints lie in a table with an index on each quarter of their bits. A look finds recordings that share a quarter
with some pictures (few rows a picture, however many clips there are); what was found is then compared bit by bit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from marketplace.models import Clip, Footage
from marketplace.states import FootageState
from pipeline.models import FramePrint
from pipeline.video import fingerprint
from pipeline.video.fingerprint import Print

NEAR = 10  # bits of 64: copies stay below, pictures of other recordings lie above 16 (shared/data)
LOOSE = 8  # what the index is asked for: enough pictures of a copy are nearer than this
APART = 12  # bits by which pictures differ that count as different
FEWEST = 3  # different pictures that have to agree before anything is said
ALIKE = 0.6  # share of one's pictures that the other has
LOCK = 0x46465F445550  # "FF_DUP"
LOOKED_AT = 20  # recordings or clips compared bit by bit
GONE = (FootageState.WITHDRAWN, FootageState.REFUSED, FootageState.ABANDONED)


@dataclass(frozen=True)
class Likeness:
    """Two clips that show the same, and the share of the first one's pictures that the second has."""

    clip: Clip
    other: Clip
    share: float


def stopped(*, footage: Footage, prints: Iterable[Sequence[Print]]) -> str:
    """Say in one sentence why this recording is stopped, or nothing: it is here already, whole or in part.

    What is here is what has clips. Of two copies that are worked on at the same moment the one that is stored first
    is here, whichever was uploaded first: ask again after alone(), in the transaction that stores the other.
    """
    before = Footage.objects.exclude(state__in=GONE).exclude(pk=footage.pk).exclude(clips=None)
    same = before.filter(sha256=footage.sha256).exclude(sha256="").first()
    same = same or _seen_before(list(dict.fromkeys(made for clip in prints for made in clip)), before)
    if same is None:
        return ""
    if same.owner_id == footage.owner_id:
        return (
            f"You have uploaded this recording before, as “{same.title}”: a recording is sold once. Nothing of this "
            "copy was kept. Upload another recording; if they only look alike, write to us."
        )
    return (
        "This recording is here already, from another contributor: a recording is sold once, by the person who filmed "
        "it. Nothing of this copy was kept. If you filmed it, write to us and we look at both."
    )


def alone() -> None:
    """Let no other recording be stored until this transaction ends, so that stopped() sees all there are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _seen_before(prints: list[Print], before: Any) -> Footage | None:
    hits = _candidates(prints)
    owners = dict(Clip.objects.filter(pk__in=hits, footage__in=before).values_list("pk", "footage_id"))
    often: Counter[Any] = Counter()
    for clip, footage in owners.items():
        often[footage] += hits[clip]
    for footage, _ in often.most_common(LOOKED_AT):
        theirs = FramePrint.objects.filter(clip__footage=footage).values_list("bits", flat=True)
        if share(prints, list(theirs)) >= ALIKE:
            return Footage.objects.get(pk=footage)
    return None


def share(mine: Sequence[Print], theirs: Sequence[int]) -> float:
    """Give the share of my pictures that they have too, as they are or mirrored; 0 when that proves nothing."""
    if not mine or not theirs:
        return 0.0
    # Theirs hold the middles of their pictures too, so my picture may be a middle of theirs; or theirs one of mine.
    return max(_share([made[way] for made in mine], theirs) for way in range(len(Print._fields)))


def _share(mine: Sequence[int], theirs: Sequence[int]) -> float:
    near = fingerprint.distances(mine, theirs).min(axis=1) <= NEAR
    different: list[int] = []
    for bits, agrees in zip(mine, near, strict=True):
        if agrees and all(fingerprint.distance(bits, other) >= APART for other in different):
            different.append(bits)
    return float(near.mean()) if len(different) >= FEWEST else 0.0


_LOOK = """
SELECT q.bits, f.clip_id FROM q JOIN pipeline_frameprint f ON f.{column} = ((q.bits >> {shift}) & 65535)
WHERE bit_count((f.bits # q.bits)::bit(64)) <= %(loose)s {only}
"""


def _candidates(prints: Sequence[Print], *, among: Sequence[Any] | None = None) -> dict[Any, int]:
    """Find clips with pictures near these or their mirror images: clip → number of hits, over the index of quarters."""
    asked = list({bits for made in prints for bits in made})
    only = "AND f.clip_id = ANY(%(among)s)" if among is not None else ""
    sql = "WITH q AS (SELECT unnest(%(bits)s::bigint[]) AS bits) " + " UNION ".join(
        _LOOK.format(column=f"quarter{i}", shift=16 * i, only=only) for i in range(4)
    )
    found: Counter[Any] = Counter()
    if asked:
        with connection.cursor() as cursor:
            cursor.execute(sql, {"bits": asked, "loose": LOOSE, "among": list(among or ())})
            found.update(clip for _, clip in cursor.fetchall())
    return found


def read(paths: Iterable[Path]) -> list[list[Print]]:
    """Read the fingerprints of redacted clips on the disk."""
    return [fingerprint.of_video(path) for path in paths]


def keep(clip: Clip, prints: Sequence[Print]) -> None:
    """Write a clip's fingerprints, in place of those it had: a row a picture and a row a middle."""
    FramePrint.objects.filter(clip=clip).delete()
    rows = [(made.bits, made.mirrored, False) for made in prints] + [
        (made.middle, 0, True) for made in prints
    ]
    FramePrint.objects.bulk_create(
        FramePrint(
            clip=clip,
            number=number,
            bits=bits,
            mirrored=mirrored,
            middle=middle,
            quarter0=bits & 0xFFFF,
            quarter1=bits >> 16 & 0xFFFF,
            quarter2=bits >> 32 & 0xFFFF,
            quarter3=bits >> 48 & 0xFFFF,
        )
        for number, (bits, mirrored, middle) in enumerate(rows)
    )


def within(clips: Sequence[Clip]) -> list[Likeness]:
    """List the pairs of these clips that show the same: equal bytes, or most of the pictures of one in the other."""
    order = {clip.pk: position for position, clip in enumerate(clips)}
    pairs: dict[tuple[Any, Any], float] = {}
    first: dict[str, Any] = {}
    for clip in clips:
        if clip.media_sha256 in first:
            pairs[clip.pk, first[clip.media_sha256]] = 1.0
        first.setdefault(clip.media_sha256, clip.pk)
    rows = FramePrint.objects.filter(clip__in=order).order_by("clip", "number")
    prints: dict[Any, list[Print]] = {}
    theirs: dict[Any, list[int]] = {}
    for pk, bits, mirrored, middle in rows.values_list("clip_id", "bits", "mirrored", "middle").iterator():
        theirs.setdefault(pk, []).append(bits)
        if not middle:  # every pair is looked at from both sides, so that mine need no middle here
            prints.setdefault(pk, []).append(Print(bits, mirrored, bits))
    for pk, mine in prints.items():
        for other, _ in Counter(_candidates(mine, among=list(order))).most_common(LOOKED_AT):
            alike = share(mine, theirs[other]) if other != pk else 0.0
            if alike >= ALIKE:
                # The later one of the pair is the copy.
                copy, original = (pk, other) if order[pk] > order[other] else (other, pk)
                pairs[copy, original] = max(alike, pairs.get((copy, original), 0.0))
    by_id = {clip.pk: clip for clip in clips}
    found = [Likeness(by_id[copy], by_id[original], alike) for (copy, original), alike in pairs.items()]
    return sorted(found, key=lambda pair: (order[pair.clip.pk], order[pair.other.pk]))

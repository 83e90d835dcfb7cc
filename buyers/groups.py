"""The files of a package as a buyer looks for them: media, each annotation format, metadata."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum

from marketplace.models import PackageObject

FIRST = 10  # files of a group that a page lists; curl.txt and the manifest have all

GROUPS = (
    ("Read first", "Card, licence, checksums, what was withdrawn.",
     Q(path__in=["README.md", "LICENSE.txt", "SHA256SUMS", "manifest.jsonl", "tombstones.jsonl", "croissant.json"])),
    ("Tables", "A row a clip: Parquet, and the metadata of Hugging Face VideoFolder.",
     Q(path__in=["clips.parquet", "media/metadata.jsonl"])),
    ("Videos", "Redacted clips, one file each.", Q(path__startswith="media/clip_")),
    ("WebDataset shards", "The same videos with their JSON, in tar files.", Q(path__startswith="shards/")),
    ("COCO keypoints", "One file for pycocotools and datumaro.", Q(path="annotations/coco_keypoints.json")),
    ("OpenLABEL", "ASAM OpenLABEL 1.0.0, one file a clip.", Q(path__startswith="annotations/openlabel/")),
    ("CVAT", "CVAT for video 1.1, boxes and skeletons.", Q(path__startswith="annotations/cvat/")),
    ("YOLO-pose", "A tar of label files a clip, and data.yaml.", Q(path__startswith="annotations/yolo_pose/")),
    ("MOT", "MOTChallenge, a folder a clip.", Q(path__startswith="annotations/mot/")),
    ("Everything of a clip", "Tags, 33 landmarks, redacted regions as JSON.",
     Q(path__startswith="annotations/clips/")),
    ("Telemetry", "Speed, acceleration and turning by frame, as Parquet.", Q(path__startswith="telemetry/")),
    ("Redaction certificates", "What was hidden, by what, and what was doubtful.", Q(path__startswith="certificates/")),
)  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Some files that belong together: what they are, how many, how long, the first of them."""

    title: str
    about: str
    count: int
    bytes: int
    first: list[PackageObject]

    @property
    def more(self) -> int:
        """Count the files that are not listed."""
        return self.count - len(self.first)


def grouped(files: QuerySet[PackageObject], *, prefix: str = "") -> list[Group]:
    """Sort files into groups; groups without a file are left out, files of no group come last."""
    groups, rest = [], Q()
    for title, about, which in GROUPS:
        under = _under(which, prefix)
        rest |= under
        groups.append(_group(title, about, files.filter(under)))
    groups.append(_group("Other files", "", files.exclude(rest)))
    return [group for group in groups if group.count]


def _group(title: str, about: str, files: QuerySet[PackageObject]) -> Group:
    figures = files.order_by().aggregate(count=Count("pk"), bytes=Sum("bytes"))
    listed = list(files.order_by("path")[:FIRST]) if figures["count"] else []
    return Group(title, about, figures["count"], figures["bytes"] or 0, listed)


def _under(which: Q, prefix: str) -> Q:
    """Move a condition on paths below a folder."""
    if not prefix:
        return which
    name, value = which.children[0]  # type: ignore[misc]
    return Q(**{name: [prefix + path for path in value] if isinstance(value, list) else prefix + value})

"""What the card and croissant.json say of a package as a whole, added up clip by clip."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils import timezone

from marketplace import coverage, taxonomy
from marketplace.models import Clip, PackageVersion
from pipeline import accuracy
from pipeline.formats.index import Entry


class Summary:
    """Figures of one tree of files; ``sample`` lists the positions of its clips when it is one, and what of."""

    def __init__(self, version: PackageVersion, *, sample: Sequence[int] = (), sample_of: int = 0) -> None:
        self.version, self.sample_of, self._positions = version, sample_of, sample
        self.clips = self.seconds = self.empty = self.regions = 0
        self._models: set[tuple[str, str, str]] = set()
        self._countries: set[str] = set()
        self._months: set[str] = set()
        self._contributors: Counter[str] = Counter()
        self._certificates: dict[str, tuple[float, int, int]] = {}

    def add(self, entry: Entry) -> None:
        """Count one clip; what is kept grows with recordings and contributors, by a few bytes each."""
        row = entry.row
        self.clips += 1
        self.seconds += row["seconds"]
        self.empty += not row["poses"]
        self.regions += row["redacted_regions"]
        self._models |= {(name, role, sha256) for name, role, sha256 in entry.models}
        self._countries.add(row["country"])
        self._months |= {row["month"]} - {None}
        self._contributors[row["contributor"]] += 1
        self._certificates[entry.recording] = row["masked_share"] or 0.0, entry.frames, entry.doubtful

    def card(self) -> dict[str, Any]:
        """Give everything that the card and croissant.json say."""
        package = self.version.package
        licence = package.licence
        frames = sum(weight for _, weight, _ in self._certificates.values()) or 1
        masked = sum(share * weight for share, weight, _ in self._certificates.values()) / frames
        return {
            "slug": package.slug + ("-sample" if self.sample_of else ""),
            "title": package.title,
            "version": self.version.number,
            "summary": package.summary,
            "vertical": package.vertical,
            "site": settings.SITE_URL,
            "url": f"{settings.SITE_URL}/packages/{package.slug}/",
            "published": timezone.localdate().isoformat(),
            "licence_title": licence.title,
            "licence_version": licence.version,
            "licence_sha256": licence.sha256,
            "licence_url": f"{settings.SITE_URL}/cart/licence/{licence.pk}/",
            "clips": self.clips,
            "sample": self.sample_of,
            "empty": self.empty,
            "hours": self.seconds / 3600,
            "recordings": len(self._certificates),
            "contributors": len(self._contributors),
            "countries": sorted(self._countries),
            "months": sorted(self._months) or ["not stated"],
            "taxonomy_version": taxonomy.version(),
            "coverage": [
                (axis, [(bar.title, bar.clips, bar.milliseconds / 1000) for bar in bars])
                for axis, bars in coverage.by_axis(self._rows())
            ],
            "models": sorted(self._models),
            "redaction": {
                "tracks": self.regions,
                "masked_share": masked,
                "doubtful": sum(doubtful for _, _, doubtful in self._certificates.values()),
            },
            "accuracy": accuracy.rows(self.version.accuracy),
            "accuracy_sentence": accuracy.sentence(self.version.accuracy),
            "bias": self._bias(),
            "limits": self._limits(),
        }

    def _rows(self) -> Any:
        rows = Clip.objects.filter(memberships__version=self.version)
        return rows.filter(memberships__position__in=self._positions) if self.sample_of else rows

    def _bias(self) -> str:
        most = max(self._contributors.values(), default=0) / max(self.clips, 1)
        return (
            "The clips come from volunteers and show where and when they happened to film: places, hours and people "
            f"are not a sample of the world. One contributor filmed {most:.0%} of the clips. Look at the coverage "
            "table before you train or test with them."
        )

    def _limits(self) -> str:
        if not self.empty:
            return "Every clip shows at least one person whose pose was found."
        return (
            f"In {self.empty} of {self.clips} clips no pose was found: their keypoint files are empty and they have no "
            "YOLO-pose labels."
        )
